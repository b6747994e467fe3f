"""Words of 128 and 256 bits against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3sql.kernels import wide_integers
from s3sql.kernels.compile import INT64, UINT64, UINT64S, UINT64S_OUT, VOID, kernel
from s3sql.kernels.simd import at, put

WORD = (1 << 64) - 1
MANY = settings(max_examples=1000, deadline=None)


@kernel(VOID(UINT64S, UINT64S_OUT))
def divide(words: np.ndarray, out: np.ndarray) -> None:
    q3, q2, q1, q0, r1, r0 = wide_integers.divide_words(
        at(words, 0), at(words, 1), at(words, 2), at(words, 3), at(words, 4), at(words, 5)
    )
    for place, word in enumerate((q3, q2, q1, q0, r1, r0)):
        put(out, place, word)


@kernel(VOID(UINT64S, UINT64S_OUT))
def combine(words: np.ndarray, out: np.ndarray) -> None:
    a3, a2, a1, a0 = at(words, 0), at(words, 1), at(words, 2), at(words, 3)
    b1, b0 = at(words, 4), at(words, 5)
    m3, m2, m1, m0 = wide_integers.multiply_words(a1, a0, b1, b0)
    s3, s2, s1, s0 = wide_integers.add_4(a3, a2, a1, a0, b1, b0)
    d3, d2, d1, d0 = wide_integers.subtract_4(a3, a2, a1, a0, b1, b0)
    for place, word in enumerate((m3, m2, m1, m0, s3, s2, s1, s0, d3, d2, d1, d0)):
        put(out, place, word)
    put(out, 12, UINT64(wide_integers.count_digits_4(a3, a2, a1, a0)))


@kernel(INT64(UINT64S, INT64, UINT64S_OUT))
def divide_by_ten_to(words: np.ndarray, exponent: int, out: np.ndarray) -> int:
    q1, q0, rest = wide_integers.divide_by_ten_to(UINT64(0), UINT64(0), at(words, 0), at(words, 1), exponent)
    put(out, 0, q1)
    put(out, 1, q0)
    return rest


def words_of(number: int, count: int) -> list[int]:
    return [number >> (64 * place) & WORD for place in reversed(range(count))]


def number_of(words: np.ndarray) -> int:
    number = 0
    for word in words.tolist():
        number = number << 64 | word
    return number


_edge_words = st.sampled_from([0, 1, 2, WORD, WORD - 1, 1 << 63, (1 << 63) - 1]) | st.integers(0, WORD)


def integers(words: int) -> st.SearchStrategy[int]:
    """Of that many words: edges of words, of bits and of digits."""
    bits = 64 * words
    most = (1 << bits) - 1
    near = st.builds(lambda base, by: min(most, max(0, base + by)), _bases(bits), st.integers(-2, 2))
    pieces = st.lists(_edge_words, min_size=words, max_size=words).map(
        lambda w: number_of(np.array(w, np.uint64))
    )
    return near | pieces | st.integers(0, most)


def _bases(bits: int) -> st.SearchStrategy[int]:
    powers = [1 << power for power in range(bits + 1)]
    return st.sampled_from(powers + [10**power for power in range(78) if 10**power < 1 << bits])


@MANY
@given(integers(4), integers(2).filter(bool))
@example((1 << 256) - 1, 1)
@example((1 << 256) - 1, (1 << 128) - 1)
@example((1 << 255) - 1, (1 << 127) + 1)
@example(1 << 128, (1 << 64) + 1)
def test_division(dividend: int, divisor: int) -> None:
    out = np.zeros(6, np.uint64)
    divide(np.array(words_of(dividend, 4) + words_of(divisor, 2), np.uint64), out)
    assert (number_of(out[:4]), number_of(out[4:])) == divmod(dividend, divisor)


@MANY
@given(integers(4), integers(2))
def test_products_sums_differences_and_digits(left: int, right: int) -> None:
    out = np.zeros(13, np.uint64)
    combine(np.array(words_of(left, 4) + words_of(right, 2), np.uint64), out)
    assert number_of(out[:4]) == left % (1 << 128) * right
    assert number_of(out[4:8]) == (left + right) % (1 << 256)
    assert number_of(out[8:12]) == (left - right) % (1 << 256)
    assert out[12] == len(str(left))


@MANY
@given(integers(2), st.integers(0, 38), st.integers(-1, 1))
def test_division_by_powers_of_ten(number: int, exponent: int, by: int) -> None:
    ten = 10**exponent
    for dividend in (number, min(max(0, number // ten * ten + ten // 2 + by), (1 << 128) - 1)):
        out = np.zeros(2, np.uint64)
        half = divide_by_ten_to(np.array(words_of(dividend, 2), np.uint64), exponent, out)
        quotient, rest = divmod(dividend, ten)
        assert number_of(out) == quotient
        assert half == (-2 if not rest else (2 * rest > ten) - (2 * rest < ten))
