"""The text of values: what CSV, JSON numbers and CAST AS STRING share.

In: a column of any kinds.  Out: texts.

Sources: PartiQL v0.1, which prints numbers as Java does: decimals as ``BigDecimal.toString``, floats as
``Double.toString`` with the shortest digits that read back the same.

    INT      -5
    DECIMAL  1.50    1.5E-7    1E+3
    FLOAT    4.0     1.0E7     NaN

Timestamps are Ion text in their precision (AWS S3 User Guide, DATE_ADD): ``2010T``, ``2010-02-03``,
``2010-02-03T04:05:06.007Z``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PaddedBuffer
from s3sql.functions.numbers import Floats
from s3sql.kernels import numbers as kernels
from s3sql.kernels.timestamps import TIMESTAMP_TEXT, format_timestamps
from s3sql.payloads import Decimals, Payload, Text, Timestamps
from s3sql.types import Column, Kind


def number_text(column: Column) -> Text:
    """The text of every value as CSV and CAST AS STRING write it; empty for NULL and MISSING.

    Numbers, ``true`` and ``false``, timestamps, strings as they are, lists and structs as compact JSON.
    """
    if column.kind is not None and column.kind >= Kind.BOOL:
        return payload_text(column.kind, column.parts[column.kind])
    pieces = []
    for kind, payload in column.parts.items():
        rows = np.flatnonzero(column.mask(kind))
        if len(rows):
            texts = payload_text(kind, payload)
            pieces.append((rows, Column.of(Kind.STRING, texts.take(rows))))
    if not pieces:
        return Text.constant("", column.length)
    return Column.interleave(column.length, pieces).text()


def payload_text(kind: Kind, payload: Payload) -> Text:
    """The text of every value of one kind; rows of other kinds have some text or other."""
    return _TEXTS[kind](payload)


_TRUTHS = Text.of(["false", "true"])


def _bool_text(payload: NDArray[np.bool_]) -> Text:
    return _TRUTHS.take(payload.astype(np.intp))


def _int_text(payload: NDArray[np.int64]) -> Text:
    return _formatted(len(payload), kernels.INT_TEXT, lambda *out: kernels.format_ints(payload, *out))


def _float_text(payload: Floats) -> Text:
    return _formatted(len(payload), kernels.FLOAT_TEXT, lambda *out: kernels.format_floats(payload, *out))


def _decimal_text(payload: Decimals) -> Text:
    low, high, scale = payload.low, payload.high, payload.scale
    if high is None:
        write = partial(kernels.format_decimals, low, scale)
        return _formatted(len(payload), kernels.DECIMAL_TEXT, write)
    return _formatted(
        len(payload), kernels.WIDE_DECIMAL_TEXT, partial(kernels.format_wide_decimals, low, high, scale)
    )


def _timestamp_text(payload: Timestamps) -> Text:
    fields = (payload.seconds, payload.nanoseconds, payload.precision, payload.offset)
    return _formatted(
        len(payload), TIMESTAMP_TEXT, lambda *out: format_timestamps(*fields, *out), _NOT_IN_TIMESTAMPS
    )


#: No byte but these occurs in the text of a number, and of a timestamp.
_NOT_IN_NUMBERS = frozenset(range(256)) - frozenset(b"+-.0123456789ENaInfity")
_NOT_IN_TIMESTAMPS = frozenset(range(256)) - frozenset(b"+-.:0123456789TZ")


def _formatted(
    length: int, width: int, write: Callable[..., int], excludes: frozenset[int] = _NOT_IN_NUMBERS
) -> Text:
    """Texts of at most *width* bytes, written one behind the other, without the bytes of *excludes*."""
    buffer = PaddedBuffer.empty(length * width).array
    starts, ends = np.empty(length, np.int32), np.empty(length, np.int32)
    write(buffer, starts, ends)
    return Text(buffer, starts, ends, excludes)


def _same_text(payload: Text) -> Text:
    return payload


_TEXTS: dict[Kind, Callable[[Any], Text]] = {
    Kind.BOOL: _bool_text,
    Kind.INT: _int_text,
    Kind.FLOAT: _float_text,
    Kind.DECIMAL: _decimal_text,
    Kind.STRING: _same_text,
    Kind.TIMESTAMP: _timestamp_text,
    Kind.LIST: _same_text,
    Kind.STRUCT: _same_text,
}
