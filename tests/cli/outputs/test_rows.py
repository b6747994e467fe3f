from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.cli.outputs.rows import page_of


def column(*values: str) -> pa.ChunkedArray[Any]:
    return page_of([f'{{"x":{value}}}'.encode() for value in values])["x"]


@pytest.mark.parametrize(
    ("values", "type_", "shown"),
    [
        (["1", "-2"], pa.int64(), [1, -2]),
        (["true", "null"], pa.bool_(), [True, None]),
        (['"a"', "null"], pa.string(), ["a", None]),
        (["1.5", "2.25"], pa.float64(), [1.5, 2.25]),
        (["1.50", "2"], pa.string(), ["1.50", "2"]),
        (["1e300"], pa.string(), ["1e300"]),
        (["99999999999999999999"], pa.decimal128(20, 0), None),
        (["1", '"1"'], pa.string(), ["1", '"1"']),
        (['{"a":1.50,"a":[true]}', "[1.0]"], pa.string(), ['{"a":1.50,"a":[true]}', "[1.0]"]),
        (["null"], pa.string(), [None]),
    ],
)
def test_a_column_loses_nothing(values: list[str], type_: pa.DataType, shown: list[Any] | None) -> None:
    array = column(*values)
    assert array.type == type_
    if shown is not None:
        assert array.to_pylist() == shown


def test_money_keeps_its_digits() -> None:
    assert column("1.50", "12.00", "null").cast(pa.string()).to_pylist() == ["1.50", "12.00", None]


def test_members_that_come_later_or_twice() -> None:
    page = page_of([b'{"a":1}', b'{"b":2,"a":3,"b":4}', b"{}"])
    assert page.column_names == ["a", "b", "b"]
    assert [one.to_pylist() for one in page.columns] == [[1, 3, None], [None, 2, None], [None, 4, None]]


def test_rows_without_members() -> None:
    page = page_of([b"{}", b"{}"])
    assert (page.num_columns, page.num_rows) == (0, 2)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(_JSON, min_size=1, max_size=5))
def test_any_values(values: list[Any]) -> None:
    lines = [json.dumps({"x": value}).encode() for value in values]
    shown = page_of(lines)["x"].to_pylist()
    assert [one is None for one in shown] == [value is None for value in values]
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        assert [one if one is None else json.loads(one) for one in shown] == values
