"""What the first condition of a filter demands of one field of a CSV record, if it is simple.

In: a plan.  Out: a :class:`FieldBounds` that the walk over records can judge as it goes, so that records
that are certain to be rejected get no row.

Only bounds of sixteen bytes or fewer: two words of eight decide. The filter judges the rows that are left
once more, so what is told here need not be exact, but a record it rejects must be one for which the
condition is FALSE. One that is too short to have the field is kept: there the condition is unknown, and what
stands behind it may fail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s3sql.plan.expr import CsvField, Expr, Literal
from s3sql.plan.logical import Filter, Plan
from s3sql.plan.operators import And, Compare, TextRange
from s3sql.plan.traverse import nodes
from s3sql.types import Kind

#: Longest text that can be a bound.
_LONGEST = 16

#: Behind every text: eight bytes of ones, twice, and a length that none has.
_HIGHEST = ((1 << 64) - 1, (1 << 64) - 1, 1 << 62)
#: Before every text, the empty one too.
_LOWEST = (0, 0, (1 << 64) - 1)

NO_BOUNDS: NDArray[np.uint64] = np.zeros(0, np.uint64)

_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


@dataclass(frozen=True, slots=True)
class FieldBounds:
    """The field ``column`` lies between ``low`` and ``high``, None being no bound.

    ``alone``: that is all that the filter's first conjunct asks for.
    """

    column: int
    low: str | None
    with_low: bool
    high: str | None
    with_high: bool
    alone: bool = True

    def words(self, slot: int) -> NDArray[np.uint64]:
        """As :func:`s3sql.kernels.csv_index.index_records` takes them; the field is its *slot*-th column."""
        low = _LOWEST if self.low is None else _words(self.low)
        high = _HIGHEST if self.high is None else _words(self.high)
        return np.array([slot, *low, not self.with_low, *high, not self.with_high], np.uint64)


def _words(text: str) -> tuple[int, int, int]:
    """The first eight bytes of a text as a number in text order, the next eight, and the length."""
    encoded = text.encode("utf-8", "surrogatepass")
    padded = encoded.ljust(_LONGEST, b"\0")
    return int.from_bytes(padded[:8], "big"), int.from_bytes(padded[8:], "big"), len(encoded)


def field_bounds(plan: Plan) -> FieldBounds | None:
    """The bounds of the condition that the filter of *plan* judges first, if it is one of a field's text."""
    found = next((node for node in nodes(plan) if isinstance(node, Filter)), None)
    if found is None:
        return None
    first = found.conjuncts[0]
    while isinstance(first, And):
        first = first.operands[0]
    bounds = _of_range(first) if isinstance(first, TextRange) else _of_comparison(first)
    if bounds is None or not all(map(_short, (bounds.low, bounds.high))):
        return None
    return replace(bounds, alone=first is found.conjuncts[0])


def _of_range(condition: TextRange) -> FieldBounds:
    return FieldBounds(
        condition.operand.number, condition.low, condition.with_low, condition.high, condition.with_high
    )


def _of_comparison(condition: Expr) -> FieldBounds | None:
    if not isinstance(condition, Compare):
        return None
    left, right, operator = condition.left, condition.right, condition.operator
    if isinstance(right, CsvField):
        left, right, operator = right, left, _SWAPPED.get(operator, operator)
    if not isinstance(left, CsvField) or not isinstance(right, Literal) or right.kind != Kind.STRING:
        return None
    text = str(right.value)
    match operator:
        case "=":
            return FieldBounds(left.number, text, True, text, True)
        case "<" | "<=":
            return FieldBounds(left.number, None, True, text, operator == "<=")
        case ">" | ">=":
            return FieldBounds(left.number, text, operator == ">=", None, True)
    return None


def _short(text: str | None) -> bool:
    return text is None or len(text.encode("utf-8", "surrogatepass")) <= _LONGEST
