"""The short way to a header line against the general pass: the same record, or no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_header import first_record, general_first_record, plain_first_record
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.request import CsvInput

_pieces = st.sampled_from(
    [
        b"a",
        b"b c",
        b",",
        b";",
        b"\n",
        b"\r\n",
        b"\r",
        b'"',
        b"#",
        b"'",
        b"\0",
        "é".encode(),
        "日".encode(),
        b"\xff",
    ]
)
_texts = st.lists(_pieces, max_size=12).map(b"".join)
_dialects = st.builds(
    CsvDialect,
    field=st.sampled_from([b",", b";", b"\t", "é".encode()]),
    record=st.sampled_from([b"\n", b"\r", b";", b"\r\n", b"a"]),
    quote=st.sampled_from([b'"', b"'", b""]),
    escape=st.sampled_from([b'"', b"'", b"\\"]),
    comment=st.sampled_from([b"#", b"", b"a"]),
    bare_return=st.booleans(),
    allow_records=st.booleans(),
).filter(lambda dialect: dialect.bare_return <= (dialect.record == b"\n") and dialect.field != dialect.record)


def _general(text: bytes, dialect: CsvDialect) -> object:
    try:
        return general_first_record(text, True, dialect, 7)
    except S3SelectError as error:
        return error.code


@given(_texts, _dialects)
def test_what_the_short_way_finds_is_what_the_general_pass_finds(text: bytes, dialect: CsvDialect) -> None:
    found = plain_first_record(text, dialect, 7)
    assert found is None or found == _general(text, dialect)


@pytest.mark.parametrize(
    "text",
    [
        b"\na,b\n",
        b"#a\nb\n",
        b'a,"b"\n',
        b"a\rb\n",
        b"a\xff\n",
        b"a,b",
        b"a" * MAX_RECORD_BYTES + b"\n",
        b"\r\na\n",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_where_another_rule_has_a_say_the_short_way_has_none(text: bytes) -> None:
    assert plain_first_record(text, CsvDialect.of(CsvInput()), 0) is None


def test_the_longest_header_is_read_by_either_way() -> None:
    dialect = CsvDialect.of(CsvInput())
    for length in range(MAX_RECORD_BYTES - 3, MAX_RECORD_BYTES):
        text = b"a" * length + b"\n"
        found = plain_first_record(text, dialect, 7)
        assert found is not None
        assert found == _general(text, dialect)


def test_a_usual_header_takes_the_short_way() -> None:
    dialect = CsvDialect.of(CsvInput())
    found = plain_first_record(b"id,name,\xc3\xa9\r\n1,2,3\r\n", dialect, 3)
    assert found is not None
    assert (found.fields, found.end) == (("id", "name", "é"), 15)
    assert first_record(b"id,name,\xc3\xa9\r\n1,2,3\r\n", False, dialect, 3) == found
