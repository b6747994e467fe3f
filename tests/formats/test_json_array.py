"""Root lists under ``FROM S3Object[*][*]``: the same answer whatever the size of the morsels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.exec import footprint
from s3sql.formats import opening
from s3sql.formats.json_format import JsonFormat
from s3sql.plan.expr import Elements, Name
from s3sql.request import JsonInput, JsonOutput, SelectRequest
from s3sql.stores.memory import BytesObject
from tests.formats.json_texts import blanks, scalars, values
from tests.scans import morsels_of, no_buffer_is_out, split, worker_count
from tests.twins import json_rows as twin
from tests.twins.records import json_record

SQL = "SELECT * FROM S3Object[*][*]"

types = st.sampled_from(["LINES", "DOCUMENT"])


def answer(contents: bytes, sql: str = SQL, form: str = "LINES") -> tuple[list[bytes], str | None]:
    """The records, and the error with its message."""
    request = SelectRequest(sql, JsonInput(form), JsonOutput())  # type: ignore[arg-type]
    records: list[bytes] = []
    try:
        for step in engine.prepare(request, BytesObject(contents)).records():
            if step is not None and step.output is not None:
                records += split(step.output)
            if step is not None and step.error is not None:
                raise step.error
    except S3SelectError as error:
        return records, f"{error.code} {error.message}"
    return records, None


@contextmanager
def root_values_as_records() -> Iterator[None]:
    """Without morsels that end in a list."""
    with mock.patch.object(opening, "JsonArrayFormat", JsonFormat):
        yield


short = scalars.filter(lambda text: len(text) <= 24)
#: A record fits a morsel of 200 bytes with its white space.
elements = st.one_of(
    short,
    st.tuples(blanks, short).map("".join),
    short.map(lambda text: '{"a":' + text + ',"b":[1,{"c":"],"}]}'),
    st.lists(st.sampled_from(["1", '"x,]"', "[]", "{}"]), max_size=4).map(
        lambda found: "[" + ", ".join(found) + "]"
    ),
)


@st.composite
def roots(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 3)) == 0:
        return draw(short) + draw(st.sampled_from([" ", "\n"]))
    found = draw(st.lists(elements, max_size=12))
    separator = draw(st.sampled_from([",", ", ", ",\n", "\n,\r\n"]))
    return draw(blanks) + "[" + separator.join(found) + draw(st.sampled_from(["]", " ]", "\n]\n"]))


texts = st.lists(roots(), max_size=6).map("".join)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(texts)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(text)))
        piece = draw(st.sampled_from([*'",:{}[]\\1t\n', "", ", ,", "\x01", "]]", "[[", "\udcff"]))
        text = text[:place] + piece + text[place + draw(st.integers(0, 1)) :]
    return text


@given(texts, types, st.integers(200, 400), st.sampled_from(["", ".a", ".b[*]", "[*]", "[0]", ".*"]))
def test_lists_in_morsels_are_lists_as_a_whole(text: str, form: str, size: int, more: str) -> None:
    contents, sql = text.encode(), SQL + more
    with root_values_as_records():
        whole = answer(contents, sql, form)
    assert answer(contents, sql, form) == whole
    with morsels_of(size, first=64):
        assert answer(contents, sql, form) == whole
    assert whole[1] is None or whole[1].startswith("Ambiguous")
    assert no_buffer_is_out()


@given(texts, types, st.integers(200, 400))
def test_every_element_is_a_row(text: str, form: str, size: int) -> None:
    contents = text.encode()
    found, valid = twin.rows_of(contents)
    assert valid
    with morsels_of(size, first=64):
        records, error = answer(contents, "SELECT x FROM S3Object[*][*] x", form)
    assert error is None
    assert records == [json_record([("x", row)]) for row in twin.range_over(found, [Elements()])]


def longest_element(text: str) -> int:
    """Characters from one bracket or comma of a root list to the next, as far as quotes tell."""
    longest = depth = last = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"?|[][{},]', text):
        mark = found[0]
        depth += (mark in "[{") - (mark in "]}")
        if depth <= 1:
            longest, last = max(longest, found.start() - last), found.start()
    return max(longest, len(text) - last)


@given(damaged(), types, st.integers(300, 500))
def test_errors_are_the_same_behind_the_same_rows(text: str, form: str, size: int) -> None:
    # A bracket too many makes an element of a list, and a morsel has to hold one.
    assume(longest_element(text) < 140)
    # Half a surrogate pair stands for a byte that is not UTF-8.
    contents = text.encode("utf-8", "surrogateescape")
    with root_values_as_records():
        before, error = answer(contents, SQL, form)
    records, told = answer(contents, SQL, form)
    # The elements before the one that is wrong come too.
    assert told == error
    assert records[: len(before)] == before
    with morsels_of(size, first=64), worker_count(2):
        assert answer(contents, SQL, form) == (records, told)
    assert no_buffer_is_out()


@given(texts, st.integers(200, 400), st.integers(300, 3000), st.sampled_from(["", ".b[*]", "[*]"]))
def test_rows_in_pieces_are_the_same_rows(text: str, size: int, piece: int, more: str) -> None:
    contents, sql = text.encode(), f"SELECT x, x AS y FROM S3Object[*][*]{more} x"
    whole = answer(contents, sql)
    with morsels_of(size, first=64), mock.patch.object(footprint, "PIECE_BYTES", piece):
        assert answer(contents, sql) == whole
        limited = answer(contents, sql + " LIMIT 3")
    assert limited[0] == whole[0][:3]


@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
@pytest.mark.parametrize(
    ("text", "rows", "place"),
    [
        ("[1 2]", 0, 3),
        ("[1,,2]", 1, 3),
        ("[,1]", 0, 1),
        ("[ ,1]", 0, 2),
        ("[1,]", 1, 3),
        ("[1, ]", 1, 4),
        ("[1,2", 1, 4),
        ("[1,", 1, 3),
        ("[", 0, 1),
        ("[1]]", 1, 3),
        ("[1},2", 0, 2),
        ("[1,2]}", 2, 5),
        ("{},{}", 1, 2),
        ("[1],[2]", 1, 3),
        ("[1,2,x,3]", 2, 5),
        ("[1]\n,[2]", 1, 4),
        ("[1\n2]", 0, 3),
    ],
)
def test_separators(text: str, rows: int, place: int, form: str) -> None:
    records, error = answer(text.encode(), SQL, form)
    assert len(records) == rows
    assert error is not None
    assert error.startswith("JSONParsingError")
    assert error.endswith(f"at byte {place:,}.")


@pytest.mark.parametrize("fault", ["[ , 3", "[1 2", "[1,,2", "[1, ]"])
@pytest.mark.parametrize("form", ["LINES", "DOCUMENT"])
def test_separators_at_a_cut(fault: str, form: str) -> None:
    for before in range(40, 90):
        text = "[" + "1," * before + "0]\n" + fault
        with root_values_as_records():
            _, error = answer(text.encode(), SQL, form)
        with morsels_of(64):
            records, told = answer(text.encode(), SQL, form)
        assert told == error
        assert len(records) == before + 1 + (fault in ("[1,,2", "[1, ]"))


def test_an_empty_list_is_one_missing_row() -> None:
    assert answer(b"[]") == ([b"{}\n"], None)
    assert answer(b"[] [ ]\n[[]]") == ([b"{}\n", b"{}\n", b'{"_1":[]}\n'], None)
    assert answer(b"[]", "SELECT COUNT(*) FROM S3Object[*][*]")[0] == [b'{"_1":0}\n']
    assert answer(b"\xef\xbb\xbf[1]") == ([b'{"_1":1}\n'], None)


@given(values.filter(lambda text: text[0] != "["))
def test_roots_that_are_no_lists_are_rows(text: str) -> None:
    assert answer(text.encode()) == answer(text.encode(), "SELECT * FROM S3Object")


def test_a_path_behind_the_elements_is_that_of_each() -> None:
    contents = json.dumps([{"a": [number, {"b": number}]} for number in range(200)]).encode()
    found, _ = twin.rows_of(contents)
    rows = twin.range_over(found, [Elements(), Name("a"), Elements(), Name("b")])
    with morsels_of(128):
        records, _ = answer(contents, "SELECT x FROM S3Object[*][*].a[*].b x")
    assert records == [json_record([("x", row)]) for row in rows]


@pytest.mark.parametrize(
    ("text", "rows"), [(b'[1,{"a":"%b"},2]', 1), (b'{"a":"%b"}', 0), (b'[["%b"]]', 0), (b'[1] [2,\n"%b"', 2)]
)
def test_the_byte_that_is_no_text_is_told_before_the_length_of_its_record(text: bytes, rows: int) -> None:
    for form in ("LINES", "DOCUMENT"):
        long = text % (b"x" * 100 + b"\xff" + b"x" * (9 << 20))
        records, told = answer(long, SQL, form)
        assert told is not None
        assert told.startswith("InvalidTextEncoding")
        assert len(records) == rows
        later = text % (b"x" * (2 << 20) + b"\xff" + b"x" * (7 << 20))
        assert (answer(later, SQL, form)[1] or "").startswith("OverMaxRecordSize")
