"""Records of JSON, member after member over all rows.

In: the bytes of one member's values and the rows they belong to.  Out: first how long every record gets, then
the records themselves, at offsets the caller has computed from the lengths.

    measure_raw, measure_*strings     for each member, in order: its share of each record
    open_records                      the opening brace of each record
    write_raw, write_strings          for each member, in order
    close_records                     the closing brace and the delimiter

A member is written behind what its record holds already, so a value of one member may be in any of several
calls, each for other rows.  Source of the escapes: :mod:`s3sql.kernels.json_strings`.
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
    UINT8,
    UINT64,
    VOID,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.json_strings import copy_forward, put_escape, short_escape
from s3sql.kernels.simd import (
    at,
    byte_mask,
    copy32,
    less_than_mask,
    load64,
    low_bits,
    popcount,
    put,
    store64,
    trailing_zeros,
)

#: Bytes that ``"_N":`` and a comma take at most, N below 10 ** 10.
NUMBERED_NAME = 16


@inlined
def specials(buffer: Any, offset: Any, length: Any) -> Any:
    """Which of the bytes from *offset* on, at most *length* and 64, need an escape."""
    found = byte_mask(buffer, offset, 34) | byte_mask(buffer, offset, 92) | less_than_mask(buffer, offset, 32)
    return found & low_bits(length)


@inlined
def copy_exactly(out: Any, position: Any, buffer: Any, start: Any, length: Any) -> None:
    """Copy *length* bytes; the bytes of *out* behind them keep their contents."""
    if length >= 32:
        offset = INT64(0)
        while offset + 32 <= length:
            copy32(out, position + offset, buffer, start + offset)
            offset += 32
        copy32(out, position + length - 32, buffer, start + length - 32)
        return
    if length >= 8:
        offset = INT64(0)
        while offset + 8 <= length:
            store64(out, position + offset, load64(buffer, start + offset))
            offset += 8
        store64(out, position + length - 8, load64(buffer, start + length - 8))
        return
    mask = low_bits(8 * length)
    store64(out, position, (load64(out, position) & ~mask) | (load64(buffer, start) & mask))


@inlined
def copy_within(out: Any, position: Any, limit: Any, buffer: Any, start: Any, length: Any) -> None:
    """Copy *length* bytes; the bytes of *out* behind them are not written yet, up to *limit*."""
    if position + ((length + 31) & -32) > limit:
        copy_exactly(out, position, buffer, start, length)
        return
    offset = INT64(0)
    while offset < length:
        copy32(out, position + offset, buffer, start + offset)
        offset += 32


@kernel(VOID(INT64S, INT32S, INT32S, INT64, INT64S_OUT))
def measure_raw(rows: Any, starts: Any, ends: Any, prefix: Any, lengths: Any) -> None:
    """Add to ``lengths[rows[i]]`` the slice of row ``rows[i]``, its *prefix* bytes before it and a comma.

    An empty slice adds nothing at all. ``lengths`` counts what stands between the braces; the first member
    has no comma.
    """
    for number in range(rows.size):
        row = INT64(at(rows, number))
        length = INT64(at(ends, row)) - INT64(at(starts, row))
        if length > 0:
            before = at(lengths, row)
            put(lengths, row, before + prefix + length + (1 if before > 0 else 0))


@kernel(VOID(INT64S, INT32S, INT32S, INT64, INT64S_OUT, INT32S_OUT))
def measure_plain_strings(rows: Any, starts: Any, ends: Any, prefix: Any, lengths: Any, escaped: Any) -> None:
    """As :func:`measure_strings` for strings known to need no escapes."""
    for number in range(rows.size):
        row = INT64(at(rows, number))
        length = INT64(at(ends, row)) - INT64(at(starts, row))
        put(escaped, number, INT32(length))
        before = at(lengths, row)
        put(lengths, row, before + prefix + length + (3 if before > 0 else 2))


@kernel(VOID(INT64S, BYTES, INT32S, INT32S, INT64, INT64S_OUT, INT32S_OUT))
def measure_strings(
    rows: Any, buffer: Any, starts: Any, ends: Any, prefix: Any, lengths: Any, escaped: Any
) -> None:
    """As :func:`measure_raw` for strings, empty ones too.

    ``escaped[i]``: the length of string ``rows[i]`` with its escapes, without the quotes.
    """
    for number in range(rows.size):
        row = INT64(at(rows, number))
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        written = length
        offset = INT64(0)
        while offset < length:
            found = specials(buffer, start + offset, length - offset)
            if found != UINT64(0):
                written += popcount(found)
                while found != UINT64(0):
                    if short_escape(at(buffer, start + offset + trailing_zeros(found))) == UINT8(0):
                        written += 4
                    found &= found - UINT64(1)
            offset += 64
        put(escaped, number, INT32(written))
        before = at(lengths, row)
        put(lengths, row, before + prefix + written + (3 if before > 0 else 2))


@kernel(VOID(INT64S, BYTES_OUT, INT64S_OUT))
def open_records(begins: Any, out: Any, positions: Any) -> None:
    """Write the opening brace of every record; ``positions`` become where its members begin."""
    for row in range(begins.size):
        begin = at(begins, row)
        put(out, begin, UINT8(123))
        put(positions, row, begin + 1)


@kernel(VOID(INT64S, BYTES, INT32S, INT32S, BYTES, INT64, INT64S, INT64S, BYTES_OUT, INT64S_OUT))
def write_raw(
    rows: Any,
    buffer: Any,
    starts: Any,
    ends: Any,
    prefix: Any,
    prefix_length: Any,
    begins: Any,
    limits: Any,
    out: Any,
    positions: Any,
) -> None:
    """Write to each record of *rows* the prefix and the slice as :func:`measure_raw` has counted them.

    ``prefix`` begins with the comma, which *prefix_length* counts. ``limits``: where the records end.
    """
    for number in range(rows.size):
        row = INT64(at(rows, number))
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        if length == 0:
            continue
        position = at(positions, row)
        limit = at(limits, row)
        skipped = INT64(1 if position == at(begins, row) + 1 else 0)
        copy_within(out, position, limit, prefix, skipped, prefix_length - skipped)
        position += prefix_length - skipped
        copy_within(out, position, limit, buffer, start, length)
        put(positions, row, position + length)


@called
def write_escaped(out: Any, position: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Write a string with its escapes, and nothing behind it; where it ends."""
    while start < end:
        length = min(end - start, 64)
        found = specials(buffer, start, length)
        if found != UINT64(0):
            length = trailing_zeros(found)
        copy_exactly(out, position, buffer, start, length)
        position += length
        start += length
        if found != UINT64(0):
            position = put_escape(out, position, INT64(at(buffer, start)))
            start += 1
    return position


@kernel(VOID(INT64S, BYTES, INT32S, INT32S, INT32S, BYTES, INT64, INT64S, INT64S, BYTES_OUT, INT64S_OUT))
def write_strings(
    rows: Any,
    buffer: Any,
    starts: Any,
    ends: Any,
    escaped: Any,
    prefix: Any,
    prefix_length: Any,
    begins: Any,
    limits: Any,
    out: Any,
    positions: Any,
) -> None:
    """As :func:`write_raw` for strings; ``prefix`` ends with the opening quote."""
    for number in range(rows.size):
        row = INT64(at(rows, number))
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        position = at(positions, row)
        limit = at(limits, row)
        skipped = INT64(1 if position == at(begins, row) + 1 else 0)
        copy_within(out, position, limit, prefix, skipped, prefix_length - skipped)
        position += prefix_length - skipped
        if INT64(at(escaped, number)) == end - start:
            copy_within(out, position, limit, buffer, start, end - start)
            position += end - start
        else:
            position = write_escaped(out, position, buffer, start, end)
        put(out, position, UINT8(34))
        put(positions, row, position + 1)


@kernel(VOID(INT64S, BYTES, INT64, BYTES_OUT))
def close_records(positions: Any, delimiter: Any, delimiter_length: Any, out: Any) -> None:
    """Write the closing brace and the delimiter behind the members of every record."""
    for row in range(positions.size):
        position = at(positions, row)
        put(out, position, UINT8(125))
        for offset in range(delimiter_length):
            put(out, position + 1 + offset, at(delimiter, offset))


@kernel(VOID(BYTES, INT32S, INT32S, INT64S, INT64S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def number_elements(
    buffer: Any,
    starts: Any,
    ends: Any,
    offsets: Any,
    first_numbers: Any,
    out: Any,
    out_starts: Any,
    out_ends: Any,
) -> None:
    """Make members of list elements: ``"_3":1,"_4":"x"``.

    Row i has the slices ``offsets[i]`` to ``offsets[i + 1]``, and its first member is number
    ``first_numbers[i]``. ``out`` needs NUMBERED_NAME bytes beside each slice.
    """
    position = INT64(0)
    for row in range(out_starts.size):
        put(out_starts, row, INT32(position))
        first = at(offsets, row)
        for slot in range(first, at(offsets, row + 1)):
            if slot > first:
                put(out, position, UINT8(44))
                position += 1
            put(out, position, UINT8(34))
            put(out, position + 1, UINT8(95))
            number = at(first_numbers, row) + slot - first
            digits = INT64(1)
            power = INT64(10)
            while number >= power:
                power *= 10
                digits += 1
            for place in range(digits):
                put(out, position + 1 + digits - place, UINT8(48 + number % 10))
                number //= 10
            position += 2 + digits
            put(out, position, UINT8(34))
            put(out, position + 1, UINT8(58))
            position = copy_forward(out, position + 2, buffer, INT64(at(starts, slot)), INT64(at(ends, slot)))
        put(out_ends, row, INT32(position))
