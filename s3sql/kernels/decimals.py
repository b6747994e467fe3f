"""Arithmetic of decimals whose mantissa fits 64 bits.

In: two columns of decimals ``mantissa * 10 ** -scale``.  Out: results of the same form, and ``odd``: the
rows whose exact result has no such form, or whose scales are too far apart. Those are left to
:mod:`s3sql.kernels.wide_decimals`; an odd row holds no meaningful result.

Scales of results: PartiQL v0.1 (Java's BigDecimal): the larger one for sums and remainders, the sum for
products, the fewest digits that show the quotient, but at least ``scale1 - scale2``, for divisions.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels.compile import (
    BOOLS_OUT,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8S_OUT,
    inlined,
    kernel,
)
from s3sql.kernels.integers import product_overflows, truncated
from s3sql.kernels.simd import at, put

Array: TypeAlias = NDArray[Any]

#: Digits behind those of the operands that a division looks for: 1.00 / 256 has 8. Most quotients that have
#: more have no end.
_MORE_DIGITS = 8

#: Largest power of ten in 64 bits.
_LARGEST_POWER = 18
_LEAST = np.iinfo(np.int64).min

_POWERS = np.array([10**exponent for exponent in range(_LARGEST_POWER + 1)], np.int64)
_MOST = np.array([(2**63 - 1) // 10**exponent for exponent in range(_LARGEST_POWER + 1)], np.int64)


@inlined
def _scales_up(mantissa: Any, distance: Any) -> Any:
    """Whether ``mantissa * 10 ** distance`` fits 64 bits; *distance* is 0 or more."""
    if distance > _LARGEST_POWER:
        return mantissa == 0
    return -_MOST[distance] <= mantissa <= _MOST[distance]


@inlined
def _scaled_up(mantissa: Any, distance: Any) -> Any:
    return INT64(0) if distance > _LARGEST_POWER else mantissa * _POWERS[distance]


@kernel(INT64(INT64S, INT32S, INT64S, INT32S, INT64, INT64S_OUT, INT32S_OUT, BOOLS_OUT))
def add(
    left: Array,
    left_scale: Array,
    right: Array,
    right_scale: Array,
    sign: int,
    mantissa: Array,
    scale: Array,
    odd: Array,
) -> int:
    """``left + sign * right``, *sign* being 1 or -1; returns how many rows are odd."""
    count = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        a_scale = INT64(at(left_scale, row))
        b_scale = INT64(at(right_scale, row))
        bad = b == _LEAST
        if a_scale < b_scale:
            bad |= not _scales_up(a, b_scale - a_scale)
            a = _scaled_up(a, b_scale - a_scale)
            a_scale = b_scale
        elif b_scale < a_scale:
            bad |= not _scales_up(b, a_scale - b_scale)
            b = _scaled_up(b, a_scale - b_scale)
        b *= sign
        total = a + b
        bad |= ((a ^ total) & (b ^ total)) < 0
        put(mantissa, row, total)
        scale[row] = a_scale
        put(odd, row, bad)
        count += bad
    return count


@kernel(INT64(INT64S, INT32S, INT64S, INT32S, INT64S_OUT, INT32S_OUT, BOOLS_OUT))
def multiply(
    left: Array,
    left_scale: Array,
    right: Array,
    right_scale: Array,
    mantissa: Array,
    scale: Array,
    odd: Array,
) -> int:
    """``left * right``; returns how many rows are odd."""
    count = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        exact_scale = INT64(at(left_scale, row)) + INT64(at(right_scale, row))
        bad = product_overflows(a, b) or not -(2**31) <= exact_scale < 2**31
        put(mantissa, row, a * b)
        scale[row] = exact_scale
        put(odd, row, bad)
        count += bad
    return count


@kernel(INT64(INT64S, INT32S, INT64S, INT32S, INT64S_OUT, INT32S_OUT, BOOLS_OUT))
def divide(
    left: Array,
    left_scale: Array,
    right: Array,
    right_scale: Array,
    mantissa: Array,
    scale: Array,
    odd: Array,
) -> int:
    """``left / right``; returns how many rows are odd: no exact quotient found, or division by zero."""
    count = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        digits = INT64(at(left_scale, row)) - INT64(at(right_scale, row))
        bad = b == 0 or (b == -1 and a == _LEAST)
        if digits < 0:
            bad |= not _scales_up(a, -digits)
            a = _scaled_up(a, -digits)
            digits = INT64(0)
        quotient = INT64(0)
        if not bad:
            quotient = truncated(a, b)
            rest = a - quotient * b
            if rest != 0:
                # Digits of the long division, all at once; then without the zeros at the end.
                bad = not (_scales_up(rest, _MORE_DIGITS) and _scales_up(quotient, _MORE_DIGITS))
                behind = INT64(0)
                if not bad:
                    rest *= _POWERS[_MORE_DIGITS]
                    behind = truncated(rest, b)
                    quotient *= _POWERS[_MORE_DIGITS]
                    total = quotient + behind
                    bad = behind * b != rest or ((quotient ^ total) & (behind ^ total)) < 0
                    quotient = total
                    digits += _MORE_DIGITS
                if not bad:
                    # Not all of them are zeros, else there would have been no rest.
                    for step in (4, 2, 1):
                        shorter = truncated(quotient, _POWERS[step])
                        if shorter * _POWERS[step] == quotient:
                            quotient = shorter
                            digits -= step
        bad |= digits >= 2**31
        put(mantissa, row, quotient)
        scale[row] = digits
        put(odd, row, bad)
        count += bad
    return count


@kernel(INT64(INT64S, INT32S, INT64S, INT32S, INT64S_OUT, INT32S_OUT, BOOLS_OUT))
def remainder(
    left: Array,
    left_scale: Array,
    right: Array,
    right_scale: Array,
    mantissa: Array,
    scale: Array,
    odd: Array,
) -> int:
    """``left % right`` with the sign of *left*; returns how many rows are odd, division by zero too."""
    count = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        a_scale = INT64(at(left_scale, row))
        b_scale = INT64(at(right_scale, row))
        bad = b == 0
        if a_scale < b_scale:
            bad |= not _scales_up(a, b_scale - a_scale)
            a = _scaled_up(a, b_scale - a_scale)
            a_scale = b_scale
        elif b_scale < a_scale:
            bad |= not _scales_up(b, a_scale - b_scale)
            b = _scaled_up(b, a_scale - b_scale)
        rest = INT64(0)
        if not bad and b != -1:  # the processor traps on the least integer by -1
            rest = a - truncated(a, b) * b
        put(mantissa, row, rest)
        scale[row] = a_scale
        put(odd, row, bad)
        count += bad
    return count


@kernel(INT64(INT64S, INT32S, INT64S_OUT, UINT8S_OUT))
def truncate(mantissa: Array, scale: Array, result: Array, status: Array) -> int:
    """The integer part; status 1 where it leaves 64 bits. Returns how many rows do."""
    count = 0
    for row in range(len(mantissa)):
        value = at(mantissa, row)
        digits = INT64(at(scale, row))
        bad = False
        if digits > _LARGEST_POWER:
            value = INT64(0)
        elif digits > 0:
            value = truncated(value, _POWERS[digits])
        elif digits < 0:
            bad = not _scales_up(value, -digits)
            value = _scaled_up(value, -digits)
        put(result, row, value)
        status[row] = bad
        count += bad
    return count
