"""Target ``json``: the first bytes choose the request and what stands before the text, which is the rest."""

from __future__ import annotations

from s3sql.plan.expr import Elements, Index, Members, Name, Step
from s3sql.request import CsvOutput, JsonInput, JsonOutput, SelectRequest
from tests.fuzz.draws import Draws
from tests.fuzz.runs import answer, check_one_answer
from tests.scans import Scanned
from tests.twins.json_rows import AmbiguousError, Struct, range_over, rows_of
from tests.twins.records import json_record

WORDS: tuple[str, ...] = (
    *('{"a":', '{"b":[', '"a"', "[[", "]]", "{}", "[]", "null", "true", "false", "-0.0", "1e400", "0.1"),
    *("12345678901234567890", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "\\n", '\\"', "\ufeff", '"A":', "\r\n"),
)

#: FROM and its steps behind the wildcard over the roots.
_PATHS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("S3Object", ()),
    ("S3Object[*][*]", (Elements(),)),
    ("S3Object[*].a", (Name("a", False),)),
    ('S3Object[*]."a"[*]', (Name("a", True), Elements())),
    ("S3Object[*].*", (Members(),)),
    ("S3Object[*].a[1].b", (Name("a", False), Index(1), Name("b", False))),
    ("S3Object[*][*].a[*]", (Elements(), Name("a", False), Elements())),
    ("S3Object[*].*[0]", (Members(), Index(0))),
    ("S3Object[*][*][*]", (Elements(), Elements())),
)
_ALL = "*"
_LISTS = (
    (_ALL, ""),
    ("COUNT(*)", ""),
    ("s.a, s.b", " WHERE s.a = 1"),
    ("s.a.b[0] AS x, s.b", ""),
    ("s.a", " WHERE s.b LIKE '%a%' OR s.a IS NULL"),
    ("SUM(s.a), COUNT(s.b)", ""),
    ("*", " LIMIT 3"),
    ("s", " WHERE 1 IN s.a OR s.b > 'a'"),
    ("s.a || s.b, CAST(s.a AS STRING)", " WHERE s.a IS NOT MISSING"),
    ("*", " WHERE s.a <> s.b"),
)

#: What is right, some times over, so that what is wrong lies in any morsel.
_BEFORE = (
    b'{"a":[1,2],"b":"x"}\n',
    b'[{"a":1}, {"b":"\xc3\xa9"}]\n',
    b'[1, [2], {"a":{"b":3}}] ',
    b"[[7,8], 9,",
)

#: Deeper than this Python's parser is not asked, nor longer.
_DEEPEST = 300


def check(data: bytes) -> None:
    """Both types, all sizes of morsels and the twin find the same records."""
    draws = Draws(data)
    inputs = JsonInput(draws.pick(("LINES", "DOCUMENT")))
    source, steps = draws.pick(_PATHS)
    items, rest = draws.pick(_LISTS)
    outputs = draws.pick((JsonOutput(), CsvOutput()))
    before = draws.pick(_BEFORE) * draws.below(20)
    text = before + draws.rest()
    request = SelectRequest(f"SELECT {items} FROM {source} s{rest}", inputs, outputs)
    usual = check_one_answer(request, text)
    other = JsonInput("DOCUMENT" if inputs.type == "LINES" else "LINES")
    assert answer(SelectRequest(request.expression, other, outputs), text) == usual, "the other type"
    if (items, rest) == (_ALL, ""):
        _check_twin(SelectRequest(request.expression, inputs, JsonOutput()), text, steps)


def _check_twin(request: SelectRequest, text: bytes, steps: tuple[Step, ...]) -> None:
    if text.count(b"[") + text.count(b"{") > _DEEPEST:
        return
    roots, valid = rows_of(text)
    try:
        rows = range_over(roots, steps)
    except AmbiguousError:
        return
    got = answer(request, text)
    assert (got.code is None) == valid, f"the twin finds that it is valid: {valid}; {got.code}"
    records = [json_record(row if isinstance(row, Struct) else [("_1", row)]) for row in rows]
    assert got.records[: len(records)] == records, f"the twin: {records}, got: {got.records}"
    assert valid is False or got == Scanned(records, None)
