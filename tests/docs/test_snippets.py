"""What the pages show is what happens: every snippet runs.

The ``python`` blocks of a page run one after the other in one namespace, as a reader would type them; what
they print stands behind ``# prints:``.  The commands of its ``console`` blocks run in the same folder, and
what is below each is all that it writes; ``…`` stands for anything.
"""

from __future__ import annotations

import configparser
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml

from s3sql.cli import main
from s3sql.sql.parser import parse
from tests.docs.files import FILES
from tests.docs.pages import DOCS, PAGES, ROOT, Block, Command, blocks, commands, identify, read

by_page = pytest.mark.parametrize("page", PAGES, ids=identify)
PYTHON_PAGES = [page for page in PAGES if blocks(page, "python")]
CONSOLE_PAGES = [page for page in PAGES if blocks(page, "console")]

PROGRAMS = Path(sys.executable).parent

#: Languages that a block may be in, and how its text is read; it fails for what is none.
READERS: dict[str, Callable[[str], object]] = {
    "": str,
    "console": str,
    "dockerfile": str,
    "ipython": str,
    "ini": lambda text: configparser.RawConfigParser(strict=False).read_string(text),
    "json": json.loads,
    "nginx": str,
    "python": lambda text: compile(text, "block", "exec"),
    "sh": lambda text: subprocess.run(["bash", "-n"], input=text.encode(), check=True),
    "sql": parse,
    "text": str,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}


@by_page
def test_the_blocks_of_a_page_are_what_they_say(page: Path) -> None:
    assert len(blocks(page)) == len(re.findall(r"^```", read(page), re.M)) / 2
    for block in blocks(page):
        try:
            READERS[block.language](block.code)
        except Exception as error:
            raise AssertionError(f"{page}:{block.line}: no {block.language}: {error!r}") from error


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=identify)
def test_the_python_of_a_page_runs(page: Path, place: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page, "python"):
        code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
        if not block.runs:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        expected = re.findall(r"^# prints: (.*)$", block.code, re.M)
        assert [line.rstrip() for line in printed.getvalue().splitlines()] == expected, f"{page}:{block.line}"


@pytest.mark.parametrize("page", CONSOLE_PAGES, ids=identify)
def test_the_commands_of_a_page_run(
    page: Path, place: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for block in blocks(page, "console"):
        for command in commands(block):
            if not block.runs:
                continue
            if command.text.startswith("make "):
                continue
            written, status = written_by(command, block, place, capfdbinary)
            where = f"{page}:{block.line}: $ {command.text}\n"
            shown = re.escape(command.shown).replace("…", ".*")
            assert re.fullmatch(shown, written, re.S), f"{where}wrote\n{written}"
            failed = re.match(r"s3sql(?: [a-z]+)?: ", command.shown)
            assert status in ((1, 2) if failed else (0,)), f"{where}ended with {status}"


def written_by(
    command: Command, block: Block, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> tuple[str, int]:
    """What *command* writes, standard error behind standard output, and its exit status."""
    words = list(shlex.shlex(command.text, posix=True, punctuation_chars=True))
    alone = not {"|", "<", ">", ">>", "&&", ";"} & set(words)
    if command.text.startswith("s3sql ") and alone and block.mark != "at a terminal":
        status = main(shlex.split(command.text)[1:])
        written = capfdbinary.readouterr()
        return (written.out + written.err).decode(), status
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb"}
    if block.mark != "at a terminal":
        ran = subprocess.run(
            ["bash", "-c", command.text],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return ran.stdout, ran.returncode
    written, status = pexpect.run(
        shlex.join(["bash", "-c", command.text]),
        env=environment | {"COLUMNS": "100"},
        withexitstatus=True,
        encoding="utf-8",
        timeout=60,
    )
    return written.replace("\r\n", "\n"), status


def test_the_targets_that_are_named_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read_makefile(), re.M))
    named = {name for page in PAGES for name in re.findall(r"(?:`|^\$ )make ([a-z-]+)", read(page), re.M)}
    assert {"demo", "test", "site"} <= named <= targets


def test_every_target_is_explained() -> None:
    makefile = read_makefile()
    for target in re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split():
        assert target == "clean" or re.search(rf"^## {target}: .+", makefile, re.M), target


def read_makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_folder_of_the_first_page_is_made_as_it_says(tmp_path: Path) -> None:
    """The `sh` blocks of docs/start.md, typed one after the other in a checkout, in bash."""
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    checkout.mkdir()
    home.mkdir()
    (checkout / ".venv").symlink_to(PROGRAMS.parent)
    typed = "".join(block.code for block in blocks(DOCS / "start.md", "sh") if block.runs)
    ran = subprocess.run(
        ["bash", "-e"],
        input=f"{typed}pwd\ncommand -v s3sql\n",
        cwd=checkout,
        env=os.environ | {"HOME": str(home)},
        text=True,
        capture_output=True,
    )
    assert ran.returncode == 0, ran.stderr
    folder, program = map(Path, ran.stdout.split())
    assert program.samefile(PROGRAMS / "s3sql")
    for name, text in FILES.items():
        for path in (folder / name, folder / "store" / "bucket" / name):
            assert path.read_text(encoding="utf-8") == text
