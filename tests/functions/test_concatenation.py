from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions.concatenation import concatenate
from s3sql.types import Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported, agree
from tests.twins.values import Value, column_of


@given(st.sampled_from([some.text_values, some.values]).flatmap(lambda side: some.columns(side, side)))
def test_concatenation_is_that_of_single_values(columns: list[list[Value]]) -> None:
    agree(lambda sides, fail: concatenate(*sides, fail), twin.concat, columns)


def test_failures_say_what_was_found() -> None:
    fail = Reported()
    concatenate(column_of([Value(Kind.STRING, "a")]), column_of([Value(Kind.INT, 1)]), fail)
    assert "Found STRING || INT" in fail.messages[0]
