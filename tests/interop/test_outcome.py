"""The comparison itself: everything that is not as it must be is a difference."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.interop.answers import ANY
from tests.interop.outcome import Outcome, compare

ANSWERS = {"put": {"etag": "e"}, "select": {"records": "a\n", "stats": [ANY, 2]}}
TOLD: list[dict[str, Any]] = [
    {"client": "c", "version": "1.2"},
    {"step": "put", "answer": {"etag": "e"}},
    {"step": "select", "answer": {"records": "a\n", "stats": [7, 2]}},
]


def outcome(*entries: dict[str, Any], withheld: dict[str, frozenset[str]] | None = None) -> Outcome:
    return compare("c", map(json.dumps, entries), ANSWERS, withheld or {})


def test_what_is_right_passes() -> None:
    assert outcome(*TOLD) == Outcome("c", "1.2", 2, 2)


def test_a_member_that_a_client_cannot_tell_is_left_out() -> None:
    told = {"step": "select", "answer": {"records": "a\n"}}
    assert outcome(*TOLD[:2], told, withheld={"select": frozenset({"stats"})}).differences == []


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"step": "select", "answer": {"records": "b\n", "stats": [7, 2]}}, "select: records is b"),
        ({"step": "select", "answer": {"records": "a\n", "stats": [7, 3]}}, "select: stats is [7, 3]"),
        ({"step": "select", "answer": {"records": "a\n", "stats": [2]}}, "select: stats is [2]"),
        ({"step": "select", "answer": {"records": "a\n", "stats": None}}, "select: stats is None"),
        ({"step": "select", "answer": {"records": "a\n"}}, "select: stats is None"),
        ({"step": "select", "answer": {**TOLD[2]["answer"], "more": 1}}, "select: tells more"),
        ({"step": "select", "failed": "why"}, "select: failed: why"),
        ({"step": "copy", "answer": {}}, "copy: told, but no such step was asked for"),
        (TOLD[1], "put: told twice"),
    ],
)
def test_what_is_wrong_is_a_difference(changed: dict[str, Any], difference: str) -> None:
    found = outcome(*TOLD[:2], changed)
    assert any(text.startswith(difference) for text in found.differences), found.differences
    assert found.passed == 1


def test_a_member_that_a_client_is_said_not_to_tell_is_a_difference() -> None:
    found = outcome(*TOLD, withheld={"put": frozenset({"etag"})})
    assert found.differences == ["put: tells etag, which it should not"]


def test_a_truth_value_is_no_number() -> None:
    found = compare("c", [json.dumps(TOLD[0]), '{"step": "s", "answer": {"n": true}}'], {"s": {"n": 1}}, {})
    assert found.differences == ["s: n is True, must be 1"]


def test_a_missing_step_a_missing_version_and_other_text_are_differences() -> None:
    found = compare("c", ["Traceback", json.dumps(TOLD[1])], ANSWERS, {})
    assert found.passed == 1
    assert found.differences == [
        "printed something else than JSON: Traceback",
        "did not tell its version",
        "select: not taken",
    ]
