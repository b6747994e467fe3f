"""The evaluator: a bound expression over a batch of rows gives a column.

In: an expression and a batch.  Out: one value per row. A failing row is reported to the batch, with the
place of the operator in the query, and is NULL.

Each class of node has one small function in the table at the end. Operators live in
:mod:`s3sql.functions`; what decides which rows are evaluated is :mod:`s3sql.exec.logic`. Here is how
operands reach them: evaluated once, left to right, with the sign of a bare CSV column.

Sources: AWS S3 User Guide, SQL reference; PartiQL v0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, Protocol, cast

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.exec import logic
from s3sql.exec.membership import Choice, in_choices, in_collection
from s3sql.exec.verdicts import Evaluate
from s3sql.formats import json_paths
from s3sql.formats.batch import Batch
from s3sql.functions import registry
from s3sql.functions.arithmetic import arithmetic, sign
from s3sql.functions.collections import json_text, list_of, struct_of
from s3sql.functions.comparison import (
    compare,
    equals,
    falses,
    in_text_range,
    read_number,
    trues,
    truth_column,
)
from s3sql.functions.concatenation import concatenate
from s3sql.functions.constants import constant
from s3sql.functions.conversion import cast as cast_column
from s3sql.functions.like import like
from s3sql.functions.registry import Fail
from s3sql.payloads import Mask
from s3sql.plan.chain import chain
from s3sql.plan.expr import (
    AggregateResult,
    CsvField,
    CsvRow,
    Elements,
    Expr,
    ListOf,
    Literal,
    Members,
    NullAsMissing,
    ParquetField,
    PathOf,
    RowPath,
    StructOf,
)
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
from s3sql.types import NUMBERS, Column, Kind


class _AggregateBatch(Protocol):
    """The one row of an aggregate query."""

    def aggregate(self, number: int) -> Column:
        """The value of aggregate *number* of the plan."""
        ...


def evaluate(expression: Expr, batch: Batch) -> Column:
    """The value of *expression* in every row of *batch*; failures are reported to the batch."""
    first, *operators = chain(expression)
    value = _EVALUATORS[type(first)](first, batch)
    for operator, run in groupby(operators, type):
        if operator is Concat:
            value = _concat(cast("Iterable[Concat]", run), value, batch)
            continue
        for node in run:
            value = _OPERATORS[operator](node, value, batch)
    return value


def filter_batch(conjuncts: tuple[Expr, ...], batch: Batch) -> Batch:
    """The rows of *batch* for which every conjunct is TRUE.

    The conjuncts are judged left to right, each only for the rows that the ones before it kept. Once a row
    has failed, the rows from it on are left out: the query ends there.
    """
    return logic.filter_batch(conjuncts, batch, evaluate)


def _fail_at(node: Expr, batch: Batch) -> Fail:
    """Reports failures to the batch, with the node's place in the query."""

    def fail(where: Mask, error: S3SelectError) -> None:
        if error.position is None:
            error.position = node.position
        batch.fail(where, error)

    return fail


# --- values -----------------------------------------------------------------------------------------------


def _literal(node: Literal, batch: Batch) -> Column:
    return constant(node.kind, node.value, batch.length)


def _field(node: CsvField | ParquetField, batch: Batch) -> Column:
    return batch.field(node.number)


def _null_as_missing(node: NullAsMissing, batch: Batch) -> Column:
    column = evaluate(node.operand, batch)
    if column.tags is None:
        return Column.unknown(Kind.MISSING, column.length) if column.kind == Kind.NULL else column
    tags = np.where(column.tags == int(Kind.NULL), np.uint8(Kind.MISSING), column.tags)
    return Column.tagged(tags, column.parts, column.spelling)


def _csv_row(node: CsvRow, batch: Batch) -> Column:
    return batch.row()


def _row_path(node: RowPath, batch: Batch) -> Column:
    return batch.path(node.steps) if node.steps else batch.row()


def _path_of(node: PathOf, batch: Batch) -> Column:
    base = evaluate(node.base, batch)
    tags = base.tag_array()
    # A wildcard over a scalar is a collection of it; any other step has nothing to go to.
    opens_scalars = isinstance(node.steps[0], (Elements, Members))
    rows = np.flatnonzero(tags >= (Kind.NULL if opens_scalars else Kind.LIST))
    missing = Column.unknown(Kind.MISSING, batch.length)
    if not len(rows):
        return missing
    selected = batch.take(rows)
    found = json_paths.resolve(json_text(base.take(rows)), node.steps, _fail_at(node, selected))
    if len(rows) == batch.length:
        return found
    others = np.setdiff1d(np.arange(batch.length), rows)
    return Column.interleave(batch.length, [(rows, found), (others, missing.take(others))])


def _list_of(node: ListOf, batch: Batch) -> Column:
    return list_of([evaluate(item, batch) for item in node.items], batch.length, _fail_at(node, batch))


def _struct_of(node: StructOf, batch: Batch) -> Column:
    return struct_of(node.names, [evaluate(value, batch) for value in node.values], batch.length)


def _aggregate_result(node: AggregateResult, batch: Batch) -> Column:
    return cast("_AggregateBatch", batch).aggregate(node.number)


# --- operators behind the value of their left operand -----------------------------------------------------


def _arithmetic(node: Arithmetic, left: Column, batch: Batch) -> Column:
    return arithmetic(node.operator, left, evaluate(node.right, batch), _fail_at(node, batch))


def _concat(run: Iterable[Concat], left: Column, batch: Batch) -> Column:
    """A run of ``||`` together, so that its text is not copied once more for each of them."""
    return concatenate(left, ((evaluate(node.right, batch), _fail_at(node, batch)) for node in run))


def _compare(node: Compare, left: Column, batch: Batch) -> Column:
    return compare(
        node.operator,
        left,
        evaluate(node.right, batch),
        _fail_at(node, batch),
        left_csv=isinstance(node.left, CsvField),
        right_csv=isinstance(node.right, CsvField),
    )


def _between(node: Between, operand: Column, batch: Batch) -> Column:
    """``operand >= low AND operand <= high``: the second half only where the first is not FALSE."""
    left_csv = isinstance(node.operand, CsvField)
    if left_csv and _is_number(node.low) and _is_number(node.high):
        operand, left_csv = read_number(operand, Kind.NULL), False  # once for both halves

    def half(operator: str, bound: Expr, side: Batch, value: Column) -> Column:
        right_csv = isinstance(bound, CsvField)
        fail = _fail_at(node, side)
        return compare(operator, value, evaluate(bound, side), fail, left_csv=left_csv, right_csv=right_csv)

    low = half(">=", node.low, batch, operand)
    false, unknown = falses(low), ~low.known()
    if node.safe and not node.high.fallible:
        high = half("<=", node.high, batch, operand)
        false |= falses(high)
        unknown |= ~high.known()
    else:
        rows = np.flatnonzero(~false)
        high = half("<=", node.high, batch.take(rows), operand.take(rows))
        false[rows] = falses(high)
        unknown[rows] |= ~high.known()
    return truth_column(~false, false | ~unknown)


def _is_number(node: Expr) -> bool:
    return isinstance(node, Literal) and node.kind in NUMBERS


def _in(node: In, operand: Column, batch: Batch) -> Column:
    choices = [_choice(choice, batch) for choice in node.choices]
    return in_choices(operand, isinstance(node.operand, CsvField), choices)


def _choice(choice: Expr, batch: Batch) -> Choice:
    """Literal texts stay as they are: they are looked up together."""
    if isinstance(choice, Literal) and isinstance(choice.value, str):
        return choice.value
    return evaluate(choice, batch), isinstance(choice, CsvField)


def _in_collection(node: InCollection, operand: Column, batch: Batch) -> Column:
    collection = evaluate(node.collection, batch)
    return in_collection(operand, isinstance(node.operand, CsvField), collection, _fail_at(node, batch))


def _like(node: Like, operand: Column, batch: Batch) -> Column:
    pattern = evaluate(node.pattern, batch)
    escape = None if node.escape is None else evaluate(node.escape, batch)
    return like(operand, pattern, escape, _fail_at(node, batch))


def _is_kind(node: IsKind, operand: Column, batch: Batch) -> Column:
    if operand.kind is not None:
        return truth_column(np.full(batch.length, operand.kind in node.kinds))
    wanted = np.zeros(max(Kind) + 1, np.bool_)
    wanted[[int(kind) for kind in node.kinds]] = True
    return truth_column(wanted[operand.tag_array()])


# --- other operators and calls ----------------------------------------------------------------------------


def _sign(node: Sign, batch: Batch) -> Column:
    return sign(node.operator, evaluate(node.operand, batch), _fail_at(node, batch))


def _text_range(node: TextRange, batch: Batch) -> Column:
    column = evaluate(node.operand, batch)
    return in_text_range(column, node.low, node.high, with_low=node.with_low, with_high=node.with_high)


def _cast(node: Cast, batch: Batch) -> Column:
    return cast_column(evaluate(node.operand, batch), node.kind, _fail_at(node, batch))


def _call(node: Call, batch: Batch) -> Column:
    if node.function == "NULLIF":
        return _nullif(node, batch)
    arguments = [evaluate(argument, batch) for argument in node.arguments]
    return registry.function(node.function)(arguments, _fail_at(node, batch))


def _nullif(node: Call, batch: Batch) -> Column:
    """The first argument, NULL where it equals the second; here, since ``=`` asks for bare CSV columns."""
    first, second = (evaluate(argument, batch) for argument in node.arguments)
    equal = trues(equals(first, second, *(isinstance(argument, CsvField) for argument in node.arguments)))
    return Column.tagged(
        np.where(equal | ~first.known(), np.uint8(Kind.NULL), first.tag_array()), first.parts
    )


# --- the tables -------------------------------------------------------------------------------------------


def _lazy(form: Callable[[Any, Batch, Evaluate], Column]) -> Callable[[Any, Batch], Column]:
    return lambda node, batch: form(node, batch, evaluate)


_EVALUATORS: dict[type[Expr], Callable[[Any, Batch], Column]] = {
    Literal: _literal,
    CsvField: _field,
    ParquetField: _field,
    NullAsMissing: _null_as_missing,
    CsvRow: _csv_row,
    RowPath: _row_path,
    PathOf: _path_of,
    ListOf: _list_of,
    StructOf: _struct_of,
    AggregateResult: _aggregate_result,
    Sign: _sign,
    TextRange: _text_range,
    Cast: _cast,
    Call: _call,
    And: _lazy(logic.evaluate_and),
    Or: _lazy(logic.evaluate_or),
    Case: _lazy(logic.evaluate_case),
    SimpleCase: _lazy(logic.evaluate_simple_case),
}

#: The operators of a chain but for ``||``.
_OPERATORS: dict[type[Expr], Callable[[Any, Column, Batch], Column]] = {
    Arithmetic: _arithmetic,
    Compare: _compare,
    Between: _between,
    In: _in,
    InCollection: _in_collection,
    Like: _like,
    IsKind: _is_kind,
    Not: logic.evaluate_not,
}
