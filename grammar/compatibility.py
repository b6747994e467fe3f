"""Writes docs/compatibility.md: compatibility.md.in with the rules of rules.toml in the places it marks.

    python -m grammar.compatibility       write the page

In: the two files beside this one.  Out: :func:`page`; a test holds the committed page to it.

A line ``{{name}}`` of the template stands for what is made of the rules: ``counts`` for how many there are in
each state, ``extensions`` and ``not done`` for the rules in that state, ``rules`` for all by section.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from grammar.markdown import filled, plain

GRAMMAR = Path(__file__).parent
PAGE = GRAMMAR.parent / "docs" / "compatibility.md"

CHAPTERS = {
    "sql": "SQL",
    "serialization": "Request, input and output",
    "stream": "Event stream",
    "errors": "Errors",
    "archive": "Queries on archived objects",
}

Rule = dict[str, Any]


def page() -> str:
    """The whole page."""
    tables = tomllib.loads((GRAMMAR / "rules.toml").read_text(encoding="utf-8"))
    rules: list[Rule] = tables["rule"]
    parts = {
        "counts": _counts(rules),
        "extensions": _brief([rule for rule in rules if rule["state"] == "extension"]),
        "not done": _brief([rule for rule in rules if rule["state"] == "not done"]),
        "rules": _sections(tables["section"], rules),
    }
    template = (GRAMMAR / "compatibility.md.in").read_text(encoding="utf-8")
    return filled(template, parts)


def _counts(rules: list[Rule]) -> str:
    counts = Counter(rule["state"] for rule in rules)
    lines = [f"| {state} | {count} |" for state, count in counts.most_common()]
    return "\n".join(["| state | rules |", "|---|---|", *lines])


def _brief(rules: list[Rule]) -> str:
    """Numbers and texts of *rules*, and the reason of one that is not done."""
    if not rules:
        return "Nothing."
    lines = []
    for rule in rules:
        reason = f" ({plain(rule['reason'])})" if "reason" in rule else ""
        lines.append(f"* {rule['id']}: {plain(rule['rule'])}{reason}")
    return "\n".join(lines)


def _sections(sections: list[dict[str, str]], rules: list[Rule]) -> str:
    """Chapters and sections with a table of their rules each."""
    lines: list[str] = []
    chapter = ""
    for section in sections:
        name = section["id"].partition(".")[0]
        if name != chapter:
            chapter = name
            lines += [f"### {CHAPTERS[name]}", ""]
        lines += [f"#### {section['id']} {section['title']}", ""]
        lines += ["| | rule | state | source | tests |", "|---|---|---|---|---|"]
        lines += [_row(rule) for rule in rules if rule["id"].rpartition(".")[0] == section["id"]]
        lines.append("")
    return "\n".join(lines[:-1])


def _row(rule: Rule) -> str:
    number = rule["id"].rpartition(".")[2]
    tests = ", ".join(_links(rule.get("tests", [])))
    return f"| {number} | {plain(rule['rule'])} | {rule['state']} | {plain(rule['source'])} | {tests} |"


def _links(tests: list[str]) -> list[str]:
    """A link to each file that *tests* name, in their order."""
    paths = dict.fromkeys(re.split(r": |::", test, maxsplit=1)[0] for test in tests)
    return [f"[{Path(path).stem}](../{path})" for path in paths]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
