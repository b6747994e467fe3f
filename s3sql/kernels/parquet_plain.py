"""Values of Parquet pages that are stored as they are, and entries of dictionaries taken by number.

In: a page, and where the values lie in it.  Out: values one behind the other, as Arrow has them.

Every number of an entry and every place has been checked. Loads are of eight bytes and texts are copied by
thirty-two: pages and results are padded. Source: Apache Parquet, Encodings.md, "Plain".
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8S,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.json_strings import copy_forward
from s3sql.kernels.simd import at, load64, low_bits, put
from s3sql.kernels.words import byte_swap


@kernel(VOID(BYTES, INT64, INT64S, INT32S_OUT))
def words_at(page: Any, start: Any, places: Any, out: Any) -> None:
    """The values of four bytes with the numbers *places*; the first begins at *start*."""
    for row in range(places.size):
        put(out, row, INT32(load64(page, start + 4 * at(places, row))))


@kernel(VOID(BYTES, INT64, INT64S, INT64S_OUT))
def long_words_at(page: Any, start: Any, places: Any, out: Any) -> None:
    """As :func:`words_at`, of eight bytes."""
    for row in range(places.size):
        put(out, row, INT64(load64(page, start + 8 * at(places, row))))


@kernel(VOID(INT32S, INT32S, INT32S_OUT))
def take_words(entries: Any, codes: Any, out: Any) -> None:
    """The entries of four bytes with the numbers *codes*."""
    for row in range(codes.size):
        put(out, row, at(entries, INT64(at(codes, row))))


@kernel(VOID(INT64S, INT32S, INT64S_OUT))
def take_long_words(entries: Any, codes: Any, out: Any) -> None:
    """The entries of eight bytes with the numbers *codes*."""
    for row in range(codes.size):
        put(out, row, at(entries, INT64(at(codes, row))))


@kernel(INT64(BYTES, INT64, INT64, INT64, INT32S_OUT))
def index_texts(page: Any, start: Any, end: Any, count: Any, begins: Any) -> Any:
    """Where each of *count* texts begins, each behind its length in four bytes, and four behind the last end.

    0 if they do not lie between *start* and *end*.
    """
    position = INT64(start)
    for number in range(count):
        if position + 4 > end:
            return INT64(0)
        position += 4
        put(begins, number, INT32(position))
        length = INT64(load64(page, position - 4) & low_bits(32))
        if length > end - position:
            return INT64(0)
        position += length
    put(begins, count, INT32(position + 4))
    return INT64(1)


@kernel(INT64(BYTES, INT32S, INT32S, BYTES_OUT, INT64, INT32S_OUT))
def copy_texts(buffer: Any, begins: Any, ends: Any, out: Any, position: Any, offsets: Any) -> Any:
    """Copy slices of *buffer* to *out* from *position* on; where the last one ends there.

    ``offsets[i]`` becomes where slice i begins in *out*.
    """
    for row in range(begins.size):
        put(offsets, row, INT32(position))
        start, end = INT64(at(begins, row)), INT64(at(ends, row))
        position = copy_forward(out, position, buffer, start, end)
    return position


@kernel(VOID(UINT8S, INT32S, INT32S_OUT))
def spread_words(known: Any, values: Any, out: Any) -> None:
    """Put *values* of four bytes, one behind the other, where *known* is not 0, and 0 elsewhere."""
    place = INT64(0)
    for row in range(known.size):
        there = INT64(at(known, row))
        put(out, row, INT32(INT64(at(values, place)) * there))
        place += there


@kernel(VOID(UINT8S, INT64S, INT64S_OUT))
def spread_long_words(known: Any, values: Any, out: Any) -> None:
    """As :func:`spread_words`, of eight bytes."""
    place = INT64(0)
    for row in range(known.size):
        there = INT64(at(known, row))
        put(out, row, at(values, place) * there)
        place += there


@kernel(VOID(INT64S, INT64S_OUT))
def widen(values: Any, out: Any) -> None:
    """Integers of 64 bits as ones of 128: a low word and a high one for each."""
    for row in range(values.size):
        value = at(values, row)
        put(out, 2 * row, value)
        put(out, 2 * row + 1, value >> 63)


@inlined
def _big_endian(page: Any, position: Any, size: Any) -> Any:
    """The first *size* bytes at *position*, one to eight, as a signed number whose highest byte is first."""
    return INT64(byte_swap(load64(page, position))) >> (64 - 8 * size)


@kernel(VOID(BYTES, INT64, INT64S_OUT))
def read_decimals(values: Any, size: Any, out: Any) -> None:
    """Numbers of *size* bytes, one to sixteen, the highest first, as a low and a high word of each."""
    for row in range(out.size // 2):
        position = row * size
        if size <= 8:
            low = _big_endian(values, position, size)
            high = low >> 63
        else:
            high = _big_endian(values, position, size - 8)
            low = INT64(byte_swap(load64(values, position + size - 8)))
        put(out, 2 * row, low)
        put(out, 2 * row + 1, high)
