"""Decimals of 38 digits, one at a time, by Python's decimal: what the kernels of 128 bits must agree with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

import numpy as np
from hypothesis import strategies as st

from tests.twins.values import unscaled

CONTEXT = Context(
    prec=38,
    rounding=ROUND_HALF_EVEN,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[InvalidOperation],
)
MOST = 10**38 - 1

#: (mantissa, scale)
Number = tuple[int, int]

_NEAR = [2**63, 2**64, 2**126, 10**18, 10**19, 10**37, 10**38 - 3, 0, 5 * 10**36]
magnitudes = (
    st.builds(lambda near, by: min(MOST, abs(near + by)), st.sampled_from(_NEAR), st.integers(-3, 3))
    | st.builds(lambda digits, zeros: digits * 10**zeros, st.integers(0, 999), st.integers(0, 35))
    | st.integers(0, MOST)
    | st.integers(0, 37).flatmap(lambda digits: st.integers(0, 10**digits))
)
mantissas = st.builds(lambda sign, magnitude: sign * magnitude, st.sampled_from([1, -1]), magnitudes)
EXTREME_SCALES = [-(2**31), -(2**31) + 1, -(2**31) + 40, 2**31 - 1, 2**31 - 2, 2**31 - 41, 2**30, -(2**30)]
near_scales = st.integers(-40, 80)
scales = near_scales | st.sampled_from(EXTREME_SCALES)
near_numbers: st.SearchStrategy[Number] = st.tuples(mantissas, near_scales)
numbers: st.SearchStrategy[Number] = st.tuples(mantissas, scales)


def decimal(number: Number) -> Decimal:
    mantissa, scale = number
    return Decimal((int(mantissa < 0), tuple(map(int, str(abs(mantissa)))), -scale))


def number(value: Decimal) -> Number:
    mantissa, exponent = unscaled(value)
    return mantissa, -exponent


def halves(mantissas: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of numbers in two's complement of 128 bits."""
    words = b"".join(mantissa.to_bytes(16, "little", signed=True) for mantissa in mantissas)
    pairs = np.frombuffer(words, np.int64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def whole(low: int, high: int) -> int:
    return (int(high) << 64) + (int(low) & (1 << 64) - 1)


def arithmetic(operator: str, left: Number, right: Number) -> Number | str:
    """The result, ``by zero``, or ``overflow`` for a scale beyond 32 bits."""
    if operator in "/%" and not right[0]:
        return "by zero"
    result = number(_OPERATORS[operator](decimal(left), decimal(right)))
    return result if -(2**31) <= result[1] < 2**31 else "overflow"


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    """Exact quotients have a scale of 0 or more where 38 digits allow it."""
    quotient = CONTEXT.divide(left, right)
    mantissa, exponent = unscaled(quotient)
    if exponent <= 0:
        return quotient
    if not mantissa:
        return Decimal(0)
    room = CONTEXT.prec - len(str(abs(mantissa)))
    return quotient.quantize(Decimal((0, (1,), max(0, exponent - room))), context=CONTEXT)


def _remainder(left: Decimal, right: Decimal) -> Decimal:
    """At the larger scale, without the quotient, which may have any number of digits."""
    dividend, left_exponent = unscaled(left)
    divisor, right_exponent = unscaled(right)
    exponent = min(left_exponent, right_exponent)
    if right_exponent - exponent > 2 * CONTEXT.prec:
        rest = abs(dividend)
    else:
        modulus = abs(divisor) * 10 ** (right_exponent - exponent)
        rest = abs(dividend) * pow(10, left_exponent - exponent, modulus) % modulus
    return decimal((-rest if dividend < 0 else rest, -exponent))


_OPERATORS = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": _quotient,
    "%": _remainder,
}
