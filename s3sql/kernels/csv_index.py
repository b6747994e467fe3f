"""CSV, second pass: from delimiter masks to the bounds of records and of the columns a query needs.

In: a block and the masks of :mod:`s3sql.kernels.csv_masks`.  Out: one row of int32 offsets per record,
row-major because column-major tables of a power-of-two length collide in the cache:

    record start, record end, start and end of the first needed column, of the second, …

Ends are exclusive and without delimiter. A column beyond the record's last has start and end -1. A column
is between two separators whose numbers are known, so its word is found by comparing counts and its place by
selecting a bit: columns nobody asked for cost nothing, and no branch hangs on how long fields are. Blank
records and comments get no row (Choice: AWS documents neither).
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compare import head_of, order_by_heads
from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT64,
    UINT64S_OUT,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, byte_mask, low_bits, put, select_bit, trailing_zeros

#: Results below zero.
TABLE_FULL = -1
QUOTE_IN_COMMENT = -2


@inlined
def _strip_return(buffer: Any, start: Any, end: Any, bare_return: Any) -> Any:
    r"""The end of a record or field whose delimiter is at *end*, without the ``\r`` of ``\r\n``."""
    if bare_return and end > start and at(buffer, end - 1) == UINT8(13):
        return end - 1
    return end


@kernel(INT64(BYTES, INT64, INT64, BYTES, INT32S_OUT))
def find_literal(buffer: Any, begin: Any, end: Any, literal: Any, hits: Any) -> Any:
    """The offsets of *literal*, of two bytes or more, in ``buffer[begin:end]``; returns how many.

    Returns ``TABLE_FULL`` when *hits* is too small. The first and last byte are looked for 64 places at a
    time (what stands between them only where both fit).
    """
    size = len(literal)
    first = at(literal, 0)
    last = at(literal, size - 1)
    count = 0
    offset = begin
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


@inlined
def _word_of(befores: Any, word: Any, rank: Any) -> Any:
    """The word, at or behind *word*, that holds the separator with *rank* separators before it."""
    word += (
        INT64(INT64(at(befores, word + 1)) <= rank)
        + INT64(INT64(at(befores, word + 2)) <= rank)
        + INT64(INT64(at(befores, word + 3)) <= rank)
    )
    while INT64(at(befores, word + 1)) <= rank:
        word += 1
    return word


@inlined
def _place_in(masks: Any, befores: Any, begin: Any, word: Any, rank: Any) -> Any:
    """The place of the separator with *rank* separators before it, which *word* holds."""
    bit = select_bit(at(masks, word), rank - INT64(at(befores, word)))
    return begin + 64 * word + trailing_zeros(bit)


@inlined
def _next_separator(masks: Any, begin: Any, position: Any) -> Any:
    """The place of the first separator at or behind *position*, behind which there is a word more."""
    word = (position - begin) >> 6
    bit = UINT64((position - begin) & 63)
    # The 64 bytes from there on; shifted in two steps, as by 64 at once nothing would be shifted.
    found = (at(masks, word) >> bit) | ((at(masks, word + 1) << UINT64(1)) << (UINT64(63) - bit))
    while found == UINT64(0):
        position += 64
        word += 1
        found = (at(masks, word) >> bit) | ((at(masks, word + 1) << UINT64(1)) << (UINT64(63) - bit))
    return position + trailing_zeros(found)


@inlined
def _bounds_of(
    buffer: Any, begin: Any, end: Any, ends: Any, record: Any, delimiter_size: Any, bare_return: Any
) -> Any:
    """Start and end of a record, without its delimiter."""
    position = INT64(begin)
    if record > 0:
        position = INT64(at(ends, record - 1)) + 1
    stop = INT64(at(ends, record))
    if stop < end:
        stop = _strip_return(buffer, position, stop - (delimiter_size - 1), bare_return)
    return position, stop


@kernel(INT64(BYTES, INT64, INT64, INT32S_OUT, INT64, INT64, BOOL, UINT8, BOOL, UINT8, BOOL, INT64))
def first_unsound(
    buffer: Any,
    begin: Any,
    end: Any,
    ends: Any,
    records: Any,
    delimiter_size: Any,
    bare_return: Any,
    comment: Any,
    commenting: Any,
    quote: Any,
    quoting: Any,
    longest: Any,
) -> Any:
    """The number of the first record that is longer than *longest* bytes; *records* if there is none.

    ``quoting``: a comment with a quote in it makes the masks wrong: returns ``QUOTE_IN_COMMENT``.
    """
    for record in range(records):
        position, stop = _bounds_of(buffer, begin, end, ends, record, delimiter_size, bare_return)
        if quoting and commenting and position < end and at(buffer, position) == comment:
            for inner in range(position, min(INT64(at(ends, record)) + 1, end)):
                if at(buffer, inner) == quote:
                    return QUOTE_IN_COMMENT
        if stop - position > longest:
            return record
    return records


@kernel(
    INT64(
        BYTES, INT64, INT64, UINT64S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT64, INT64, BOOL, UINT8, BOOL,
        INT32S_OUT, INT32S_OUT, BOOL, UINT64S_OUT, INT32S_OUT, INT64, INT64S_OUT,
    )
)  # fmt: skip
def index_records(
    buffer: Any,
    begin: Any,
    end: Any,
    masks: Any,
    befores: Any,
    ends: Any,
    ranks: Any,
    records: Any,
    delimiter_size: Any,
    bare_return: Any,
    comment: Any,
    commenting: Any,
    columns: Any,
    hits: Any,
    by_hits: Any,
    bounds: Any,
    table: Any,
    row: Any,
    state: Any,
) -> Any:
    r"""Fill *table*, from *row* on, with the bounds of the *records* of ``buffer[begin:end]``.

    Returns the row behind the last; there is room for one more than there are records. ``delimiter_size``:
    bytes of the record delimiter. ``bare_return``: ``\r\n`` ends a record like ``\n``. ``columns``: numbers
    of the needed columns, ascending. ``by_hits``: only records in which one of the offsets *hits*, ascending,
    lies get a row. ``bounds``: none, or what :class:`s3sql.formats.csv_bounds.FieldBounds` gives; records
    whose column lies outside get no row, those without it do.

    ``state[0]`` becomes 1 if some record is too short for some column; ``state[1]`` grows by the number of
    records that *bounds* were asked about.
    """
    lead = delimiter_size - 1
    count = len(columns)
    width = 2 + 2 * count
    ranged = len(bounds) > 0
    slot = INT64(0)
    low_head = low_tail = high_head = high_tail = UINT64(0)
    low_length = high_length = least = most = INT64(0)
    if ranged:
        slot = INT64(at(bounds, 0))
        low_head, low_tail, low_length = at(bounds, 1), at(bounds, 2), INT64(at(bounds, 3))
        least = INT64(at(bounds, 4))
        high_head, high_tail, high_length = at(bounds, 5), at(bounds, 6), INT64(at(bounds, 7))
        most = -INT64(at(bounds, 8))
    row = INT64(row)
    seen = INT64(0)
    ragged = INT64(0)
    hit = 0
    record = INT64(-1)
    # Of the record before: where it ends, and how many separators stand before that.
    behind = INT64(begin) - 1
    ended = INT64(-1)
    while True:
        record += 1
        if by_hits:
            while hit < len(hits) and INT64(at(hits, hit)) <= behind:
                hit += 1
            if hit == len(hits):
                break
            while record < records and INT64(at(ends, record)) < INT64(at(hits, hit)):
                behind = INT64(at(ends, record))
                ended = INT64(at(ranks, record))
                record += 1
        if record >= records:
            break
        position = behind + 1
        before = ended
        behind = INT64(at(ends, record))
        ended = INT64(at(ranks, record))
        stop = behind
        if stop < end:
            stop = _strip_return(buffer, position, stop - lead, bare_return)
        if stop == position or (commenting and at(buffer, position) == comment):
            continue
        fields = ended - before
        base = row * width
        put(table, base, INT32(position))
        put(table, base + 1, INT32(stop))
        word = (position - begin) >> 6
        short = INT64(0)
        # In registers: what decides whether a row is kept must not wait for the row before.
        start = length = INT64(0)
        for number in range(count):
            column = INT64(at(columns, number))
            field_start = position
            field_stop = stop
            if column >= fields:
                short = INT64(1)
                field_start = field_stop = INT64(-1)
            else:
                rank = before + column
                if column > 0:
                    word = _word_of(befores, word, rank)
                    field_start = _place_in(masks, befores, begin, word, rank) + 1
                if column + 1 < fields:
                    field_stop = _next_separator(masks, begin, field_start)
            if number == slot:
                start = field_start
                length = field_stop - field_start
            put(table, base + 2 + 2 * number, INT32(field_start))
            put(table, base + 3 + 2 * number, INT32(field_stop))
        kept = INT64(1)
        if ranged:
            seen += 1
            absent = start < 0
            start = max(start, INT64(0))
            head = head_of(buffer, start, length)
            if head == low_head or head == high_head:
                tail = head_of(buffer, start + 8, length - 8)
                sign_of_low = order_by_heads(head, tail, length, low_head, low_tail, low_length)
                sign_of_high = order_by_heads(head, tail, length, high_head, high_tail, high_length)
                kept = INT64(absent | ((sign_of_low >= least) & (sign_of_high <= most)))
            else:
                # Without a branch: what lies between the bounds cannot be predicted.
                kept = INT64(absent | ((head > low_head) & (head < high_head)))
        ragged |= kept & short
        row += kept
    state[0] |= ragged
    state[1] += seen
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
