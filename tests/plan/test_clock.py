from __future__ import annotations

import time

import pytest

import s3sql
from s3sql.plan.binder import bind
from s3sql.plan.clock import at_time
from s3sql.plan.explain import explain
from s3sql.plan.logical import Plan
from s3sql.plan.rules import optimize
from s3sql.plan.schema import CsvSchema
from s3sql.sql.parser import parse

NOW = 1_507_910_531_123_456_789


def plan(sql: str) -> Plan:
    return optimize(bind(parse(sql), CsvSchema("NONE", None)))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT UTCNOW() AS t FROM S3Object",
        "SELECT EXTRACT(YEAR FROM UTCNOW()) AS y, [UTCNOW(), 1] AS l FROM S3Object LIMIT 1",
        "SELECT _1 FROM S3Object WHERE CAST(_1 AS TIMESTAMP) < UTCNOW() OR _1 = ''",
        "SELECT MAX(UTCNOW()) AS m, COUNT(*) AS c FROM S3Object WHERE _1 <> 'a'",
        "SELECT [utcNow()] AS l, UtcNow ( ) AS t FROM S3Object",
        "SELECT CASE WHEN _1 = 'a' THEN UTCNOW() END AS c FROM S3Object",
    ],
)
def test_every_utcnow_becomes_the_time(sql: str) -> None:
    before = explain(plan(sql))
    assert "UTCNOW()" in before
    after = explain(at_time(plan(sql), sql, NOW))
    assert after == before.replace("UTCNOW()", "`2017-10-13T16:02:11.123Z`")


def test_a_plan_without_it_stays_the_same_object() -> None:
    sql = "SELECT _1 FROM S3Object WHERE EXTRACT(YEAR FROM CAST(_1 AS TIMESTAMP)) = 2017"
    without = plan(sql)
    assert at_time(without, sql, NOW) is without


def test_what_only_looks_like_it_is_kept() -> None:
    sql = "SELECT 'UTCNOW()' AS utcnow FROM S3Object"
    assert at_time(plan(sql), sql, NOW) == plan(sql)


def test_one_time_for_a_query_and_another_for_the_next() -> None:
    def asked() -> list[object]:
        data = b"a\n" * 300_000  # more than one morsel
        with s3sql.query("SELECT UTCNOW() AS t FROM S3Object", data, input_format="csv") as result:
            return result.to_arrow().column("t").unique().to_pylist()

    first = asked()
    time.sleep(0.01)
    second = asked()
    assert len(first) == len(second) == 1
    assert first[0] < second[0]
    assert first[0].microsecond % 1000 == 0
    assert abs(second[0].timestamp() - time.time()) < 60
