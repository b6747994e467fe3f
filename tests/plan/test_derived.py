"""What is worked out of a plan is kept with it, and never taken for that of another."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from s3sql.plan.cache import PlanCache
from s3sql.plan.derived import Derived
from s3sql.plan.expr import CsvField, Literal
from s3sql.plan.logical import Item, Limit, Plan, Project, Scan
from s3sql.plan.schema import CsvSchema
from s3sql.types import Kind


def _plan(number: int) -> Project:
    return Project(Scan("csv"), (Item("a", Literal(Kind.INT, number)),))


def _constant(plan: Plan, *rest: object) -> tuple[object, ...]:
    project = plan.source if isinstance(plan, Limit) else plan
    item = project.items[0]
    assert isinstance(item, Item)
    assert isinstance(item.expression, Literal)
    return (item.expression.value, *rest)


def test_value_is_made_once_for_a_plan() -> None:
    made: list[tuple[object, ...]] = []

    def make(plan: Plan, *rest: object) -> tuple[object, ...]:
        made.append(_constant(plan, *rest))
        return made[-1]

    derived = Derived(make)
    one, equal = _plan(1), _plan(1)
    assert derived(one) is derived(one)
    assert made == [(1,)]
    # Equal plans are two: nothing compares them.
    assert derived(equal) == (1,)
    assert made == [(1,), (1,)]
    assert derived(one, 7) == (1, 7)
    assert derived(one, 7) == (1, 7)
    assert made == [(1,), (1,), (1, 7)]
    # Of what goes with a plan there may be any number, so the last is kept.
    assert derived(one, 8) == (1, 8)
    assert derived(one, 7) == (1, 7)
    assert made == [(1,), (1,), (1, 7), (1, 8), (1, 7)]
    assert len(derived) == 2


def test_value_of_none_is_kept_too() -> None:
    made: list[Plan] = []
    derived: Derived[None] = Derived(made.append)
    plan = Limit(_plan(1), 3)
    assert derived(plan) is derived(plan) is None
    assert len(made) == 1


def test_value_goes_with_its_plan() -> None:
    derived = Derived(_constant)
    # A plan that is gone leaves its place in memory to the next, which has its identity then.
    identities = set()
    for number in range(2_000):
        plan = Limit(_plan(number), 1) if number % 2 else _plan(number)
        identities.add(id(plan))
        assert derived(plan, "x") == (number, "x")
        assert derived(plan, "x") == (number, "x")
        assert len(derived) == 1
        del plan
    assert len(identities) < 2_000
    gc.collect()
    assert len(derived) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans())))
def test_value_is_what_would_be_made_now(asked: list[tuple[int, int, bool]]) -> None:
    derived = Derived(_constant)
    plans: dict[int, Plan] = {}
    for number, rest, forget in asked:
        plan = plans.setdefault(number, _plan(number))
        assert derived(plan, rest) == _constant(plan, rest)
        if forget:
            del plans[number], plan
    assert len(derived) <= len(plans) + 1


def test_threads_get_the_values_of_their_plans() -> None:
    derived = Derived(_constant)
    shared = [_plan(number) for number in range(8)]

    def ask(thread: int) -> bool:
        fine = True
        for turn in range(500):
            own = _plan(thread * 1_000 + turn)
            fine &= derived(own) == (thread * 1_000 + turn,)
            fine &= derived(shared[turn % 8], thread) == (turn % 8, thread)
        return fine

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))
    assert len(derived) == 8


def test_what_the_cache_of_plans_lets_go_is_forgotten() -> None:
    cache, derived = PlanCache(count=2), Derived(lambda plan: plan.source)
    for number in range(5):
        plan = cache.plan(f"SELECT _{number + 1} FROM S3Object", CsvSchema("NONE"))
        assert isinstance(plan, Project)
        (item,) = plan.items
        assert isinstance(item, Item)
        assert isinstance(item.expression, CsvField)
        derived(plan)
    del plan, item
    gc.collect()
    assert len(derived) == 2
