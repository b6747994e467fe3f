"""The masks of JSON text against a loop over its bytes, and what they say of its encoding against Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.kernels.json_scalar_masks import MASK_SLACK, mask_scalars

#: ASCII, characters of every length, and what is none: lone, overlong, surrogates, beyond the last one.
pieces = st.sampled_from(
    ["a", '"\\{}', "0.5e-7/", "ä", "\u0800", "€", "\ud7ff", "\uffff", "😀", "\U0010ffff"]
).map(lambda text: text.encode()) | st.sampled_from(
    [
        b"\x80",
        b"\xc3",
        b"\xc1\x81",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xe2\x82",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
    ]
)
texts = st.lists(pieces | st.integers(1, 64).map(lambda count: b"x" * count), max_size=12).map(b"".join)


def masks_of(contents: bytes, start: int, end: int) -> tuple[bool, list[np.ndarray]]:
    masks = [np.zeros((len(contents) >> 3) + MASK_SLACK, np.uint8) for _ in range(3)]
    encoded = mask_scalars(PaddedBuffer.copy_of(contents).array, start, end, *masks)
    return encoded, [np.unpackbits(mask, bitorder="little")[start:end] for mask in masks]


@given(texts, texts, texts)
@example(b"", b"x" * 62 + "😀".encode(), b"")
@example(b"x" * 7, b"x" * 56 + "€".encode()[:1], "€".encode()[1:])
@example("€".encode()[:1], "€".encode()[1:], b"")
def test_masks_and_encoding(before, contents, behind):
    encoded, (stops, digits, numerals) = masks_of(
        before + contents + behind, len(before), len(before) + len(contents)
    )
    assert stops.tolist() == [byte < 32 or byte in b'"\\' for byte in contents]
    assert digits.tolist() == [byte in b"0123456789" for byte in contents]
    assert numerals.tolist() == [byte in b"-./0123456789" for byte in contents]
    try:
        contents.decode()
    except UnicodeDecodeError:
        assert not encoded
    else:
        assert encoded


@pytest.mark.parametrize("before", range(66))
def test_a_character_at_every_place_and_cut_off_everywhere(before):
    for character in ("ä", "€", "😀"):
        for length in range(1, len(character.encode()) + 1):
            contents = b"x" * before + character.encode()[:length]
            complete = length == len(character.encode())
            assert masks_of(contents, 0, len(contents))[0] == complete
            assert masks_of(contents + b"x" * 70, 0, len(contents) + 70)[0] == complete
            assert masks_of(contents + b"x" * 70, before + 1, len(contents) + 70)[0] == (length == 1)
