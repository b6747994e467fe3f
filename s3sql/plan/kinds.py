"""Which kinds a bound expression can have, as far as the text of the query tells.

In: a bound expression.  Out: a set of kinds; a value of another kind cannot come out of it. A path into
JSON can be anything; a CSV field is text, or NULL where its record is too short.

The binder proves with it that an ordering cannot fail, the rules that a test is always true, and an
Arrow schema can be fixed before the first row. Source: AWS S3 User Guide, "Data types", "Operators".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from s3sql.plan.expr import (
    AggregateResult,
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    Concat,
    CsvField,
    CsvRow,
    Expr,
    In,
    InCollection,
    IsKind,
    Like,
    ListOf,
    Literal,
    Not,
    Or,
    Sign,
    SimpleCase,
    TextRange,
)
from s3sql.plan.logical import AggregateCall
from s3sql.types import NUMBERS, Kind

Kinds = frozenset[Kind]

EVERY_KIND: Kinds = frozenset(Kind)
UNKNOWN: Kinds = frozenset({Kind.NULL, Kind.MISSING})
_NULL: Kinds = frozenset({Kind.NULL})
_NULL_ONLY_IF_UNKNOWN = (And, In, Like, Not, Or)

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
    if isinstance(expression, Literal):
        return frozenset({expression.kind})
    if isinstance(expression, CsvField):
        return frozenset({Kind.STRING, Kind.NULL})
    if isinstance(expression, IsKind):
        return frozenset({Kind.BOOL})
    if isinstance(expression, _NULL_ONLY_IF_UNKNOWN):
        return frozenset({Kind.BOOL}) | _unknown_of(
            possible_kinds(child, calls) for child in expression.children()
        )
    if isinstance(expression, Compare | Between | TextRange | InCollection):
        return _comparison(expression, calls)
    if isinstance(expression, Sign):
        operand = possible_kinds(expression.operand, calls)
        return operand & NUMBERS | _unknown_of([operand])
    if isinstance(expression, Arithmetic):
        left, right = (possible_kinds(side, calls) for side in (expression.left, expression.right))
        return _arithmetic(left, right) | _unknown_of([left, right])
    if isinstance(expression, Concat):
        sides = [possible_kinds(side, calls) for side in (expression.left, expression.right)]
        return frozenset({Kind.STRING}) | _unknown_of(sides)
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
    if isinstance(expression, CsvRow):
        return frozenset({Kind.STRUCT})
    return EVERY_KIND


def orders_safely(left: Expr, right: Expr) -> bool:
    """Whether ``<`` between the two can never meet kinds that have no order.

    A bare CSV field beside a number is read as a number, and is unknown when it is none.
    """
    left_kinds, right_kinds = possible_kinds(left) - UNKNOWN, possible_kinds(right) - UNKNOWN
    if not left_kinds or not right_kinds:
        return True
    if isinstance(left, CsvField):
        return right_kinds <= NUMBERS | {Kind.STRING}
    if isinstance(right, CsvField):
        return left_kinds <= NUMBERS | {Kind.STRING}
    both = left_kinds | right_kinds
    return both <= NUMBERS or (len(both) == 1 and not both & {Kind.LIST, Kind.STRUCT})


def _comparison(
    expression: Compare | Between | TextRange | InCollection, calls: Sequence[AggregateCall]
) -> Kinds:
    """``=`` is unknown for unknown operands only; an ordering also where a CSV field is no number."""
    boolean = frozenset({Kind.BOOL})
    if isinstance(expression, Compare) and expression.operator in ("=", "<>"):
        return boolean | _unknown_of(possible_kinds(child, calls) for child in expression.children())
    return boolean | _NULL


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
