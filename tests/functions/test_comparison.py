from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.functions.comparison import (
    compare,
    equals,
    falses,
    in_text_range,
    read_number,
    trues,
    truth_column,
)
from s3sql.functions.constants import constant
from s3sql.payloads import Text, Timestamps
from s3sql.types import Column, Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported, agree
from tests.twins.values import Value, column_of, values_of

OPERATORS = ["=", "<>", "<", "<=", ">", ">="]
FIELDS = some.text_values | st.just(twin.NULL)
SIDES = [some.values, some.timestamps, some.text_values, some.numbers, some.decimal_values]


def int_(value: int) -> Value:
    return Value(Kind.INT, value)


def text(value: str) -> Value:
    return Value(Kind.STRING, value)


def number(value: str) -> Value:
    return Value(Kind.DECIMAL, Decimal(value))


@settings(max_examples=250)
@given(st.data(), st.sampled_from(OPERATORS), st.sampled_from(["", "", "left", "right"]))
def test_comparison_is_that_of_single_values(data: st.DataObject, operator: str, csv: str) -> None:
    # A CSV column holds texts and NULLs only.
    left = FIELDS if csv == "left" else data.draw(st.sampled_from(SIDES))
    right = FIELDS if csv == "right" else data.draw(st.sampled_from(SIDES))
    agree(
        lambda columns, fail: compare(
            operator, *columns, fail, left_csv=csv == "left", right_csv=csv == "right"
        ),
        lambda a, b: twin.compare(operator, a, b, csv == "left", csv == "right"),
        data.draw(some.columns(left, right)),
    )


@given(some.texts, st.lists(some.texts, max_size=6), st.sampled_from(OPERATORS), st.booleans())
def test_a_broadcast_literal_compares_as_a_column_does(
    literal: str, texts: list[str], operator: str, literal_first: bool
) -> None:
    one = Text.of([literal])
    constant = Text(
        one.buffer, np.broadcast_to(one.starts, len(texts)), np.broadcast_to(one.ends, len(texts))
    )
    sides = [Column.of(Kind.STRING, Text.of(texts)), Column.of(Kind.STRING, constant)]
    pairs = [(text(t), text(literal)) for t in texts]
    if literal_first:
        sides.reverse()
        pairs = [(b, a) for a, b in pairs]
    assert values_of(compare(operator, *sides, Reported())) == [
        twin.compare(operator, a, b) for a, b in pairs
    ]


@settings(max_examples=300)
@given(some.decimals, st.lists(some.decimals, max_size=8), st.sampled_from(OPERATORS), st.booleans())
def test_a_broadcast_number_compares_as_a_column_does(
    literal: Decimal, others: list[Decimal], operator: str, literal_first: bool
) -> None:
    constant_ = constant(Kind.DECIMAL, literal, len(others))
    values = [Value(Kind.DECIMAL, other) for other in others]
    sides = [column_of(values, uniform=bool(values)), constant_]
    pairs = [(value, Value(Kind.DECIMAL, literal)) for value in values]
    if literal_first:
        sides.reverse()
        pairs = [(b, a) for a, b in pairs]
    expected = [twin.compare(operator, a, b) for a, b in pairs]
    assert values_of(compare(operator, *sides, Reported())) == expected


@pytest.mark.parametrize(
    ("field", "operator", "other", "expected"),
    [
        ("10", ">", int_(9), twin.TRUE),
        (" 1e1 ", "=", int_(10), twin.TRUE),
        ("1.0", "=", int_(1), twin.TRUE),
        ("", "=", int_(0), twin.FALSE),
        ("abc", "<>", int_(0), twin.TRUE),
        ("abc", "<", int_(0), twin.NULL),
        ("0x1", "=", int_(1), twin.FALSE),
        ("10", "<", text("9"), twin.TRUE),  # beside text it is text
    ],
)
def test_a_csv_column_beside_a_number_is_read_as_one(
    field: str, operator: str, other: Value, expected: Value
) -> None:
    fail = Reported()
    left, right = column_of([text(field)]), column_of([other])
    assert values_of(compare(operator, left, right, fail, left_csv=True)) == [expected]
    assert not fail.codes


def test_text_that_is_no_csv_column_is_no_number() -> None:
    assert values_of(equals(column_of([text("1")]), column_of([int_(1)]))) == [twin.FALSE]
    fail = Reported()
    compare("<", column_of([text("1")]), column_of([int_(1)]), fail)
    assert fail.codes == {0: "ExternalEvalException"}
    assert "STRING < INT" in fail.messages[0]


def test_a_decimal_is_compared_with_a_float_as_the_nearest_float() -> None:
    floats = column_of([Value(Kind.FLOAT, 0.1), Value(Kind.FLOAT, float(2**53))])
    others = column_of([number("0.1"), int_(2**53 + 1)])
    assert values_of(equals(floats, others)) == [twin.TRUE, twin.TRUE]


def test_timestamps_are_compared_by_instant() -> None:
    def stamp(second: int, nanosecond: int, precision: int, offset: int) -> Column:
        arrays = (
            np.array([v], d)
            for v, d in ((second, "i8"), (nanosecond, "i4"), (precision, "u1"), (offset, "i2"))
        )
        return Column.of(Kind.TIMESTAMP, Timestamps(*arrays))

    early, late = stamp(10, 5, 6, 0), stamp(10, 6, 6, 0)
    assert values_of(compare("<", early, late, Reported())) == [twin.TRUE]
    assert values_of(compare(">=", early, late, Reported())) == [twin.FALSE]
    assert values_of(compare("=", early, stamp(10, 5, 13, 60), Reported())) == [twin.TRUE]


def test_reading_numbers_leaves_other_text_as_it_is() -> None:
    column = read_number(column_of([text("1.50"), text("x"), twin.NULL]), Kind.STRING)
    assert values_of(column) == [number("1.50"), text("x"), twin.NULL]
    column = read_number(column_of([text("1.50"), text("x")]), Kind.NULL)
    assert values_of(column) == [number("1.50"), twin.NULL]


def test_truth_of_columns() -> None:
    column = truth_column(np.array([True, False, True]), np.array([True, True, False]))
    assert values_of(column) == [twin.TRUE, twin.FALSE, twin.NULL]
    assert trues(column).tolist() == [True, False, False]
    assert falses(column).tolist() == [False, True, False]
    assert falses(column_of([int_(0), twin.NULL])).tolist() == [False, False]


# Texts that share their first eight or sixteen bytes are the ones to confuse.
_BOUNDS = st.text("ab\0é", max_size=20) | st.sampled_from(
    ["", "a" * 8, "a" * 9, "a" * 16, "a" * 17, "a" * 16 + "\0"]
)


@given(st.lists(_BOUNDS | st.none()), _BOUNDS, st.booleans(), _BOUNDS, st.booleans())
def test_a_text_range_is_two_comparisons(
    texts: list[str | None], low: str, with_low: bool, high: str, with_high: bool
) -> None:
    column = Column.interleave(
        len(texts),
        [
            (
                np.flatnonzero([text is not None for text in texts]),
                Column.of(Kind.STRING, Text.of(text for text in texts if text is not None)),
            )
        ],
    )
    found = in_text_range(column, low, high, with_low=with_low, with_high=with_high).to_python()

    def inside(text: str) -> bool:
        value, least, most = text.encode(), low.encode(), high.encode()
        behind = value >= least if with_low else value > least
        return behind and (value <= most if with_high else value < most)

    assert found == [None if text is None else inside(text) for text in texts]
