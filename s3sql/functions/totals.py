"""Exact totals of numbers of all kinds, and their mean: what SUM and AVG have in common.

In: columns.  Out: totals that do not depend on how the rows were split up, rounded by nobody before the end.

Rules: AWS S3 User Guide, Aggregate functions and Data types (a decimal has at most 38 digits); PartiQL v0.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from s3sql.functions.exact_sum import DecimalTotal, FloatTotal, sum_of_integers
from s3sql.functions.extremes import values_of
from s3sql.functions.numbers import CONTEXT
from s3sql.types import NUMBERS, Column, Kind


@dataclass(slots=True)
class Totals:
    """``integers``, ``decimals`` and ``floats`` are exact totals; ``counts``: how many numbers each is of."""

    counts: dict[Kind, int] = field(
        default_factory=lambda: dict.fromkeys((Kind.INT, Kind.DECIMAL, Kind.FLOAT), 0)
    )
    integers: int = 0
    decimals: DecimalTotal = field(default_factory=DecimalTotal)
    floats: FloatTotal = field(default_factory=FloatTotal)

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return sum(self.counts.values())

    def add(self, column: Column) -> None:
        """Add the numbers of a column; its other values are left out."""
        for kind in NUMBERS & column.parts.keys():
            values, rows = values_of(column, kind)
            self.counts[kind] += len(rows)
            if kind == Kind.INT:
                self.integers += sum_of_integers(values)
            elif len(rows):
                total: DecimalTotal | FloatTotal = self.decimals if kind == Kind.DECIMAL else self.floats
                total.add(values)

    def merge(self, other: Totals) -> None:
        """Add those of other rows."""
        for kind, count in other.counts.items():
            self.counts[kind] += count
        self.integers += other.integers
        self.decimals.merge(other.decimals)
        self.floats.merge(other.floats)

    def exact(self) -> Decimal | None:
        """The total of ints and decimals; None if there are none."""
        if not self.counts[Kind.INT] and not self.counts[Kind.DECIMAL]:
            return None
        total = DecimalTotal()
        total.merge(self.decimals)
        if self.counts[Kind.INT]:
            total.add_integer(self.integers)
        return total.value()


def quotient(total: Decimal, count: int) -> Decimal:
    """The division of decimals, for a dividend of any number of digits.

    An exact quotient keeps a scale of 0 or more where 38 digits allow it: 600 / 3 is 200, not 2E+2.
    """
    quotient = CONTEXT.divide(total, Decimal(count))
    exponent = quotient.as_tuple().exponent
    assert isinstance(exponent, int), "the quotient of decimals is finite"
    if exponent <= 0:
        return quotient
    room = CONTEXT.prec - len(quotient.as_tuple().digits)
    lowest = 0 if not quotient else max(0, exponent - room)
    return quotient.quantize(Decimal((0, (1,), lowest)), context=CONTEXT)
