"""Texts of Parquet: strings, bytes that are text, UUIDs and times of day.

In: an Arrow array of the values.  Out: a :class:`~s3sql.payloads.Text`, over the array's own memory where
that goes on far enough behind the last text, else over a padded copy. A dictionary's texts are shared by all
rows.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.formats.parquet_arrays import fixed_width, numpy_type
from s3sql.kernels.parquet_values import mark_invalid_utf8, write_times
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.payloads import Int32s, Int64s, Mask, Rows, Text

Array: TypeAlias = "pa.Array[Any]"

#: Two hexadecimal digits for each byte.
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)

#: Where the digits of a UUID stand in its 36 characters; a hyphen is in the other places.
_UUID_PLACES = np.array([place for place in range(36) if place not in (8, 13, 18, 23)], np.intp)
_UUID_TEXT = 36

#: ``12:34:56.123456789``.
_TIME_TEXT = 18


def checked_text(values: Array) -> tuple[Text, Mask | None]:
    """The bytes of every value, and which of them are no UTF-8, None if all are; null is the empty text.

    A dictionary has no null entry.
    """
    if isinstance(values, pa.DictionaryArray):
        return _of_dictionary(values)
    text = _bytes(values)
    return text, _invalid(text)


def _of_dictionary(values: Any) -> tuple[Text, Mask | None]:
    if not len(values.dictionary):
        return Text.constant("", len(values)), None
    texts, wrong = checked_text(values.dictionary)
    rows: Rows = fixed_width(values.indices, numpy_type(values.indices.type)).astype(np.intp)
    if values.null_count:
        # A null has any number; its row does not count.
        rows = np.where((rows >= 0) & (rows < len(texts)), rows, 0)
    return texts.take(rows), None if wrong is None else wrong[rows]


def _bytes(values: Array) -> Text:
    length = len(values)
    if pa.types.is_fixed_size_binary(values.type):
        width = values.type.byte_width
        places = np.arange(length + 1, dtype=np.int64) * width
        return _text(_octets(values, width), places.astype(np.int32))
    if not pa.types.is_string(values.type) and not pa.types.is_binary(values.type):
        values = values.cast(pa.binary())
    _, offsets, contents_buffer = values.buffers()
    if not length or contents_buffer is None or offsets is None:
        return Text.constant("", length)
    places = np.frombuffer(memoryview(offsets), np.int32, length + 1, values.offset * 4)
    first, last = int(places[0]), int(places[-1])
    contents = np.frombuffer(memoryview(contents_buffer), np.uint8)
    if contents.size >= last + PADDING:
        # What is behind the last text may be read, whatever it is.
        bounds: Int32s = places - np.int32(first)
        return Text(contents[first : last + PADDING], bounds[:-1], bounds[1:])
    return _text(contents[first:last], places - np.int32(first))


def _octets(values: Array, width: int) -> Bytes:
    """The bytes of fixed-length values, one behind the other."""
    if not width or not len(values):
        return np.empty(0, np.uint8)
    octets: Bytes = fixed_width(values, np.dtype((np.void, width))).view(np.uint8)
    return octets


def _text(contents: Bytes, places: Int32s) -> Text:
    """The slices between *places* of a padded copy of *contents*."""
    buffer = np.empty(contents.size + PADDING, np.uint8)
    buffer[: contents.size] = contents
    buffer[contents.size :] = 0
    return Text(buffer, places[:-1], places[1:])


def _invalid(text: Text) -> Mask | None:
    """The texts, one behind the other in their buffer, that are no UTF-8."""
    size = text.buffer.size - PADDING
    if not size or text.buffer[:size].max() < 0x80:
        return None
    if first_invalid_utf8(text.buffer, 0, size) < 0:
        # All is well unless a text begins in the middle of a character.
        inside = (text.buffer[text.starts] & 0xC0) == 0x80
        if not (inside & (text.starts < text.ends)).any():
            return None
    invalid = np.empty(len(text), np.uint8)
    mark_invalid_utf8(text.buffer, text.starts, text.ends, invalid)
    return invalid.view(np.bool_) if invalid.any() else None


def uuid_text(values: Array) -> Text:
    """Sixteen bytes as 36 characters, as RFC 9562 writes them."""
    length = len(values)
    buffer = PaddedBuffer.empty(length * _UUID_TEXT).array
    if length:
        octets = _octets(values, 16).reshape(length, 16)
        characters = buffer[: length * _UUID_TEXT].reshape(length, _UUID_TEXT)
        characters[:] = ord("-")
        characters[:, _UUID_PLACES] = _HEX[octets].reshape(length, 32)
    starts = np.arange(length, dtype=np.int32) * np.int32(_UUID_TEXT)
    return Text(buffer, starts, starts + np.int32(_UUID_TEXT))


def time_text(times: Int64s, unit: int) -> Text:
    """Times of day, in *unit* nanoseconds, as ``HH:MM:SS.fff``, six or nine digits if need be."""
    length = len(times)
    buffer = PaddedBuffer.empty(length * _TIME_TEXT).array
    starts, ends = np.empty(length, np.int32), np.empty(length, np.int32)
    write_times(times, unit, buffer, starts, ends)
    return Text(buffer, starts, ends)
