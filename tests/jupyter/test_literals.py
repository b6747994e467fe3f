"""Values become exactly one literal that means the value, or are refused."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import s3sql
from s3sql.jupyter.literals import elements, list_literal, literal
from s3sql.sql.lexer import tokenize

ATTACKS = [
    "' OR 1=1 --",
    "'; DROP TABLE x; --",
    '" OR "" = "',
    "` OR `1` = `1",
    "\\' OR 1=1 --",
    "x' /* ",
    "*/ OR 1=1",
    "\0",
    "a\0' OR 1=1 --",
    "’ OR ’1’=’1",
    "\uff07 OR 1=1 --",
    "\\u0027",
    "{{1}}",
    ":v",
    "",
    "''",
    "\r\n'",
    '\ufffe`"\\',
    "\x85\u2028",
]


def rows_where(condition: str, values: Iterable[Any]) -> list[int]:
    """The places of the values that *condition* on ``s.x`` finds."""
    data = "".join(f"{json.dumps({'n': n, 'x': value})}\n" for n, value in enumerate(values)).encode()
    sql = f"SELECT s.n FROM S3Object s WHERE {condition}"
    return s3sql.query(sql, data, input_format="json").to_arrow().to_pydict()["n"]


def value_of(written: str) -> Any:
    """What the literal is, as a query gives it."""
    table = s3sql.query(f"SELECT {written} AS v FROM S3Object", b"x\n", input_format="csv").to_arrow()
    return table["v"][0].as_py()


@given(st.text(), st.lists(st.text(), max_size=4))
@example("'", ["''", ""])
@example("\0", ["", "\\0"])
def test_a_text_finds_exactly_its_equals(value: str, others: list[str]) -> None:
    rows = [value, f"{value}'", f" {value}", "x", *others]
    expected = [n for n, row in enumerate(rows) if row == value]
    assert rows_where(f"s.x = {literal(value)}", rows) == expected


@pytest.mark.parametrize("value", ATTACKS)
def test_an_attack_stays_a_value(value: str) -> None:
    rows = [value, "x", "", "1"]
    expected = [n for n, row in enumerate(rows) if row == value]
    assert rows_where(f"s.x = {literal(value)}", rows) == expected
    assert rows_where(f"s.x IN {list_literal([value])}", rows) == expected


@given(
    st.one_of(
        st.text(max_size=20),
        st.integers(-(10**38) + 1, 10**38 - 1),
        st.floats(allow_nan=False),
        st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20),
        st.booleans(),
        st.none(),
        st.dates(),
        st.datetimes(timezones=st.timezones() | st.just(UTC)),
    )
)
def test_a_scalar_is_one_token(value: object) -> None:
    assert len(tokenize(f" {literal(value)} ")) == 2, "the token and EOF"


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_exact(value: int) -> None:
    assert value_of(literal(value)) == value


@given(st.floats(allow_nan=False))
def test_floats_are_exact(value: float) -> None:
    got = value_of(literal(value))
    assert isinstance(got, float)
    assert math.copysign(1, got) == math.copysign(1, value)
    assert got == value


@given(st.decimals(-(10**18), 10**18, places=4))
def test_decimals_are_exact(value: Decimal) -> None:
    got = value_of(literal(value))
    assert isinstance(got, Decimal)
    assert got == value


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))
def test_timestamps_are_exact(value: datetime) -> None:
    # As instants: Python calls times within a change of the clock unequal to those of other zones.
    assert value_of(literal(value)) == value.astimezone(UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "TRUE"),
        (None, "NULL"),
        (-5, "`-5`"),
        (10**37, "1" + "0" * 37),
        (1.5, "`1.5e0`"),
        (1e300, "`1e+300`"),
        (-math.inf, "`-inf`"),
        (Decimal("1.50"), "`1.50`"),
        (Decimal("-5"), "`-5d0`"),
        (Decimal("1E+3"), "`1d+3`"),
        (date(2024, 2, 29), "`2024-02-29T`"),
        (datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC), "`2024-02-29T01:02:03Z`"),
        (
            datetime(2024, 2, 29, 1, 2, 3, 4500, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
            "`2024-02-29T01:02:03.0045-03:30`",
        ),
        (datetime(2024, 1, 1, tzinfo=timezone(timedelta(seconds=1))), "`2023-12-31T23:59:59Z`"),
        (pd.Timestamp("2024-01-01T00:00:00.000000007Z"), "`2024-01-01T00:00:00.000000007Z`"),
        (np.int32(-7), "`-7`"),
        (np.float64(0.5), "`0.5e0`"),
        (np.bool_(False), "FALSE"),
        (np.str_("a'b"), "'a''b'"),
        (np.array(3), "3"),
        (pa.scalar("a'b"), "'a''b'"),
        (pa.scalar(None), "NULL"),
    ],
)
def test_what_is_written(value: object, written: str) -> None:
    assert literal(value) == written


class Carrier(str, enum.Enum):  # noqa: UP042
    HAWAIIAN = "HA"


class Level(enum.IntEnum):
    HIGH = 3


def test_enumerations_are_their_values() -> None:
    assert literal(Carrier.HAWAIIAN) == "'HA'"
    assert literal(Level.HIGH) == "3"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, "NaN is no value to compare with"),
        (np.float32("nan"), "NaN is no value to compare with"),
        (Decimal("NaN"), "NaN is no value"),
        (Decimal("Infinity"), "finite"),
        (pd.NaT, "NaT is no value to compare with"),
        (pd.NA, "<NA> is no value to compare with"),
        (10**38, "more than 38 digits"),
        (-(10**39), "more than 38 digits"),
        (Decimal("1" * 39), "more than 38 digits"),
        ("a\ud800", "character 2 of the text is U\\+D800, half of a surrogate pair"),
        (b"x", "no bytes: pass text"),
        (datetime(2024, 1, 1), "2024-01-01 00:00:00 has no time zone"),
        (np.datetime64("2024-01-01"), "no time zone"),
        (np.timedelta64(1, "ns"), "timedelta64 is no value"),
        (timedelta(1), "a timedelta is no value of SQL"),
        ({"a": 1}, "a dict is no value"),
        ([1], "stands behind IN only"),
        (pd.DataFrame({"a": [1]}), "pass one of its columns"),
        (pl.DataFrame({"a": [1]}), "pass one of its columns"),
        (pa.table({"a": [1]}), "pass one of its columns"),
        (len, "is no value of SQL"),
    ],
)
def test_what_is_refused(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        literal(value)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        (1, 2),
        range(1, 3),
        np.array([1, 2]),
        pd.Series([1, 2]),
        pd.Index([1, 2]),
        pl.Series([1, 2]),
        pa.array([1, 2]),
        pa.chunked_array([[1], [2]]),
    ],
)
def test_columns_are_lists(values: object) -> None:
    several = elements(values)
    assert several is not None
    assert list_literal(several) == "(1, 2)"


def test_nothing_is_in_the_empty_list() -> None:
    assert rows_where(f"s.x IN {list_literal([])}", [1, None, "a"]) == []


def test_a_list_names_the_element_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"element 2: NaN is no value"):
        list_literal([1, math.nan])
    with pytest.raises(ValueError, match=r"element 1: a list stands behind IN only"):
        list_literal([[1]])


def test_an_endless_list_is_not_written_to_its_end() -> None:
    assert len(list_literal(range(10**12))) < 600_000
