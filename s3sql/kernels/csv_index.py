"""CSV, second pass: from delimiter masks to the bounds of records and of the columns a query needs.

In: a block and the masks of :mod:`s3sql.kernels.csv_masks`.  Out: one row of int32 offsets per record,
row-major because column-major tables of a power-of-two length collide in the cache:

    record start, record end, start and end of the first needed column, of the second, …

Ends are exclusive and without delimiter. A column beyond the record's last has start and end -1. To
reach column k the walk counts separator bits and selects the k-th, so columns nobody asked for cost
almost nothing. Blank records and comments get no row (Choice: AWS documents neither).
"""

from __future__ import annotations

from typing import Any

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
    UINT64,
    UINT64S,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, low_bits, popcount, put, select_bit, trailing_zeros

#: Results below zero.
TABLE_FULL = -1
QUOTE_IN_COMMENT = -2


@inlined
def _strip_return(buffer: Any, start: Any, end: Any, bare_return: Any) -> Any:
    r"""The end of a record or field whose delimiter is at *end*, without the ``\r`` of ``\r\n``."""
    if bare_return and end > start and at(buffer, end - 1) == UINT8(13):
        return end - 1
    return end


@inlined
def _record_end(masks: Any, words: Any, word: Any, offset: Any, records: Any, end: Any) -> Any:
    """The position of the next record end, from the masks at *word* on."""
    while records == UINT64(0) and word + 2 < words:
        word += 2
        offset += 64
        records = at(masks, word + 1)
    return end if records == UINT64(0) else offset + trailing_zeros(records)


@kernel(INT64(BYTES, INT64, BYTES, INT32S_OUT))
def find_literal(buffer: Any, end: Any, literal: Any, hits: Any) -> Any:
    """The offsets of *literal*, of two bytes or more, in ``buffer[:end]``; returns how many.

    Returns ``TABLE_FULL`` when *hits* is too small. The first and last byte are looked for 64 places at a
    time (what stands between them only where both fit).
    """
    size = len(literal)
    first = at(literal, 0)
    last = at(literal, size - 1)
    count = 0
    offset = 0
    final = end - size + 1
    while offset < final:
        found = byte_mask(buffer, offset, first) & byte_mask(buffer, offset + size - 1, last)
        found &= low_bits(final - offset)
        while found != UINT64(0):
            position = offset + trailing_zeros(found)
            found &= found - UINT64(1)
            same = True
            for index in range(1, size - 1):
                if at(buffer, position + index) != at(literal, index):
                    same = False
                    break
            if same:
                if count >= len(hits):
                    return TABLE_FULL
                put(hits, count, INT32(position))
                count += 1
        offset += 64
    return count


@kernel(
    INT64(
        BYTES, INT64, UINT64S, INT64, BOOL, UINT8, BOOL, UINT8, BOOL,
        INT32S, INT32S, BOOL, INT64, INT32S_OUT, INT64S_OUT,
    )
)  # fmt: skip
def index_records(
    buffer: Any,
    end: Any,
    masks: Any,
    delimiter_size: Any,
    bare_return: Any,
    comment: Any,
    commenting: Any,
    quote: Any,
    quoting: Any,
    columns: Any,
    hits: Any,
    by_hits: Any,
    longest: Any,
    table: Any,
    state: Any,
) -> Any:
    r"""Fill *table* with the bounds of the records of ``buffer[:end]``; returns how many.

    ``delimiter_size``: bytes of the record delimiter. ``bare_return``: ``\r\n`` ends a record like
    ``\n``. ``columns``: numbers of the needed columns, ascending. ``quoting``: a comment with a quote in
    it makes the masks wrong: returns ``QUOTE_IN_COMMENT``. Too small a table: ``TABLE_FULL``. ``by_hits``:
    only records in which one of the offsets *hits*, ascending, lies get a row.

    ``state[0]`` becomes 1 if the record behind the last row is longer than *longest* bytes (the walk
    stops there), ``state[1]`` 1 if some record is too short for some column, ``state[2]`` where the walk
    stopped.
    """
    count = len(columns)
    width = 2 + 2 * count
    capacity = len(table) // width
    none = UINT64(0)
    one = UINT64(1)
    lead = delimiter_size - 1
    word = 0
    offset = INT64(0)
    words = 2 * ((end + 63) // 64)
    separators = none
    records = none
    if words > 0:
        separators = at(masks, 0)
        records = at(masks, 1)
    row = 0
    ragged = 0
    hit = 0
    state[0] = 0
    position = INT64(0)
    while position < end:
        if row >= capacity:
            return TABLE_FULL
        first = at(buffer, position)
        commented = commenting and first == comment
        skip = commented
        if by_hits and not skip:
            while hit < len(hits) and INT64(at(hits, hit)) < position:
                hit += 1
            skip = hit == len(hits) or INT64(at(hits, hit)) >= _record_end(
                masks, words, word, offset, records, end
            )
        base = row * width
        ragged_from = count
        if not skip:
            current = 0
            start = position
            number = 0
            while number < count:
                wanted = INT64(at(columns, number)) - current
                if wanted > 0:
                    # Skip separators until the wanted one; a record end on the way ends the record.
                    short = False
                    while True:
                        found = popcount(separators)
                        if found >= wanted:
                            break
                        if records != none:
                            short = True
                            break
                        wanted -= found
                        word += 2
                        if word >= words:
                            short = True
                            break
                        offset += 64
                        separators = at(masks, word)
                        records = at(masks, word + 1)
                    if short:
                        break
                    bit = select_bit(separators, wanted - 1)
                    below = (bit << one) - one
                    if records & below != none:
                        break
                    separators &= ~below
                    start = offset + trailing_zeros(bit) + 1
                    current = INT64(at(columns, number))
                while separators == none and word + 2 < words:
                    word += 2
                    offset += 64
                    separators = at(masks, word)
                    records = at(masks, word + 1)
                stop = end
                if separators != none:
                    stop = offset + trailing_zeros(separators)
                    if records & separators & (~separators + one) != none:
                        stop = _strip_return(buffer, start, stop - lead, bare_return)
                put(table, base + 2 + 2 * number, INT32(start))
                put(table, base + 3 + 2 * number, INT32(stop))
                number += 1
            ragged_from = number
        for number in range(ragged_from, count):
            put(table, base + 2 + 2 * number, INT32(-1))
            put(table, base + 3 + 2 * number, INT32(-1))
        while records == none and word + 2 < words:
            word += 2
            offset += 64
            separators = at(masks, word)
            records = at(masks, word + 1)
        stop = end
        behind = end
        if records != none:
            bit = records & (~records + one)
            behind = offset + trailing_zeros(bit) + 1
            stop = _strip_return(buffer, position, behind - delimiter_size, bare_return)
            below = (bit << one) - one
            records &= ~below
            separators &= ~below
        else:
            separators = none
        if commented and quoting:
            for inner in range(position, behind):
                if at(buffer, inner) == quote:
                    return QUOTE_IN_COMMENT
        if stop - position > longest:
            state[0] = 1
            break
        if not skip and stop != position:
            if ragged_from < count:
                ragged = 1
            put(table, base, INT32(position))
            put(table, base + 1, INT32(stop))
            row += 1
        position = behind
    state[1] = ragged
    state[2] = position
    return row


@inlined
def _holds(buffer: Any, start: Any, end: Any, byte: Any) -> Any:
    """Whether *byte* occurs in ``buffer[start:end]``."""
    while start < end:
        if byte_mask(buffer, start, byte) & low_bits(end - start) != UINT64(0):
            return True
        start += 64
    return False


@kernel(INT64(BYTES_OUT, INT64, INT64, UINT8, BOOL, INT64, INT32S_OUT))
def unquote_fields(
    buffer: Any, rows: Any, count: Any, quote: Any, doubled: Any, arena: Any, table: Any
) -> Any:
    """Take the quotes off the *count* columns of *rows* records. Only for blocks proven regular.

    ``doubled``: some field may hold a doubled quote; such fields are decoded into the buffer from *arena*
    on, so that the block stays as it was read. Returns the arena's new end.
    """
    width = 2 + 2 * count
    for row in range(rows):
        for number in range(count):
            slot = row * width + 2 + 2 * number
            start = INT64(at(table, slot))
            end = INT64(at(table, slot + 1))
            if start < 0 or end - start < 2 or at(buffer, start) != quote:
                continue
            start += 1
            end -= 1
            if doubled and _holds(buffer, start, end, quote):
                target = arena
                while start < end:
                    byte = at(buffer, start)
                    put(buffer, target, byte)
                    target += 1
                    start += 1 + INT64(byte == quote)
                start = arena
                end = target
                arena = target
            put(table, slot, INT32(start))
            put(table, slot + 1, INT32(end))
    return arena
