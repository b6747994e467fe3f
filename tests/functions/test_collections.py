from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions.collections import json_text, list_of
from s3sql.types import Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.values import Value, column_of, values_of


@given(st.lists(st.text(), min_size=1))
def test_text_is_quoted_as_json(texts: list[str]) -> None:
    written = json_text(column_of([Value(Kind.STRING, text) for text in texts])).to_bytes()
    assert [json.loads(text) for text in written] == texts
    assert [text.decode() for text in written] == [json.dumps(text, ensure_ascii=False) for text in texts]


def test_what_has_no_json_is_null() -> None:
    values = [twin.NULL, twin.MISSING, Value(Kind.FLOAT, float("nan")), Value(Kind.FLOAT, 1.5), twin.TRUE]
    assert json_text(column_of(values)).to_bytes() == [b"null", b"null", b"null", b"1.5", b"true"]


@given(some.columns(some.values, some.values))
def test_a_list_literal_is_the_json_of_its_items(columns: list[list[Value]]) -> None:
    items = [column_of(values) for values in columns]
    texts = zip(*(json_text(item).to_bytes() for item in items), strict=True)
    expected = [Value(Kind.LIST, f"[{a.decode()},{b.decode()}]") for a, b in texts]
    assert values_of(list_of(items, len(columns[0]))) == expected


def test_a_list_of_nothing() -> None:
    assert values_of(list_of([], 2)) == [Value(Kind.LIST, "[]")] * 2
