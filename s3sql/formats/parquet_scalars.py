"""Columns of scalar Parquet values.

In: an Arrow array of one leaf, and how its Parquet type is read.  Out: a :class:`~s3sql.types.Column`, over
the array's own memory where numpy can see it.

Source of the rules: AWS S3 User Guide, Data types ("Parquet"); Apache Parquet, LogicalTypes.md. Timestamps
have three digits of a second's fraction, six or nine where the value needs them; 32-bit floats are widened.
UUID and TIME as text are an extension.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_arrays import column, fixed_width, known, numpy_type, plain, storage
from s3sql.formats.parquet_schema import END_SECOND, FIRST_SECOND
from s3sql.formats.parquet_text import checked_text, time_text, uuid_text
from s3sql.functions.registry import Fail
from s3sql.kernels.parquet_values import split_instants
from s3sql.kernels.rescale_decimals import round_words
from s3sql.payloads import Decimals, Int32s, Int64s, Mask, Timestamps, repeated
from s3sql.plan.schema import ParquetForm
from s3sql.types import Column, Kind

Array: TypeAlias = "pa.Array[Any]"

_DAY = 86_400
#: Nanoseconds, precision and offset of a day.
_OF_DATES = (
    np.array([0], np.int32),
    np.array([2], np.uint8),
    np.array([Timestamps.UNKNOWN_OFFSET], np.int16),
)
_UTC = np.array([0], np.int16)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

#: The high word of the least magnitude that has more than 38 digits; what is below has no more.
_WIDE_WORD = 10**38 >> 64


def scalar_column(values: Array, form: ParquetForm, name: str, fail: Fail) -> Column:
    """The values of a leaf of the column *name*, NULL where they are null.

    Fails ``UnsupportedTypeForQuerying`` for a value that no SQL value stands for (bytes that are no UTF-8, a
    year outside 1 to 9999, a time outside the day, a number of more than 76 digits),
    ``ParquetParsingError`` for a string that is no UTF-8.
    """
    return _READERS[form](values, name, fail)


def number_column(numbers: Int64s, type_: Any) -> Column:
    """Ints, or decimals that Arrow has as *type_*, of which the numbers are those of the last digit."""
    if not pa.types.is_decimal(type_):
        return Column.of(Kind.INT, numbers)
    return Column.of(
        Kind.DECIMAL, Decimals(numbers, repeated(np.array([type_.scale], np.int32), len(numbers)))
    )


def _null(values: Array, name: str, fail: Fail) -> Column:
    return Column.unknown(Kind.NULL, len(values))


def _bool(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values)
    truths = fixed_width(values.cast(pa.uint8()), np.bool_)
    return column(Kind.BOOL, truths, values)


def _int(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values)
    return column(Kind.INT, _integers(values).astype(np.int64, copy=False), values)


def _integers(values: Array) -> NDArray[Any]:
    """The values as numpy integers; a duration of Arrow is a plain integer of Parquet."""
    is_integer = pa.types.is_integer(values.type)
    return fixed_width(values, numpy_type(values.type) if is_integer else np.int64)


def _uint64(values: Array, name: str, fail: Fail) -> Column:
    """INT, and DECIMAL beyond 63 bits."""
    values = plain(values)
    words: Int64s = _integers(values).astype(np.uint64, copy=False).view(np.int64)
    large = known(values) & (words < 0)
    if not large.any():
        return column(Kind.INT, words, values)
    pairs = np.zeros((len(words), 2), np.int64)
    pairs[large, 0] = words[large]
    tags = np.where(known(values), np.uint8(Kind.INT), np.uint8(Kind.NULL))
    tags[large] = Kind.DECIMAL
    return Column.tagged(tags, {Kind.INT: words, Kind.DECIMAL: Decimals.of_words(pairs, 0)})


def _float(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values)
    floats = fixed_width(values, numpy_type(values.type))
    return column(Kind.FLOAT, floats.astype(np.float64, copy=False), values)


def _decimal(values: Array, name: str, fail: Fail) -> Column:
    """Exact with their scale; rounded half-even where there are more than 38 digits."""
    values = plain(values)
    length, width = len(values), values.type.byte_width // 8
    if width < 2:
        stored = fixed_width(values, np.int64 if width else np.int32).astype(np.int64, copy=False)
        return column(Kind.DECIMAL, Decimals(stored, _scales(values)), values)
    words: Int64s = fixed_width(values, np.dtype((np.int64, width))).reshape(length, width)
    scale = values.type.scale
    if width == 2 and (words[:, 1] == words[:, 0] >> 63).all():
        return column(Kind.DECIMAL, Decimals(words[:, 0], _scales(values)), values)
    high, sign = words[:, 1], words[:, 1] >> 63
    fits = (high < _WIDE_WORD) & (high > -_WIDE_WORD)
    for word in range(2, width):
        fits &= words[:, word] == sign
    odd = ~fits & known(values)
    if not odd.any():
        return column(Kind.DECIMAL, Decimals.of_words(words, scale), values)
    low, high = np.empty(length, np.int64), np.empty(length, np.int64)
    scales, wrong = np.empty(length, np.int32), np.empty(length, np.uint8)
    round_words(words.reshape(-1), width, scale, low, high, scales, wrong)
    error = _unsupported(f"The column {name!r} holds a number of more than 76 digits.")
    wrong_rows = _failed(wrong.view(np.bool_), values, error, fail)
    return column(Kind.DECIMAL, Decimals.of_halves(low, scales, high), values, wrong_rows)


def _scales(values: Any) -> Int32s:
    """The scale of a decimal type, for every value."""
    return repeated(np.array([values.type.scale], np.int32), len(values))


def _text(values: Array, name: str, fail: Fail) -> Column:
    return _checked(
        values,
        S3SelectError(
            "ParquetParsingError",
            f"The Parquet column {name!r} holds a string that is not UTF-8. Please check the file.",
        ),
        fail,
    )


def _bytes(values: Array, name: str, fail: Fail) -> Column:
    error = _unsupported(f"The column {name!r} is of bytes, and a value of it is no UTF-8 text.")
    return _checked(values, error, fail)


def _checked(values: Array, error: S3SelectError, fail: Fail) -> Column:
    values = storage(values)
    if isinstance(values, pa.DictionaryArray) and values.dictionary.null_count:
        values = values.dictionary_decode()
    text, invalid = checked_text(values)
    return column(Kind.STRING, text, values, _failed(invalid, values, error, fail))


def _uuid(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values)
    return column(Kind.STRING, uuid_text(values), values)


def _time(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values)
    unit = 10**9 // _PER_SECOND[values.type.unit]
    stored = fixed_width(values, np.int32 if pa.types.is_time32(values.type) else np.int64)
    times: Int64s = stored.astype(np.int64, copy=False)
    wrong = (times < 0) | (times >= _DAY * _PER_SECOND[values.type.unit])
    error = _unsupported(f"The column {name!r} holds a time outside the 24 hours of a day.")
    wrong_rows = _failed(wrong, values, error, fail)
    return column(Kind.STRING, time_text(times, unit), values, wrong_rows)


def _date(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values).cast(pa.date32())
    seconds: Int64s = fixed_width(values, np.int32).astype(np.int64) * _DAY
    stamps = Timestamps(seconds, *(repeated(field, len(values)) for field in _OF_DATES))
    return column(Kind.TIMESTAMP, stamps, values, _outside(seconds, values, name, fail))


def _timestamp(values: Array, name: str, fail: Fail) -> Column:
    values = plain(values)
    length, per_second = len(values), _PER_SECOND[values.type.unit]
    instants = fixed_width(values, np.int64)
    if per_second == 1:
        # What lies outside the years that SQL can show stays outside; Parquet itself has no such unit.
        instants, per_second = np.clip(instants, FIRST_SECOND - 1, END_SECOND) * 1000, 1000
    seconds, nanoseconds = np.empty(length, np.int64), np.empty(length, np.int32)
    precision = np.empty(length, np.uint8)
    split_instants(instants, per_second, seconds, nanoseconds, precision)
    stamps = Timestamps(seconds, nanoseconds, precision, repeated(_UTC, length))
    return column(Kind.TIMESTAMP, stamps, values, _outside(seconds, values, name, fail))


def _outside(seconds: Int64s, values: Array, name: str, fail: Fail) -> Mask | None:
    """Fail the rows whose year SQL cannot show; which they are."""
    wrong = (seconds < FIRST_SECOND) | (seconds >= END_SECOND)
    error = _unsupported(f"The column {name!r} holds a date of a year outside 1 to 9999.")
    return _failed(wrong, values, error, fail)


def _failed(wrong: Mask | None, values: Array, error: S3SelectError, fail: Fail) -> Mask | None:
    """Fail the *wrong* rows that are not null; None if there are none."""
    if wrong is None or not wrong.any():
        return None
    wrong = wrong & known(values)
    if not wrong.any():
        return None
    fail(wrong, error)
    return wrong


def _unsupported(found: str) -> S3SelectError:
    return S3SelectError("UnsupportedTypeForQuerying", f"{found} Leave out the column or the row.")


_READERS: dict[ParquetForm, Callable[[Any, str, Fail], Column]] = {
    "null": _null,
    "bool": _bool,
    "int": _int,
    "uint64": _uint64,
    "float": _float,
    "decimal": _decimal,
    "text": _text,
    "bytes": _bytes,
    "uuid": _uuid,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
}
