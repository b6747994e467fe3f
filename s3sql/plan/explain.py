"""A plan as people and programs read it: a tree of text, and a dictionary for JSON.

In: a logical plan.  Out: text that is the same for equal plans, and changes with every part of a plan
that has an effect. Expressions are written in the dialect; columns of CSV and Parquet by number, paths from
``row``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from types import MappingProxyType
from typing import Any

from s3sql.plan.chain import chain
from s3sql.plan.expr import (
    AggregateResult,
    CsvField,
    CsvRow,
    Elements,
    Expr,
    Index,
    ListOf,
    Literal,
    Name,
    NullAsMissing,
    ParquetField,
    PathOf,
    RowPath,
    Step,
    StructOf,
)
from s3sql.plan.kinds import UNKNOWN
from s3sql.plan.logical import Aggregate, AggregateCall, Filter, Item, Limit, Plan, Project, Scan, Spread
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
    TextRange,
)
from s3sql.plan.traverse import Node, nodes
from s3sql.types import Kind


def explain(plan: Plan, found: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The plan as lines of text, each node two blanks deeper than the one it feeds.

    ``found``: what the object tells of the scan besides.
    """
    return "\n".join(f"{'  ' * depth}{line}" for depth, line in enumerate(lines(plan, found)))


def lines(plan: Plan, found: Mapping[str, Any] = MappingProxyType({})) -> tuple[str, ...]:
    """One line for each node, from the top down; as :func:`explain`, but not indented."""
    return tuple(_line(node, found) for node in nodes(plan))


def as_dictionary(
    plan: Plan, found: Mapping[str, Any] = MappingProxyType({}), work: Sequence[tuple[int, float]] = ()
) -> dict[str, Any]:
    """The plan as what ``json.dumps`` takes: a dictionary for each node, its input under ``source``.

    ``found``: what the object tells of the scan besides. ``work``: the rows and the seconds of each node,
    from the top down, once the query has run.
    """
    described: dict[str, Any] | None = None
    ran = reversed(list(work)) if work else repeat(None)
    for node, done in zip(reversed(list(nodes(plan))), ran, strict=False):
        described = (
            _described(node, found)
            | ({} if done is None else {"rows": done[0], "seconds": done[1]})
            | ({} if described is None else {"source": described})
        )
    assert described is not None, "every plan has a node"
    return described


def _line(node: Node, found: Mapping[str, Any]) -> str:
    name = type(node).__name__
    if isinstance(node, Limit):
        return f"{name} {node.count}"
    if isinstance(node, Project):
        return f"{name} {', '.join(_output(item) for item in node.items)}"
    if isinstance(node, Aggregate):
        return f"{name} {', '.join(f'#{n} = {_aggregate(call)}' for n, call in enumerate(node.calls))}"
    if isinstance(node, Filter):
        return f"{name} {' AND '.join(sql(conjunct) for conjunct in node.conjuncts)}"
    hints = {**_scan(node), **found}
    return ", ".join([f"{name} {node.format}", *(_hint(key, value) for key, value in hints.items() if value)])


def _hint(key: str, value: object) -> str:
    words = key.replace("_", " ")
    if value is True:
        return words
    if isinstance(value, dict):
        return f"{words} {' of '.join(map(str, value.values()))}"
    return f"{words} {' '.join(value) if isinstance(value, list) else value}"


def _described(node: Node, found: Mapping[str, Any]) -> dict[str, Any]:
    name = type(node).__name__.lower()
    if isinstance(node, Limit):
        return {"node": name, "count": node.count}
    if isinstance(node, Project):
        items = [
            {"name": item.name, "expression": sql(item.expression)}
            if isinstance(item, Item)
            else {"spread": sql(item.expression)}
            for item in node.items
        ]
        return {"node": name, "items": items}
    if isinstance(node, Aggregate):
        return {"node": name, "calls": [_aggregate(call) for call in node.calls]}
    if isinstance(node, Filter):
        return {"node": name, "conjuncts": [sql(conjunct) for conjunct in node.conjuncts]}
    return {"node": name, "format": node.format, **_scan(node), **found}


def _scan(scan: Scan) -> dict[str, Any]:
    """What the scan was told, without what it was not."""
    told: dict[str, Any] = {}
    if scan.path:
        told["path"] = _steps(scan.path)
    if scan.columns is not None:
        told["columns"] = [f"_{number + 1}" for number in scan.columns]
    if scan.late_columns:
        told["late columns"] = [f"_{number + 1}" for number in scan.late_columns]
    if scan.limit is not None:
        told["limit"] = scan.limit
    if scan.required_literal is not None:
        told["required_literal"] = _text(scan.required_literal.decode("utf-8", "backslashreplace"))
    return told


def _output(item: Item | Spread) -> str:
    if isinstance(item, Spread):
        return f"{_operand(item.expression)}.*"
    return f"{sql(item.expression)} AS {_name(item.name)}"


def _aggregate(call: AggregateCall) -> str:
    return f"{call.function}({'*' if call.operand is None else sql(call.operand)})"


def sql(expression: Expr) -> str:
    """The expression in the dialect, operators inside operators in parentheses."""
    first, *operators = chain(expression)
    before, behind = [], [_WRITERS[type(first)](first)]
    for number, operator in enumerate(operators):
        if number or isinstance(first, _OPERATORS):
            before.append("(")
            behind.append(")")
        if isinstance(operator, Not):
            before.append("NOT ")
        else:
            behind.append(f" {_BEHIND_LEFT[type(operator)](operator)}")
    return "".join([*reversed(before), *behind])


def _operand(expression: Expr) -> str:
    return f"({sql(expression)})" if isinstance(expression, _OPERATORS) else sql(expression)


def _list(expressions: tuple[Expr, ...]) -> str:
    return ", ".join(sql(expression) for expression in expressions)


def _literal(node: Literal) -> str:
    if node.kind in (Kind.NULL, Kind.MISSING):
        return node.kind.name
    if node.kind == Kind.STRING:
        return _text(str(node.value))
    if node.kind == Kind.BOOL:
        return str(node.value).upper()
    if isinstance(node.value, Decimal):
        text = str(node.value)
        # An int's digits alone would read as an int.
        return text if "." in text or "E" in text else f"{text}."
    if node.kind in (Kind.FLOAT, Kind.TIMESTAMP):
        return f"`{node.value}`"
    return str(node.value)


def _text(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _name(name: str) -> str:
    if name.isascii() and name.replace("_", "a").replace("$", "a").isalnum() and not name[0].isdigit():
        return name
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def _steps(steps: tuple[Step, ...]) -> str:
    return "".join(_step(step) for step in steps)


def _step(step: Step) -> str:
    if isinstance(step, Name):
        quoted = step.name.replace('"', '""')
        return f'."{quoted}"' if step.exact else f".{step.name}"
    if isinstance(step, Index):
        return f"[{step.number}]"
    return "[*]" if isinstance(step, Elements) else ".*"


def _struct(node: StructOf) -> str:
    members = zip(node.names, node.values, strict=True)
    return f"{{{', '.join(f'{_name(name)}: {sql(value)}' for name, value in members)}}}"


def _binary(node: Arithmetic | Compare) -> str:
    return f"{node.operator} {_operand(node.right)}"


def _text_range(node: TextRange) -> str:
    low, high = _text(node.low), _text(node.high)
    field = _operand(node.operand)
    return f"{low} {'<=' if node.with_low else '<'} {field} {'<=' if node.with_high else '<'} {high}"


def _like(node: Like) -> str:
    text = f"LIKE {_operand(node.pattern)}"
    return text if node.escape is None else f"{text} ESCAPE {_operand(node.escape)}"


def _is_kind(node: IsKind) -> str:
    tested = "NULL" if node.kinds == UNKNOWN else " OR ".join(sorted(kind.name for kind in node.kinds))
    return f"IS {tested}"


def _branches(branches: tuple[tuple[Expr, Expr], ...], default: Expr | None) -> str:
    whens = " ".join(f"WHEN {sql(condition)} THEN {sql(result)}" for condition, result in branches)
    return f"{whens} END" if default is None else f"{whens} ELSE {sql(default)} END"


_OPERATORS = (
    And, Arithmetic, Between, Compare, Concat, In, InCollection, IsKind, Like, Not, NullAsMissing, Or, Sign,
    TextRange,
)  # fmt: skip

_WRITERS: dict[type[Expr], Callable[[Any], str]] = {
    Literal: _literal,
    CsvField: lambda node: f"_{node.number + 1}",
    CsvRow: lambda node: "row",
    ParquetField: lambda node: f"_{node.number + 1}",
    NullAsMissing: lambda node: f"{_operand(node.operand)} or MISSING",
    RowPath: lambda node: f"row{_steps(node.steps)}",
    PathOf: lambda node: f"({sql(node.base)}){_steps(node.steps)}",
    ListOf: lambda node: f"[{_list(node.items)}]",
    StructOf: _struct,
    Sign: lambda node: f"{node.operator}{_operand(node.operand)}",
    TextRange: _text_range,
    And: lambda node: " AND ".join([_operand(operand) for operand in node.operands]),
    Or: lambda node: " OR ".join([_operand(operand) for operand in node.operands]),
    Case: lambda node: f"CASE {_branches(node.branches, node.default)}",
    SimpleCase: lambda node: f"CASE {sql(node.operand)} {_branches(node.branches, node.default)}",
    Cast: lambda node: f"CAST({sql(node.operand)} AS {node.kind.name})",
    Call: lambda node: f"{node.function}({_list(node.arguments)})",
    AggregateResult: lambda node: f"#{node.number}",
}

#: What an operator of a chain writes behind its left operand.
_BEHIND_LEFT: dict[type[Expr], Callable[[Any], str]] = {
    Arithmetic: _binary,
    Concat: lambda node: f"|| {_operand(node.right)}",
    Compare: _binary,
    Between: lambda node: f"BETWEEN {_operand(node.low)} AND {_operand(node.high)}",
    In: lambda node: f"IN ({_list(node.choices)})",
    InCollection: lambda node: f"IN {_operand(node.collection)}",
    Like: _like,
    IsKind: _is_kind,
}
