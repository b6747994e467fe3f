from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions.text_set import TextSet
from s3sql.payloads import Text
from tests.twins import strategies as some


@given(st.lists(some.texts, min_size=1, max_size=40), st.lists(some.texts, max_size=10))
def test_a_set_of_texts_contains_its_texts(members: list[str], others: list[str]) -> None:
    looked_up = members + others
    found = TextSet(tuple(members)).contains(Text.of(looked_up))
    assert found.tolist() == [string in members for string in looked_up]


def test_a_large_set_of_texts() -> None:
    members = tuple(f"literal number {n}" for n in range(5000))
    looked_up = [*members, "literal number 5000", "literal number", ""]
    assert TextSet.of(members).contains(Text.of(looked_up)).tolist() == [True] * 5000 + [False] * 3
