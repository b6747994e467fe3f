"""Structure: what is allowed; what is refused is in grammar/reject."""

from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.functions.signatures import SIGNATURES
from s3sql.sql import parse


@pytest.mark.parametrize(
    "items",
    [
        "COUNT(*), 1, 'x', NULL, `2010T`",
        "SUM(a) + 1, LOWER('X'), CASE WHEN COUNT(*) > 0 THEN MAX(b) ELSE 0 END",
        "SUM(CASE WHEN a = 'x' THEN b.c[0] ELSE d END)",
        "COUNT(s.*), COUNT(s.a[*])",
        "COALESCE(MIN(a), MAX(b), UTCNOW())",
        "COUNT('x' IN s.a[*])",
        "1, 'x'",
    ],
)
def test_select_list_of_aggregates_and_constants(items: str) -> None:
    parse(f"SELECT {items} FROM S3Object s")


@pytest.mark.parametrize(
    "items",
    [
        "s.*, s.*",
        "s.a.*, b",
        "'x' IN s.a[*] AS x",
        "LOWER(s.a[*].b)",
        "(1, s.a[*])",
        "[1].*",
        "s.a.* , 1 + 1",
    ],
)
def test_wildcards_inside_expressions_and_at_the_end(items: str) -> None:
    parse(f"SELECT {items} FROM S3Object s")


WRONG_NUMBER = {
    "plain": {"EvaluatorInvalidArguments"},
    "date": {"EvaluatorInvalidArguments", "ParseExpectedDatePart"},
    "substring": {
        "ParseUnexpectedTerm",
        "ParseExpectedArgumentDelimiter",
        "ParseExpectedRightParenBuiltinFunctionCall",
    },
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_number_of_arguments(name: str) -> None:
    signature = SIGNATURES[name]
    if signature.syntax in ("extract", "trim") or signature.kind == "aggregate":
        return  # the grammar leaves no other number
    for count in range(5):
        arguments = ["day" if signature.syntax == "date" else "a", "a", "a", "a"][:count]
        code = outcome(f"SELECT {name}({', '.join(arguments)}) FROM S3Object")
        if signature.takes(count):
            assert code == "", count
        else:
            assert code in WRONG_NUMBER[signature.syntax], count


def outcome(sql: str) -> str:
    try:
        parse(sql)
    except S3SelectError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELECT a + LOWER(foo(b)) FROM S3Object", "line 1, column 18"),
        ("SELECT a FROM S3Object WHERE a OR b OR c AND LOWER(x, y) = 1", "line 1, column 46"),
        ("SELECT COUNT(*), CASE WHEN 1 THEN s.a[0].b END FROM S3Object s", "line 1, column 35"),
    ],
)
def test_place_of_what_is_refused(sql: str, place: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        parse(sql)
    assert raised.value.message.endswith(f"at {place}.")
