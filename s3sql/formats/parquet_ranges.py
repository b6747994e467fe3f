"""Conditions that compare a column of numbers with constants, as bounds of what is stored.

In: the conjuncts of a filter and how its columns are stored.  Out: of each column the least and the greatest
number for which the first conjuncts are TRUE, and how many conjuncts that are. A decimal is stored as a whole
number of its last digit, a date as a number of days and a timestamp as one of its unit, so that the bounds of
``discount BETWEEN 0.05 AND 0.07`` are 5 and 7, and those of ``quantity < 24.5`` end with 24.

A conjunct behind one that is none of these keeps its place: it may fail. NULL is in no range, as no
comparison with it is TRUE; but it does not end a conjunct either, so whoever drops rows outside the ranges of
one that goes on must know that there is no NULL.

Source: AWS S3 User Guide, Operators; Apache Parquet, LogicalTypes.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from s3sql.formats.parquet_schema import END_SECOND, FIRST_SECOND
from s3sql.payloads import Int64s
from s3sql.plan.derived import Derived
from s3sql.plan.expr import Expr, Literal, ParquetField
from s3sql.plan.logical import Plan
from s3sql.plan.operators import And, Between, Compare
from s3sql.plan.traverse import conjuncts_of
from s3sql.types import Kind

#: What a column counts, its Arrow type, by its number; None if it has no numbers of 64 bits.
TypeOf = Callable[[int], pa.DataType | None]

_LEAST, _MOST = -(2**63), 2**63 - 1
_DAY, _NANOSECONDS = 86_400, 10**9
_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}

#: A decimal with a larger exponent, or a smaller one, is left to what compares decimals.
_MOST_EXPONENT = 64

_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Column ``number`` from ``low`` to ``high``. Beyond ``least`` and ``most`` there is nothing SQL has."""

    number: int
    low: int
    high: int
    least: int = _LEAST
    most: int = _MOST

    def allows(self, numbers: Int64s) -> bool:
        """Whether SQL has all *numbers*."""
        if self.least == _LEAST or not len(numbers):
            return True
        return bool(self.least <= numbers.min()) and bool(numbers.max() <= self.most)


def _compared_columns(plan: Plan) -> tuple[int, ...]:
    """The columns that the filter of *plan* compares with constants."""
    operands = (operand for conjunct in conjuncts_of(plan) for operand in _operands(conjunct))
    found = (one for operand in operands for one in _comparisons(operand))
    return tuple(sorted({field.number for field, _, _ in filter(None, found)}))


@dataclass(frozen=True, slots=True)
class _NamedType:
    """What a column counts, told by its name: that of an Arrow type is made anew for each hash."""

    name: str
    type: pa.DataType | None = field(compare=False)


def _ranges_by_type(plan: Plan, *types: _NamedType) -> tuple[tuple[NumberRange, ...], int]:
    """What :func:`ranges_of` gives where the columns that are compared have these types."""
    known = {number: one.type for number, one in zip(_COMPARED(plan), types, strict=True)}
    return leading_ranges(conjuncts_of(plan), known.get)


_COMPARED = Derived(_compared_columns)
_RANGES = Derived(_ranges_by_type)


def ranges_of(plan: Plan, type_of: TypeOf) -> tuple[tuple[NumberRange, ...], int]:
    """The :func:`leading_ranges` of the filter of *plan*."""
    types = (type_of(number) for number in _COMPARED(plan))
    return _RANGES(plan, *(_NamedType(str(one), one) for one in types))


def leading_ranges(conjuncts: Sequence[Expr], type_of: TypeOf) -> tuple[tuple[NumberRange, ...], int]:
    """The ranges that the first conjuncts are, one of each column, and how many conjuncts these are.

    A conjunct that is none may begin with ranges, outside which it is FALSE; they are told too.
    """
    found: dict[int, NumberRange] = {}
    count = 0
    for conjunct in conjuncts:
        ranges = [_ranges(operand, type_of) for operand in _operands(conjunct)]
        judged = ranges.index(None) if None in ranges else len(ranges)
        for one in (one for some in ranges[:judged] for one in some or ()):
            known = found.get(one.number, one)
            found[one.number] = NumberRange(
                one.number, max(one.low, known.low), min(one.high, known.high), one.least, one.most
            )
        if judged < len(ranges):
            break
        count += 1
    return tuple(found.values()), count


def _operands(conjunct: Expr) -> tuple[Expr, ...]:
    return conjunct.operands if isinstance(conjunct, And) else (conjunct,)


def _ranges(condition: Expr, type_of: TypeOf) -> list[NumberRange] | None:
    """The ranges that *condition* is together; None if it is anything else, or may fail."""
    if condition.fallible:
        return None
    found: list[NumberRange] = []
    for comparison in _comparisons(condition):
        one = None if comparison is None else _range(*comparison, type_of)
        if one is None:
            return None
        found.append(one)
    return found


def _comparisons(condition: Expr) -> Iterator[tuple[ParquetField, str, Literal] | None]:
    """What *condition* compares; None for anything else."""
    match condition:
        case Compare(left=ParquetField() as field, operator=operator, right=Literal() as value):
            yield field, operator, value
        case Compare(left=Literal() as value, operator=operator, right=ParquetField() as field):
            yield field, _SWAPPED.get(operator, operator), value
        case Between(operand=ParquetField() as field, low=Literal() as low, high=Literal() as high):
            yield field, ">=", low
            yield field, "<=", high
        case _:
            yield None


def _range(field: ParquetField, operator: str, literal: Literal, type_of: TypeOf) -> NumberRange | None:
    type_ = type_of(field.number)
    value = None if type_ is None else _stored(literal, type_)
    if type_ is None or value is None or operator not in _SWAPPED:
        return None
    floor, is_whole = value.__floor__(), value.denominator == 1
    low, high = _LEAST, _MOST
    match operator:
        case "<":
            high = floor - is_whole
        case "<=":
            high = floor
        case ">":
            low = floor + 1
        case ">=":
            low = floor + (not is_whole)
        case _:
            low, high = floor + (not is_whole), floor
    # What 64 bits do not hold is stored nowhere.
    if low > _MOST or high < _LEAST:
        low, high = _MOST, _LEAST
    return NumberRange(field.number, max(low, _LEAST), min(high, _MOST), *_limits(type_))


def _stored(literal: Literal, type_: pa.DataType) -> Fraction | None:
    """The constant as a number of what a column of *type_* counts; None if it is of another kind."""
    value = literal.value
    if literal.kind == Kind.TIMESTAMP:
        if not isinstance(value, tuple):
            return None
        seconds, nanoseconds = value[:2]
        instant = Fraction(seconds * _NANOSECONDS + nanoseconds, _NANOSECONDS)
        if isinstance(type_, pa.TimestampType):
            return instant * _PER_SECOND[type_.unit]
        return instant / _DAY if pa.types.is_date32(type_) else None
    if not isinstance(type_, pa.Decimal128Type) and not pa.types.is_integer(type_):
        return None
    scale = type_.scale if isinstance(type_, pa.Decimal128Type) else 0
    if literal.kind == Kind.INT and isinstance(value, int):
        return Fraction(value * 10**scale)
    if literal.kind == Kind.DECIMAL and isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and abs(exponent) <= _MOST_EXPONENT:
            return Fraction(value) * 10**scale
    return None


def _limits(type_: pa.DataType) -> tuple[int, int]:
    """The least and the greatest number that SQL has a value for."""
    if pa.types.is_date32(type_):
        return FIRST_SECOND // _DAY, END_SECOND // _DAY - 1
    if isinstance(type_, pa.TimestampType):
        unit = _PER_SECOND[type_.unit]
        return max(FIRST_SECOND * unit, _LEAST), min(END_SECOND * unit - 1, _MOST)
    return _LEAST, _MOST
