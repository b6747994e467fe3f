"""The structure of a parsed query: what can be judged without the object's format or schema.

In: the AST of a text that has parsed.  Out: nothing, or an S3SelectError with the place of the construct.

Judged in this order: the table and the path of FROM; ``*`` and wildcards in the select list; then, from left
to right, function names, numbers of arguments, types, the places of aggregates and, of a dialect without
them, paths.

Source: AWS S3 User Guide, "SELECT command", "Aggregate functions"; PartiQL v0.1 for the codes.
"""

from __future__ import annotations

from typing import NoReturn

from sqlglot import exp

from s3sql.dialects import Dialect
from s3sql.errors import Position, S3SelectError
from s3sql.functions.signatures import AGGREGATES, SIGNATURES
from s3sql.sql import nodes

_LEAVES = frozenset((exp.Literal, exp.Identifier, exp.Null, exp.Boolean, exp.Var, exp.Introducer, exp.Star))


def check(select: exp.Select, dialect: Dialect) -> None:
    """Judge *select* by the rules of *dialect*.

    Raises:
        S3SelectError: InvalidTableAlias, InvalidKeyPath, ParseAsteriskIsNotAloneInSelectList,
            ParseInvalidContextForWildcardInSelectList, ParseCannotMixSqbAndWildcardInSelectList,
            UnsupportedFunction, EvaluatorInvalidArguments, InvalidDataType or UnsupportedSqlStructure.
    """
    source = nodes.source(select)
    _check_source(source, nodes.position(select.args["from_"].this), dialect)
    items = [item.this if isinstance(item, exp.Alias) else item for item in select.expressions]
    _check_wildcards(items)
    rows = _Rows(dialect, source)
    walks = [_Walk(item, rows, aggregates_allowed=True) for item in items]
    aggregated = any(walk.aggregate for walk in walks)
    for walk in walks:
        if aggregated and walk.column is not None:
            _fail(
                "UnsupportedSqlStructure",
                "A select list with an aggregate takes aggregates and constants only; found a column",
                walk.column,
            )
    where = select.args.get("where")
    if where is not None:
        _Walk(where.this, rows, aggregates_allowed=False)


def _check_source(source: nodes.Source, place: Position | None, dialect: Dialect) -> None:
    if dialect.table(source.table.this) is None:
        advice = "" if dialect.paths else f" A query on an archived object has FROM {dialect.from_takes}."
        raise S3SelectError(
            "InvalidTableAlias",
            f"Invalid table alias is specified at {place}. Please check the file and try again.{advice}",
            position=place,
        )
    if not source.steps:
        return
    place = source.steps[0].position
    if not dialect.paths:
        found = "A query on an archived object has no path in FROM; found one"
    elif source.steps[0].kind != "elements":
        found = "A path in FROM starts with S3Object[*]; found another step"
    else:
        return
    raise S3SelectError("InvalidKeyPath", f"{found} at {place}.", position=place)


def _check_wildcards(items: list[exp.Expr]) -> None:
    for item in items:
        if isinstance(item, exp.Star):
            if len(items) > 1:
                _fail(
                    "ParseAsteriskIsNotAloneInSelectList", "* stands alone in a select list; found it", item
                )
        elif nodes.has_wildcard(item):
            _check_spread(item)


def _check_spread(item: exp.Expr) -> None:
    """A select item that is a path may have one wildcard, ``.*`` at its end, and then no brackets."""
    steps = nodes.path(item).steps
    first = next(step for step in steps if step.is_wildcard)
    if first.kind == "elements" or first is not steps[-1]:
        raise S3SelectError(
            "ParseInvalidContextForWildcardInSelectList",
            f"A select item takes .* at its end and no other wildcard; found one at {first.position}.",
            position=first.position,
        )
    if any(step.kind in ("key", "index") for step in steps):
        raise S3SelectError(
            "ParseCannotMixSqbAndWildcardInSelectList",
            f"A select item takes brackets or .*, not both; found .* at {first.position}.",
            position=first.position,
        )


class _Rows:
    """The names of the rows, which are all that may stand before a dot in a dialect without paths."""

    def __init__(self, dialect: Dialect, source: nodes.Source) -> None:
        self.dialect = dialect
        self._names = [dialect.table(source.table.this)]
        if source.alias is not None:
            self._names.append(source.alias.this)

    def check(self, node: exp.Expr) -> None:
        """Judge the path *node*."""
        if self.dialect.paths or isinstance(node, exp.Column):
            return
        path = nodes.path(node)
        dotted = path.column and path.steps[0].kind in ("name", "members")
        surplus = path.steps[1:] if dotted else path.steps
        if surplus:
            place = surplus[0].position
            raise S3SelectError(
                "InvalidKeyPath",
                f"A query on an archived object has columns and no paths into them; found a step at {place}.",
                position=place,
            )
        if not self._has(path.root):
            raise S3SelectError(
                "InvalidTableAlias",
                f"Invalid table alias is specified at {path.position}. Please check the file and try again.",
                position=path.position,
            )

    def _has(self, name: exp.Expr) -> bool:
        if name.args.get("quoted"):
            return name.this in self._names
        return name.this.upper() in (known.upper() for known in self._names if known)


class _Walk:
    """One expression, walked without recursion from left to right.

    ``aggregate`` says whether it has an aggregate, ``column`` is the first column outside of aggregates.
    """

    def __init__(self, root: exp.Expr, rows: _Rows, *, aggregates_allowed: bool) -> None:
        self.aggregate = False
        self.column: exp.Expr | None = root if isinstance(root, exp.Star) else None
        self._rows = rows
        self._aggregates_allowed = aggregates_allowed
        pending = [(root, False)] if type(root) not in _LEAVES else []
        while pending:
            node, inside = pending.pop()
            if nodes.is_path(node):
                rows.check(node)
                term = _path_root(node)
                if term is not None and type(term) not in _LEAVES:
                    pending.append((term, inside))
                elif term is None and not inside and self.column is None:
                    self.column = node
                continue
            inside = self._check_node(node, inside)
            pending += [(child, inside) for child in reversed(_children(node))]

    def _check_node(self, node: exp.Expr, inside: bool) -> bool:
        """Judge one node; whether its children stand inside an aggregate."""
        if isinstance(node, exp.DataType):
            if nodes.type_name(node) is None:
                _fail(
                    "InvalidDataType",
                    f"The type {node.args['kind']} is not one of S3 Select's; found it",
                    node,
                )
            return inside
        call = None if isinstance(node, exp.Binary) else nodes.call(node)
        if call is None:
            return inside
        signature = SIGNATURES.get(call.name)
        if signature is None:
            _fail(
                "UnsupportedFunction",
                f"Unsupported function {call.name}; S3 Select has {', '.join(sorted(SIGNATURES))}; found it",
                node,
            )
        if isinstance(node, exp.Anonymous) and not signature.takes(len(call.arguments)):
            wanted = _counted(signature.minimum, signature.maximum)
            found = f"{call.name} takes {wanted}, not {len(call.arguments)}; found it"
            _fail("EvaluatorInvalidArguments", found, node)
        if call.name not in AGGREGATES:
            return inside
        if not self._rows.dialect.aggregates:
            _fail(
                "UnsupportedSqlStructure", "A query on an archived object has no aggregates; found one", node
            )
        if inside:
            _fail(
                "UnsupportedSqlStructure", "An aggregate inside an aggregate is not supported; found it", node
            )
        if not self._aggregates_allowed:
            _fail("UnsupportedSqlStructure", "An aggregate in WHERE is not supported; found it", node)
        self.aggregate = True
        return True


def _path_root(node: exp.Expr) -> exp.Expr | None:
    """The term that a path starts at; None if that is a column."""
    while isinstance(node, (exp.Dot, exp.Bracket)):
        node = node.this
    return None if isinstance(node, exp.Column) else node


def _children(node: exp.Expr) -> list[exp.Expr]:
    """The operands of *node* that are no leaves; those of a whole chain of AND or OR at once."""
    if isinstance(node, (exp.And, exp.Or)):
        return [operand for operand in nodes.operands(node) if type(operand) not in _LEAVES]
    children: list[exp.Expr] = []
    for value in node.args.values():
        if isinstance(value, list):
            children += [item for item in value if type(item) not in _LEAVES]
        elif isinstance(value, exp.Expr) and type(value) not in _LEAVES:
            children.append(value)
    return children


def _counted(minimum: int, maximum: int | None) -> str:
    if maximum is None:
        return f"{minimum} or more arguments"
    counts = str(minimum) if minimum == maximum else f"{minimum} to {maximum}"
    return f"{counts} argument{'' if counts == '1' else 's'}"


def _fail(code: str, found: str, node: exp.Expr) -> NoReturn:
    place = nodes.position(node)
    raise S3SelectError(code, f"{found} at {place}.", position=place)
