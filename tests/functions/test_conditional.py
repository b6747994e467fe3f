"""COALESCE over all kinds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions import registry
from s3sql.payloads import Text
from s3sql.types import Column, Kind
from tests.functions.failures import column, never

VALUES = st.sampled_from([None, ..., True, 1, 2.5, Decimal("1.50"), "x", "", (1, 2, 3, 4)])


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ([1], 1),
        ([None], None),
        ([...], None),
        ([..., ...], None),
        ([1, None], 1),
        ([None, None, 1], 1),
        ([None, "string"], "string"),
        ([..., 1], 1),
    ],
)
def test_the_first_known_argument(arguments: list[object], result: object) -> None:
    columns = [column([argument]) for argument in arguments]
    assert registry.function("COALESCE")(columns, never).to_python() == [result]


@given(st.integers(1, 3).flatmap(lambda n: st.lists(st.tuples(*[VALUES] * n), min_size=1, max_size=8)))
def test_row_by_row(rows: list[tuple[object, ...]]) -> None:
    columns = [column([row[i] for row in rows]) for i in range(len(rows[0]))]
    expected = [
        next((value for value in row if value is not None and value is not ...), None) for row in rows
    ]
    assert registry.function("COALESCE")(columns, never).to_python() == expected


def test_no_rows() -> None:
    assert registry.function("COALESCE")([column([]), column([])], never).to_python() == []


def test_the_spelling_of_a_number_is_lost_in_every_batch_alike() -> None:
    spelled = Column(1, Kind.FLOAT, None, column([4.0]).parts, Text.of(["4.0"]))
    assert registry.function("COALESCE")([spelled, column([1])], never).spelling is None
