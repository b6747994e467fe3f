"""Bounds from the statistics of a footer, and row groups that they rule out."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import row_groups
from s3sql.formats.parquet_statistics import Bounds, column_bounds
from s3sql.stores.memory import BytesObject
from s3sql.types import Kind
from tests.formats.parquet_files import ask, parquet, payload

_NANOSECONDS = 10**9


def bounds(values: Any, form: str, **options: Any) -> Bounds:
    contents = parquet({"c": values}, **options)
    footer = read_footer(ParquetSource(BytesObject(contents)))
    (group,) = row_groups(footer, len(contents))
    return column_bounds(group.columns[0], footer.nodes[0], form)


def test_bounds_of_each_kind() -> None:
    assert bounds([3, -1, 2], "int") == Bounds(Kind.INT, -1, 3, nulls=False)
    assert bounds([1.5, -2.5], "float") == Bounds(Kind.FLOAT, -2.5, 1.5, nulls=False)
    assert bounds(["b", "aé"], "text") == Bounds(Kind.STRING, "aé".encode(), b"b", nulls=False)
    assert bounds([True, False], "bool") == Bounds(Kind.BOOL, False, True, nulls=False)
    days = [datetime.date(1970, 1, 2), datetime.date(1969, 12, 31)]
    day = 86_400 * _NANOSECONDS
    assert bounds(days, "date") == Bounds(Kind.TIMESTAMP, -day, day, nulls=False)
    for unit in ("ms", "us", "ns"):
        times = pa.array([datetime.datetime(1970, 1, 1, 0, 0, 1)], pa.timestamp(unit))
        assert bounds(times, "timestamp") == Bounds(Kind.TIMESTAMP, _NANOSECONDS, _NANOSECONDS, nulls=False)
    decimals = pa.array([Decimal("1.50"), Decimal("-3.25")], pa.decimal128(9, 2))
    found = bounds(decimals, "decimal", store_decimal_as_integer=True)
    assert found == Bounds(Kind.DECIMAL, Decimal("-3.25"), Decimal("1.50"), nulls=False)


def test_what_has_another_order_has_no_bounds() -> None:
    assert bounds(pa.array([1, 2**31], pa.uint32()), "int").kind is None
    assert bounds(pa.array([Decimal("1.50")], pa.decimal128(30, 2)), "decimal").kind is None
    assert bounds([1.0], "float", write_statistics=False) == Bounds()


def test_nulls_are_counted() -> None:
    assert bounds([1, None], "int").nulls
    assert not bounds(pa.array([None, None], pa.int64()), "int").known


NAMES = {"i": "int", "f": "float", "s": "text", "b": "bool", "d": "date", "m": "decimal", "g": "float32"}

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | st.integers(-3, 3),
            "f": st.none() | st.sampled_from([0.0, -0.0, 1.5, -2.0, math.nan, math.inf]),
            "s": st.none() | st.sampled_from(["", "a", "ab", "b", "é", "😀", "￿"]),
            "b": st.none() | st.booleans(),
            "d": st.none() | st.dates(datetime.date(2020, 1, 1), datetime.date(2020, 1, 4)),
            "m": st.none() | st.sampled_from([Decimal("0.00"), Decimal("1.50"), Decimal("-1.25")]),
            "g": st.none() | st.sampled_from([0.1, 2.5, math.nan]),
        }
    ),
    min_size=1,
    max_size=8,
)
TYPES = pa.schema(
    {
        "i": pa.int64(),
        "f": pa.float64(),
        "s": pa.string(),
        "b": pa.bool_(),
        "d": pa.date32(),
        "m": pa.decimal128(5, 2),
        "g": pa.float32(),
    }
)
LITERALS = {
    "i": ["0", "2", "-3", "1.5", "CAST('1' AS FLOAT)", "NULL"],
    "f": ["0", "1.5", "CAST('NaN' AS FLOAT)", "CAST('-2' AS FLOAT)"],
    "s": ["'a'", "'aa'", "''", "'é'", "'😀'"],
    "b": ["TRUE", "FALSE"],
    "d": ["`2020-01-02`", "`2020-01-02T12:00Z`"],
    "m": ["1", "1.5", "0.00", "CAST('1.5' AS FLOAT)"],
    "g": ["0.1", "2.5", "CAST('0.1' AS FLOAT)"],
}


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    """A condition on the columns, most of them such that statistics have something to say."""
    form = draw(st.integers(0, 7 if depth else 4))
    name = draw(st.sampled_from(sorted(LITERALS)))
    literal = st.sampled_from(LITERALS[name])
    if form <= 1:
        operator = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
        sides = (f"s.{name}", draw(literal))
        return f" {operator} ".join(sides if draw(st.booleans()) else sides[::-1])
    if form == 2:
        return f"s.{name} BETWEEN {draw(literal)} AND {draw(literal)}"
    if form == 3:
        return f"s.{name} IN ({', '.join(draw(st.lists(literal, min_size=1, max_size=3)))})"
    if form == 4:
        return f"s.{name} IS {draw(st.sampled_from(['NULL', 'NOT NULL', 'MISSING']))}"
    if form == 5:
        # One that fails for the rows it is asked for.
        return f"{draw(conditions(0))} AND 1 / s.i > 0"
    joint = draw(st.sampled_from([" AND ", " OR "]))
    parts = draw(st.lists(conditions(depth - 1), min_size=2, max_size=3))
    return "(" + joint.join(parts) + ")"


def answer(contents: bytes, condition: str) -> tuple[bytes, str]:
    """The rows up to the failure, and the failure."""
    found = b""
    try:
        result = ask(f"SELECT s.i, s.f, s.s FROM S3Object s WHERE {condition}", contents)
        for event in result.events():
            found += event.get("Records", {}).get("Payload", b"")
    except Exception as error:
        return found, str(error)
    return found, ""


@settings(max_examples=200, deadline=None)
@given(ROWS, conditions(), st.integers(1, 3))
def test_statistics_never_change_an_answer(rows: list[dict[str, Any]], condition: str, size: int) -> None:
    table = pa.Table.from_pylist(rows, TYPES)
    options: dict[str, Any] = {"row_group_size": size, "store_decimal_as_integer": True}
    assert answer(parquet(table, **options), condition) == answer(
        parquet(table, write_statistics=False, **options), condition
    )


@pytest.mark.parametrize(
    ("condition", "groups"),
    [
        ("i = 5", 1),
        ("5 > i", 1),
        ("i > 100", 0),
        ("i BETWEEN 8 AND 12", 2),
        ("i IN (1, 25)", 2),
        ("t = 'k15'", 1),
        ("t < 'k10'", 1),
        ("t IS NULL", 0),
        ("n IS NOT NULL", 1),
        ("i < 10 OR i >= 29", 2),
        ("1 / i > 0", 3),
        ("1 / (i - 100) = 0 AND i > 100", 3),
    ],
)
def test_row_groups_that_hold_no_row_are_not_read(condition: str, groups: int) -> None:
    columns = {
        "i": list(range(1, 31)),
        "t": [f"k{number:02}" for number in range(1, 31)],
        "n": [None] * 20 + [1] * 10,
    }
    contents = parquet(columns, row_group_size=10)
    result = ask(f"SELECT i FROM S3Object WHERE {condition}", contents)
    scan = result._query.opening.scan(result._query.plan)  # type: ignore[union-attr]
    assert len(scan.shares) == groups
    assert scan.all_groups == 3
    result.close()


def test_a_failure_before_a_condition_that_rules_out_is_told() -> None:
    contents = parquet({"i": [1, 0, 2]})
    with pytest.raises(Exception, match="with zero on its right"):
        payload("SELECT i FROM S3Object WHERE 1 / i > 5 AND i > 100", contents)
