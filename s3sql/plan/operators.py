"""Bound operators, CASE, CAST and calls: the expressions that compute.

In: bound operands (:mod:`s3sql.plan.expr`).  Out: frozen nodes of the same tree, of which each knows whether
it can fail.

Source: AWS S3 User Guide, "Operators", "Conditional functions", "Conversion functions".
"""

from __future__ import annotations

from dataclasses import dataclass

from s3sql.plan.expr import CsvField, Expr, Literal
from s3sql.types import Kind


class _Fallible(Expr):
    """An expression that can fail by itself, whatever its operands are."""

    __slots__ = ()

    def _can_fail(self) -> bool:
        return True


class _Provable(Expr):
    """An expression that can fail by itself unless it is known to be ``safe``."""

    __slots__ = ()
    safe: bool

    def _can_fail(self) -> bool:
        return not self.safe or any(child.fallible for child in self.children())


class _Condition(Expr):
    """An expression that fails for every operand that is known and no boolean."""

    __slots__ = ()

    def _can_fail(self) -> bool:
        return any(_not_surely_boolean(child) for child in self.children())


@dataclass(frozen=True, slots=True)
class Sign(_Fallible):
    """Unary ``-`` or ``+``."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Arithmetic(_Fallible):
    """``+ - * / %``."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Concat(_Fallible):
    """``||`` of two strings."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """``= <> < <= > >=``; ``!=`` is bound as ``<>``.

    Only ``=`` and ``<>`` never fail, and the orderings do not when the binder could prove ``safe``
    (text with text, CSV field with number).
    """

    operator: str
    left: Expr
    right: Expr
    safe: bool = False

    def _can_fail(self) -> bool:
        ordered = self.safe or self.operator in ("=", "<>")
        return not ordered or self.left.fallible or self.right.fallible


@dataclass(frozen=True, slots=True)
class Between(_Provable):
    """``operand >= low AND operand <= high``, the operand evaluated once."""

    operand: Expr
    low: Expr
    high: Expr
    safe: bool = False


@dataclass(frozen=True, slots=True)
class TextRange(Expr):
    """A CSV field between two texts: two comparisons of one field that a rule made one.

    NULL where the field is absent, else whether it lies behind ``low`` and before ``high``; ``with_low`` and
    ``with_high`` tell whether the bounds themselves count.
    """

    operand: CsvField
    low: str
    with_low: bool
    high: str
    with_high: bool


@dataclass(frozen=True, slots=True)
class In(Expr):
    """``operand IN (a, b, …)`` over separate expressions, compared by ``=``."""

    operand: Expr
    choices: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class InCollection(Expr):
    """``operand IN collection``: the elements of a list value, or of a path with wildcards."""

    operand: Expr
    collection: Expr


@dataclass(frozen=True, slots=True)
class Like(_Provable):
    """``operand LIKE pattern [ESCAPE escape]``.

    ``safe``: the operand is text or unknown, and pattern and escape are constants without a fault.
    """

    operand: Expr
    pattern: Expr
    escape: Expr | None = None
    safe: bool = False


@dataclass(frozen=True, slots=True)
class IsKind(Expr):
    """``IS NULL`` (kinds NULL and MISSING), ``IS MISSING``, ``IS INTEGER``; NOT is a node of its own."""

    operand: Expr
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class And(_Condition):
    """A chain of AND, flat: left to right, stopping at the first FALSE. A non-boolean fails."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or(_Condition):
    """A chain of OR, flat: left to right, stopping at the first TRUE. A non-boolean fails."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not(_Condition):
    """``NOT operand``. A non-boolean fails."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Case(Expr):
    """Searched CASE: ``branches`` are (condition, result) pairs; no ``default`` means NULL."""

    branches: tuple[tuple[Expr, Expr], ...]
    default: Expr | None = None

    def _can_fail(self) -> bool:
        conditions = any(_not_surely_boolean(condition) for condition, _ in self.branches)
        return conditions or any(child.fallible for child in self.children())


@dataclass(frozen=True, slots=True)
class SimpleCase(Expr):
    """``CASE operand WHEN value THEN result``: pairs of (value, result) compared by ``=``."""

    operand: Expr
    branches: tuple[tuple[Expr, Expr], ...]
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class Cast(_Fallible):
    """``CAST(operand AS kind)``; type parameters have no effect."""

    operand: Expr
    kind: Kind


@dataclass(frozen=True, slots=True)
class Call(_Provable):
    """A scalar function by its upper-case name; all arguments are evaluated.

    TRIM is bound with three arguments (side as a string literal, characters, text), EXTRACT,
    DATE_ADD and DATE_DIFF with the part as a string literal first. ``safe``: no value that the arguments
    can have fails.
    """

    function: str
    arguments: tuple[Expr, ...]
    safe: bool = False


_BOOLEANS = (Compare, Between, TextRange, In, InCollection, Like, IsKind, And, Or, Not)


def is_boolean(expression: Expr) -> bool:
    """Whether the value is always TRUE, FALSE or unknown, so that a condition made of it cannot fail."""
    if isinstance(expression, Literal):
        return expression.kind in (Kind.BOOL, Kind.NULL, Kind.MISSING)
    return isinstance(expression, _BOOLEANS)


def _not_surely_boolean(expression: Expr) -> bool:
    return expression.fallible or not is_boolean(expression)
