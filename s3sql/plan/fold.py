"""Constant folding: the value of an expression that is known from the text alone.

In: one node whose operands are folded already.  Out: a literal or a smaller expression of the same
value, or the node itself. Only what cannot fail is folded, and only where plain Python values follow the
dialect's rules: a failing constant fails for the first row that needs it, and for none if no row does.

Source of the rules: AWS S3 User Guide, "Operators"; PartiQL v0.1 for unknown values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from s3sql.plan.expr import CsvField, Expr, Literal, ParquetField, PathOf, RowPath
from s3sql.plan.kinds import possible_kinds
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
    IsKind,
    Not,
    Or,
    Sign,
    is_boolean,
)
from s3sql.timestamp import Timestamp, parse
from s3sql.types import Kind

TRUE = Literal(Kind.BOOL, True)
FALSE = Literal(Kind.BOOL, False)
NULL = Literal(Kind.NULL, None)

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: Kinds whose Python values compare as SQL's do. Not FLOAT: the dialect rounds the number beside it first.
_COMPARABLE = (
    frozenset({Kind.INT, Kind.DECIMAL}),
    frozenset({Kind.STRING}),
    frozenset({Kind.BOOL}),
    frozenset({Kind.TIMESTAMP}),
)


def fold(expression: Expr) -> Expr:
    """The expression, or the simpler one that has its value for every row."""
    folder = _FOLDERS.get(type(expression))
    folded = expression if folder is None else folder(expression)
    if folded is expression or folded.position is not None:
        return folded
    return replace(folded, position=expression.position)


def _sign(node: Sign) -> Expr:
    if not isinstance(node.operand, Literal):
        return node
    kind, value = node.operand.kind, node.operand.value
    if kind < Kind.BOOL:
        return NULL
    if kind not in (Kind.INT, Kind.DECIMAL, Kind.FLOAT):
        return node
    if node.operator == "+" or (value == 0 and kind != Kind.FLOAT):
        return node.operand
    if isinstance(value, Decimal):
        return Literal(kind, value.copy_negate())
    assert isinstance(value, int | float)
    # The one int whose negative does not exist fails when a row needs it.
    return node if value == -(2**63) else Literal(kind, -value)


def _arithmetic(node: Arithmetic) -> Expr:
    if not isinstance(node.left, Literal) or not isinstance(node.right, Literal):
        return node
    if node.left.kind < Kind.BOOL or node.right.kind < Kind.BOOL:
        return NULL
    if node.left.kind != Kind.INT or node.right.kind != Kind.INT:
        return node
    left, right = node.left.value, node.right.value
    assert isinstance(left, int)
    assert isinstance(right, int)
    value = _integer_result(node.operator, left, right)
    return node if value is None or not -(2**63) <= value < 2**63 else Literal(Kind.INT, value)


def _integer_result(sign: str, left: int, right: int) -> int | None:
    """The result before the check of its range; None for a division by zero."""
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    if right == 0:
        return None
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return quotient if sign == "/" else left - quotient * right


def _concat(node: Concat) -> Expr:
    if not isinstance(node.left, Literal) or not isinstance(node.right, Literal):
        return node
    if node.left.kind < Kind.BOOL or node.right.kind < Kind.BOOL:
        return NULL
    if node.left.kind != Kind.STRING or node.right.kind != Kind.STRING:
        return node
    return Literal(Kind.STRING, f"{node.left.value}{node.right.value}")


def _compare(node: Compare) -> Expr:
    if not isinstance(node.left, Literal) or not isinstance(node.right, Literal):
        return node
    return _literal_comparison(node.operator, node.left, node.right) or node


def _literal_comparison(sign: str, left: Literal, right: Literal) -> Literal | None:
    """TRUE, FALSE or NULL; None where the comparison fails or has rules of its own."""
    if left.kind < Kind.BOOL or right.kind < Kind.BOOL:
        return NULL
    if any(left.kind in family and right.kind in family for family in _COMPARABLE):
        return TRUE if _COMPARISONS[sign](_ordered(left), _ordered(right)) else FALSE
    numbers = frozenset({Kind.INT, Kind.DECIMAL, Kind.FLOAT})
    if sign not in ("=", "<>") or left.kind == right.kind or {left.kind, right.kind} <= numbers:
        return None
    return FALSE if sign == "=" else TRUE


def _ordered(literal: Literal) -> object:
    """What the value is compared by: of a timestamp the instant."""
    if isinstance(literal.value, Timestamp):
        return literal.value.seconds, literal.value.nanoseconds
    return literal.value


def _between(node: Between) -> Expr:
    if not all(isinstance(child, Literal) for child in node.children()):
        return node
    lower = fold(Compare(">=", node.operand, node.low))
    upper = fold(Compare("<=", node.operand, node.high))
    if lower == FALSE or (isinstance(lower, Literal) and isinstance(upper, Literal)):
        return fold(And((lower, upper)))
    return node


def _in(node: In) -> Expr:
    if not isinstance(node.operand, Literal):
        return node
    operand, outcomes = node.operand, []
    for choice in node.choices:
        outcome = _literal_comparison("=", operand, choice) if isinstance(choice, Literal) else None
        if outcome is None:
            return node
        outcomes.append(outcome)
    if TRUE in outcomes:
        return TRUE
    return NULL if NULL in outcomes else FALSE


def _is_kind(node: IsKind) -> Expr:
    if node.operand.fallible:
        return node
    kinds = possible_kinds(node.operand)
    if kinds <= node.kinds:
        return TRUE
    return node if kinds & node.kinds else FALSE


def _not(node: Not) -> Expr:
    if not isinstance(node.operand, Literal) or not is_boolean(node.operand):
        return node
    if node.operand.kind != Kind.BOOL:
        return NULL
    return FALSE if node.operand.value else TRUE


def _and(node: And) -> Expr:
    operands = _chain(node.operands, stop=FALSE, skip=TRUE)
    return _rejoined(node, operands, And, empty=TRUE)


def _or(node: Or) -> Expr:
    operands = _chain(node.operands, stop=TRUE, skip=FALSE)
    return _rejoined(node, operands, Or, empty=FALSE)


def _chain(operands: tuple[Expr, ...], stop: Literal, skip: Literal) -> tuple[Expr, ...]:
    """What is left of a chain: nothing behind the operand that always stops it, none that never decides."""
    left: list[Expr] = []
    for operand in operands:
        if operand == stop:
            # What cannot fail before it is of no consequence either.
            while left and not left[-1].fallible and is_boolean(left[-1]):
                left.pop()
            return (*left, operand)
        if operand != skip:
            left.append(operand)
    return tuple(left)


def _rejoined(
    node: And | Or, operands: tuple[Expr, ...], chain: type[And] | type[Or], empty: Literal
) -> Expr:
    if not operands:
        return empty
    if len(operands) == 1 and is_boolean(operands[0]):
        only = operands[0]
        return NULL if isinstance(only, Literal) and only.kind < Kind.BOOL else only
    if all(isinstance(operand, Literal) and operand.kind < Kind.BOOL for operand in operands):
        return NULL
    return node if len(operands) == len(node.operands) else chain(operands)


def _case(node: Case) -> Expr:
    branches: list[tuple[Expr, Expr]] = []
    default = node.default
    for condition, result in node.branches:
        if condition == TRUE:
            default = result
            break
        if not (isinstance(condition, Literal) and is_boolean(condition)):
            branches.append((condition, result))
    if len(branches) == len(node.branches):
        return node
    if branches:
        return Case(tuple(branches), default)
    if not isinstance(default, _BARE):
        return default or NULL
    return node if node.branches == ((TRUE, default),) else Case(((TRUE, default),), None)


def _cast(node: Cast) -> Expr:
    """The usual way to write a timestamp: ``CAST('2010-02-03T04:05Z' AS TIMESTAMP)``."""
    if node.kind != Kind.TIMESTAMP or not isinstance(node.operand, Literal):
        return node
    if not isinstance(node.operand.value, str):
        return node
    value = parse(node.operand.value)
    return node if value is None else Literal(Kind.TIMESTAMP, value)


def _call(node: Call) -> Expr:
    if node.function != "COALESCE" or not all(isinstance(a, Literal) for a in node.arguments):
        return node
    known = (a for a in node.arguments if isinstance(a, Literal) and a.kind >= Kind.BOOL)
    return next(known, NULL)


#: What is more than its value, so that CASE stays around it: a bare field of CSV is a number beside one,
#: and a number of JSON that a path takes over keeps its spelling.
_BARE = (CsvField, ParquetField, PathOf, RowPath)

_FOLDERS: dict[type[Expr], Callable[[Any], Expr]] = {
    Sign: _sign,
    Arithmetic: _arithmetic,
    Concat: _concat,
    Compare: _compare,
    Between: _between,
    In: _in,
    IsKind: _is_kind,
    Not: _not,
    And: _and,
    Or: _or,
    Case: _case,
    Cast: _cast,
    Call: _call,
}
