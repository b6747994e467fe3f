from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.functions import concatenation
from s3sql.functions.concatenation import concatenate
from s3sql.functions.concatenation import joined as concatenation_joined
from s3sql.functions.registry import Fail
from s3sql.types import Column, Kind, Text
from tests.twins import strategies as some
from tests.twins import values as twin
from tests.twins.rows import Reported, agree
from tests.twins.values import NULL, Value, column_of, values_of


@given(
    st.tuples(st.sampled_from([some.text_values, some.values]), st.integers(2, 6)).flatmap(
        lambda drawn: some.columns(*[drawn[0]] * drawn[1])
    )
)
def test_concatenation_is_that_of_single_values(columns: list[list[Value]]) -> None:
    def run(operands: list[Column], fail: Reported) -> Column:
        return concatenate(operands[0], ((operand, fail) for operand in operands[1:]))

    agree(run, lambda *values: reduce(twin.concat, values), columns)


@pytest.mark.parametrize(
    ("operands", "found", "failing"),
    [
        ([Value(Kind.STRING, "a"), Value(Kind.INT, 1)], "STRING || INT", 1),
        ([Value(Kind.INT, 1), Value(Kind.STRING, "a"), Value(Kind.INT, 1)], "INT || STRING", 1),
        ([*[Value(Kind.STRING, "a")] * 2, Value(Kind.BOOL, True), NULL], "STRING || BOOL", 2),
    ],
)
def test_the_first_operator_that_fails_says_what_was_found(
    operands: list[Value], found: str, failing: int
) -> None:
    reports = [Reported() for _ in operands]
    first, *others = (column_of([value]) for value in operands)
    values = concatenate(first, zip(others, reports[1:], strict=True))
    assert values_of(values) == [NULL]
    assert [len(report.messages) for report in reports] == [int(n == failing) for n in range(len(operands))]
    assert f"Found {found}:" in reports[failing].messages[0]


def test_an_operand_is_asked_for_when_those_before_it_have_been_checked() -> None:
    story: list[str] = []

    def others() -> Iterator[tuple[Column, Fail]]:
        for name in ("second", "third"):
            story.append(name)
            yield (
                column_of([Value(Kind.INT, 1)]),
                lambda where, error, name=name: story.append(f"{name} fails"),
            )

    concatenate(column_of([Value(Kind.STRING, "a")]), others())
    assert story == ["second", "second fails", "third"]


def test_thousands_of_texts_are_copied_a_few_times_only() -> None:
    text = column_of([Value(Kind.STRING, "ab")])
    joined: list[int] = []

    def counted(left: Text, right: Text) -> Text:
        both = concatenation_joined(left, right)
        joined.append(len(both.buffer))
        return both

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concatenation, "joined", counted)
        together = concatenate(text, [(text, Reported())] * 1023)
    assert values_of(together) == [Value(Kind.STRING, "ab" * 1024)]
    assert len(joined) == 1023
    assert sum(joined) < 1023 * 64 + 2 * 1024 * 11


def test_a_text_alone_is_made_up_to_the_limit() -> None:
    text = column_of([Value(Kind.STRING, "x" * 1000)])
    report = Reported()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concatenation, "MAX_MADE_BYTES", 3000)
        assert values_of(concatenate(text, [(text, report)] * 2)) == [Value(Kind.STRING, "x" * 3000)]
        assert not report.codes
        assert values_of(concatenate(text, [(text, report)] * 5)) == [NULL]
    assert report.codes == {0: "ColumnTooLong"}
    assert len(report.messages) == 1
