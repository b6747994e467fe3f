"""CSV records of numbers alone, each written once.

In: columns.  Out: the records, if all columns are INT, or DECIMAL of 64 bits and one scale, without NULL, as
columns of numbers come from Parquet. None for other columns, whose records are laid from fields
(:mod:`s3sql.serialize.csv_columns`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.kernels.lay_numbers import MOST_SCALE, copy_numbers, lay_numbers
from s3sql.payloads import Decimals, Int64s
from s3sql.serialize.base import Records
from s3sql.types import Column, Kind

#: The bytes that numbers are made of.
NUMBER_BYTES = frozenset(b"0123456789.-")

#: So few rows are not worth kernels that nothing else calls: the first query of a machine waits for each.
_FEW_ROWS = 1 << 10


def number_records(
    columns: Sequence[Column], length: int, field: PaddedBuffer, record: PaddedBuffer
) -> Records | None:
    """The records of *length* rows with these delimiters of fields and records; no field is in quotes."""
    if length < _FEW_ROWS:
        return None
    found = [_numbers(column) for column in columns]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    numbers = np.empty((len(known), length), np.int64)
    room = (len(known) - 1) * len(field) + len(record)
    for (values, scale), row in zip(known, numbers, strict=True):
        digits = len(str(copy_numbers(values, row)))
        # A sign, and with a point one digit before it at least.
        room += 1 + (max(digits, scale + 1) + 1 if scale else digits)
    scales = np.array([scale for _, scale in known], np.int64)
    out = np.empty(length * room + PADDING, np.uint8)
    ends: Int64s = np.empty(length, np.int64)
    written = lay_numbers(
        numbers.reshape(-1), scales, field.array, len(field), record.array, len(record), out, ends
    )
    return Records(out[:written], ends)


def _numbers(column: Column) -> tuple[Int64s, int] | None:
    """The numbers of a column and the scale they have in common, None if it is of anything else.

    Rows that are entries of a dictionary are none: the fields of the entries are made once for all.
    """
    if column.kind not in (Kind.INT, Kind.DECIMAL) or column.spelling is not None or column.coded is not None:
        return None
    payload = column.parts[column.kind]
    if not isinstance(payload, Decimals):
        assert isinstance(payload, np.ndarray)
        return payload, 0
    # An array of which every entry is the same place in memory; what else has one scale is not looked for.
    if payload.high is not None or payload.scale.strides != (0,):
        return None
    scale = int(payload.scale[0])
    return (payload.low, scale) if 0 <= scale <= MOST_SCALE else None
