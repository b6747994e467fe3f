"""The operators ``+ - * / %`` and the signs over columns of any kinds.

In: two columns.  Out: a column of numbers, NULL where either side is unknown or the row failed.

Sources: AWS S3 User Guide, Operators; PartiQL v0.1.

    int  ∘ int             int, 64 bits; division truncates; IntegerOverflow
    decimal with int, decimal   decimal, at most 38 digits, rounded half-even
    float with any number  float, IEEE

Division and remainder by zero of ints and decimals, and operands that are no numbers, fail with
ExternalEvalException. Nothing is converted: text of a CSV column fails as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.functions.numbers import as_decimals, as_floats, describe
from s3sql.functions.registry import Fail
from s3sql.kernels import decimals as decimal_kernels
from s3sql.kernels import integers as integer_kernels
from s3sql.kernels import wide_decimals as wide_kernels
from s3sql.payloads import Decimals, Int32s, Int64s, Mask, Payload
from s3sql.types import NUMBERS, Column, Kind

#: Computes all rows of two payloads; fails among *rows* are reported and left out of the returned mask.
_Computation: TypeAlias = Callable[[str, Payload, Payload, Mask, Fail], tuple[Payload, Mask]]

_ADVICE = "The query cannot be evaluated. Please check the query and file and try again."


def arithmetic(operator: str, left: Column, right: Column, fail: Fail) -> Column:
    """``left operator right``, the operator one of ``+ - * / %``."""
    known = left.known() & right.known()
    if not known.any():
        return Column.unknown(Kind.NULL, left.length)
    _fail_unless_numbers(operator, (left, right), known, fail)
    tags = np.full(left.length, Kind.NULL, np.uint8)
    parts: dict[Kind, Payload] = {}
    pairs = [(a, b) for a in NUMBERS & left.parts.keys() for b in NUMBERS & right.parts.keys()]
    for left_kind, right_kind in sorted(pairs):
        rows = left.mask(left_kind) & right.mask(right_kind)
        if not rows.any():
            continue
        kind = max((left_kind, right_kind), key=_RANK.__getitem__)
        a = _CONVERSIONS[kind](left_kind, left.parts[left_kind])
        b = _CONVERSIONS[kind](right_kind, right.parts[right_kind])
        payload, fine = _COMPUTATIONS[kind](operator, a, b, rows, fail)
        np.copyto(tags, np.uint8(kind), where=fine)
        parts[kind] = _merged(parts[kind], payload, fine) if kind in parts else payload
    return Column.tagged(tags, parts)


def sign(operator: str, operand: Column, fail: Fail) -> Column:
    """``-operand`` or ``+operand``; also ``+`` accepts nothing but numbers."""
    known = operand.known()
    _fail_unless_numbers(operator, (operand,), known, fail)
    tags = operand.tag_array()
    numbers = (tags >= int(Kind.INT)) & (tags <= int(Kind.DECIMAL))
    tags = np.where(numbers, tags, np.uint8(Kind.NULL))
    parts = {kind: payload for kind, payload in operand.parts.items() if kind in NUMBERS}
    if operator == "+":
        return Column.tagged(tags, parts)
    negated: dict[Kind, Payload] = {}
    for kind, payload in parts.items():
        if kind == Kind.INT:
            least = operand.mask(Kind.INT) & (operand.array(Kind.INT) == integer_kernels.LEAST)
            if least.any():
                fail(least, _overflow(f"-({integer_kernels.LEAST})"))
                tags = np.where(least, np.uint8(Kind.NULL), tags)
        negated[kind] = -payload if isinstance(payload, np.ndarray) else _negated_decimals(payload)
    return Column.tagged(tags, negated)


def _negated_decimals(payload: Payload) -> Decimals:
    assert isinstance(payload, Decimals)
    if payload.high is None and not (payload.low == integer_kernels.LEAST).any():
        return Decimals(-payload.low, payload.scale)
    # In two's complement -x is ~x + 1; the 1 is carried on where the low half is zero.
    high = ~payload.high_half() + (payload.low == 0)
    return Decimals.of_halves(-payload.low, payload.scale, high)


def _merged(first: Payload, second: Payload, where: Mask) -> Payload:
    """*first* with the rows marked in *where* taken from *second*."""
    if isinstance(first, np.ndarray):
        return np.where(where, second, first)  # type: ignore[arg-type]
    assert isinstance(first, Decimals)
    assert isinstance(second, Decimals)
    high = None
    if first.high is not None or second.high is not None:
        high = np.where(where, second.high_half(), first.high_half())
    low = np.where(where, second.low, first.low)
    return Decimals(low, np.where(where, second.scale, first.scale), high)


# --- errors -----------------------------------------------------------------------------------------------


def _fail_unless_numbers(operator: str, operands: tuple[Column, ...], known: Mask, fail: Fail) -> None:
    if all(operand.kind in NUMBERS for operand in operands):
        return
    wrong = np.zeros(len(known), np.bool_)
    for operand in operands:
        tags = operand.tag_array()
        wrong |= (tags < int(Kind.INT)) | (tags > int(Kind.DECIMAL))
    wrong &= known
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    kinds = f" {operator} ".join(Kind(int(operand.tag_array()[row])).name for operand in operands)
    found = kinds if len(operands) > 1 else f"{operator} {kinds}"
    hint = "the operands must be numbers; CAST(… AS INT) or CAST(… AS DECIMAL) makes one of text"
    fail(wrong, S3SelectError("ExternalEvalException", f"{_ADVICE} Found {found}: {hint}."))


def _overflow(found: str) -> S3SelectError:
    return S3SelectError(
        "IntegerOverflow",
        f"The result of {found} does not fit a 64-bit integer; "
        "CAST an operand AS DECIMAL for up to 38 digits.",
    )


def _by_zero(operator: str) -> S3SelectError:
    return S3SelectError(
        "ExternalEvalException",
        f"{_ADVICE} Found {operator} with zero on its right; NULLIF(x, 0) gives NULL instead.",
    )


# --- ints -------------------------------------------------------------------------------------------------

_INTEGER_KERNELS = {
    "+": integer_kernels.add,
    "-": integer_kernels.subtract,
    "*": integer_kernels.multiply,
    "/": integer_kernels.divide,
    "%": integer_kernels.remainder,
}


def _compute_ints(
    operator: str, left: Payload, right: Payload, rows: Mask, fail: Fail
) -> tuple[NDArray[np.int64], Mask]:
    assert isinstance(left, np.ndarray)
    assert isinstance(right, np.ndarray)
    result = np.empty(len(left), np.int64)
    status = np.empty(len(left), np.uint8)
    if not _INTEGER_KERNELS[operator](left, right, result, status):
        return result, rows
    overflow = rows & (status == integer_kernels.OVERFLOW)
    if overflow.any():
        row = int(np.argmax(overflow))
        fail(overflow, _overflow(f"{left[row]} {operator} {right[row]}"))
    by_zero = rows & (status == integer_kernels.BY_ZERO)
    if by_zero.any():
        fail(by_zero, _by_zero(operator))
    return result, rows & (status == integer_kernels.FINE)


# --- floats -----------------------------------------------------------------------------------------------

_FLOAT_UFUNCS: dict[str, Callable[[Any, Any], NDArray[np.float64]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
}


def _compute_floats(
    operator: str, left: Payload, right: Payload, rows: Mask, fail: Fail
) -> tuple[NDArray[np.float64], Mask]:
    # Infinity and NaN are results here, and the rows of other kinds may hold anything.
    with np.errstate(all="ignore"):
        return _FLOAT_UFUNCS[operator](left, right), rows


# --- decimals ---------------------------------------------------------------------------------------------


def _compute_decimals(
    operator: str, left: Payload, right: Payload, rows: Mask, fail: Fail
) -> tuple[Decimals, Mask]:
    assert isinstance(left, Decimals)
    assert isinstance(right, Decimals)
    length = len(left)
    if left.high is not None or right.high is not None:
        low, high, scale = np.zeros(length, np.int64), np.zeros(length, np.int64), np.zeros(length, np.int32)
        return _compute_wide(operator, left, right, rows, rows, (low, high, scale), fail)
    low, scale, odd = np.empty(length, np.int64), np.empty(length, np.int32), np.empty(length, np.bool_)
    if not _DECIMAL_KERNELS[operator](left.low, left.scale, right.low, right.scale, low, scale, odd):
        return Decimals(low, scale), rows
    return _compute_wide(operator, left, right, odd & rows, rows, (low, low >> 63, scale), fail)


def _compute_wide(
    operator: str,
    left: Decimals,
    right: Decimals,
    where: Mask,
    rows: Mask,
    results: tuple[Int64s, Int64s, Int32s],
    fail: Fail,
) -> tuple[Decimals, Mask]:
    """As :func:`_compute_decimals`, in 128 bits, for the rows *where*; the others have their results."""
    low, high, scale = results
    status = np.zeros(len(low), np.uint8)
    operands = (left.low, left.high_half(), left.scale, right.low, right.high_half(), right.scale)
    failing = _WIDE_KERNELS[operator](*operands, where, low, high, scale, status)
    decimals = Decimals.of_halves(low, scale, high)
    if not failing:
        return decimals, rows
    by_zero = status == integer_kernels.BY_ZERO
    if by_zero.any():
        fail(by_zero, _by_zero(operator))
    beyond = status == integer_kernels.OVERFLOW
    if beyond.any():
        row = int(beyond.argmax())
        found = f"{describe(left.value(row))} {operator} {describe(right.value(row))}"
        message = f"{_ADVICE} Found {found}: the scale of the result does not fit 32 bits."
        fail(beyond, S3SelectError("ExternalEvalException", message))
    return decimals, rows & (status == integer_kernels.FINE)


def _add_kernel(add: Callable[..., int], operands: int, sign: int) -> Callable[..., int]:
    """Addition or subtraction, by *sign*, which the kernel takes behind the arrays of its operands."""

    def run(*arrays: Any) -> int:
        return add(*arrays[:operands], sign, *arrays[operands:])

    return run


_DECIMAL_KERNELS: dict[str, Callable[..., int]] = {
    "+": _add_kernel(decimal_kernels.add, 4, 1),
    "-": _add_kernel(decimal_kernels.add, 4, -1),
    "*": decimal_kernels.multiply,
    "/": decimal_kernels.divide,
    "%": decimal_kernels.remainder,
}

_WIDE_KERNELS: dict[str, Callable[..., int]] = {
    "+": _add_kernel(wide_kernels.add, 6, 1),
    "-": _add_kernel(wide_kernels.add, 6, -1),
    "*": wide_kernels.multiply,
    "/": wide_kernels.divide,
    "%": wide_kernels.remainder,
}

# --- tables -----------------------------------------------------------------------------------------------

#: The kind of a result is that of the operand of higher rank.
_RANK = {Kind.INT: 0, Kind.DECIMAL: 1, Kind.FLOAT: 2}


def _same_ints(kind: Kind, payload: Payload) -> Payload:
    return payload


_CONVERSIONS: dict[Kind, Callable[[Kind, Payload], Payload]] = {
    Kind.INT: _same_ints,
    Kind.DECIMAL: as_decimals,
    Kind.FLOAT: as_floats,
}

_COMPUTATIONS: dict[Kind, _Computation] = {
    Kind.INT: _compute_ints,
    Kind.DECIMAL: _compute_decimals,
    Kind.FLOAT: _compute_floats,
}
