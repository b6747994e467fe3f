"""TO_STRING and TO_TIMESTAMP over columns: unknown and wrong arguments, patterns by row, failures by row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql.exec.footprint import Footprint
from s3sql.functions import registry
from s3sql.functions.time_programs import writer
from s3sql.plan.expr import Literal
from s3sql.plan.operators import Call
from s3sql.timestamp import UNKNOWN_OFFSET, Timestamp
from s3sql.types import Kind
from tests.functions.failures import Failures, column, never
from tests.twins import time_patterns as twin
from tests.twins.values import FailedError

WRONG_TYPE = "IncorrectSqlFunctionArgumentType"
MOON = Timestamp(-14_182_920, 0, 3, 0)  # 1969-07-20T20:18Z
DAY = Timestamp(1_170_460_800, 0, 2, UNKNOWN_OFFSET)  # 2007-02-03


def call(name: str, *arguments: list[object], fail: registry.Fail = never) -> list[object]:
    return registry.function(name)([column(argument) for argument in arguments], fail).to_python()


def test_unknown_arguments_give_null_whatever_the_others_are() -> None:
    assert call("TO_STRING", [None, ..., MOON, 5], ["y", "Q", None, None]) == [None] * 4
    assert call("TO_TIMESTAMP", [None, ..., "2007", 5], ["y", "Q", None, ...]) == [None] * 4
    assert call("TO_TIMESTAMP", [None, ...]) == [None] * 2


def test_arguments_of_other_kinds_fail_their_rows() -> None:
    failures = Failures()
    stamps = [MOON, "2007T", MOON, 1, MOON]
    assert call("TO_STRING", stamps, ["y", "y", 5, "Q", "d"], fail=failures) == [
        "1969",
        None,
        None,
        None,
        "20",
    ]
    assert failures.codes == dict.fromkeys((1, 2, 3), WRONG_TYPE)
    failures = Failures()
    texts = ["2007T", MOON, True, "2007-02-03"]
    assert call("TO_TIMESTAMP", texts, fail=failures) == [
        Timestamp(1_167_609_600, 0, 0, UNKNOWN_OFFSET),
        None,
        None,
        DAY,
    ]
    assert failures.codes == dict.fromkeys((1, 2), WRONG_TYPE)


def test_a_faulty_pattern_fails_only_its_rows() -> None:
    failures = Failures()
    patterns = ["y", "Q", "MMM d", "Q", None, "y"]
    assert call("TO_STRING", [MOON] * 6, patterns, fail=failures) == [
        "1969",
        None,
        "Jul 20",
        None,
        None,
        "1969",
    ]
    assert failures.codes == dict.fromkeys((1, 3), "EvaluatorInvalidTimestampFormatPattern")
    failures = Failures()
    texts = ["2007-02-03", "x", "3.2.7", "2007-02-30", "2007"]
    patterns = ["y-M-d", "y-M-d", "d.M.y", "y-M-d", "y a"]
    found = call("TO_TIMESTAMP", texts, patterns, fail=failures)
    assert found[0] == DAY
    assert [value is None for value in found] == [False, True, False, True, True]
    assert failures.codes == {
        1: "ValueParseFailure",
        3: "ValueParseFailure",
        4: "EvaluatorInvalidTimestampFormatPattern",
    }


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2007-02-03", "2007", "03/02/07", "2007-02-30", "x", "", None]),
            st.sampled_from(["yyyy-MM-dd", "y", "dd/MM/yy", "MMMMM", "y y", None]),
        ),
        max_size=12,
    )
)
def test_rows_are_as_if_each_were_alone(rows: list[tuple[str | None, str | None]]) -> None:
    answers, codes = [], {}
    for number, (text, pattern) in enumerate(rows):
        answers.append(None)
        try:
            if text is not None and pattern is not None:
                answers[-1] = twin.read(text, pattern)
        except FailedError as failure:
            codes[number] = failure.code
    failures = Failures()
    assert call("TO_TIMESTAMP", [t for t, _ in rows], [p for _, p in rows], fail=failures) == answers
    assert failures.codes == codes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x",), "'x': expected an Ion timestamp such as 2007-04-05T14:30Z"),
        (("2007-02-03T04:05:06.0123456789Z",), "at most nine digits"),
        (("7", "yyyy-MM"), "'7' with the pattern 'yyyy-MM': a text of this pattern is '1969-07'"),
        (("2007-13", "yyyy-MM"), "there is no such date or time in the years 0001 to 9999"),
        (("z" * 500, "y" + "-" * 300), "… ("),
    ],
)
def test_messages_say_what_was_found_and_what_would_work(arguments: tuple[str, ...], said: str) -> None:
    failures = Failures()
    call("TO_TIMESTAMP", *([argument] for argument in arguments), fail=failures)
    assert said in failures.messages[0]
    assert len(failures.messages[0]) < 600


@pytest.mark.parametrize(
    "expression", ["TO_TIMESTAMP(_1)", "TO_TIMESTAMP(_1, 'y')", "TO_STRING(`2007T`, _1)"]
)
def test_a_failure_has_the_place_of_the_call(expression: str) -> None:
    with pytest.raises(s3sql.S3SelectError) as raised:
        s3sql.query(f"SELECT _1,\n  {expression} FROM S3Object", b"qx\n", input_format="csv").to_arrow()
    assert str(raised.value.position) == "line 2, column 3"


def test_many_rows_of_one_long_pattern_are_taken_in_pieces() -> None:
    # A fault in what a row is said to take at most would show as 600 MB, or as text out of place.
    pattern = "n " * 20_000
    node = Call("TO_STRING", (Literal(Kind.TIMESTAMP, MOON), Literal(Kind.STRING, pattern)))
    assert Footprint.of([node]).per_row >= writer(pattern).width
    sql = f"SELECT CHAR_LENGTH(TO_STRING(`2007T`, '{pattern}')) AS n FROM S3Object"
    lengths = s3sql.query(sql, b"x\n" * 3_000, input_format="csv").to_arrow()
    assert lengths.column(0).to_pylist() == [40_000] * 3_000
