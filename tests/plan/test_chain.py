"""Chains of operators: planned as nested operators are, at any length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.plan.binder import bind
from s3sql.plan.chain import chain
from s3sql.plan.explain import as_dictionary, explain, sql
from s3sql.plan.expr import CsvField, Expr, ListOf, Literal
from s3sql.plan.kinds import known_kinds, possible_kinds
from s3sql.plan.logical import Aggregate, Filter, Item, Plan, Project
from s3sql.plan.operators import (
    Arithmetic,
    Between,
    Case,
    Compare,
    Concat,
    In,
    InCollection,
    IsKind,
    Like,
    Not,
    Sign,
)
from s3sql.plan.rules import optimize
from s3sql.plan.schema import CsvSchema, JsonSchema
from s3sql.plan.traverse import rewrite, shape, walk
from s3sql.sql.parser import parse
from s3sql.types import Kind

#: Far more operators than Python has room for calls.
MANY = 3000
B, LIKE = "||'b'", " LIKE 'x'"

STEPS = {
    "s.a": [
        *("+s.b", "||s.b", "=s.b", "<s.b", " LIKE s.b", " LIKE 'x' ESCAPE 'y'", " IN (1, s.b)", " IN s.b"),
        *(
            " IS NULL",
            " IS NOT NULL",
            " NOT IN (1)",
            " BETWEEN s.b AND 1",
            "-s.b+s.a*2",
            "=s.b IS NULL IN s.a",
        ),
    ],
    "_1": ["||'x'", "=_2", "<'x'", " IS NOT NULL=_2", " LIKE 'x'"],
    "CAST(_1 AS INT)": ["+1", "*_2", " IS NULL"],
}


def planned(text: str) -> Plan:
    return bind(parse(text), JsonSchema() if "s.a" in text else CsvSchema())


def expression(plan: Plan) -> Expr:
    assert isinstance(plan, Project)
    item = plan.items[0]
    assert isinstance(item, Item)
    return item.expression


@pytest.mark.parametrize(
    ("first", "step"), [(first, step) for first, steps in STEPS.items() for step in steps]
)
def test_operators_in_a_row_are_planned(first: str, step: str) -> None:
    text = first + step * MANY
    selected = planned(f"SELECT {text} FROM S3Object s")
    assert len(chain(expression(selected))) > MANY
    optimized = optimize(selected)
    assert explain(optimized)
    assert as_dictionary(optimized)
    # Where a condition is ordered by its cost.
    filtered = optimize(planned(f"SELECT 'x' FROM S3Object s WHERE ({text}) IS MISSING AND 1 = 1"))
    assert explain(filtered)


def test_a_chain_of_constants_is_one() -> None:
    plan = optimize(planned(f"SELECT 1{'-1+2*3' * MANY} FROM S3Object"))
    assert expression(plan) == Literal(Kind.INT, 1 + 5 * MANY)
    plan = optimize(planned(f"SELECT 'a'{B * MANY}||_1||'c'||'d' FROM S3Object"))
    assert sql(expression(plan)) == f"(('a{'b' * MANY}' || _1) || 'c') || 'd'"


def test_a_constant_that_fails_stays_at_its_place() -> None:
    plan = optimize(planned(f"SELECT 1+1/0{'+1' * MANY} FROM S3Object"))
    assert sql(chain(expression(plan))[1]) == "1 + (1 / 0)"
    operators = chain(expression(plan))[1:]
    assert [operator.position.column for operator in operators if operator.position] == [
        9 if number == 0 else 11 + 2 * number for number in range(MANY + 1)
    ]


def test_equal_aggregates_over_chains_are_computed_once() -> None:
    text = f"s.a{'+1' * MANY}"
    plan = planned(f"SELECT SUM({text}), SUM({text}) - AVG({text}), SUM({text}+1) FROM S3Object s")
    assert isinstance(plan, Project)
    assert isinstance(plan.source, Aggregate)
    assert [call.function for call in plan.source.calls] == ["SUM", "AVG", "SUM"]


def test_a_condition_is_never_text() -> None:
    # The binder asks at every LIKE; looking through all before it would take the square of the time.
    plan = planned(f"SELECT 'x' FROM S3Object WHERE _1{LIKE * MANY}")
    assert isinstance(plan, Project)
    assert isinstance(plan.source, Filter)
    likes = chain(plan.source.conjuncts[0])[1:]
    assert [isinstance(like, Like) and like.safe for like in likes] == [True] + [False] * (MANY - 1)


# --- against recursion ------------------------------------------------------------------------------------

leaves: st.SearchStrategy[Expr] = (
    st.builds(CsvField, st.integers(0, 2))
    | st.builds(Literal, st.just(Kind.INT), st.integers(0, 2))
    | st.builds(Literal, st.just(Kind.STRING), st.sampled_from("ab"))
    | st.sampled_from([Literal(Kind.NULL, None), Literal(Kind.BOOL, True), Literal(Kind.MISSING, None)])
)
kinds = st.sampled_from([frozenset({Kind.NULL, Kind.MISSING}), frozenset({Kind.INT})])


def operators(left: st.SearchStrategy[Expr], inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return (
        st.builds(Arithmetic, st.sampled_from("+*"), left, inner)
        | st.builds(Concat, left, inner)
        | st.builds(Compare, st.sampled_from(["=", "<"]), left, inner)
        | st.builds(Between, left, inner, inner)
        | st.builds(Like, left, inner, st.none() | inner)
        | st.builds(In, left, st.lists(inner, min_size=1, max_size=2).map(tuple))
        | st.builds(InCollection, left, inner)
        | st.builds(IsKind, left, kinds)
        | st.builds(Not, left)
    )


def compound(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return (
        operators(operators(inner, leaves), leaves)
        | operators(inner, inner)
        | st.builds(ListOf, st.lists(inner, max_size=2).map(tuple))
        | st.builds(Sign, st.just("-"), inner)
        | st.builds(
            Case, st.lists(st.tuples(inner, inner), min_size=1, max_size=2).map(tuple), st.none() | inner
        )
    )


expressions = st.recursive(leaves, compound, max_leaves=8)


def recursive_walk(part: Expr) -> list[Expr]:
    return [part, *(deeper for child in part.children() for deeper in recursive_walk(child))]


def children_first(part: Expr) -> list[Expr]:
    return [*(deeper for child in part.children() for deeper in children_first(child)), part]


@given(expressions)
def test_the_left_side_leads_to_what_is_no_operator(whole: Expr) -> None:
    first, *behind = chain(whole)
    assert chain(first) == [first]
    for left, operator in zip([first, *behind], behind, strict=False):
        assert next(operator.children()) is left
    assert (behind[-1] if behind else first) is whole


@given(expressions)
def test_walking_is_in_order(whole: Expr) -> None:
    assert list(walk(whole)) == recursive_walk(whole)


@given(expressions, expressions)
def test_shapes_are_equal_where_expressions_are(one: Expr, other: Expr) -> None:
    assert (shape(one) == shape(other)) is (one == other)
    assert hash(shape(one)) == hash(shape(rewrite(one, lambda part: part)))


@given(expressions)
def test_rewriting_changes_every_part_children_first(whole: Expr) -> None:
    seen: list[Expr] = []

    def same(part: Expr) -> Expr:
        seen.append(part)
        return part

    assert rewrite(whole, same) is whole
    assert list(map(id, seen)) == list(map(id, children_first(whole)))
    renumbered = rewrite(
        whole, lambda part: CsvField(part.number + 9) if isinstance(part, CsvField) else part
    )
    expected = [CsvField(part.number + 9) for part in walk(whole) if isinstance(part, CsvField)]
    assert [part for part in walk(renumbered) if isinstance(part, CsvField)] == expected


@given(expressions)
def test_an_expression_can_fail_if_an_operand_can(whole: Expr) -> None:
    assert whole.fallible or not any(part.fallible for part in walk(whole))


@given(expressions)
def test_known_kinds_are_the_possible_ones_but_unknown(whole: Expr) -> None:
    assert known_kinds(whole) == possible_kinds(whole) - {Kind.NULL, Kind.MISSING}


@given(expressions)
def test_explained_operators_nest_in_parentheses(whole: Expr) -> None:
    first, *behind = chain(whole)
    text = sql(whole)
    if len(behind) > 1 and not isinstance(whole, Not):
        assert text.startswith(f"({sql(behind[-2])}) ")
    assert sql(Not(whole)) == (f"NOT ({text})" if behind or isinstance(first, Sign) else f"NOT {text}")
