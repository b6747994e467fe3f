"""Bound expressions: what the binder makes of the SQL text and the evaluator runs.

In: nothing but literals, column numbers and paths; no names are left to resolve and no reference to
a file. Out: a tree of frozen nodes, comparable and hashable, each with the place it came from. Here are the
steps of paths, and what stands for a value by itself; what computes is in :mod:`s3sql.plan.operators`.

``fallible`` tells the rules what may move: an expression that cannot fail may be evaluated for rows
that SQL would not have asked it for, a fallible one never (AWS S3 User Guide is silent; PartiQL v0.1
evaluates row by row, left to right).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import TypeAlias

from s3sql.errors import Position
from s3sql.types import Kind


@dataclass(frozen=True, slots=True)
class Name:
    """Path step ``.name`` or ``."name"`` or ``['name']``: the member of that name, else MISSING.

    ``exact``: quoted, so the letter case counts.
    """

    name: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """Path step ``[n]``: the element at *number*, from 0, else MISSING."""

    number: int


@dataclass(frozen=True, slots=True)
class Elements:
    """Path step ``[*]``: every element of a list; a value of another kind is its own only element."""


@dataclass(frozen=True, slots=True)
class Members:
    """Path step ``.*``: the value of every member of a struct."""


Step: TypeAlias = Name | Index | Elements | Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr:
    """An expression; ``position`` is its place in the query and does not count in comparisons."""

    position: Position | None = field(default=None, compare=False, repr=False)
    #: Whether evaluating it can fail for some row. Told once: a chain of operators is as deep as it is long.
    fallible: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fallible", self._can_fail())

    def _can_fail(self) -> bool:
        return any(child.fallible for child in self.children())

    def children(self) -> Iterator[Expr]:
        """The operands, left to right."""
        return _expressions(getattr(self, slot) for slot in slots(type(self)))


def slots(node_class: type[Expr]) -> tuple[str, ...]:
    """The fields of a class of expressions that make its meaning."""
    if node_class not in _SLOTS:
        _SLOTS[node_class] = tuple(slot.name for slot in fields(node_class) if slot.compare)
    return _SLOTS[node_class]


#: Asking dataclasses for the fields of every node would cost more than what is done with the node.
_SLOTS: dict[type[Expr], tuple[str, ...]] = {}


def _expressions(values: Iterable[object]) -> Iterator[Expr]:
    for value in values:
        if isinstance(value, Expr):
            yield value
        elif isinstance(value, tuple):
            yield from _expressions(value)


class _Infallible(Expr):
    """An expression without operands that cannot fail."""

    __slots__ = ()

    def _can_fail(self) -> bool:
        return False

    def children(self) -> Iterator[Expr]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Literal(_Infallible):
    """A constant.

    ``value``: None for NULL and MISSING, else bool, int, float, Decimal or str; for TIMESTAMP the four
    numbers of :class:`s3sql.payloads.Timestamps`.
    """

    kind: Kind
    value: object


@dataclass(frozen=True, slots=True)
class CsvField(_Infallible):
    """A bare column of a CSV object: text, or NULL where the row is too short. ``number`` is from 0.

    Being bare matters: beside a number it is read as a number (an extension).
    """

    number: int


@dataclass(frozen=True, slots=True)
class ParquetField(Expr):
    """A column of a Parquet object, from 0; ``kinds`` of its values; ``may_fail``: not all are SQL values."""

    number: int
    kinds: frozenset[Kind]
    may_fail: bool = False

    def _can_fail(self) -> bool:
        return self.may_fail


@dataclass(frozen=True, slots=True)
class NullAsMissing(Expr):
    """A value of a Parquet object as an item of the select list: NULL is left out, as if MISSING."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class RowPath(Expr):
    """A path from the row of a JSON object; no steps: the row itself."""

    steps: tuple[Step, ...]

    def _can_fail(self) -> bool:  # a name may be ambiguous
        return any(isinstance(step, Name) for step in self.steps)


@dataclass(frozen=True, slots=True)
class PathOf(Expr):
    """A path from a computed value: ``[1,2][0]``, or from a column of Parquet."""

    base: Expr
    steps: tuple[Step, ...]

    def _can_fail(self) -> bool:
        return self.base.fallible or any(isinstance(step, Name) for step in self.steps)


@dataclass(frozen=True, slots=True)
class CsvRow(_Infallible):
    """The whole row of a CSV object as a struct of its fields."""


@dataclass(frozen=True, slots=True)
class ListOf(Expr):
    """A list literal."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class StructOf(Expr):
    """A struct of ``values`` under ``names``; a MISSING value's member is left out."""

    names: tuple[str, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class AggregateResult(_Infallible):
    """In the select list of an aggregate query: the value of aggregate *number* of the plan."""

    number: int
