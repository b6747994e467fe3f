from __future__ import annotations

import json

import pytest

from s3sql.plan.binder import bind
from s3sql.plan.explain import as_dictionary, explain
from s3sql.plan.logical import Filter, Plan, Project
from s3sql.plan.rules import optimize
from s3sql.plan.schema import CsvSchema, JsonSchema, Schema
from s3sql.sql.parser import parse


def plan(sql: str, schema: Schema | None = None) -> Plan:
    return optimize(bind(parse(sql), schema or CsvSchema()))


def test_text() -> None:
    text = explain(plan("SELECT _2 AS \"two words\", UPPER(_1) FROM S3Object WHERE _1 = 'it''s' LIMIT 3"))
    assert text == (
        "Limit 3\n"
        '  Project _2 AS "two words", UPPER(_1) AS _2\n'
        "    Filter _1 = 'it''s'\n"
        "      Scan csv, columns _1, late columns _2, required literal 'it''s'"
    )


def test_dictionary() -> None:
    described = as_dictionary(
        plan("SELECT s.a, s.b.* FROM S3Object[*].x s WHERE s.a = 1 AND s.c LIKE 'x' LIMIT 3", JsonSchema())
    )
    assert json.loads(json.dumps(described)) == {
        "node": "limit",
        "count": 3,
        "source": {
            "node": "project",
            "items": [{"name": "a", "expression": "row.a"}, {"spread": "row.b"}],
            "source": {
                "node": "filter",
                "conjuncts": ["(row.a = 1) AND (row.c LIKE 'x')"],
                "source": {"node": "scan", "format": "json", "path": ".x"},
            },
        },
    }


def test_count_needs_no_columns() -> None:
    described = as_dictionary(plan("SELECT COUNT(*) FROM S3Object"))
    assert described["source"] == {
        "node": "aggregate",
        "calls": ["COUNT(*)"],
        "source": {"node": "scan", "format": "csv", "columns": []},
    }


@pytest.mark.parametrize(
    "expression",
    [
        "(a + 1) * (-b)",
        "a || 'x''y'",
        "a BETWEEN 1 AND 2.50",
        "a IN (1, 'b', NULL, MISSING)",
        "a IN b.c[*]",
        "a IN b.*",
        "NOT (a LIKE 'x!%' ESCAPE '!')",
        "(a IS NULL) OR (a IS MISSING)",
        "a IS DECIMAL",
        "CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END",
        "CASE a WHEN 1 THEN TRUE END",
        "CAST(a AS FLOAT)",
        'COALESCE(a, [1, 2], b."C"[3].d)',
        "TRIM('LEADING', 'xy', a)",
        "5. = `1.5`",
    ],
)
def test_expressions_are_written_in_the_dialect(expression: str) -> None:
    sql = expression.replace("TRIM('LEADING', 'xy', a)", "TRIM(LEADING 'xy' FROM a)").replace(
        "`1.5`", "`15e-1`"
    )
    bound = bind(parse(f"SELECT * FROM S3Object s WHERE {sql}"), JsonSchema())
    assert isinstance(bound, Project)
    assert isinstance(bound.source, Filter)
    text = explain(bound).splitlines()[1].removeprefix("  Filter ")
    assert text.replace("row.", "") == expression
