"""Queries whose first condition is judged in the walk over the records, against the same without that."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.formats import opening
from s3sql.formats.csv_bounds import FieldBounds, field_bounds
from s3sql.plan.cache import PLANS
from s3sql.plan.schema import CsvSchema
from tests.scans import morsels_of, scan

cells = st.sampled_from(
    ["", "a", "b", "ba", "1992-02-20", "1992-02-201", "é", "5", "12", "x" * 17, '"b"', "#"]
)
tables = st.lists(st.lists(cells, min_size=1, max_size=4), max_size=30).map(
    lambda rows: "".join(",".join(row) + "\n" for row in rows).encode()
)
conditions = [
    "s._2 < 'b'",
    "s._2 >= 'b'",
    "'b' > s._2",
    "s._1 = 'a'",
    "s._2 >= 'a' AND s._2 < 'ba'",
    "s._2 > '1992-02-20'",
    "s._2 <> 'a'",
    "s._2 = 'xxxxxxxxxxxxxxxxx'",
    "s._2 < 'b' AND CAST(s._1 AS INT) < 10",
    "s._2 < 'b' AND s._1 LIKE '%a%'",
    "s._2 < 'b' OR s._1 = 'a'",
    "NOT s._2 < 'b'",
    "(s._1 >= 'a' AND s._1 <= 'b') AND (CAST(s._3 AS INT) > 3 OR s._2 = 'b')",
]
outputs = ["*", "s._1, s._3", "COUNT(*)", "MIN(s._2), COUNT(s._3)"]


@given(tables, st.sampled_from(conditions), st.sampled_from(outputs), st.sampled_from([64, 4096]))
@settings(max_examples=300, deadline=None)
def test_answers_and_failures_are_those_without_bounds(
    contents: bytes, condition: str, output: str, size: int
) -> None:
    sql = f"SELECT {output} FROM S3Object s WHERE {condition}"
    with morsels_of(size):
        found = scan(contents, sql)
        with mock.patch.object(opening, "field_bounds", return_value=None):
            expected = scan(contents, sql)
    assert found == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("s._2 < 'b'", FieldBounds(1, None, True, "b", False)),
        ("'b' <= s._2", FieldBounds(1, "b", True, None, True)),
        ("s._2 = 'b'", FieldBounds(1, "b", True, "b", True)),
        ("s._2 > 'a' AND s._2 <= 'b'", FieldBounds(1, "a", False, "b", True)),
        ("s._2 > 'a' AND CAST(s._1 AS INT) = 1", FieldBounds(1, "a", False, None, True, alone=False)),
        ("s._2 <> 'b'", None),
        ("s._2 < 'b' OR s._1 = 'a'", None),
        ("s._2 < '" + "x" * 17 + "'", None),
        ("s._2 < 5", None),
        ("s._1 < s._2", None),
        ("CAST(s._1 AS INT) = 1 AND s._2 > 'a'", None),
    ],
)
def test_the_bounds_of_a_plan(condition: str, expected: FieldBounds | None) -> None:
    plan = PLANS.plan(f"SELECT * FROM S3Object s WHERE {condition}", CsvSchema("NONE"))
    assert field_bounds(plan) == expected
