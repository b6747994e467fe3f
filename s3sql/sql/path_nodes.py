"""Paths, the source of FROM and the number of LIMIT: constructors and readers (shapes: ``nodes.py``).

In: names, steps and terms, or a node.  Out: the node, or a :class:`Path` or :class:`Source`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from sqlglot import exp

from s3sql.errors import Position
from s3sql.sql.places import own_position, position

#: A step of a path: a name, ``['name']`` or ``[3]``, ``.*``, ``[*]``.
StepKind = Literal["name", "key", "index", "members", "elements"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path.

    ``name`` is the text of a name or key step; ``quoted`` says that it is compared by exact case (always so
    for ``['name']``); ``index`` counts from 0.
    """

    kind: StepKind
    name: str = ""
    quoted: bool = False
    index: int = 0
    position: Position | None = None

    @property
    def is_wildcard(self) -> bool:
        """Whether the step is ``.*`` or ``[*]``."""
        return self.kind in ("members", "elements")


@dataclass(frozen=True, slots=True)
class Path:
    """A term and the steps after it.

    ``root`` is an ``exp.Identifier`` when the path starts at a name (``column`` is then true), else the term
    itself, which may be any expression.
    """

    root: exp.Expr
    steps: tuple[Step, ...]
    column: bool
    position: Position | None


@dataclass(frozen=True, slots=True)
class Source:
    """What FROM says: the name of the table, the steps after it and the alias, if there is one."""

    table: exp.Identifier
    steps: tuple[Step, ...]
    alias: exp.Identifier | None
    position: Position | None


def name_step(this: exp.Expr, name: exp.Identifier) -> exp.Expr:
    """``this.name``."""
    return exp.Dot(this=this, expression=name)


def members_step(this: exp.Expr) -> exp.Expr:
    """``this.*``."""
    return exp.Dot(this=this, expression=exp.Star())


def bracket_step(this: exp.Expr, key: exp.Expr) -> exp.Expr:
    """``this[key]``: a string or integer literal, or a Star for ``[*]``."""
    return exp.Bracket(this=this, expressions=[key])


def is_path(node: exp.Expr) -> bool:
    """Whether *node* is a column reference or a path with steps."""
    return isinstance(node, (exp.Column, exp.Dot, exp.Bracket))


def path(node: exp.Expr) -> Path:
    """The root and the steps of *node*; a term that is no path has no steps."""
    steps: list[Step] = []
    root = node
    while isinstance(root, (exp.Dot, exp.Bracket)):
        steps.append(_step(root))
        root = root.this
    steps.reverse()
    place = position(root)
    if isinstance(root, exp.Column):
        return Path(root.this, tuple(steps), True, place)
    return Path(root, tuple(steps), False, place)


def output_name(node: exp.Expr) -> str | None:
    """What an item without AS is called: the last name of its path, spelled as in the query.

    None if it is no path, or does not end in a name (PartiQL v0.1, names of the select list).
    """
    if not is_path(node):
        return None
    found = path(node)
    if found.steps:
        last = found.steps[-1]
        return last.name if last.kind in ("name", "key") else None
    return str(found.root.this)


def _step(node: exp.Dot | exp.Bracket) -> Step:
    place = own_position(node)
    if isinstance(node, exp.Dot):
        name = node.expression
        if isinstance(name, exp.Star):
            return Step("members", position=place)
        return Step("name", name.this, bool(name.args.get("quoted")), position=place)
    key = node.expressions[0]
    if isinstance(key, exp.Star):
        return Step("elements", position=place)
    if key.is_string:
        return Step("key", key.this, True, position=place)
    return Step("index", index=_whole(key.this), position=place)


def has_wildcard(node: exp.Expr) -> bool:
    """Whether *node* is a path with ``.*`` or ``[*]`` among its steps."""
    while isinstance(node, (exp.Dot, exp.Bracket)):
        last = node.expression if isinstance(node, exp.Dot) else node.expressions[0]
        if isinstance(last, exp.Star):
            return True
        node = node.this
    return False


def is_spread(node: exp.Expr) -> bool:
    """Whether *node* is a path whose last step is ``.*``."""
    return isinstance(node, exp.Dot) and isinstance(node.expression, exp.Star)


def table(this: exp.Expr, alias: exp.Identifier | None) -> exp.Table:
    """The source of FROM: a path whose innermost node is the table's Identifier."""
    return exp.Table(this=this, alias=None if alias is None else exp.TableAlias(this=alias))


def source(select: exp.Select) -> Source:
    """The one source of *select*."""
    node = select.args["from_"].this
    inner = path(node.this)
    alias = node.args.get("alias")
    return Source(
        cast(exp.Identifier, inner.root), inner.steps, None if alias is None else alias.this, inner.position
    )


def limit_rows(select: exp.Select) -> int | None:
    """The number after LIMIT, None without LIMIT."""
    limit = select.args.get("limit")
    return None if limit is None else _whole(limit.expression.this)


def _whole(digits: str) -> int:
    """The value of *digits*; 2**62, which is more than any row or element, for what does not fit 18 digits.

    Python refuses to convert texts of more than 4,300 digits.
    """
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) < 19 else 1 << 62
