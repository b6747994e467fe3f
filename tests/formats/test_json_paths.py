from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats.json_paths import elements, member_values, resolve
from s3sql.limits import MAX_JSON_DEPTH
from s3sql.payloads import Text
from s3sql.plan.expr import Elements, Index, Members, Name
from s3sql.types import Kind
from tests.formats.json_texts import objects, paths
from tests.twins import json_rows as twin


class Failures:
    """Collects what is reported."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.codes: set[str] = set()

    def __call__(self, where, error: S3SelectError) -> None:
        self.rows += np.flatnonzero(where).tolist()
        self.codes.add(error.code)


def compact_text(contents: bytes) -> tuple[list[object], Text]:
    roots, _ = twin.rows_of(contents)
    return roots, Text.of([twin.compact(root) for root in roots])


@given(objects(), paths)
def test_resolve_agrees_with_the_twin(contents, steps):
    roots, text = compact_text(contents)
    failures = Failures()
    column = resolve(text, steps, failures)
    assert column.length == len(roots)
    ambiguous = []
    for row, root in enumerate(roots):
        try:
            expected = twin.value_at(root, steps)
        except twin.AmbiguousError:
            ambiguous.append(row)
            continue
        found = column.value(row)
        if isinstance(expected, twin.Struct | list):
            assert found == twin.compact(expected)
        elif isinstance(expected, twin.Number):
            assert column.spelling.to_bytes()[row].decode() == expected
        else:
            assert found == expected
    assert sorted(set(failures.rows)) == ambiguous
    assert failures.codes <= {"AmbiguousFieldName"}


@given(objects())
def test_elements_and_member_values_agree_with_the_twin(contents):
    roots, text = compact_text(contents)
    for function, step in ((elements, Elements()), (member_values, Members())):
        column, owners = function(text, Failures())
        expected = [(row, value) for row, root in enumerate(roots) for value in twin.spread(root, step)]
        assert owners.tolist() == [row for row, _ in expected]
        strings = [
            value for _, value in expected if isinstance(value, str) and not isinstance(value, twin.Number)
        ]
        assert [
            v for v, tag in zip(column.to_python(), column.tag_array(), strict=True) if tag == Kind.STRING
        ] == (strings)


def test_steps_from_a_computed_list():
    text = Text.of(["[1,[2.0,3]]", "[]", '{"a":1}'])
    assert resolve(text, (Index(1), Index(0)), Failures()).to_python()[1:] == [..., ...]
    assert resolve(text, (Index(0),), Failures()).to_python() == [1, ..., ...]
    assert resolve(text, (Name("A"),), Failures()).to_python() == [..., ..., 1]
    assert resolve(text, (Elements(),), Failures()).to_python() == ["[1,[2.0,3]]", "[]", '[{"a":1}]']


def test_elements_with_their_owners():
    column, owners = elements(Text.of(["[1,null]", "[]", '["x"]']), Failures())
    assert column.to_python() == [1, None, "x"]
    assert owners.tolist() == [0, 0, 2]


def test_an_element_that_fails_fails_its_owner():
    failures = Failures()
    column, _ = elements(Text.of(["[1]", "[2,1e99999999999]"]), failures)
    assert failures.rows == []
    assert column.to_python() == [1, 2, 0]
    assert failures.rows == [1]
    assert failures.codes == {"ExternalEvalException"}


def test_no_rows():
    column, owners = elements(Text.of([]), Failures())
    assert column.length == len(owners) == 0
    assert resolve(Text.of([]), (Name("a"), Elements()), Failures()).length == 0


def test_too_deep():
    with pytest.raises(S3SelectError) as raised:
        resolve(Text.of(["[" * (MAX_JSON_DEPTH + 1) + "]" * (MAX_JSON_DEPTH + 1)]), (Index(0),), Failures())
    assert raised.value.code == "JSONParsingError"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_string_survives(string):
    text = Text.of([json.dumps([string], ensure_ascii=False)])
    assert resolve(text, (Index(0),), Failures()).to_python() == [string]
