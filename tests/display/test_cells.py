from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.display.cells import NULL, Cell, cells, flush_right, type_name, visible


def texts(values: list[Any], type_: pa.DataType, most: int = 50) -> list[str]:
    return [cell.text for cell in cells(pa.chunked_array([pa.array(values, type_)]), most)]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        ([1, -2, None], pa.int64(), ["1", "-2", "NULL"]),
        ([True, False], pa.bool_(), ["true", "false"]),
        ([1.0, 0.1, float("nan"), 1e300], pa.float64(), ["1.0", "0.1", "nan", "1e+300"]),
        ([Decimal("1.50"), Decimal("0.00")], pa.decimal128(38, 2), ["1.50", "0.00"]),
        ([0, 1_500_000], pa.timestamp("us", "UTC"), ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01.5Z"]),
        ([-62135596800000000, None], pa.timestamp("us", "UTC"), ["0001-01-01T00:00:00Z", "NULL"]),
        ([1], pa.timestamp("ns"), ["1970-01-01T00:00:00.000000001"]),
        (["é", ""], pa.string(), ["é", ""]),
        (["a", None, "a"], pa.dictionary(pa.int32(), pa.string()), ["a", "NULL", "a"]),
        ([[1, 2], None], pa.list_(pa.int64()), ["[1, 2]", "NULL"]),
        ([b"\xff"], pa.binary(), [r"b'\xff'"]),
        ([None], pa.null(), ["NULL"]),
    ],
)
def test_values(values: list[Any], type_: pa.DataType, expected: list[str]) -> None:
    assert texts(values, type_) == expected


def test_null_is_told_from_the_text() -> None:
    shown = cells(pa.chunked_array([pa.array(["NULL", None, "'NULL'", "null"])]), 9)
    assert shown == [Cell("'NULL'"), NULL, Cell("''NULL''"), Cell("null")]


def test_what_cannot_be_seen_is_shown() -> None:
    assert visible("a\x00\n\t\x7f\x85") == "a␀␊␉␡\\x85"
    assert visible("x\u202egpj.exe\u2066") == "x\\u202egpj.exe\\u2066"
    assert visible("\ufeff\u200b\u2028") == "\\ufeff\\u200b\\u2028"
    assert visible("\ud800") == "\\ud800"
    assert visible("👩\u200d💻 می\u200cخواهم é") == "👩\u200d💻 می\u200cخواهم é"


def test_long_texts_are_cut_and_say_how_long_they_are() -> None:
    (cell,) = cells(pa.chunked_array([pa.array(["é" * 1_000_000])]), 3)
    assert cell == Cell("ééé…", size=2_000_000)
    assert cells(pa.chunked_array([pa.array(["abc", "abcd"])]), 3) == [Cell("abc"), Cell("abc…", size=4)]


def test_bytes_that_are_no_text_are_shown() -> None:
    wrong = pa.array([b"a\xff", b"\xe2\x82"]).view(pa.string())
    assert [cell.text for cell in cells(pa.chunked_array([wrong]), 9)] == ["a\\xff", "\\xe2\\x82"]


@given(st.lists(st.none() | st.text(max_size=30)), st.integers(1, 20))
def test_any_text_is_one_printable_line(values: list[str | None], most: int) -> None:
    storable = [None if v is None else v.encode("utf-8", "replace").decode() for v in values]
    for value, cell in zip(
        storable, cells(pa.chunked_array([pa.array(storable, pa.string())]), most), strict=True
    ):
        assert cell.is_null == (value is None)
        assert not any(ord(character) < 32 for character in cell.text)
        assert (cell.size > 0) == (value is not None and len(value) > most)


def test_types() -> None:
    types = [
        pa.int8(),
        pa.float32(),
        pa.decimal128(38, 3),
        pa.large_string(),
        pa.timestamp("ns"),
        pa.date32(),
    ]
    assert [type_name(type_) for type_ in types] == ["int", "float", "decimal", "string", "timestamp", "date"]
    assert type_name(pa.list_(pa.int64())) == "list<item: int64>"


@pytest.mark.parametrize(
    ("values", "right"),
    [
        (["1", "-2.5", "1e5", ""], True),
        (["1,234", "5%"], True),
        (["1", "NA"], False),
        (["", ""], False),
        ([None, None], False),
        (["%"], False),
        (["."], False),
        (["2013-01-01"], False),
    ],
)
def test_texts_that_are_all_numbers_are_set_flush_right(values: list[str | None], right: bool) -> None:
    column = pa.chunked_array([pa.array(values, pa.string())])
    assert flush_right(column.type, cells(column, 20)) is right
    assert flush_right(pa.int64(), [])
