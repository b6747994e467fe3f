from __future__ import annotations

import pytest

from s3sql.plan.at_most import at_most
from s3sql.plan.cache import PlanCache
from s3sql.plan.explain import explain
from s3sql.plan.schema import CsvSchema


@pytest.mark.parametrize(
    ("sql", "count", "expected"),
    [
        ("SELECT s._1 FROM S3Object s", 5, "Limit 5\n  Project _1 AS _1\n    Scan csv, columns _1, limit 5"),
        (
            "SELECT s._1 FROM S3Object s LIMIT 9",
            5,
            "Limit 5\n  Project _1 AS _1\n    Scan csv, columns _1, limit 5",
        ),
        (
            "SELECT s._1 FROM S3Object s LIMIT 3",
            5,
            "Limit 3\n  Project _1 AS _1\n    Scan csv, columns _1, limit 3",
        ),
        ("SELECT s._1 FROM S3Object s", 0, "Limit 0\n  Project _1 AS _1\n    Scan csv, columns _1"),
        (
            "SELECT s._1 FROM S3Object s WHERE s._2 = 'x'",
            5,
            "Limit 5\n  Project _1 AS _1\n    Filter _2 = 'x'\n      Scan csv, columns _2, late columns _1, "
            "required literal 'x'",
        ),
        (
            "SELECT COUNT(*) FROM S3Object s",
            5,
            "Limit 5\n  Project #0 AS _1\n    Aggregate #0 = COUNT(*)\n      Scan csv",
        ),
    ],
)
def test_plans(sql: str, count: int, expected: str) -> None:
    cache = PlanCache()
    plan = cache.plan(sql, CsvSchema())
    before = explain(plan)
    assert explain(at_most(plan, count)) == expected
    assert explain(cache.plan(sql, CsvSchema())) == before
