"""Arithmetic of 64-bit integers that notices overflow.

In: two columns of integers.  Out: the results and a status per row. A row that fails holds no meaningful
result. Division truncates toward zero and the remainder takes the dividend's sign, as in SQL.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels.compile import INT64, INT64S, INT64S_OUT, UINT8S_OUT, UINT64, inlined, kernel
from s3sql.kernels.simd import at, put
from s3sql.kernels.words import multiply_high

Array: TypeAlias = NDArray[Any]

#: Statuses of a row.
FINE = 0
OVERFLOW = 1
BY_ZERO = 2

#: The least integer, whose negative does not exist.
LEAST = np.iinfo(np.int64).min


@inlined
def _magnitude(value: Any) -> Any:
    """The absolute value as an unsigned number, right for the least integer too."""
    return UINT64(0) - UINT64(value) if value < 0 else UINT64(value)


@inlined
def product_overflows(left: Any, right: Any) -> Any:
    """Whether ``left * right`` leaves 64 bits."""
    high = multiply_high(_magnitude(left), _magnitude(right))
    low = _magnitude(left) * _magnitude(right)
    if high != UINT64(0):
        return True
    most = UINT64(1) << UINT64(63)
    return low > most or (low == most and (left < 0) == (right < 0))


@kernel(INT64(INT64S, INT64S, INT64S_OUT, UINT8S_OUT))
def add(left: Array, right: Array, result: Array, status: Array) -> int:
    """``left + right``; returns how many rows fail."""
    failing = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        total = a + b
        bad = ((a ^ total) & (b ^ total)) < 0
        put(result, row, total)
        status[row] = OVERFLOW if bad else FINE
        failing += bad
    return failing


@kernel(INT64(INT64S, INT64S, INT64S_OUT, UINT8S_OUT))
def subtract(left: Array, right: Array, result: Array, status: Array) -> int:
    """``left - right``; returns how many rows fail."""
    failing = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        difference = a - b
        bad = ((a ^ b) & (a ^ difference)) < 0
        put(result, row, difference)
        status[row] = OVERFLOW if bad else FINE
        failing += bad
    return failing


@kernel(INT64(INT64S, INT64S, INT64S_OUT, UINT8S_OUT))
def multiply(left: Array, right: Array, result: Array, status: Array) -> int:
    """``left * right``; returns how many rows fail."""
    failing = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        bad = product_overflows(a, b)
        put(result, row, a * b)
        status[row] = OVERFLOW if bad else FINE
        failing += bad
    return failing


@kernel(INT64(INT64S, INT64S, INT64S_OUT, UINT8S_OUT))
def divide(left: Array, right: Array, result: Array, status: Array) -> int:
    """``left / right``, truncated; returns how many rows fail."""
    failing = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        quotient = INT64(0)
        outcome = FINE
        if b == 0:
            outcome = BY_ZERO
        elif b == -1 and a == LEAST:
            outcome = OVERFLOW
        else:
            quotient = truncated(a, b)
        put(result, row, quotient)
        status[row] = outcome
        failing += outcome != FINE
    return failing


@kernel(INT64(INT64S, INT64S, INT64S_OUT, UINT8S_OUT))
def remainder(left: Array, right: Array, result: Array, status: Array) -> int:
    """``left % right`` with the sign of *left*; returns how many rows fail."""
    failing = 0
    for row in range(len(left)):
        a = at(left, row)
        b = at(right, row)
        rest = INT64(0)
        outcome = FINE
        if b == 0:
            outcome = BY_ZERO
        elif b != -1:  # the processor traps on the least integer by -1
            rest = a - truncated(a, b) * b
        put(result, row, rest)
        status[row] = outcome
        failing += outcome != FINE
    return failing


@inlined
def truncated(dividend: Any, divisor: Any) -> Any:
    """The quotient rounded toward zero; the divisor is neither 0 nor, for the least dividend, -1."""
    quotient = dividend // divisor
    # Python's and numba's quotient is rounded down.
    if quotient * divisor != dividend and (dividend < 0) != (divisor < 0):
        quotient += 1
    return quotient
