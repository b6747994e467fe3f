"""The progress bar: what it says, when it is there, and the button that stops."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from s3sql.jupyter.progress import ProgressBar, progress_text
from s3sql.jupyter.stop_button import stop_button
from s3sql.stats import Stats

KERNEL = "00000000-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("stats", "seconds", "expected"),
    [
        (Stats(), 0.5, "0 B · 0 rows · 0 B/s"),
        (Stats(bytes_scanned=50_000_000, rows=1), 0.5, "50.0 MB · 1 row · 100 MB/s"),
        (
            Stats(bytes_scanned=25_000_000, rows=1234, bytes_total=100_000_000),
            0.5,
            "25.0 MB of 100 MB (25%) · 1,234 rows · 50.0 MB/s · 1.5 s left",
        ),
        (Stats(bytes_scanned=11, bytes_total=10), 1.0, "11 B of 10 B (100%) · 0 rows · 11 B/s"),
        (Stats(bytes_total=10), 1.0, "0 B of 10 B (0%) · 0 rows · 0 B/s"),
        (Stats(bytes_total=0), 1.0, "0 B · 0 rows · 0 B/s"),
    ],
)
def test_what_it_says(stats: Stats, seconds: float, expected: str) -> None:
    assert progress_text(stats, seconds) == expected


class Publisher:
    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.cleared = 0

    def publish(self, **published: Any) -> None:
        self.published.append(published)

    def clear_output(self) -> None:
        self.cleared += 1


class Page:
    """As much of a kernel's shell as the bar needs."""

    kernel = object()

    def __init__(self) -> None:
        self.config = {"IPKernelApp": {"connection_file": f"/run/kernel-{KERNEL}.json"}}
        self.display_pub = Publisher()


class Terminal:
    def __init__(self) -> None:
        self.config: dict[str, Any] = {}


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("s3sql.jupyter.progress.time.monotonic", lambda: self.now)


@pytest.mark.parametrize("cell", [True, False])
def test_in_a_page(monkeypatch: pytest.MonkeyPatch, cell: bool) -> None:
    clock, page = Clock(monkeypatch), Page()
    published = page.display_pub.published
    with ProgressBar(page, cell=cell) as bar:  # type: ignore[arg-type]
        bar(Stats())
        assert published == []
        clock.now += 0.5
        bar(Stats(bytes_scanned=5, bytes_total=10))
        clock.now += 0.1
        bar(Stats(bytes_scanned=6, bytes_total=10))
        clock.now += 0.15
        bar(Stats(bytes_scanned=7))
    first, second = published[:2]
    assert '<progress max="10" value="5">' in first["data"]["text/html"]
    assert first["data"]["text/plain"].startswith("5 B of 10 B (50%)")
    assert f"api/kernels/{KERNEL}/interrupt" in first["data"]["text/html"]
    assert (first["update"], second["update"]) == (False, True)
    assert first["transient"] == second["transient"]
    assert "<progress></progress>" in second["data"]["text/html"]
    if cell:
        assert page.display_pub.cleared == 1
        assert len(published) == 2
    else:
        assert page.display_pub.cleared == 0
        assert published[2]["data"] == {"text/html": "", "text/plain": ""}


def test_a_short_query_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    page = Page()
    with ProgressBar(page, cell=True) as bar:  # type: ignore[arg-type]
        bar(Stats())
    assert (page.display_pub.published, page.display_pub.cleared) == ([], 0)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_in_a_terminal(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    clock, written = Clock(monkeypatch), io.StringIO()
    monkeypatch.setattr(written, "isatty", lambda: is_terminal, raising=False)
    monkeypatch.setattr("sys.stderr", written)
    with ProgressBar(Terminal(), cell=True) as bar:  # type: ignore[arg-type]
        clock.now += 0.5
        bar(Stats(bytes_scanned=5))
    assert written.getvalue() == ("\r\x1b[2K5 B · 0 rows · 10 B/s\r\x1b[2K" if is_terminal else "")


@pytest.mark.parametrize("name", ["", "kernel-5.json", f"kernel-{KERNEL}.json.x", "kernel-<script>.json"])
def test_a_kernel_that_no_server_started_has_no_button(name: str) -> None:
    assert stop_button(name) == ""
    assert stop_button(str(Path("/run") / name)) == ""
