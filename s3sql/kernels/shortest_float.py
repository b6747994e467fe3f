"""The shortest decimal that reads back as a given float; of several, the one nearest to it.

In: a finite float other than zero.  Out: digits (``uint64``, no trailing zeros) and a power of ten.

The method is Schubfach (Giulietti, "The Schubfach way to render doubles", 2020): the float's interval of
decimals that read back the same, scaled by a 128-bit power of ten, contains one or two candidates of the
right length, and comparing them in units of a quarter decides. The digits are those of Python's ``repr``.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import FLOAT64, INT64, UINT64, inlined
from s3sql.kernels.powers import SMALLEST_TEN, TENS
from s3sql.kernels.simd import trailing_zeros
from s3sql.kernels.words import float_bits, multiply_high

_SIGNIFICAND_BITS = 52
_HIDDEN_BIT = 1 << 52


@inlined
def _scaled(row: Any, number: Any) -> Any:
    """The upper part of a power of ten times *number*, its lowest bit set if anything is below it."""
    middle = multiply_high(TENS[row, UINT64(1)], number)
    low = TENS[row, UINT64(0)] * number
    high = multiply_high(TENS[row, UINT64(0)], number)
    low += middle
    if low < middle:
        high += UINT64(1)
    return high | UINT64(low > UINT64(1))


@inlined
def _without_trailing_zeros(digits: Any, exponent: Any) -> Any:
    while digits % UINT64(100_000_000) == UINT64(0):
        digits //= UINT64(100_000_000)
        exponent += 8
    if digits % UINT64(10_000) == UINT64(0):
        digits //= UINT64(10_000)
        exponent += 4
    if digits % UINT64(100) == UINT64(0):
        digits //= UINT64(100)
        exponent += 2
    if digits % UINT64(10) == UINT64(0):
        digits //= UINT64(10)
        exponent += 1
    return digits, exponent


@inlined
def shortest_digits(number: Any) -> Any:
    """(digits, exponent) with abs(number) ~ digits * 10**exponent; *number* is finite and not zero."""
    # A decimal of at most 15 digits that reads back the same is the only one of that length or less. Most
    # numbers people write have at most six places.
    micros = abs(number) * 1e6
    if micros < 1e15:
        digits = UINT64(micros + 0.5)
        if FLOAT64(digits) / 1e6 == abs(number):
            return _without_trailing_zeros(digits, -6)
    bits = float_bits(number)
    fraction = bits & UINT64(_HIDDEN_BIT - 1)
    biased = INT64((bits >> UINT64(_SIGNIFICAND_BITS)) & UINT64(0x7FF))
    significand = fraction
    power = 1 - 1075
    if biased != 0:
        significand = fraction | UINT64(_HIDDEN_BIT)
        power = biased - 1075
        if -52 <= power <= 0 and trailing_zeros(significand) >= -power:
            # An integer below 2**53: its own digits.
            return _without_trailing_zeros(significand >> UINT64(-power), 0)
    digits, exponent = _by_interval(significand, power, fraction == UINT64(0) and biased > 1)
    return _without_trailing_zeros(digits, exponent)


@inlined
def _by_interval(significand: Any, power: Any, lower_is_closer: Any) -> Any:
    # The interval around the float, in quarters of its last place. At a power of two the neighbour below
    # is only half as far. An end of the interval belongs to it if the significand is even.
    outside = significand & UINT64(1)
    centre = significand << UINT64(2)
    below = centre - UINT64(2) + UINT64(lower_is_closer)
    above = centre + UINT64(2)
    # floor(log10(2**power)), of three quarters of it if the interval is the shorter one.
    exponent = (power * 1262611 - (524031 if lower_is_closer else 0)) >> 22
    row = UINT64(-exponent - SMALLEST_TEN)
    shift = UINT64(power + ((-exponent * 1741647) >> 19) + 1)
    lower = _scaled(row, below << shift) + outside
    value = _scaled(row, centre << shift)
    upper = _scaled(row, above << shift) - outside
    digits = value >> UINT64(2)
    if digits >= UINT64(10):
        shorter = digits // UINT64(10)
        down_inside = lower <= UINT64(40) * shorter
        up_inside = UINT64(40) * shorter + UINT64(40) <= upper
        if down_inside != up_inside:
            return shorter + UINT64(up_inside), exponent + 1
    down_inside = lower <= digits << UINT64(2)
    up_inside = (digits << UINT64(2)) + UINT64(4) <= upper
    if down_inside != up_inside:
        return digits + UINT64(up_inside), exponent
    middle = (digits << UINT64(2)) + UINT64(2)
    round_up = value > middle or (value == middle and digits & UINT64(1) != UINT64(0))
    return digits + UINT64(round_up), exponent
