"""LIKE against a regular expression, in every shape of pattern and with every fault."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.functions.like import Contains, Exact, Prefix, Segments, Suffix, compile_pattern, like
from s3sql.payloads import Text
from s3sql.types import Column, Kind
from tests.functions.failures import Failures, column, never

INVALID = "EvaluatorLikePatternInvalidEscapeSequence"

#: Few characters, so that matches are common; of one, two, three and four bytes.
TEXTS = st.text(alphabet="abé€𝄞%_", max_size=90)
PATTERNS = st.text(alphabet="ab%_é€𝄞\\", max_size=12)


def twin(text: str, pattern: str, escape: str | None = None) -> bool | None:
    """Whether *text* matches; None for a wrong escape."""
    if escape is not None and len(escape) != 1:
        return None
    expression = ""
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == escape:
            position += 1
            if position == len(pattern) or pattern[position] not in {"%", "_", escape}:
                return None
            expression += re.escape(pattern[position])
        else:
            expression += {"%": ".*", "_": "."}.get(character, re.escape(character))
        position += 1
    return re.fullmatch(re.sub(r"(\.\*)+", ".*", expression), text, re.S) is not None


def constant(value: str, length: int) -> Column:
    return Column.of(Kind.STRING, Text.constant(value, length))


@pytest.mark.parametrize(
    ("pattern", "escape", "compiled"),
    [
        ("abc", None, Exact(b"abc")),
        ("", None, Exact(b"")),
        ("a\\%b", "\\", Exact(b"a%b")),
        ("abc%", None, Prefix(b"abc")),
        ("%", None, Prefix(b"")),
        ("%%%", None, Prefix(b"")),
        ("%é", None, Suffix("é".encode())),
        ("%abc%%", None, Contains(b"abc")),
        ("a%b", None, Segments(((b"a",), (b"b",)))),
        ("%a_%", None, Segments(((), (b"a", None), ()))),
        ("a%%b%%c", None, Segments(((b"a",), (b"b",), (b"c",)))),
    ],
)
def test_a_pattern_gets_its_fastest_form(pattern: str, escape: str | None, compiled: object) -> None:
    assert compile_pattern(pattern, escape) == compiled


@given(st.lists(TEXTS, max_size=8), PATTERNS, st.sampled_from([None, "\\", "a", "%", "_", "é"]))
@example(["", "x"], "", None)
@example(["a" * 63 + "b", "a" * 64 + "b", "a" * 130], "%ab%", None)
@example(["abab"], "%ab_b", None)
@example(["aé", "ba€", "a𝄞", "é"], "%a_", None)
def test_constant_patterns_match_like_regular_expressions(
    texts: list[str], pattern: str, escape: str | None
) -> None:
    if twin("", pattern, escape) is None:
        with pytest.raises(S3SelectError, match=INVALID):
            compile_pattern(pattern, escape)
        return
    expected = [twin(text, pattern, escape) for text in texts]
    assert compile_pattern(pattern, escape).matches(Text.of(texts)).tolist() == expected


@given(
    st.lists(st.tuples(TEXTS, PATTERNS, st.sampled_from(["\\", "a", "%", "_", "é", "", "ab"])), max_size=8)
)
def test_a_pattern_and_an_escape_of_its_own_in_every_row(rows: list[tuple[str, str, str]]) -> None:
    texts, patterns, escapes = ([row[i] for row in rows] for i in range(3))
    failures = Failures()
    found = like(column(texts), column(patterns), column(escapes), failures)
    expected = [twin(*row) for row in rows]
    assert found.to_python() == expected
    assert failures.codes == {row: INVALID for row, value in enumerate(expected) if value is None}


@given(st.lists(st.tuples(TEXTS, PATTERNS), max_size=8))
@example([("€", "%__"), ("a€", "%__")])
def test_a_pattern_of_its_own_in_every_row(rows: list[tuple[str, str]]) -> None:
    found = like(column([text for text, _ in rows]), column([pattern for _, pattern in rows]), None, never)
    assert found.to_python() == [twin(*row) for row in rows]


@given(
    st.text(alphabet="abc", min_size=1, max_size=20),
    st.lists(st.text(alphabet="abc", max_size=200), max_size=5),
)
def test_a_word_is_found_wherever_it_stands(word: str, texts: list[str]) -> None:
    found = compile_pattern(f"%{word}%").matches(Text.of(texts))
    assert found.tolist() == [word in text for text in texts]


def test_bytes_behind_a_text_do_not_match() -> None:
    text = Text.of(["xxab", "cd", "xabcd"])
    assert compile_pattern("%abc%").matches(text).tolist() == [False, False, True]
    assert compile_pattern("%abcd").matches(text).tolist() == [False, False, True]
    assert compile_pattern("%b_%").matches(text).tolist() == [False, False, True]


def test_many_percent_signs_take_no_time() -> None:
    text = Text.of(["a" * 5000])
    pattern = "%".join("a" * 30) + "%b"
    assert not compile_pattern(pattern).matches(text)[0]
    found = like(column(["a" * 5000, "b"]), column([pattern, "%_"]), None, never)
    assert found.to_python() == [False, True]


def test_unknown_operands_give_null_before_anything_fails() -> None:
    failures = Failures()
    values = column(["ab", None, ..., 1, 1])
    found = like(values, column(["a%", "a%", "a%", None, "1"]), None, failures)
    assert found.to_python() == [True, None, None, None, None]
    assert failures.codes == {4: "LikeInvalidInputs"}
    assert failures.messages == ["LIKE compares text only, found INT, STRING."]


@pytest.mark.parametrize("operand", [True, 1, 1.5, (0, 0, 2, 0)])
def test_operands_other_than_text_fail(operand: object) -> None:
    for operands in ([operand, "a", "b"], ["a", operand, "b"], ["a", "a", operand]):
        failures = Failures()
        found = like(*(column([value, "a"]) for value in operands), failures)
        assert found.value(0) is None
        assert failures.codes[0] == "LikeInvalidInputs"


def test_a_wrong_constant_pattern_fails_only_the_rows_that_need_it() -> None:
    failures = Failures()
    values = column([None, "ab", 3])
    assert like(values, constant("a\\b", 3), constant("\\", 3), failures).to_python() == [None] * 3
    assert failures.codes == {1: INVALID, 2: "LikeInvalidInputs"}
    assert (
        like(values.take(column([0]).array(Kind.INT)), constant("a\\b", 1), constant("\\", 1), never).kind
        == Kind.NULL
    )


@pytest.mark.parametrize("escape", ["", "ab", "€€"])
def test_an_escape_is_exactly_one_character(escape: str) -> None:
    failures = Failures()
    like(column(["ab", "b"]), constant("a", 2), constant(escape, 2), failures)
    assert failures.codes == {0: INVALID, 1: INVALID}
    assert failures.messages == [f"ESCAPE must be exactly one character, found '{escape}'."]


def test_no_rows() -> None:
    empty = column([])
    assert like(empty, empty, empty, never).to_python() == []
    assert like(empty, empty, None, never).to_python() == []
