"""Kernels over columns of UTF-8 text: length, letter case, substring, trim.

In: a padded buffer and the starts and ends of its slices.  Out: numbers, new offsets into the same buffer,
or new bytes in a padded buffer the caller brought.

A character is a Unicode code point; its first byte is any byte but 0x80 to 0xBF.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from s3sql.kernels.compile import (
    BOOL,
    BOOLS_OUT,
    BYTES,
    BYTES_OUT,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT64,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.simd import (
    at,
    copy32,
    high_bit_mask,
    less_than_mask,
    load64,
    low_bits,
    popcount,
    put,
    select_bit,
    store64,
    trailing_zeros,
)

Array: TypeAlias = NDArray[Any]

_EVERY_BYTE = 0x0101010101010101
_HIGH_BITS = 0x8080808080808080


@inlined
def lead_mask(buffer: Any, offset: Any, length: Any) -> Any:
    """Which of the bytes from *offset* on, at most *length* and 64, start a character."""
    continuation = high_bit_mask(buffer, offset) & less_than_mask(buffer, offset, UINT8(0xC0))
    return ~continuation & low_bits(length)


@inlined
def advance(buffer: Any, position: Any, end: Any, count: Any) -> Any:
    """The offset *count* characters behind *position*, which starts one; *end* if there are not so many."""
    while position < end:
        leads = lead_mask(buffer, position, end - position)
        found = popcount(leads)
        if found > count:
            return position + trailing_zeros(select_bit(leads, count))
        count -= found
        position += 64
    return end


@kernel(VOID(BYTES, INT32S, INT32S, INT64S_OUT))
def character_counts(buffer: Array, starts: Array, ends: Array, counts: Array) -> None:
    """The number of characters of each slice."""
    for row in range(starts.size):
        position = INT64(at(starts, row))
        end = INT64(at(ends, row))
        count = INT64(0)
        while position < end:
            count += popcount(lead_mask(buffer, position, end - position))
            position += 64
        put(counts, row, count)


@kernel(VOID(BYTES, INT32S, INT32S, INT64S, INT64S, INT32S_OUT, INT32S_OUT))
def substrings(
    buffer: Array,
    starts: Array,
    ends: Array,
    skipped: Array,
    lengths: Array,
    out_starts: Array,
    out_ends: Array,
) -> None:
    """Of each slice the part behind its first ``skipped[row]`` characters, ``lengths[row]`` characters long.

    Neither number is negative; what goes beyond the slice is cut off.
    """
    for row in range(starts.size):
        end = INT64(at(ends, row))
        first = advance(buffer, INT64(at(starts, row)), end, at(skipped, row))
        put(out_starts, row, first)
        put(out_ends, row, advance(buffer, first, end, at(lengths, row)))


@inlined
def width_of(lead: Any) -> Any:
    """The number of bytes of the character that starts with the byte *lead*."""
    if lead < 0xC0:
        return INT64(1)
    if lead < 0xE0:
        return INT64(2)
    if lead < 0xF0:
        return INT64(3)
    return INT64(4)


@inlined
def _contains(characters: Any, position: Any, end: Any, buffer: Any, offset: Any, width: Any) -> Any:
    """Whether the *width* bytes at *offset* of *buffer* are one of ``characters[position:end]``.

    Characters of another width differ in their first byte.
    """
    wanted = load64(buffer, offset)
    while position < end:
        if not (load64(characters, position) ^ wanted) & low_bits(8 * width):
            return True
        position += width_of(at(characters, position))
    return False


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BOOL, BOOL, INT32S_OUT, INT32S_OUT))
def trimmed(
    buffer: Array,
    starts: Array,
    ends: Array,
    sets: Array,
    set_starts: Array,
    set_ends: Array,
    leading: bool,
    trailing: bool,
    out_starts: Array,
    out_ends: Array,
) -> None:
    """Each slice without the characters of its set at the chosen sides.

    ``sets[set_starts[row]:set_ends[row]]`` are the characters to take off.
    """
    for row in range(starts.size):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        set_start = INT64(at(set_starts, row))
        set_end = INT64(at(set_ends, row))
        while leading and start < end:
            width = width_of(at(buffer, start))
            if not _contains(sets, set_start, set_end, buffer, start, width):
                break
            start += width
        while trailing and start < end:
            last = end - 1
            while last > start and at(buffer, last) & 0xC0 == 0x80:
                last -= 1
            if not _contains(sets, set_start, set_end, buffer, last, end - last):
                break
            end = last
        put(out_starts, row, start)
        put(out_ends, row, end)


@inlined
def _flip_case(word: Any, first: Any) -> Any:
    """The eight ASCII bytes of *word* with the case of the 26 letters from *first* on changed."""
    every_byte = UINT64(_EVERY_BYTE)
    # 128 - first and 128 - first - 26 added to an ASCII byte reach the top bit from the first letter on
    # and from the one behind the last on.
    from_first = word + every_byte * UINT64(128 - first)
    behind_last = word + every_byte * UINT64(102 - first)
    letters = from_first & ~behind_last & UINT64(_HIGH_BITS)
    return word ^ (letters >> UINT64(2))


@kernel(INT64(BYTES, INT32S, INT32S, UINT8, BYTES_OUT, INT32S_OUT, INT32S_OUT, BOOLS_OUT))
def flip_ascii_case(
    buffer: Array,
    starts: Array,
    ends: Array,
    first_letter: int,
    out: Array,
    out_starts: Array,
    out_ends: Array,
    not_ascii: Array,
) -> int:
    """Copy the ASCII slices one behind the other, changing the case of 26 letters from *first_letter* on.

    Slices with a byte above 127 are marked in *not_ascii*, and their offsets are 0.  Returns the number of
    bytes written; *out* is a padded buffer.
    """
    written = INT64(0)
    for row in range(starts.size):
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        position = INT64(0)
        seen = UINT64(0)
        while position < length:
            word = load64(buffer, start + position)
            if length - position < 8:
                word &= low_bits(8 * (length - position))
            seen |= word
            store64(out, written + position, _flip_case(word, first_letter))
            position += 8
        ascii_only = not seen & UINT64(_HIGH_BITS)
        put(not_ascii, row, not ascii_only)
        if ascii_only:
            put(out_starts, row, written)
            put(out_ends, row, written + length)
            written += length
        else:
            put(out_starts, row, 0)
            put(out_ends, row, 0)
    return written


@kernel(INT64(BYTES, INT32S, INT32S, UINT8, BYTES_OUT))
def join(buffer: Array, starts: Array, ends: Array, separator: int, out: Array) -> int:
    """Copy the slices one behind the other with the byte *separator* behind each; the bytes written."""
    written = INT64(0)
    for row in range(starts.size):
        start = INT64(at(starts, row))
        length = INT64(at(ends, row)) - start
        position = INT64(0)
        while position < length:
            copy32(out, written + position, buffer, start + position)
            position += 32
        written += length
        put(out, written, separator)
        written += 1
    return written
