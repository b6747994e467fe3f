"""LIKE where a pattern nearly fits at every place of a text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.functions.like import Segments, compile_pattern, like
from s3sql.functions.like_places import PlacePattern, decide
from s3sql.kernels import like as kernels
from s3sql.payloads import Text
from tests.functions.failures import column, never
from tests.functions.test_like import twin

#: Of one to four bytes; é, ĩ and 𐃩 have the same lowest eight bits, 𐃩 and 𐄩 differ in the middle ones alone.
ALPHABET = "abéĩ𐃩𐄩"
LONG = 1_000_000


def segments_of(pattern: str) -> list[list[bytes | None]]:
    """The definition, again: pieces between percent signs, empty ones in the middle left out."""
    pieces = [[None if c == "_" else c.encode() for c in piece] for piece in pattern.split("%")]
    return [piece for number, piece in enumerate(pieces) if piece or number in (0, len(pieces) - 1)]


@given(
    st.lists(st.text(alphabet=ALPHABET, min_size=1, max_size=400), min_size=1, max_size=4),
    st.text(alphabet=ALPHABET + "%_", max_size=14),
)
@example(["é" * 300 + "ĩa"], "%ĩ_")
@example(["aab" * 100 + "aaa"], "%aabaaa%")
@example(["a"], "%_%_%")
@example(["ab" * 200], "%" + "a_" * 140 + "%")
@example(["ab" * 200 + "bb"], "%" + "a_" * 140 + "bb%")
def test_every_text_is_decided_like_by_a_regular_expression(texts: list[str], pattern: str) -> None:
    matched = np.full(len(texts), kernels.UNDECIDED, np.uint8)
    decide(Text.of(texts), segments_of(pattern), matched)
    assert matched.tolist() == [twin(text, pattern) for text in texts]


@given(st.text(alphabet=ALPHABET, max_size=6), st.text(alphabet=ALPHABET, max_size=6), st.data())
def test_a_piece_of_a_text_is_found_in_it(before: str, behind: str, data: st.DataObject) -> None:
    """At every distance from the 64 and 256 places that are compared at once."""
    middle = data.draw(st.text(alphabet="ab", min_size=1, max_size=300))
    wild = "".join(data.draw(st.sampled_from([c, c, c, "_"])) for c in middle)
    padding = "a" * data.draw(st.integers(0, 520))
    text = before + padding + middle + behind
    pattern = PlacePattern.of(segments_of(f"{before}%{wild}%{behind}"))
    encoded = Text.of(["x", text, "x"])
    assert pattern.matches(encoded.buffer, int(encoded.starts[1]), int(encoded.ends[1])) == bool(text)


def test_only_undecided_rows_are_touched() -> None:
    matched = np.array([1, kernels.UNDECIDED, 0, kernels.UNDECIDED], np.uint8)
    decide(Text.of(["b", "b", "a", "a"]), segments_of("%a%"), matched)
    assert matched.tolist() == [1, 0, 0, 1]


#: Segments that nearly fit everywhere in a text of "a". Byte by byte all of them would take an hour.
HARD = {
    "word": ("a" * 19_999 + "ba" + "a" * 19_999, "a" * 19_999 + "ba" + "a" * 19_999),
    "any character within": (("a_" * 10_000) + "b", "a" * 20_000 + "b"),
    "any character first": ("_" * 20_000 + "b", "a" * 20_000 + "b"),
    "any character last": ("a" * 20_000 + "b_", "a" * 20_000 + "bé"),
}


@pytest.mark.parametrize("shape", HARD)
@pytest.mark.parametrize("filler", ["a", "é", "€", "𝄞"])
def test_a_long_pattern_that_nearly_fits_everywhere_is_decided(shape: str, filler: str) -> None:
    segment, hit = (part.replace("a", filler) for part in HARD[shape])
    miss = filler * (LONG // len(filler.encode()))
    texts = [miss, miss + hit, "b" * 10, miss[: len(miss) // 2] + hit + miss[: len(miss) // 2]]
    expected = [False, True, False, True]
    for around in ("%{}%", f"{filler}%{filler}%{{}}%"):
        pattern = compile_pattern(around.format(segment))
        assert pattern.matches(Text.of(texts)).tolist() == expected
    own = [f"%{segment}%", f"{filler}%{segment}%", f"%{segment}%", f"%{segment}%"]
    assert like(column(texts), column(own), None, never).to_python() == expected


@pytest.mark.parametrize("shape", HARD)
def test_the_first_kernels_give_such_texts_up(shape: str) -> None:
    """Otherwise the test above would pass because the texts are too short."""
    segment, _ = HARD[shape]
    text = Text.of(["a" * LONG])
    out = np.empty(1, np.uint8)
    literal = np.frombuffer(segment.encode() + bytes(64), np.uint8)
    if "_" not in segment:
        undecided = kernels.containing(text.buffer, text.starts, text.ends, literal, len(segment), out)
    else:
        compiled = compile_pattern(f"%{segment}%")
        assert isinstance(compiled, Segments)
        wild = np.array([c == "_" for c in segment])
        bounds = np.array([0, 0, len(segment), len(segment)], np.int32)
        plain = np.array([True, False, True])
        undecided = kernels.matching_segments(
            text.buffer, text.starts, text.ends, literal, wild, bounds, plain, out
        )
    assert undecided == 1
    assert out.tolist() == [kernels.UNDECIDED]


def test_many_rows_that_are_given_up_and_many_that_are_not() -> None:
    hard = "a" * 3000
    rows = [hard, "a", hard + "b", "", hard + "ab" * 10] * 20
    pattern = "%" + "a_" * 100 + "b%"
    expected = [twin(row, pattern) for row in rows[:5]] * 20
    assert expected[:5] == [False, False, True, False, True]
    assert compile_pattern(pattern).matches(Text.of(rows)).tolist() == expected
    own = [pattern, "%a", pattern + "%", "_", pattern] * 20
    expected = [twin(row, each) for row, each in zip(rows[:5], own[:5], strict=True)] * 20
    assert like(column(rows), column(own), None, never).to_python() == expected


def test_an_escape_of_a_row_that_is_given_up() -> None:
    text = "a%" * 2000
    pattern = "%" + "a\\%" * 300 + "_\\_%"
    assert twin(text, pattern, "\\") is False
    assert twin(text + "a_", pattern, "\\") is True
    found = like(column([text, text + "a_", "x"]), column([pattern] * 2 + ["x"]), column(["\\"] * 3), never)
    assert found.to_python() == [False, True, True]
