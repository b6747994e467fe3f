"""Numbers of one kind as numbers of another, by value: what comparison, arithmetic and CAST share.

In: payloads of number columns, or text.  Out: floats, :class:`s3sql.types.Decimals`, signs.

Kernels do the rows that fit 64 bits; the rare others are Python Decimals of at most 38 digits, rounded
half-even (AWS S3 User Guide, Data types: decimal, up to 38 digits).
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.kernels import numbers as kernels
from s3sql.types import Decimals, Kind, Mask, Payload, Text

Floats: TypeAlias = NDArray[np.float64]

#: Decimal arithmetic outside 64 bits.
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


def as_floats(kind: Kind, payload: Payload, rows: Mask | None = None) -> Floats:
    """The float nearest to each number; *rows* are the rows that count (None: all)."""
    if isinstance(payload, Decimals):
        return _decimals_as_floats(payload, rows)
    assert isinstance(payload, np.ndarray)
    return payload.astype(np.float64, copy=False)


def _decimals_as_floats(decimals: Decimals, rows: Mask | None) -> Floats:
    floats = np.empty(len(decimals), np.float64)
    status = np.empty(len(decimals), np.uint8)
    kernels.decimals_to_floats(decimals.mantissa, decimals.scale, floats, status)
    for row in wide_rows(rows, decimals):
        floats[row] = float(decimals.value(row))
    return floats


def as_decimals(kind: Kind, payload: Payload) -> Decimals:
    """The payload of an INT or DECIMAL column as decimals."""
    if isinstance(payload, Decimals):
        return payload
    assert isinstance(payload, np.ndarray)
    return Decimals(payload, np.broadcast_to(np.int32(0), len(payload)))


def wide_rows(rows: Mask | None, *operands: Decimals) -> list[int]:
    """The rows, among those that count, in which an operand is wide."""
    wide = [operand.wide for operand in operands if operand.wide is not None]
    if not wide:
        return []
    marked = np.logical_or.reduce([wide_mask(values) for values in wide])
    found: list[int] = np.flatnonzero(marked if rows is None else marked & rows).tolist()
    return found


def wide_mask(wide: NDArray[np.object_]) -> Mask:
    """Which rows hold a wide decimal."""
    return np.fromiter((value is not None for value in wide), np.bool_, len(wide))


def with_wide(mantissa: NDArray[np.int64], scale: NDArray[np.int32], values: dict[int, Decimal]) -> Decimals:
    """Decimals from a kernel's arrays and the rows computed outside it."""
    if not values:
        return Decimals(mantissa, scale)
    wide: NDArray[np.object_] | None = None
    for row, value in values.items():
        unscaled, exponent = unscaled_of(value)
        scale[row] = -exponent
        if -(2**63) <= unscaled < 2**63:
            mantissa[row] = unscaled
            continue
        if wide is None:
            wide = np.full(len(mantissa), None, np.object_)
        wide[row] = value
    return Decimals(mantissa, scale, wide)


def unscaled_of(value: Decimal) -> tuple[int, int]:
    """(unscaled, exponent) of a finite decimal: it is ``unscaled * 10 ** exponent``."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "a SQL decimal is finite"
    unscaled = int("".join(map(str, digits)))
    return -unscaled if sign else unscaled, exponent


def has_valid_scale(value: Decimal) -> bool:
    """Whether a decimal is finite and its scale within 32 bits."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent in _SCALES


def order_decimals(left: Decimals, right: Decimals, rows: Mask | None = None) -> NDArray[np.int8]:
    """-1, 0 or 1 as each left decimal is less than, equal to or greater than the right one."""
    sign = np.empty(len(left), np.int8)
    kernels.compare_decimals(left.mantissa, left.scale, right.mantissa, right.scale, sign)
    for row in wide_rows(rows, left, right):
        a, b = left.value(row), right.value(row)
        sign[row] = (a > b) - (a < b)
    return sign


def decimals_of_text(text: Text) -> tuple[Decimals, Mask]:
    """Texts read as numbers, with the scale they are spelled with; and which of them are numbers.

    More than 38 digits are rounded half-even.
    """
    length = len(text)
    mantissa = np.empty(length, np.int64)
    scale = np.empty(length, np.int32)
    status = np.empty(length, np.uint8)
    failed = kernels.parse_decimals(text.buffer, text.starts, text.ends, mantissa, scale, status)
    if not failed:
        return Decimals(mantissa, scale), np.ones(length, np.bool_)
    valid = status == kernels.OK
    values: dict[int, Decimal] = {}
    for row in np.flatnonzero(status == kernels.ODD).tolist():
        spelled = text.buffer[text.starts[row] : text.ends[row]].tobytes().decode()
        value = decimal_of(spelled)
        if value is not None:
            values[row] = value
            valid[row] = True
    return with_wide(mantissa, scale, values), valid


def decimal_of(spelling: str) -> Decimal | None:
    """The decimal of a text in SQL's number grammar; None if its scale does not fit 32 bits."""
    try:
        value = CONTEXT.create_decimal(spelling.strip(" \t\r\n"))
    except InvalidOperation:
        return None  # an exponent of more digits than Python's decimals have
    if not has_valid_scale(value):
        return None
    return value if value else value.copy_abs()


def describe(value: Any, limit: int = 40) -> str:
    """A value as a message quotes it, long text cut."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
