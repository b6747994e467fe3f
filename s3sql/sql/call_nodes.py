"""Function calls: constructors and the one reader of all their classes (shapes: ``nodes.py``).

In: a name and arguments, or a node.  Out: the node, or a :class:`Call`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from s3sql.errors import Position
from s3sql.sql.places import position

_UNARY: dict[type[exp.Expr], str] = {
    exp.Count: "COUNT",
    exp.Sum: "SUM",
    exp.Avg: "AVG",
    exp.Min: "MIN",
    exp.Max: "MAX",
    exp.Lower: "LOWER",
    exp.Upper: "UPPER",
    exp.Length: "CHAR_LENGTH",
}
_BY_NAME = {name: node for node, name in _UNARY.items()} | {"CHARACTER_LENGTH": exp.Length}


@dataclass(frozen=True, slots=True)
class Call:
    """A function call: the name in upper case and its arguments.

    TRIM has (side | None, characters | None, text), the side as ``exp.Var``; SUBSTRING (text, start) or
    (text, start, length); EXTRACT (part, timestamp); DATE_ADD and DATE_DIFF (part, a, b); parts: ``exp.Var``.
    """

    name: str
    arguments: tuple[exp.Expr | None, ...]
    position: Position | None


def function(name: str, arguments: Sequence[exp.Expr]) -> exp.Expr:
    """A call without special syntax; *name* in upper case. A wrong number of arguments is kept as it is."""
    rest = list(arguments)
    node = _BY_NAME.get(name)
    if node is not None and len(rest) == 1:
        return node(this=rest[0])
    if name == "COALESCE" and rest:
        return exp.Coalesce(this=rest[0], expressions=rest[1:])
    if name == "NULLIF" and len(rest) == 2:
        return exp.Nullif(this=rest[0], expression=rest[1])
    if name == "SUBSTRING" and len(rest) in (2, 3):
        return exp.Substring(this=rest[0], start=rest[1], length=rest[2] if len(rest) == 3 else None)
    return exp.Anonymous(this=name, expressions=rest)


def trim(side: exp.Var | None, characters: exp.Expr | None, text: exp.Expr) -> exp.Trim:
    """``TRIM(side characters FROM text)``; the side is kept as the text sqlglot's Trim wants."""
    return exp.Trim(this=text, expression=characters, position=None if side is None else side.this)


def call(node: exp.Expr) -> Call | None:
    """The call that *node* is, whatever its class; None for anything else (CAST and CASE included)."""
    place = position(node)
    name = _UNARY.get(type(node))
    if name is not None:
        return Call(name, (node.this,), place)
    if isinstance(node, exp.Anonymous):
        return None if node.this == "+" else Call(node.this, tuple(node.expressions), place)
    if isinstance(node, exp.Coalesce):
        return Call("COALESCE", (node.this, *node.expressions), place)
    if isinstance(node, exp.Nullif):
        return Call("NULLIF", (node.this, node.expression), place)
    if isinstance(node, exp.Substring):
        start, length = node.args["start"], node.args.get("length")
        return Call("SUBSTRING", (node.this, start) if length is None else (node.this, start, length), place)
    if isinstance(node, exp.Trim):
        side = node.args.get("position")
        return Call(
            "TRIM",
            (None if side is None else exp.Var(this=side), node.args.get("expression"), node.this),
            place,
        )
    if isinstance(node, exp.Extract):
        return Call("EXTRACT", (node.this, node.expression), place)
    return None
