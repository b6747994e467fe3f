r"""CSV, the general pass: one record after the other, byte by byte, every rule of the format.

In: a block that starts at a record start, and the dialect as byte strings of any length.  Out: the bounds
of every record and of all its fields, decoded. The fast passes must give exactly what this one gives.

Rules (AWS S3 API Reference, CSVInput; where AWS is silent our choices, see docs/compatibility.md):

* A record ends with the record delimiter, the last one may lack it. Where delimiters overlap, the record
  delimiter is tried first. With *bare_return* a ``\r`` before the ``\n`` belongs to the delimiter.
* A record of no bytes is skipped; so is one that starts with the comment character, quotes in it meaning
  nothing.
* A field whose first character is the quote character extends to the closing one. Escape = quote: a
  doubled quote stands for one. Escape different: it stands before any character; a quote alone closes.
  What stands between a closing quote and the next delimiter is appended as it is. A quote elsewhere is
  contents.
* A record delimiter in an open quote, escaped or not, is contents if allowed, else an error.

Decoded fields that are not a slice of the block are written to the arena, the part of the buffer behind
the block's padding, so that the block itself stays as it was read.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.bytes import matches
from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, put

#: How a pass ended.
COMPLETE = 0
TABLE_FULL = 1
DELIMITER_IN_QUOTES = 2
OPEN_QUOTE = 3
RECORD_TOO_LONG = 4


@inlined
def _character_size(byte: Any) -> Any:
    """Bytes of the UTF-8 character that starts with *byte*."""
    if byte < UINT8(0xC0):
        return 1
    if byte < UINT8(0xE0):
        return 2
    if byte < UINT8(0xF0):
        return 3
    return 4


@called
def _quoted_part(
    buffer: Any, position: Any, end: Any, record: Any, quote: Any, escape: Any, allow: Any, arena: Any
) -> Any:
    """Decode from behind an opening quote to behind its closing one.

    Returns (status, position behind the closing quote, start and end of the contents, arena): the
    contents are a slice of the block as long as nothing in them is escaped, of the arena from then on.
    """
    same = len(escape) == len(quote)
    for index in range(len(quote)):
        same = same and at(escape, index) == at(quote, index)
    size = len(quote)
    start = position
    target = -1
    while position < end:
        taken = 1
        # Before everything else, since a morsel may have been cut there.
        if not allow and matches(buffer, position, end, record):
            return DELIMITER_IN_QUOTES, position, start, start, arena
        if same and matches(buffer, position, end, quote):
            if not matches(buffer, position + size, end, quote):
                if target < 0:
                    return COMPLETE, position + size, start, position, arena
                return COMPLETE, position + size, arena, target, target
            if target < 0:
                target = arena
                for index in range(start, position):
                    put(buffer, target, at(buffer, index))
                    target += 1
            position += size
            taken = size
        elif not same and matches(buffer, position, end, escape):
            behind = position + len(escape)
            if not allow and matches(buffer, behind, end, record):
                return DELIMITER_IN_QUOTES, behind, start, start, arena
            if behind >= end:
                break
            if target < 0:
                target = arena
                for index in range(start, position):
                    put(buffer, target, at(buffer, index))
                    target += 1
            position = behind
            taken = min(_character_size(at(buffer, position)), end - position)
        elif not same and matches(buffer, position, end, quote):
            if target < 0:
                return COMPLETE, position + size, start, position, arena
            return COMPLETE, position + size, arena, target, target
        if target >= 0:
            for index in range(position, position + taken):
                put(buffer, target, at(buffer, index))
                target += 1
        position += taken
    return OPEN_QUOTE, position, start, start, arena


@called
def _parse_record(
    buffer: Any,
    position: Any,
    end: Any,
    field: Any,
    record: Any,
    quote: Any,
    escape: Any,
    bare_return: Any,
    allow: Any,
    starts: Any,
    ends: Any,
    fields: Any,
    arena: Any,
) -> Any:
    """Append the fields of the record at *position*.

    Returns (status, position behind the record, end of its contents, number of fields, arena).
    ``TABLE_FULL`` when the field arrays are.
    """
    capacity = len(starts)
    while True:
        if fields >= capacity:
            return TABLE_FULL, position, position, fields, arena
        start = position
        stop = -1
        in_arena = False
        if matches(buffer, position, end, quote):
            opening = position + len(quote)
            status, position, start, stop, arena = _quoted_part(
                buffer, opening, end, record, quote, escape, allow, arena
            )
            if status != COMPLETE:
                return status, position, position, fields, arena
            in_arena = stop == arena and start >= end
        tail = position
        finished = False
        last = False
        while position < end:
            if matches(buffer, position, end, record):
                finished = True
                last = True
                break
            if matches(buffer, position, end, field):
                finished = True
                break
            position += 1
        if not finished:
            last = True
        field_end = position
        if last and finished and bare_return and position > tail and at(buffer, position - 1) == UINT8(13):
            field_end -= 1
        if stop < 0:
            stop = field_end
        elif field_end > tail:
            # Characters behind the closing quote: the value is no slice of the block any more.
            if not in_arena:
                target = arena
                for index in range(start, stop):
                    put(buffer, target, at(buffer, index))
                    target += 1
                start = arena
                stop = target
            for index in range(tail, field_end):
                put(buffer, stop, at(buffer, index))
                stop += 1
            arena = stop
        put(starts, fields, INT32(start))
        put(ends, fields, INT32(stop))
        fields += 1
        if not last:
            position += len(field)
            continue
        # A record's own end is that of its last field's bytes, quotes included.
        if finished:
            return COMPLETE, position + len(record), field_end, fields, arena
        return COMPLETE, position, field_end, fields, arena


@inlined
def _skipped_record(buffer: Any, position: Any, end: Any, record: Any) -> Any:
    """The position behind the next record delimiter, quotes meaning nothing."""
    while position < end and not matches(buffer, position, end, record):
        position += 1
    return position


@kernel(
    INT64(
        BYTES_OUT, INT64, BOOL, BYTES, BYTES, BYTES, BYTES, BYTES, BOOL, BOOL,
        INT64, INT64, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT64S_OUT,
    )
)  # fmt: skip
def parse_records(
    buffer: Any,
    end: Any,
    at_end: Any,
    field: Any,
    record: Any,
    quote: Any,
    escape: Any,
    comment: Any,
    bare_return: Any,
    allow: Any,
    longest: Any,
    arena: Any,
    record_starts: Any,
    record_ends: Any,
    first_fields: Any,
    starts: Any,
    ends: Any,
    state: Any,
) -> Any:
    """Parse the records of ``buffer[:end]``; returns how the pass ended.

    Record i is ``buffer[record_starts[i]:record_ends[i]]``; its fields are numbers ``first_fields[i]`` to
    ``first_fields[i + 1]`` (exclusive) of *starts* and *ends*; *first_fields* has one
    element more than *record_starts*.
    ``at_end``: the object ends here, so an open quote is an error and not a record to be continued.

    ``state``: 0 number of records, 1 position behind the last good record (skipped ones included),
    2 the arena's new end, 3 the position of the failure. ``TABLE_FULL`` leaves what fitted.
    """
    rows = 0
    fields = 0
    position = INT64(0)
    status = COMPLETE
    put(first_fields, 0, INT32(0))
    state[3] = 0
    while position < end:
        if rows >= len(record_starts):
            status = TABLE_FULL
            break
        if matches(buffer, position, end, comment):
            stop = _skipped_record(buffer, position, end, record)
            returns = bare_return and stop < end and at(buffer, stop - 1) == UINT8(13)
            if stop - position - INT64(returns) > longest:
                status = RECORD_TOO_LONG
                state[3] = position
                break
            if stop >= end and not at_end:
                # No delimiter yet: the comment may go on in the next block.
                break
            position = min(stop + len(record), end)
            continue
        if matches(buffer, position, end, record):
            position += len(record)
            continue
        if bare_return and at(buffer, position) == UINT8(13) and matches(buffer, position + 1, end, record):
            position += 1 + len(record)
            continue
        status, behind, stop, number, grown = _parse_record(
            buffer, position, end, field, record, quote, escape, bare_return, allow,
            starts, ends, fields, arena,
        )  # fmt: skip
        if status == TABLE_FULL:
            break
        if stop - position > longest:
            status = RECORD_TOO_LONG
            state[3] = position
            break
        if status == OPEN_QUOTE and not at_end:
            status = RECORD_TOO_LONG if end - position > longest + len(record) else COMPLETE
            state[3] = position
            break
        if status != COMPLETE:
            state[3] = behind
            break
        if not at_end and behind == stop:
            # No delimiter yet: the record may go on in the next block.
            break
        put(record_starts, rows, INT32(position))
        put(record_ends, rows, INT32(stop))
        rows += 1
        fields = number
        put(first_fields, rows, INT32(fields))
        arena = grown
        position = behind
    state[0] = rows
    state[1] = position
    state[2] = arena
    return status


@kernel(INT64(INT32S, INT32S, INT32S, INT32S, INT32S, INT32S, INT32S_OUT))
def pick_columns(
    record_starts: Any, record_ends: Any, first_fields: Any, starts: Any, ends: Any, columns: Any, table: Any
) -> Any:
    """From all fields to the row-major table of :mod:`s3sql.kernels.csv_index`; returns its rows."""
    rows = len(record_starts)
    count = len(columns)
    width = 2 + 2 * count
    for row in range(rows):
        base = row * width
        put(table, base, at(record_starts, row))
        put(table, base + 1, at(record_ends, row))
        first = INT64(at(first_fields, row))
        number = INT64(at(first_fields, row + 1)) - first
        for slot in range(count):
            column = INT64(at(columns, slot))
            start = INT32(-1)
            end = INT32(-1)
            if column < number:
                start = at(starts, first + column)
                end = at(ends, first + column)
            put(table, base + 2 + 2 * slot, start)
            put(table, base + 3 + 2 * slot, end)
    return rows
