"""The text kernels against Python's strings, over slices of every length and alignment."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.kernels import text as kernels
from s3sql.payloads import Text

#: Characters of one to four bytes, and lengths on both sides of 64 bytes.
STRINGS = st.lists(st.text(alphabet="aZ@[é€𝄞", max_size=70), max_size=6)


def offsets(length: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty(length, np.int32), np.empty(length, np.int32)


@given(STRINGS)
def test_character_counts(strings: list[str]) -> None:
    text = Text.of(strings)
    counts = np.empty(len(strings), np.int64)
    kernels.character_counts(text.buffer, text.starts, text.ends, counts)
    assert counts.tolist() == list(map(len, strings))


@given(STRINGS, st.data())
def test_substrings(strings: list[str], data: st.DataObject) -> None:
    number = st.one_of(st.integers(0, 70), st.just(2**63 - 1))
    numbers = st.lists(number, min_size=len(strings), max_size=len(strings))
    skipped, lengths = data.draw(numbers), data.draw(numbers)
    text = Text.of(strings)
    out = Text(text.buffer, *offsets(len(strings)))
    wanted = (np.array(skipped, np.int64), np.array(lengths, np.int64))
    kernels.substrings(text.buffer, text.starts, text.ends, *wanted, out.starts, out.ends)
    expected = [s[first : first + length] for s, first, length in zip(strings, skipped, lengths, strict=True)]
    assert [piece.decode() for piece in out.to_bytes()] == expected


@given(STRINGS, st.sampled_from("aA"))
def test_flip_ascii_case(strings: list[str], first: str) -> None:
    text = Text.of(strings)
    size = int((text.ends - text.starts).sum())
    out = np.full(size + PADDING, 99, np.uint8)
    starts, ends = offsets(len(strings))
    not_ascii = np.empty(len(strings), np.bool_)
    written = kernels.flip_ascii_case(
        text.buffer, text.starts, text.ends, ord(first), out, starts, ends, not_ascii
    )
    change = str.upper if first == "a" else str.lower
    assert not_ascii.tolist() == [not s.isascii() for s in strings]
    expected = [change(s) if s.isascii() else "" for s in strings]
    assert [piece.decode() for piece in Text(out, starts, ends).to_bytes()] == expected
    assert written == sum(map(len, expected))


@given(STRINGS)
def test_join(strings: list[str]) -> None:
    text = Text.of(strings)
    expected = b"".join(s.encode() + b"|" for s in strings)
    out = np.empty(len(expected) + PADDING, np.uint8)
    assert kernels.join(text.buffer, text.starts, text.ends, ord("|"), out) == len(expected)
    assert out[: len(expected)].tobytes() == expected


@given(
    st.lists(st.text(max_size=30), max_size=4),
    st.lists(st.text(alphabet="aé€𝄞", max_size=4), min_size=4, max_size=4),
)
def test_trimmed(strings: list[str], sets: list[str]) -> None:
    strings = [characters[::-1] + s + characters for s, characters in zip(strings, sets)]  # noqa: B905
    text, characters = Text.of(strings), Text.of(sets[: len(strings)])
    for leading, trailing, strip in (
        (True, True, str.strip),
        (True, False, str.lstrip),
        (False, True, str.rstrip),
    ):
        out = Text(text.buffer, *offsets(len(strings)))
        kernels.trimmed(
            text.buffer,
            text.starts,
            text.ends,
            characters.buffer,
            characters.starts,
            characters.ends,
            leading,
            trailing,
            out.starts,
            out.ends,
        )
        expected = [strip(s, c) for s, c in zip(strings, sets)]  # noqa: B905
        assert [piece.decode() for piece in out.to_bytes()] == expected
