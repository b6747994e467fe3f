"""The page of the rules is what rules.toml and its template make of it."""

from __future__ import annotations

import re
import tomllib

from grammar.compatibility import PAGE, page

from .statements import GRAMMAR

RULES = tomllib.loads((GRAMMAR / "rules.toml").read_text(encoding="utf-8"))["rule"]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m grammar.compatibility"


def test_every_rule_has_a_row_and_a_link() -> None:
    rows = re.findall(r"^\| \d+ \| .+ \| .+ \| .+ \| (.*) \|$", page(), re.MULTILINE)
    assert len(rows) == len(RULES)
    assert sum(not row for row in rows) == sum(not rule.get("tests") for rule in RULES)


def test_nothing_of_a_rule_is_read_as_markdown() -> None:
    assert r"COUNT(\*) counts rows" in page()
    assert r"S3Object\[\*\]" in page()
    assert r"called \_1" in page()


def test_what_is_missing_comes_with_its_reason() -> None:
    for rule in RULES:
        if rule["state"] == "not done":
            assert f"* {rule['id']}: " in page()
            assert rule["reason"].endswith(".")


def test_the_template_leaves_nothing_open() -> None:
    assert "{{" not in page()
