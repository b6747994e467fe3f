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
    """Where *node* stands in the query; None for a node without a place of its own."""
    line = node.meta_get("line")
    return None if line is None else Position(line, node.meta_get("col"))
