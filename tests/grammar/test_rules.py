"""rules.toml is in order, and each of its rules has a test that is there."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.test_golden import queries

from .statements import GRAMMAR

ROOT = GRAMMAR.parent
TABLES: dict[str, list[dict[str, Any]]] = tomllib.loads((GRAMMAR / "rules.toml").read_text(encoding="utf-8"))
RULES = TABLES["rule"]
CHAPTERS = ["sql", "serialization", "stream", "errors", "archive"]
_TEST = re.compile(r"(?P<path>tests/[\w/]+\.(?:py(?=::)|slt(?=: )))(?:::(?P<function>\w+)|: (?P<part>.+))")
STATES = {"as AWS", "choice", "extension", "not done"}


def place(identifier: str) -> tuple[int, ...]:
    """What identifiers are ordered by."""
    chapter, *numbers = identifier.split(".")
    return CHAPTERS.index(chapter), *map(int, numbers)


@cache
def functions(path: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@cache
def golden(path: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """First lines of the queries of a golden file, and its comments."""
    shown = frozenset(line for query in queries(ROOT / path) for line in query.sql.split("\n"))
    comments = re.findall(r"^# .*", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    return shown, tuple(comments)


def is_there(test: str) -> bool:
    """Whether a test that a rule names exists."""
    found = _TEST.fullmatch(test)
    if found is None or not (ROOT / found["path"]).is_file():
        return False
    if found["function"]:
        return found["function"] in functions(found["path"])
    part = found["part"]
    lines, comments = golden(found["path"])
    if part.startswith("# "):
        return any(comment.startswith(part) for comment in comments)
    return any(part in line for line in lines)


def test_sections_are_in_order_and_have_rules() -> None:
    places = [place(section["id"]) for section in TABLES["section"]]
    assert all(before < after for before, after in pairwise(places))
    assert {section["id"] for section in TABLES["section"]} == {
        rule["id"].rpartition(".")[0] for rule in RULES
    }
    assert all(set(section) == {"id", "title"} for section in TABLES["section"])


def test_identifiers_are_unique_and_in_order() -> None:
    places = [place(rule["id"]) for rule in RULES]
    assert all(len(place) == 3 for place in places)
    assert all(before < after for before, after in pairwise(places))


def test_there_are_many_rules() -> None:
    assert len(RULES) >= 250


@pytest.mark.parametrize("rule", RULES, ids=[rule["id"] for rule in RULES])
def test_rule(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"id", "rule", "state", "reason", "source", "tests"}
    assert rule["rule"].endswith(".")
    assert len(rule["rule"]) <= 220
    assert rule["state"] in STATES
    assert ("reason" in rule) == (rule["state"] == "not done")
    assert rule["source"]
    tests = rule.get("tests", [])
    assert tests or rule["state"] == "not done"
    assert len(set(tests)) == len(tests)
    assert [test for test in tests if not is_there(test)] == []


def test_what_is_not_there_is_missed() -> None:
    assert is_there("tests/grammar/test_rules.py::test_rule")
    assert not is_there("tests/grammar/test_rules.py::test_nothing")
    assert not is_there("tests/nowhere.py::test_rule")
    assert is_there("tests/golden/limit.slt: LIMIT 100")
    assert is_there("tests/golden/limit.slt: # LIMIT counts")
    assert not is_there("tests/golden/limit.slt: LIMIT 101")
    assert not is_there("tests/golden/limit.slt: # counts")
    assert not is_there("tests/golden/nowhere.slt: LIMIT 100")


def test_every_golden_file_shows_a_rule() -> None:
    named = {Path(test.partition(":")[0]).name for rule in RULES for test in rule.get("tests", [])}
    unnamed = sorted({path.name for path in (ROOT / "tests" / "golden").glob("*.slt")} - named)
    assert unnamed == [], "no rule of grammar/rules.toml names these among its tests"
