"""The string functions against Python's own, and AWS's examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.functions import registry
from s3sql.payloads import Text
from s3sql.types import Column, Kind
from tests.functions.failures import Failures, column, never

WRONG_TYPE = "IncorrectSqlFunctionArgumentType"
#: Anything UTF-8 can write, with many characters whose case is odd or depends on the neighbours.
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("aZßİıΣσςǅﬁé\x00\x01\x1f '.­ŉ𐐀K"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=80,
)


def call(name: str, *arguments: list[object], fail: registry.Fail = never) -> list[object]:
    return registry.function(name)([column(argument) for argument in arguments], fail).to_python()


@given(st.lists(TEXTS, max_size=8))
@example(["ΑΣ", "Σ", "ΑΣ", "ΑΣ'Α", ""])
@example(["é" + "".join(map(chr, range(0x20))), "É"])
@example(["@AZ[`az{", "\x7f\x00A" * 9])
def test_letter_case_and_length_are_pythons(texts: list[str]) -> None:
    assert call("LOWER", texts) == [text.lower() for text in texts]
    assert call("UPPER", texts) == [text.upper() for text in texts]
    assert call("CHAR_LENGTH", texts) == [len(text) for text in texts]


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ((0,), "123456789"),
        ((1,), "123456789"),
        ((2,), "23456789"),
        ((-4,), "123456789"),
        ((0, 999), "123456789"),
        ((1, 5), "12345"),
        ((0, 2), "1"),
        ((-1, 3), "1"),
        ((-4, 3), ""),
        ((1, 0), ""),
        ((10,), ""),
        ((10, 1), ""),
        ((9, 2**63 - 1), "9"),
        ((2**63 - 1, 2**63 - 1), ""),
        ((-(2**63), 2**63 - 1), ""),
        ((-(2**63), 0), ""),
        ((-(2**62), 2**62 + 3), "12"),
    ],
)
def test_substring(arguments: tuple[int, ...], result: str) -> None:
    assert call("SUBSTRING", ["123456789"], *([number] for number in arguments)) == [result]


@given(st.lists(st.tuples(TEXTS, st.integers(-5, 90), st.integers(0, 90)), max_size=8))
def test_substring_counts_characters(rows: list[tuple[str, int, int]]) -> None:
    texts, starts, lengths = ([row[i] for row in rows] for i in range(3))
    assert call("SUBSTRING", texts, starts) == [text[max(start, 1) - 1 :] for text, start, _ in rows]
    expected = [text[max(start, 1) - 1 : max(start + length - 1, 0)] for text, start, length in rows]
    assert call("SUBSTRING", texts, starts, lengths) == expected


def test_substring_faults() -> None:
    failures = Failures()
    texts = ["abc"] * 6
    starts = [1, 3.0, 1, None, 1, "1"]
    lengths = [2, 1, -1, -1, None, 1]
    assert call("SUBSTRING", texts, starts, lengths, fail=failures) == ["ab"] + [None] * 5
    assert failures.codes == {1: WRONG_TYPE, 2: "IllegalSqlFunctionArgument", 5: WRONG_TYPE}
    assert failures.messages == [
        "Argument 2 of the function SUBSTRING must be a value of type INT, found FLOAT.",
        "The length of SUBSTRING must not be negative, found -1.",
    ]


@pytest.mark.parametrize(
    ("side", "characters", "text", "result"),
    [
        ("BOTH", " ", "   foobar   ", "foobar"),
        ("LEADING", " ", "   foobar   ", "foobar   "),
        ("TRAILING", " ", "   foobar   ", "   foobar"),
        ("BOTH", "12", "1112211foobar22211122", "foobar"),
        ("BOTH", " ", "\t foobar \t", "\t foobar \t"),
        ("BOTH", "", " a ", " a "),
        ("BOTH", "é€𝄞", "€é𝄞a€b𝄞𝄞é€", "a€b"),
        ("BOTH", "é", "è", "è"),
        ("BOTH", "a", "aaaa", ""),
    ],
)
def test_trim(side: str, characters: str, text: str, result: str) -> None:
    assert call("TRIM", [side], [characters], [text]) == [result]


@given(
    st.lists(
        st.tuples(st.text(alphabet="aé€𝄞 ", max_size=4), st.text(alphabet="aé€𝄞b ", max_size=12)), max_size=8
    )
)
def test_trim_takes_off_a_set_of_characters(rows: list[tuple[str, str]]) -> None:
    sets, texts = ([row[i] for row in rows] for i in range(2))
    for side, strip in (("BOTH", "strip"), ("LEADING", "lstrip"), ("TRAILING", "rstrip")):
        # str.strip('') takes off nothing, as TRIM does
        expected = [getattr(text, strip)(characters) for characters, text in rows]
        assert call("TRIM", [side] * len(rows), sets, texts) == expected


@pytest.mark.parametrize("name", ["CHAR_LENGTH", "LOWER", "UPPER"])
def test_unknown_is_null_and_other_kinds_fail(name: str) -> None:
    failures = Failures()
    found = call(name, ["ab", None, 5, ..., True, "é"], fail=failures)
    function = {"CHAR_LENGTH": len, "LOWER": str.lower, "UPPER": str.upper}[name]
    assert found == [function("ab"), None, None, None, None, function("é")]
    assert failures.codes == {2: WRONG_TYPE, 4: WRONG_TYPE}
    assert failures.messages == [
        f"Argument 1 of the function {name} must be a value of type STRING, found INT."
    ]


def test_trim_of_other_kinds() -> None:
    failures = Failures()
    assert call("TRIM", ["BOTH"] * 4, [" ", 1, None, " "], [1, " a", 1, " a"], fail=failures) == [
        None
    ] * 3 + ["a"]
    assert failures.codes == {0: WRONG_TYPE, 1: WRONG_TYPE}


@pytest.mark.parametrize(
    ("name", "arity"), [("CHAR_LENGTH", 1), ("LOWER", 1), ("UPPER", 1), ("SUBSTRING", 3), ("TRIM", 3)]
)
def test_no_rows_and_unknown_rows(name: str, arity: int) -> None:
    assert call(name, *([[]] * arity)) == []
    unknown = Column.unknown(Kind.NULL, 3)
    assert registry.function(name)([unknown] * arity, never).to_python() == [None] * 3


def test_slices_of_one_buffer_in_any_order() -> None:
    whole = Text.of(["ÄbcDe"])
    text = Text(whole.buffer, np.array([3, 0, 2], np.int32), np.array([6, 3, 6], np.int32))
    found = registry.function("LOWER")([Column.of(Kind.STRING, text)], never)
    assert found.to_python() == ["cde", "äb", "bcde"]
