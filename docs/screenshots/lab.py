"""JupyterLab in a browser: notebooks run in it as a person would run them.

In: a folder with notebooks.  Out: pages of them, whose cells can be run, waited for and photographed.

The server and the browser are started for this alone, with settings and folders of their own; the kernel is
the Python that s3sql is installed in.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

Theme = Literal["light", "dark"]

KERNEL = "s3sql"

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--font-render-hinting=none"),
]

#: JupyterLab without its news, without the panels at the side, and with every cell drawn.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
}


#: Pixels of the page.
WIDTH = 1000

#: Pixels around a cell in its picture.
MARGIN = 8

#: No toolbar and no bar at the cell where the cursor is; no other cell beside one that is pictured.
PLAIN = """
.jp-cell-toolbar { display: none !important }
.jp-Collapser, #jp-bottom-panel { visibility: hidden }
.jp-Notebook:has(.pictured) .jp-Cell:not(.pictured) { visibility: hidden }
"""


@contextmanager
def laboratory(work: Path, notebooks: Path, python: Path, startup: str) -> Iterator[str]:
    """The address of a JupyterLab over *notebooks*, with *python* as its kernel; its files go to *work*.

    ``startup``: what a kernel runs first.
    """
    profile = work / "ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "pictures.py").write_text(startup)
    kernel = work / "data" / "kernels" / KERNEL / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        json.dumps(
            {
                "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": "Python 3",
                "language": "python",
            }
        )
    )
    for name, settings in SETTINGS.items():
        _write_settings(work, name, settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(work / "config"),
        "JUPYTER_DATA_DIR": str(work / "data"),
        "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(work / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(work / "workspaces"),
        "IPYTHONDIR": str(work / "ipython"),
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port_retries=0"),
        *(
            f"--ServerApp.port={port}",
            f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={notebooks}",
        ),
    ]
    log = (work / "server.log").open("wb")
    with log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server:
        try:
            _wait_until_served(f"http://127.0.0.1:{port}/api?token={token}", server, work / "server.log")
            yield f"http://127.0.0.1:{port}/doc/tree/{{}}?token={token}"
        finally:
            server.terminate()
            server.wait(30)


def _write_settings(work: Path, name: str, settings: object) -> None:
    path = work / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))


def _wait_until_served(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text(errors='replace')}")


@contextmanager
def page_of(address: str, work: Path, chromium: str, theme: Theme) -> Iterator[Page]:
    """A browser's page on the notebook at *address*, in a theme, with its kernel ready."""
    name = "JupyterLab Dark" if theme == "dark" else "JupyterLab Light"
    _write_settings(work, "apputils-extension/themes", {"theme": name})
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(work / f"browser-{theme}-{secrets.token_hex(4)}"),
            executable_path=chromium,
            args=FLAGS,
            viewport={"width": WIDTH, "height": 2000},
            device_scale_factor=2,
            color_scheme=theme,
        )
        try:
            page = context.pages[0]
            page.goto(address)
            page.locator(".jp-Notebook .jp-Cell").first.wait_for()
            page.get_by_text("Python 3 | Idle").wait_for()
            page.add_style_tag(content=PLAIN)
            yield page
        finally:
            context.close()


def code_cell(page: Page, number: int) -> Locator:
    """The code cell *number*, from 0."""
    return page.locator(".jp-CodeCell").nth(number)


def start(page: Page, number: int) -> Locator:
    """Run the code cell *number*, from 0, and do not wait for it."""
    cell = code_cell(page, number)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    return cell


def run(page: Page, number: int, seconds: float = 60) -> Locator:
    """Run the code cell *number*, from 0, until it has ended."""
    cell = start(page, number)
    wait_until_ended(cell, seconds)
    return cell


def wait_until_ended(cell: Locator, seconds: float = 60) -> None:
    """Wait until a started *cell* has its number."""
    prompt = cell.locator(".jp-InputPrompt").first
    prompt.filter(has_text="]:").filter(has_not_text="*").filter(has_not_text="[ ]").wait_for(
        timeout=seconds * 1000
    )


def photograph(page: Page, cell: Locator, path: Path) -> None:
    """Write a picture of *cell*, and of no other, to *path*."""
    cell.evaluate("cell => cell.classList.add('pictured')")
    # A cursor blinks in the cell that has it.
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.mouse.move(5, 5)
    cell.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = cell.bounding_box()
    assert box is not None, "the cell is drawn"
    clip = FloatRect(
        x=box["x"] - MARGIN,
        y=box["y"] - MARGIN,
        width=box["width"] + 2 * MARGIN,
        height=box["height"] + 2 * MARGIN,
    )
    write_picture(page.screenshot(clip=clip, animations="disabled"), path)
    cell.evaluate("cell => cell.classList.remove('pictured')")


def photograph_page(page: Page, last: Locator, path: Path) -> None:
    """Write a picture of the whole page, which ends behind the cell *last*, to *path*."""
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement && document.activeElement.blur()")
    page.mouse.move(5, 5)
    page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert box is not None, "the cell is drawn"
    page.wait_for_timeout(300)
    end = box["y"] + box["height"] + 2 * MARGIN
    clip = FloatRect(x=0, y=0, width=WIDTH, height=end)
    write_picture(page.screenshot(clip=clip, animations="disabled"), path)


def write_picture(png: bytes, path: Path) -> None:
    """Write *png* with as few colours as it looks the same with."""
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(
            256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        ).save(path, optimize=True)
