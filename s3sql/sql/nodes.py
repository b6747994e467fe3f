"""The shapes of our AST: standard sqlglot nodes only, with one constructor and one reader for each odd one.

In: the parts the parser read.  Out: nodes that the binder, the printer and ``sqlglot.transpile`` read.

::

    SELECT          exp.Select(expressions, from_=exp.From(Table), where=exp.Where, limit=exp.Limit)
      item          expression | exp.Alias(this, alias=Identifier) | a path ending in ``.*`` | one exp.Star()
      source        exp.Table(this=<path that starts at the Identifier S3Object>,
                    alias=TableAlias(Identifier) | None); read it with source()
      limit         exp.Limit(expression=Literal number): an unsigned integer of any length; limit_rows()
    path            exp.Column(this=Identifier), then one node for each step, innermost first:
      .name         exp.Dot(this, expression=Identifier)       .*   exp.Dot(this, expression=Star)
      ['name'] [3]  exp.Bracket(this, expressions=[Literal])   [*]  exp.Bracket(this, expressions=[Star])
                    A path may start at any term: ``[1, 2][0]`` is Bracket(Array, 0). Read it with path().
    AND, OR         exp.And, exp.Or, binary and *balanced*: a chain of n operands is a tree of depth log2 n,
                    and a chain of thousands is soon walked. ``a OR (b OR c)`` is the same chain, since
                    OR goes left to right either way. operands() gives the flat list, chain() builds the tree.
    NOT             exp.Not; also around In, Between, Like/Escape and Is for NOT IN, IS NOT and so on
    = <> < <= > >=  exp.EQ NEQ LT LTE GT GTE
    + - * / % ||    exp.Add Sub Mul Div(typed) Mod DPipe, leaning to the left like all operators of ranks 4
                    to 7: a chain of n is n deep, so it is followed in loops by left_operand()
    unary -         exp.Neg.  unary +: exp.Anonymous(this="+", expressions=[operand]); is_unary_plus()
                    Signs before a number literal are part of the literal.
    BETWEEN         exp.Between(this, low, high)
    LIKE [ESCAPE]   exp.Like(this, expression), exp.Escape(this=Like, expression)
    IN (a, b)       exp.In(this, expressions=[a, b]).  IN anything else: exp.In(this, field=expression)
    IS              exp.Is(this, Null | MISSING | DataType)
    literals        exp.Literal: a string, or a number spelled as in the query with its sign (number_kind()
                    says INT or DECIMAL; ``1.50`` keeps its scale); exp.Boolean, exp.Null, exp.Var("MISSING")
    Ion literals    int, decimal, text, symbol, bool and null are the plain literals above (``1d2`` becomes
                    ``1e2``, which is a decimal here); a timestamp or float is exp.Introducer(Var kind,
                    Literal text); read it with ion_literal()
    lists           exp.Array(expressions); ``(1, 2)`` is one as well
    CASE            exp.Case(this | None, ifs=[If(this, true)], default | None)
    CAST            exp.Cast(this, to=DataType); type_name() gives the SQL kind. Type parameters are kept in
                    DataType.expressions and have no effect.
    functions       exp.Count/Sum/Avg/Min/Max/Lower/Upper/Length/Coalesce/Nullif/Trim/Substring/Extract/
                    Anonymous(NAME); call() reads them all alike. COUNT(*) has a Star as its argument, a
                    date part is exp.Var("YEAR").
    parentheses     leave no node; the printer writes those that are needed.

Every column, path step, call, cast, literal and operator but AND and OR carries the line and column (from 1)
of its first token, an operator those of the operator: position(); the places of the steps are in path(). The
tree is otherwise free of metadata, and two texts that differ only in blanks, case of keywords or needless
parentheses give equal trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from sqlglot import exp

from s3sql.sql.call_nodes import Call, call, function, trim
from s3sql.sql.path_nodes import (
    Path,
    Source,
    Step,
    bracket_step,
    has_wildcard,
    is_path,
    is_spread,
    limit_rows,
    members_step,
    name_step,
    output_name,
    path,
    source,
    table,
)
from s3sql.sql.places import at, position

__all__ = [
    "Call",
    "IonLiteral",
    "NumberKind",
    "Path",
    "Source",
    "Step",
    "TypeName",
    "at",
    "bracket_step",
    "call",
    "chain",
    "data_type",
    "function",
    "has_wildcard",
    "ion",
    "ion_literal",
    "is_missing",
    "is_number",
    "is_path",
    "is_spread",
    "is_unary_plus",
    "left_operand",
    "limit_rows",
    "members_step",
    "missing",
    "name_step",
    "number",
    "number_kind",
    "operands",
    "output_name",
    "path",
    "position",
    "source",
    "table",
    "trim",
    "type_name",
    "unary_plus",
]

NumberKind = Literal["INT", "DECIMAL"]

#: The kinds that CAST and IS know.
TypeName = Literal["BOOL", "INT", "FLOAT", "DECIMAL", "STRING", "TIMESTAMP"]


_TYPES: dict[exp.DType, TypeName] = {
    exp.DType.BOOLEAN: "BOOL",
    exp.DType.BIGINT: "INT",
    exp.DType.DOUBLE: "FLOAT",
    exp.DType.DECIMAL: "DECIMAL",
    exp.DType.VARCHAR: "STRING",
    exp.DType.TIMESTAMPTZ: "TIMESTAMP",
}
_DTYPES = {name: dtype for dtype, name in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class IonLiteral:
    """A timestamp or float that stood between backticks: its kind and its Ion text, checked."""

    kind: Literal["TIMESTAMP", "FLOAT"]
    text: str


# ---- connectors


def chain(connector: type[exp.And] | type[exp.Or], terms: Sequence[exp.Expr]) -> exp.Expr:
    """*terms* under one connector, as a balanced tree; nested chains of the same connector are merged."""
    level: list[exp.Expr] = []
    for term in terms:
        if type(term) is connector:
            level.extend(operands(term))
        else:
            level.append(term)
    while len(level) > 1:
        paired: list[exp.Expr] = []
        for i in range(0, len(level) - 1, 2):
            paired.append(connector(this=level[i], expression=level[i + 1]))
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def operands(node: exp.Expr) -> list[exp.Expr]:
    """The operands of a chain of AND or OR, from left to right; [node] for any other node."""
    connector = type(node)
    if connector is not exp.And and connector is not exp.Or:
        return [node]
    flat: list[exp.Expr] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if type(current) is connector:
            pending.append(current.args["expression"])
            pending.append(current.args["this"])
        else:
            flat.append(current)
    return flat


def left_operand(node: exp.Expr) -> exp.Expr:
    """The operand that an operator stands behind; LIKE and its ESCAPE are one operator."""
    operand: exp.Expr = node.this.this if isinstance(node, exp.Escape) else node.this
    return operand


# ---- literals


def missing() -> exp.Var:
    """The literal MISSING."""
    return exp.Var(this="MISSING")


def is_missing(node: exp.Expr) -> bool:
    """Whether *node* is the literal MISSING."""
    return isinstance(node, exp.Var) and node.this == "MISSING"


def number(text: str) -> exp.Literal:
    """A number literal with the spelling *text*, sign included."""
    return exp.Literal(this=text, is_string=False)


def is_number(node: exp.Expr) -> bool:
    """Whether *node* is a number literal."""
    return isinstance(node, exp.Literal) and not node.args["is_string"]


def number_kind(node: exp.Expr) -> NumberKind:
    """INT for digits that fit 64 bits with their sign, else DECIMAL."""
    digits: str = node.this
    significant = digits.lstrip("-").lstrip("0")
    if len(significant) > 19 or not digits.lstrip("-").isdigit():
        return "DECIMAL"
    magnitude = int(significant or "0")
    return "INT" if magnitude < 1 << 63 or (magnitude == 1 << 63 and digits.startswith("-")) else "DECIMAL"


def ion(kind: Literal["TIMESTAMP", "FLOAT"], text: str) -> exp.Introducer:
    """An Ion timestamp or float."""
    return exp.Introducer(this=exp.Var(this=kind), expression=exp.Literal.string(text))


def ion_literal(node: exp.Expr) -> IonLiteral | None:
    """The Ion timestamp or float that *node* is, else None."""
    if not isinstance(node, exp.Introducer):
        return None
    return IonLiteral(node.this.this, node.expression.this)


def unary_plus(operand: exp.Expr) -> exp.Anonymous:
    """``+ operand`` where the operand is no number literal."""
    return exp.Anonymous(this="+", expressions=[operand])


def is_unary_plus(node: exp.Expr) -> bool:
    """Whether *node* is a unary plus."""
    return isinstance(node, exp.Anonymous) and node.this == "+"


# ---- types


def data_type(name: str, parameters: Sequence[str] = ()) -> exp.DataType:
    """The type *name* (a TypeName, or the PartiQL name of a type that S3 Select does not have)."""
    arguments = [exp.DataTypeParam(this=number(parameter)) for parameter in parameters]
    dtype = _DTYPES.get(cast(TypeName, name))
    if dtype is None:
        return exp.DataType(this=exp.DType.USERDEFINED, kind=name)
    return exp.DataType(this=dtype, expressions=arguments)


def type_name(node: exp.DataType) -> TypeName | None:
    """The SQL kind of a type; None for a PartiQL type that S3 Select does not have."""
    return _TYPES.get(node.this)
