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
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.functions.numbers import (
    CONTEXT,
    as_decimals,
    as_floats,
    describe,
    has_valid_scale,
    unscaled_of,
    wide_rows,
    with_wide,
)
from s3sql.functions.registry import Fail
from s3sql.kernels import decimals as decimal_kernels
from s3sql.kernels import integers as integer_kernels
from s3sql.types import NUMBERS, Column, Decimals, Kind, Mask, Payload

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
        a = _CONVERSIONS[kind](left_kind, left.parts[left_kind], rows)
        b = _CONVERSIONS[kind](right_kind, right.parts[right_kind], rows)
        payload, fine = _COMPUTATIONS[kind](operator, a, b, rows, fail)
        np.copyto(tags, np.uint8(kind), where=fine)
        parts[kind] = _merged(parts[kind], payload, fine) if kind in parts else payload
    return Column.tagged(tags, parts)


def sign(operator: str, operand: Column, fail: Fail) -> Column:
    """``-operand`` or ``+operand``; also ``+`` accepts nothing but numbers."""
    known = operand.known()
    _fail_unless_numbers(operator, (operand,), known, fail)
    tags = operand.tag_array()
    numbers = (tags >= Kind.INT) & (tags <= Kind.DECIMAL)
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
    zeros = Decimals(np.zeros(len(payload), np.int64), payload.scale)
    return _compute_decimals("-", zeros, payload, np.ones(len(payload), np.bool_), _never)[0]


def _never(where: Mask, error: S3SelectError) -> None:
    raise AssertionError(f"the sign of a decimal can always be changed: {error}")


def _merged(first: Payload, second: Payload, where: Mask) -> Payload:
    """*first* with the rows marked in *where* taken from *second*."""
    if isinstance(first, np.ndarray):
        return np.where(where, second, first)  # type: ignore[arg-type]
    assert isinstance(first, Decimals)
    assert isinstance(second, Decimals)
    wide = None
    if first.wide is not None or second.wide is not None:
        nothing = np.full(len(first), None, np.object_)
        wide = np.where(
            where,
            nothing if second.wide is None else second.wide,
            nothing if first.wide is None else first.wide,
        )
    mantissa = np.where(where, second.mantissa, first.mantissa)
    return Decimals(mantissa, np.where(where, second.scale, first.scale), wide)


# --- errors -----------------------------------------------------------------------------------------------


def _fail_unless_numbers(operator: str, operands: tuple[Column, ...], known: Mask, fail: Fail) -> None:
    if all(operand.kind in NUMBERS for operand in operands):
        return
    wrong = np.zeros(len(known), np.bool_)
    for operand in operands:
        tags = operand.tag_array()
        wrong |= (tags < Kind.INT) | (tags > Kind.DECIMAL)
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
    mantissa = np.empty(len(left), np.int64)
    scale = np.empty(len(left), np.int32)
    odd = np.empty(len(left), np.bool_)
    operands = (left.mantissa, left.scale, right.mantissa, right.scale)
    _DECIMAL_KERNELS[operator](*operands, mantissa, scale, odd)
    computed: dict[int, Decimal] = {}
    by_zero: list[int] = []
    beyond: list[int] = []
    odd[wide_rows(None, left, right)] = True
    for row in np.flatnonzero(odd & rows).tolist():
        a, b = left.value(row), right.value(row)
        if operator in "/%" and not b:
            by_zero.append(row)
            continue
        value = _EXACT[operator](a, b)
        if has_valid_scale(value):
            computed[row] = value
        else:
            beyond.append(row)
    if not by_zero and not beyond:
        return with_wide(mantissa, scale, computed), rows
    fine = rows.copy()
    fine[by_zero] = False
    fine[beyond] = False
    if by_zero:
        fail(_mask(len(left), by_zero), _by_zero(operator))
    if beyond:
        a, b = left.value(beyond[0]), right.value(beyond[0])
        found = f"{describe(a)} {operator} {describe(b)}"
        message = f"{_ADVICE} Found {found}: the scale of the result does not fit 32 bits."
        fail(_mask(len(left), beyond), S3SelectError("ExternalEvalException", message))
    return with_wide(mantissa, scale, computed), fine


def _mask(length: int, rows: list[int]) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[rows] = True
    return mask


def _add_kernel(direction: int) -> Callable[..., int]:
    def run(left: Any, left_scale: Any, right: Any, right_scale: Any, *results: Any) -> int:
        return decimal_kernels.add(left, left_scale, right, right_scale, direction, *results)

    return run


_DECIMAL_KERNELS: dict[str, Callable[..., int]] = {
    "+": _add_kernel(1),
    "-": _add_kernel(-1),
    "*": decimal_kernels.multiply,
    "/": decimal_kernels.divide,
    "%": decimal_kernels.remainder,
}


def _exact_quotient(left: Decimal, right: Decimal) -> Decimal:
    """Exact quotients keep a scale of 0 or more where 38 digits allow it: 600/3.00 is 200, not 2E+2."""
    quotient = CONTEXT.divide(left, right)
    unscaled, exponent = unscaled_of(quotient)
    if exponent <= 0:
        return quotient
    if not unscaled:
        return Decimal(0)
    room = CONTEXT.prec - len(str(abs(unscaled)))
    return quotient.quantize(Decimal((0, (1,), max(0, exponent - room))), context=CONTEXT)


def _exact_remainder(left: Decimal, right: Decimal) -> Decimal:
    """The remainder at the larger scale, without the quotient, which may have any number of digits."""
    dividend, left_exponent = unscaled_of(left)
    divisor, right_exponent = unscaled_of(right)
    exponent = min(left_exponent, right_exponent)
    if right_exponent - exponent > 2 * CONTEXT.prec:
        rest = abs(dividend)  # at the dividend's own scale, and far smaller than the divisor
    else:
        modulus = abs(divisor) * 10 ** (right_exponent - exponent)
        rest = abs(dividend) * pow(10, left_exponent - exponent, modulus) % modulus
    return Decimal(-rest if dividend < 0 else rest).scaleb(exponent, context=CONTEXT)


_EXACT: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": _exact_quotient,
    "%": _exact_remainder,
}

# --- tables -----------------------------------------------------------------------------------------------

#: The kind of a result is that of the operand of higher rank.
_RANK = {Kind.INT: 0, Kind.DECIMAL: 1, Kind.FLOAT: 2}


def _same_ints(kind: Kind, payload: Payload, rows: Mask) -> Payload:
    return payload


def _to_decimals(kind: Kind, payload: Payload, rows: Mask) -> Payload:
    return as_decimals(kind, payload)


_CONVERSIONS: dict[Kind, Callable[[Kind, Payload, Mask], Payload]] = {
    Kind.INT: _same_ints,
    Kind.DECIMAL: _to_decimals,
    Kind.FLOAT: as_floats,
}

_COMPUTATIONS: dict[Kind, _Computation] = {
    Kind.INT: _compute_ints,
    Kind.DECIMAL: _compute_decimals,
    Kind.FLOAT: _compute_floats,
}
