"""What is said of a query over an object, besides the error: as ``s3sql.query`` raises it."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import s3sql
from s3sql.errors import S3SelectError
from s3sql.exec import object_hints

CARRIERS = b"carrier,flight,arr delay\nUA,12,NA\nAA,,1.5\nBB,x,2013-01-01 05:00:00\n"
NAMES = "carrier", "flight", "arr delay"


def hint_of(sql: str, contents: bytes, **keywords: Any) -> str | None:
    with pytest.raises(S3SelectError) as raised:
        s3sql.query(sql, contents, **{"input_format": "csv", **keywords}).to_arrow()
    return raised.value.hint


def parquet(*columns: str) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({column: [1] for column in columns}), out)
    return out.getvalue()


# ---- names


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT s.carier FROM S3Object s", 'column "carier" not found; did you mean "carrier"?'),
        ("SELECT arrdelay FROM S3Object", 'column "arrdelay" not found; did you mean "arr delay"?'),
        (
            'SELECT s."Carrier" FROM S3Object s',
            'column "Carrier" not found; did you mean "carrier"? Letter case counts in double quotes',
        ),
        (
            "SELECT s.x FROM S3Object s",
            'column "x" not found; the columns are "carrier", "flight", "arr delay"',
        ),
        (
            'SELECT * FROM S3Object s WHERE s.carrier = "UA"',
            "double quotes are for names; if \"UA\" is a text, write 'UA'",
        ),
        (
            'SELECT * FROM S3Object s WHERE s.carrier = "it\'s"',
            "double quotes are for names; if \"it's\" is a text, write 'it''s'",
        ),
        ("SELECT t.carrier FROM S3Object s", "FROM calls the rows s; write s.carrier"),
        ("SELECT t.* FROM S3Object s", "FROM calls the rows s; write s.*"),
        ('SELECT t."arr delay" FROM S3Object s', 'FROM calls the rows s; write s."arr delay"'),
        ("SELECT t.carrier FROM S3Object", "the table has no alias t; write FROM S3Object t"),
        ('SELECT "date".carrier FROM S3Object', 'the table has no alias "date"; write FROM S3Object "date"'),
    ],
)
def test_a_name_that_is_not_in_the_header(sql: str, hint: str) -> None:
    assert hint_of(sql, CARRIERS, file_header_info="USE") == hint


def test_many_columns_are_not_all_listed() -> None:
    header = ",".join(f"column{n}" for n in range(10)).encode() + b"\n1\n"
    hint = hint_of("SELECT s.zzz FROM S3Object s", header, file_header_info="USE")
    assert hint is not None
    assert hint.endswith('"column5" and 4 more')


def test_a_header_without_names() -> None:
    hint = hint_of("SELECT s.zzz FROM S3Object s", b",,\n1,2,3\n", file_header_info="USE")
    assert hint == 'column "zzz" not found; no column has a name'


def test_long_names_are_cut_and_not_compared() -> None:
    name = "a" * 5000
    hint = hint_of(f"SELECT s.{name} FROM S3Object s", f"{name}b\n1\n".encode(), file_header_info="USE")
    assert hint is not None
    assert hint.startswith('column "aaa')
    assert "the columns are" in hint
    assert len(hint) < 200


@pytest.mark.parametrize(("delimiter", "shown"), [(";", "';'"), ("\t", "a tab"), ("|", "'|'")])
def test_a_header_that_another_delimiter_would_cut(delimiter: str, shown: str) -> None:
    contents = delimiter.join(NAMES).encode() + b"\n1\n"
    hint = hint_of("SELECT s.carrier FROM S3Object s", contents, file_header_info="USE")
    assert hint is not None
    assert hint.endswith(f": is the field delimiter {shown}?")


@pytest.mark.parametrize(
    ("mode", "taken"),
    [("NONE", "the first line is not read as a header"), ("IGNORE", "the header line is skipped")],
)
def test_a_name_where_columns_have_numbers(mode: str, taken: str) -> None:
    def hint(name: str) -> str | None:
        return hint_of(f"SELECT s.{name} FROM S3Object s", CARRIERS, file_header_info=mode)

    use = "FileHeaderInfo USE"
    assert hint("flight") == f'{taken}: write _2 for "flight", or read it with {use}'
    assert hint('"Arr Delay"') == f'{taken}: write _3 for "arr delay", or read it with {use}'
    assert hint("x") == f"{taken}: columns are _1, _2, …; {use} takes their names from it"
    assert hint("_0") == "columns are numbered from 1, without leading zeros: _1"
    assert hint("_02") == "columns are numbered from 1, without leading zeros: _2"


def test_the_first_line_of_a_stream_is_known_too() -> None:
    hint = hint_of("SELECT s.flight FROM S3Object s", gzip.compress(CARRIERS), compression_type="GZIP")
    assert hint is not None
    assert "write _2" in hint


def test_an_object_without_records_judges_no_name() -> None:
    assert s3sql.query("SELECT s.flight FROM S3Object s", b"", input_format="csv").to_arrow().num_rows == 0


def test_parquet_names_the_columns_unless_the_message_has_the_nearest() -> None:
    contents = parquet("carrier", "Flight")
    assert hint_of("SELECT s.flihgt FROM S3Object s", contents, input_format="parquet") is None
    assert hint_of("SELECT s.x FROM S3Object s", contents, input_format="parquet") == (
        'column "x" not found; the columns are "carrier", "Flight"'
    )
    assert hint_of('SELECT * FROM S3Object s WHERE "UA" = 1', contents, input_format="parquet") == (
        "double quotes are for names; if \"UA\" is a text, write 'UA'"
    )
    assert hint_of("SELECT t.carrier FROM S3Object s", contents, input_format="parquet") == (
        "FROM calls the rows s; write s.carrier"
    )


# ---- values


@pytest.mark.parametrize(
    ("kind", "value", "hint"),
    [
        ("INT", "", "CAST(NULLIF(s.x, '') AS INT) makes such a field NULL"),
        ("FLOAT", "NA", "CAST(NULLIF(s.x, 'NA') AS FLOAT) makes such a field NULL"),
        ("DECIMAL", "n'a", "CAST(NULLIF(s.x, 'n''a') AS DECIMAL) makes such a field NULL"),
        ("TIMESTAMP", "-", "CAST(NULLIF(s.x, '-') AS TIMESTAMP) makes such a field NULL"),
        (
            "INT",
            " 1.5e3 ",
            "CAST(s.x AS DECIMAL) reads such a number; CAST(CAST(s.x AS DECIMAL) AS INT) drops its fraction",
        ),
        ("TIMESTAMP", "2013-01-01 05:00", "TO_TIMESTAMP(s.x, 'yyyy-MM-dd HH:mm') reads such a text"),
        ("TIMESTAMP", "2013-01-01 05:00:07", "TO_TIMESTAMP(s.x, 'yyyy-MM-dd HH:mm:ss') reads such a text"),
        (
            "TIMESTAMP",
            "2013-01-01 05:00:07.25",
            "TO_TIMESTAMP(s.x, 'yyyy-MM-dd HH:mm:ss.SS') reads such a text",
        ),
        ("TIMESTAMP", "1/31/2013", "TO_TIMESTAMP(s.x, 'M/d/yyyy') reads such a text"),
        ("TIMESTAMP", " 2013-01-01", "CAST(TRIM(s.x) AS TIMESTAMP) leaves the blanks out"),
        (
            "TIMESTAMP",
            "5 Apr 2007",
            "TO_TIMESTAMP(s.x, pattern) reads texts of other forms, 'd MMM yyyy' for 5 Apr 2007",
        ),
        ("INT", "1,234", None),
        ("INT", "a rather long text", None),
    ],
)
def test_a_text_that_cast_cannot_read(kind: str, value: str, hint: str | None) -> None:
    rows = f'"first line"\n"{value}"\n'.encode()
    sql = f"SELECT CAST(s._1 AS {kind}) FROM S3Object s WHERE s._1 <> 'first line'"
    assert hint_of(sql, rows) == hint
    if hint is not None and "pattern" not in hint:
        expression = hint.partition(" reads ")[0].partition(" makes ")[0].partition(" leaves ")[0]
        fixed = sql.replace(f"CAST(s._1 AS {kind})", expression.replace("s.x", "s._1"))
        assert s3sql.query(fixed, rows, input_format="csv").to_arrow().num_rows == 1


def test_a_first_line_that_may_be_a_header() -> None:
    hint = hint_of("SELECT CAST(s._2 AS INT) FROM S3Object s", CARRIERS)
    assert hint == (
        "the value is in the first line: if that is a header, FileHeaderInfo USE takes names from it and "
        "IGNORE skips it; if it is not, CAST(NULLIF(s.x, 'flight') AS INT) makes such a field NULL"
    )
    with_mark = hint_of("SELECT SUM(CAST(s._2 AS INT)) FROM S3Object s", b"\xef\xbb\xbf" + CARRIERS)
    assert with_mark == hint


@pytest.mark.parametrize("mode", ["USE", "IGNORE"])
def test_a_first_line_that_is_no_row(mode: str) -> None:
    hint = hint_of("SELECT CAST(s._1 AS INT) FROM S3Object s", CARRIERS, file_header_info=mode)
    assert hint == "CAST(NULLIF(s.x, 'UA') AS INT) makes such a field NULL"


def test_a_later_line() -> None:
    sql = "SELECT CAST(s._3 AS INT) FROM S3Object s WHERE s._1 = 'UA'"
    assert hint_of(sql, CARRIERS) == "CAST(NULLIF(s.x, 'NA') AS INT) makes such a field NULL"


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("LOWER(CAST(s._1 AS INT))", "CAST(s.x AS STRING) makes a text of it"),
        ("SUBSTRING('abc' FROM s._1)", "CAST(s.x AS INT) makes an int of it"),
        ("DATE_ADD(day, 1.0, UTCNOW())", "CAST(s.x AS INT) makes an int of it"),
        (
            "EXTRACT(YEAR FROM s._1)",
            "CAST(s.x AS TIMESTAMP) reads 2007-04-05T14:30Z, TO_TIMESTAMP(s.x, pattern) other texts",
        ),
        ("1 LIKE '1'", "write CAST(s.x AS STRING) LIKE …"),
        ("LOWER([1])", None),
        ("EXTRACT(YEAR FROM TRUE)", None),
    ],
)
def test_an_argument_of_another_kind(expression: str, hint: str | None) -> None:
    assert hint_of(f"SELECT {expression} FROM S3Object s", b"1\n") == hint


# ---- JSON


@pytest.mark.parametrize("before", ["", " \r\n", '{"a":1}\n' * 100_000])
@pytest.mark.parametrize("json_type", ["LINES", "DOCUMENT"])
def test_a_list_that_is_too_long_for_a_record(before: str, json_type: str) -> None:
    contents = before.encode() + json.dumps([{"a": n} for n in range(120_000)]).encode()
    hint = hint_of("SELECT * FROM S3Object s", contents, input_format="json", json_type=json_type)
    assert hint == "it is a list; FROM S3Object[*][*] reads its elements as rows, in a list of any length"


def test_another_value_that_is_too_long() -> None:
    contents = json.dumps({"a": "x" * (1 << 20)}).encode()
    hint = hint_of("SELECT * FROM S3Object s", contents, input_format="json")
    assert hint == (
        "one JSON value is one record; written as JSON lines, one value a line, an object has any size"
    )


# ---- the good path


def test_no_advice_is_made_where_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a query that succeeds needs no advice")

    advice: list[Callable[..., None]] = [object_hints.advise_on_name, object_hints.advise_on_value]
    for function in advice:
        monkeypatch.setattr(s3sql.engine, function.__name__, never)
    assert s3sql.query("SELECT s._1 FROM S3Object s", CARRIERS, input_format="csv").to_arrow().num_rows == 4
