"""Products, reversed bytes and floats of 64-bit words against plain Python."""

from __future__ import annotations

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from s3sql.kernels import words
from s3sql.kernels.compile import FLOAT64, UINT64, kernel

any_word = st.integers(0, (1 << 64) - 1)


@kernel(UINT64(UINT64, UINT64))
def multiply_high(left, right):
    return words.multiply_high(left, right)


@kernel(UINT64(UINT64))
def byte_swap(word):
    return words.byte_swap(word)


@kernel(UINT64(FLOAT64))
def float_bits(number):
    return words.float_bits(number)


@kernel(FLOAT64(UINT64))
def float_from_bits(bits):
    return words.float_from_bits(bits)


@given(any_word, any_word)
@example((1 << 64) - 1, (1 << 64) - 1)
def test_products_and_reversed_bytes(left, right):
    assert multiply_high(left, right) == left * right >> 64
    assert byte_swap(left) == int.from_bytes(left.to_bytes(8, "little"), "big")


@given(st.floats(allow_nan=False))
@example(-0.0)
@example(5e-324)
def test_floats_and_their_bits(number):
    bits = int.from_bytes(struct.pack("<d", number), "little")
    assert float_bits(number) == bits
    assert struct.pack("<d", float_from_bits(bits)) == struct.pack("<d", number)


def test_the_bits_of_no_number_stay():
    for bits in (0x7FF8_0000_0000_0000, 0xFFF8_0000_0000_0001):
        assert float_bits(float_from_bits(bits)) == bits
