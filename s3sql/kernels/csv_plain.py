"""CSV, both passes over blocks without quotes, chunk by chunk, so that what one leaves is still in the cache.

In: a block that starts at a record start, in a buffer or in a file.  Out: the table of
:mod:`s3sql.kernels.csv_index`.

A chunk ends with the first record that ends a number of bytes behind its start. Whatever is unusual, a quote
or a very long record, stops the walk, and the block is indexed as a whole.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT32S_OUT,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT64,
    UINT64S_OUT,
    inlined,
    kernel,
)
from s3sql.kernels.csv_index import TABLE_FULL, find_literal, index_records
from s3sql.kernels.csv_masks import (
    FLAG_BITS,
    HAS_CARRIAGE_RETURN,
    HAS_NON_ASCII,
    HAS_QUOTE,
    MAY_HAVE_COMMENT,
    mask_plain,
)
from s3sql.kernels.simd import at, byte_mask, low_bits, trailing_zeros
from s3sql.kernels.system import read_file
from s3sql.kernels.utf8 import first_invalid_utf8

#: How the walk ended.
COMPLETE = 0
#: The table is full: to be called again with a larger one.
NO_ROOM = 1
#: The block is not one for this walk.
UNUSUAL = 2
#: There is a byte that is not UTF-8.
INVALID = 3
#: The file has not all of the block, or cannot be read.
UNREADABLE = 4

#: What ``state`` holds. ``PRESENT``: bytes of the block that are in the buffer.
ROWS, POSITION, FLAGS, INVALID_AT, PRESENT, RAGGED, SEEN, STATE_SIZE = range(8)


@inlined
def _behind_record(buffer: Any, begin: Any, end: Any, first: Any, last: Any, pair: Any) -> Any:
    """Behind the first record delimiter that ends at or behind *begin*; *end* if there is none."""
    offset = begin
    while offset < end:
        found = byte_mask(buffer, offset, last) & low_bits(end - offset)
        while found != UINT64(0):
            position = offset + trailing_zeros(found)
            if not pair or at(buffer, position - 1) == first:
                return position + 1
            found &= found - UINT64(1)
        offset += 64
    return end


@kernel(
    INT64(
        INT64, INT64, BYTES_OUT, INT64, UINT8, UINT8, UINT8, INT64, BOOL, UINT8, BOOL, UINT8, BOOL,
        INT32S_OUT, BYTES, UINT64S_OUT, INT64, INT64,
        UINT64S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT32S_OUT, INT64S_OUT,
    )
)  # fmt: skip
def index_plain(
    file: Any,
    place: Any,
    buffer: Any,
    end: Any,
    field: Any,
    record_first: Any,
    record_last: Any,
    delimiter_size: Any,
    bare_return: Any,
    quote: Any,
    quoting: Any,
    comment: Any,
    commenting: Any,
    columns: Any,
    literal: Any,
    bounds: Any,
    chunk: Any,
    longest: Any,
    masks: Any,
    befores: Any,
    ends: Any,
    ranks: Any,
    hits: Any,
    table: Any,
    state: Any,
) -> Any:
    """Index the records of ``buffer[:end]`` from ``state[POSITION]`` on; returns how it ended.

    What is not ``PRESENT`` is what the open *file*, a descriptor, has from *place* on; it is read chunk by
    chunk.
    ``literal``: only records with these bytes in them are wanted, unless they are frequent; empty for all.
    ``bounds``, ``columns``: as for :func:`index_records`. ``chunk``: bytes of a chunk. A chunk of more than
    *longest* bytes is unusual; ``masks`` and the others have room for one of so many.
    """
    pair = delimiter_size == 2
    width = 2 + 2 * len(columns)
    begin = state[POSITION]
    while begin < end:
        least = min(begin + chunk, end)
        stop = INT64(0)
        while stop == 0:
            present = state[PRESENT]
            if present > least or present == end:
                stop = end
                if least < end:
                    stop = _behind_record(buffer, least, present, record_first, record_last, pair)
                # Where the record ends may be still to be read.
                if stop == present and present < end:
                    stop = INT64(0)
            if stop == 0:
                size = min(chunk, end - present)
                if read_file(file, buffer, present, size, place + present) < size:
                    return UNREADABLE
                state[PRESENT] = present + size
        if stop - begin > longest:
            return UNUSUAL
        flags = mask_plain(
            buffer, begin, stop, field, record_first, record_last, pair, quote, quoting, comment,
            masks, befores, ends, ranks,
        )  # fmt: skip
        if flags & HAS_QUOTE:
            return UNUSUAL
        records = flags >> FLAG_BITS
        count = INT64(TABLE_FULL)
        if len(literal) > 0:
            count = find_literal(buffer, begin, stop, literal, hits)
        by_hits = count >= 0
        if not by_hits:
            count = INT64(0)
        most = min(records, count) if by_hits else records
        if (state[ROWS] + most + 1) * width > len(table):
            return NO_ROOM
        state[FLAGS] |= flags & ((1 << FLAG_BITS) - 1)
        state[ROWS] = index_records(
            buffer, begin, stop, masks, befores, ends, ranks, records, delimiter_size,
            bare_return and flags & HAS_CARRIAGE_RETURN != 0, comment,
            commenting and flags & MAY_HAVE_COMMENT != 0, columns, hits[:count], by_hits, bounds,
            table, state[ROWS], state[RAGGED:],
        )  # fmt: skip
        begin = stop
        if flags & HAS_NON_ASCII:
            invalid = first_invalid_utf8(buffer, state[POSITION], stop)
            if invalid >= 0:
                state[INVALID_AT] = invalid
                state[POSITION] = begin
                return INVALID
        state[POSITION] = begin
    return COMPLETE
