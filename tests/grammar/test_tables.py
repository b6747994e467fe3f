"""keywords.txt, functions.toml and errors.toml say what the package says."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from s3sql.errors import DEFAULT_MESSAGES, STATUSES, S3SelectError
from s3sql.functions.signatures import AGGREGATES, ALIASES, SIGNATURES
from s3sql.sql import parse
from s3sql.sql.keywords import RESERVED
from tests.answers import ask

from .statements import GRAMMAR, rejected

ERRORS: dict[str, dict[str, Any]] = tomllib.loads((GRAMMAR / "errors.toml").read_text(encoding="utf-8"))
FUNCTIONS: dict[str, dict[str, Any]] = tomllib.loads((GRAMMAR / "functions.toml").read_text(encoding="utf-8"))

#: Codes whose only cause is the text of a query, besides those of the lexer and the parser.
STRUCTURE = (
    "EvaluatorInvalidArguments",
    "EvaluatorNegativeLimit",
    "InvalidDataType",
    "InvalidKeyPath",
    "InvalidTableAlias",
    "MaxOperatorsExceeded",
    "MultipleDataSourcesUnsupported",
    "UnsupportedFunction",
    "UnsupportedSqlOperation",
    "UnsupportedSqlStructure",
    "UnsupportedSyntax",
)


def test_keywords_are_the_reserved_words() -> None:
    words = (GRAMMAR / "keywords.txt").read_text(encoding="ascii").split()
    assert words == sorted(words)
    assert len(words) == 242
    assert set(words) == RESERVED


def test_errors_agree() -> None:
    assert list(ERRORS) == list(DEFAULT_MESSAGES)
    for code, entry in ERRORS.items():
        assert entry["message"] == DEFAULT_MESSAGES[code], code
        assert entry["status"] == STATUSES.get(code, 400), code
        assert set(entry) <= {"status", "message", "example", "at", "unreachable", "endpoint"}, code


def test_every_code_of_a_text_has_an_example_or_a_reason() -> None:
    codes = [code for code in ERRORS if code.startswith(("Lexer", "Parse"))]
    assert len(codes) == 45
    for code in [*codes, *STRUCTURE]:
        assert ("example" in ERRORS[code]) != ("unreachable" in ERRORS[code]), code


@pytest.mark.parametrize("code", [code for code, entry in ERRORS.items() if "example" in entry])
def test_example_causes_its_code(code: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        parse(ERRORS[code]["example"])
    place = raised.value.position
    assert place is not None
    assert (raised.value.code, f"{place.line}:{place.column}") == (code, ERRORS[code]["at"])


def test_reject_causes_each_code_that_a_text_can_cause() -> None:
    caused = {case.code for case in rejected()}
    wanted = {code for code, entry in ERRORS.items() if "example" in entry}
    assert wanted == caused


def test_functions_agree() -> None:
    assert set(FUNCTIONS) == set(SIGNATURES)
    for name, entry in FUNCTIONS.items():
        signature = SIGNATURES[name]
        assert entry["kind"] == signature.kind == ("aggregate" if name in AGGREGATES else "scalar")
        assert entry["arguments"] == [
            signature.minimum,
            -1 if signature.maximum is None else signature.maximum,
        ]
        assert entry["documentation"] == signature.documentation
        assert entry.get("aliases", []) == [alias for alias, of in ALIASES.items() if of == name]
        assert name in entry["signature"]
        assert entry["examples"]
        assert entry["signature"] == signature.usage
        assert entry["result"] == signature.result
        examples = [(example["expression"], example["result"]) for example in entry["examples"]]
        assert examples == list(signature.examples)
        rows = [tuple(example["rows"]) for example in entry["examples"] if "rows" in example]
        assert rows == list(signature.example_rows)


@pytest.mark.parametrize(
    "expression", [example["expression"] for entry in FUNCTIONS.values() for example in entry["examples"]]
)
def test_function_example_parses(expression: str) -> None:
    parse(f"SELECT {expression} FROM S3Object")


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=example["expression"])
        for entry in FUNCTIONS.values()
        for example in entry["examples"]
        if not example.get("varies", False)
    ],
)
def test_function_example_gives_its_result(example: dict[str, Any]) -> None:
    rows = "".join(f"{row}\n" for row in example.get("rows", ["x"]))
    answer = ask(rows.encode(), f"SELECT {example['expression']} FROM S3Object", {"CSV": {}}, {"JSON": {}})
    assert answer.code is None, answer.message
    (value,) = json.loads(answer.payload, parse_int=str, parse_float=str).values()
    assert ("null" if value is None else value) == example["result"]
