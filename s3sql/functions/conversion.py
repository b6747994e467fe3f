"""CAST between kinds.

In: a column of any kinds.  Out: a column of the target kind, NULL and MISSING passed through.

Sources: AWS S3 User Guide, Conversion functions; PartiQL v0.1.

    to:      BOOL               INT                  FLOAT       DECIMAL          STRING
    BOOL     same               1, 0                 1.0, 0.0    1, 0             true, false
    number   is it not zero     truncated            nearest     by shortest text number text
    STRING   'true', any case   digits with a sign   number, NaN number           same

STRING to TIMESTAMP takes Ion text alone, without blanks around it; TIMESTAMP to STRING gives it.

A pair without conversion fails with InvalidCast, text that does not fit with CastFailed, and a number
beyond 64 bits with IntegerOverflow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.functions.conversion_hints import cast_hint
from s3sql.functions.ion_text import timestamps_of_text
from s3sql.functions.number_text import payload_text
from s3sql.functions.numbers import (
    Floats,
    as_floats,
    decimals_of_text,
    describe,
)
from s3sql.functions.registry import Fail
from s3sql.kernels import compare as text_kernels
from s3sql.kernels import decimals as decimal_kernels
from s3sql.kernels import numbers as kernels
from s3sql.kernels import timestamps as timestamp_kernels
from s3sql.kernels.rescale_decimals import truncate_wide
from s3sql.payloads import Decimals, Mask, Payload, Text
from s3sql.types import Column, Kind

#: Converts all rows of a payload; fails among *rows* are reported and left out of the returned mask.
_Conversion: TypeAlias = Callable[[Any, Mask, Fail], tuple[Payload, Mask]]


def cast(operand: Column, kind: Kind, fail: Fail) -> Column:
    """``CAST(operand AS kind)``, the kind one of BOOL, INT, FLOAT, DECIMAL, STRING, TIMESTAMP."""
    if operand.kind == kind:
        return Column.of(kind, operand.parts[kind])
    if operand.kind is not None and operand.length:
        return _cast_uniform(operand.kind, operand, kind, fail)
    tags = operand.tag_array()
    # MISSING and NULL are the lowest kinds.
    result = np.minimum(tags, np.uint8(Kind.NULL))
    pieces: list[tuple[Payload, Mask]] = []
    for source in operand.parts:
        rows = operand.mask(source)
        if not rows.any():
            continue
        conversion = _CONVERSIONS.get((source, kind))
        if conversion is None:
            fail(rows, _impossible(source, kind))
            continue
        converted, fine = conversion(operand.parts[source], rows, fail)
        np.copyto(result, np.uint8(kind), where=fine)
        pieces.append((converted, fine))
    if not pieces:
        return Column.tagged(result, {})
    if len(pieces) == 1:
        return Column.tagged(result, {kind: pieces[0][0]})
    taken = [(np.flatnonzero(fine), Column.of(kind, payload)) for payload, fine in pieces]
    merged = Column.interleave(len(result), [(rows, column.take(rows)) for rows, column in taken])
    return Column.tagged(result, merged.parts)


def _cast_uniform(source: Kind, operand: Column, kind: Kind, fail: Fail) -> Column:
    """As :func:`cast`, for rows of one kind: by far the most frequent case."""
    if source < Kind.BOOL:
        return Column.unknown(source, operand.length)
    rows = np.ones(operand.length, np.bool_)
    conversion = _CONVERSIONS.get((source, kind))
    if conversion is None:
        fail(rows, _impossible(source, kind))
        return Column.unknown(Kind.NULL, operand.length)
    converted, fine = conversion(operand.parts[source], rows, fail)
    if fine is rows or fine.all():
        return Column.of(kind, converted)
    return Column.tagged(np.where(fine, np.uint8(kind), np.uint8(Kind.NULL)), {kind: converted})


# --- errors -----------------------------------------------------------------------------------------------

_EXPECTED = {
    Kind.INT: "digits with an optional sign",
    Kind.FLOAT: "a number, NaN or Infinity",
    Kind.DECIMAL: "a number such as -12.50 or 1e3",
    Kind.TIMESTAMP: "an Ion timestamp such as 2007-04-05T14:30Z or 2007-04-05",
}


def _impossible(source: Kind, kind: Kind) -> S3SelectError:
    possible = [target.name for origin, target in _CONVERSIONS if origin == source]
    hint = "Lists and structs have no conversions"
    if possible:
        hint = f"{source.name} can be cast to {', '.join(possible)}"
    return S3SelectError(
        "InvalidCast",
        f"Attempt to convert from one data type to another is invalid: "
        f"cast from {source.name} to {kind.name}. {hint}.",
    )


def _failed(source: Kind, kind: Kind, found: object, expected: str) -> S3SelectError:
    return S3SelectError(
        "CastFailed",
        f"Attempt to convert from one data type to another failed: cast from {source.name} to {kind.name}. "
        f"Found {describe(found)}, expected {expected}.",
        hint=cast_hint(kind, found) if isinstance(found, str) else None,
    )


def _overflow(source: Kind, found: object) -> S3SelectError:
    return S3SelectError(
        "IntegerOverflow",
        f"Integer overflow: cast from {source.name} to INT. Found {describe(found)}, which does not fit "
        "64 bits; CAST(… AS DECIMAL) takes up to 38 digits.",
    )


def _report(fail: Fail, where: Mask, error: Callable[[int], S3SelectError]) -> Mask:
    """Report the rows marked in *where*, if any, with the error of the first one; returns the others."""
    if where.any():
        fail(where, error(int(np.argmax(where))))
    return ~where


def _string(text: Text, row: int) -> str:
    return text.buffer[text.starts[row] : text.ends[row]].tobytes().decode()


# --- to BOOL ----------------------------------------------------------------------------------------------


def _array_to_bool(payload: NDArray[Any], rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    return payload != 0, rows


def _decimal_to_bool(payload: Decimals, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    truth = payload.low != 0
    return truth if payload.high is None else truth | (payload.high != 0), rows


def _text_to_bool(payload: Text, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    truth = np.empty(len(payload), np.bool_)
    text_kernels.spells_true(payload.buffer, payload.starts, payload.ends, truth)
    return truth, rows


# --- to INT -----------------------------------------------------------------------------------------------


def _bool_to_int(payload: NDArray[np.bool_], rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    return payload.astype(np.int64), rows


def _float_to_int(payload: Floats, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    fits = (payload >= -(2.0**63)) & (payload < 2.0**63)  # false for NaN
    fine = _report(fail, rows & ~fits, lambda row: _overflow(Kind.FLOAT, float(payload[row])))
    return np.where(fits, payload, 0.0).astype(np.int64), rows & fine


def _decimal_to_int(payload: Decimals, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    result = np.empty(len(payload), np.int64)
    status = np.empty(len(payload), np.uint8)
    if payload.high is None:
        decimal_kernels.truncate(payload.low, payload.scale, result, status)
    else:
        truncate_wide(payload.low, payload.high, payload.scale, result, status)
    fine = _report(fail, rows & (status != 0), lambda row: _overflow(Kind.DECIMAL, payload.value(row)))
    return result, rows & fine


def _text_to_int(payload: Text, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    result = np.empty(len(payload), np.int64)
    status = np.empty(len(payload), np.uint8)
    if not kernels.parse_ints(payload.buffer, payload.starts, payload.ends, result, status):
        return result, rows

    fine = _report(
        fail,
        rows & (status == kernels.MALFORMED),
        lambda row: _failed(Kind.STRING, Kind.INT, _string(payload, row), _EXPECTED[Kind.INT]),
    )
    fine &= _report(
        fail,
        rows & (status == kernels.OVERFLOW),
        lambda row: _overflow(Kind.STRING, _string(payload, row)),
    )
    return result, rows & fine


# --- to FLOAT ---------------------------------------------------------------------------------------------


def _array_to_float(payload: NDArray[Any], rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    return payload.astype(np.float64), rows


def _decimal_to_float(payload: Decimals, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    floats = as_floats(Kind.DECIMAL, payload)
    fine = _report(
        fail,
        rows & np.isinf(floats),
        lambda row: _failed(Kind.DECIMAL, Kind.FLOAT, payload.value(row), "at most 1.7976931348623157E308"),
    )
    return floats, rows & fine


def _text_to_float(payload: Text, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    floats = np.empty(len(payload), np.float64)
    status = np.empty(len(payload), np.uint8)
    if not kernels.parse_floats(payload.buffer, payload.starts, payload.ends, floats, status):
        return floats, rows
    for row in np.flatnonzero(rows & (status == kernels.ODD)).tolist():
        floats[row] = float(_string(payload, row).strip(" \t\r\n"))
        status[row] = kernels.OVERFLOW if np.isinf(floats[row]) else kernels.OK
    fine = _report(
        fail,
        rows & (status != kernels.OK),
        lambda row: _failed(Kind.STRING, Kind.FLOAT, _string(payload, row), _EXPECTED[Kind.FLOAT]),
    )
    return floats, rows & fine


# --- to DECIMAL -------------------------------------------------------------------------------------------


def _integer_to_decimal(payload: NDArray[Any], rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    return Decimals(payload.astype(np.int64), np.zeros(len(payload), np.int32)), rows


def _float_to_decimal(payload: Floats, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    finite = np.isfinite(payload)
    fine = _report(
        fail,
        rows & ~finite,
        lambda row: _failed(Kind.FLOAT, Kind.DECIMAL, float(payload[row]), "a finite number"),
    )
    decimals, _ = decimals_of_text(payload_text(Kind.FLOAT, np.where(finite, payload, 0.0)))
    return decimals, rows & fine


def _text_to_decimal(payload: Text, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    decimals, valid = decimals_of_text(payload)
    fine = _report(
        fail,
        rows & ~valid,
        lambda row: _failed(Kind.STRING, Kind.DECIMAL, _string(payload, row), _EXPECTED[Kind.DECIMAL]),
    )
    return decimals, rows & fine


# --- to TIMESTAMP -----------------------------------------------------------------------------------------


def _text_to_timestamp(payload: Text, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    stamps, status, fine = timestamps_of_text(payload)
    if fine:
        return stamps, rows

    def failed(row: int) -> S3SelectError:
        too_fine = status[row] == timestamp_kernels.TOO_FINE
        expected = "at most nine digits of fraction" if too_fine else _EXPECTED[Kind.TIMESTAMP]
        return _failed(Kind.STRING, Kind.TIMESTAMP, _string(payload, row), expected)

    return stamps, rows & _report(fail, rows & (status != timestamp_kernels.OK), failed)


# --- to STRING --------------------------------------------------------------------------------------------


def _to_text(kind: Kind) -> _Conversion:
    def convert(payload: Payload, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
        return payload_text(kind, payload), rows

    return convert


# --- the table --------------------------------------------------------------------------------------------


def _same(payload: Payload, rows: Mask, fail: Fail) -> tuple[Payload, Mask]:
    return payload, rows


_CONVERSIONS: dict[tuple[Kind, Kind], _Conversion] = {
    (Kind.BOOL, Kind.BOOL): _same,
    (Kind.BOOL, Kind.INT): _bool_to_int,
    (Kind.BOOL, Kind.FLOAT): _array_to_float,
    (Kind.BOOL, Kind.DECIMAL): _integer_to_decimal,
    (Kind.BOOL, Kind.STRING): _to_text(Kind.BOOL),
    (Kind.INT, Kind.BOOL): _array_to_bool,
    (Kind.INT, Kind.INT): _same,
    (Kind.INT, Kind.FLOAT): _array_to_float,
    (Kind.INT, Kind.DECIMAL): _integer_to_decimal,
    (Kind.INT, Kind.STRING): _to_text(Kind.INT),
    (Kind.FLOAT, Kind.BOOL): _array_to_bool,
    (Kind.FLOAT, Kind.INT): _float_to_int,
    (Kind.FLOAT, Kind.FLOAT): _same,
    (Kind.FLOAT, Kind.DECIMAL): _float_to_decimal,
    (Kind.FLOAT, Kind.STRING): _to_text(Kind.FLOAT),
    (Kind.DECIMAL, Kind.BOOL): _decimal_to_bool,
    (Kind.DECIMAL, Kind.INT): _decimal_to_int,
    (Kind.DECIMAL, Kind.FLOAT): _decimal_to_float,
    (Kind.DECIMAL, Kind.DECIMAL): _same,
    (Kind.DECIMAL, Kind.STRING): _to_text(Kind.DECIMAL),
    (Kind.STRING, Kind.BOOL): _text_to_bool,
    (Kind.STRING, Kind.INT): _text_to_int,
    (Kind.STRING, Kind.FLOAT): _text_to_float,
    (Kind.STRING, Kind.DECIMAL): _text_to_decimal,
    (Kind.STRING, Kind.STRING): _same,
    (Kind.STRING, Kind.TIMESTAMP): _text_to_timestamp,
    (Kind.TIMESTAMP, Kind.STRING): _to_text(Kind.TIMESTAMP),
    (Kind.TIMESTAMP, Kind.TIMESTAMP): _same,
}
