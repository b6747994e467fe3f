from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from s3sql.kernels.json_equal import DIFFERENT, EQUAL, UNDECIDED, judge_json
from s3sql.payloads import Text
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.values import Value


def verdict(left: str, right: str) -> int:
    a, b = Text.of([left]), Text.of([right])
    verdicts = np.empty(1, np.uint8)
    undecided = judge_json(a.buffer, a.starts, a.ends, b.buffer, b.starts, b.ends, verdicts)
    assert undecided == (verdicts[0] == UNDECIDED)
    return int(verdicts[0])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("[1]", "[1]", EQUAL),
        ("[1e5]", "[1e5]", EQUAL),
        ('[null,true,"a"]', '[null,true,"a"]', EQUAL),
        ('[{"a":1}]', '[{"a":1}]', EQUAL),
        ("[1]", "[2]", DIFFERENT),
        ("[0]", "[5]", DIFFERENT),
        ("[12]", "[123]", DIFFERENT),
        ("[]", "[1]", DIFFERENT),
        ("[1,2]", "[1]", DIFFERENT),
        ("[[1],2]", "[[1],3]", DIFFERENT),
        ('["a"]', '["ab"]', DIFFERENT),
        ('["x",1]', '[1,"x"]', DIFFERENT),
        ("[true]", "[false]", DIFFERENT),
        ("[1]", "[{}]", DIFFERENT),
        ("[1]", "[1.0]", UNDECIDED),
        ("[0]", "[-0]", UNDECIDED),
        ('["A"]', '["\\u0041"]', UNDECIDED),
        ('{"a":1}', '{"b":1}', UNDECIDED),
        ('[{"a":1}]', '[{"a":2}]', UNDECIDED),
    ],
)
def test_verdicts(left: str, right: str, expected: int) -> None:
    assert verdict(left, right) == verdict(right, left) == expected


@given(some.lists | some.structs, some.lists | some.structs)
def test_what_is_decided_is_right(left: Value, right: Value) -> None:
    found = verdict(left.value, right.value)
    assert found == UNDECIDED or (found == EQUAL) == twin.same_json(left.value, right.value)


@given(some.lists | some.structs)
def test_a_value_equals_itself(value: Value) -> None:
    assert verdict(value.value, value.value) in (EQUAL, UNDECIDED)


def test_rows_of_other_kinds_are_read_within_their_slices() -> None:
    for text in ("", '"open', "{", "-", "-0", "abc"):
        assert verdict(text, text) in (EQUAL, DIFFERENT, UNDECIDED)
