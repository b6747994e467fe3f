from __future__ import annotations

import gzip
import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s3sql import __version__
from s3sql.cli import main

ROOT = Path(__file__).parents[2]
CSV = "name,n\nAda,1\nMax,2\n"


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "x.csv"
    path.write_text(CSV, encoding="utf-8")
    return str(path)


def run(*words: str) -> int:
    return main(["query", *words])


def test_records_go_to_standard_output(path: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("SELECT s.n, s.name FROM S3Object s WHERE s.n = '2'", path, "--header", "use") == 0
    assert capfdbinary.readouterr() == (b"2,Max\n", b"")


def test_options_reach_the_query(path: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("SELECT * FROM S3Object", path, "--header", "use", "--output", "json", "--stats") == 0
    out, err = capfdbinary.readouterr()
    assert out == b'{"name":"Ada","n":"1"}\n{"name":"Max","n":"2"}\n'
    assert err == f"{len(CSV)} bytes scanned, {len(CSV)} processed, {len(out)} returned\n".encode()


def test_delimiters_of_both_sides(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes(b"1\t'a\tb'|2\t'c'|")
    words = [
        r"--delimiter=\t",
        "--quote='",
        "--record-delimiter=|",
        "--output-delimiter=;",
        r"--output-quote='",
    ]
    assert run("SELECT * FROM S3Object", str(path), *words, "--quote-fields", "always") == 0
    assert capfdbinary.readouterr().out == b"'1';'a\tb'\n'2';'c'\n"


def test_a_compressed_file(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    named, unnamed = tmp_path / "x.csv.gz", tmp_path / "x.csv"
    for path in (named, unnamed):
        path.write_bytes(gzip.compress(CSV.encode()))
    assert run("SELECT COUNT(*) FROM S3Object", str(named)) == 0
    assert run("SELECT COUNT(*) FROM S3Object", str(unnamed), "--compression", "gzip") == 0
    assert capfdbinary.readouterr().out == b"3\n3\n"


def test_standard_input(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a":1}\n{"a":2}\n')))
    assert run("SELECT s.a FROM S3Object s WHERE s.a > 1", "-", "--format", "json", "--output", "csv") == 0
    assert capfdbinary.readouterr().out == b"2\n"


def test_an_error_has_code_message_and_caret(path: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("SELECT s._1\nFROM S3Object s\nORDER BY s._1", path) == 1
    out, err = capfdbinary.readouterr()
    first, line, caret = err.decode().splitlines()
    assert out == b""
    assert first.startswith("s3sql: ParseUnexpectedToken: ")
    assert (line, caret) == ("  ORDER BY s._1", "  ^")


def test_an_absent_file(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("SELECT * FROM S3Object", "absent.csv") == 1
    assert capfdbinary.readouterr().err.startswith(b"s3sql: NoSuchKey: ")


def test_records_before_an_error_are_written(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "late.csv"
    good = b"1\n" * 2_000_000
    path.write_bytes(good + b"x\n")
    assert run("SELECT CAST(s._1 AS INT) FROM S3Object s", str(path)) == 1
    out, err = capfdbinary.readouterr()
    assert out == good
    assert err.startswith(b"s3sql: CastFailed: ")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["query"],
        ["query", "SELECT * FROM S3Object", "x", "--format", "xml"],
        ["query", "SELECT * FROM S3Object", "x", "--no-such-option"],
        ["query", "SELECT * FROM S3Object", "x", "--scan-range", "1..2"],
    ],
)
def test_a_wrong_command_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage: s3sql" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["x.csv", "--region", "eu-west-1"],
        ["ftp://host/x.csv"],
        ["x", "--json-type", "lines", "--delimiter", ";"],
        ["-"],
        ["x"],
    ],
)
def test_an_option_or_source_that_cannot_be(
    words: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run("SELECT * FROM S3Object", *words) == 2
    assert capfdbinary.readouterr().err.startswith(b"s3sql: ")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"s3sql {__version__}\n"


def command(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "s3sql.cli", "query", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_nobody_reads_on(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_bytes(b"0123456789\n" * 1_000_000)
    with command("SELECT * FROM S3Object", str(path)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(11) == b"0123456789\n"
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
def test_ctrl_c_while_nobody_reads(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_bytes(b"0123456789\n" * 1_000_000)
    with command("SELECT * FROM S3Object", str(path)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(11) == b"0123456789\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == b""


def unread(pipe: int) -> int:
    """The bytes in a pipe that its reader has not taken yet."""
    import termios
    from fcntl import ioctl

    return int.from_bytes(ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
def test_ctrl_c_while_nothing_comes() -> None:
    """A terminal's Ctrl-C also ends the program that writes; a test has to close its end itself."""
    with command("SELECT * FROM S3Object", "-", "--format", "csv") as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"first\n")
        process.stdin.flush()
        while unread(process.stdin.fileno()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        assert process.wait(60) == 130
        assert process.stderr.read() == b""
