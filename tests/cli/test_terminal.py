"""The installed program at a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.program import PROGRAM, at_terminal, plain, screen, spawn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")

ALL = "'SELECT * FROM S3Object'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "x.csv").write_text("name,n\nAda,1\nZoë,2\n", encoding="utf-8")
    (folder / "many.csv").write_text("n\n" + "".join(f"{number}\n" for number in range(300)))
    return folder


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_rows_are_a_table(folder: Path) -> None:
    written, status = at_terminal(f"{PROGRAM} query {ALL} {folder}/x.csv")
    assert status == 0
    assert "\x1b[1m" in written
    assert screen(written) == [
        "╭────────┬────────╮",
        "│ name   │      n │",
        "│ string │ string │",
        "├────────┼────────┤",
        "│ Ada    │      1 │",
        "│ Zoë    │      2 │",
        "╰────────┴────────╯",
    ]


def test_a_terminal_of_ascii(folder: Path) -> None:
    written, status = at_terminal(f"PYTHONIOENCODING=ascii {PROGRAM} schema {folder}/x.csv")
    assert (status, written.isascii()) == (0, True)
    shown = plain(written)
    assert sum(line.startswith("+---") for line in shown.splitlines()) == 6
    assert "| name   | string | s.name |" in shown
    assert "| Zo?    |      2 |" in shown
    written, status = at_terminal(f"PYTHONIOENCODING=ascii {PROGRAM} serve --help")
    assert (status, written.isascii()) == (0, True)


def test_several_sources_their_first_rows_and_how_to_get_all(folder: Path) -> None:
    written, status = at_terminal(f"{PROGRAM} query {ALL} {folder}/x.csv {folder}/many.csv", columns=200)
    shown = plain(written)
    assert status == 0
    assert f"{folder}/x.csv:\n" in shown
    assert f"{folder}/many.csv:\n" in shown
    assert "│     99 │" in shown
    assert "│    100 │" not in shown
    assert shown.count("The first 100 rows; there are more. --limit N") == 1


def test_the_environment_says_the_width_and_no_colours(folder: Path) -> None:
    wide = folder / "wide.csv"
    wide.write_text(",".join(f"column_{number}" for number in range(20)) + "\n" + ",".join("y" * 20) + "\n")
    written, status = at_terminal(
        f"COLUMNS=90 NO_COLOR=1 {PROGRAM} query {ALL} {wide} --no-progress", columns=60
    )
    assert status == 0
    assert "\x1b" not in written
    assert 60 < max(map(len, written.splitlines())) <= 90


def test_binary_outputs_are_refused(folder: Path) -> None:
    written, status = at_terminal(f"{PROGRAM} query {ALL} {folder}/x.csv -o parquet")
    assert status == 2
    assert "parquet is binary" in written
    assert "--to" in written


def test_standard_input_that_is_a_terminal() -> None:
    written, status = at_terminal(f"{PROGRAM} query {ALL} -", columns=200)
    assert status == 2
    assert "standard input (-) is a terminal" in written


def test_records_when_standard_output_is_a_pipe(folder: Path) -> None:
    written, status = at_terminal(f"{PROGRAM} query {ALL} {folder}/x.csv --no-progress | cat")
    assert (written, status) == ("Ada,1\r\nZoë,2\r\n", 0)


def test_progress_is_gone_at_the_end(fifo: Path) -> None:
    """The stream ends when the progress has been seen; nothing of it is left."""
    sql = "'SELECT COUNT(*) FROM S3Object'"
    command = f"(seq 1000000; read _ < {fifo}) | {PROGRAM} query {sql} - -o csv --header none"
    child = spawn(command)
    child.expect(r"standard input: .* rows")
    seen = child.before + child.after
    fifo.write_text("end\n")
    child.expect(pexpect.EOF)
    assert screen(seen + child.before) == ["1000000"]
    assert child.wait() == 0
