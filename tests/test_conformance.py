"""The conformance cases: documented examples and published replies of AWS, asked through ``s3sql.client``."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from tests.answers import Answer, ask

Case = dict[str, Any]

CASES: dict[str, Case] = {
    case["id"]: case
    for case in map(
        json.loads, (Path(__file__).parent / "conformance" / "cases.jsonl").read_text().splitlines()
    )
}

#: Cases that this release does not pass, each with its reason. One that passes is an error.
EXCEPTIONS: dict[str, str] = {}


def answer(case: Case) -> Answer:
    contents = base64.b64decode(case["input_base64"]) if "input_base64" in case else case["input"].encode()
    return ask(
        None if case.get("missing_key") else contents,
        case["sql"],
        case["input_serialization"],
        case["output_serialization"],
        case.get("scan_range"),
    )


def fault(case: Case, got: Answer) -> str | None:
    """What is wrong with an answer; None if it is right."""
    if "expect_error" in case:
        wanted = case["expect_error"]
        if got.code is None:
            return f"expected the error {wanted or 'of any code'}, got {got.payload!r}"
        if got.code == "InternalError" or (wanted is not None and got.code != wanted):
            return f"expected the error {wanted or 'of any code'}, got {got.code}: {got.message}"
        return None
    if got.code is not None:
        return f"expected {case.get('expect')!r}, got {got.code}: {got.message}"
    if not _same(case["compare"], case.get("expect", ""), got.payload.decode()):
        return f"expected ({case['compare']}) {case['expect']!r}\ngot      {got.payload.decode()!r}"
    if case.get("expect_stats", got.stats) != got.stats:
        return f"expected the Stats {case['expect_stats']}, got {got.stats}"
    return None


def _same(compare: str, expected: str, got: str) -> bool:
    match compare:
        case "exact":
            return got == expected
        case "trim":
            return got.strip() == expected.strip()
        case "json":
            return _values(got) == _values(expected)
        case "json-number":
            return _values(got, Decimal) == _values(expected, Decimal)
        case "json-keys-ci":
            return [_lower(value) for value in _values(got)] == [_lower(value) for value in _values(expected)]
        case "csv-number":
            return _cells(got) == _cells(expected)
        case "regex":
            return re.fullmatch(expected, got) is not None
        case "parse":
            return True
    raise ValueError(f"compare is {compare!r}")


def _values(text: str, number: type = str) -> list[Any]:
    """The JSON values of a text, with any delimiter between them. A number is its spelling, or its value."""
    decoder = json.JSONDecoder(parse_float=number, parse_int=number)
    values: list[Any] = []
    place = 0
    while (begin := re.compile(r"[^{]*").match(text, place)) and begin.end() < len(text):
        value, place = decoder.raw_decode(text, begin.end())
        values.append(value)
    return values


def _lower(value: Any) -> Any:
    return {name.lower(): member for name, member in value.items()} if isinstance(value, dict) else value


def _cells(text: str) -> list[list[Decimal | str]]:
    return [[_number(cell) for cell in row] for row in csv.reader(io.StringIO(text))]


def _number(cell: str) -> Decimal | str:
    try:
        return Decimal(cell)
    except InvalidOperation:
        return cell


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    case = CASES[name]
    wrong = fault(case, answer(case))
    if name in EXCEPTIONS:
        assert wrong is not None, f"{name} passes; it is no exception any more ({EXCEPTIONS[name]})"
        return
    shown = json.dumps({key: case[key] for key in case if key != "notes"}, indent=1)
    assert wrong is None, f"{wrong}\n{shown}"


def test_the_whole_suite_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    faults = {name: fault(case, answer(case)) for name, case in CASES.items()}
    passed = [name for name, wrong in faults.items() if wrong is None]
    failed = [name for name, wrong in faults.items() if wrong is not None and name not in EXCEPTIONS]
    excepted = [name for name in EXCEPTIONS if faults.get(name) is not None]
    with capsys.disabled():
        counts = f"{len(passed)} passed, {len(failed)} failed, {len(excepted)} documented exceptions"
        sys.stdout.write(f"\nconformance: {counts}\n")
    assert not failed
    assert set(excepted) == set(EXCEPTIONS), "an exception passes, or names no case"
    assert len(passed) + len(excepted) == len(CASES) == 136


def test_comparisons_tell_a_difference() -> None:
    assert _same("json", '{"a":1,"b":2}\n', '{"b":2,"a":1}\n')
    assert not _same("json", '{"a":1}\n', '{"a":1.0}\n')
    assert _same("json-number", '{"a":1}\n', '{"a":1.0}\n')
    assert not _same("json-number", '{"a":1}\n', '{"a":"1"}\n')
    assert not _same("json", '{"a":1}\n', '{"a":1}\n{"a":1}\n')
    assert _same("json-keys-ci", '{"A":1}\n', '{"a":1}\n')
    assert _same("csv-number", "1.0,x\n", "1,x\n")
    assert not _same("csv-number", "1,x\n", "1,y\n")
    assert not _same("exact", "1\n", "1")
    assert not _same("regex", "[0-9]+", "12a")
