"""CSV: how many records a text without quotes has, in one pass.

In: a text that starts at a record start, in a padded buffer or in a file, and a dialect of single bytes.
Out: a number, and how far it goes.

Blank records and comments are not counted, as in :mod:`s3sql.kernels.csv_index`. What 64 bytes do not tell
stops the count: a quote, a carriage return that begins a record, a byte that is not UTF-8.

A file is read here, piece by piece into the same place: its bytes are counted while they are in the core's
cache and never reach memory, and two threads that count need not take turns to run Python in between.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BOOL, BYTES_OUT, INT64, INT64S_OUT, UINT8, UINT64, called, kernel
from s3sql.kernels.simd import at, byte_mask, count_ordinary, high_bit_mask, low_bits, popcount, put
from s3sql.kernels.system import read_file
from s3sql.kernels.utf8 import first_invalid_utf8

#: Records are to be indexed, to see what is in them, or read, to see what keeps them from being read.
_UNUSUAL = -1

#: A byte that few texts have, in the place of the quote where there is none.
_RARE = UINT8(0)

#: Bytes that are looked at closely where there is more to see than delimiters. A multiple of 64.
_SEEN = 1024


@kernel(INT64(INT64, INT64, BYTES_OUT, INT64, INT64, UINT8, UINT8, BOOL, UINT8, BOOL, BOOL, INT64S_OUT))
def count_records(
    file: Any,
    place: Any,
    buffer: Any,
    length: Any,
    piece: Any,
    record: Any,
    quote: Any,
    quoting: Any,
    comment: Any,
    commenting: Any,
    bare_return: Any,
    records: Any,
) -> Any:
    r"""How far the *length* bytes of a text could be counted; ``records[0]`` is how many records that are.

    All of it, or up to a record start, behind which something unusual is. The text is in ``buffer[:length]``,
    or it is what the open *file*, a descriptor, has from *place* on; then the buffer is written, and has room
    for two pieces. A *piece* is how much is read and counted at a time; one in which no record ends is
    unusual, so a record that is counted has less than two of them.
    ``record``: the record delimiter, with which the last record need not end; ``bare_return``: ``\r\n`` is
    one too.
    """
    put(records, 0, INT64(0))
    counted = INT64(0)
    # Bytes of the record that the last piece ends in: they stand before the next piece.
    held = INT64(0)
    while counted < length:
        size = min(piece, length - counted)
        start = counted - held
        if file >= 0:
            start = piece - held
            if read_file(file, buffer, piece, size, place + counted) < size:
                return counted - held
        counted += size
        end = start + held + size
        stop = end
        if counted < length:
            while stop > start and at(buffer, stop - 1) != record:
                stop -= 1
            if stop == start:
                return counted - size - held
        found = _count(buffer, start, stop, record, quote, quoting, comment, commenting, bare_return)
        if found < 0:
            return counted - size - held
        put(records, 0, at(records, 0) + found)
        held = end - stop
        if file >= 0:
            for index in range(held):
                put(buffer, piece - held + index, at(buffer, stop + index))
    return length


@called
def _count(
    buffer: Any,
    start: Any,
    end: Any,
    record: Any,
    quote: Any,
    quoting: Any,
    comment: Any,
    commenting: Any,
    bare_return: Any,
) -> Any:
    """The number of records in ``buffer[start:end]``, the last one with or without a delimiter."""
    none = UINT64(0)
    # Whether a record starts with the first byte of a block.
    begins = UINT64(1)
    count = INT64(0)
    offset = start
    if_quoting = none - UINT64(quoting)
    if_commenting = none - UINT64(commenting)
    if_returning = none - UINT64(bare_return)
    apart = quote if quoting else _RARE
    # A record that begins with less may be none, or not end where it seems to.
    least = record
    if bare_return:
        least = max(least, UINT8(13))
    if commenting:
        least = max(least, comment)
    least = UINT8(least + UINT8(1))
    high = none
    odd = none
    # Where the first bytes were that may not be UTF-8.
    ordinary = end
    while offset < end:
        if begins == none or at(buffer, offset) >= least:
            known = offset
            while end - offset >= 256:
                found = count_ordinary(buffer, offset, record, apart, least)
                if found < 0:
                    break
                count += found
                offset += 256
            if offset > known:
                begins = UINT64(at(buffer, offset - 1) == record)
        ordinary = min(ordinary, offset)
        stop = min(end, offset + _SEEN)
        while offset < stop:
            inside = low_bits(stop - offset)
            ends = byte_mask(buffer, offset, record) & inside
            starts = (ends << UINT64(1) | begins) & inside
            begins = ends >> UINT64(63)
            odd |= byte_mask(buffer, offset, quote) & if_quoting & inside
            odd |= byte_mask(buffer, offset, UINT8(13)) & if_returning & starts
            high |= high_bit_mask(buffer, offset) & inside
            # A blank record ends where it starts.
            blank = ends | byte_mask(buffer, offset, comment) & if_commenting
            count += popcount(ends) - popcount(starts & blank)
            offset += 64
        offset = stop
    if odd != none:
        return INT64(_UNUSUAL)
    if high != none and first_invalid_utf8(buffer, ordinary, end) >= 0:
        return INT64(_UNUSUAL)
    if end > start and at(buffer, end - 1) != record:
        count += 1
    return count
