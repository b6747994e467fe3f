"""CSV, the fast passes over whole records: every field of records that are proven regular.

In: the bounds of records from :mod:`s3sql.kernels.csv_index` in a block that the plain or the quoted pass
vouched for: single-byte delimiters, quotes only around whole fields, doubled inside them.  Out: the bounds
of all fields, or the records written anew with only the quotes that are needed.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.bytes import append, append_token
from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT64,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, low_bits, popcount, put, select_bit, trailing_zeros


@inlined
def _find(buffer: Any, position: Any, end: Any, byte: Any) -> Any:
    """Where *byte* next stands at or behind *position*, or *end*."""
    while position < end:
        found = byte_mask(buffer, position, byte) & low_bits(end - position)
        if found != UINT64(0):
            return position + trailing_zeros(found)
        position += 64
    return end


@inlined
def _field(buffer: Any, position: Any, end: Any, field: Any, quote: Any, quoting: Any, arena: Any) -> Any:
    """The field at *position*: its start and end, the position behind it, and the arena's new end.

    A field with a doubled quote is decoded into the buffer from *arena* on.
    """
    if quoting == 0 or position >= end or at(buffer, position) != quote:
        stop = _find(buffer, position, end, field)
        return position, stop, stop, arena
    start = position + 1
    stop = _find(buffer, start, end, quote)
    position = stop + 1
    if position >= end or at(buffer, position) != quote:
        return start, stop, position, arena
    target = arena
    source = start
    while source < end:
        byte = at(buffer, source)
        if byte == quote:
            if source + 1 >= end or at(buffer, source + 1) != quote:
                break
            source += 1
        put(buffer, target, byte)
        target += 1
        source += 1
    return arena, target, source + 1, target


@kernel(INT64(BYTES_OUT, INT32S, INT32S, UINT8, UINT8, INT64, INT64, INT32S_OUT, INT32S_OUT, INT32S_OUT))
def split_regular(
    buffer: Any,
    record_starts: Any,
    record_ends: Any,
    field: Any,
    quote: Any,
    quoting: Any,
    arena: Any,
    first_fields: Any,
    starts: Any,
    ends: Any,
) -> Any:
    """All fields of the records, quotes taken off; returns the arena's new end, or -1 if there are too many.

    ``quoting`` (0 or 1): fields may be quoted. Fields of record i are numbers ``first_fields[i]`` to
    ``first_fields[i + 1]`` (exclusive).
    """
    capacity = len(starts)
    fields = 0
    put(first_fields, 0, INT32(0))
    for row in range(len(record_starts)):
        position = INT64(at(record_starts, row))
        end = INT64(at(record_ends, row))
        while True:
            if fields >= capacity:
                return -1
            start, stop, position, arena = _field(buffer, position, end, field, quote, quoting, arena)
            put(starts, fields, INT32(start))
            put(ends, fields, INT32(stop))
            fields += 1
            if position >= end:
                break
            position += 1
        put(first_fields, row + 1, INT32(fields))
    return arena


@kernel(VOID(BYTES, INT32S, INT32S, UINT8, INT32S, INT32S_OUT))
def find_plain_columns(
    buffer: Any, record_starts: Any, record_ends: Any, field: Any, columns: Any, table: Any
) -> None:
    """Start and end of some columns, ascending numbers, in each record; no field is quoted.

    ``table`` has a row per record, -1 for columns that it is too short for. As in
    :mod:`s3sql.kernels.csv_index`, separators are counted 64 bytes at a time.
    """
    none = UINT64(0)
    one = UINT64(1)
    count = len(columns)
    for row in range(len(record_starts)):
        start = INT64(at(record_starts, row))
        end = INT64(at(record_ends, row))
        offset = start
        separators = byte_mask(buffer, offset, field) & low_bits(end - offset)
        current = 0
        slot = 2 * count * row
        for number in range(count):
            wanted = INT64(at(columns, number)) - current
            while wanted > 0 and start >= 0:
                found = popcount(separators)
                if found >= wanted:
                    bit = select_bit(separators, wanted - 1)
                    separators &= ~((bit << one) - one)
                    start = offset + trailing_zeros(bit) + 1
                    current += wanted
                    wanted = 0
                elif offset + 64 >= end:
                    start = -1
                else:
                    wanted -= found
                    current += found
                    offset += 64
                    separators = byte_mask(buffer, offset, field) & low_bits(end - offset)
            stop = -1
            if start >= 0:
                while separators == none and offset + 64 < end:
                    offset += 64
                    separators = byte_mask(buffer, offset, field) & low_bits(end - offset)
                stop = end if separators == none else offset + trailing_zeros(separators)
            put(table, slot, INT32(start))
            put(table, slot + 1, INT32(stop))
            slot += 2


@kernel(INT64(BYTES_OUT, INT32S, INT32S, UINT8, UINT8, INT64, INT32S, INT32S_OUT))
def find_quoted_columns(
    buffer: Any,
    record_starts: Any,
    record_ends: Any,
    field: Any,
    quote: Any,
    arena: Any,
    columns: Any,
    table: Any,
) -> Any:
    """As :func:`find_plain_columns`, for fields that may be quoted; returns the arena's new end.

    The fields behind the last column wanted are not looked at.
    """
    count = len(columns)
    for row in range(len(record_starts)):
        position = INT64(at(record_starts, row))
        end = INT64(at(record_ends, row))
        number = 0
        slot = 2 * count * row
        current = 0
        while number < count:
            before = arena
            start, stop, position, arena = _field(buffer, position, end, field, quote, 1, arena)
            if current == INT64(at(columns, number)):
                put(table, slot, INT32(start))
                put(table, slot + 1, INT32(stop))
                slot += 2
                number += 1
            else:
                arena = before
            if position >= end:
                break
            position += 1
            current += 1
        while number < count:
            put(table, slot, INT32(-1))
            put(table, slot + 1, INT32(-1))
            slot += 2
            number += 1
    return arena


@inlined
def _causes_quotes(buffer: Any, position: Any, end: Any, causes: Any) -> Any:
    """Whether one of the bytes *causes* stands in ``buffer[position:end]``."""
    while position < end:
        found = UINT64(0)
        for number in range(len(causes)):
            found |= byte_mask(buffer, position, at(causes, number))
        if found & low_bits(end - position) != UINT64(0):
            return True
        position += 64
    return False


@kernel(INT64(BYTES, INT32S, INT32S, UINT8, BYTES, BYTES, BYTES_OUT, INT64S_OUT))
def requote_records(
    buffer: Any,
    record_starts: Any,
    record_ends: Any,
    quote: Any,
    causes: Any,
    delimiter: Any,
    out: Any,
    out_ends: Any,
) -> Any:
    """Write the records again, without the quotes around fields that need none; returns the bytes written.

    ``causes``: the bytes that make quotes necessary beside the quote itself. Where quotes stay, the field is
    copied as it is: a doubled quote is how the output escapes one too.
    """
    target = 0
    for row in range(len(record_starts)):
        position = INT64(at(record_starts, row))
        end = INT64(at(record_ends, row))
        while True:
            opening = _find(buffer, position, end, quote)
            target = append(out, target, buffer, position, opening)
            if opening >= end:
                break
            needed = False
            closing = opening + 1
            while True:
                closing = _find(buffer, closing, end, quote)
                if closing + 1 < end and at(buffer, closing + 1) == quote:
                    needed = True
                    closing += 2
                    continue
                break
            if needed or _causes_quotes(buffer, opening + 1, closing, causes):
                target = append(out, target, buffer, opening, closing + 1)
            else:
                target = append(out, target, buffer, opening + 1, closing)
            position = closing + 1
        target = append_token(out, target, delimiter)
        put(out_ends, row, target)
    return target
