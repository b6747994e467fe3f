"""Rows and texts of Arrow arrays: what numpy makes of their memory against what Arrow makes of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.formats.parquet_arrays import numpy_type, take_rows
from s3sql.formats.parquet_scalars import scalar_column
from s3sql.formats.parquet_text import checked_text
from s3sql.plan.schema import ParquetForm

ARRAYS = [
    pa.array([1, -2, 3, 4], pa.int8()),
    pa.array([1, 2, 3, None], pa.uint64()),
    pa.array([1.5, 2, float("inf"), -0.0], pa.float32()),
    pa.array([True, False, None, True]),
    pa.array([dt.date(2020, 1, 1), dt.date(1, 1, 1), dt.date(9999, 1, 1), dt.date(1970, 1, 1)]),
    pa.array([1, 2, 3, 4], pa.timestamp("ns")),
    pa.array([Decimal("1.50"), Decimal("-2.25"), None, Decimal("0.00")], pa.decimal128(20, 2)),
    pa.array([Decimal("1.50"), Decimal("-2.25"), Decimal(3), Decimal(0)], pa.decimal128(20, 2)),
    pa.array([Decimal("1.50"), Decimal("-2.25"), Decimal(3), Decimal(0)], pa.decimal256(50, 2)),
    pa.array([Decimal("1.50"), Decimal("-2.25"), Decimal(3), Decimal(0)], pa.decimal64(10, 2)),
    pa.array(["a", None, "ccc", ""]),
    pa.array([b"ab", b"cd", b"ef", b"gh"], pa.binary(2)),
    pa.array([[1], None, [2, 3], []]),
]


@pytest.mark.parametrize("values", ARRAYS, ids=lambda values: str(values.type))
@given(st.sets(st.integers(0, 2)), st.integers(0, 1))
def test_rows_are_those_that_arrow_takes(values: Any, rows: set[int], skipped: int) -> None:
    part = values.slice(skipped)
    places = np.array(sorted(rows), np.intp)
    taken = take_rows(part, places)
    taken.validate(full=True)
    assert taken.equals(part.take(pa.array(places)))


texts = st.lists(st.text("aÄ€😀", max_size=5).map(str.encode), min_size=1, max_size=12)


@given(texts, st.sampled_from([0, PADDING - 1, PADDING, 200]), st.data())
def test_texts_lie_where_arrow_has_them(found: list[bytes], behind: int, data: st.DataObject) -> None:
    """However much memory there is behind the last text, and whatever part of the array is asked for."""
    contents = np.frombuffer(b"".join(found) + b"\xff" * behind, np.uint8)
    bounds = np.cumsum([0, *map(len, found)]).astype(np.int32)
    buffers = [None, pa.py_buffer(bounds.data), pa.py_buffer(contents.data)]
    values: Any = pa.Array.from_buffers(pa.string(), len(found), buffers)
    first = data.draw(st.integers(0, len(found)))
    values = values.slice(first, data.draw(st.integers(0, len(found) - first)))
    text, wrong = checked_text(values)
    assert text.to_bytes() == [value.as_py().encode() for value in values]
    assert wrong is None
    assert not len(text) or text.buffer.size >= int(text.ends[-1]) + PADDING
    if behind >= PADDING and sum(map(len, found[first : first + len(values)])):
        assert np.shares_memory(text.buffer, contents)


def test_what_is_behind_the_last_text_may_be_no_text() -> None:
    contents = np.frombuffer("Ä".encode() + b"\xff" * 99, np.uint8)
    buffers = [None, pa.py_buffer(np.array([0, 2, 3], np.int32).data), pa.py_buffer(contents.data)]
    values: Any = pa.Array.from_buffers(pa.string(), 2, buffers)
    assert checked_text(values.slice(0, 1))[1] is None
    _, wrong = checked_text(values)
    assert wrong is not None
    assert wrong.tolist() == [False, True]


@pytest.mark.parametrize("type_", [pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(38, 2)], ids=str)
def test_decimals_of_every_width(type_: pa.DataType) -> None:
    amounts = [Decimal("1.50"), None, Decimal("-9999999.99"), Decimal("0.00"), Decimal("9999999.99")]
    form: ParquetForm = "decimal"
    values: Any = pa.array(amounts, type_)
    for array in (values, values.slice(2), values.take(pa.array([3, 1]))):
        column = scalar_column(array, form, "amount", _never)
        assert [str(value) for value in column.to_python()] == [str(value.as_py()) for value in array]


def _never(where: object, error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "name",
    [
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float",
        "double",
        "halffloat",
    ],
)
def test_the_type_that_numpy_has_for_one_of_arrow(name: Any) -> None:
    kind = pa.type_for_alias(name)
    assert numpy_type(kind) == np.dtype(kind.to_pandas_dtype())
