"""Columns of decimals beyond 64 bits, and payloads of one value repeated."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.payloads import Decimals, Timestamps, repeated
from s3sql.types import Column, Kind
from tests.twins.strategies import decimals
from tests.twins.values import unscaled

EDGES = [Decimal(sign * (2**63 + by)) for sign in (1, -1) for by in (-1, 0, 1)]
NARROW = [Decimal("1.50"), Decimal(-3), Decimal("0E+2")]


def same(column: Decimals, values: list[Decimal]) -> None:
    found = [column.value(row) for row in range(len(column))]
    assert [unscaled(value) for value in found] == [unscaled(value) for value in values]


@given(st.lists(decimals))
@example(EDGES)
@example([Decimal("9" * 38), Decimal("-" + "9" * 38)])
def test_decimals_keep_their_value_and_scale(values: list[Decimal]) -> None:
    same(Decimals.of(values), values)


@pytest.mark.parametrize("value", EDGES)
def test_there_is_a_high_half_only_where_it_is_needed(value: Decimal) -> None:
    fits = -(2**63) <= value < 2**63
    column = Decimals.of([*NARROW, value])
    assert (column.high is None) == fits
    assert column.high_half().tolist() == [0, -1, 0, int(value) >> 64]


def test_a_high_half_that_only_extends_signs_is_dropped() -> None:
    low, scale = np.array([5, -5]), np.zeros(2, np.int32)
    assert Decimals.of_halves(low, scale, np.array([0, -1])).high is None
    assert Decimals.of_halves(low, scale, np.array([0, 0])).high is not None
    assert Decimals.of_halves(low[:0], scale[:0], low[:0]).high is None


def test_words_are_those_of_arrow() -> None:
    numbers = [2**64 + 7, -1, -(2**100), 10**38 - 1]
    words = b"".join(number.to_bytes(16, "little", signed=True) for number in numbers)
    column = Decimals.of_words(np.frombuffer(words, np.int64).reshape(-1, 2), 3)
    same(column, [Decimal(f"{number}E-3") for number in numbers])
    narrow = Decimals.of_words(np.array([[7, 0], [-7, -1]]), 1)
    assert narrow.high is None
    same(narrow, [Decimal("0.7"), Decimal("-0.7")])


def test_wide_and_narrow_decimals_meet_in_one_column() -> None:
    wide = Column.of(Kind.DECIMAL, Decimals.of(EDGES))
    narrow = Column.of(Kind.DECIMAL, Decimals.of(NARROW))
    evens, odds = np.array([0, 2, 4, 6, 8, 10]), np.array([1, 3, 5])
    merged = Column.interleave(11, [(evens, wide), (odds, narrow)])
    for rows, values in ((evens, EDGES), (odds, NARROW)):
        same(merged.decimals().take(rows), values)
    assert merged.value(7) is None
    same(Decimals.of(EDGES).scatter(np.array([1, 2, 3, 4, 5, 7]), 8), [
        Decimal(0), *EDGES[:5], Decimal(0), EDGES[5],
    ])  # fmt: skip
    same(Decimals.of(EDGES).take(np.array([5, 0])), [EDGES[5], EDGES[0]])


def test_one_value_repeated_stays_so() -> None:
    """A scale that all rows share is not written out for the rows that are taken."""
    one = repeated(np.array([7], np.int32), 5)
    assert one.tolist() == [7] * 5
    decimals = Decimals(np.arange(5), one).take(np.array([3, 1]))
    assert decimals.low.tolist() == [3, 1]
    assert decimals.scale.tolist() == [7, 7]
    assert decimals.scale.strides == (0,)
    assert len(Decimals(np.arange(0), one[:0]).take(np.array([], np.intp)).scale) == 0
    offset = repeated(np.array([0], np.int16), 5)
    stamps = Timestamps(np.arange(5), one, np.arange(5, dtype=np.uint8), offset).take(np.array([4]))
    assert [field.tolist() for field in (stamps.seconds, stamps.nanoseconds, stamps.precision)] == [
        [4],
        [7],
        [4],
    ]
