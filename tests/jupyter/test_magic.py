"""The magics in a session of IPython: queries, values, defaults, help, and what is shown of a failure."""

from __future__ import annotations

import pickle
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.error import UsageError as NoSuchMagic
from moto import mock_aws

import s3sql
from s3sql.jupyter.options import ACTIONS, OPTIONS
from tests.jupyter.conftest import Session

COUNT = "SELECT COUNT(*) AS n FROM S3Object s"


def test_a_query_is_the_value_of_the_cell(session: Session) -> None:
    result = session.value("%%s3sql flights.csv\nSELECT s.carrier FROM S3Object s WHERE s.dest = 'HNL'")
    assert isinstance(result, s3sql.Result)
    for _ in range(2):
        assert result.to_arrow().to_pylist() == [{"carrier": "HA"}]
    assert "carrier" in session.run("_").out or "carrier" in str(result._repr_html_())


def test_a_query_in_one_line(session: Session) -> None:
    assert session.rows("%s3sql flights.csv SELECT s.dest FROM S3Object s WHERE s.carrier = 'AA'") == [
        ("MIA",)
    ]
    assert session.rows("x = %s3sql flights.csv SELECT s.flight FROM S3Object s LIMIT 1\nx") == [("51",)]


def test_a_name_keeps_the_result(session: Session) -> None:
    ran = session.run(f"%%s3sql delays << flights.csv\n{COUNT}")
    assert ran.value is None
    assert ran.out.startswith("delays: 1 row × 1 column, ")
    assert session.rows("delays") == [(5,)]


@pytest.mark.parametrize(
    ("kind", "type_"), [("arrow", pa.Table), ("pandas", pd.DataFrame), ("polars", pl.DataFrame)]
)
def test_the_value_may_be_of_another_library(session: Session, kind: str, type_: type) -> None:
    assert isinstance(session.value(f"%%s3sql flights.csv --as {kind}\n{COUNT}"), type_)
    session.value(f"%%s3sql kept << flights.csv --as {kind}\n{COUNT}")
    assert isinstance(session.value("kept"), type_)


def test_a_library_that_is_not_there_is_told_before_the_query(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spec(name: str, package: str | None = None) -> Any:
        return None if name == "polars" else find_spec(name, package)

    monkeypatch.setattr("importlib.util.find_spec", spec)
    shown = session.failure(f"%%s3sql nothing.csv --as polars\n{COUNT}")
    assert shown == "ImportError: --as polars needs polars, which is not installed: pip install polars\n"


@pytest.mark.parametrize(
    ("setup", "source"),
    [
        ("", "flights.csv"),
        ("", "'flights.csv'"),
        ("from pathlib import Path\np = Path('flights.csv').resolve()", "{p}"),
        ("import pathlib\ndata = pathlib.Path('flights.csv').read_bytes()", "{data}"),
        ("file = open('flights.csv', 'rb')", "{{file}}"),
        ("stem = 'flights'", "{{stem}}.csv"),
        ("import os\nos.rename('flights.csv', 'two words.csv')", "'two words.csv'"),
        ("import os\nos.rename('flights.csv', \"o'brien.csv\")", "o'brien.csv"),
        ("import pathlib\nurl = pathlib.Path('flights.csv').resolve().as_uri()", "{{url}}"),
        ("import os\nos.environ['HOME'] = os.getcwd()", "~/flights.csv"),
    ],
)
def test_sources(session: Session, setup: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    session.value(setup or "None")
    assert session.rows(f"%%s3sql {source}\n{COUNT}") == [(5,)]
    session.value("file.close() if 'file' in globals() else None")


def test_an_object_of_s3(session: Session) -> None:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        client.upload_file("flights.csv", "bucket", "flights.csv")
        session.shell.user_ns["s3"] = client
        assert session.rows(f"%%s3sql s3://bucket/flights.csv\n{COUNT}") == [(5,)]
        for given in ("s3", "{s3}", "{{s3}}"):
            assert session.rows(f"%%s3sql s3://bucket/flights.csv --client {given}\n{COUNT}") == [(5,)]
        session.value("%s3sql --set client=s3 source=s3://bucket/flights.csv")
        assert session.rows(f"%%s3sql\n{COUNT}") == [(5,)]
        assert session.rows(f"%%s3sql flights.csv\n{COUNT}") == [(5,)], "a client is for s3:// alone"


def test_options_of_the_input(session: Session, folder: Path) -> None:
    (folder / "rows").write_bytes(b"a;b\tx\n1;2\tx\n")
    rows = session.rows(
        r"%%s3sql rows --format csv --header use --delimiter \t" + "\nSELECT * FROM S3Object s"
    )
    assert rows == [("1;2", "x")]
    rows = session.rows("%%s3sql rows --header=NONE --delimiter=';' --limit 1\nSELECT s._1 FROM S3Object s")
    assert rows == [("a",)]


def test_parameters(session: Session) -> None:
    session.value("v = \"O'X\"\nmany = ['HA', \"O'X\"]\nlimit = 1")
    sql = "SELECT s.flight FROM S3Object s WHERE s.carrier"
    assert session.rows(f"%%s3sql flights.csv\n{sql} = :v") == [("7",)]
    assert session.rows(f"%%s3sql flights.csv\n{sql} IN :many") == [("51",), ("7",)]
    assert session.rows(f"%s3sql flights.csv {sql} = {{{{many[0]}}}} LIMIT :limit") == [("51",)]
    assert session.rows("%%s3sql flights.csv --limit {{limit + 1}}\nSELECT s.flight FROM S3Object s") == [
        ("51",),
        ("1545",),
    ]


def test_a_function_passes_its_own_variables(session: Session) -> None:
    code = (
        "carrier = 'AA'\n"
        "def flights_of(carrier):\n"
        "    r = %s3sql flights.csv SELECT s.flight FROM S3Object s WHERE s.carrier = :carrier\n"
        "    return r\n"
        "flights_of('HA')"
    )
    assert session.rows(code) == [("51",)]


def test_plans(session: Session) -> None:
    sql = "SELECT s.flight FROM S3Object s WHERE s.carrier = 'AA'"
    plan = session.value(f"%%s3sql flights.csv --explain\n{sql}")
    assert "rows" not in plan
    analyzed = session.value(f"%%s3sql flights.csv --analyze\n{sql}")
    assert analyzed["rows"] == 1
    assert session.run(f"%%s3sql kept << flights.csv --explain\n{sql}").out == "kept: the plan\n"
    assert session.value("kept") == plan


def test_rows_to_show(session: Session) -> None:
    html = session.value("%%s3sql flights.csv --show 2\nSELECT * FROM S3Object s")._repr_html_()
    assert "1545" in html
    assert "1141" not in html


def test_hostile_values_are_escaped(session: Session, folder: Path) -> None:
    (folder / "hostile.csv").write_text("<script>alert(1)</script>,<b>\n\"<img src=x onerror='x'>\",&lt;\n")
    result = session.value("%%s3sql hostile.csv --header use\nSELECT * FROM S3Object s")
    html = session.shell.display_formatter.format(result)[0]["text/html"]
    assert "<script" not in html
    assert "<img" not in html
    description = session.value("%s3sql --schema hostile.csv --header use")
    html = session.shell.display_formatter.format(description)[0]["text/html"]
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<img" not in html


def test_defaults(session: Session) -> None:
    assert session.run("%s3sql --set").out.startswith("no defaults")
    out = session.run("%s3sql --set source=flights.csv header=ignore --limit 2").out
    assert out.splitlines() == ["limit=2", "source=flights.csv", "header=IGNORE"]
    assert session.rows("%%s3sql\nSELECT s._1 FROM S3Object s") == [("HA",), ("UA",)]
    assert session.rows("%s3sql --limit 1 SELECT s._1 FROM S3Object s") == [("HA",)]
    assert session.run("%s3sql --unset limit").out.splitlines() == ["source=flights.csv", "header=IGNORE"]
    assert session.run("%s3sql --unset").out.startswith("no defaults")
    assert "there is no source" in session.failure(f"%%s3sql\n{COUNT}")


def test_a_wrong_default_sets_nothing(session: Session) -> None:
    session.value("%s3sql --set limit=1")
    for wrong, why in [
        ("limit=2 heder=use", "heder is no option"),
        ("limit=2 header=maybe", "--header is one of"),
        ("limit=2 header", "header sets nothing"),
        ("limit=2 source={nothing}", "nothing is not defined"),
        ("limit=2 no-progress=perhaps", "no-progress is yes or no"),
    ]:
        assert why in session.failure(f"%s3sql --set {wrong}")
    assert session.run("%s3sql --set").out == "limit=1\n"


def test_the_schema(session: Session) -> None:
    description = session.value("%s3sql --schema flights.csv --show 2")
    assert [column.name for column in description.columns] == ["carrier", "flight", "dest", "arr_delay"]
    assert description.first_rows.num_rows == 2
    shown = session.shell.display_formatter.format(description)[0]
    assert "<table>" in shown["text/html"]
    assert shown["text/plain"] == str(description)
    assert "--limit means nothing to --schema" in session.failure("%s3sql --schema flights.csv --limit 2")


def test_functions(session: Session) -> None:
    assert "SUBSTRING(text FROM start" in session.run("%s3sql --functions").out
    out = session.run("%s3sql --functions upper character_length").out
    assert "UPPER(text)" in out
    assert "CHAR_LENGTH(text)" in out
    assert "did you mean TRIM?" in session.failure("%s3sql --functions trimm")


def test_the_help_names_every_option(session: Session) -> None:
    out = session.run("%s3sql --help").out
    for name in (*OPTIONS, *ACTIONS):
        assert f"--{name}" in out


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (
            "%%s3sql flights.csv\nSELECT :v,\n  s.flihgt\nFROM S3Object s",
            "MissingHeaders: Some headers in the query are missing from the file. Please check the file "
            "and try again.\n    s.flihgt\n      ^\n"
            'hint: column "flihgt" not found; did you mean "flight"?\n',
        ),
        (
            "%s3sql flights.csv SELECT :v FROM S3Object s LIMIT s.x",
            "ParseExpectedNumber: Expected an unsigned integer after LIMIT, found IDENTIFIER:s at line 1, "
            "column 33.\n  SELECT :v FROM S3Object s LIMIT s.x\n                                  ^\n",
        ),
        (
            "%%s3sql flights.csv\nSELECT s.flight FROM S3Object s WHERE s.carrier = :vv",
            "ParameterError: vv is not defined\n"
            "  SELECT s.flight FROM S3Object s WHERE s.carrier = :vv\n"
            "                                                    ^\nhint: did you mean v?\n",
        ),
        (
            "%%s3sql flights.csv --heder use\nSELECT 1 FROM S3Object",
            "UsageError: --heder is no option\n  flights.csv --heder use\n              ^\n"
            "hint: did you mean --header?\n",
        ),
        (
            "%%s3sql flights.csv --client nobody\nSELECT 1 FROM S3Object",
            "ParameterError: nobody is not defined\n  flights.csv --client nobody\n"
            "                       ^\n",
        ),
        (
            "%%s3sql flights.csv --limit {{1/0}}\nSELECT 1 FROM S3Object",
            "ParameterError: ZeroDivisionError: division by zero\n  flights.csv --limit {{1/0}}\n"
            "                      ^\n",
        ),
        (
            "%%s3sql flights.csv --format json --header use\nSELECT 1 FROM S3Object",
            "ValueError: --header belong to CSV input, and the input is json\n",
        ),
        (
            "%s3sql flights.csv --delimiter ab SELECT 1 FROM S3Object",
            "InvalidRequestParameter: --delimiter is 'ab', 2 characters",
        ),
        (
            "%s3sql s3://b/k --client v SELECT 1 FROM S3Object",
            "TypeError: client is a boto3 S3 client, not str",
        ),
        ("%s3sql", "UsageError: there is no source\nhint: "),
        ("%%s3sql {{5}}\nSELECT 1 FROM S3Object", "TypeError: a source is a path,"),
        ("%%s3sql ftp://x/y.csv\nSELECT 1 FROM S3Object", "ValueError: 'ftp://x/y.csv': the scheme"),
        ("%%s3sql nothing.csv\nSELECT 1 FROM S3Object", "NoSuchKey: The specified key does not exist"),
        ("%%s3sql flights.csv\n  ", "UsageError: there is no SELECT\n"),
        ("%s3sql flights.csv", "UsageError: there is no SELECT\n"),
    ],
)
def test_what_is_shown_when_a_cell_fails(session: Session, code: str, shown: str) -> None:
    session.value("v = 'two\\nlines'")
    got = session.failure(code)
    assert got.startswith(shown)
    assert "Traceback" not in got


def test_python_code_catches_what_it_knows(session: Session) -> None:
    caught = session.value(
        "import s3sql\n"
        "try:\n"
        "    get_ipython().run_cell_magic('s3sql', 'flights.csv', 'SELECT s.x FROM S3Object s')\n"
        "except s3sql.S3SelectError as error:\n"
        "    caught = error\n"
        "caught"
    )
    assert (caught.code, str(caught.position)) == ("MissingHeaders", "line 1, column 10")
    with pytest.raises(ValueError, match="no option"):
        session.shell.run_line_magic("s3sql", "--nothing")


@pytest.mark.parametrize(
    "line",
    [
        "--limit x flights.csv SELECT 1",
        "flights.csv SELECT :nobody",
        "flights.csv SELECT s.x FROM S3Object s",
    ],
)
def test_an_error_can_be_pickled(session: Session, line: str) -> None:
    with pytest.raises((ValueError, s3sql.S3SelectError)) as caught:
        session.shell.run_line_magic("s3sql", line)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.hint) == (type(caught.value), str(caught.value), caught.value.hint)
    assert again.position == caught.value.position


def test_the_home_of_a_default_source(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    session.value("%s3sql --set source=~/flights.csv")
    assert session.rows("%s3sql SELECT COUNT(*) FROM S3Object") == [(5,)]


def test_an_option_may_be_none(session: Session) -> None:
    session.value("%s3sql --set limit=1")
    rows = session.rows("%s3sql flights.csv --limit {{None}} --as {{None}} SELECT s.carrier FROM S3Object s")
    assert len(rows) == 5, "the default does not count either"


def test_what_fails_in_a_row_fails_the_cell(session: Session) -> None:
    shown = session.failure("%%s3sql r << flights.csv\nSELECT CAST(s.arr_delay AS INT) FROM S3Object s")
    assert shown.startswith("CastFailed: ")
    assert session.run("r").error is not None, "nothing is kept"


def test_errors_are_bold_where_the_session_has_colours(session: Session) -> None:
    session.shell.colors = "neutral"
    assert session.failure("%s3sql --nothing").startswith("\x1b[1mUsageError\x1b[0m: ")


def test_unload_and_reload(session: Session) -> None:
    matchers = session.shell.Completer.custom_matchers
    assert len(matchers) == 1
    session.value("%unload_ext s3sql")
    assert isinstance(session.run("%s3sql --help").error, NoSuchMagic)
    assert matchers == []
    for _ in range(2):
        session.value("%reload_ext s3sql")
    assert len(matchers) == 1
    assert session.rows(f"%%s3sql flights.csv\n{COUNT}") == [(5,)]


def test_a_query_in_another_thread(session: Session) -> None:
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.append(session.shell.run_cell_magic("s3sql", "flights.csv", COUNT))
    )
    thread.start()
    assert session.rows(f"%%s3sql flights.csv\n{COUNT}") == [(5,)]
    thread.join()
    assert found[0].to_arrow().to_pylist() == [{"n": 5}]


def test_the_package_itself_loads_no_ipython() -> None:
    import subprocess

    program = "import sys, s3sql; s3sql.load_ipython_extension; print('IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
