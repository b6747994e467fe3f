"""The installed program in a terminal, and in a pipe."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pty", allow_module_level=True)

from tests.cli.shell.terminal import PATIENCE, PROGRAM, Terminal

CSV = "carrier,arr delay\nHA,1272\nUA,11\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flights.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def test_a_session(folder: Path) -> None:
    with Terminal("flights.csv", folder=folder) as terminal:
        terminal.wait(r"^s3sql>")
        terminal.wait(r"^ flights\.csv · csv header use · mode table")
        # Tab: the columns, with what they hold.
        terminal.type("SELECT s.\t")
        terminal.wait(r"carrier +string e\.g\. HA")
        terminal.wait(r'"arr delay" +int e\.g\. 1272')
        terminal.type("c\t\rFROM S3Object s\r")
        terminal.wait(r"^ +\.\.\.> FROM S3Object s")
        terminal.type("WHERE s.carrier = 'HA';\r")
        terminal.wait(r"^│ HA +│")
        terminal.wait(r" · 1 row in \S+ \S+$")
        # An error: code, line, caret, hint.
        terminal.type("SELECT s.carier FROM S3Object s;\r")
        terminal.wait(r"^MissingHeaders: ")
        terminal.wait(r"^  SELECT s\.carier FROM")
        terminal.wait(r'^hint: .*did you mean "?carrier')
        caret = next(number for number, line in enumerate(terminal.lines) if line.strip() == "^")
        assert terminal.lines[caret].index("^") == terminal.lines[caret - 1].index("carier")
        # Settings.
        terminal.type(".mode line\rSELECT * FROM S3Object LIMIT 1;\r")
        terminal.wait(r"^arr delay = 1272")
        terminal.type(".timer on\r.explain on\rSELECT COUNT(*) FROM S3Object;\r")
        terminal.wait(r"^_1 = 2")
        terminal.wait(r"└─ Scan csv")
        terminal.wait(r"^1 row · .* scanned")
        terminal.type(".nothing\r")
        terminal.wait(r"^there is no command \.nothing")
        # Ctrl-C clears what is typed, Ctrl-D leaves.
        terminal.type("SELECT half\x03")
        terminal.wait(lambda: terminal.lines[-2].rstrip() == "s3sql>")
        terminal.type("\x04")
        assert terminal.ended() == 0
    entries = [json.loads(line) for line in (folder / "history").read_text(encoding="utf-8").splitlines()]
    assert entries[0] == "SELECT s.carrier\nFROM S3Object s\nWHERE s.carrier = 'HA';"
    assert entries[-1] == ".nothing"
    assert stat.S_IMODE((folder / "history").stat().st_mode) == 0o600


def test_the_history_of_an_earlier_session(folder: Path) -> None:
    with Terminal("flights.csv", folder=folder) as terminal:
        terminal.wait(r"^s3sql>")
        terminal.type("SELECT COUNT(*)\rFROM S3Object;\r")
        terminal.wait(r"^│ +2 │")
        terminal.type("exit\r")
        assert terminal.ended() == 0
    with Terminal("flights.csv", folder=folder) as terminal:
        terminal.wait(r"^s3sql>")
        terminal.type("\x1b[A\x1b[A")
        terminal.wait(r"^ +\.\.\.> FROM S3Object;")
        terminal.type("\r")
        terminal.wait(r"^│ +2 │")
        # What is typed is completed in grey from the history; the right arrow takes it.
        terminal.type("ex")
        terminal.wait(r"^s3sql> exit$")
        terminal.type("\x1b[C\r")
        assert terminal.ended() == 0


def test_ctrl_c_stops_a_query_and_the_session_goes_on(folder: Path) -> None:
    with (folder / "many.csv").open("wb") as file:
        for start in range(0, 2_000_000, 100_000):
            file.write(b"".join(b"row %d\n" % number for number in range(start, start + 100_000)))
    with Terminal("many.csv", "--header", "none", "--mode", "csv", folder=folder) as terminal:
        terminal.wait(r"^s3sql>")
        terminal.type("SELECT * FROM S3Object;\r")
        # The terminal takes no more than is read here, so that the query cannot come to its end.
        terminal.wait(r"^row \d+$")
        terminal.type("\x03")
        terminal.wait(r"^interrupted: [\d,]+ rows · .* scanned")
        terminal.type("SELECT COUNT(*) FROM S3Object;\r")
        terminal.wait(r"^2000000$")
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_a_paste_of_many_lines_and_a_smaller_window(folder: Path) -> None:
    (folder / "wide.csv").write_text(
        ",".join(f"column{n}" for n in range(20)) + "\n" + ",".join("x" * 12 for _ in range(20)) + "\n",
        encoding="utf-8",
    )
    with Terminal(folder=folder) as terminal:
        terminal.wait(r"^ no source: \.source PATH")
        terminal.type("SELECT * FROM S3Object;\r")
        terminal.wait(r"^no source is open; open one with: \.source PATH")
        terminal.type(".source absent.csv\r")
        terminal.wait(r"^NoSuchKey: ")
        terminal.type(".source wide.csv --header use\r")
        terminal.wait(r"^ wide\.csv · csv header use")
        terminal.resize(30, 60)
        terminal.type("\x1b[200~.mode line\nSELECT s.column19 AS a\nFROM S3Object s;\n.mode table\x1b[201~")
        terminal.wait(r"^ +\.\.\.> \.mode table")
        terminal.type("\r")
        terminal.wait(r"^a = xxxxxxxxxxxx")
        terminal.type("SELECT * FROM S3Object;\r")
        terminal.wait(r"^╰.*╯$")
        assert all(len(line) <= 60 for line in terminal.lines)
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_a_terminal_that_cannot_move_its_cursor(folder: Path) -> None:
    with Terminal("flights.csv", folder=folder, term="dumb") as terminal:
        terminal.wait(r"^s3sql>")
        terminal.type("SELECT s.carrier\n")
        terminal.wait(r"^ +\.\.\.>")
        terminal.type("FROM S3Object s LIMIT 1;\n")
        terminal.wait(r"^│ HA +│")
        terminal.type("nonsense\x03")
        terminal.wait(lambda: terminal.lines[-1] == "s3sql>")
        terminal.type("\x04")
        assert terminal.ended() == 0
    assert not (folder / "history").exists()


def piped(folder: Path, *words: str, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "shell", *words],
        cwd=folder,
        input=script,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_pipe_has_no_prompt(folder: Path) -> None:
    done = piped(folder, "flights.csv", script=".limit 1\nSELECT * FROM S3Object;\n.schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("HA,1272\nflights.csv, ")
    assert "s3sql>" not in done.stdout


@pytest.mark.parametrize(
    ("words", "script", "status"),
    [
        (["flights.csv"], "SELECT nope;", 1),
        (["absent.csv"], "", 1),
        (["-"], "", 2),
        (["flights.csv", "--mode", "xml"], "", 2),
        (["flights.csv"], ".quit", 0),
    ],
)
def test_exit_statuses(folder: Path, words: list[str], script: str, status: int) -> None:
    done = piped(folder, *words, script=script)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("s3sql") or not status
    assert "Traceback" not in done.stderr


def test_a_script_whose_output_nobody_reads(folder: Path) -> None:
    (folder / "many.csv").write_bytes(b"0123456789\n" * 500_000)
    with subprocess.Popen(
        [str(PROGRAM), "shell", "many.csv", "--header", "none"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"SELECT * FROM S3Object;\n")
        process.stdin.close()
        assert process.stdout.read(11) == b"0123456789\n"
        process.stdout.close()
        assert process.wait(PATIENCE) == 141
        assert process.stderr.read() == b""


def test_a_script_that_is_interrupted(folder: Path) -> None:
    with subprocess.Popen(
        [str(PROGRAM), "shell", "flights.csv"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"SELECT COUNT(*) FROM S3Object;\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"2\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr.read() == b""
        process.stdin.close()
