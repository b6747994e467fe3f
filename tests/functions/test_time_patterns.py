"""What a pattern of TO_STRING or TO_TIMESTAMP may be, against the plain-Python twin."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.functions.time_patterns import Symbol, Verbatim, parsing_pattern, writing_pattern
from tests.twins import time_patterns as twin
from tests.twins.values import FailedError

texts = st.lists(
    st.sampled_from([*"yMdahHmsSnXx' /-,:._[]{}#0QTé", "yyyy", "MM", "dd", "HH", "mm", "''", "'T'", "a h"]),
    max_size=12,
).map("".join)


def code_of(pattern: str, parsing: bool) -> str:
    try:
        (parsing_pattern if parsing else writing_pattern)(pattern)
    except S3SelectError as error:
        return error.code
    return "OK"


def expected(pattern: str, parsing: bool) -> str:
    try:
        twin.checked(pattern) if parsing else twin.tokens(pattern, parsing=False)
    except FailedError as failure:
        return failure.code
    return "OK"


@settings(max_examples=600, deadline=None)
@given(texts, st.booleans())
@example("yyyy-MM-dd HH:mm:ss.SSSXXX", True)
@example("", True)
@example("", False)
@example("'", True)
@example("'''", False)
@example("y 'o''clock", True)
@example("y_'", True)
@example("y MMMMM M", True)
@example("hhh 'y", True)
def test_faults_are_the_twins(pattern: str, parsing: bool) -> None:
    assert code_of(pattern, parsing) == expected(pattern, parsing)


def test_tokens() -> None:
    assert writing_pattern("yyyy-MM'T''o'''''' é'x") == (
        Symbol("y", 4, 1),
        Verbatim("-"),
        Symbol("M", 2, 6),
        Verbatim("T'o''' é"),
        Symbol("x", 1, 22),
    )
    assert parsing_pattern("y") == (Symbol("y", 1, 1),)
    assert writing_pattern("''") == (Verbatim("'"),)
    assert writing_pattern("''''") == (Verbatim("''"),)
    assert writing_pattern("'a'''y") == (Verbatim("a'"), Symbol("y", 1, 6))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("yyyy-QQ", "'yyyy-QQ' of TO_TIMESTAMP has 'Q' at character 6, which is no pattern letter"),
        ("y-MMMMMM", "'M' at character 3, 6 in a row; there may be 5"),
        ("y_M", "has '_' at character 2. Only blanks and / - , : . stand for themselves"),
        ("y 'abc", "has an open quote at character 3"),
        ("y MMMMM", "MMM and MMMM read names of months"),
        ("yyyy M MMM", "has the month twice: 'M' at character 6 and 'M' at character 8"),
        ("y M d h", "'h' at character 7 without 'a'"),
        ("y M d H a", "'H' at character 7 with 'a'"),
        ("y-d", "lacks the month"),
        ("y X", "lacks the month, day, hour"),
        ("", "lacks the year"),
    ],
)
def test_messages_say_what_was_found_where_and_what_would_work(pattern: str, said: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        parsing_pattern(pattern)
    assert said in raised.value.message


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("Q", "of TO_STRING has 'Q' at character 1"),
        ("y [", "has '[' at character 3. Only all but"),
        ("'", "open quote at character 1"),
    ],
)
def test_messages_of_writing(pattern: str, said: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        writing_pattern(pattern)
    assert said in raised.value.message


def test_a_long_pattern_is_scanned_once_and_cut_in_the_message() -> None:
    assert len(writing_pattern("yM" * 50_000)) == 100_000
    with pytest.raises(S3SelectError) as raised:
        writing_pattern("yM" * 50_000 + "Q")
    assert len(raised.value.message) < 400
