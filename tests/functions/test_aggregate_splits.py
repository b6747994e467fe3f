"""Partial accumulators, merged in any grouping, end as one that took in all rows.

Every aggregate over every kind: the rows are cut anywhere, each piece has an accumulator of its own, and
neighbours are merged in any order until one is left, states travelling as bytes.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.functions.aggregates import RowCount, ValueAccumulator, accumulator
from tests.functions.failures import column, never
from tests.functions.test_aggregates import result, whole
from tests.twins import strategies as some

UNKNOWN = st.sampled_from([None, ...])
#: Seconds, nanoseconds, precision and offset; few instants, so that several rows have the same. The earliest
#: and the latest are within the years 0001 to 9999 with any offset.
STAMPS = st.tuples(
    st.integers(-3, 3) | st.sampled_from([-62_135_510_400, 253_402_214_399]),
    st.sampled_from([0, 1, 500_000_000, 999_999_999]),
    st.integers(0, 13),
    st.integers(-1439, 1439),
)
ROWS = st.one_of(
    *(st.lists(kind | UNKNOWN, max_size=25) for kind in (some.ints, some.decimals, some.floats, STAMPS)),
    st.lists(some.ints | some.decimals | UNKNOWN, max_size=25),
    st.lists(some.ints | some.decimals | some.floats | UNKNOWN, max_size=25),
)
AGGREGATES = ["COUNT", "SUM", "AVG", "MIN", "MAX"]


def taken_in(name: str, rows: Sequence[object]) -> ValueAccumulator:
    """An accumulator of some rows."""
    part = accumulator(name)
    part.update(column(rows), never)
    return part


def merged(data: st.DataObject, parts: list[ValueAccumulator]) -> ValueAccumulator:
    """One accumulator of all parts; which neighbours are merged first is drawn."""
    while len(parts) > 1:
        place = data.draw(st.integers(0, len(parts) - 2))
        second = parts.pop(place + 1)
        parts[place].merge(pickle.loads(pickle.dumps(second.state())))
    return parts[0]


def pieces(data: st.DataObject, rows: list[object]) -> list[list[object]]:
    """The rows cut anywhere, empty pieces included."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=6)))
    return [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


@given(st.sampled_from(AGGREGATES), ROWS, st.data())
def test_partial_accumulators_merged_in_any_grouping_are_a_single_pass(
    name: str, rows: list[object], data: st.DataObject
) -> None:
    if name in ("SUM", "AVG") and any(isinstance(value, tuple) for value in rows):
        return
    parts = [taken_in(name, piece) for piece in pieces(data, rows)]
    assert result(merged(data, parts)) == whole(name, rows)


@given(st.sampled_from(AGGREGATES), ROWS, st.data())
def test_an_accumulator_that_was_merged_takes_in_more_rows(
    name: str, rows: list[object], data: st.DataObject
) -> None:
    if name in ("SUM", "AVG") and any(isinstance(value, tuple) for value in rows):
        return
    total = accumulator(name)
    for number, piece in enumerate(pieces(data, rows)):
        if number % 2:
            total.update(column(piece), never)
        else:
            total.merge(taken_in(name, piece).state())
    assert result(total) == whole(name, rows)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
@example([2**40, 2**40])
def test_counts_of_rows_add_up(counts: list[int]) -> None:
    total = RowCount()
    for count in counts:
        part = RowCount()
        part.add(count)
        total.merge(part.state())
    assert total.evaluate().to_python() == [sum(counts)]
