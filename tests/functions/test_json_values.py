from __future__ import annotations

import pytest
from hypothesis import given

from s3sql.functions.json_values import same_json
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.values import Value


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("[1]", "[1.0]", True),
        ("[1e2]", "[100]", True),
        ("[1]", "[true]", False),
        ("[null]", "[null]", True),
        ("[1,2]", "[2,1]", False),
        ('{"a":1,"b":2}', '{"b":2,"a":1.0}', True),
        ('{"a":1}', '{"a":1,"b":null}', False),
        ('{"a":1,"a":2}', '{"a":2,"a":1}', True),
        ('{"a":1,"a":1}', '{"a":1,"a":2}', False),
        ('[""]', "[null]", False),
        ("[]", "{}", False),
        ("[" + "1" * 5000 + "]", "[" + "1" * 5000 + ".0]", True),
    ],
)
def test_json_values(left: str, right: str, equal: bool) -> None:
    assert same_json(left.encode(), right.encode()) == equal
    assert same_json(right.encode(), left.encode()) == equal


def test_the_deepest_nesting() -> None:
    left, right = (b"[" * 512 + number + b"]" * 512 for number in (b"1", b"1.0"))
    assert same_json(left, right)


@given(some.lists | some.structs, some.lists | some.structs)
def test_json_values_are_those_of_the_twin(left: Value, right: Value) -> None:
    assert same_json(left.value.encode(), right.value.encode()) == twin.same_json(left.value, right.value)
