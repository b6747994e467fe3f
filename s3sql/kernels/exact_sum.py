"""Sums without rounding and without overflow.

In: columns of numbers.  Out: totals in limbs, which Python puts together once per column.

A float is an integer times 2**-1074. Its 53 bits, shifted to their place in that integer, lie in two
neighbouring limbs of 32 bits; limbs are 64 bits wide, so a limb takes a thousand additions before its
carry has to move on. (The idea is R. M. Neal's "small superaccumulator", arXiv:1505.05571.)

64-bit integers are summed as two halves of 32 bits, which leaves room for 2**31 of them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.compile import INT32S, INT64, INT64S, INT64S_OUT, UINT64, UINT64S, VOID, inlined, kernel
from s3sql.kernels.simd import at, put

Array: TypeAlias = NDArray[Any]

#: Limbs of a float total: 2098 bits of the largest float, and room for 2**63 of them.
LIMBS = 68

#: Results of :func:`add_floats`, besides the limbs.
NANS = 2 * LIMBS
INFINITIES = NANS + 1
NEGATIVE_INFINITIES = NANS + 2
#: The number of values other than -0.0.
NOT_NEGATIVE_ZEROS = NANS + 3
#: Length of the array of results.
FLOAT_TOTAL = NANS + 4

#: Largest scale that :func:`add_by_scale` sums; the smallest is 0.
MAX_SCALE = 63

_LOW = 0xFFFFFFFF
_FRACTION = (1 << 52) - 1
#: A limb below 2**32, plus this many parts below 2**52, stays below 2**63.
_BETWEEN_CARRIES = 1024


@inlined
def _move_carries(total: Any, first: Any) -> Any:
    """Leave 32 bits in each limb from *first* on, the sign in the last."""
    for limb in range(first, first + LIMBS - 1):
        carry = at(total, limb) >> 32
        put(total, limb, at(total, limb) & _LOW)
        put(total, limb + 1, at(total, limb + 1) + carry)


@inlined
def _add_float(total: Any, first: Any, bits: Any) -> Any:
    """Add the finite float of these bits to the limbs from *first* on."""
    exponent = INT64((bits >> UINT64(52)) & UINT64(0x7FF))
    normal = INT64(exponent != 0)  # a subnormal has no leading 1, and the same unit as exponent 1
    fraction = bits & UINT64(_FRACTION) | UINT64(normal) << UINT64(52)
    shift = exponent - normal
    low_bits = UINT64(shift & 31)
    limb = first + (shift >> 5)
    low = INT64((fraction << low_bits) & UINT64(_LOW))
    high = INT64(fraction >> (UINT64(32) - low_bits))
    sign = INT64(bits) >> 63  # 0 or -1
    put(total, limb, at(total, limb) + ((low ^ sign) - sign))
    put(total, limb + 1, at(total, limb + 1) + ((high ^ sign) - sign))


@inlined
def _add_special(total: Any, bits: Any) -> Any:
    if bits & UINT64(_FRACTION):
        put(total, NANS, at(total, NANS) + 1)
    elif bits >> UINT64(63):
        put(total, NEGATIVE_INFINITIES, at(total, NEGATIVE_INFINITIES) + 1)
    else:
        put(total, INFINITIES, at(total, INFINITIES) + 1)


@inlined
def _add(total: Any, first: Any, bits: Any) -> Any:
    """Add a float; 1 unless it is -0.0."""
    if (bits >> UINT64(52)) & UINT64(0x7FF) == UINT64(0x7FF):
        _add_special(total, bits)
    else:
        _add_float(total, first, bits)
    return INT64(bits != UINT64(1) << UINT64(63))


@kernel(VOID(UINT64S, INT64S_OUT))
def add_floats(bits: Array, total: Array) -> None:
    """Add floats, given as their bits, to *total*: ``FLOAT_TOTAL`` numbers, all 0 before the first call.

    The finite ones end up in two sets of limbs, ``total[:LIMBS]`` and ``total[LIMBS:NANS]``, so that
    neighbours need not wait for each other; limb i counts 2**(32*i - 1074).
    """
    row = INT64(0)
    others = INT64(0)
    while row < bits.size:
        last = min(row + _BETWEEN_CARRIES, INT64(bits.size))
        while row + 1 < last:
            others += _add(total, INT64(0), at(bits, row))
            others += _add(total, INT64(LIMBS), at(bits, row + 1))
            row += 2
        if row < last:
            others += _add(total, INT64(0), at(bits, row))
            row += 1
        _move_carries(total, INT64(0))
        _move_carries(total, INT64(LIMBS))
    put(total, NOT_NEGATIVE_ZEROS, at(total, NOT_NEGATIVE_ZEROS) + others)


@kernel(VOID(INT64S, INT64S_OUT))
def add_integers(values: Array, total: Array) -> None:
    """Set ``total[0]`` to the sum of the low halves of the values, ``total[1]`` to that of the high halves.

    The sum is ``total[0] + (total[1] << 32)``; at most 2**31 values.
    """
    low = INT64(0)
    high = INT64(0)
    for row in range(values.size):
        value = at(values, row)
        low += value & _LOW
        high += value >> 32
    total[0] = low
    total[1] = high


@kernel(INT64(INT64S, INT32S, INT64S_OUT))
def add_by_scale(mantissas: Array, scales: Array, totals: Array) -> int:
    """Sum the mantissas of each scale: halves as in :func:`add_integers` at ``totals[3 * scale]`` and behind.

    ``totals[3 * scale + 2]`` counts the rows; *totals* is all 0 before. Rows whose scale is below 0 or above
    :data:`MAX_SCALE` are left out; returns their number.
    """
    left_out = 0
    for row in range(mantissas.size):
        scale = INT64(at(scales, row))
        if scale < 0 or scale > MAX_SCALE:
            left_out += 1
        else:
            value = at(mantissas, row)
            put(totals, 3 * scale, at(totals, 3 * scale) + (value & _LOW))
            put(totals, 3 * scale + 1, at(totals, 3 * scale + 1) + (value >> 32))
            put(totals, 3 * scale + 2, at(totals, 3 * scale + 2) + 1)
    return left_out


@kernel(INT64(INT64S, INT64S, INT32S, INT64S_OUT))
def add_wide_by_scale(lows: Array, highs: Array, scales: Array, totals: Array) -> int:
    """As :func:`add_by_scale`, for mantissas of 128 bits given as their halves.

    The sums of the four quarters, the lowest first, are at ``totals[5 * scale]`` and behind, then the count.
    """
    left_out = 0
    for row in range(lows.size):
        scale = INT64(at(scales, row))
        if scale < 0 or scale > MAX_SCALE:
            left_out += 1
        else:
            low = at(lows, row)
            high = at(highs, row)
            first = 5 * scale
            put(totals, first, at(totals, first) + (low & _LOW))
            put(totals, first + 1, at(totals, first + 1) + ((low >> 32) & _LOW))
            put(totals, first + 2, at(totals, first + 2) + (high & _LOW))
            put(totals, first + 3, at(totals, first + 3) + (high >> 32))
            put(totals, first + 4, at(totals, first + 4) + 1)
    return left_out
