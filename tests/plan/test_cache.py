from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial

import pytest

from s3sql.errors import S3SelectError
from s3sql.plan.cache import PlanCache, RecentlyUsed
from s3sql.plan.schema import CsvSchema, ParquetSchema
from tests.plan.parquet_columns import column

QUERY = "SELECT a, CAST(b AS INT) FROM S3Object s WHERE s.a = 'x' AND s.b <> '' LIMIT 10"


def test_one_plan_for_one_text_and_schema() -> None:
    cache = PlanCache()
    first = cache.plan(QUERY, CsvSchema("USE", ("a", "b")))
    assert cache.plan(QUERY, CsvSchema("USE", ("a", "b"))) is first
    other = cache.plan(QUERY, CsvSchema("USE", ("b", "a")))
    assert other != first
    assert cache.tree(QUERY) is cache.tree(QUERY)


def test_failures_are_not_kept() -> None:
    cache = PlanCache()
    for _ in range(2):
        with pytest.raises(S3SelectError, match="InvalidColumnIndex"):
            cache.plan(QUERY, CsvSchema())
    with pytest.raises(S3SelectError, match="ParseSelectMissingFrom"):
        cache.tree("SELECT a")


def test_a_kept_plan_costs_less_than_a_fifth_of_a_millisecond() -> None:
    cache = PlanCache()
    schema = CsvSchema("USE", ("a", "b", *(f"column {n}" for n in range(100))))
    cache.plan(QUERY, schema)
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        cache.plan(QUERY, schema)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.0002


def test_bounded_by_count() -> None:
    cache: RecentlyUsed[int, int] = RecentlyUsed(3, 1000)
    made: list[int] = []

    def get(key: int, size: int = 1) -> int:
        return cache.get(key, lambda: made.append(key) or key, size)

    for key in (1, 2, 3, 1, 4, 1, 3, 2):
        assert get(key) == key
    assert made == [1, 2, 3, 4, 2]
    assert len(cache) == 3


def test_bounded_by_size() -> None:
    cache: RecentlyUsed[str, str] = RecentlyUsed(100, 10)
    for key in ("a", "b", "c"):
        cache.get(key, lambda: "", 4)
    assert len(cache) == 2
    cache.get("too large", lambda: "", 11)
    assert len(cache) == 2
    cache.get("alone", lambda: "", 10)
    assert len(cache) == 1


def test_the_longest_text_is_kept() -> None:
    cache = PlanCache()
    text = "SELECT * FROM S3Object WHERE _1 IN (" + ",".join(["1"] * 130_000) + ")"
    assert cache.plan(text, CsvSchema()) is cache.plan(text, CsvSchema())
    assert cache.tree(text) is cache.tree(text)


def test_threads_get_one_value() -> None:
    cache: RecentlyUsed[int, object] = RecentlyUsed(10, 1000)
    barrier = threading.Barrier(4)
    found: list[object] = []

    def ask() -> None:
        barrier.wait()
        for key in range(10):
            cache.get(key, object, 1)
        found.append([cache.get(key, object, 1) for key in range(10)])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(values == found[0] for values in found)


def test_schemas_with_the_same_names_have_plans_of_their_own() -> None:
    cache = PlanCache()
    schemas = [
        ParquetSchema((column("a", kind, nullable=nullable, may_fail=may_fail),))
        for kind in ("INT", "STRING", "TIMESTAMP", "FLOAT")
        for nullable in (False, True)
        for may_fail in (False, True)
    ]
    assert len({hash(schema) for schema in schemas}) == 1
    assert len(set(schemas)) == len(schemas)
    query = "SELECT a FROM S3Object s WHERE s.a IS NOT NULL"
    plans = [cache.plan(query, schema) for schema in schemas]
    assert len({id(plan) for plan in plans}) == len(schemas)
    for schema, plan in zip(schemas, plans, strict=True):
        same = ParquetSchema(tuple(replace(one) for one in schema.columns))
        assert cache.plan(query, same) is plan


def test_a_value_that_is_held_is_told_and_counts_as_used() -> None:
    cache: RecentlyUsed[int, str] = RecentlyUsed(2, 1000)
    assert cache.held(1) is None
    for key in (1, 2):
        cache.get(key, partial("value {}".format, key), 1)
    assert cache.held(1) == "value 1"
    cache.get(3, lambda: "value 3", 1)
    assert [cache.held(key) for key in (1, 2, 3)] == ["value 1", None, "value 3"]
