"""Where a block may be cut: record ends, found without reading records.

In: a padded buffer.  Out: offsets behind a record delimiter.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, INT64, UINT8, UINT64, kernel
from s3sql.kernels.simd import at, byte_mask, leading_zeros, low_bits, prefix_xor


@kernel(INT64(BYTES, INT64, BYTES))
def last_end(buffer: Any, end: Any, delimiter: Any) -> int:
    """The end of the last *delimiter* within ``buffer[:end]``; 0 if there is none."""
    size = len(delimiter)
    final = at(delimiter, size - 1)
    position = end
    while position >= size:
        if at(buffer, position - 1) == final:
            same = True
            for index in range(size - 1):
                same = same and at(buffer, position - size + index) == at(delimiter, index)
            if same:
                return position
        position -= 1
    return 0


@kernel(INT64(BYTES, INT64, INT64, BYTES))
def first_end(buffer: Any, earliest: Any, end: Any, delimiter: Any) -> int:
    """The end, not before *earliest*, of the first *delimiter* in ``buffer[:end]``, or -1."""
    size = len(delimiter)
    position = max(0, earliest - size)
    while position + size <= end:
        same = True
        for index in range(size):
            same = same and at(buffer, position + index) == at(delimiter, index)
        if same:
            return position + size
        position += 1
    return -1


@kernel(INT64(BYTES, INT64, INT64, BYTES))
def first_counted_end(buffer: Any, earliest: Any, end: Any, delimiter: Any) -> int:
    """As :func:`first_end` for a delimiter that overlaps with the next, counted from the beginning."""
    size = len(delimiter)
    position = 0
    while position + size <= end:
        same = True
        for index in range(size):
            same = same and at(buffer, position + index) == at(delimiter, index)
        if not same:
            position += 1
            continue
        position += size
        if position >= earliest:
            return position
    return -1


@kernel(INT64(BYTES, INT64, UINT8, UINT8, UINT8, UINT8))
def last_end_outside_quotes(buffer: Any, end: Any, first: Any, last: Any, pair: Any, quote: Any) -> int:
    """The end of the last record delimiter of ``buffer[:end]`` that stands outside quotes, by parity.

    ``pair`` (0 or 1): the delimiter is the two bytes *first* *last*, else *last*. Returns 0 if there is
    none. Parity counts every quote, so the cut is right if what lies before it is regular CSV.
    """
    none = UINT64(0)
    inside_before = none
    carry = none
    best = 0
    offset = 0
    while offset < end:
        valid = low_bits(end - offset)
        inside = prefix_xor(byte_mask(buffer, offset, quote) & valid) ^ inside_before
        inside_before = none - (inside >> UINT64(63))
        ends = byte_mask(buffer, offset, last) & valid & ~inside
        if pair != UINT8(0):
            firsts = byte_mask(buffer, offset, first) & valid
            ends &= (firsts << UINT64(1)) | carry
            carry = firsts >> UINT64(63)
        if ends != none:
            best = offset + 64 - leading_zeros(ends)
        offset += 64
    return best
