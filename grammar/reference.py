"""Writes docs/sql.md and docs/errors.md, the reference of the dialect and of its errors.

    python -m grammar.reference           write the pages

In: functions.toml, reference.toml, keywords.txt, errors.toml and the templates sql.md.in and errors.md.in
of this folder.  Out: :func:`pages`, each page with its contents; a test holds the committed ones to it, and
others run every example.

A line ``{{kind name}}`` of a template stands for what is made of the tables: ``functions`` the functions of a
group, ``queries`` and ``expressions`` examples, ``object`` an object of the examples, ``words`` the reserved
words, ``errors`` the codes of a section.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grammar.markdown import code, filled, plain, prose, table

GRAMMAR = Path(__file__).parent
ROOT = GRAMMAR.parent

#: The functions of the page by group; every one is in one of them.
GROUPS = {
    "aggregate": ("AVG", "COUNT", "MAX", "MIN", "SUM"),
    "text": ("CHAR_LENGTH", "LOWER", "SUBSTRING", "TRIM", "UPPER"),
    "time": ("DATE_ADD", "DATE_DIFF", "EXTRACT", "TO_STRING", "TO_TIMESTAMP", "UTCNOW"),
    "null": ("COALESCE", "NULLIF"),
}

#: So many reserved words stand in a line.
_WORDS_IN_LINE = 8

Example = dict[str, Any]


def pages() -> Iterator[tuple[Path, str]]:
    """Every page, its path relative to the project, and its contents."""
    yield Path("docs/sql.md"), filled(_text("sql.md.in"), _sql_parts())
    yield Path("docs/errors.md"), filled(_text("errors.md.in"), _error_parts())


def _text(name: str) -> str:
    return (GRAMMAR / name).read_text(encoding="utf-8")


# ---- the dialect


def _sql_parts() -> dict[str, str]:
    functions = tomllib.loads(_text("functions.toml"))
    reference = tomllib.loads(_text("reference.toml"))
    words = _text("keywords.txt").split()
    return {
        **{f"functions {group}": _functions(functions, names) for group, names in GROUPS.items()},
        **{f"queries {name}": _queries(examples) for name, examples in reference["queries"].items()},
        **{f"expressions {name}": _expressions(all_) for name, all_ in reference["expressions"].items()},
        **{f"object {name}": _object(name, entry["text"]) for name, entry in reference["objects"].items()},
        "words": _words(words),
    }


def _functions(functions: dict[str, Any], names: tuple[str, ...]) -> str:
    """A section for each function: how it is called, what it gives, examples."""
    return "\n\n".join(_function(name, functions[name]) for name in names)


def _function(name: str, entry: dict[str, Any]) -> str:
    usages = " or ".join(code(usage) for usage in entry["signature"].split(" or ") if "(" in usage)
    if usages.count("`") != 2 * entry["signature"].count(" or ") + 2:
        usages = code(entry["signature"])
    aliases = "".join(f" {code(alias)} is another name of it." for alias in entry.get("aliases", []))
    rows = [_function_example(example) for example in entry["examples"]]
    head = ("values of `_1`", "call", "result") if entry["kind"] == "aggregate" else ("call", "result")
    return (
        f"### {name}\n\n{usages}: {entry['result']}. {plain(entry['documentation'])}{aliases}\n\n"
        f"{table(head, rows)}"
    )


def _function_example(example: Example) -> tuple[str, ...]:
    shown = (code(example["expression"]), _result(example["result"]))
    if "rows" not in example:
        return shown
    return (", ".join(map(code, example["rows"])) or "none", *shown)


def _queries(examples: list[Example]) -> str:
    return table(
        ("object", "query", "answer"),
        [(code(example["object"]), code(example["query"]), _answer(example)) for example in examples],
    )


def _answer(example: Example) -> str:
    if "error" in example:
        return _error(example["error"])
    return "<br>".join(map(code, example["answer"]))


def _expressions(examples: list[Example]) -> str:
    field = any("csv" in example for example in examples)
    head = (*(("expression", "`s._1` is", "result") if field else ("expression", "result")), "")
    return table(head, [_expression(example, field) for example in examples])


def _expression(example: Example, field: bool) -> tuple[str, ...]:
    result = _error(example["error"]) if "error" in example else _result(example["result"])
    given = (code(example["csv"]) if "csv" in example else "",) if field else ()
    return code(example["expression"]), *given, result, prose(example["note"])


def _error(name: str) -> str:
    return f"error {code(name)}"


def _result(text: str) -> str:
    return {"": "an empty text", "null": "NULL", "missing": "MISSING"}.get(text) or code(text)


def _object(name: str, text: str) -> str:
    return f"`{name}`:\n\n```\n{text}```"


def _words(words: list[str]) -> str:
    lines = [" ".join(words[at : at + _WORDS_IN_LINE]) for at in range(0, len(words), _WORDS_IN_LINE)]
    return "```\n" + "\n".join(lines) + "\n```"


# ---- the errors


def sections_of_errors() -> dict[str, list[str]]:
    """The codes of errors.toml under each of its headings, ``# ---- heading``."""
    sections: dict[str, list[str]] = {}
    for heading, name in re.findall(r"^(?:# ---- (.+)|\[(\w+)\])$", _text("errors.toml"), re.MULTILINE):
        if heading:
            sections[heading] = []
        else:
            list(sections.values())[-1].append(name)
    return sections


def _error_parts() -> dict[str, str]:
    errors = tomllib.loads(_text("errors.toml"))
    return {f"errors {title}": _errors(errors, names) for title, names in sections_of_errors().items()}


def _errors(errors: dict[str, Any], names: list[str]) -> str:
    return table(("code", "status", "meaning"), [_error_row(name, errors[name]) for name in names])


def _error_row(name: str, entry: dict[str, Any]) -> tuple[str, ...]:
    notes = [plain(entry["message"])]
    if "example" in entry:
        line, column = entry["at"].split(":")
        notes.append(f"{_shown_query(entry['example'])}, at line {line}, column {column}")
    if "unreachable" in entry:
        notes.append(f"Never sent: {plain(entry['unreachable'])}")
    if "endpoint" in entry:
        notes.append(f"From the endpoint only: {plain(entry['endpoint'])}")
    return code(name), str(entry["status"]), "<br>".join(notes)


def _shown_query(query: str) -> str:
    """A query in a cell: one line, cut where a program wrote it."""
    line = json.dumps(query, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return code(line if len(line) <= 100 else f"{line[:99]}…")


def main() -> None:
    """Write the pages."""
    for path, text in pages():
        (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
