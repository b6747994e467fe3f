"""One column as one Arrow array.

In: a :class:`~s3sql.types.Column` of any kinds.  Out: an Arrow array of the type that holds its values,
with a null where a value is NULL or MISSING; nothing in it refers to the column's memory.

    BOOL bool    INT int64    FLOAT double    STRING string    LIST, STRUCT string: compact JSON
    DECIMAL      decimal128(38, s), s the largest scale that occurs; double where 38 digits are not enough
    TIMESTAMP    timestamp[us, UTC], the instant; [ns, UTC] where one has a fraction of a microsecond
    numbers of several kinds: DECIMAL beside INT, FLOAT beside either, as in arithmetic

Kinds of several families (truths, numbers, text, timestamps, lists and structs) beside each other have no
common type: their array is of text, as CSV output and CAST AS STRING write them, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.functions.number_text import number_text
from s3sql.functions.numbers import as_decimals, as_floats
from s3sql.kernels.gather import gather_text
from s3sql.kernels.rescale_decimals import rescale
from s3sql.payloads import Decimals, Int64s, Mask, Text, Timestamps
from s3sql.request import JsonOutput
from s3sql.serialize.base import Member
from s3sql.serialize.json import JsonSerializer
from s3sql.types import NUMBERS, Column, Kind

_DIGITS = 38

#: Types of timestamps: instants, whatever their offsets were.
MICROSECONDS = pa.timestamp("us", tz="UTC")
NANOSECONDS = pa.timestamp("ns", tz="UTC")
#: Seconds from 1970 whose nanoseconds have 64 bits, and the rest of the last one.
_NANOSECOND_REACH = 2**63 // 1_000_000_000

#: Kinds that share a type.
FAMILIES: dict[Kind, str] = {
    Kind.BOOL: "truth",
    **dict.fromkeys(NUMBERS, "number"),
    Kind.STRING: "text",
    Kind.TIMESTAMP: "timestamp",
    Kind.LIST: "JSON",
    Kind.STRUCT: "JSON",
}


@dataclass(frozen=True, slots=True)
class Values:
    """An Arrow array; ``kinds`` maps every known kind among its values to its first row.

    Values of several families stand there as text.
    """

    array: pa.Array[Any]
    kinds: dict[Kind, int] = field(default_factory=dict)

    def families(self) -> dict[str, int]:
        """The families that occur, in the order of their first rows."""
        rows: dict[str, int] = {}
        for kind, row in sorted(self.kinds.items(), key=lambda found: found[1]):
            rows.setdefault(FAMILIES[kind], row)
        return rows

    def first(self, count: int) -> Values:
        """The first *count* values."""
        kinds = {kind: row for kind, row in self.kinds.items() if row < count}
        return Values(self.array.slice(0, count), kinds)


def values_of(column: Column) -> Values:
    """The column's values in their natural type."""
    kinds = _first_rows(column)
    if not kinds:
        return Values(pa.nulls(column.length))
    if kinds.keys() == {Kind.TIMESTAMP}:
        return _timestamps(column, kinds)
    if len(kinds) == 1:
        return Values(_uniform(column, next(iter(kinds))), kinds)
    if kinds.keys() <= NUMBERS:
        return Values(_numbers(column), kinds)
    return Values(string_array(number_text(column), column.known()), kinds)


def json_values_of(column: Column) -> Values:
    """The column's values as JSON text, of which any column can consist."""
    records = JsonSerializer(JsonOutput("\n")).serialize([Member("", column)], column.length)
    ends = records.ends.astype(np.int32)
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1]
    known = column.known()
    # Between ``{"":`` and ``}`` with its line feed; a MISSING value leaves ``{}``.
    text = Text(_padded(records.payload), np.where(known, starts + 4, 0), np.where(known, ends - 2, 0))
    return Values(string_array(text, known))


def string_array(text: Text, known: Mask | None = None) -> pa.Array[Any]:
    """*text* as a string array, null where it is not *known*."""
    length = len(text)
    if known is not None and not known.all():
        text = Text(text.buffer, np.where(known, text.starts, 0), np.where(known, text.ends, 0))
    (gathered,) = gather_text([text])
    offsets = np.zeros(length + 1, np.int32)
    offsets[1:] = gathered.ends
    size = int(offsets[-1])
    buffers = [_validity(known), pa.py_buffer(offsets.data), pa.py_buffer(gathered.buffer[:size].data)]
    return pa.Array.from_buffers(pa.string(), length, buffers)


def _first_rows(column: Column) -> dict[Kind, int]:
    if column.kind is not None:
        return {column.kind: 0} if column.kind >= Kind.BOOL and column.length else {}
    known = sorted(kind for kind in column.kinds() if kind >= Kind.BOOL)
    return {kind: int(np.argmax(column.mask(kind))) for kind in known}


def _uniform(column: Column, kind: Kind) -> pa.Array[Any]:
    """The values of the one known kind; the others are null."""
    known = None if column.kind == kind else column.known()
    payload = column.parts[kind]
    if kind in (Kind.STRING, Kind.LIST, Kind.STRUCT):
        assert isinstance(payload, Text)
        return string_array(payload, known)
    if isinstance(payload, Decimals):
        return _decimal_array(payload, np.ones(column.length, np.bool_) if known is None else known)
    absent = None if known is None else ~known
    array: pa.Array[Any] = pa.array(np.array(column.array(kind)), mask=absent)
    return array


def _timestamps(column: Column, kinds: dict[Kind, int]) -> Values:
    """The instants in microseconds, or in nanoseconds if one of them needs it.

    Where another is too far from 1970 for those, 1677 to 2262, they are text, like kinds without a common
    type; the row said to be text is the first that needs nanoseconds.
    """
    payload = column.parts[Kind.TIMESTAMP]
    assert isinstance(payload, Timestamps)
    known = column.known()
    finer = known & (payload.nanoseconds % 1000 != 0)
    if not finer.any():
        micros = payload.seconds * 1_000_000 + payload.nanoseconds // 1000
        return Values(_instants(micros, MICROSECONDS, known), kinds)
    if bool((known & (np.abs(payload.seconds) >= _NANOSECOND_REACH)).any()):
        text = string_array(number_text(column), known)
        return Values(text, {**kinds, Kind.STRING: int(np.argmax(finer))})
    nanos = payload.seconds * 1_000_000_000 + payload.nanoseconds
    return Values(_instants(nanos, NANOSECONDS, known), kinds)


def _instants(numbers: Int64s, type_: pa.DataType, known: Mask) -> pa.Array[Any]:
    buffers = [_validity(known), pa.py_buffer(numbers.data)]
    return pa.Array.from_buffers(type_, len(numbers), buffers)


def _numbers(column: Column) -> pa.Array[Any]:
    """Numbers of several kinds in the widest of them."""
    known = column.known()
    if Kind.FLOAT not in column.parts or not column.mask(Kind.FLOAT).any():
        return _decimal_array(_merged_decimals(column), known)
    return pa.array(_floats(column), mask=~known)


def _floats(column: Column) -> NDArray[np.float64]:
    floats = np.zeros(column.length)
    for kind in sorted(column.kinds() & NUMBERS):
        rows = column.mask(kind)
        floats[rows] = as_floats(kind, column.parts[kind])[rows]
    return floats


def _merged_decimals(column: Column) -> Decimals:
    """The INT and DECIMAL rows together as decimals."""
    integers = as_decimals(Kind.INT, column.parts[Kind.INT])
    decimals = column.decimals()
    rows = column.mask(Kind.DECIMAL)
    high = None if decimals.high is None else np.where(rows, decimals.high, integers.high_half())
    low = np.where(rows, decimals.low, integers.low)
    return Decimals(low, np.where(rows, decimals.scale, np.int32(0)), high)


def _decimal_array(decimals: Decimals, known: Mask) -> pa.Array[Any]:
    """Decimals of one scale, or doubles where 38 digits cannot hold them all."""
    length = len(decimals)
    high = decimals.high_half()
    zero = (decimals.low == 0) & (high == 0) & known
    # A zero needs no digits, whatever its scale is.
    scale = int(max(0, decimals.scale[known & ~zero].max(initial=0)))
    if scale == 0:
        scale = int(min(_DIGITS, max(0, decimals.scale[zero].max(initial=0))))
    words = np.zeros(2 * length, np.int64)
    if scale > _DIGITS or rescale(decimals.low, high, decimals.scale, scale, known, words) >= 0:
        return pa.array(as_floats(Kind.DECIMAL, decimals), mask=~known)
    buffers = [_validity(known), pa.py_buffer(words.data)]
    return pa.Array.from_buffers(pa.decimal128(_DIGITS, scale), length, buffers)


def _validity(known: Mask | None) -> pa.Buffer | None:
    if known is None or bool(known.all()):
        return None
    return pa.py_buffer(np.packbits(known, bitorder="little").data)


def _padded(payload: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The allocation *payload* is the beginning of, padding included."""
    base = payload.base
    assert isinstance(base, np.ndarray), "records are written into a padded buffer"
    return base
