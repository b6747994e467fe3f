"""UTF-8 validation against Python's strict decoder."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.kernels.utf8 import first_invalid_utf8

#: Every byte that some rule singles out.
EDGES = bytes([0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF]) + bytes(
    [0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFF]
)
CHARACTERS = ["a", "é", "\u07ff", "\u0800", "\ud7ff", "\ue000", "€", "\U00010000", "\U0010ffff", "😀"]


def python_says(contents: bytes) -> int:
    try:
        contents.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return -1


def kernel_says(contents: bytes, before: bytes = b"", behind: bytes = b"") -> int:
    whole = before + contents + behind
    buffer = np.full(len(whole) + PADDING, 0x80, dtype=np.uint8)
    buffer[: len(whole)] = np.frombuffer(whole, dtype=np.uint8)
    found = first_invalid_utf8(buffer, len(before), len(before) + len(contents))
    return found if found == -1 else found - len(before)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=12), st.integers(0, 140), st.integers(0, 3))
@example(b"\xed\xa0\x80", 61, 0)
@example(b"\xf4\x90\x80\x80", 63, 0)
@example(b"\xe2\x82", 62, 0)
def test_bytes_after_ascii(contents, distance, shift):
    padded = b"x" * distance + contents
    assert kernel_says(padded, b"\xff" * shift, b"\x80\x80\x80") == python_says(padded)


def test_every_pair_and_triple_of_edge_bytes_across_a_block_boundary():
    for first in EDGES:
        for second in EDGES:
            for third in (0x41, 0x80, 0xBF, 0xC3, 0xED):
                sequence = bytes([first, second, third, 0x80])
                for distance in (5, 61, 62, 63, 64):
                    contents = b"x" * distance + sequence + b"yz"
                    assert kernel_says(contents) == python_says(contents), contents


def test_valid_text_of_any_mixture():
    source = random.Random(3)
    for _ in range(400):
        text = "".join(source.choices(CHARACTERS, k=source.randrange(200))).encode()
        assert kernel_says(text) == -1


def test_one_damaged_byte_is_found_where_python_finds_it():
    source = random.Random(4)
    for _ in range(3_000):
        text = bytearray("".join(source.choices(CHARACTERS, k=source.randrange(1, 120))).encode())
        text[source.randrange(len(text))] = source.choice(EDGES)
        contents = bytes(text[: source.randrange(len(text) + 1)])
        assert kernel_says(contents) == python_says(contents), contents


def test_an_empty_range_is_valid():
    assert kernel_says(b"") == kernel_says(b"", before=b"\xff" * 3) == -1
