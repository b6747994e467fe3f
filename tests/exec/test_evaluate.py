from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.errors import Position
from s3sql.exec.evaluate import evaluate, filter_batch
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.functions.constants import constant
from s3sql.payloads import Rows
from s3sql.plan.chain import LEFT_SLOTS
from s3sql.plan.expr import (
    AggregateResult,
    CsvField,
    CsvRow,
    Elements,
    Expr,
    Index,
    ListOf,
    Literal,
    Members,
    Name,
    PathOf,
    RowPath,
    Step,
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
)
from s3sql.types import Column, Kind
from tests.twins import evaluation as twin
from tests.twins import strategies as some
from tests.twins.evaluation import Row
from tests.twins.values import FALSE, MISSING, NULL, TRUE, FailedError, Value, column_of, values_of

FIELDS = 2
MEMBERS = "abc"
TARGETS = [Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.DECIMAL, Kind.STRING]


class RowsOfValues(Batch):
    """Rows of Python values, CSV fields and JSON members alike; counts what it is asked for."""

    def __init__(self, table: Sequence[Row], rows: Rows | None = None, failure: FirstFailure | None = None):
        super().__init__(np.arange(len(table)) if rows is None else rows, failure or FirstFailure())
        self.table = table
        self.asked: list[tuple[str, list[int]]] = []

    def take(self, rows: Rows) -> RowsOfValues:
        narrower = RowsOfValues(self.table, self.rows[rows], self.failure)
        narrower.asked = self.asked
        return narrower

    def field(self, number: int) -> Column:
        self.asked.append((f"_{number + 1}", self.rows.tolist()))
        return column_of([self.table[row].fields[number] for row in self.rows])

    def row(self) -> Column:
        return column_of([Value(Kind.STRUCT, '{"row":1}')] * self.length)

    def path(self, steps: tuple[Step, ...]) -> Column:
        (step,) = steps
        assert isinstance(step, Name)
        return column_of([self.table[row].members.get(step.name, MISSING) for row in self.rows])


def fields(*columns: Sequence[str | None]) -> RowsOfValues:
    """A CSV batch; None where a row is too short."""
    values = [
        [NULL if field is None else Value(Kind.STRING, field) for field in column] for column in columns
    ]
    return RowsOfValues([Row(row, {}) for row in zip(*values, strict=True)])


def literal(value: object) -> Literal:
    kinds = {bool: Kind.BOOL, int: Kind.INT, float: Kind.FLOAT, Decimal: Kind.DECIMAL, str: Kind.STRING}
    return Literal(Kind.NULL if value is None else kinds[type(value)], value)


_1, _2 = CsvField(0), CsvField(1)


def as_int(operand: Expr) -> Cast:
    return Cast(operand, Kind.INT)


# --- any expression ---------------------------------------------------------------------------------------

fields_ = some.text_values | st.just(NULL)
tables = st.lists(
    st.builds(
        Row,
        st.lists(fields_, min_size=FIELDS, max_size=FIELDS),
        st.dictionaries(st.sampled_from(MEMBERS), some.values),
    ),
    max_size=6,
)

leaves: st.SearchStrategy[Expr] = (
    st.builds(CsvField, st.integers(0, FIELDS - 1))
    | st.sampled_from(MEMBERS).map(lambda name: RowPath((Name(name),)))
    | some.scalars.map(lambda value: Literal(value.kind, value.value))
)
comparisons = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def compound(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    few = st.lists(inner, min_size=1, max_size=3).map(tuple)
    pairs = st.lists(st.tuples(inner, inner), min_size=1, max_size=2).map(tuple)
    default = st.none() | inner
    conditions = (
        st.builds(Compare, comparisons, inner, inner)
        | st.builds(Between, inner, inner, inner)
        | st.builds(In, inner, few)
        | st.builds(InCollection, inner, inner | st.builds(ListOf, few))
        | st.builds(IsKind, inner, st.frozensets(st.sampled_from(list(Kind)), min_size=1, max_size=2))
    )
    conditions |= st.builds(And, st.lists(conditions | inner, min_size=2, max_size=3).map(tuple))
    conditions |= st.builds(Or, st.lists(conditions | inner, min_size=2, max_size=3).map(tuple))
    conditions |= st.builds(Not, conditions | inner)
    branches = st.lists(st.tuples(conditions, inner), min_size=1, max_size=2).map(tuple)
    return (
        conditions
        | st.builds(Case, branches, default)
        | st.builds(SimpleCase, inner, pairs, default)
        | st.builds(Arithmetic, st.sampled_from("+-*/%"), inner, inner)
        | st.builds(Sign, st.sampled_from("+-"), inner)
        | st.builds(Cast, inner, st.sampled_from(TARGETS))
        | st.builds(Concat, inner, inner)
        | st.builds(ListOf, few)
        | st.builds(Call, st.just("COALESCE"), few)
        | st.builds(Call, st.just("NULLIF"), st.tuples(inner, inner))
    )


any_expressions = st.recursive(leaves, compound, max_leaves=8)

# Expressions that make sense: they fail for some rows only, when a text is no number or a divisor is zero,
# so that it matters which rows are asked.

digits = st.sampled_from(["", "x", "0", "1", "2", "10"])
sensible_tables = st.lists(
    st.builds(
        Row,
        st.lists(digits.map(lambda text: Value(Kind.STRING, text)), min_size=FIELDS, max_size=FIELDS),
        st.just({}),
    ),
    max_size=6,
)
sensible_fields = st.builds(CsvField, st.integers(0, FIELDS - 1))


@st.composite
def sensible_numbers(draw: st.DrawFn, depth: int) -> Expr:
    numbers = sensible_numbers(depth - 1)
    form = draw(st.integers(0, 4 if depth else 0))
    if form == 0:
        return draw(sensible_fields.map(as_int) | st.sampled_from([0, 1, 2, 10]).map(literal))
    if form == 1:
        return Arithmetic(draw(st.sampled_from("+/")), draw(numbers), draw(numbers))
    if form == 2:
        branches = draw(st.lists(st.tuples(sensible_conditions(depth - 1), numbers), min_size=1, max_size=2))
        return Case(tuple(branches), draw(st.none() | numbers))
    if form == 3:
        values = draw(st.lists(st.tuples(digits.map(literal) | numbers, numbers), min_size=1, max_size=2))
        return SimpleCase(draw(sensible_fields | numbers), tuple(values), draw(st.none() | numbers))
    return Call("COALESCE", (draw(numbers), draw(numbers)))


@st.composite
def sensible_conditions(draw: st.DrawFn, depth: int) -> Expr:
    numbers = sensible_numbers(max(0, depth - 1))
    form = draw(st.integers(0, 6 if depth else 3))
    if form == 0:
        return Compare(draw(st.sampled_from(["=", "<>"])), draw(sensible_fields), draw(digits.map(literal)))
    if form == 1:
        return Compare(draw(comparisons), draw(numbers), draw(sensible_fields | numbers))
    if form == 2:
        return Between(draw(sensible_fields | numbers), draw(numbers), draw(numbers))
    if form == 3:
        choices = draw(st.lists(digits.map(literal) | numbers, min_size=1, max_size=3))
        return In(draw(sensible_fields), tuple(choices))
    if form == 4:
        return Not(draw(sensible_conditions(depth - 1)))
    operands = tuple(draw(st.lists(sensible_conditions(depth - 1), min_size=2, max_size=3)))
    return And(operands) if form == 5 else Or(operands)


def check(expression: Expr, table: list[Row]) -> None:
    batch = RowsOfValues(table)
    got = values_of(evaluate(expression, batch))
    failure = batch.failure
    found = None if failure.row is None or failure.error is None else (failure.row, failure.error.code)
    assert found == twin.first_failure(expression, table)
    for row, value in zip(table, got, strict=True):
        try:
            expected = twin.evaluate(expression, row)
        except FailedError:
            continue
        assert expected.same(value), (row, expected, value)


@settings(max_examples=250, deadline=None)
@given(any_expressions, tables)
def test_any_expression_agrees_with_row_by_row_evaluation(expression: Expr, table: list[Row]) -> None:
    check(expression, table)


_few = st.lists(leaves, min_size=1, max_size=2).map(tuple)
texts = leaves.map(lambda leaf: Cast(leaf, Kind.STRING))
numbers = leaves.map(as_int)
#: Operators behind a column, to be put behind something else.
links: st.SearchStrategy[Expr] = st.one_of(
    st.builds(Concat, st.just(_1), leaves),
    st.builds(Concat, st.just(_1), texts),
    st.builds(Arithmetic, st.sampled_from("+-*/%"), st.just(_1), leaves | numbers),
    st.builds(Compare, comparisons, st.just(_1), leaves),
    st.builds(Between, st.just(_1), leaves, leaves),
    st.builds(In, st.just(_1), _few),
    st.builds(InCollection, st.just(_1), leaves | st.builds(ListOf, _few)),
    st.builds(IsKind, st.just(_1), st.frozensets(st.sampled_from(list(Kind)), min_size=1, max_size=2)),
    st.builds(Not, st.just(_1)),
)


def linked(first: Expr, behind: list[Expr]) -> Expr:
    for link in behind:
        first = replace(link, **{LEFT_SLOTS[type(link)]: first})
    return first


chains = st.builds(linked, leaves | texts | numbers, st.lists(links, min_size=2, max_size=10))


@settings(max_examples=200, deadline=None)
@given(chains, tables)
def test_a_chain_agrees_with_row_by_row_evaluation(expression: Expr, table: list[Row]) -> None:
    check(expression, table)


def test_a_run_of_concatenations_fails_from_left_to_right() -> None:
    batch = fields(["a", "b"])
    chain: Expr = _1
    parts: list[Expr] = [literal("b"), literal(1), as_int(_1), literal("c")]
    for number, part in enumerate(parts):
        chain = Concat(chain, part, position=Position(1, number))
    assert values_of(evaluate(chain, batch)) == [NULL, NULL]
    assert batch.failure.error is not None
    assert batch.failure.error.position == Position(1, 1)


@settings(max_examples=250, deadline=None)
@given(sensible_conditions(2) | sensible_numbers(2), sensible_tables)
def test_only_what_is_asked_for_fails(expression: Expr, table: list[Row]) -> None:
    check(expression, table)


@settings(max_examples=200, deadline=None)
@given(st.lists(sensible_conditions(1), min_size=1, max_size=3).map(tuple), sensible_tables)
def test_where_keeps_the_rows_before_the_first_failure(conjuncts: tuple[Expr, ...], table: list[Row]) -> None:
    batch = RowsOfValues(table)
    kept = filter_batch(conjuncts, batch).rows.tolist()
    expected, failed = [], None
    for number, row in enumerate(table):
        try:
            # Unlike AND, WHERE stops at an unknown conjunct as well: the row is rejected.
            if all(_is_true(conjunct, row) for conjunct in conjuncts):
                expected.append(number)
        except FailedError as failure:
            failed = (number, failure.code)
            break
    assert kept == expected
    error = batch.failure.error
    assert (None if error is None else (batch.failure.row, error.code)) == failed


def _is_true(conjunct: Expr, row: Row) -> bool:
    return twin.evaluate(And((conjunct, literal(True))), row) == TRUE


# --- what is evaluated ------------------------------------------------------------------------------------


def test_and_does_not_cast_the_rows_it_has_decided() -> None:
    batch = fields(["7", "", "2"])
    condition = And((Compare("<>", _1, literal("")), Compare(">", as_int(_1), literal(5))))
    assert values_of(evaluate(condition, batch)) == [TRUE, FALSE, FALSE]
    assert batch.failure.row is None
    assert batch.asked == [("_1", [0, 1, 2]), ("_1", [0, 2])]


def test_an_operand_that_cannot_fail_is_evaluated_for_all_rows() -> None:
    batch = fields(["7", "", "2"])
    evaluate(Or((Compare("=", _1, literal("7")), Compare("=", _1, literal("2")))), batch)
    assert batch.asked == [("_1", [0, 1, 2])] * 2


def test_nothing_more_is_evaluated_once_every_row_is_decided() -> None:
    batch = fields(["7", "8"])
    assert values_of(evaluate(Or((literal(True), Compare("=", as_int(_1), literal(1)))), batch)) == [
        TRUE,
        TRUE,
    ]
    assert batch.asked == []


def test_case_evaluates_only_the_branch_it_takes() -> None:
    batch = fields(["7", "", "x"])
    expression = SimpleCase(_1, ((literal(""), literal(None)),), as_int(_1))
    assert values_of(evaluate(expression, batch)) == [Value(Kind.INT, 7), NULL, NULL]
    assert batch.failure.row == 2
    assert batch.failure.error is not None
    assert batch.failure.error.code == "CastFailed"


def test_where_narrows_conjunct_by_conjunct() -> None:
    batch = fields(["1", "", "5", "9"], ["a", "a", "b", "b"])
    number = Compare(">", as_int(_1), literal(3))
    conjuncts = (Compare("<>", _1, literal("")), number, Compare("=", _2, literal("b")))
    assert filter_batch(conjuncts, batch).rows.tolist() == [2, 3]
    assert batch.failure.row is None


def test_a_condition_must_be_boolean() -> None:
    batch = fields(["a", None])
    assert filter_batch((_1,), batch).rows.tolist() == []
    assert batch.failure.error is not None
    assert batch.failure.error.code == "ExternalEvalException"
    assert "type STRING" in batch.failure.error.message


def test_failures_know_the_place_of_their_operator() -> None:
    batch = fields(["a"])
    place = Position(1, 30)
    evaluate(Arithmetic("+", _1, literal(1), position=place), batch)
    assert batch.failure.error is not None
    assert batch.failure.error.position == place


def test_failures_of_a_narrower_batch_are_reported_for_the_right_row() -> None:
    batch = fields(["1", "2", "x"], ["n", "y", "y"])
    evaluate(And((Compare("=", _2, literal("y")), Compare("=", as_int(_1), literal(2)))), batch)
    assert batch.failure.row == 2


# --- nodes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (PathOf(ListOf((literal(1), literal("b"))), (Index(1),)), Value(Kind.STRING, "b")),
        (PathOf(literal("text"), (Index(0),)), MISSING),
        (PathOf(literal(None), (Name("x"),)), MISSING),
        (PathOf(literal(5), (Elements(),)), Value(Kind.LIST, "[5]")),
        (PathOf(RowPath(()), (Name("row"),)), Value(Kind.INT, 1)),
        (RowPath(()), Value(Kind.STRUCT, '{"row":1}')),
        (CsvRow(), Value(Kind.STRUCT, '{"row":1}')),
        (Like(literal("abc"), literal("a%")), TRUE),
        (Like(literal("a%c"), literal("a!%c"), literal("!")), TRUE),
        (In(literal(1), ()), FALSE),
        (InCollection(literal(1), literal(None)), FALSE),
        (InCollection(literal(None), ListOf(())), FALSE),
        (InCollection(literal(3), ListOf((literal(Decimal("3.0")),))), TRUE),
        (Call("CHAR_LENGTH", (literal("né"),)), Value(Kind.INT, 2)),
        (Call("NULLIF", (literal(Decimal("1.0")), literal(1))), NULL),
        (Call("NULLIF", (literal(1), literal("1"))), Value(Kind.INT, 1)),
    ],
)
def test_nodes(expression: Expr, expected: Value) -> None:
    batch = fields(["", ""])
    assert values_of(evaluate(expression, batch)) == [expected, expected]
    assert batch.failure.row is None


def test_a_wildcard_over_scalars_beside_other_kinds() -> None:
    table = [Row([], {"a": Value(Kind.LIST, "[1,2]")}), Row([], {}), Row([], {"a": Value(Kind.STRING, 'q"')})]
    found = evaluate(PathOf(RowPath((Name("a"),)), (Elements(),)), RowsOfValues(table))
    assert values_of(found) == [Value(Kind.LIST, "[1,2]"), MISSING, Value(Kind.LIST, '["q\\""]')]


def test_members_of_a_computed_struct() -> None:
    found = evaluate(PathOf(RowPath(()), (Members(),)), fields(["x"]))
    assert values_of(found) == [Value(Kind.LIST, "[1]")]


def test_in_reads_a_csv_column_as_text_and_as_number() -> None:
    batch = fields(["1", "01", "x", "1.0", None])
    found = evaluate(In(_1, (literal(1), literal("x"), as_int(literal("7")))), batch)
    assert values_of(found) == [TRUE, TRUE, TRUE, TRUE, NULL]


def test_aggregate_results_come_from_the_batch() -> None:
    class Aggregated(RowsOfValues):
        def aggregate(self, number: int) -> Column:
            return constant(Kind.INT, 10 * number, 1)

    batch = Aggregated([Row([], {})])
    found = evaluate(Arithmetic("+", AggregateResult(1), AggregateResult(2)), batch)
    assert values_of(found) == [Value(Kind.INT, 30)]
