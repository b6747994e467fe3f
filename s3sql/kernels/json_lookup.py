"""Path steps from mark to mark: from one value per row to a member or an element, and what the value is.

In: marks (:mod:`s3sql.kernels.json_records`) and for every row the place of a value: its offset and, in the
upper half of the number, the number of the mark at or behind its first byte; or :data:`ABSENT` or
:data:`AMBIGUOUS`.
Out: the same for the next step. Rules: PartiQL v0.1, path navigation.

A name is compared as it is written, its closing quote included, because no name has an escape. Of a letter in
either case the bit that tells the cases apart is not compared.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT8S_OUT,
    UINT64,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.json_paths import ABSENT, AMBIGUOUS
from s3sql.kernels.json_records import MARK_SHIFT
from s3sql.kernels.json_scalars import literal_at, number_at
from s3sql.kernels.json_tape import ESCAPED
from s3sql.kernels.simd import at, byte_mask, load64, low_bits, put, trailing_zeros
from s3sql.types import Kind

_PLACE = (1 << MARK_SHIFT) - 1
_MISSING = int(Kind.MISSING)
_NULL = int(Kind.NULL)
_STRING = int(Kind.STRING)
_LIST = int(Kind.LIST)
_STRUCT = int(Kind.STRUCT)


@inlined
def skip_blanks(buffer: Any, offset: Any) -> Any:
    """The first byte from *offset* on that is not white space; there is one."""
    while at(buffer, offset) < UINT8(33):
        offset += 1
    return offset


@inlined
def opens_container(byte: Any) -> Any:
    """Whether *byte* is a bracket or brace that opens."""
    return (byte | UINT8(32)) == UINT8(123)


@inlined
def same_name(buffer: Any, start: Any, name: Any, letters: Any, length: Any) -> Any:
    """Whether *name* stands at *start*, the bits of *letters* not compared."""
    offset = INT64(0)
    while offset < length:
        difference = (load64(buffer, start + offset) ^ load64(name, offset)) & ~load64(letters, offset)
        if difference & low_bits(8 * (length - offset)) != UINT64(0):
            return False
        offset += 8
    return True


@kernel(VOID(BYTES, INT32S, INT32S, INT64S, BYTES, BYTES, INT64, INT64S_OUT))
def find_member(
    buffer: Any, marks: Any, closings: Any, places: Any, name: Any, letters: Any, length: Any, out: Any
) -> None:
    """From every struct to its member of the given name: ABSENT without one, AMBIGUOUS with several.

    ``name``: padded, its *length* bytes with a closing quote. ``letters``: as long; 32 where the case of a
    letter does not matter, else 0. A value of another kind has no members.
    """
    first = load64(name, 0)
    compared = ~load64(letters, 0) & low_bits(8 * length)
    for row in range(places.size):
        place = at(places, row)
        if place < 0 or at(buffer, place & _PLACE) != UINT8(123):
            put(out, row, INT64(AMBIGUOUS) if place == AMBIGUOUS else INT64(ABSENT))
            continue
        found = INT64(ABSENT)
        mark = place >> MARK_SHIFT
        last = INT64(at(closings, mark))
        mark += 1
        offset = INT64(at(marks, mark))
        while mark < last:
            following = INT64(at(marks, mark + 1))
            if (load64(buffer, offset + 1) ^ first) & compared == UINT64(0):
                if length <= 8 or same_name(buffer, offset + 1, name, letters, length):
                    if found >= 0:
                        found = INT64(AMBIGUOUS)
                        break
                    value = skip_blanks(buffer, offset + 1 + length) + 1
                    found = ((mark + 1) << MARK_SHIFT) | skip_blanks(buffer, value)
            mark += 1
            if opens_container(at(buffer, following)):
                mark = INT64(at(closings, mark)) + 1
                following = INT64(at(marks, mark))
            offset = following
        put(out, row, found)


@kernel(VOID(BYTES, INT32S, INT32S, INT64S, INT64, INT64S_OUT))
def find_element(buffer: Any, marks: Any, closings: Any, places: Any, number: Any, out: Any) -> None:
    """From every list to its element *number*, counted from 0: ABSENT without one."""
    for row in range(places.size):
        place = at(places, row)
        if place < 0 or at(buffer, place & _PLACE) != UINT8(91):
            put(out, row, INT64(AMBIGUOUS) if place == AMBIGUOUS else INT64(ABSENT))
            continue
        mark = place >> MARK_SHIFT
        last = INT64(at(closings, mark))
        value = skip_blanks(buffer, (place & _PLACE) + 1)
        mark += 1
        remaining = number if at(buffer, value) != UINT8(93) else INT64(-1)
        while remaining > 0:
            if opens_container(at(buffer, INT64(at(marks, mark)))):
                mark = INT64(at(closings, mark)) + 1
            if mark == last:
                break
            value = INT64(at(marks, mark)) + 1
            mark += 1
            remaining -= 1
        if remaining == 0:
            put(out, row, (mark << MARK_SHIFT) | skip_blanks(buffer, value))
        else:
            put(out, row, INT64(ABSENT))


@inlined
def string_end(buffer: Any, offset: Any) -> Any:
    """Where the string whose contents begin at *offset* is closed, and whether it has escapes."""
    escaped = False
    while True:
        quotes = byte_mask(buffer, offset, 34)
        backslashes = byte_mask(buffer, offset, 92)
        quote = trailing_zeros(quotes)
        backslash = trailing_zeros(backslashes)
        if quote < backslash:
            return offset + quote, escaped
        if backslash < 64:
            escaped = True
            offset += backslash + 2
        else:
            offset += 64


@kernel(INT64(BYTES, INT64, INT32S, INT32S, INT64S, UINT8S_OUT, INT32S_OUT, INT32S_OUT))
def describe_places(
    buffer: Any, end: Any, marks: Any, closings: Any, places: Any, tags: Any, starts: Any, ends: Any
) -> int:
    """The kind and the bytes of every value, strings without their quotes; *end* is that of the text.

    Returns a mask: bit ``kind`` for each kind that occurs, and ESCAPED << 8 if a string has escapes.
    """
    seen = INT64(0)
    for row in range(places.size):
        place = at(places, row)
        start = place & _PLACE
        value_end = start
        if place < 0:
            start = INT64(0)
            value_end = INT64(0)
            tag = INT64(_MISSING if place == ABSENT else _NULL)
        else:
            first = at(buffer, start)
            if first == UINT8(34):
                tag = INT64(_STRING)
                start += 1
                value_end, escaped = string_end(buffer, start)
                if escaped:
                    seen |= INT64(ESCAPED << 8)
            elif opens_container(first):
                tag = INT64(_STRUCT if first == UINT8(123) else _LIST)
                value_end = INT64(at(marks, INT64(at(closings, place >> MARK_SHIFT)))) + 1
            elif first < UINT8(64):
                value_end, tag = number_at(buffer, start, end)
            else:
                value_end, tag = literal_at(buffer, start, end)
        seen |= INT64(1) << tag
        put(tags, row, UINT8(tag))
        put(starts, row, INT32(start))
        put(ends, row, INT32(value_end))
    return seen
