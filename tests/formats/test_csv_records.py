from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from s3sql.errors import S3SelectError
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_records import first_records
from s3sql.request import CsvInput

DIALECT = CsvDialect.of(CsvInput())


def rows(text: bytes, *, at_end: bool = True, most: int = 100) -> list[tuple[str, ...]]:
    found = first_records(text, DIALECT, at_end=at_end, most=most)
    return [found.fields(number) for number in range(len(found))]


def test_whole_records_only() -> None:
    assert rows(b"a,b\n\n#x\nc") == [("a", "b"), ("c",)]
    assert rows(b"a,b\n\n#x\nc", at_end=False) == [("a", "b")]
    assert rows(b"a\nb\nc\n", most=2) == [("a",), ("b",)]
    assert rows(b"") == []


def test_columns() -> None:
    found = first_records(b"a,b\nc\nd,\n", DIALECT, at_end=True, most=10)
    text, there = found.column(1, 0)
    assert there.tolist() == [True, False, True]
    assert (text.ends - text.starts).tolist() == [1, 0]
    assert found.counts() == [2, 1, 2]
    assert found.fields(0, 1) == ("a",)


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        (b'a\n"b\nc"\n', "CSVEscapingRecordDelimiter", "byte 14"),
        (b'a\n"b', "CSVUnescapedQuote", "byte 14"),
        (b"a\n\xff\n", "InvalidTextEncoding", "byte 12"),
        (b"x" * (1 << 20) + b"y\n", "OverMaxRecordSize", "byte 10"),
    ],
)
def test_what_a_query_fails_with(text: bytes, code: str, at: str) -> None:
    found = first_records(text, DIALECT, at_end=True, most=10)
    failure = found.failure(DIALECT, 10)
    assert failure is not None
    assert failure.code == code
    assert at in failure.message
    with pytest.raises(S3SelectError, match=code):
        s3sql.query("SELECT * FROM S3Object", text, input_format="csv").to_arrow()


def test_quoted_delimiters() -> None:
    text = b'a,"b\nc"\nd\n'
    assert first_records(text, DIALECT, at_end=True, most=10).broken_by_quotes
    allowed = replace(DIALECT, allow_records=True)
    assert first_records(text, allowed, at_end=True, most=10).fields(0) == ("a", "b\nc")


@given(st.lists(st.lists(st.text('a,"x', max_size=3), min_size=1, max_size=4), max_size=5))
def test_the_fields_are_those_that_were_written(table: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    assert rows(file.getvalue().encode()) == [tuple(record) for record in table]
