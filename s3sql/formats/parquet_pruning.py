"""Row groups that hold no row for a query, told from the statistics in the footer.

In: the conjuncts of a filter and the statistics of one row group.  Out: whether some conjunct is TRUE for
none of its rows, and neither that one nor one before it can fail: then no row of the group is selected, and
no failure is lost.

What NaN would select, ``<>`` of floats, is never ruled out, since it is in no statistics. Where a float meets
another kind of number that one becomes the nearest float, which keeps the order.
Source: AWS S3 User Guide, Operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from s3sql.formats.parquet_statistics import Bounds
from s3sql.plan.expr import Expr, Literal, ParquetField
from s3sql.plan.operators import And, Between, Compare, In, IsKind, Not, Or, is_boolean
from s3sql.types import Kind

_NANOSECONDS = 10**9
_UNKNOWN = frozenset({Kind.NULL, Kind.MISSING})


#: The bounds of a column by its number, None if nothing is known.
BoundsOf = Callable[[int], Bounds | None]


def selects_nothing(conjuncts: Sequence[Expr], bounds_of: BoundsOf) -> bool:
    """Whether a filter keeps no row of a row group, and none of them can fail in it."""
    for conjunct in conjuncts:
        if conjunct.fallible or not is_boolean(conjunct):
            return False
        if _never_true(conjunct, bounds_of):
            return True
    return False


def _never_true(condition: Expr, bounds_of: BoundsOf) -> bool:
    """Whether *condition*, which cannot fail, is TRUE for no row."""
    match condition:
        case And():
            return any(_never_true(operand, bounds_of) for operand in condition.operands)
        case Or():
            return all(_never_true(operand, bounds_of) for operand in condition.operands)
        case Compare(left=ParquetField() as field, operator=operator, right=Literal() as value):
            return _outside(operator, bounds_of(field.number), value)
        case Compare(left=Literal() as value, operator=operator, right=ParquetField() as field):
            return _outside(_SWAPPED[operator], bounds_of(field.number), value)
        case Between(operand=ParquetField() as field, low=Literal() as low, high=Literal() as high):
            bounds = bounds_of(field.number)
            return _outside(">=", bounds, low) or _outside("<=", bounds, high)
        case In(operand=ParquetField() as field, choices=choices):
            bounds = bounds_of(field.number)
            return all(isinstance(one, Literal) and _outside("=", bounds, one) for one in choices)
        case IsKind(operand=ParquetField() as field, kinds=kinds):
            bounds = bounds_of(field.number)
            return bounds is not None and not bounds.nulls and kinds <= _UNKNOWN
        case Not(operand=IsKind(operand=ParquetField() as field, kinds=kinds)):
            bounds = bounds_of(field.number)
            return bounds is not None and not bounds.known and Kind.NULL in kinds
    return False


_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def _outside(operator: str, bounds: Bounds | None, literal: Literal) -> bool:
    """Whether no value within *bounds* compares so with *literal*."""
    if bounds is None:
        return False
    if not bounds.known or literal.kind in _UNKNOWN:
        return True
    if bounds.kind is None:
        return False
    operands = _comparable(bounds, literal)
    if operands is None:
        return False
    low, high, value = operands
    match operator:
        case "=":
            return bool(value < low or value > high)
        case "<":
            return bool(low >= value)
        case "<=":
            return bool(low > value)
        case ">":
            return bool(high <= value)
        case ">=":
            return bool(high < value)
    return False


def _comparable(bounds: Bounds, literal: Literal) -> tuple[Any, Any, Any] | None:
    """Low, high and the literal as values that compare as SQL compares them."""
    value, kind = literal.value, literal.kind
    if bounds.kind in _NUMBERS and kind in _NUMBERS:
        if kind == Kind.FLOAT or bounds.kind == Kind.FLOAT:
            low, high, value = (float(number) for number in (bounds.low, bounds.high, _number(value)))
            # NaN compares as nothing does.
            return None if value != value or low != low or high != high else (low, high, value)
        return bounds.low, bounds.high, _number(value)
    if bounds.kind != kind:
        return None
    if kind == Kind.STRING:
        return bounds.low, bounds.high, str(value).encode("utf-8", "surrogatepass")
    if kind == Kind.TIMESTAMP:
        seconds, nanoseconds, *_ = _timestamp(value)
        return bounds.low, bounds.high, seconds * _NANOSECONDS + nanoseconds
    return (bounds.low, bounds.high, value) if kind == Kind.BOOL else None


_NUMBERS = frozenset({Kind.INT, Kind.FLOAT, Kind.DECIMAL})


def _number(value: object) -> int | float | Decimal:
    assert isinstance(value, int | float | Decimal)
    return value


def _timestamp(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return value
