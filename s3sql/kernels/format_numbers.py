"""Numbers to text: the form that CSV, JSON and CAST AS STRING share.

In: columns of numbers, and bytes to write to.  Out: the texts one after another without anything between
them, where each starts and ends (exclusive), and the number of bytes written.

    INT       digits
    DECIMAL   Java's BigDecimal.toString: trailing zeros kept, scientific if the scale is negative or the
              first digit stands below 10**-6 (``1.50``, ``1.5E-7``, ``1E+3``)
    FLOAT     Java's Double.toString with the shortest digits that read back the same: always with a point,
              plain from 10**-3 to 10**7, else ``d.dE-n`` (``4.0``, ``1.0E7``); NaN, Infinity, -Infinity

The shortest digits are what counts, also for the few numbers next to zero where one digit reads back and
Java prints the nearest two: the least one is 5.0E-324 here, 4.9E-324 in Java.

*out* needs ``INT_TEXT``, ``DECIMAL_TEXT``, ``WIDE_DECIMAL_TEXT`` or ``FLOAT_TEXT`` bytes a row, and the
padding of :class:`s3sql.buffers.PaddedBuffer` behind them, since digits are written eight at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from s3sql.kernels.compile import (
    BYTES_OUT,
    FLOAT64S,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.shortest_float import shortest_digits
from s3sql.kernels.simd import at, copy32, copy64, put, store64, trailing_zeros
from s3sql.kernels.wide_integers import divide_words, magnitude_of
from s3sql.kernels.words import float_bits

#: The longest texts, in bytes: ``-9223372036854775808``; the same with a point and ``E-2147483648``; that
#: with as many digits as 128 bits need; ``-1.7976931348623157E308``.
INT_TEXT = 20
DECIMAL_TEXT = 33
WIDE_DECIMAL_TEXT = 53
FLOAT_TEXT = 24

_ZEROS = int.from_bytes(b"00000000", "little")
_ZERO_POINT = int.from_bytes(b"0.000000", "little")
_NAN = int.from_bytes(b"NaN", "little")
_INFINITY = int.from_bytes(b"Infinity", "little")
#: Digits behind the point with which every decimal is written without an exponent.
PLAIN_SCALE = 6
_POWERS_OF_TEN = np.array([10**power for power in range(PLAIN_SCALE + 1)], np.uint64)
_MAGNITUDE = (1 << 63) - 1
_TEN_TO_16 = 10**16
_TEN_TO_8 = 10**8
_INFINITY_BITS = 0x7FF << 52


# --- digits -----------------------------------------------------------------------------------------------


@inlined
def eight_characters(number: Any) -> Any:
    """The eight digits of a number below 10**8, one a byte, the first in the lowest; not yet ASCII."""
    halves = number // UINT64(10_000) | (number % UINT64(10_000)) << UINT64(32)
    # x * 10486 >> 20 is x // 100 and x * 103 >> 10 is x // 10 for numbers this small.
    hundreds = (halves * UINT64(10486) >> UINT64(20)) & UINT64(0x0000007F0000007F)
    pairs = hundreds | (halves - hundreds * UINT64(100)) << UINT64(16)
    tens = (pairs * UINT64(103) >> UINT64(10)) & UINT64(0x000F000F000F000F)
    return tens | (pairs - tens * UINT64(10)) << UINT64(8)


@inlined
def write_digits(out: Any, position: Any, number: Any) -> Any:
    """Write *number* (``uint64``) without leading zeros; returns the position behind it."""
    if number >= UINT64(10_000_000_000_000_000):
        position = _write_leading(out, position, number // UINT64(10_000_000_000_000_000))
        rest = number % UINT64(10_000_000_000_000_000)
        store64(out, position, eight_characters(rest // UINT64(100_000_000)) | UINT64(_ZEROS))
        store64(out, position + 8, eight_characters(rest % UINT64(100_000_000)) | UINT64(_ZEROS))
        return position + 16
    if number >= UINT64(100_000_000):
        position = _write_leading(out, position, number // UINT64(100_000_000))
        store64(out, position, eight_characters(number % UINT64(100_000_000)) | UINT64(_ZEROS))
        return position + 8
    return _write_leading(out, position, number)


@inlined
def _write_leading(out: Any, position: Any, number: Any) -> Any:
    """Write a number below 10**8 without leading zeros."""
    characters = eight_characters(number)
    # The lowest bit of the last byte makes zero one digit long.
    zeros = trailing_zeros(characters | UINT64(1 << 56)) >> 3
    store64(out, position, (characters | UINT64(_ZEROS)) >> UINT64(zeros << 3))
    return position + 8 - zeros


@inlined
def write_fixed(out: Any, position: Any, number: Any, scale: Any) -> Any:
    """Write a number with *scale* digits behind the point, 1 to 6, and one digit before it at least."""
    # To divide by a constant takes a fraction of the time, and most amounts have two digits.
    power = UINT64(100)
    whole = number // UINT64(100)
    if scale != 2:
        power = UINT64(_POWERS_OF_TEN[scale])
        whole = number // power
    position = write_digits(out, position, whole)
    put(out, position, 46)
    characters = eight_characters(number - whole * power) | UINT64(_ZEROS)
    store64(out, position + 1, characters >> UINT64(64 - 8 * scale))
    return position + 1 + scale


@inlined
def _insert_point(out: Any, point: Any) -> Any:
    """Make room at *point*, with at most 32 digits behind it, and write the point there."""
    copy32(out, point + 1, out, point)
    put(out, point, 46)


# --- columns ----------------------------------------------------------------------------------------------


@kernel(INT64(INT64S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def format_ints(values: Any, out: Any, starts: Any, ends: Any) -> Any:
    """Write each INT; returns the number of bytes written."""
    position = 0
    for row in range(len(values)):
        put(starts, row, position)
        value = at(values, row)
        negative = value < 0
        put(out, position, 45)
        magnitude = UINT64(0) - UINT64(value) if negative else UINT64(value)
        position = write_digits(out, position + INT64(negative), magnitude)
        put(ends, row, position)
    return position


@kernel(INT64(INT64S, INT32S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def format_decimals(mantissas: Any, scales: Any, out: Any, starts: Any, ends: Any) -> Any:
    """Write each DECIMAL, mantissa * 10**-scale; returns the number of bytes written."""
    position = 0
    for row in range(len(mantissas)):
        put(starts, row, position)
        value = at(mantissas, row)
        scale = INT64(at(scales, row))
        negative = value < 0
        put(out, position, 45)
        magnitude = UINT64(0) - UINT64(value) if negative else UINT64(value)
        first = position + INT64(negative)
        if 1 <= scale <= PLAIN_SCALE:
            position = write_fixed(out, first, magnitude, scale)
            put(ends, row, position)
            continue
        position = write_digits(out, first, magnitude)
        count = position - first
        if scale > 0 and count > scale:
            _insert_point(out, position - scale)
            position += 1
        elif scale > 0 and scale - count < 6:
            store64(out, first, UINT64(_ZERO_POINT))
            position = write_digits(out, first + 2 + scale - count, magnitude)
        elif scale != 0:
            position = _write_exponent_form(out, first, position, count - 1 - scale)
        put(ends, row, position)
    return position


@kernel(INT64(INT64S, INT64S, INT32S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def format_wide_decimals(lows: Any, highs: Any, scales: Any, out: Any, starts: Any, ends: Any) -> Any:
    """As :func:`format_decimals`, for mantissas of 128 bits given as their halves."""
    position = 0
    for row in range(len(lows)):
        put(starts, row, position)
        scale = INT64(at(scales, row))
        negative = at(highs, row) < 0
        m1, m0 = magnitude_of(at(highs, row), at(lows, row))
        put(out, position, 45)
        first = position + INT64(negative)
        position = _write_wide_digits(out, first, m1, m0)
        count = position - first
        if scale > 0 and count > scale:
            _insert_point_before(out, position - scale)
            position += 1
        elif scale > 0 and scale - count < 6:
            zeros = 2 + scale - count
            copy64(out, first + zeros, out, first)
            position += zeros
            for place in range(first, first + zeros):
                put(out, place, 46 if place == first + 1 else 48)
        elif scale != 0:
            power = count - 1 - scale
            if count > 1:
                _insert_point_before(out, first + 1)
                position += 1
            position = _write_exponent(out, position, power)
        put(ends, row, position)
    return position


@called
def _write_wide_digits(out: Any, position: Any, m1: Any, m0: Any) -> Any:
    """Write a number of 128 bits without leading zeros; returns the position behind it."""
    if m1 == UINT64(0):
        return write_digits(out, position, m0)
    ten = UINT64(_TEN_TO_16)
    _, _, q1, q0, _, rest = divide_words(UINT64(0), UINT64(0), m1, m0, UINT64(0), ten)
    if q1 != UINT64(0):
        _, _, q1, q0, _, middle = divide_words(UINT64(0), UINT64(0), q1, q0, UINT64(0), ten)
        position = _write_sixteen(out, write_digits(out, position, q0), middle)
    else:
        position = write_digits(out, position, q0)
    return _write_sixteen(out, position, rest)


@inlined
def _write_sixteen(out: Any, position: Any, number: Any) -> Any:
    """Write a number below 10**16 with leading zeros."""
    store64(out, position, eight_characters(number // UINT64(_TEN_TO_8)) | UINT64(_ZEROS))
    store64(out, position + 8, eight_characters(number % UINT64(_TEN_TO_8)) | UINT64(_ZEROS))
    return position + 16


@inlined
def _insert_point_before(out: Any, point: Any) -> Any:
    """As :func:`_insert_point`, with at most 64 digits behind it."""
    copy64(out, point + 1, out, point)
    put(out, point, 46)


@called
def _write_exponent_form(out: Any, first: Any, position: Any, power: Any) -> Any:
    """Turn the digits from *first* to *position* into ``d.dddE+n``."""
    if position - first > 1:
        _insert_point(out, first + 1)
        position += 1
    return _write_exponent(out, position, power)


@inlined
def _write_exponent(out: Any, position: Any, power: Any) -> Any:
    put(out, position, 69)
    put(out, position + 1, 45 if power < 0 else 43)
    return write_digits(out, position + 2, UINT64(-power if power < 0 else power))


@kernel(INT64(FLOAT64S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def format_floats(values: Any, out: Any, starts: Any, ends: Any) -> Any:
    """Write each FLOAT; returns the number of bytes written."""
    position = 0
    for row in range(len(values)):
        put(starts, row, position)
        value = at(values, row)
        bits = float_bits(value)
        magnitude = bits & UINT64(_MAGNITUDE)
        put(out, position, 45)
        if magnitude > UINT64(_INFINITY_BITS):
            store64(out, position, UINT64(_NAN))
            position += 3
        else:
            position += INT64(bits != magnitude)
            if magnitude == UINT64(_INFINITY_BITS):
                store64(out, position, UINT64(_INFINITY))
                position += 8
            elif magnitude == UINT64(0):
                store64(out, position, UINT64(_ZERO_POINT))
                position += 3
            else:
                position = _write_float(out, position, value)
        put(ends, row, position)
    return position


@inlined
def _write_float(out: Any, first: Any, value: Any) -> Any:
    digits, exponent = shortest_digits(value)
    position = write_digits(out, first, digits)
    count = position - first
    power = count - 1 + exponent
    if -3 <= power < 7:
        if exponent >= 0:
            # Up to six zeros, the point, and one digit behind it.
            store64(out, position, UINT64(_ZEROS))
            position += exponent
            put(out, position, 46)
            put(out, position + 1, 48)
            return position + 2
        if power >= 0:
            _insert_point(out, position + exponent)
            return position + 1
        store64(out, first, UINT64(_ZERO_POINT))
        return write_digits(out, first + 1 - power, digits)
    if count == 1:
        put(out, position, 48)
        position += 1
    _insert_point(out, first + 1)
    position += 1
    put(out, position, 69)
    put(out, position + 1, 45)
    return write_digits(out, position + 1 + INT64(power < 0), UINT64(-power if power < 0 else power))
