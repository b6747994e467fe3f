"""The rules keep every outcome: which rows are selected and which row fails."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.plan.binder import bind
from s3sql.plan.expr import CsvField, Expr, Literal
from s3sql.plan.logical import Filter, Item, Project, Scan
from s3sql.plan.operators import And, Compare, IsKind, Not, Or
from s3sql.plan.rules import RULES, optimize
from s3sql.plan.schema import CsvSchema
from s3sql.sql.parser import parse
from s3sql.types import Kind

#: What one test gives for one row: True, False, None (unknown), or a failure.
Outcome = bool | None | str
TEXT = Literal(Kind.STRING, "x")


def total(number: int) -> Expr:
    """A test that neither fails nor is ever unknown."""
    return IsKind(CsvField(number), frozenset({Kind.NULL}))


def infallible(number: int) -> Expr:
    return Compare("=", CsvField(number), TEXT)


def fallible(number: int) -> Expr:
    return Compare("<", CsvField(number), Literal(Kind.BOOL, True))


CONSTANTS = [Literal(Kind.BOOL, True), Literal(Kind.BOOL, False), Literal(Kind.NULL, None)]
TESTS = st.one_of(
    st.builds(
        lambda make, number: make(number), st.sampled_from([total, infallible, fallible]), st.integers(0, 7)
    ),
    st.sampled_from(CONSTANTS),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=5).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=12,
)


class FailedError(Exception):
    pass


def evaluate(condition: Expr, row: Mapping[int, int]) -> bool | None:
    """Row by row, left to right, as SQL says; ``row`` chooses what each test gives."""
    if isinstance(condition, Literal):
        return None if condition.kind == Kind.NULL else bool(condition.value)
    if isinstance(condition, And | Or):
        stop = isinstance(condition, Or)
        found: bool | None = not stop
        for operand in condition.operands:
            value = evaluate(operand, row)
            if value is stop:
                return stop
            found = None if value is None else found
        return found
    if isinstance(condition, Not):
        value = evaluate(condition.operand, row)
        return None if value is None else not value
    if isinstance(condition, IsKind):
        assert isinstance(condition.operand, CsvField)
        return row[condition.operand.number] % 2 == 0
    assert isinstance(condition, Compare)
    assert isinstance(condition.left, CsvField)
    choice = row[condition.left.number]
    if condition.operator == "<" and choice == 3:
        raise FailedError(condition.left.number)
    return (True, False, None, None)[choice]


def selected(conjuncts: tuple[Expr, ...], row: Mapping[int, int]) -> Outcome:
    """Whether a filter keeps the row, or which test fails."""
    try:
        return all(evaluate(conjunct, row) is True for conjunct in conjuncts)
    except FailedError as failure:
        return f"test {failure} fails"


ROWS = st.fixed_dictionaries({number: st.integers(0, 3) for number in range(8)})


@given(CONDITIONS, st.lists(ROWS, min_size=1, max_size=8))
def test_no_rule_changes_what_is_selected_or_what_fails(condition: Expr, rows: list[dict[int, int]]) -> None:
    plan = Project(Filter(Scan("csv"), (condition,)), (Item("_1", CsvField(0)),))
    for rule in RULES:
        changed = rule(plan)
        assert isinstance(changed, Project)
        before = plan.source.conjuncts if isinstance(plan.source, Filter) else ()
        after = changed.source.conjuncts if isinstance(changed.source, Filter) else ()
        for row in rows:
            assert selected(after, row) == selected(before, row), rule.__name__
        plan = changed


@given(CONDITIONS)
@example(And((Not(Not(infallible(0))), total(0), fallible(0))))
def test_the_rules_come_to_rest(condition: Expr) -> None:
    plan = optimize(Project(Filter(Scan("csv"), (condition,)), (Item("_1", CsvField(0)),)))
    assert optimize(plan) == plan


def test_rules_only_build_what_changes() -> None:
    plan = optimize(bind(parse("SELECT _1 FROM S3Object WHERE _2 LIKE 'a_b'"), CsvSchema()))
    for rule in RULES[:4]:
        again = rule(plan)
        assert again == plan
