"""CSV: how many records a block without quotes has, in one pass.

In: a padded buffer that starts at a record start, and a dialect of single bytes.  Out: a number.

Blank records and comments are not counted, as in :mod:`s3sql.kernels.csv_index`. What 64 bytes do not tell
stops the count: a quote, a carriage return that begins a record, a byte that is not UTF-8.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BOOL, BYTES, INT64, INT64S_OUT, UINT8, UINT64, kernel
from s3sql.kernels.simd import at, byte_mask, high_bit_mask, low_bits, popcount
from s3sql.kernels.utf8 import first_invalid_utf8

#: The block is to be indexed, to see what is in it.
UNUSUAL = -1


@kernel(INT64(BYTES, INT64, BOOL, UINT8, UINT8, BOOL, UINT8, BOOL, BOOL, INT64S_OUT))
def count_records(
    buffer: Any,
    end: Any,
    final: Any,
    record: Any,
    quote: Any,
    quoting: Any,
    comment: Any,
    commenting: Any,
    bare_return: Any,
    behind: Any,
) -> Any:
    r"""The number of records in ``buffer[:end]``, or ``UNUSUAL``; ``behind[0]`` is the end of the last one.

    ``final``: a record ends with the block, delimiter or not. ``record``: the record delimiter;
    ``bare_return``: ``\r\n`` is one too.
    """
    none = UINT64(0)
    one = UINT64(1)
    if not final:
        while end > 0 and at(buffer, end - 1) != record:
            end -= 1
        if end == 0:
            return UNUSUAL
    behind[0] = end
    if_quoting = none - UINT64(quoting)
    if_commenting = none - UINT64(commenting)
    if_returning = none - UINT64(bare_return)
    ends = one << UINT64(63)
    high = none
    count = INT64(0)
    offset = INT64(0)
    while offset < end:
        before = ends >> UINT64(63)
        ends = byte_mask(buffer, offset, record)
        odd = byte_mask(buffer, offset, quote) & if_quoting
        comments = byte_mask(buffer, offset, comment) & if_commenting
        returns = byte_mask(buffer, offset, UINT8(13)) & if_returning
        found = high_bit_mask(buffer, offset)
        if end - offset < 64:
            valid = low_bits(end - offset)
            ends &= valid
            odd &= valid
            comments &= valid
            returns &= valid
            found &= valid
        starts = (ends << one) | before
        high |= found
        if odd | (returns & starts) != none:
            return UNUSUAL
        # A blank record ends where it starts.
        count += popcount(ends) - popcount(starts & (ends | comments))
        offset += 64
    if final and end > 0 and at(buffer, end - 1) != record:
        count += 1
    if high != none and first_invalid_utf8(buffer, 0, end) >= 0:
        return UNUSUAL
    return count
