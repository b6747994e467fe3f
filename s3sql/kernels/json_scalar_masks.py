"""Where the scalars of JSON text end, by masks that are made of all of the text before.

In: padded text.  Out: two masks of it, and the end of the string, number or literal at an offset.

To find the end of a scalar in a mask takes a third of the time that comparing the text there takes, and each
scalar has to wait for the end of the one before it.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT64,
    UINT8,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.json_records import escape_length
from s3sql.kernels.json_scalars import is_digit, literal_at, number_at
from s3sql.kernels.simd import (
    at,
    byte_mask,
    high_bit_mask,
    less_than_mask,
    load64,
    low_bits,
    store64,
    trailing_zeros,
)
from s3sql.kernels.utf8 import judge_characters, nothing_due
from s3sql.types import Kind

#: A string's tag, in place of its kind, has this bit if it has escapes.
ESCAPED_TAG = 0x80

#: Bytes of a mask behind those of the text's own; what they hold does not matter.
MASK_SLACK = 32

_INT = int(Kind.INT)
_DECIMAL = int(Kind.DECIMAL)
_STRING = int(Kind.STRING)


@inlined
def mask_piece(buffer: Any, start: Any, end: Any, stops: Any, digits: Any, numerals: Any, due: Any) -> Any:
    """As :func:`mask_scalars`, of a piece of the text.

    Returns what is wrong with its bytes as UTF-8, and what they demand of those behind; *due* is what the
    piece before demands.
    """
    wrong = UINT64(0)
    for offset in range(start & -64, end, 64):
        found = byte_mask(buffer, offset, 34) | byte_mask(buffer, offset, 92)
        store64(stops, offset >> 3, found | less_than_mask(buffer, offset, 32))
        found = less_than_mask(buffer, offset, 58)
        store64(digits, offset >> 3, found & ~less_than_mask(buffer, offset, 48))
        store64(numerals, offset >> 3, found & ~less_than_mask(buffer, offset, 45))
        high = high_bit_mask(buffer, offset)
        if high | due[0] != UINT64(0):
            inside = low_bits(end - offset) & ~low_bits(start - offset)
            bad, due = judge_characters(buffer, offset, high & inside, inside, due)
            wrong |= bad
    return wrong, due


@kernel(BOOL(BYTES, INT64, INT64, BYTES_OUT, BYTES_OUT, BYTES_OUT))
def mask_scalars(buffer: Any, start: Any, end: Any, stops: Any, digits: Any, numerals: Any) -> bool:
    """Make the masks of bytes *start* to *end*, a bit for each byte of the buffer.

    ``stops``: what can end a string or does not belong there. ``digits``: 0 to 9. ``numerals``: these, the
    point and the minus sign, and the slash that is between. Returns whether all of the bytes are UTF-8.
    """
    wrong, due = mask_piece(buffer, start, end, stops, digits, numerals, nothing_due())
    return wrong | due[0] == UINT64(0)


@called
def escaped_string_end(buffer: Any, offset: Any, end: Any) -> Any:
    """The closing quote of a string that has a backslash at *offset*; -1 if something is wrong with it."""
    while offset < end:
        byte = at(buffer, offset)
        if byte == UINT8(92):
            length = escape_length(buffer, offset, end)
            if length < 0:
                return INT64(-1)
            offset += length
            continue
        if byte == UINT8(34):
            return offset
        if byte < UINT8(32):
            return INT64(-1)
        stops = byte_mask(buffer, offset, 34) | byte_mask(buffer, offset, 92)
        offset += trailing_zeros(stops | less_than_mask(buffer, offset, 32))
    return INT64(-1)


@called
def rare_number(buffer: Any, start: Any, end: Any) -> Any:
    """As :func:`s3sql.kernels.json_scalars.number_at`, which is inlined otherwise."""
    return number_at(buffer, start, end)


@inlined
def bits_from(mask: Any, offset: Any) -> Any:
    """Bit *offset* of *mask* and at least 56 more, the lowest first; zeros behind the last of them."""
    return load64(mask, offset >> 3) >> UINT64(offset & 7)


@inlined
def string_stop(stops: Any, offset: Any, end: Any) -> Any:
    """The first byte from *offset* on that can end a string, right or wrong; not before *end* without one."""
    found = bits_from(stops, offset)
    if found == UINT64(0):
        offset = (offset | 7) + 1
        while offset < end:
            found = load64(stops, offset >> 3)
            if found != UINT64(0):
                break
            offset += 64
    return offset + trailing_zeros(found)


@inlined
def scalar_end(buffer: Any, digits: Any, numerals: Any, start: Any, end: Any) -> Any:
    """Where the number or literal at *start* ends, and its kind, negative if there is none.

    What stands behind a number is not judged, unless the number is rare.
    """
    first = at(buffer, start)
    if first == UINT8(45) or is_digit(first):
        # The next scalar waits for where this one ends, but not for whether it is sound.
        size = trailing_zeros(~bits_from(numerals, start))
        sign = INT64(first == UINT8(45))
        run = bits_from(digits, start) >> UINT64(sign)
        length = trailing_zeros(~run)
        # Not branches: whether a number has one digit is no more to be foretold than which.
        rare = INT64(length > 1) & INT64(at(buffer, start + sign) == UINT8(48))
        rare |= INT64(UINT64(length - 1) > UINT64(17))
        if sign + length == size:
            if rare == 0:
                return start + size, INT64(_INT)
        else:
            fraction = trailing_zeros(~(run >> UINT64((length + 1) & 63)))
            rare |= INT64(UINT64(fraction - 1) > UINT64(30)) | (sign + length + 1 + fraction - size)
            if rare == 0 and at(buffer, start + sign + length) == UINT8(46):
                return start + size, INT64(_DECIMAL)
        return rare_number(buffer, start, end)
    if first == UINT8(116) or first == UINT8(102) or first == UINT8(110):
        return literal_at(buffer, start, end)
    return start, INT64(-1)


@called
def rare_end(buffer: Any, start: Any, offset: Any, end: Any, kind: Any) -> Any:
    """Where the scalar at *start* ends, of *kind* and up to *offset* as others, and its tag.

    A negative tag if it has no more than that. A string has more if there is an escape, a number if there is
    an exponent.
    """
    if kind == _STRING and at(buffer, offset) == UINT8(92):
        offset = escaped_string_end(buffer, offset, end)
        return offset, INT64(_STRING | ESCAPED_TAG if offset >= 0 else -1)
    if (kind == _INT or kind == _DECIMAL) and (at(buffer, offset) | UINT8(32)) == UINT8(101):
        return number_at(buffer, start, end)
    return offset, INT64(-1)
