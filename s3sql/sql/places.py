"""Where a node stands in the query.

In: a node and the place of its first token.  Out: the same node, or its place. Line and column are kept in
the node's ``meta`` under sqlglot's own keys, both from 1 and both of the first character.
"""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

from s3sql.errors import Position

_Node = TypeVar("_Node", bound=exp.Expr)


def at(node: _Node, line: int, column: int) -> _Node:
    """*node*, marked with the place of its first token."""
    meta = node.meta
    meta["line"] = line
    meta["col"] = column
    return node


def position(node: exp.Expr) -> Position | None:
    """Where *node* begins in the query, an operator excepted: its place is its sign's.

    A path begins where its first name does. None for AND, OR and nodes that were not read from a text.
    """
    while isinstance(node, (exp.Dot, exp.Bracket)):
        node = node.args["this"]
    return own_position(node)


def own_position(node: exp.Expr) -> Position | None:
    """The place *node* was marked with: for a step of a path the step's, not the path's."""
    place = node.meta
    return Position(place["line"], place["col"]) if "line" in place else None
