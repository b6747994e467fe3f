"""Exact comparison of decimals held as mantissa * 10**-scale.

In: two columns of each.  Out: -1, 0 or 1 for each row.  Nothing overflows: mantissas are brought to one
scale in twice their bits, and scales too far apart decide by themselves.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import INT8S_OUT, INT32S, INT64, INT64S, UINT64, VOID, inlined, kernel
from s3sql.kernels.powers import WORD_TENS
from s3sql.kernels.simd import at, put
from s3sql.kernels.wide_integers import DIGITS, is_less, magnitude_of, scaled_up
from s3sql.kernels.words import multiply_high


@inlined
def _compare_scaled(magnitude: Any, other: Any, distance: Any) -> Any:
    """*magnitude* against *other* * 10**distance; both positive, *distance* at least 0."""
    if distance > 19:
        # 10**20 exceeds every magnitude.
        return -1
    factor = WORD_TENS[UINT64(distance)]
    scaled = other * factor
    if multiply_high(other, factor) != UINT64(0):
        return -1
    return INT64(magnitude > scaled) - INT64(magnitude < scaled)


@inlined
def compare_decimal(mantissa_1: Any, scale_1: Any, mantissa_2: Any, scale_2: Any) -> Any:
    """-1, 0 or 1 for two decimals (``int64`` each)."""
    if scale_1 == scale_2:
        return INT64(mantissa_1 > mantissa_2) - INT64(mantissa_1 < mantissa_2)
    sign_1 = INT64(mantissa_1 > 0) - INT64(mantissa_1 < 0)
    sign_2 = INT64(mantissa_2 > 0) - INT64(mantissa_2 < 0)
    if sign_1 != sign_2 or sign_1 == 0:
        return INT64(sign_1 > sign_2) - INT64(sign_1 < sign_2)
    magnitude_1 = UINT64(mantissa_1) if sign_1 > 0 else UINT64(0) - UINT64(mantissa_1)
    magnitude_2 = UINT64(mantissa_2) if sign_2 > 0 else UINT64(0) - UINT64(mantissa_2)
    if scale_1 > scale_2:
        return sign_1 * _compare_scaled(magnitude_1, magnitude_2, scale_1 - scale_2)
    return -sign_1 * _compare_scaled(magnitude_2, magnitude_1, scale_2 - scale_1)


@kernel(VOID(INT64S, INT32S, INT64S, INT32S, INT8S_OUT))
def compare_decimals(mantissas_1: Any, scales_1: Any, mantissas_2: Any, scales_2: Any, out: Any) -> None:
    """Compare row by row: *out* is -1 (the first is less), 0 or 1. One number is broadcast."""
    for row in range(len(mantissas_1)):
        order = compare_decimal(
            at(mantissas_1, row),
            INT64(at(scales_1, row)),
            at(mantissas_2, row),
            INT64(at(scales_2, row)),
        )
        put(out, row, order)


@inlined
def _compare_wide_scaled(a1: Any, a0: Any, b1: Any, b0: Any, distance: Any) -> Any:
    """*a* against *b* * 10**distance; both of 128 bits and positive, *distance* at least 0."""
    if distance > DIGITS:
        return -1
    c3, c2, c1, c0 = scaled_up(b1, b0, distance)
    if c3 | c2 != UINT64(0):
        return -1
    return INT64(is_less(c1, c0, a1, a0)) - INT64(is_less(a1, a0, c1, c0))


@kernel(VOID(INT64S, INT64S, INT32S, INT64S, INT64S, INT32S, INT8S_OUT))
def compare_wide_decimals(
    lows_1: Any, highs_1: Any, scales_1: Any, lows_2: Any, highs_2: Any, scales_2: Any, out: Any
) -> None:
    """As :func:`compare_decimals`, for mantissas of 128 bits given as their halves."""
    for row in range(len(lows_1)):
        negative = at(highs_1, row) < 0
        a1, a0 = magnitude_of(at(highs_1, row), at(lows_1, row))
        b1, b0 = magnitude_of(at(highs_2, row), at(lows_2, row))
        distance = INT64(at(scales_1, row)) - INT64(at(scales_2, row))
        sign_1 = (1 - 2 * INT64(negative)) * INT64(a1 | a0 != UINT64(0))
        sign_2 = (1 - 2 * INT64(at(highs_2, row) < 0)) * INT64(b1 | b0 != UINT64(0))
        order = INT64(sign_1 > sign_2) - INT64(sign_1 < sign_2)
        if sign_1 == sign_2 and sign_1 != 0:
            if distance >= 0:
                order = sign_1 * _compare_wide_scaled(a1, a0, b1, b0, distance)
            else:
                order = -sign_1 * _compare_wide_scaled(b1, b0, a1, a0, -distance)
        put(out, row, order)
