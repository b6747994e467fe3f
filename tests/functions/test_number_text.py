from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from s3sql.functions.number_text import number_text
from s3sql.timestamp import parse
from s3sql.types import Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.values import Value, column_of


@given(some.columns(some.scalars | some.timestamps))
def test_number_text_is_that_of_single_values(columns: list[list[Value]]) -> None:
    (values,) = columns
    expected = [twin.text_of(value) if value.known else "" for value in values]
    assert [t.decode() for t in number_text(column_of(values)).to_bytes()] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Value(Kind.INT, -5), "-5"),
        (Value(Kind.DECIMAL, Decimal("1.50")), "1.50"),
        (Value(Kind.DECIMAL, Decimal("1.5E-7")), "1.5E-7"),
        (Value(Kind.DECIMAL, Decimal("1E+3")), "1E+3"),
        (Value(Kind.DECIMAL, Decimal("1" * 30 + ".5")), "1" * 30 + ".5"),
        (Value(Kind.FLOAT, 4.0), "4.0"),
        (Value(Kind.FLOAT, 1e7), "1.0E7"),
        (Value(Kind.FLOAT, 1e-4), "1.0E-4"),
        (Value(Kind.FLOAT, -0.0), "-0.0"),
        (Value(Kind.FLOAT, float("nan")), "NaN"),
        (Value(Kind.TIMESTAMP, parse("2015-01-01T")), "2015-01-01"),
        (Value(Kind.TIMESTAMP, parse("2017-01-01T01:00-00:00")), "2017-01-01T01:00-00:00"),
        (twin.TRUE, "true"),
        (twin.NULL, ""),
        (Value(Kind.LIST, "[1]"), "[1]"),
    ],
)
def test_number_text(value: Value, expected: str) -> None:
    assert number_text(column_of([value])).to_bytes() == [expected.encode()]


@given(some.columns(some.numbers) | some.columns(some.timestamps))
def test_excluded_bytes_do_not_occur(columns: list[list[Value]]) -> None:
    text = number_text(column_of(columns[0]))
    assert not any(text.excludes & set(one) for one in text.to_bytes())
