"""The same value in every row: what a literal of a query is as a column.

In: a kind, a value as a literal holds it, and a number of rows.  Out: a column whose arrays have one entry,
broadcast, so that its length costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from s3sql.payloads import Decimals, Payload, Text, Timestamps, repeated
from s3sql.types import Column, Kind


def constant(kind: Kind, value: Any, length: int) -> Column:
    """*length* times the same value, as a literal holds it. The arrays have one entry, broadcast."""
    if kind < Kind.BOOL:
        return Column.unknown(kind, length)
    return Column(length, kind, None, {kind: _CONSTANTS[kind](value, length)})


def _constant_array(dtype: Any) -> Callable[[Any, int], Payload]:
    return lambda value, length: repeated(np.array([value], dtype), length)


def _constant_decimals(value: Decimal, length: int) -> Payload:
    one = Decimals.of([value])
    high = None if one.high is None else repeated(one.high, length)
    return Decimals(repeated(one.low, length), repeated(one.scale, length), high)


def _constant_text(value: str, length: int) -> Payload:
    one = Text.of([value])
    return Text(one.buffer, repeated(one.starts, length), repeated(one.ends, length))


def _constant_timestamps(value: tuple[int, int, int, int], length: int) -> Payload:
    dtypes = (np.int64, np.int32, np.uint8, np.int16)
    arrays = [np.array([field], dtype) for field, dtype in zip(value, dtypes, strict=True)]
    return Timestamps(*(repeated(array, length) for array in arrays))


_CONSTANTS: dict[Kind, Callable[[Any, int], Payload]] = {
    Kind.BOOL: _constant_array(np.bool_),
    Kind.INT: _constant_array(np.int64),
    Kind.FLOAT: _constant_array(np.float64),
    Kind.DECIMAL: _constant_decimals,
    Kind.STRING: _constant_text,
    Kind.TIMESTAMP: _constant_timestamps,
}
