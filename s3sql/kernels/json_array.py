"""Where JSON text may be cut between the elements of its root lists, and between its root values.

In: a buffer that begins between two root values.  Out: offsets behind a comma of a root list, or between two
root values. Nothing is judged: up to the first error of the text every offset is right, because depth and
strings depend only on the bytes before.

    [{"a": [1, 2]}, {"b": 3}] "x" 12 [
                   ^         ^   ^   ^      cuts
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, INT64, UINT8, UINT64, inlined, kernel
from s3sql.kernels.json_index import escaped_bytes
from s3sql.kernels.simd import at, byte_mask, less_than_mask, low_bits, popcount, prefix_xor, trailing_zeros

_COMMA = 44


@inlined
def _significant_behind(buffer: Any, offset: Any, end: Any) -> Any:
    """The first byte from *offset* on that is no white space, 0 if there is none."""
    while offset < end:
        byte = at(buffer, offset)
        if byte > UINT8(32):
            return byte
        offset += 1
    return UINT8(0)


@inlined
def _significant_before(buffer: Any, offset: Any) -> Any:
    """The last byte before *offset* that is no white space, 0 if there is none."""
    while offset > 0:
        offset -= 1
        byte = at(buffer, offset)
        if byte > UINT8(32):
            return byte
    return UINT8(0)


@kernel(INT64(BYTES, INT64, INT64))
def element_cut(buffer: Any, end: Any, earliest: Any) -> Any:
    """The first place at or behind *earliest* between two root values; without one, the last cut.

    That is the last place in ``buffer[:end]`` behind a comma of a root list, behind a list or struct at the
    root or behind white space there; 0 if there is none. Only a place in a list has a comma before it.
    A comma without an element before it is none to cut at.
    """
    one = UINT64(1)
    none = UINT64(0)
    escape_carry = none
    in_string = none
    depth = INT64(0)
    in_list = False
    best = INT64(0)
    for offset in range(0, end, 64):
        valid = low_bits(end - offset)
        quotes = byte_mask(buffer, offset, 34) & valid
        backslashes = byte_mask(buffer, offset, 92) & valid
        if (backslashes | escape_carry) != none:
            escaped, escape_carry = escaped_bytes(backslashes, escape_carry)
            quotes &= ~escaped
        strings = prefix_xor(quotes) ^ in_string
        in_string = none - (strings >> UINT64(63))
        outside = valid & ~strings
        openers = (byte_mask(buffer, offset, 123) | byte_mask(buffer, offset, 91)) & outside
        closers = (byte_mask(buffer, offset, 125) | byte_mask(buffer, offset, 93)) & outside
        closing = popcount(closers)
        if depth - closing > 1:
            depth += popcount(openers) - closing
            continue
        places = openers | closers | (byte_mask(buffer, offset, _COMMA) & outside)
        if depth <= closing:
            places |= less_than_mask(buffer, offset, 33) & outside
        while places != none:
            place = offset + trailing_zeros(places)
            bit = places & (none - places)
            places &= places - one
            if (bit & openers) != none:
                if depth == 0:
                    in_list = at(buffer, place) == UINT8(91)
                depth += 1
                continue
            if (bit & closers) != none:
                depth = max(depth - 1, 0)
            elif at(buffer, place) == UINT8(_COMMA):
                if depth == 1 and in_list and _significant_before(buffer, place) != UINT8(91):
                    best = place + 1
                continue
            if depth == 0:
                best = place + 1
                if best >= earliest:
                    return best
    return best


@kernel(INT64(BYTES, INT64, INT64, INT64))
def root_line_end(buffer: Any, begin: Any, end: Any, tries: Any) -> Any:
    """The last place in ``buffer[begin:end]`` behind a line end with a value before and one behind it.

    In a list or struct a comma, colon or bracket stands between two values, and no string has a line end, so
    in text without errors this is a place between two root values. Only the last *tries* line ends are
    looked at; 0 if it is none of them.
    """
    place = end
    while place > begin and tries > 0:
        place -= 1
        if at(buffer, place) != UINT8(10):
            continue
        tries -= 1
        behind = _significant_behind(buffer, place + 1, end)
        if (
            behind == UINT8(0)
            or behind == UINT8(_COMMA)
            or behind == UINT8(58)
            or behind == UINT8(93)
            or behind == UINT8(125)
        ):
            continue
        before = _significant_before(buffer, place)
        if (
            before == UINT8(0)
            or before == UINT8(_COMMA)
            or before == UINT8(58)
            or before == UINT8(91)
            or before == UINT8(123)
        ):
            continue
        return place + 1
    return 0
