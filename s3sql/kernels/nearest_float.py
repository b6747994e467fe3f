"""The float nearest to a decimal number: correctly rounded, ties to even.

In: an unsigned mantissa and a power of ten.  Out: a float, infinite if there is none so large.

Small numbers need one exact multiplication or division (Clinger 1990). The others are multiplied by a
128-bit power of five (Lemire, "Number Parsing at a Gigabyte per Second", 2021), which is always enough for
a 64-bit mantissa (Mushtak and Lemire, "Fast number parsing without fallback", 2023).
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    FLOAT64,
    FLOAT64S_OUT,
    INT32S,
    INT64,
    INT64S,
    UINT8S_OUT,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.powers import EXACT_TENS, FIVES, LARGEST_FIVE, SMALLEST_FIVE
from s3sql.kernels.simd import at, leading_zeros, put
from s3sql.kernels.wide_integers import count_digits, divide_by_ten_to, magnitude_of
from s3sql.kernels.words import float_from_bits, multiply_high

_INFINITY_BITS = 0x7FF << 52
_EXACT_MANTISSA = 1 << 53


@inlined
def nearest_float(mantissa: Any, exponent: Any) -> Any:
    """The float nearest to *mantissa* (``uint64``) times ten to *exponent* (``int64``)."""
    if mantissa <= UINT64(_EXACT_MANTISSA) and -22 <= exponent <= 22:
        # Both factors are exact, so the one operation rounds the true value.
        if exponent < 0:
            return FLOAT64(mantissa) / EXACT_TENS[UINT64(-exponent)]
        return FLOAT64(mantissa) * EXACT_TENS[UINT64(exponent)]
    return _by_power_of_five(mantissa, exponent)


@called
def _by_power_of_five(mantissa: Any, exponent: Any) -> Any:
    if mantissa == UINT64(0) or exponent < SMALLEST_FIVE:
        return 0.0
    if exponent > LARGEST_FIVE:
        return float_from_bits(UINT64(_INFINITY_BITS))
    zeros = leading_zeros(mantissa)
    scaled = mantissa << UINT64(zeros)
    row = UINT64(exponent - SMALLEST_FIVE)
    low = scaled * FIVES[row, UINT64(0)]
    high = multiply_high(scaled, FIVES[row, UINT64(0)])
    if high & UINT64(0x1FF) == UINT64(0x1FF):
        # The bits below the ones that count are all set: a carry from the lower half could change them.
        carried = multiply_high(scaled, FIVES[row, UINT64(1)])
        low += carried
        if low < carried:
            high += UINT64(1)
    upper = high >> UINT64(63)
    shift = upper + UINT64(9)
    # 53 bits and one more to round by.
    significand = high >> shift
    # 217706 / 2**16 is log2(10), near enough for every exponent in the table.
    power = ((INT64(217706) * exponent) >> INT64(16)) + 63 + INT64(upper) - zeros + 1023
    if power <= 0:
        if power < -62:
            return 0.0
        significand >>= UINT64(1 - power)
        significand = (significand + (significand & UINT64(1))) >> UINT64(1)
        # Rounding up to 2**52 makes the number normal, and the bits say just that.
        return float_from_bits(significand)
    if (
        low <= UINT64(1)
        and -4 <= exponent <= 23
        and significand & UINT64(3) == UINT64(1)
        and significand << shift == high
    ):
        # Exactly between two floats: down to the even one.
        significand &= ~UINT64(1)
    significand = (significand + (significand & UINT64(1))) >> UINT64(1)
    if significand >= UINT64(1 << 53):
        significand = UINT64(1 << 52)
        power += 1
    if power >= 0x7FF:
        return float_from_bits(UINT64(_INFINITY_BITS))
    return float_from_bits((significand & UINT64((1 << 52) - 1)) | (UINT64(power) << UINT64(52)))


@kernel(INT64(INT64S, INT32S, FLOAT64S_OUT, UINT8S_OUT))
def decimals_to_floats(mantissas: Any, scales: Any, out: Any, status: Any) -> Any:
    """CAST(decimal AS FLOAT): the float nearest to mantissa * 10**-scale.

    *status* is 0, or 2 where no finite float is so large (*out* is infinite). Returns the number of those.
    """
    infinite = 0
    for row in range(len(mantissas)):
        mantissa = at(mantissas, row)
        magnitude = UINT64(mantissa)
        if mantissa < 0:
            magnitude = UINT64(0) - magnitude
        number = nearest_float(magnitude, -INT64(at(scales, row)))
        put(out, row, -number if mantissa < 0 else number)
        overflow = number == float_from_bits(UINT64(_INFINITY_BITS))
        put(status, row, 2 if overflow else 0)
        infinite += INT64(overflow)
    return infinite


@inlined
def _nearest_wide(m1: Any, m0: Any, exponent: Any) -> Any:
    """(float, whether it is sure to be the nearest) of a mantissa of 128 bits times ten to *exponent*."""
    if m1 == UINT64(0):
        return nearest_float(m0, exponent), True
    cut = count_digits(m1, m0) - 19
    _, leading, rest = divide_by_ten_to(UINT64(0), UINT64(0), m1, m0, cut)
    number = nearest_float(leading, exponent + cut)
    # Whatever the digits cut off are, the number lies between two whose first 19 differ by one.
    return number, rest == -2 or nearest_float(leading + UINT64(1), exponent + cut) == number


@kernel(INT64(INT64S, INT64S, INT32S, FLOAT64S_OUT, UINT8S_OUT))
def wide_decimals_to_floats(lows: Any, highs: Any, scales: Any, out: Any, status: Any) -> Any:
    """As :func:`decimals_to_floats`, for mantissas of 128 bits given as their halves.

    *status* may also be 3: which of two neighbouring floats is nearer is left to the caller. Returns the
    number of those.
    """
    odd = 0
    for row in range(len(lows)):
        negative = at(highs, row) < 0
        m1, m0 = magnitude_of(at(highs, row), at(lows, row))
        number, sure = _nearest_wide(m1, m0, -INT64(at(scales, row)))
        put(out, row, -number if negative else number)
        overflow = number == float_from_bits(UINT64(_INFINITY_BITS))
        put(status, row, (2 if overflow else 0) if sure else 3)
        odd += INT64(not sure)
    return odd
