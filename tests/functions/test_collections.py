from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions import collections, concatenation
from s3sql.functions.collections import json_text, list_of, struct_of
from s3sql.functions.concatenation import joined
from s3sql.payloads import Text
from s3sql.timestamp import parse
from s3sql.types import Column, Kind
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported
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
    assert values_of(list_of(items, len(columns[0]), Reported())) == expected


def test_a_timestamp_is_a_string() -> None:
    values = [twin.NULL, Value(Kind.TIMESTAMP, parse("2010-02-03")), Value(Kind.INT, 1)]
    assert json_text(column_of(values)).to_bytes() == [b"null", b'"2010-02-03"', b"1"]


def test_a_list_of_nothing() -> None:
    assert values_of(list_of([], 2, Reported())) == [Value(Kind.LIST, "[]")] * 2


def test_thousands_of_items_are_copied_a_few_times_only() -> None:
    made: list[int] = []

    def counted(left: Text, right: Text) -> Text:
        both = joined(left, right)
        made.append(len(both.buffer))
        return both

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concatenation, "joined", counted)
        written = list_of([column_of([Value(Kind.INT, 7)])] * 1024, 1, Reported())
    assert values_of(written) == [Value(Kind.LIST, "[" + ",".join("7" * 1024) + "]")]
    assert sum(made) < len(made) * 64 + 2049 * 12


def test_a_list_alone_is_made_up_to_the_limit() -> None:
    item = column_of([Value(Kind.STRING, "x" * (1 << 20))])
    report = Reported()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collections, "MAX_MADE_BYTES", 4 << 20)
        assert values_of(list_of([item] * 3, 1, report))[0].kind == Kind.LIST
        assert not report.codes
        assert values_of(list_of([item] * 4, 1, report)) == [twin.NULL]
    assert report.codes == {0: "ColumnTooLong"}


class TestStructs:
    def test_missing_members_are_left_out(self) -> None:
        tags = np.array([Kind.INT, Kind.NULL, Kind.MISSING], np.uint8)
        numbers = Column.tagged(tags, {Kind.INT: np.array([1, 0, 0])})
        texts = Column.of(Kind.STRING, Text.of(['a"', "", "é"]))
        found = struct_of(('n"', "t"), (numbers, texts), 3)
        assert found.kind == Kind.STRUCT
        assert found.to_python() == [r'{"n\"":1,"t":"a\""}', r'{"n\"":null,"t":""}', '{"t":"é"}']

    def test_floats_that_json_has_not(self) -> None:
        column = Column.of(Kind.FLOAT, np.array([1.0, np.nan]))
        assert struct_of(("f",), (column,), 2).to_python() == ['{"f":1.0}', '{"f":null}']

    def test_nothing(self) -> None:
        assert struct_of((), (), 2).to_python() == ["{}", "{}"]
        assert struct_of(("a",), (Column.unknown(Kind.MISSING, 2),), 2).to_python() == ["{}", "{}"]
        assert struct_of(("a",), (Column.of(Kind.STRING, Text.of([])),), 0).to_python() == []
