"""The installed program in pipes: signals, closed ends, memory, files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest

from tests.cli.program import PROGRAM, environment, run, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")

ALL = "SELECT * FROM S3Object"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("many") / "many.csv"
    path.write_bytes(b"0123456789\n" * 1_000_000)
    return str(path)


def test_nobody_reads_on(many: str) -> None:
    with start("query", ALL, many) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(11) == b"0123456789\n"
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


def test_nobody_reads_on_of_a_file_with_an_end(many: str) -> None:
    with start("query", ALL, many, "-o", "parquet") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(4)
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


@pytest.mark.parametrize("words", [["query", "--help"], ["functions"]])
def test_nobody_reads_the_help(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = run(*words, capture_output=False, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_ctrl_c_while_nobody_reads(many: str) -> None:
    with start("query", ALL, many) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(11) == b"0123456789\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == b""


def feed(pipe: IO[bytes], record: bytes, stop: threading.Event) -> None:
    """Write records until the other end is closed."""
    block = record * (1 << 16)
    try:
        while not stop.is_set():
            pipe.write(block)
    except (BrokenPipeError, ValueError):
        pass


def test_ctrl_c_with_a_file(tmp_path: Path) -> None:
    """While rows come without end: the file does not appear, nothing is left beside it."""
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    with start("query", ALL, "-", "--to", str(target)) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        stop = threading.Event()
        feeder = threading.Thread(target=feed, args=(process.stdin, b"0123456789\n", stop))
        feeder.start()
        wait_for_part(tmp_path)
        process.send_signal(signal.SIGINT)
        status = process.wait(60)
        stop.set()
        feeder.join()
        assert (status, process.stderr.read()) == (130, b"")
    assert os.listdir(tmp_path) == ["out.csv"]
    assert target.read_bytes() == b"old"


def test_sigterm_with_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    with start("query", ALL, "-", "--to", str(target)) as process:
        assert process.stdin is not None
        stop = threading.Event()
        feeder = threading.Thread(target=feed, args=(process.stdin, b"0123456789\n", stop))
        feeder.start()
        wait_for_part(tmp_path)
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        stop.set()
        feeder.join()
    assert status == -signal.SIGTERM
    assert os.listdir(tmp_path) == []


def wait_for_part(folder: Path) -> None:
    """Until the file that is being written has something in it."""
    waiting = threading.Event()
    for _ in range(3000):
        if any(part.stat().st_size for part in folder.glob(".*.part")):
            return
        waiting.wait(0.01)
    raise AssertionError("nothing is written")


def test_a_stream_at_constant_memory() -> None:
    """200 MB come in, the first line goes out; what is held does not grow with what is read."""
    record = b"0123456789,abcdefghijklmnopqrstuvwxyz\n"
    with start("query", "SELECT s._1 FROM S3Object s", "-", "--header", "none") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        rows = 200_000_000 // len(record)
        peaks: list[int] = []

        def give() -> None:
            assert process.stdin is not None
            block = record * 10_000
            for number in range(rows // 10_000):
                process.stdin.write(block)
                if number in (rows // 100_000, rows // 10_000 - 1):
                    peaks.append(peak(process.pid))
            process.stdin.close()

        giver = threading.Thread(target=give)
        giver.start()
        taken = 0
        while payload := process.stdout.read(1 << 20):
            taken += len(payload)
        giver.join()
        assert process.wait(60) == 0
    assert taken == rows // 10_000 * 10_000 * 11
    early, late = peaks
    assert late < 500 << 20
    assert late - early < 100 << 20, peaks


def peak(process: int) -> int:
    """The most bytes of memory that the process has had."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


if not Path("/proc/self/status").exists():
    test_a_stream_at_constant_memory = pytest.mark.skip("no /proc")(test_a_stream_at_constant_memory)


def test_a_pipe_of_the_shell(tmp_path: Path) -> None:
    """``<(…)`` and ``>(…)`` are named pipes to the program."""
    query = f"{PROGRAM} query 'SELECT s.b FROM S3Object s' <(printf 'a,b\\n1,x\\n2,y\\n')"
    done = subprocess.run(
        # The pipe that cat writes to tells when it is done.
        ["bash", "-c", f"({query} -o csv --to >(cat)) | cat"],
        capture_output=True,
        env=environment(),
        timeout=100,
    )
    assert (done.stdout, done.stderr, done.returncode) == (b"x\ny\n", b"", 0)


def test_a_file_in_place_of_its_own_source(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"n\n1\n2\n3\n")
    done = run("query", "SELECT * FROM S3Object s WHERE s.n <> '2'", str(path), "--to", str(path))
    assert (done.stderr, done.returncode) == (b"", 0)
    assert path.read_bytes() == b"1\n3\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_the_disk_is_full(many: str) -> None:
    for words in (("query", ALL, many), ("--help",), ("functions",)):
        with open("/dev/full", "wb") as full:
            done = run(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert (done.returncode, done.stderr) == (1, b"s3sql: standard output: No space left on device\n")


def test_closed_streams(many: str) -> None:
    def shell(redirection: str, *words: str) -> tuple[int, bytes, bytes]:
        command = f'"$0" "$@" {redirection}'
        done = subprocess.run(
            ["sh", "-c", command, PROGRAM, *words], capture_output=True, env=environment(), timeout=100
        )
        return done.returncode, done.stdout, done.stderr

    one = ("query", "SELECT COUNT(*) FROM S3Object", many, "--header", "none")
    status, out, err = shell(">&-", *one)
    assert (status, out) == (2, b"")
    assert err.startswith(b"s3sql query: standard output is closed")
    assert shell("<&- 2>&-", *one, "--stats") == (0, b"1000000\n", b"")
    assert shell("<&-", *one[:2], "-")[::2] == (2, b"s3sql query: standard input (-) is closed\n")


def test_words_that_are_not_utf_8() -> None:
    done = run(b"query", b"SELECT '\xff' FROM S3Object", b"x.csv")  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (2, b"s3sql query: the query is not UTF-8\n")


def test_progress_where_lines_stay(many: str) -> None:
    """Asked for, in a pipe: lines on standard error while a stream does not end, and none of control."""
    with start("query", "SELECT COUNT(*) FROM S3Object", "-", "--header", "none", "--progress") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"1\n" * 2_000_000)
        process.stdin.flush()
        lines = [process.stderr.readline()]
        while not lines[-1].startswith(b"standard input: ") and lines[-1]:
            lines.append(process.stderr.readline())
        process.stdin.close()
        assert process.stdout.read() == b"2000000\n"
        lines += process.stderr.readlines()
    assert all(line.endswith(b"\n") and b"\x1b" not in line and b"\r" not in line for line in lines)
    assert lines[-1].startswith(b"standard input: ")
