"""Unsigned integers of 128 and 256 bits, in words of 64: what decimals beyond 64 bits are computed with.

In: words as ``uint64``, the highest first.  Out: the same.  Every function is called inside kernels only.

Division follows N. Möller and T. Granlund, "Improved division by invariant integers" (2011): the divisor is
shifted until its highest bit is set, one reciprocal is computed for it (those of the powers of ten are in
tables), and each word of the quotient then costs two multiplications.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from s3sql.kernels.compile import INT64, UINT64, called, inlined
from s3sql.kernels.simd import leading_zeros
from s3sql.kernels.words import multiply_high

#: Most digits of a decimal (AWS S3 User Guide, Data types).
DIGITS = 38
_WORD = (1 << 64) - 1
_ALL = np.uint64(_WORD)


def _column(numbers: list[int], word: int) -> np.ndarray:
    return np.array([number >> (64 * word) & _WORD for number in numbers], np.uint64)


#: 10**0 to 10**77, the longest that 256 bits hold, word by word from the lowest.
_TENS = [10**power for power in range(78)]
_TENS_0, _TENS_1, _TENS_2, _TENS_3 = (_column(_TENS, word) for word in range(4))

_SHIFTS = [128 - ten.bit_length() for ten in _TENS[: DIGITS + 1]]
_NORMAL = [ten << shift for ten, shift in zip(_TENS, _SHIFTS, strict=False)]
_NORMAL_HIGH, _NORMAL_LOW = _column(_NORMAL, 1), _column(_NORMAL, 0)
_RECIPROCALS = np.array([((1 << 192) - 1) // divisor - (1 << 64) for divisor in _NORMAL], np.uint64)
_SHIFT_BY = np.array(_SHIFTS, np.int64)


# --- signs ------------------------------------------------------------------------------------------------


@inlined
def magnitude_of(high: Any, low: Any) -> Any:
    """The absolute value of the two halves (``int64``) of a number in two's complement."""
    if high >= 0:
        return UINT64(high), UINT64(low)
    word = UINT64(0) - UINT64(low)
    return ~UINT64(high) + UINT64(word == UINT64(0)), word


@inlined
def with_sign(negative: Any, high: Any, low: Any) -> Any:
    """The two halves (``int64``) of a magnitude, or of its negative, in two's complement."""
    if not negative:
        return INT64(high), INT64(low)
    word = UINT64(0) - low
    return INT64(~high + UINT64(word == UINT64(0))), INT64(word)


# --- addition and comparison ------------------------------------------------------------------------------


@inlined
def is_less(a1: Any, a0: Any, b1: Any, b0: Any) -> Any:
    """Whether a < b, both of 128 bits."""
    return a1 < b1 or (a1 == b1 and a0 < b0)


@inlined
def is_less_4(a3: Any, a2: Any, a1: Any, a0: Any, b3: Any, b2: Any, b1: Any, b0: Any) -> Any:
    """Whether a < b, both of 256 bits."""
    if a3 != b3 or a2 != b2:
        return is_less(a3, a2, b3, b2)
    return is_less(a1, a0, b1, b0)


@inlined
def add_4(a3: Any, a2: Any, a1: Any, a0: Any, b1: Any, b0: Any) -> Any:
    """A number of 256 bits and one of 128."""
    c0 = a0 + b0
    carry = UINT64(c0 < b0)
    c1 = a1 + b1
    over = UINT64(c1 < b1)
    c1 += carry
    over += UINT64(c1 < carry)
    c2 = a2 + over
    return a3 + UINT64(c2 < over), c2, c1, c0


@inlined
def subtract_4(a3: Any, a2: Any, a1: Any, a0: Any, b1: Any, b0: Any) -> Any:
    """A number of 256 bits less a smaller one of 128."""
    borrow = UINT64(a0 < b0)
    c1 = a1 - b1
    under = UINT64(a1 < b1) + UINT64(c1 < borrow)
    return a3 - UINT64(a2 < under), a2 - under, c1 - borrow, a0 - b0


# --- multiplication ---------------------------------------------------------------------------------------


@inlined
def multiply_words(a1: Any, a0: Any, b1: Any, b0: Any) -> Any:
    """The product of two numbers of 128 bits, four words."""
    low_1 = a0 * b1
    low_2 = a1 * b0
    word_1 = multiply_high(a0, b0) + low_1
    carry = UINT64(word_1 < low_1)
    word_1 += low_2
    carry += UINT64(word_1 < low_2)
    high_1 = multiply_high(a0, b1)
    word_2 = multiply_high(a1, b0) + high_1
    over = UINT64(word_2 < high_1)
    low_3 = a1 * b1
    word_2 += low_3
    over += UINT64(word_2 < low_3)
    word_2 += carry
    over += UINT64(word_2 < carry)
    return multiply_high(a1, b1) + over, word_2, word_1, a0 * b0


@inlined
def power_of_ten(exponent: Any) -> Any:
    """Ten to *exponent*, 0 to 38, two words."""
    row = UINT64(exponent)
    return _TENS_1[row], _TENS_0[row]


@inlined
def scaled_up(a1: Any, a0: Any, exponent: Any) -> Any:
    """a, of 128 bits, times ten to *exponent*, 0 to 38: four words."""
    if exponent == 0:
        return UINT64(0), UINT64(0), a1, a0
    ten_1, ten_0 = power_of_ten(exponent)
    return multiply_words(a1, a0, ten_1, ten_0)


# --- digits -----------------------------------------------------------------------------------------------


@inlined
def count_digits(a1: Any, a0: Any) -> Any:
    """How many digits a number of 128 bits has; zero has one."""
    a0 |= UINT64(1)  # powers of ten are even, but for the first
    bits = 128 - leading_zeros(a1) if a1 != UINT64(0) else 64 - leading_zeros(a0)
    # 1233 / 4096 is log10(2), near enough for 256 bits.
    digits = (bits * 1233) >> 12
    row = UINT64(digits)
    return digits + INT64(not is_less(a1, a0, _TENS_1[row], _TENS_0[row]))


@inlined
def count_digits_4(a3: Any, a2: Any, a1: Any, a0: Any) -> Any:
    """How many digits a number of 256 bits has; zero has one."""
    if a3 | a2 == UINT64(0):
        return count_digits(a1, a0)
    bits = 256 - leading_zeros(a3) if a3 != UINT64(0) else 192 - leading_zeros(a2)
    digits = (bits * 1233) >> 12
    row = UINT64(digits)
    below = is_less_4(a3, a2, a1, a0, _TENS_3[row], _TENS_2[row], _TENS_1[row], _TENS_0[row])
    return digits + INT64(not below)


# --- division ---------------------------------------------------------------------------------------------


@inlined
def _reciprocal_of_word(divisor: Any) -> Any:
    """``(2**128 - 1) // divisor - 2**64`` of a word whose highest bit is set (algorithm 2)."""
    odd = divisor & UINT64(1)
    upper = (divisor >> UINT64(24)) + UINT64(1)
    half = (divisor >> UINT64(1)) + odd
    value = UINT64((1 << 19) - 3 * (1 << 8)) // (divisor >> UINT64(55))
    value = (value << UINT64(11)) - ((value * value * upper) >> UINT64(40)) - UINT64(1)
    value = (value << UINT64(13)) + ((value * (UINT64(1 << 60) - value * upper)) >> UINT64(47))
    error = ((value >> UINT64(1)) & (UINT64(0) - odd)) - value * half
    value = (value << UINT64(31)) + (multiply_high(value, error) >> UINT64(1))
    low = value * divisor + divisor
    return value - (multiply_high(value, divisor) + UINT64(low < divisor)) - divisor


@inlined
def _reciprocal(d1: Any, d0: Any) -> Any:
    """``(2**192 - 1) // d - 2**64`` of a number of 128 bits whose highest bit is set (algorithm 6)."""
    value = _reciprocal_of_word(d1)
    product = d1 * value + d0
    if product < d0:
        value -= UINT64(1)
        if product >= d1:
            value -= UINT64(1)
            product -= d1
        product -= d1
    high = multiply_high(value, d0)
    product += high
    if product < high:
        value -= UINT64(1)
        if not is_less(product, value * d0 + d0, d1, d0):
            value -= UINT64(1)
    return value


@inlined
def _next_word(r1: Any, r0: Any, word: Any, d1: Any, d0: Any, reciprocal: Any) -> Any:
    """One word of a quotient: (it, remainder) of the three words by d, r being less than d (algorithm 4)."""
    low = reciprocal * r1 + r0
    quotient = multiply_high(reciprocal, r1) + r1 + UINT64(low < r0)
    rest_1 = r0 - quotient * d1
    product_0 = d0 * quotient
    product_1 = multiply_high(d0, quotient)
    # (rest_1, word) - product - d
    rest_0 = word - product_0
    rest_1 -= product_1 + UINT64(word < product_0)
    under = UINT64(rest_0 < d0)
    rest_0 -= d0
    rest_1 -= d1 + under
    quotient += UINT64(1)
    if rest_1 >= low:
        quotient -= UINT64(1)
        rest_0 += d0
        rest_1 += d1 + UINT64(rest_0 < d0)
    if not is_less(rest_1, rest_0, d1, d0):
        quotient += UINT64(1)
        under = UINT64(rest_0 < d0)
        rest_0 -= d0
        rest_1 -= d1 + under
    return quotient, rest_1, rest_0


@inlined
def _shift_down(r1: Any, r0: Any, count: Any) -> Any:
    """A number of 128 bits without its *count* lowest ones, 0 to 127."""
    if count >= 64:
        return UINT64(0), r1 >> UINT64(count - 64)
    left = UINT64(63 - count)
    return r1 >> UINT64(count), (r0 >> UINT64(count)) | ((r1 << UINT64(1)) << left)


@called
def _divide_normal(a3: Any, a2: Any, a1: Any, a0: Any, shift: Any, d1: Any, d0: Any, reciprocal: Any) -> Any:
    """(quotient, four words; remainder times 2**shift, two words) of a by d / 2**shift."""
    bits = UINT64(shift & 63)
    down = UINT64(63) - bits
    # The six words of a * 2**shift, of which the first two are less than d.
    u5 = (a3 >> UINT64(1)) >> down
    u4 = (a3 << bits) | ((a2 >> UINT64(1)) >> down)
    u3 = (a2 << bits) | ((a1 >> UINT64(1)) >> down)
    u2 = (a1 << bits) | ((a0 >> UINT64(1)) >> down)
    u1 = a0 << bits
    u0 = UINT64(0)
    if shift < 64:
        u5, u4, u3, u2, u1, u0 = UINT64(0), u5, u4, u3, u2, u1
    q3 = UINT64(0)
    q2 = UINT64(0)
    r1 = u5
    r0 = u4
    if r1 | r0 | u3 == UINT64(0):
        r0 = u2
    else:
        q3, r1, r0 = _next_word(r1, r0, u3, d1, d0, reciprocal)
        q2, r1, r0 = _next_word(r1, r0, u2, d1, d0, reciprocal)
    q1, r1, r0 = _next_word(r1, r0, u1, d1, d0, reciprocal)
    q0, r1, r0 = _next_word(r1, r0, u0, d1, d0, reciprocal)
    return q3, q2, q1, q0, r1, r0


@inlined
def divide_words(a3: Any, a2: Any, a1: Any, a0: Any, b1: Any, b0: Any) -> Any:
    """(quotient, four words; remainder, two words) of a number of 256 bits by one of 128, not zero."""
    shift = leading_zeros(b1) if b1 != UINT64(0) else 64 + leading_zeros(b0)
    d1 = b0
    d0 = UINT64(0)
    if shift < 64:
        d1 = b1
        d0 = b0
    bits = UINT64(shift & 63)
    d1 = (d1 << bits) | ((d0 >> UINT64(1)) >> (UINT64(63) - bits))
    d0 <<= bits
    q3, q2, q1, q0, r1, r0 = _divide_normal(a3, a2, a1, a0, shift, d1, d0, _reciprocal(d1, d0))
    r1, r0 = _shift_down(r1, r0, shift)
    return q3, q2, q1, q0, r1, r0


@inlined
def divide_by_ten_to(a3: Any, a2: Any, a1: Any, a0: Any, exponent: Any) -> Any:
    """(two low words of the quotient, how the remainder compares) of a by ten to *exponent*, 0 to 38.

    The comparison is -2 for no remainder, and -1, 0, 1 for less than, exactly, more than half the divisor.
    """
    row = UINT64(exponent)
    d1 = _NORMAL_HIGH[row]
    d0 = _NORMAL_LOW[row]
    _, _, q1, q0, r1, r0 = _divide_normal(a3, a2, a1, a0, _SHIFT_BY[row], d1, d0, _RECIPROCALS[row])
    if r1 | r0 == UINT64(0):
        return q1, q0, -2
    # The remainder against what it lacks to the divisor.
    c1 = d1 - r1 - UINT64(d0 < r0)
    c0 = d0 - r0
    return q1, q0, INT64(is_less(c1, c0, r1, r0)) - INT64(is_less(r1, r0, c1, c0))


@called
def rounded(a3: Any, a2: Any, a1: Any, a0: Any, beyond: Any) -> Any:
    """(two words, how many digits were taken off) of a number rounded half-even to 38 digits.

    *beyond* says that the number is in truth a little larger than a, by less than 1; a then has more than 38
    digits. At most 76 digits.
    """
    digits = count_digits_4(a3, a2, a1, a0)
    if digits <= DIGITS:
        return a1, a0, INT64(0)
    dropped = min(digits - DIGITS, INT64(DIGITS))
    q1, q0, half = divide_by_ten_to(a3, a2, a1, a0, dropped)
    if half == 1 or (half == 0 and (beyond or q0 & UINT64(1) != UINT64(0))):
        q0 += UINT64(1)
        q1 += UINT64(q0 == UINT64(0))
        if q0 == _TENS_0[UINT64(DIGITS)] and q1 == _TENS_1[UINT64(DIGITS)]:
            return _TENS_1[UINT64(DIGITS - 1)], _TENS_0[UINT64(DIGITS - 1)], dropped + 1
    return q1, q0, dropped
