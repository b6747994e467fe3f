"""Our AST in nodes that other dialects' generators write with the same meaning, as far as they have it.

In: a Select of the parser's.  Out: the same tree, changed in place.

* Parentheses become nodes, since generators write none of their own and ranks differ between dialects.
* MISSING becomes NULL, an Ion timestamp or float a CAST, ``FROM S3Object[*]`` the table ``S3Object``.
"""

from __future__ import annotations

from sqlglot import exp

from s3sql.sql import nodes

_SUMS = (exp.Add, exp.Sub)
_PRODUCTS = (exp.Mul, exp.Div, exp.Mod)
_PREDICATES = (
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Escape,
)
_CONNECTORS = (exp.And, exp.Or)
_OPERATORS = (*_SUMS, *_PRODUCTS, *_PREDICATES, *_CONNECTORS, exp.DPipe, exp.Not, exp.Neg)

#: What a timestamp of each length lacks to be a date with a time: 2010T, 2010-02T, 2010-02-03.
_MISSING_PARTS = {4: "-01-01T00:00:00+00:00", 7: "-01T00:00:00+00:00", 10: "T00:00:00+00:00"}


def portable(select: exp.Select) -> exp.Select:
    """*select*, changed in place."""
    source = select.args["from_"].this
    if isinstance(source.this, exp.Bracket) and isinstance(source.this.this, exp.Identifier):
        source.set("this", source.this.this)
    for node in list(select.walk()):
        if nodes.is_missing(node):
            node.replace(exp.Null())
        elif isinstance(node, exp.Introducer):
            node.replace(_cast(node))
        elif isinstance(node, _OPERATORS) and isinstance(node.parent, _OPERATORS) and not _binds(node):
            _parenthesise(node)
    return select


def _parenthesise(node: exp.Expr) -> None:
    parent, key, index = node.parent, node.arg_key, node.index
    assert parent is not None, "only an operand is put in parentheses"
    assert key is not None
    parent.set(key, exp.Paren(this=node), index)


def _binds(node: exp.Expr) -> bool:
    """Whether every dialect reads *node* under its parent as we do, without parentheses."""
    parent = node.parent
    if isinstance(parent, exp.Escape) and isinstance(node, exp.Like):
        return node.arg_key == "this"
    if isinstance(parent, exp.Not):
        return isinstance(node, _PREDICATES)
    if isinstance(parent, _CONNECTORS):
        same = type(node) is type(parent)
        return same or isinstance(node, (*_PREDICATES, exp.Not, exp.And))
    if isinstance(parent, _PREDICATES):
        return isinstance(node, (*_SUMS, *_PRODUCTS, exp.Neg))
    leftmost = node.arg_key == "this"
    if isinstance(parent, _SUMS):
        return isinstance(node, _PRODUCTS) or (leftmost and isinstance(node, _SUMS))
    return leftmost and isinstance(parent, _PRODUCTS) and isinstance(node, _PRODUCTS)


def _cast(node: exp.Introducer) -> exp.Cast:
    literal = nodes.ion_literal(node)
    assert literal is not None, "an Introducer is an Ion literal"
    if literal.kind == "FLOAT":
        return exp.Cast(this=exp.Literal.string(literal.text), to=nodes.data_type("FLOAT"))
    date = literal.text.rstrip("T")
    text = date + _MISSING_PARTS.get(len(date), "")
    return exp.Cast(this=exp.Literal.string(text), to=nodes.data_type("TIMESTAMP"))
