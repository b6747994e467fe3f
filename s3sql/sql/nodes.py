"""The shapes of our AST: standard sqlglot nodes only, with one constructor and one reader for each odd one.

In: the parts the parser read.  Out: nodes that the binder, the printer and ``sqlglot.transpile`` read.

::

    SELECT            exp.Select(expressions, from_=exp.From(Table), where=exp.Where, limit=exp.Limit)
      item            expression | exp.Alias(this, alias=Identifier) | a path that ends in ``.*`` | exp.Star() alone
      source          exp.Table(this=<path that starts at Identifier S3Object>, alias=TableAlias(Identifier) | None);
                      read it with source()
      limit           exp.Limit(expression=Literal number): an unsigned integer of any length; limit_rows()
    path              exp.Column(this=Identifier), then one node for each step, innermost first:
      .name           exp.Dot(this, expression=Identifier)           .*    exp.Dot(this, expression=Star)
      ['name'] [3]    exp.Bracket(this, expressions=[Literal])       [*]   exp.Bracket(this, expressions=[Star])
                      A path may start at any term: ``[1, 2][0]`` is Bracket(Array, 0). Read it with path().
    AND, OR           exp.And / exp.Or, binary and *balanced*: a chain of n operands is a tree of depth log2 n, so
                      nothing that walks it overflows the stack. ``a OR (b OR c)`` is the same chain, since OR goes
                      left to right either way. operands() gives the flat list, chain() builds the tree.
    NOT               exp.Not; also around In, Between, Like/Escape and Is for NOT IN, IS NOT ... (as sqlglot does)
    = <> < <= > >=    exp.EQ NEQ LT LTE GT GTE
    + - * / % ||      exp.Add Sub Mul Div(typed) Mod DPipe, leaning to the left
    unary -           exp.Neg       unary +  exp.Anonymous(this="+", expressions=[operand]); is_unary_plus()
                      Signs before a number literal are part of the literal.
    BETWEEN           exp.Between(this, low, high)
    LIKE [ESCAPE]     exp.Like(this, expression), exp.Escape(this=Like, expression)
    IN (a, b)         exp.In(this, expressions=[a, b])       IN <anything else>  exp.In(this, field=expression)
    IS NULL           exp.Is(this, Null)    IS MISSING  exp.Is(this, MISSING)    IS type  exp.Is(this, DataType)
    literals          exp.Literal: a string, or a number spelled as in the query with its sign (number_kind() says
                      INT or DECIMAL; ``1.50`` keeps its scale); exp.Boolean, exp.Null, exp.Var("MISSING")
    Ion literals      int, decimal, text, symbol, bool and null are the plain literals above (``1d2`` becomes
                      ``1e2``, which is a decimal here); a timestamp or float is exp.Introducer(Var kind, Literal
                      text); read it with ion_literal()
    lists             exp.Array(expressions); ``(1, 2)`` is one as well
    CASE              exp.Case(this | None, ifs=[If(this, true)], default | None)
    CAST              exp.Cast(this, to=DataType); type_name() gives the SQL kind. Type parameters are kept in
                      DataType.expressions and have no effect.
    functions         exp.Count/Sum/Avg/Min/Max/Lower/Upper/Length/Coalesce/Nullif/Trim/Substring/Extract/
                      Anonymous(NAME); call() reads them all alike. COUNT(*) has a Star as its argument, a date
                      part is exp.Var("YEAR").
    parentheses       leave no node; the printer writes those that are needed.

Every column, path step, call, cast, literal and operator but AND and OR carries the line and column (from 1)
of its first token, an operator those of the operator: position(). The tree is otherwise free of metadata, and two texts
that differ only in blanks, case of keywords or needless parentheses give equal trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from sqlglot import exp

from s3sql.errors import Position

#: A step of a path: a name, ``['name']`` or ``[3]``, ``.*``, ``[*]``.
StepKind = Literal["name", "key", "index", "members", "elements"]

NumberKind = Literal["INT", "DECIMAL"]

#: The kinds that CAST and IS know.
TypeName = Literal["BOOL", "INT", "FLOAT", "DECIMAL", "STRING", "TIMESTAMP"]

_Node = TypeVar("_Node", bound=exp.Expr)

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


@dataclass(frozen=True, slots=True)
class Call:
    """A function call: the name in upper case and its arguments.

    TRIM has (side | None, characters | None, text), the side as ``exp.Var``; SUBSTRING (text, start[, length]);
    EXTRACT (part, timestamp); DATE_ADD and DATE_DIFF (part, a, b), the part as ``exp.Var``.
    """

    name: str
    arguments: tuple[exp.Expr | None, ...]
    position: Position | None


@dataclass(frozen=True, slots=True)
class IonLiteral:
    """A timestamp or float that stood between backticks: its kind and its Ion text, checked."""

    kind: Literal["TIMESTAMP", "FLOAT"]
    text: str


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


# ---- paths


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


def _step(node: exp.Dot | exp.Bracket) -> Step:
    place = position(node)
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


# ---- functions

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
        return Call("TRIM", (None if side is None else exp.Var(this=side), node.args.get("expression"), node.this), place)
    if isinstance(node, exp.Extract):
        return Call("EXTRACT", (node.this, node.expression), place)
    return None
