"""The least or greatest value of a column, in a form that does not depend on how the rows are split.

In: columns of numbers or of timestamps.  Out: the value, with its own kind.

Ints and decimals compare exactly, but beside a float they are converted to the nearest float (AWS S3 User
Guide is silent; see :mod:`s3sql.functions.comparison`), and then 2**53 and 2**53 + 1 are both equal to one
float without being equal to each other. So the best exact number and the best float are found separately
and meet only in the end; of equal ones the first row wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.functions.numbers import order_decimals
from s3sql.payloads import Decimals, Rows, Timestamps
from s3sql.types import Column, Kind

#: A value and the number of its row.
_Found: TypeAlias = tuple[Any, int]


@dataclass(slots=True)
class Extreme:
    """What is known after ``rows`` rows; ``direction`` is -1 for the least value, 1 for the greatest."""

    direction: int
    rows: int = 0
    #: int or Decimal
    exact: _Found | None = None
    #: float, not NaN
    approximate: _Found | None = None
    nan: bool = False
    #: (seconds, nanoseconds, precision, offset minutes)
    stamp: _Found | None = None

    @property
    def has_numbers(self) -> bool:
        """Whether there was a number, NaN included."""
        return self.nan or self.exact is not None or self.approximate is not None

    def add(self, column: Column) -> None:
        """Take in the numbers and timestamps of *column*; the other rows do not count."""
        for kind in _FINDERS.keys() & column.parts.keys():
            values, rows = values_of(column, kind)
            if len(rows):
                _FINDERS[kind](self, values, rows)
        self.rows += column.length

    def merge(self, later: Extreme) -> None:
        """Take in the values of the rows that follow."""
        self.exact = self._better(self.exact, later.exact, self.rows)
        self.approximate = self._better(self.approximate, later.approximate, self.rows)
        self.stamp = self._better(self.stamp, later.stamp, self.rows)
        self.nan |= later.nan
        self.rows += later.rows

    def value(self) -> Column:
        """A column of one row; NULL if there was no value. NaN only if there was nothing else."""
        if self.stamp is not None:
            seconds, nanoseconds, precision, offset = self.stamp[0]
            stamps = Timestamps(
                np.array([seconds], np.int64),
                np.array([nanoseconds], np.int32),
                np.array([precision], np.uint8),
                np.array([offset], np.int16),
            )
            return Column.of(Kind.TIMESTAMP, stamps)
        best = self._number()
        if isinstance(best, Decimal):
            return Column.of(Kind.DECIMAL, Decimals.of([best]))
        if isinstance(best, int):
            return Column.of(Kind.INT, np.array([best], np.int64))
        if isinstance(best, float):
            return Column.of(Kind.FLOAT, np.array([best]))
        return Column.unknown(Kind.NULL, 1)

    def _number(self) -> int | Decimal | float | None:
        if self.exact is None and self.approximate is None:
            return float("nan") if self.nan else None
        if self.exact is None or self.approximate is None:
            found = self.exact or self.approximate
            return None if found is None else found[0]
        beside: _Found = (float(self.exact[0]), self.exact[1])
        best = self.exact if self._better(beside, self.approximate, 0) is beside else self.approximate
        return best[0]  # type: ignore[no-any-return]

    def _better(self, found: _Found | None, other: _Found | None, rows_before: int) -> _Found | None:
        """The better of two, of equal ones the one with the lower row; *other* counts from *rows_before*."""
        if other is None:
            return found
        moved = (other[0], other[1] + rows_before)
        if found is None:
            return moved
        left, right = _order(found[0]), _order(other[0])
        if left == right:
            return found if found[1] < moved[1] else moved
        return found if (left > right) == (self.direction > 0) else moved

    def _offer(self, kind: Kind, value: Any, row: int) -> None:
        found = (value, row)
        if kind == Kind.FLOAT:
            self.approximate = self._better(self.approximate, found, self.rows)
        elif kind == Kind.TIMESTAMP:
            self.stamp = self._better(self.stamp, found, self.rows)
        else:
            self.exact = self._better(self.exact, found, self.rows)

    def _first_best(self, values: NDArray[Any]) -> int:
        """The first place of the best value, at least one and none of them NaN."""
        best = values.max() if self.direction > 0 else values.min()
        return int((values == best).argmax())


def values_of(column: Column, kind: Kind) -> tuple[Any, Rows]:
    """The values of one kind, and their rows."""
    payload = column.parts[kind]
    if column.kind == kind:
        return payload, np.arange(column.length)
    rows = np.flatnonzero(column.mask(kind))
    return payload[rows] if isinstance(payload, np.ndarray) else payload.take(rows), rows


def _order(value: Any) -> Any:
    """What values are compared by: timestamps by instant."""
    return value[:2] if isinstance(value, tuple) else value


def _add_ints(extreme: Extreme, values: NDArray[np.int64], rows: Rows) -> None:
    place = extreme._first_best(values)
    extreme._offer(Kind.INT, int(values[place]), int(rows[place]))


def _add_floats(extreme: Extreme, values: NDArray[np.float64], rows: Rows) -> None:
    nan = np.isnan(values)
    if nan.any():
        extreme.nan = True
        values, rows = values[~nan], rows[~nan]
        if not len(rows):
            return
    place = extreme._first_best(values)
    extreme._offer(Kind.FLOAT, float(values[place]), int(rows[place]))


def _add_decimals(extreme: Extreme, values: Decimals, rows: Rows) -> None:
    """One scale throughout: the mantissas compare. Else a knock-out among neighbours, ties to the first."""
    if bool((values.scale == values.scale[0]).all()):
        place = _place_at_one_scale(extreme, values)
        extreme._offer(Kind.DECIMAL, values.value(place), int(rows[place]))
        return
    while len(rows) > 1:
        paired = len(rows) & ~1
        first = np.arange(0, paired, 2)
        sign = order_decimals(values.take(first), values.take(first + 1))
        kept = np.append(first + (sign == -extreme.direction), np.arange(paired, len(rows)))
        values, rows = values.take(kept), rows[kept]
    extreme._offer(Kind.DECIMAL, values.value(0), int(rows[0]))


def _place_at_one_scale(extreme: Extreme, values: Decimals) -> int:
    """The first place of the best value among decimals that share their scale."""
    if values.high is None:
        return extreme._first_best(values.low)
    places = np.flatnonzero(values.high == values.high[extreme._first_best(values.high)])
    return int(places[extreme._first_best(values.low[places].view(np.uint64))])


def _add_stamps(extreme: Extreme, values: Timestamps, rows: Rows) -> None:
    nearest = np.flatnonzero(values.seconds == values.seconds[extreme._first_best(values.seconds)])
    place = int(nearest[extreme._first_best(values.nanoseconds[nearest])])
    fields = (values.seconds, values.nanoseconds, values.precision, values.offset)
    extreme._offer(Kind.TIMESTAMP, tuple(int(field[place]) for field in fields), int(rows[place]))


_FINDERS: dict[Kind, Callable[[Extreme, Any, Rows], None]] = {
    Kind.INT: _add_ints,
    Kind.FLOAT: _add_floats,
    Kind.DECIMAL: _add_decimals,
    Kind.TIMESTAMP: _add_stamps,
}
