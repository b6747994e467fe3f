"""Arithmetic of decimals of up to 38 digits: exact, then rounded half-even to 38 digits.

In: two columns of decimals ``mantissa * 10 ** -scale``, each mantissa as the two halves of a number of 128
bits in two's complement, and the rows to compute.  Out: results of the same form, and a status for each
row; the results of other rows are left alone, and a row that fails holds no meaningful one.

The scales of results are those of :mod:`s3sql.kernels.decimals`; rounding takes them down. Scales may be as
far apart as 32 bits allow: digits too far behind to be seen only decide what is exactly half.
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
    called,
    inlined,
    kernel,
)
from s3sql.kernels.integers import BY_ZERO, FINE, OVERFLOW
from s3sql.kernels.simd import at, put, trailing_zeros
from s3sql.kernels.wide_integers import (
    DIGITS,
    add_4,
    count_digits,
    count_digits_4,
    divide_by_ten_to,
    divide_words,
    is_less,
    magnitude_of,
    multiply_words,
    power_of_ten,
    rounded,
    scaled_up,
    subtract_4,
    with_sign,
)
from s3sql.kernels.words import multiply_high

Array: TypeAlias = NDArray[Any]

_SIGNATURE = (
    *(INT64S, INT64S, INT32S),
    *(INT64S, INT64S, INT32S),
    *(BOOLS, INT64S_OUT, INT64S_OUT, INT32S_OUT, UINT8S_OUT),
)


@inlined
def _put(
    low: Any, high: Any, scale: Any, row: Any, negative: Any, m1: Any, m0: Any, result_scale: Any
) -> Any:
    """Write a result; returns its status: OVERFLOW where the scale leaves 32 bits."""
    if not -(2**31) <= result_scale < 2**31:
        return OVERFLOW
    upper, lower = with_sign(negative, m1, m0)
    put(high, row, upper)
    put(low, row, lower)
    scale[row] = result_scale
    return FINE


# --- sums -------------------------------------------------------------------------------------------------


@called
def _sum(
    a_negative: Any, a1: Any, a0: Any, a_scale: Any, b_negative: Any, b1: Any, b0: Any, b_scale: Any
) -> Any:
    """(negative, two words, scale) of a + b, the scale of a being the smaller one or the same."""
    if a1 | a0 == UINT64(0):
        return b_negative, b1, b0, b_scale
    distance = b_scale - a_scale
    fitting = max(INT64(0), min(distance, DIGITS - count_digits(a1, a0)))
    _, _, a1, a0 = scaled_up(a1, a0, fitting)
    distance -= fitting
    beyond = False
    if distance > DIGITS:
        # All the digits of a, and as many more, lie before the ones that are cut off of b.
        cut = distance - DIGITS
        b1, b0, rest = divide_by_ten_to(UINT64(0), UINT64(0), b1, b0, min(cut, INT64(DIGITS)))
        beyond = rest != -2
        b_scale -= cut
        distance = INT64(DIGITS)
    c3, c2, c1, c0 = scaled_up(a1, a0, distance)
    negative = a_negative
    if a_negative == b_negative:
        c3, c2, c1, c0 = add_4(c3, c2, c1, c0, b1, b0)
    elif c3 | c2 == UINT64(0) and is_less(c1, c0, b1, b0):
        negative = b_negative
        _, _, c1, c0 = subtract_4(UINT64(0), UINT64(0), b1, b0, c1, c0)
    else:
        c3, c2, c1, c0 = subtract_4(c3, c2, c1, c0, b1, b0)
        if beyond:
            c3, c2, c1, c0 = subtract_4(c3, c2, c1, c0, UINT64(0), UINT64(1))
    c1, c0, dropped = rounded(c3, c2, c1, c0, beyond)
    return negative, c1, c0, b_scale - dropped


@kernel(INT64(*_SIGNATURE[:6], INT64, *_SIGNATURE[6:]))
def add(
    left: Array,
    left_high: Array,
    left_scale: Array,
    right: Array,
    right_high: Array,
    right_scale: Array,
    sign: int,
    where: Array,
    low: Array,
    high: Array,
    scale: Array,
    status: Array,
) -> int:
    """``left + sign * right``, *sign* being 1 or -1; returns how many rows fail."""
    failing = 0
    for row in range(len(where)):
        if not at(where, row):
            continue
        a1, a0 = magnitude_of(at(left_high, row), at(left, row))
        b1, b0 = magnitude_of(at(right_high, row), at(right, row))
        a_negative = at(left_high, row) < 0
        b_negative = (at(right_high, row) < 0) != (sign < 0)
        a_scale = INT64(at(left_scale, row))
        b_scale = INT64(at(right_scale, row))
        if a_scale > b_scale:
            a_negative, b_negative = b_negative, a_negative
            a1, a0, a_scale, b1, b0, b_scale = b1, b0, b_scale, a1, a0, a_scale
        negative, c1, c0, c_scale = _sum(a_negative, a1, a0, a_scale, b_negative, b1, b0, b_scale)
        outcome = _put(low, high, scale, row, negative, c1, c0, c_scale)
        status[row] = outcome
        failing += INT64(outcome != FINE)
    return failing


# --- products ---------------------------------------------------------------------------------------------


@kernel(INT64(*_SIGNATURE))
def multiply(
    left: Array,
    left_high: Array,
    left_scale: Array,
    right: Array,
    right_high: Array,
    right_scale: Array,
    where: Array,
    low: Array,
    high: Array,
    scale: Array,
    status: Array,
) -> int:
    """``left * right``; returns how many rows fail."""
    failing = 0
    for row in range(len(where)):
        if not at(where, row):
            continue
        a1, a0 = magnitude_of(at(left_high, row), at(left, row))
        b1, b0 = magnitude_of(at(right_high, row), at(right, row))
        c3, c2, c1, c0 = multiply_words(a1, a0, b1, b0)
        c1, c0, dropped = rounded(c3, c2, c1, c0, False)
        c_scale = INT64(at(left_scale, row)) + INT64(at(right_scale, row)) - dropped
        negative = (at(left_high, row) < 0) != (at(right_high, row) < 0)
        outcome = _put(low, high, scale, row, negative, c1, c0, c_scale)
        status[row] = outcome
        failing += INT64(outcome != FINE)
    return failing


# --- quotients --------------------------------------------------------------------------------------------


@inlined
def _times_ten(a3: Any, a2: Any, a1: Any, a0: Any) -> Any:
    ten = UINT64(10)
    carry_1 = multiply_high(a0, ten)
    c1 = a1 * ten + carry_1
    carry_2 = multiply_high(a1, ten) + UINT64(c1 < carry_1)
    c2 = a2 * ten + carry_2
    carry_3 = multiply_high(a2, ten) + UINT64(c2 < carry_2)
    return a3 * ten + carry_3, c2, c1, a0 * ten


@inlined
def _without_zeros(q1: Any, q0: Any, most: Any) -> Any:
    """(two words, how many) of a number, not zero, without the zeros at its end, at most *most*."""
    taken = INT64(0)
    step = INT64(32)
    while step > 0:
        # Ten to a power is a multiple of two to that power.
        if taken + step <= most and (q0 == UINT64(0) or trailing_zeros(q0) >= step):
            c1, c0, rest = divide_by_ten_to(UINT64(0), UINT64(0), q1, q0, step)
            if rest == -2:
                q1 = c1
                q0 = c0
                taken += step
        step >>= 1
    return q1, q0, taken


@called
def _quotient(a1: Any, a0: Any, b1: Any, b0: Any, least: Any) -> Any:
    """(two words, scale) of a / b, neither zero, for scales whose difference is *least*."""
    a_digits = count_digits(a1, a0)
    b_digits = count_digits(b1, b0)
    # The quotient gets 39 or 40 digits.
    fitting = max(INT64(0), DIGITS - a_digits)
    missing = b_digits + 1
    _, _, a1, a0 = scaled_up(a1, a0, fitting)
    c3, c2, c1, c0 = scaled_up(a1, a0, min(missing, INT64(DIGITS)))
    if missing > DIGITS:
        c3, c2, c1, c0 = _times_ten(c3, c2, c1, c0)
    q3, q2, q1, q0, r1, r0 = divide_words(c3, c2, c1, c0, b1, b0)
    scale = least + fitting + missing
    if r1 | r0 == UINT64(0):
        dropped = count_digits_4(q3, q2, q1, q0) - DIGITS
        c1, c0, rest = divide_by_ten_to(q3, q2, q1, q0, max(INT64(0), min(dropped, INT64(DIGITS))))
        if rest == -2:
            scale -= dropped
            c1, c0, dropped = _without_zeros(c1, c0, scale - max(INT64(0), least))
            return c1, c0, scale - dropped
    q1, q0, dropped = rounded(q3, q2, q1, q0, r1 | r0 != UINT64(0))
    return q1, q0, scale - dropped


@kernel(INT64(*_SIGNATURE))
def divide(
    left: Array,
    left_high: Array,
    left_scale: Array,
    right: Array,
    right_high: Array,
    right_scale: Array,
    where: Array,
    low: Array,
    high: Array,
    scale: Array,
    status: Array,
) -> int:
    """``left / right``; returns how many rows fail."""
    failing = 0
    for row in range(len(where)):
        if not at(where, row):
            continue
        a1, a0 = magnitude_of(at(left_high, row), at(left, row))
        b1, b0 = magnitude_of(at(right_high, row), at(right, row))
        least = INT64(at(left_scale, row)) - INT64(at(right_scale, row))
        outcome = BY_ZERO
        if b1 | b0 != UINT64(0):
            c_scale = max(INT64(0), least)
            if a1 | a0 != UINT64(0):
                a1, a0, c_scale = _quotient(a1, a0, b1, b0, least)
            negative = (at(left_high, row) < 0) != (at(right_high, row) < 0)
            outcome = _put(low, high, scale, row, negative, a1, a0, c_scale)
        status[row] = outcome
        failing += INT64(outcome != FINE)
    return failing


# --- remainders -------------------------------------------------------------------------------------------


@inlined
def _product_modulo(a1: Any, a0: Any, b1: Any, b0: Any, m1: Any, m0: Any) -> Any:
    c3, c2, c1, c0 = multiply_words(a1, a0, b1, b0)
    _, _, _, _, r1, r0 = divide_words(c3, c2, c1, c0, m1, m0)
    return r1, r0


@called
def _shifted_modulo(a1: Any, a0: Any, exponent: Any, b1: Any, b0: Any) -> Any:
    """``a * 10 ** exponent % b``, by squaring: the exponent may have 32 bits."""
    t1, t0 = power_of_ten(min(exponent, INT64(DIGITS)))
    if exponent <= DIGITS:
        return _product_modulo(a1, a0, t1, t0, b1, b0)
    t1 = UINT64(0)
    t0 = UINT64(10)
    while exponent > 0:
        if exponent & 1:
            a1, a0 = _product_modulo(a1, a0, t1, t0, b1, b0)
        t1, t0 = _product_modulo(t1, t0, t1, t0, b1, b0)
        exponent >>= 1
    return a1, a0


@called
def _modulo(a1: Any, a0: Any, a_scale: Any, b1: Any, b0: Any, b_scale: Any) -> Any:
    """Two words of ``a % b`` at the larger scale; b is not zero."""
    if a_scale < b_scale:
        return _shifted_modulo(a1, a0, b_scale - a_scale, b1, b0)
    distance = a_scale - b_scale
    if distance > DIGITS:
        return a1, a0  # b, scaled up, has more digits than any decimal
    m3, m2, m1, m0 = scaled_up(b1, b0, distance)
    if m3 | m2 != UINT64(0) or is_less(a1, a0, m1, m0):
        return a1, a0
    _, _, _, _, r1, r0 = divide_words(UINT64(0), UINT64(0), a1, a0, m1, m0)
    return r1, r0


@kernel(INT64(*_SIGNATURE))
def remainder(
    left: Array,
    left_high: Array,
    left_scale: Array,
    right: Array,
    right_high: Array,
    right_scale: Array,
    where: Array,
    low: Array,
    high: Array,
    scale: Array,
    status: Array,
) -> int:
    """``left % right`` with the sign of *left*; returns how many rows fail."""
    failing = 0
    for row in range(len(where)):
        if not at(where, row):
            continue
        a1, a0 = magnitude_of(at(left_high, row), at(left, row))
        b1, b0 = magnitude_of(at(right_high, row), at(right, row))
        a_scale = INT64(at(left_scale, row))
        b_scale = INT64(at(right_scale, row))
        outcome = BY_ZERO
        if b1 | b0 != UINT64(0):
            a1, a0 = _modulo(a1, a0, a_scale, b1, b0, b_scale)
            negative = at(left_high, row) < 0
            outcome = _put(low, high, scale, row, negative, a1, a0, max(a_scale, b_scale))
        status[row] = outcome
        failing += INT64(outcome != FINE)
    return failing
