"""The binder: from the syntax tree to the logical plan.

In: the tree of one SELECT, whose structure has been checked, and the schema of the object.  Out: a
:class:`~s3sql.plan.logical.Plan` whose expressions hold column numbers and paths instead of names, in the
shape it was written; making it faster is for the rules. The tree is only read, so it may be shared.

    SELECT name, UPPER(s.city) FROM S3Object s WHERE age > 30 LIMIT 5        header: name,city,age

    Limit 5
      Project _1 AS name, UPPER(_2) AS _2
        Filter _3 > 30
          Scan csv

Source of the rules: AWS S3 User Guide, "SELECT command"; output names as PartiQL v0.1 gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from sqlglot import exp

from s3sql.dialects import S3_SELECT, Dialect
from s3sql.errors import S3SelectError
from s3sql.functions.signatures import AGGREGATES
from s3sql.plan.expr import AggregateResult, Expr, ListOf, Literal, PathOf
from s3sql.plan.kinds import UNKNOWN, known_kinds, orders_safely
from s3sql.plan.literals import decimal_literal, timestamp_literal
from s3sql.plan.logical import Aggregate, AggregateCall, Filter, Item, Limit, Plan, Project, Scan, Spread
from s3sql.plan.names import (
    CsvNames,
    JsonNames,
    Names,
    ParquetNames,
    Reference,
    bound_steps,
    row_name,
)
from s3sql.plan.one_way_of_naming import OneWayOfNaming
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
    InCollection,
    IsKind,
    Like,
    Not,
    Or,
    Sign,
    SimpleCase,
)
from s3sql.plan.proofs import is_sound_pattern, never_fails
from s3sql.plan.schema import CsvSchema, JsonSchema, Schema
from s3sql.plan.select_list import as_item, spread_items, spread_of
from s3sql.plan.traverse import shape
from s3sql.sql import nodes
from s3sql.types import Kind

#: What the parser makes of the text of a query.
Tree: TypeAlias = exp.Select

_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_CALLS = (
    *(exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max),
    *(exp.Lower, exp.Upper, exp.Length, exp.Substring, exp.Trim),
    *(exp.Coalesce, exp.Nullif, exp.Extract, exp.Anonymous),
)


def bind(tree: Tree, schema: Schema, dialect: Dialect = S3_SELECT) -> Plan:
    """The plan of *tree*, a query of *dialect*, over an object of *schema*.

    Raises :class:`S3SelectError` ``InvalidKeyPath`` (a FROM path on CSV or Parquet), ``InvalidColumnIndex``
    and ``MissingHeaders`` (CSV), ``EvaluatorBindingDoesNotExist``, ``UnsupportedParquetType`` and
    ``UnsupportedTypeForQuerying`` (Parquet), ``AmbiguousFieldName`` and ``InvalidTableAlias`` (either), each
    at the first place in the text that has it, and ``UnsupportedFunction`` or ``UnsupportedSyntax`` for what
    this release does not evaluate; ``UnsupportedSqlStructure`` for columns named in two ways where *dialect*
    has only one.
    """
    scan, names = _from(nodes.source(tree), schema, dialect)
    binder = _Binder(names)
    items = tuple(
        item for number, node in enumerate(tree.expressions, 1) for item in binder.items(node, number)
    )
    where = tree.args.get("where")
    rows = scan if where is None else Filter(scan, (binder.expression(where.this),))
    source = Aggregate(rows, tuple(binder.calls)) if binder.calls else rows
    plan = Project(source, items)
    count = nodes.limit_rows(tree)
    return plan if count is None else Limit(plan, count)


def _from(source: nodes.Source, schema: Schema, dialect: Dialect) -> tuple[Scan, Names]:
    """The scan and the names of its rows; a path starts with the wildcard over the root values."""
    table = dialect.table(source.table.this)
    assert table is not None, "the structure of the tree has been checked"
    if isinstance(schema, JsonSchema):
        name = row_name(source, table, implied_by_wildcard="_1")
        return Scan("json", bound_steps(source.steps[1:])), JsonNames(name, table)
    if len(source.steps) > 1:
        step = source.steps[1]
        rows = "rows of a CSV object have no members"
        if not isinstance(schema, CsvSchema):
            rows = f"file is {schema.title}"
        raise S3SelectError(
            "InvalidKeyPath",
            f"The path of FROM goes on at {step.position}, but the {rows}. "
            "Use S3Object, with an alias or without.",
            position=step.position,
        )
    name = row_name(source, table, implied_by_wildcard=table)
    if isinstance(schema, CsvSchema):
        names = CsvNames(name, table, schema)
        return Scan("csv"), names if dialect.mixed_names else OneWayOfNaming(names)
    return Scan(schema.format), ParquetNames(name, table, schema)


class _Binder:
    """Binds the expressions of one query; collects its aggregate calls, equal ones once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.calls: list[AggregateCall] = []
        self._numbers: dict[Hashable, int] = {}

    # ---- the select list

    def items(self, node: exp.Expr, number: int) -> tuple[Item | Spread, ...]:
        """Select item *number* (from 1); a row whose columns are known is spread here."""
        if isinstance(node, exp.Star):
            return spread_items(Spread(self.names.row(), whole_row=True))
        if nodes.is_spread(node):
            return spread_items(spread_of(self._path(node)))
        if isinstance(node, exp.Alias):
            return (Item(node.alias, as_item(self.expression(node.this))),)
        name = nodes.output_name(node)
        return (Item(f"_{number}" if name is None else name, as_item(self.expression(node))),)

    # ---- expressions

    def expression(self, node: exp.Expr) -> Expr:
        """The bound form of any expression; a chain of operators is bound in a loop, from the inside out."""
        behind: list[exp.Expr] = []
        while type(node) in _OPERATORS:
            behind.append(node)
            node = nodes.left_operand(node)
        bound = _BINDERS[type(node)](self, node)
        while behind:
            operator = behind.pop()
            bound = _OPERATORS[type(operator)](self, operator, bound)
        return bound

    def _all(self, found: list[exp.Expr]) -> tuple[Expr, ...]:
        return tuple([self.expression(node) for node in found])

    def _path(self, node: exp.Expr) -> Expr:
        path = nodes.path(node)
        if path.column:
            quoted = bool(path.root.args.get("quoted"))
            return self.names.bind(Reference(path.root.this, quoted, path.steps, path.position))
        return PathOf(self.expression(path.root), bound_steps(path.steps), position=path.position)

    def _literal(self, node: exp.Literal) -> Expr:
        place = nodes.position(node)
        if node.is_string:
            return Literal(Kind.STRING, node.this, position=place)
        if nodes.number_kind(node) == "INT":
            return Literal(Kind.INT, int(node.this), position=place)
        return decimal_literal(node.this, place)

    def _ion(self, node: exp.Introducer) -> Expr:
        literal = nodes.ion_literal(node)
        assert literal is not None, "the only introducers are Ion literals"
        place = nodes.position(node)
        if literal.kind == "FLOAT":
            return Literal(Kind.FLOAT, float(literal.text), position=place)
        return timestamp_literal(literal.text, place)

    def _boolean(self, node: exp.Boolean) -> Expr:
        return Literal(Kind.BOOL, bool(node.this), position=nodes.position(node))

    def _null(self, node: exp.Null) -> Expr:
        return Literal(Kind.NULL, None, position=nodes.position(node))

    def _missing(self, node: exp.Var) -> Expr:
        return Literal(Kind.MISSING, None, position=nodes.position(node))

    def _array(self, node: exp.Array) -> Expr:
        return ListOf(self._all(node.expressions), position=nodes.position(node))

    def _and(self, node: exp.And) -> Expr:
        return And(self._all(nodes.operands(node)), position=nodes.position(node))

    def _or(self, node: exp.Or) -> Expr:
        return Or(self._all(nodes.operands(node)), position=nodes.position(node))

    # ---- operators behind what stands on their left

    def _not(self, node: exp.Not, operand: Expr) -> Expr:
        return Not(operand, position=nodes.position(node))

    def _comparison(self, node: exp.Binary, left: Expr) -> Expr:
        sign, right = _COMPARISONS[type(node)], self.expression(node.expression)
        safe = sign in ("=", "<>") or orders_safely(left, right)
        return Compare(sign, left, right, safe, position=nodes.position(node))

    def _arithmetic(self, node: exp.Binary, left: Expr) -> Expr:
        right = self.expression(node.expression)
        return Arithmetic(_ARITHMETIC[type(node)], left, right, position=nodes.position(node))

    def _concat(self, node: exp.DPipe, left: Expr) -> Expr:
        return Concat(left, self.expression(node.expression), position=nodes.position(node))

    def _between(self, node: exp.Between, operand: Expr) -> Expr:
        low, high = self.expression(node.args["low"]), self.expression(node.args["high"])
        safe = orders_safely(operand, low) and orders_safely(operand, high)
        return Between(operand, low, high, safe, position=nodes.position(node))

    def _like(self, node: exp.Like, operand: Expr, escape: exp.Expr | None = None) -> Expr:
        pattern = self.expression(node.expression)
        escaped = None if escape is None else self.expression(escape)
        safe = known_kinds(operand) <= {Kind.STRING} and is_sound_pattern(pattern, escaped)
        return Like(operand, pattern, escaped, safe, position=nodes.position(node))

    def _escape(self, node: exp.Escape, operand: Expr) -> Expr:
        return self._like(node.this, operand, node.expression)

    def _in(self, node: exp.In, operand: Expr) -> Expr:
        collection = node.args.get("field")
        if collection is None or isinstance(collection, exp.Array):
            choices = node.expressions if collection is None else collection.expressions
            return In(operand, self._all(choices), position=nodes.position(node))
        return InCollection(operand, self.expression(collection), position=nodes.position(node))

    def _is(self, node: exp.Is, operand: Expr) -> Expr:
        return IsKind(operand, _tested_kinds(node.expression), position=nodes.position(node))

    # ---- signs, CASE and calls

    def _minus(self, node: exp.Neg) -> Expr:
        return Sign("-", self.expression(node.this), position=nodes.position(node))

    def _case(self, node: exp.Case) -> Expr:
        operand = None if node.this is None else self.expression(node.this)
        branches = tuple(
            (self.expression(branch.this), self.expression(branch.args["true"]))
            for branch in node.args["ifs"]
        )
        otherwise = node.args.get("default")
        default = None if otherwise is None else self.expression(otherwise)
        place = nodes.position(node)
        if operand is None:
            return Case(branches, default, position=place)
        return SimpleCase(operand, branches, default, position=place)

    def _cast(self, node: exp.Cast) -> Expr:
        place = nodes.position(node)
        kind = Kind[nodes.type_name(node.args["to"]) or ""]
        return Cast(self.expression(node.this), kind, position=place)

    def _call(self, node: exp.Expr) -> Expr:
        if nodes.is_unary_plus(node):
            return Sign("+", self.expression(node.expressions[0]), position=nodes.position(node))
        call = nodes.call(node)
        assert call is not None, f"{type(node).__name__} is no call"
        if call.name in AGGREGATES:
            return self._aggregate(call)
        arguments = call.arguments
        if call.name == "TRIM":
            side, characters, text = arguments
            arguments = (side or exp.Var(this="BOTH"), characters or exp.Literal.string(" "), text)
        bound = tuple(self._argument(a) for a in arguments)
        return Call(call.name, bound, never_fails(call.name, bound), position=call.position)

    def _argument(self, node: exp.Expr | None) -> Expr:
        """An argument; the side of TRIM and a part of a date become text."""
        assert node is not None, "every argument that may be absent has got its default"
        if isinstance(node, exp.Var) and not nodes.is_missing(node):
            return Literal(Kind.STRING, node.name)
        return self.expression(node)

    def _aggregate(self, call: nodes.Call) -> Expr:
        operand = call.arguments[0]
        assert operand is not None, "every aggregate function has an argument"
        bound = None if isinstance(operand, exp.Star) else self.expression(operand)
        number = self._numbers.setdefault(
            (call.name, None if bound is None else shape(bound)), len(self.calls)
        )
        if number == len(self.calls):
            self.calls.append(AggregateCall(call.name, bound))
        return AggregateResult(number, position=call.position)


def _tested_kinds(node: exp.Expr) -> frozenset[Kind]:
    if isinstance(node, exp.Null):
        return UNKNOWN
    if nodes.is_missing(node):
        return frozenset({Kind.MISSING})
    assert isinstance(node, exp.DataType), "IS is followed by NULL, MISSING or a type"
    return frozenset({Kind[nodes.type_name(node) or node.name]})


_BINDERS: dict[type[exp.Expr], Callable[[_Binder, Any], Expr]] = {
    exp.Column: _Binder._path,
    exp.Dot: _Binder._path,
    exp.Bracket: _Binder._path,
    exp.Literal: _Binder._literal,
    exp.Introducer: _Binder._ion,
    exp.Boolean: _Binder._boolean,
    exp.Null: _Binder._null,
    exp.Var: _Binder._missing,
    exp.Array: _Binder._array,
    exp.And: _Binder._and,
    exp.Or: _Binder._or,
    exp.Neg: _Binder._minus,
    exp.Case: _Binder._case,
    exp.Cast: _Binder._cast,
    **dict.fromkeys(_CALLS, _Binder._call),
}

#: The operators of a chain, which are given their bound left operand.
_OPERATORS: dict[type[exp.Expr], Callable[[_Binder, Any, Expr], Expr]] = {
    exp.Not: _Binder._not,
    **dict.fromkeys(_COMPARISONS, _Binder._comparison),
    **dict.fromkeys(_ARITHMETIC, _Binder._arithmetic),
    exp.DPipe: _Binder._concat,
    exp.Between: _Binder._between,
    exp.Like: _Binder._like,
    exp.Escape: _Binder._escape,
    exp.In: _Binder._in,
    exp.Is: _Binder._is,
}
