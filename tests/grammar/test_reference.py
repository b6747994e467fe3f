"""docs/sql.md and docs/errors.md are what the tables make of them, and every example is true."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from grammar.markdown import code, filled, plain, prose, table
from grammar.reference import GROUPS, ROOT, pages, sections_of_errors
from s3sql.errors import DEFAULT_MESSAGES
from s3sql.functions.signatures import SIGNATURES
from s3sql.limits import MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH, MAX_RECORD_BYTES
from tests.answers import ask

from .statements import GRAMMAR

REFERENCE: dict[str, Any] = tomllib.loads((GRAMMAR / "reference.toml").read_text(encoding="utf-8"))
PAGES = dict(pages())
SQL_PAGE, ERRORS_PAGE = PAGES.values()


@pytest.mark.parametrize("path", list(PAGES), ids=str)
def test_the_page_is_up_to_date(path: Any) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path], "run python -m grammar.reference"


@pytest.mark.parametrize("path", list(PAGES), ids=str)
def test_the_template_leaves_nothing_open(path: Any) -> None:
    assert "{{" not in PAGES[path]


def examples_of(kind: str) -> list[Any]:
    return [
        pytest.param(example, id=f"{section}: {example.get('query') or example['expression']}")
        for section, examples in REFERENCE[kind].items()
        for example in examples
    ]


@pytest.mark.parametrize("example", examples_of("queries"))
def test_a_query_gives_its_answer(example: dict[str, Any]) -> None:
    entry = REFERENCE["objects"][example["object"]]
    answer = ask(entry["text"].encode(), example["query"], entry["input"], entry["output"])
    assert answer.code == example.get("error"), answer.message
    if "error" not in example:
        assert answer.payload.decode().splitlines() == example["answer"]


@pytest.mark.parametrize("example", examples_of("expressions"))
def test_an_expression_gives_its_result(example: dict[str, Any]) -> None:
    row = f"{example.get('csv', 'x')}\n".encode()
    sql = f"SELECT {example['expression']} AS v FROM S3Object s"
    answer = ask(row, sql, {"CSV": {}}, {"JSON": {}})
    assert answer.code == example.get("error"), answer.message
    if "error" not in example:
        members = json.loads(answer.payload, parse_int=str, parse_float=str)
        assert shown(members.get("v", Ellipsis)) == example["result"]


def shown(value: Any) -> str:
    if value is Ellipsis:
        return "missing"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        # Numbers were read as texts so as to keep their digits.
        return "[" + ",".join(item if item.isdigit() else json.dumps(item) for item in value) + "]"
    return json.dumps(value)


def test_every_example_of_the_tables_is_on_the_page() -> None:
    for examples in REFERENCE["expressions"].values():
        for example in examples:
            assert code(example["expression"]) in SQL_PAGE
    for examples in REFERENCE["queries"].values():
        for example in examples:
            assert code(example["query"]) in SQL_PAGE
    for name in REFERENCE["objects"]:
        assert f"`{name}`:" in SQL_PAGE


def test_every_function_has_its_section() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(SIGNATURES)
    for name, signature in SIGNATURES.items():
        assert f"\n### {name}\n" in SQL_PAGE
        assert plain(signature.documentation) in SQL_PAGE
        for expression, _ in signature.examples:
            assert code(expression) in SQL_PAGE


def test_every_code_has_its_row() -> None:
    assert [name for names in sections_of_errors().values() for name in names] == list(DEFAULT_MESSAGES)
    for name in DEFAULT_MESSAGES:
        assert ERRORS_PAGE.count(f"\n| `{name}` | ") == 1


def test_the_limits_are_those_of_the_package() -> None:
    for limit in (
        f"{MAX_EXPRESSION_BYTES:,} bytes",
        f"{MAX_EXPRESSION_DEPTH} levels",
        f"{MAX_RECORD_BYTES:,} bytes",
    ):
        assert limit in SQL_PAGE


def test_code_in_a_table() -> None:
    assert code("a") == "`a`"
    assert code("`2010T`") == "`` `2010T` ``"
    assert code("a || '_'") == "<code>a &#124;&#124; &#39;&#95;&#39;</code>"
    assert prose("so `a|b`, *so*") == "so <code>a&#124;b</code>, *so*"
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n|---|---|\n| 1 | 2 |"
    assert filled("x\n{{a b}}\n", {"a b": "y"}) == "x\ny\n"
