"""Decimals at another scale: as integers of 64 bits, all at one scale, or with the 38 digits that SQL has.

In: a column of decimals, each mantissa as the two halves of a number of 128 bits in two's complement, or as
words of a longer one.  Out: integers or halves, and which rows have none.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.compile import (
    BOOLS,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8S_OUT,
    UINT64,
    kernel,
)
from s3sql.kernels.simd import at, put
from s3sql.kernels.wide_integers import (
    DIGITS,
    count_digits_4,
    divide_by_ten_to,
    magnitude_of,
    rounded,
    scaled_up,
    with_sign,
)

Array: TypeAlias = NDArray[Any]


@kernel(INT64(INT64S, INT64S, INT32S, INT64S_OUT, UINT8S_OUT))
def truncate_wide(low: Array, high: Array, scale: Array, result: Array, status: Array) -> int:
    """The integer part; status 1 where it leaves 64 bits. Returns how many rows do."""
    count = 0
    for row in range(len(low)):
        m1, m0 = magnitude_of(at(high, row), at(low, row))
        digits = INT64(at(scale, row))
        bad = False
        if digits >= 0:
            m1, m0, _ = divide_by_ten_to(UINT64(0), UINT64(0), m1, m0, min(digits, INT64(DIGITS)))
            if digits > DIGITS:
                m1 = m0 = UINT64(0)
        elif m1 | m0 != UINT64(0):
            m3, m2, m1, m0 = scaled_up(m1, m0, min(-digits, INT64(DIGITS)))
            bad = m3 | m2 != UINT64(0)
        negative = at(high, row) < 0
        bad |= m1 != UINT64(0) or m0 > (UINT64(1) << UINT64(63)) - UINT64(not negative)
        _, value = with_sign(negative, UINT64(0), m0)
        put(result, row, value)
        status[row] = bad
        count += bad
    return count


@kernel(INT64(INT64S, INT64S, INT32S, INT64, BOOLS, INT64S_OUT))
def rescale(low: Array, high: Array, scales: Array, scale: int, where: Array, words: Array) -> int:
    """``mantissa * 10 ** (scale - own scale)`` of the rows *where*, as two words each, the lower one first.

    Stops at the first of these rows that needs more than 38 digits, or digits behind *scale*, and returns
    its number; -1 if there is none. A zero needs no digits.
    """
    for row in range(len(where)):
        if not at(where, row):
            continue
        m1, m0 = magnitude_of(at(high, row), at(low, row))
        distance = scale - INT64(at(scales, row))
        if m1 | m0 != UINT64(0):
            if distance < 0 or distance > DIGITS:
                return row
            m3, m2, m1, m0 = scaled_up(m1, m0, distance)
            if count_digits_4(m3, m2, m1, m0) > DIGITS:
                return row
        upper, lower = with_sign(at(high, row) < 0, m1, m0)
        put(words, 2 * row, lower)
        put(words, 2 * row + 1, upper)
    return -1


@kernel(INT64(INT64S, INT64, INT64, INT64S_OUT, INT64S_OUT, INT32S_OUT, UINT8S_OUT))
def round_words(
    words: Array, width: int, scale: int, low: Array, high: Array, scales: Array, wrong: Array
) -> int:
    """Numbers of *width* words each, 2 or 4, the lowest first, times ``10 ** -scale``, rounded half-even.

    Those of more than 76 digits are *wrong* and become 0. Returns how many there are.
    """
    count = 0
    for row in range(len(low)):
        place = width * row
        negative = at(words, place + width - 1) < 0
        extension = ~UINT64(0) if negative else UINT64(0)
        a0, a1 = UINT64(at(words, place)), UINT64(at(words, place + 1))
        a2 = a3 = extension
        if width == 4:
            a2, a3 = UINT64(at(words, place + 2)), UINT64(at(words, place + 3))
        if negative:
            a0 = ~a0 + UINT64(1)
            carry = a0 == UINT64(0)
            a1 = ~a1 + UINT64(carry)
            carry = carry and a1 == UINT64(0)
            a2 = ~a2 + UINT64(carry)
            a3 = ~a3 + UINT64(carry and a2 == UINT64(0))
        bad = count_digits_4(a3, a2, a1, a0) > 2 * DIGITS
        if bad:
            a3 = a2 = a1 = a0 = UINT64(0)
        wrong[row] = bad
        count += bad
        m1, m0, dropped = rounded(a3, a2, a1, a0, False)
        upper, lower = with_sign(negative, m1, m0)
        put(low, row, lower)
        put(high, row, upper)
        scales[row] = scale - dropped
    return count
