"""The railroad diagrams of the documentation are those of the grammar."""

from __future__ import annotations

import re

from grammar.railroad import PAGE, PICTURES, ROOT, SECTIONS, pages, rules

PAGES = dict(pages())

#: Rules that make start symbols for tests, and what they alone use.
FOR_TESTS = {
    *("plain_query", "plain_list", "plain_item", "plain_path", "plain_step", "spread"),
    *("aggregated_query", "aggregated_list", "aggregated_item"),
}

#: Rules that are drawn inside others.
INSIDE = {"anything", "name_step", "bracket_step"}


def test_committed_files_are_up_to_date() -> None:
    committed = {PAGE, *((ROOT / PICTURES).relative_to(ROOT) / p.name for p in (ROOT / PICTURES).iterdir())}
    assert committed == set(PAGES)
    for path, text in PAGES.items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: run python -m grammar.railroad"


def test_every_rule_is_drawn() -> None:
    drawn = {name for _, names in SECTIONS.values() for name in names}
    assert drawn | FOR_TESTS | INSIDE == set(rules())


def test_pictures_show_the_words_of_the_rule() -> None:
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", PAGES[PICTURES / "start.svg"])
    assert shown == [
        "SELECT",
        "ALL",
        "any_item",
        ",",
        "FROM",
        "source",
        "WHERE",
        "disjunction",
        "LIMIT",
        "digits",
        ";",
    ]


def test_left_recursion_is_a_loop() -> None:
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", PAGES[PICTURES / "sum.svg"])
    assert shown == ["product", "+", "-", "||", "product"]
