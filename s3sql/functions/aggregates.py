"""The aggregate functions COUNT, SUM, AVG, MIN and MAX as accumulators.

In: columns, or the states of other accumulators.  Out: a column of one row.

    morsel 1 ──update──▶ accumulator ──state──┐
    morsel 2 ──update──▶ accumulator ──state──┼─merge─▶ accumulator ──evaluate──▶ one row
    morsel 3 ──update──▶ accumulator ──state──┘

Rows may be split into morsels, threads and processes in any way; merged in the order of the object, the
result is that of one accumulator fed with all rows, to the last digit. (The shape is that of DataFusion's
``Accumulator``.)

Rules (AWS S3 User Guide, Aggregate functions; PartiQL v0.1):

* NULL and MISSING are skipped; without any value COUNT is 0 and the others are NULL;
* a known value that is no number fails its row with ExternalEvalException, except in COUNT; MIN and MAX
  also take timestamps (an extension), but not beside numbers;
* totals are exact and rounded once, at the end. Ints alone give an int, whose total must fit 64 bits in the
  end but not on the way; with a decimal among them a decimal of at most 38 digits and the largest scale;
  with a float among them a float. AVG of a float is the exact quotient rounded once, of others the division
  of decimals.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.functions.extremes import Extreme
from s3sql.functions.numbers import CONTEXT, has_valid_scale
from s3sql.functions.registry import Fail
from s3sql.functions.totals import Totals, quotient
from s3sql.payloads import Decimals, Mask
from s3sql.types import NUMBERS, Column, Kind

_ADVICE = "The query cannot be evaluated. Please check the query and file and try again."
_REMEDY = "CAST(… AS INT), CAST(… AS DECIMAL) or CAST(… AS FLOAT) makes a number of text"


class Accumulator(ABC):
    """Folds rows into one value."""

    @abstractmethod
    def state(self) -> Any:
        """What :meth:`merge` of another accumulator of the same function takes; can be pickled.

        The accumulator is not updated any more afterwards.
        """

    @abstractmethod
    def merge(self, state: Any) -> None:
        """Take in the rows behind a state; they follow the rows taken in so far.

        Raises:
            S3SelectError: ExternalEvalException, the two together have numbers and timestamps (MIN, MAX).
        """

    @abstractmethod
    def evaluate(self) -> Column:
        """The result, one row.

        Raises:
            S3SelectError: IntegerOverflow, the total of ints leaves 64 bits (SUM).
        """


class RowCount(Accumulator):
    """``COUNT(*)``: how many rows there are. MISSING rows are not counted, so the caller leaves them out."""

    def __init__(self) -> None:
        self._rows = 0

    def add(self, rows: int) -> None:
        """Count *rows* more."""
        self._rows += rows

    def state(self) -> int:
        """The count."""
        return self._rows

    def merge(self, state: int) -> None:
        """Add another count."""
        self._rows += state

    def evaluate(self) -> Column:
        """The count, an int."""
        return _int_column(self._rows)


class ValueAccumulator(Accumulator):
    """An aggregate function of an expression."""

    @abstractmethod
    def update(self, column: Column, fail: Fail) -> None:
        """Take in the values of the next rows; ``fail`` is told which rows have a value of a wrong kind."""


class Count(ValueAccumulator):
    """``COUNT(e)``: how many values are neither NULL nor MISSING."""

    def __init__(self) -> None:
        self._values = 0

    def update(self, column: Column, fail: Fail) -> None:
        """Count the known values; never fails."""
        self._values += int(np.count_nonzero(column.known()))

    def state(self) -> int:
        """The count."""
        return self._values

    def merge(self, state: int) -> None:
        """Add another count."""
        self._values += state

    def evaluate(self) -> Column:
        """The count, an int."""
        return _int_column(self._values)


class _TotalAccumulator(ValueAccumulator):
    """What SUM and AVG share."""

    name: str

    def __init__(self) -> None:
        self._totals = Totals()

    def update(self, column: Column, fail: Fail) -> None:
        """Add the numbers; other known values fail."""
        _fail_unless(column, NUMBERS, self.name, fail)
        self._totals.add(column)

    def state(self) -> Totals:
        """The exact totals."""
        return self._totals

    def merge(self, state: Totals) -> None:
        """Add other totals."""
        self._totals.merge(state)


class Sum(_TotalAccumulator):
    """``SUM(e)``."""

    name = "SUM"

    def evaluate(self) -> Column:
        """The total.

        Raises:
            S3SelectError: IntegerOverflow, a total of ints does not fit 64 bits.
        """
        totals = self._totals
        if not totals.count:
            return Column.unknown(Kind.NULL, 1)
        if totals.counts[Kind.FLOAT]:
            return Column.of(Kind.FLOAT, np.array([totals.floats.rounded(totals.exact(), 1)]))
        if totals.counts[Kind.DECIMAL]:
            total = totals.exact()
            assert total is not None
            return _decimal_column(CONTEXT.plus(total))
        if not -(2**63) <= totals.integers < 2**63:
            raise S3SelectError(
                "IntegerOverflow",
                f"SUM of ints is {totals.integers}, which does not fit a 64-bit integer; "
                "SUM(CAST(… AS DECIMAL)) has up to 38 digits.",
            )
        return _int_column(totals.integers)


class Average(_TotalAccumulator):
    """``AVG(e)``."""

    name = "AVG"

    def evaluate(self) -> Column:
        """The total divided by the number of values.

        Raises:
            S3SelectError: ExternalEvalException, the quotient needs a scale beyond 32 bits.
        """
        totals = self._totals
        if not totals.count:
            return Column.unknown(Kind.NULL, 1)
        exact = totals.exact()
        if exact is None or totals.counts[Kind.FLOAT]:
            return Column.of(Kind.FLOAT, np.array([totals.floats.rounded(exact, totals.count)]))
        return _decimal_column(quotient(exact, totals.count))


class _ExtremeAccumulator(ValueAccumulator):
    """What MIN and MAX share."""

    name: str
    direction: int

    def __init__(self) -> None:
        self._extreme = Extreme(self.direction)

    def update(self, column: Column, fail: Fail) -> None:
        """Take in numbers or timestamps; other known values fail, and so does the later of both."""
        _fail_unless(column, NUMBERS | {Kind.TIMESTAMP}, self.name, fail)
        if Kind.TIMESTAMP in column.parts or self._extreme.stamp is not None:
            self._fail_mixed(column, fail)
        self._extreme.add(column)

    def _fail_mixed(self, column: Column, fail: Fail) -> None:
        """Where there are both numbers and timestamps, those fail that were not there first."""
        stamps = column.mask(Kind.TIMESTAMP)
        numbers: Mask = np.logical_or.reduce([column.mask(kind) for kind in NUMBERS])
        earlier = self._extreme
        if not (stamps.any() or earlier.stamp) or not (numbers.any() or earlier.has_numbers):
            return
        numbers_first = earlier.has_numbers or (
            earlier.stamp is None and int(numbers.argmax()) < int(stamps.argmax())
        )
        fail(stamps if numbers_first else numbers, _mixed(self.name))

    def state(self) -> Extreme:
        """The best values so far."""
        return self._extreme

    def merge(self, state: Extreme) -> None:
        """Take in the best of the rows that follow."""
        earlier = self._extreme
        if (earlier.has_numbers and state.stamp) or (earlier.stamp and state.has_numbers):
            raise _mixed(self.name)
        self._extreme.merge(state)

    def evaluate(self) -> Column:
        """The best value, with its kind; the first row's of equal ones."""
        return self._extreme.value()


class Minimum(_ExtremeAccumulator):
    """``MIN(e)``."""

    name = "MIN"
    direction = -1


class Maximum(_ExtremeAccumulator):
    """``MAX(e)``."""

    name = "MAX"
    direction = 1


_ACCUMULATORS: dict[str, type[ValueAccumulator]] = {
    "COUNT": Count,
    "SUM": Sum,
    "AVG": Average,
    "MIN": Minimum,
    "MAX": Maximum,
}


def accumulator(function: str) -> ValueAccumulator:
    """A new accumulator of the aggregate function of that upper-case name; ``COUNT(*)`` is :class:`RowCount`.

    Raises:
        S3SelectError: UnsupportedFunction, there is none.
    """
    if function not in _ACCUMULATORS:
        raise S3SelectError("UnsupportedFunction", f"There is no aggregate function {function}.")
    return _ACCUMULATORS[function]()


def _fail_unless(column: Column, kinds: frozenset[Kind], name: str, fail: Fail) -> None:
    if column.parts.keys() <= kinds:
        return
    accepted = np.array([kind < Kind.BOOL or kind in kinds for kind in Kind], np.bool_)
    wrong = ~accepted[column.tag_array()]
    if not wrong.any():
        return
    found = Kind(int(column.tag_array()[int(wrong.argmax())])).name
    fail(
        wrong,
        S3SelectError(
            "ExternalEvalException",
            f"{_ADVICE} {name} adds up or compares numbers, found {found}: {_REMEDY}.",
        ),
    )


def _mixed(name: str) -> S3SelectError:
    return S3SelectError("ExternalEvalException", f"{_ADVICE} {name} found both numbers and timestamps.")


def _int_column(value: int) -> Column:
    return Column.of(Kind.INT, np.array([value], np.int64))


def _decimal_column(value: Decimal) -> Column:
    if not has_valid_scale(value):
        raise S3SelectError("ExternalEvalException", f"{_ADVICE} The result needs a scale beyond 32 bits.")
    return Column.of(Kind.DECIMAL, Decimals.of([value]))
