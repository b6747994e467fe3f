"""Is it UTF-8, and if not, where does it fail?

In: a padded byte buffer and a range of it.  Out: an offset, or -1.

The rule is RFC 3629, table 3-7 of the Unicode standard: no overlong form, no surrogate, nothing above
U+10FFFF. ASCII is skipped 64 bytes at a time. Elsewhere 64 bytes are judged at once by masks: the first byte
of a character says where continuation bytes must stand, and they must stand there and nowhere else.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, INT64, UINT64, called, inlined, kernel
from s3sql.kernels.simd import at, byte_mask, high_bit_mask, less_than_mask, low_bits


@kernel(INT64(BYTES, INT64, INT64))
def first_invalid_utf8(buffer: Any, start: Any, end: Any) -> Any:
    """The offset where the first ill-formed sequence in ``buffer[start:end]`` begins; -1 if there is none.

    A sequence that *end* cuts short is ill-formed. The offset is the ``start`` of Python's
    ``UnicodeDecodeError``, plus *start*.
    """
    due = nothing_due()
    for offset in range(start, end, 64):
        inside = low_bits(end - offset)
        high = high_bit_mask(buffer, offset) & inside
        if high | due[0] == UINT64(0):
            continue
        wrong, due = judge_characters(buffer, offset, high, inside, due)
        if wrong != UINT64(0):
            return _first_invalid(buffer, _boundary(buffer, start, offset), end)
    if due[0] != UINT64(0):
        return _first_invalid(buffer, _boundary(buffer, start, end), end)
    return -1


@inlined
def nothing_due() -> Any:
    """What the bytes before a text demand of its first ones."""
    return UINT64(0), UINT64(0), UINT64(0), UINT64(0), UINT64(0)


@inlined
def judge_characters(buffer: Any, offset: Any, high: Any, inside: Any, due: Any) -> Any:
    """(what is wrong with the 64 bytes from *offset* on, what they demand of those behind them).

    ``high``: which of them are not ASCII, ``inside``: which of them count. ``due`` is what the 64 before
    demand: continuations (one bit each), and the four limits on the byte after E0, ED, F0 and F4.
    """
    continuations, above_9f, below_a0_due, above_8f, below_90_due = due
    below_e0 = less_than_mask(buffer, offset, 0xE0)
    first = high & ~less_than_mask(buffer, offset, 0xC0)
    first_of_three = first & ~below_e0
    wrong = first & less_than_mask(buffer, offset, 0xC2)
    expected = continuations | first << UINT64(1)
    following = first >> UINT64(63)
    if first_of_three | above_9f | below_a0_due | above_8f | below_90_due != UINT64(0):
        first_of_four = first & ~less_than_mask(buffer, offset, 0xF0)
        wrong |= first & ~less_than_mask(buffer, offset, 0xF5)
        expected |= first_of_three << UINT64(2) | first_of_four << UINT64(3)
        following |= first_of_three >> UINT64(62) | first_of_four >> UINT64(61)
        below_a0 = less_than_mask(buffer, offset, 0xA0)
        below_90 = less_than_mask(buffer, offset, 0x90)
        e0 = byte_mask(buffer, offset, 0xE0) & inside
        ed = byte_mask(buffer, offset, 0xED) & inside
        f0 = byte_mask(buffer, offset, 0xF0) & inside
        f4 = byte_mask(buffer, offset, 0xF4) & inside
        wrong |= (e0 << UINT64(1) | above_9f) & below_a0
        wrong |= (ed << UINT64(1) | below_a0_due) & ~below_a0
        wrong |= (f0 << UINT64(1) | above_8f) & below_90
        wrong |= (f4 << UINT64(1) | below_90_due) & ~below_90
        above_9f = e0 >> UINT64(63)
        below_a0_due = ed >> UINT64(63)
        above_8f = f0 >> UINT64(63)
        below_90_due = f4 >> UINT64(63)
    # Continuations are the high bytes that begin nothing.
    wrong |= expected ^ (high & ~first)
    return wrong, (following, above_9f, below_a0_due, above_8f, below_90_due)


@called
def _boundary(buffer: Any, start: Any, offset: Any) -> Any:
    """Where the character that *offset* may lie in begins, if all before *offset* is well-formed."""
    for distance in range(1, 4):
        if offset - distance < start or at(buffer, offset - distance) < 0x80:
            return offset
        if at(buffer, offset - distance) >= 0xC0:
            return offset - distance
    return offset


@called
def _first_invalid(buffer: Any, offset: Any, end: Any) -> Any:
    """The same from a character's beginning on, one character at a time."""
    while offset < end:
        first = at(buffer, offset)
        if first < 0x80:
            offset += 1
            continue
        if first < 0xC2 or first > 0xF4:
            return offset
        length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        if offset + length > end:
            return offset
        lowest = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
        highest = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
        second = at(buffer, offset + 1)
        if second < lowest or second > highest:
            return offset
        for position in range(offset + 2, offset + length):
            if at(buffer, position) & 0xC0 != 0x80:
                return offset
        offset += length
    return -1
