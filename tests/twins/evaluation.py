"""Expressions evaluated for one row after the other: what the evaluator must agree with.

Only what SQL would evaluate is evaluated, so the first exception is the failure to report.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from s3sql.plan.expr import CsvField, Expr, ListOf, Literal, Name, RowPath
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
    Not,
    Or,
    Sign,
    SimpleCase,
)
from s3sql.types import Kind
from tests.twins import values as sql
from tests.twins.values import FALSE, MISSING, NULL, TRUE, FailedError, Value


class Row(NamedTuple):
    """One row: CSV fields by number, JSON members by name."""

    fields: Sequence[Value]
    members: Mapping[str, Value]


def evaluate(node: Expr, row: Row) -> Value:
    return globals()[f"_{type(node).__name__.lower()}"](node, row)


def first_failure(node: Expr, rows: Sequence[Row]) -> tuple[int, str] | None:
    for number, row in enumerate(rows):
        try:
            evaluate(node, row)
        except FailedError as failed:
            return number, failed.code
    return None


def _condition(node: Expr, row: Row) -> bool | None:
    value = evaluate(node, row)
    if value.known and value.kind != Kind.BOOL:
        raise FailedError("ExternalEvalException")
    return value.value


def _literal(node: Literal, row: Row) -> Value:
    return Value(node.kind, node.value)


def _csvfield(node: CsvField, row: Row) -> Value:
    return row.fields[node.number]


def _rowpath(node: RowPath, row: Row) -> Value:
    (step,) = node.steps
    assert isinstance(step, Name)
    return row.members.get(step.name, MISSING)


def _sign(node: Sign, row: Row) -> Value:
    return sql.sign(node.operator, evaluate(node.operand, row))


def _arithmetic(node: Arithmetic, row: Row) -> Value:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    return sql.arithmetic(node.operator, left, right)


def _concat(node: Concat, row: Row) -> Value:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    return sql.concat(left, right)


def _compare(node: Compare, row: Row) -> Value:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    return _compared(node.operator, node.left, left, node.right, right)


def _compared(operator: str, left_node: Expr, left: Value, right_node: Expr, right: Value) -> Value:
    left_csv, right_csv = isinstance(left_node, CsvField), isinstance(right_node, CsvField)
    if left_csv and right_csv:
        left_csv = right_csv = False
    return sql.compare(operator, left, right, left_csv, right_csv)


def _between(node: Between, row: Row) -> Value:
    operand = evaluate(node.operand, row)
    low = _compared(">=", node.operand, operand, node.low, evaluate(node.low, row))
    if low == FALSE:
        return FALSE
    high = _compared("<=", node.operand, operand, node.high, evaluate(node.high, row))
    if high == FALSE:
        return FALSE
    return TRUE if low == high == TRUE else NULL


def _in(node: In, row: Row) -> Value:
    operand = evaluate(node.operand, row)
    choices = [(choice, evaluate(choice, row)) for choice in node.choices]
    results = [_compared("=", node.operand, operand, choice, value) for choice, value in choices]
    return _any(results)


def _any(results: Sequence[Value]) -> Value:
    if TRUE in results:
        return TRUE
    return NULL if NULL in results else FALSE


def _incollection(node: InCollection, row: Row) -> Value:
    operand, collection = evaluate(node.operand, row), evaluate(node.collection, row)
    if collection.kind != Kind.LIST:
        return FALSE
    elements = json.loads(collection.value, parse_int=Decimal, parse_float=Decimal)
    nowhere = Literal(Kind.NULL, None)
    return _any([_compared("=", node.operand, operand, nowhere, _of_json(e)) for e in elements])


def _of_json(value: Any) -> Value:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return Value(Kind.BOOL, value)
    if isinstance(value, str):
        return Value(Kind.STRING, value)
    if isinstance(value, Decimal):
        return Value(Kind.DECIMAL, value)
    return Value(Kind.LIST if isinstance(value, list) else Kind.STRUCT, json.dumps(value, default=float))


def _iskind(node: IsKind, row: Row) -> Value:
    return sql.truth(evaluate(node.operand, row).kind in node.kinds)


def _cast(node: Cast, row: Row) -> Value:
    return sql.cast(evaluate(node.operand, row), node.kind)


def _and(node: And, row: Row) -> Value:
    unknown = False
    for operand in node.operands:
        truth = _condition(operand, row)
        if truth is False:
            return FALSE
        unknown |= truth is None
    return NULL if unknown else TRUE


def _or(node: Or, row: Row) -> Value:
    unknown = False
    for operand in node.operands:
        truth = _condition(operand, row)
        if truth:
            return TRUE
        unknown |= truth is None
    return NULL if unknown else FALSE


def _not(node: Not, row: Row) -> Value:
    truth = _condition(node.operand, row)
    return NULL if truth is None else sql.truth(not truth)


def _case(node: Case, row: Row) -> Value:
    for condition, result in node.branches:
        if _condition(condition, row):
            return evaluate(result, row)
    return NULL if node.default is None else evaluate(node.default, row)


def _simplecase(node: SimpleCase, row: Row) -> Value:
    operand = evaluate(node.operand, row)
    for choice, result in node.branches:
        if _compared("=", node.operand, operand, choice, evaluate(choice, row)) == TRUE:
            return evaluate(result, row)
    return NULL if node.default is None else evaluate(node.default, row)


def _call(node: Call, row: Row) -> Value:
    arguments = [evaluate(argument, row) for argument in node.arguments]
    if node.function == "COALESCE":
        return next((value for value in arguments if value.known), NULL)
    assert node.function == "NULLIF"
    equal = _compared("=", node.arguments[0], arguments[0], node.arguments[1], arguments[1])
    return arguments[0] if arguments[0].known and equal != TRUE else NULL


def _listof(node: ListOf, row: Row) -> Value:
    return Value(Kind.LIST, f"[{','.join(_json_text(evaluate(item, row)) for item in node.items)}]")


def _json_text(value: Value) -> str:
    if not value.known or (value.kind == Kind.FLOAT and not math.isfinite(value.value)):
        return "null"
    if value.kind in (Kind.STRING, Kind.TIMESTAMP):
        return json.dumps(str(value.value), ensure_ascii=False)
    return sql.text_of(value)
