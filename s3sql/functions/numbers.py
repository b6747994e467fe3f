"""Numbers of one kind as numbers of another, by value: what comparison, arithmetic and CAST share.

In: payloads of number columns, or text.  Out: floats, :class:`s3sql.payloads.Decimals`, signs.

Decimals have at most 38 digits and are rounded half-even to that (AWS S3 User Guide, Data types). Columns
that fit 64 bits, nearly all, have kernels of their own.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels import numbers as kernels
from s3sql.payloads import Decimals, Mask, Payload, Text
from s3sql.types import Kind

Floats: TypeAlias = NDArray[np.float64]

#: The digits of a decimal and their rounding, for single values.
CONTEXT = Context(
    prec=38,
    rounding=ROUND_HALF_EVEN,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    capitals=1,
    clamp=0,
    traps=[InvalidOperation],
)

_SCALES = range(-(2**31), 2**31)


def as_floats(kind: Kind, payload: Payload) -> Floats:
    """The float nearest to each number, infinite beyond the largest."""
    if isinstance(payload, Decimals):
        return _decimals_as_floats(payload)
    assert isinstance(payload, np.ndarray)
    return payload.astype(np.float64, copy=False)


def _decimals_as_floats(decimals: Decimals) -> Floats:
    floats = np.empty(len(decimals), np.float64)
    status = np.empty(len(decimals), np.uint8)
    if decimals.high is None:
        kernels.decimals_to_floats(decimals.low, decimals.scale, floats, status)
        return floats
    if kernels.wide_decimals_to_floats(decimals.low, decimals.high, decimals.scale, floats, status):
        # About one in five hundred, whose first 19 digits do not tell.
        for row in np.flatnonzero(status == kernels.ODD).tolist():
            floats[row] = float(decimals.value(row))
    return floats


def as_decimals(kind: Kind, payload: Payload) -> Decimals:
    """The payload of an INT or DECIMAL column as decimals."""
    if isinstance(payload, Decimals):
        return payload
    assert isinstance(payload, np.ndarray)
    return Decimals(payload, np.broadcast_to(np.int32(0), len(payload)))


def has_valid_scale(value: Decimal) -> bool:
    """Whether a decimal is finite and its scale within 32 bits."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent in _SCALES


def order_decimals(left: Decimals, right: Decimals) -> NDArray[np.int8]:
    """-1, 0 or 1 as each left decimal is less than, equal to or greater than the right one."""
    sign = np.empty(len(left), np.int8)
    if left.high is None and right.high is None:
        kernels.compare_decimals(left.low, left.scale, right.low, right.scale, sign)
    else:
        kernels.compare_wide_decimals(
            left.low, left.high_half(), left.scale, right.low, right.high_half(), right.scale, sign
        )
    return sign


def decimals_of_text(text: Text) -> tuple[Decimals, Mask]:
    """Texts read as numbers, with the scale they are spelled with; and which of them are numbers.

    More than 38 digits are rounded half-even. A scale beyond 32 bits makes it none.
    """
    length = len(text)
    low = np.empty(length, np.int64)
    scale = np.empty(length, np.int32)
    status = np.empty(length, np.uint8)
    failed = kernels.parse_decimals(text.buffer, text.starts, text.ends, low, scale, status)
    if not failed:
        return Decimals(low, scale), np.ones(length, np.bool_)
    if not (status == kernels.ODD).any():
        return Decimals(low, scale), status == kernels.OK
    high = low >> 63
    kernels.parse_wide_decimals(text.buffer, text.starts, text.ends, low, high, scale, status)
    return Decimals.of_halves(low, scale, high), status == kernels.OK


def describe(value: Any, limit: int = 40) -> str:
    """A value as a message quotes it, long text cut."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
