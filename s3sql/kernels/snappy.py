"""Snappy without its framing, as pages of Parquet are compressed.

In: compressed bytes.  Out: exactly as many bytes as were asked for, or nothing that counts.

A few bytes are copied at a time, and more of them than wanted: source and result are padded. The bytes of a
page of numbers are short copies of what has just been written, for which moving eight at a time takes half
the time of the library that Arrow uses.

Source: google/snappy, format_description.txt.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, BYTES_OUT, INT64, UINT64, inlined, kernel
from s3sql.kernels.simd import at, copy32, load64, low_bits, put, store64


@inlined
def _contents_begin(source: Any, start: Any, end: Any, size: Any) -> Any:
    """Where what is behind the number *size* begins; -1 if another number stands at *start*, or none."""
    number = INT64(0)
    for place in range(5):
        if start + place >= end:
            return INT64(-1)
        byte = INT64(at(source, start + place))
        number |= (byte & 127) << (7 * place)
        if byte < 128:
            return start + place + 1 if number == size else INT64(-1)
    return INT64(-1)


@inlined
def _copy_back(out: Any, position: Any, offset: Any, length: Any) -> None:
    """Copy *length* bytes, at most 64, from *offset* bytes before *position*; they may overlap."""
    if offset >= 16 and length <= 16:
        store64(out, position, load64(out, position - offset))
        store64(out, position + 8, load64(out, position + 8 - offset))
    elif offset >= 32:
        copy32(out, position, out, position - offset)
        if length > 32:
            copy32(out, position + 32, out, position + 32 - offset)
    elif offset >= 8:
        done = INT64(0)
        while done < length:
            store64(out, position + done, load64(out, position + done - offset))
            done += 8
    else:
        for place in range(length):
            put(out, position + place, at(out, position + place - offset))


@inlined
def _literal_and_copy(word: Any, literal: Any, out: Any, done: Any) -> Any:
    """Put a literal and the copy behind it to ``out[done:]``, if they are at most eight bytes together.

    Numbers are such pairs, as they differ in their low bytes. *word*: the eight bytes in which both stand;
    *literal*: bytes of the literal, at most three. The kind of the copy, and four times how many bytes come
    of both; -1 for anything else, or for something out of order.
    """
    copy = INT64(word >> UINT64(8 * literal + 8))
    kind = copy & 3
    short = kind & 1
    length = (copy >> 2 & (63 - 56 * short)) + 1 + 3 * short
    offset = (copy >> 8 & (0xFFFF - 0xFF00 * short)) | (copy << 3 & (0x700 * short))
    made = literal + length
    if ((kind + 1) & 2 == 0) | (made > 8) | (offset < 8) | (offset > done):
        return INT64(-1)
    # Byte for byte the copy lies where the same bytes lay *offset* before.
    kept = low_bits(8 * literal)
    store64(out, done, word >> UINT64(8) & kept | load64(out, done - offset) & ~kept)
    return made << 2 | kind


@kernel(INT64(BYTES, INT64, INT64, BYTES_OUT, INT64))
def decompress_snappy(source: Any, start: Any, end: Any, out: Any, size: Any) -> Any:
    """Decompress ``source[start:end]`` to the first *size* bytes of *out*, and write at most 64 behind them.

    0 if it is no Snappy, or of another size.
    """
    position = _contents_begin(source, start, end, size)
    if position < 0:
        return INT64(0)
    done = INT64(0)
    while position < end:
        if end - position >= 8 and size - done >= 8:
            # Each length has a branch of its own: the processor goes on from the likely one before it has
            # loaded the byte that tells it, and half the time is saved.
            pair = load64(source, position)
            head = INT64(pair) & 255
            if head == 0:
                found = _literal_and_copy(pair, INT64(1), out, done)
                if found >= 0:
                    position += 3 + (found & 3)
                    done += found >> 2
                    continue
            elif head == 4:
                found = _literal_and_copy(pair, INT64(2), out, done)
                if found >= 0:
                    position += 4 + (found & 3)
                    done += found >> 2
                    continue
            elif head == 8:
                found = _literal_and_copy(pair, INT64(3), out, done)
                if found >= 0:
                    position += 5 + (found & 3)
                    done += found >> 2
                    continue
        tag = INT64(at(source, position))
        kind = tag & 3
        if kind == 0:
            length = (tag >> 2) + 1
            position += 1
            if length > 60:
                number_bytes = length - 60
                length = INT64(load64(source, position) & low_bits(8 * number_bytes)) + 1
                position += number_bytes
            if length > end - position or length > size - done:
                return INT64(0)
            copied = INT64(0)
            while copied < length:
                copy32(out, done + copied, source, position + copied)
                copied += 32
            position += length
            done += length
            continue
        word = INT64(load64(source, position))
        if kind == 3:
            length = (tag >> 2) + 1
            offset = (word >> 8) & 0xFFFFFFFF
            position += 5
        else:
            short = kind == 1
            length = ((tag >> 2) & 7) + 4 if short else (tag >> 2) + 1
            offset = (tag >> 5) << 8 | (word >> 8) & 255 if short else (word >> 8) & 65535
            position += 1 + kind
        if offset == 0 or offset > done or length > size - done or position > end:
            return INT64(0)
        _copy_back(out, done, offset, length)
        done += length
    return INT64(1) if done == size else INT64(0)
