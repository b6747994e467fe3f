"""Commands and queries of a session, run as a script in this process."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sql.cli.shell import run_shell
from s3sql.cli.shell.commands import COMMANDS
from s3sql.cli.shell.rows import MODES, SCREEN_ROWS
from tests.cli.program import PROGRAM, environment

CSV = "carrier,arr delay\nHA,1272\nUA,11\n"
ALL = "SELECT * FROM S3Object s;\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flights.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "events.jsonl").write_text('{"user":{"name":"Ada"}}\n', encoding="utf-8")
    (tmp_path / "two words.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a script; the exit status, standard output and standard error."""

    def run(
        script: str | bytes, source: str | None = "flights.csv", mode: str | None = "csv", **keywords: Any
    ) -> tuple[int, str, str]:
        written = script.encode() if isinstance(script, str) else script
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(written), encoding="utf-8"))
        status = run_shell(source, keywords, mode=mode)
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def test_queries_of_a_script(run: Run) -> None:
    script = (
        "SELECT s.carrier\nFROM S3Object s\n;\n\n-- the last one needs no end\nSELECT COUNT(*) FROM S3Object"
    )
    assert run(script) == (0, "HA\nUA\n2\n", "")


def test_the_first_error_ends_a_script(run: Run) -> None:
    status, out, err = run(f"{ALL}\nSELECT s.nmae\nFROM S3Object s;\n{ALL}")
    assert (status, out) == (1, "HA,1272\nUA,11\n")
    first, *others = err.splitlines()
    assert first.startswith("s3sql: line 3: MissingHeaders: ")
    assert others[:2] == ["  SELECT s.nmae", "           ^"]
    assert others[2].startswith("hint: ")


def test_nothing_to_do(run: Run) -> None:
    assert run("") == (0, "", "")
    assert run("-- nothing\n;\n") == (0, "", "")


@pytest.mark.parametrize("word", [".quit", ".exit", "exit", "quit;"])
def test_the_end_may_be_asked_for(run: Run, word: str) -> None:
    assert run(f"{ALL}{word}\nSELECT no such thing") == (0, "HA,1272\nUA,11\n", "")


def test_a_source_that_is_not_there(run: Run) -> None:
    status, out, err = run(ALL, source="absent.csv")
    assert (status, out) == (1, "")
    assert err.startswith("s3sql: NoSuchKey: ")


def test_standard_input_cannot_be_both(run: Run) -> None:
    status, out, err = run(ALL, source="-")
    assert (status, out) == (2, "")
    assert "cannot be the source" in err


def test_an_unknown_mode(run: Run) -> None:
    status, _, err = run(ALL, mode="xml")
    assert status == 2
    assert err == f"s3sql: the mode is 'xml'; it must be one of {', '.join(MODES)}\n"


def test_no_source(run: Run) -> None:
    status, _, err = run(ALL, source=None)
    assert status == 1
    assert "no source is open; open one with: .source PATH" in err


def test_a_source_is_opened(run: Run) -> None:
    assert run(f".source flights.csv\n{ALL}", source=None)[1] == "HA,1272\nUA,11\n"
    assert run(f'.source "two words.csv"\n{ALL}')[1] == "1,2\n"
    assert run(".source two words.csv\n")[2].count("stands in quotes") == 1


def test_options_of_a_source(run: Run) -> None:
    assert run(f".source flights.csv --header none\n{ALL}")[1] == CSV
    assert run(f".source --header=none\n{ALL}")[1] == CSV
    assert run(f".source flights.csv --delimiter \\t --quote-fields x\n{ALL}")[0] == 1
    assert run(f".source flights.csv --delimiter \\t --header none\n{ALL}", mode="jsonl")[1].splitlines()[
        1:
    ] == [
        '{"_1":"HA,1272"}',
        '{"_1":"UA,11"}',
    ]
    assert "--header: 'maybe' is none of none, use, ignore" in run(".source --header maybe\n")[2]
    assert "no option --haeder; did you mean --header?" in run(".source --haeder use\n")[2]
    assert "--header needs a value" in run(".source --header\n")[2]
    assert "takes no value" in run(".source --allow-quoted-record-delimiter=1\n")[2]
    assert "belong to CSV input" in run(f".source events.jsonl --format json --delimiter ;\n{ALL}")[2]


def test_keywords_that_were_given_stay_until_another_source_is_opened(run: Run) -> None:
    script = f"{ALL}.source --scan-range 0-0\n{ALL}.source flights.csv\nSELECT COUNT(*) FROM S3Object"
    assert run(script, file_header_info="NONE")[1] == f"{CSV}carrier,arr delay\n2\n"


def test_a_source_that_fails_leaves_the_one_before(run: Run, folder: Path) -> None:
    (folder / "script.sql").write_text(".source absent.csv\n", encoding="utf-8")
    status, _, err = run(".read script.sql\n")
    assert status == 1
    assert err.startswith("s3sql: line 1: script.sql, line 1: NoSuchKey: ")


def test_a_source_says_what_it_was_taken_for(run: Run) -> None:
    out = run(".source\n")[1]
    assert out.startswith("flights.csv\ncsv (by name), ")


@pytest.mark.parametrize("name", ["ftp://host/x", "s3://bucket", "."])
def test_names_that_are_no_source(run: Run, name: str) -> None:
    status, _, err = run(f".source {name}\n{ALL}")
    assert status == 1
    assert err.startswith("s3sql: line ")


def test_a_changed_file_is_seen(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3sql.cli.shell import session

    class Session(session.Session):
        def answer(self, sql: str) -> None:
            super().answer(sql)
            (folder / "flights.csv").write_text("DL,7\n", encoding="utf-8")

    monkeypatch.setattr(session, "Session", Session)
    assert run(ALL + ALL)[1] == "HA,1272\nUA,11\nDL,7\n"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("csv", "HA,1272\n"),
        ("jsonl", '{"carrier":"HA","arr delay":"1272"}\n'),
        ("json", '[\n{"carrier":"HA","arr delay":"1272"}\n]\n'),
        ("line", "  carrier = HA\narr delay = 1272\n"),
    ],
)
def test_modes(run: Run, mode: str, expected: str) -> None:
    assert run(f".mode {mode}\nSELECT * FROM S3Object LIMIT 1;\n") == (0, expected, "")


def test_tables(run: Run) -> None:
    assert "│ carrier │" in run(f".mode table\n{ALL}")[1]
    assert run(f".mode markdown\n{ALL}")[1].startswith("| carrier |")


def test_without_a_mode_rows_are_what_s3_select_answers(run: Run) -> None:
    assert run(f"{ALL}.mode", mode=None)[1] == "HA,1272\nUA,11\nmode: csv, or jsonl for JSON\n"
    assert run(ALL, source="events.jsonl", mode=None)[1] == '{"user":{"name":"Ada"}}\n'


def test_a_line_of_every_column(run: Run, folder: Path) -> None:
    (folder / "x.jsonl").write_text(
        '{"a":1.50,"bb":null}\n{"bb":"x\\ny\\u001b"}\n{"中":"中"}\n', encoding="utf-8"
    )
    out = run(f".mode line\n{ALL}", source="x.jsonl")[1]
    # A wide character takes two columns of the screen.
    rows = [("1.50", "NULL", "NULL"), ("NULL", "x␊y␛", "NULL"), ("NULL", "NULL", "中")]
    assert out == "\n".join(f" a = {a}\nbb = {b}\n中 = {c}\n" for a, b, c in rows)


def test_lines_of_many_rows(run: Run, folder: Path) -> None:
    rows = 3 * SCREEN_ROWS
    (folder / "many.csv").write_text("".join(f"{n}\n" for n in range(rows)), encoding="utf-8")
    out = run("SELECT _1 AS n FROM S3Object;", source="many.csv", mode="line", file_header_info="NONE")[1]
    assert out == "\n".join(f"n = {n}\n" for n in range(rows))


def test_settings_show_what_they_are(run: Run) -> None:
    shown = run(".mode\n.limit\n.timer\n.explain\n.output\n")[1].splitlines()
    assert shown == ["mode: csv", "limit: off", "timer: off", "explain: off", "output: stdout"]
    changed = ".mode json\n.limit 1000\n.timer on\n.explain ON\n.output x.out\n"
    shown = run(changed + ".mode\n.limit\n.timer\n.explain\n.output\n")[1].splitlines()
    assert shown == ["mode: json", "limit: 1,000 rows", "timer: on", "explain: on", "output: x.out"]


def test_the_limit(run: Run) -> None:
    assert run(f".limit 1\n{ALL}.limit off\n{ALL}.limit 0\n{ALL}")[1] == "HA,1272\nHA,1272\nUA,11\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (".modee", "there is no command .modee; did you mean .mode?"),
        (".xyzzy", "there is no command .xyzzy; .help lists all"),
        (".", "there is no command .; .help lists all"),
        (".mode cvs", ".mode is 'cvs'; did you mean csv?"),
        (".mode parquet", ".mode is 'parquet'; it must be one of"),
        (".timer maybe", ".timer is 'maybe'; it must be one of on, off"),
        (".explain maybe", ".explain is 'maybe'; it must be one of on, off"),
        (".limit -1", ".limit is '-1'; it must be a number of rows, or off"),
        (".limit ٣", "it must be a number of rows, or off"),
        (".schema x", ".schema takes nothing"),
        (".functions UPER", "there is no function UPER; did you mean UPPER?"),
        (".functions nothing_like_it", "there is no function NOTHING_LIKE_IT; .functions lists all"),
        (".help modus", "there is no command .modus; did you mean .mode?"),
        (".read", ".read takes one path"),
        (".read 'x", "a quote is not closed"),
        (".read absent.sql", "absent.sql: No such file or directory"),
        (".read .", ".: Is a directory"),
        (".read a\0b", "embedded null byte"),
        (".output absent/x", "absent/x: No such file or directory"),
        (".output flights.csv", "flights.csv is the source"),
        (".source s3://bucket", "names no object"),
        (".source flights.csv --timeout 0", "1: --timeout: '0' is no number of seconds above 0"),
        (".explain SELECT 1 FROM", "ParseExpected"),
    ],
)
def test_commands_that_cannot_be_done(run: Run, line: str, message: str) -> None:
    status, out, err = run(f"{line}\n")
    assert (status, out) == (1, "")
    assert err.startswith("s3sql: line 1: ")
    assert message in err


def test_without_a_source_there_is_no_schema_and_no_plan(run: Run) -> None:
    for line in (".schema", ".source", ".explain SELECT 1 FROM S3Object", ".source --header use"):
        assert "no source is open" in run(f"{line}\n", source=None)[2]


def test_help_names_every_command(run: Run) -> None:
    out = run(".help\n")[1]
    assert [line.split()[0] for line in out.splitlines() if line.startswith(".")] == list(COMMANDS)
    for name, command in COMMANDS.items():
        assert run(f".help {name}\n")[1].startswith(f"{command.usage}\n")
        assert command.help
        assert command.details
    assert run("help\n")[1] == out
    assert run(".help mode\n") == run(".help .mode\n")


def test_help_fits_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    script = ".help\n" + "".join(f".help {name}\n" for name in COMMANDS)
    assert max(map(len, run(script)[1].splitlines())) <= 80


def test_the_schema(run: Run) -> None:
    out = run(".schema\n")[1]
    assert 's."arr delay"' in out
    assert "│ HA      │" in out
    assert 's."user".name' in run(".schema\n", source="events.jsonl")[1]


def test_functions(run: Run) -> None:
    assert "SUBSTRING  " in run(".functions\n")[1]
    assert run(".functions character_length()\n")[1].startswith("CHAR_LENGTH(")


def test_a_plan_without_running(run: Run, folder: Path) -> None:
    status, out, err = run(".explain SELECT s.carrier FROM S3Object s WHERE s.carrier = 'HA' LIMIT 1;\n")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "Limit 1"
    assert "rows" not in out


def test_the_plan_behind_the_rows(run: Run) -> None:
    status, out, err = run(f".explain on\n{ALL}.explain off\n{ALL}")
    assert (status, out) == (0, "HA,1272\nUA,11\n" * 2)
    assert err.split()[:2] == ["rows", "time"]
    assert err.count("Scan csv") == 1


def test_the_timer(run: Run) -> None:
    status, out, err = run(f".timer on\n{ALL}.timer off\n{ALL}")
    assert (status, out) == (0, "HA,1272\nUA,11\n" * 2)
    first, second = err.splitlines()
    assert first.startswith("2 rows · ")
    assert second.startswith("read as csv (by name)")


def test_output_to_a_file(run: Run, folder: Path) -> None:
    (folder / "out.csv").write_text("what was there before", encoding="utf-8")
    script = f".output out.csv\n{ALL}.mode\n{ALL}.schema\n.output stdout\n{ALL}"
    assert run(script)[1] == "mode: csv\nHA,1272\nUA,11\n"
    written = (folder / "out.csv").read_text(encoding="utf-8")
    assert written.startswith("HA,1272\nUA,11\n" * 2)
    assert "FROM S3Object s" in written


def test_a_failing_query_leaves_nothing_in_the_file(run: Run, folder: Path) -> None:
    (folder / "late.csv").write_text("1\n" * 2_000_000 + "x\n", encoding="utf-8")
    script = ".output out.csv\nSELECT COUNT(*) FROM S3Object;\nSELECT CAST(_1 AS INT) FROM S3Object;"
    status, _, err = run(script, source="late.csv", file_header_info="NONE")
    assert status == 1
    assert "line 3: CastFailed" in err
    assert (folder / "out.csv").read_bytes() == b"2000001\n"


def test_the_source_is_not_written_through_a_link(run: Run, folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "flights.csv")
    assert run(".output link.csv\n")[0] == 1
    assert (folder / "flights.csv").read_text(encoding="utf-8") == CSV


def test_the_source_is_not_written_through_its_url(run: Run, folder: Path) -> None:
    assert run(".output flights.csv\n", source=(folder / "flights.csv").as_uri())[0] == 1
    assert (folder / "flights.csv").read_text(encoding="utf-8") == CSV


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_what_is_written_is_no_source(run: Run, folder: Path, scheme: str) -> None:
    name = f"{scheme}{folder / 'out.csv'}"
    status, _, err = run(f".output out.csv\n{ALL}.source {name}\n{ALL}")
    assert (status, err) == (
        1,
        f"s3sql: line 3: {name} is where rows are written to; first say: .output stdout\n",
    )
    assert run(f".output out.csv\n{ALL}.output stdout\n.source {name} --header none\n{ALL}")[:2] == (
        0,
        "HA,1272\nUA,11\n",
    )


def test_a_tab_divides_a_command_from_what_it_takes(run: Run) -> None:
    assert run(".mode\tjsonl\n.mode\n.explain\tSELECT\t1 FROM S3Object;\n")[:2] == (
        0,
        "mode: jsonl\nProject 1 AS _1\n  Scan csv\n",
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("line", [".help", ".functions UPPER", ".schema"])
def test_an_answer_that_cannot_be_written(folder: Path, line: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, "shell", "flights.csv"],
            input=line.encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment(),
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"s3sql: line 1: No space left on device\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_rows_that_cannot_be_written_to_their_file(run: Run) -> None:
    assert run(f".output /dev/full\n{ALL}") == (1, "", "s3sql: line 2: /dev/full: No space left on device\n")


def test_files_of_statements(run: Run, folder: Path) -> None:
    (folder / "outer.sql").write_text(f".mode jsonl\n\n.read inner.sql\n{ALL}", encoding="utf-8")
    (folder / "inner.sql").write_text("\ufeff.limit 1\nSELECT s.carrier\n\nFROM S3Object s", encoding="utf-8")
    assert run(".read outer.sql\n")[1] == '{"carrier":"HA"}\n{"carrier":"HA","arr delay":"1272"}\n'


def test_an_error_in_a_file_names_its_line(run: Run, folder: Path) -> None:
    (folder / "bad.sql").write_text(f"{ALL}\n\nSELECT\n  FROM S3Object;\n{ALL}", encoding="utf-8")
    status, out, err = run(f".mode csv\n.read bad.sql\n{ALL}")
    assert (status, out) == (1, "HA,1272\nUA,11\n")
    assert err.startswith("s3sql: line 2: bad.sql, line 4: ParseEmptySelect: ")


def test_a_file_that_reads_itself(run: Run, folder: Path) -> None:
    (folder / "self.sql").write_text(".read self.sql\n", encoding="utf-8")
    status, _, err = run(".read self.sql\n")
    assert status == 1
    assert ".read goes 16 files deep" in err


def test_quit_in_a_file_ends_the_session(run: Run, folder: Path) -> None:
    (folder / "end.sql").write_text(".quit\n", encoding="utf-8")
    assert run(f".read end.sql\n{ALL}") == (0, "", "")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (b"SELECT 1 FROM S3Object;\n\xff\n", "line 2: not UTF-8, byte 1 of the line"),
        (b"SELECT '\0", "LexerInvalidLiteral"),
        (b"x" * ((1 << 20) + 1), "line 1: more than 1,048,576 bytes in one line"),
        (b"SELECT '" + b"a\n" * 200_000, "lack a ';' or a closing quote"),
        (b"SELECT '" + b"a" * 300_000 + b"' FROM S3Object;", "ExpressionTooLong"),
    ],
)
def test_scripts_that_are_none(run: Run, script: bytes, message: str) -> None:
    status, _, err = run(script)
    assert status == 1
    assert message in err


def test_an_s3_object(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="flights.csv", Body=CSV.encode())
        assert run(ALL, source="s3://bucket/flights.csv", region_name="us-east-1")[1] == "HA,1272\nUA,11\n"
        script = f".source s3://bucket/absent.csv --region us-east-1\n{ALL}"
        assert "line 2: NoSuchKey" in run(script)[2]


def test_json_is_a_document(run: Run) -> None:
    assert json.loads(run(f".mode json\n{ALL}")[1]) == [
        {"carrier": "HA", "arr delay": "1272"},
        {"carrier": "UA", "arr delay": "11"},
    ]
