"""Which kinds a bound expression can have, as far as the text of the query tells.

In: a bound expression.  Out: a set of kinds; a value of another kind cannot come out of it. A path into
JSON can be anything; a CSV field is text, or NULL where its record is too short; a Parquet column is what its
schema says.

The binder proves with it that an ordering cannot fail, the rules that a test is always true, and an
Arrow schema can be fixed before the first row. Source: AWS S3 User Guide, "Data types", "Operators".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from s3sql.plan.chain import left_operand
from s3sql.plan.expr import (
    AggregateResult,
    CsvField,
    CsvRow,
    Expr,
    ListOf,
    Literal,
    NullAsMissing,
    ParquetField,
    StructOf,
)
from s3sql.plan.logical import AggregateCall
from s3sql.plan.operators import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    Concat,
    In,
    InCollection,
    IsKind,
    Like,
    Not,
    Or,
    Sign,
    SimpleCase,
    TextRange,
    is_boolean,
)
from s3sql.types import NUMBERS, Kind

Kinds = frozenset[Kind]

EVERY_KIND: Kinds = frozenset(Kind)
UNKNOWN: Kinds = frozenset({Kind.NULL, Kind.MISSING})
_NULL: Kinds = frozenset({Kind.NULL})
#: The operators whose kinds depend on what stands on their left: NULL only where an operand is unknown.
_FOLLOWING_LEFT = (Arithmetic, Compare, Concat, In, Like, Not)

#: The kind that a function returns for known arguments. COALESCE and NULLIF pass their arguments on.
FUNCTION_KINDS: dict[str, Kind] = {
    "CHAR_LENGTH": Kind.INT,
    "LOWER": Kind.STRING,
    "UPPER": Kind.STRING,
    "SUBSTRING": Kind.STRING,
    "TRIM": Kind.STRING,
    "TO_STRING": Kind.STRING,
    "DATE_DIFF": Kind.INT,
    "EXTRACT": Kind.INT,
    "DATE_ADD": Kind.TIMESTAMP,
    "TO_TIMESTAMP": Kind.TIMESTAMP,
    "UTCNOW": Kind.TIMESTAMP,
}


def possible_kinds(expression: Expr, calls: Sequence[AggregateCall] = ()) -> Kinds:
    """The kinds *expression* can have; *calls* are the aggregates that it may refer to."""
    if not isinstance(expression, _FOLLOWING_LEFT):
        return _kinds(expression, calls)
    behind: list[Expr] = []
    while isinstance(expression, _FOLLOWING_LEFT) and not _is_ordering(expression):
        left = left_operand(expression)
        assert left is not None, "an operator has an operand on its left"
        behind.append(expression)
        expression = left
    kinds = _kinds(expression, calls)
    while behind:
        kinds = _kinds_behind(kinds, behind.pop(), calls)
    return kinds


def known_kinds(expression: Expr) -> Kinds:
    """The kinds *expression* can have where it is known."""
    if is_boolean(expression) and not isinstance(expression, Literal):
        return frozenset({Kind.BOOL})
    return possible_kinds(expression) - UNKNOWN


def _is_ordering(expression: Expr) -> bool:
    return isinstance(expression, Compare) and expression.operator not in ("=", "<>")


def _kinds_behind(left: Kinds, operator: Expr, calls: Sequence[AggregateCall]) -> Kinds:
    """The kinds of an operator whose first operand has the kinds *left*."""
    if isinstance(operator, Arithmetic):
        right = possible_kinds(operator.right, calls)
        return _arithmetic(left, right) | _unknown_of([left, right])
    others = [possible_kinds(operand, calls) for operand in islice(operator.children(), 1, None)]
    unknown = _unknown_of([left, *others])
    return frozenset({Kind.STRING if isinstance(operator, Concat) else Kind.BOOL}) | unknown


def _kinds(expression: Expr, calls: Sequence[AggregateCall]) -> Kinds:
    """The kinds of what does not depend on an operand on its left."""
    if isinstance(expression, Literal):
        return frozenset({expression.kind})
    if isinstance(expression, CsvField):
        return frozenset({Kind.STRING, Kind.NULL})
    if isinstance(expression, ParquetField):
        return expression.kinds
    if isinstance(expression, NullAsMissing):
        operand = possible_kinds(expression.operand, calls)
        return operand - _NULL | {Kind.MISSING} if Kind.NULL in operand else operand
    if isinstance(expression, IsKind):
        return frozenset({Kind.BOOL})
    if isinstance(expression, And | Or):
        return frozenset({Kind.BOOL}) | _unknown_of(
            possible_kinds(child, calls) for child in expression.children()
        )
    if isinstance(expression, Compare | Between | TextRange | InCollection):
        # Also unknown where a CSV field is no number.
        return frozenset({Kind.BOOL, Kind.NULL})
    if isinstance(expression, Sign):
        operand = possible_kinds(expression.operand, calls)
        return operand & NUMBERS | _unknown_of([operand])
    if isinstance(expression, Cast):
        return frozenset({expression.kind}) | possible_kinds(expression.operand, calls) & UNKNOWN
    if isinstance(expression, Case | SimpleCase):
        results = [possible_kinds(result, calls) for _, result in expression.branches]
        default = _NULL if expression.default is None else possible_kinds(expression.default, calls)
        return default.union(*results)
    if isinstance(expression, Call):
        return _call(expression, calls)
    if isinstance(expression, AggregateResult):
        return _aggregate(calls[expression.number]) if calls else EVERY_KIND
    if isinstance(expression, ListOf):
        return frozenset({Kind.LIST})
    if isinstance(expression, CsvRow | StructOf):
        return frozenset({Kind.STRUCT})
    return EVERY_KIND


def orders_safely(left: Expr, right: Expr) -> bool:
    """Whether ``<`` between the two can never meet kinds that have no order.

    A bare CSV field beside a number is read as a number, and is unknown when it is none.
    """
    left_kinds, right_kinds = known_kinds(left), known_kinds(right)
    if not left_kinds or not right_kinds:
        return True
    if isinstance(left, CsvField):
        return right_kinds <= NUMBERS | {Kind.STRING}
    if isinstance(right, CsvField):
        return left_kinds <= NUMBERS | {Kind.STRING}
    both = left_kinds | right_kinds
    return both <= NUMBERS or (len(both) == 1 and not both & {Kind.LIST, Kind.STRUCT})


def _arithmetic(left: Kinds, right: Kinds) -> Kinds:
    """FLOAT with any number is FLOAT, else DECIMAL with any is DECIMAL; other operands fail."""
    return frozenset(_wider(one, other) for one in left & NUMBERS for other in right & NUMBERS)


def _wider(one: Kind, other: Kind) -> Kind:
    for kind in (Kind.FLOAT, Kind.DECIMAL):
        if kind in (one, other):
            return kind
    return Kind.INT


def _unknown_of(operands: Iterable[Kinds]) -> Kinds:
    return _NULL if any(operand & UNKNOWN for operand in operands) else frozenset()


def _call(call: Call, calls: Sequence[AggregateCall]) -> Kinds:
    arguments = [possible_kinds(argument, calls) for argument in call.arguments]
    if call.function == "COALESCE":
        known = frozenset[Kind]().union(*arguments) - UNKNOWN
        return known if any(not kinds & UNKNOWN for kinds in arguments) else known | _NULL
    if call.function == "NULLIF":
        return arguments[0] - {Kind.MISSING} | _NULL
    if call.function in FUNCTION_KINDS:
        return frozenset({FUNCTION_KINDS[call.function]}) | _unknown_of(arguments)
    return EVERY_KIND


def _aggregate(call: AggregateCall) -> Kinds:
    """COUNT is never NULL; the others are NULL without a value and otherwise follow their operand."""
    if call.function == "COUNT" or call.operand is None:
        return frozenset({Kind.INT})
    operand = possible_kinds(call.operand)
    if call.function in ("MIN", "MAX"):
        return operand & (NUMBERS | {Kind.TIMESTAMP}) | _NULL
    numbers = operand & NUMBERS
    if call.function == "AVG":
        numbers = frozenset(Kind.DECIMAL if kind == Kind.INT else kind for kind in numbers)
    return numbers | _NULL
