"""The command in this process: what is written where, and the exit status."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from s3sql import __version__
from s3sql.cli import main

CSV = "name,n\nAda,1\nMax,2\n"

Captured = pytest.CaptureFixture[bytes]


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "x.csv"
    path.write_text(CSV, encoding="utf-8")
    return str(path)


def run(*words: str) -> int:
    return main(["query", *words])


def test_records_go_to_standard_output(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT s.n, s.name FROM S3Object s WHERE s.n = '2'", path) == 0
    assert capfdbinary.readouterr() == (b"2,Max\n", b"")


def test_what_is_guessed_can_be_said(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT COUNT(*) FROM S3Object", path) == 0
    assert run("SELECT COUNT(*) FROM S3Object", path, "--header", "NONE") == 0
    assert capfdbinary.readouterr().out == b"2\n3\n"


def test_stats_say_what_was_guessed_and_what_it_took(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT * FROM S3Object", path, "--output", "jsonl", "--stats") == 0
    out, err = capfdbinary.readouterr()
    assert out == b'{"name":"Ada","n":"1"}\n{"name":"Max","n":"2"}\n'
    guessed, amounts = err.decode().splitlines()
    assert guessed == (
        f"{path}: csv (by name), no compression, header line (by content), delimiter ',' (by content)"
    )
    assert amounts.startswith(
        f"2 rows; {len(CSV)} bytes scanned, {len(CSV)} processed, {len(out)} returned; "
    )
    assert amounts.endswith("B/s")


def test_stats_are_not_mixed_into_a_document(
    path: str, capfdbinary: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output and standard error may be one terminal."""
    monkeypatch.setattr("s3sql.cli.query.say", lambda text: os.write(1, b"said\n"))
    assert run("SELECT s.n FROM S3Object s LIMIT 1", path, path, "-o", "json", "--stats") == 0
    assert capfdbinary.readouterr().out == b'[\n{"n":"1"},\n{"n":"1"}\n]\nsaid\nsaid\n'


def test_delimiters_of_both_sides(tmp_path: Path, capfdbinary: Captured) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes(b"1\t'a\tb'|2\t'c'|")
    words = [
        r"--delimiter=\t",
        "--quote='",
        "--record-delimiter=|",
        "--header=none",
        "--output-delimiter=;",
        r"--output-quote='",
    ]
    assert run("SELECT * FROM S3Object", str(path), *words, "--quote-fields", "always") == 0
    assert capfdbinary.readouterr().out == b"'1';'a\tb'\n'2';'c'\n"


def test_a_compressed_file(tmp_path: Path, capfdbinary: Captured) -> None:
    named, unnamed = tmp_path / "x.csv.gz", tmp_path / "x"
    for path in (named, unnamed):
        path.write_bytes(gzip.compress(CSV.encode()))
    assert run("SELECT COUNT(*) FROM S3Object", str(named)) == 0
    assert run("SELECT COUNT(*) FROM S3Object", str(unnamed)) == 0
    assert run("SELECT COUNT(*) FROM S3Object", str(unnamed), "--compression", "gzip") == 0
    assert capfdbinary.readouterr().out == b"2\n2\n2\n"


def test_standard_input(capfdbinary: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["--format", "json"], []):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a":1}\n{"a":2}\n')))
        assert run("SELECT s.a FROM S3Object s WHERE s.a > 1", "-", "--output", "csv", *words) == 0
    assert capfdbinary.readouterr().out == b"2\n2\n"


def test_several_sources_follow_each_other(path: str, tmp_path: Path, capfdbinary: Captured) -> None:
    other = tmp_path / "y.jsonl"
    other.write_text('{"name":"Eve","n":3}\n')
    assert run("SELECT s.name, s.n FROM S3Object s", path, str(other)) == 0
    assert capfdbinary.readouterr().out == b"Ada,1\nMax,2\nEve,3\n"
    # The first decides of what form all are.
    assert run("SELECT s.name, s.n FROM S3Object s", str(other), path) == 0
    assert capfdbinary.readouterr().out.splitlines()[-1] == b'{"name":"Max","n":"2"}'


def test_to_a_file(path: str, tmp_path: Path, capfdbinary: Captured) -> None:
    target = tmp_path / "out.jsonl"
    assert run("SELECT s.n FROM S3Object s", path, "--to", str(target)) == 0
    assert capfdbinary.readouterr() == (b"", b"")
    assert target.read_bytes() == b'{"n":"1"}\n{"n":"2"}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_the_disk_is_full(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT * FROM S3Object", path, "--to", "/dev/full", "-o", "csv") == 1
    assert capfdbinary.readouterr().err == b"s3sql: /dev/full: No space left on device\n"


def test_rows_at_a_terminal(path: str, capfdbinary: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many as --limit says, or as are shown without it."""
    monkeypatch.setattr("s3sql.cli.query.output_is_terminal", lambda: True)
    monkeypatch.setattr("s3sql.cli.query.TERMINAL_ROWS", 1)
    for words, rows in (([], 2), (["--limit", "3"], 3), (["--limit", "4"], 4)):
        assert run("SELECT s.n FROM S3Object s", path, path, *words) == 0
        shown = capfdbinary.readouterr().out.decode()
        assert shown.count("1 │") + shown.count("2 │") == rows
        assert shown.count("there are more. --limit N") == (0 if words else 2)


def test_nothing_to_write_a_file_of(tmp_path: Path, capfdbinary: Captured) -> None:
    """A Parquet file without columns: known when no source has had any."""
    source = tmp_path / "empty.jsonl"
    source.touch()
    assert run("SELECT * FROM S3Object", str(source), "--to", str(tmp_path / "out.parquet")) == 1
    assert b"a Parquet file must have one" in capfdbinary.readouterr().err
    assert os.listdir(tmp_path) == ["empty.jsonl"]


def test_nobody_hears_what_is_wrong(monkeypatch: pytest.MonkeyPatch, capfdbinary: Captured) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert run("SELECT * FROM S3Object", "absent.csv") == 1
    assert capfdbinary.readouterr() == (b"", b"")


def test_a_limit_is_that_of_all_sources(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT s.n FROM S3Object s", path, path, path, "--limit", "3") == 0
    assert capfdbinary.readouterr().out == b"1\n2\n1\n"
    assert run("SELECT s.n FROM S3Object s", path, "absent.csv", "--limit", "2") == 0
    assert run("SELECT s.n FROM S3Object s", path, "--limit", "0") == 0
    assert capfdbinary.readouterr().out == b"1\n2\n"


def test_a_bad_source_is_named_behind_the_rows_before_it(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT s.n FROM S3Object s", path, "absent.csv", path) == 1
    out, err = capfdbinary.readouterr()
    assert out == b"1\n2\n"
    assert err.startswith(b"s3sql: absent.csv: NoSuchKey: ")


def test_an_object_in_s3(capfdbinary: Captured) -> None:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="x.csv", Body=CSV.encode())
        assert run("SELECT s.n FROM S3Object s", "s3://bucket/x.csv", "--region", "us-east-1") == 0
        assert run("SELECT s.n FROM S3Object s", "s3://bucket/absent.csv") == 1
    out, err = capfdbinary.readouterr()
    assert out == b"1\n2\n"
    assert err.startswith(b"s3sql: NoSuchKey: ")


def test_a_profile_that_does_not_exist(capfdbinary: Captured) -> None:
    assert run("SELECT s.n FROM S3Object s", "s3://b/x.csv", "--profile", "no-such-profile") in (1, 2)
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.startswith(b"s3sql: ")
    assert b"no-such-profile" in err


def test_an_error_has_code_message_and_caret(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT s._1\nFROM S3Object s\nORDER BY s._1", path) == 1
    out, err = capfdbinary.readouterr()
    first, line, caret, *hint = err.decode().splitlines()
    assert out == b""
    assert first.startswith("s3sql: ParseUnexpectedToken: ")
    assert (line, caret) == ("  ORDER BY s._1", "  ^")
    assert all(one.startswith("hint: ") for one in hint)


def test_a_hint(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT s.nmae FROM S3Object s", path) == 1
    err = capfdbinary.readouterr().err.decode()
    assert 'hint: column "nmae" not found; did you mean "name"?' in err


def test_records_before_an_error_are_written(tmp_path: Path, capfdbinary: Captured) -> None:
    path = tmp_path / "late.csv"
    good = b"1\n" * 2_000_000
    path.write_bytes(good + b"x\n")
    assert run("SELECT CAST(s._1 AS INT) FROM S3Object s", str(path), "--header", "none") == 1
    out, err = capfdbinary.readouterr()
    assert out == good
    assert err.startswith(b"s3sql: CastFailed: ")


def test_the_time_is_up(path: str, capfdbinary: Captured) -> None:
    assert run("SELECT * FROM S3Object", path, "--timeout", "0.000001") == 1
    assert capfdbinary.readouterr().err.endswith(b"did not end within 1e-06 seconds\n")


def test_the_plan(path: str, capfdbinary: Captured) -> None:
    sql = "SELECT s.n FROM S3Object s WHERE s.name = 'Max'"
    assert run(sql, path, "--explain") == 0
    out, err = capfdbinary.readouterr()
    assert out.decode().splitlines()[1] == "  Filter _1 = 'Max'"
    assert err == b""
    assert run(sql, path, "--explain", "--stats") == 0
    out, err = capfdbinary.readouterr()
    assert b"1 row," in out.splitlines()[0]
    assert b"bytes scanned" in err
    assert run(sql, path, "--explain", "-o", "json") == 0
    assert json.loads(capfdbinary.readouterr().out)["node"] == "project"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["query"], "s3sql query: there is no query"),
        (["query", "SELECT * FROM S3Object"], "s3sql query: there is no source"),
        (
            ["query", "SELECT * FROM S3Object", "x", "--format", "xml"],
            "s3sql query: invalid value for '--format'",
        ),
        (["query", "x", "--no-such-option"], "s3sql query: there is no option --no-such-option"),
        (
            ["query", "x", "--fromat", "csv"],
            "s3sql query: there is no option --fromat; did you mean --format?",
        ),
        (["query", "x", "--format"], "s3sql"),
        (["query", "x", "y", "--scan-range", "1..2"], "s3sql query: invalid value for '--scan-range'"),
        (["query", "x", "y", "--limit", "-1"], "s3sql query: invalid value for '--limit'"),
        (["qeury"], "s3sql: no such command 'qeury'. Did you mean 'query'?"),
        (["schema"], "s3sql schema: there is no source"),
        (["schema", "a", "b"], "s3sql schema: got unexpected extra argument"),
        (["schema", "s3://b/k\udcff"], r"s3sql schema: s3://b/k\udcff is not UTF-8"),
        (["query", "x", "--\x1b[31m"], r"s3sql query: there is no option --\x1b[31m"),
        (["query", "x", "-", "-"], "s3sql query: standard input (-) can be read once only"),
    ],
)
def test_a_wrong_command_line(words: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(message)


@pytest.mark.parametrize(
    "words",
    [
        ["ftp://host/x.csv"],
        ["x", "--json-type", "lines", "--delimiter", ";"],
        ["x", "--delimiter", "", "--format", "json"],
    ],
)
def test_options_or_a_source_that_cannot_be(words: list[str], path: str, capfdbinary: Captured) -> None:
    given = [path if word == "x" else word for word in words]
    assert run("SELECT * FROM S3Object", *given) == 2
    err = capfdbinary.readouterr().err.decode()
    assert err.startswith("s3sql: ")
    assert "_" not in err.replace(path, ""), "keywords of Python are not options"


def test_a_folder_and_nothing_at_all(tmp_path: Path, capfdbinary: Captured) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert run("SELECT * FROM S3Object", str(empty)) == 0
    assert run("SELECT * FROM S3Object", str(tmp_path)) == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"is a folder" in err


def test_help_and_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    nothing = capfd.readouterr().out
    assert main(["-h"]) == 0
    assert capfd.readouterr().out.strip() == nothing.strip()
    assert "query" in nothing
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"s3sql {__version__}\n"


#: Says on standard error what is loaded, at first and behind every command line.
_LOADED = """
import sys
from s3sql.cli import main
def tell(words):
    print(words, *{name.partition(".")[0] for name in sys.modules}, sep=" ", file=sys.stderr)
tell("none")
for words in ("--version", "functions trim", "query", "query --help", "serve --help"):
    main(words.split())
    tell(words.replace(" ", "_"))
"""


def test_the_version_and_help_load_nothing_heavy() -> None:
    heavy = {"numba", "pyarrow", "numpy", "boto3", "sqlglot", "starlette", "IPython", "prompt_toolkit"}
    done = subprocess.run(
        [sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True, timeout=100
    )
    told = [line.split() for line in done.stderr.splitlines() if "_thread" in line.split()]
    assert [words for words, *_ in told] == [
        "none",
        "--version",
        "functions_trim",
        "query",
        "query_--help",
        "serve_--help",
    ]
    assert not set(told[0]) & (heavy | {"typer", "rich"})
    for words, *modules in told:
        assert not set(modules) & heavy, words


@pytest.mark.parametrize(("missing", "word"), [("typer", "--version"), ("rich", "--help")])
def test_the_extra_is_not_there(missing: str, word: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\nfrom s3sql.cli import main\nsys.exit(main([{word!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert done.stderr == f"s3sql: the command line needs {missing}: pip install 's3sql[cli]'\n"


def test_a_name_that_is_not_utf_8(tmp_path: Path, capfdbinary: Captured) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.csv")
    assert run("SELECT * FROM S3Object", path) == 1
    Path(path).write_text(CSV)
    assert run("SELECT s.n FROM S3Object s", path, "--stats") == 0
    out, err = capfdbinary.readouterr()
    assert out == b"1\n2\n"
    assert rb"\udce9.csv" in err
    err.decode()
