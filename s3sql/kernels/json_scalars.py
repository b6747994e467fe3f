"""Numbers and literals of JSON: where one ends, and of what kind it is.

In: the offset where one begins.  Out: its end and its kind. Grammar: RFC 8259, sections 3 and 6. A number
without point and exponent that fits 64 bits is INT, any other DECIMAL (AWS S3 User Guide, Data types).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from s3sql.kernels.compile import INT64, UINT8, UINT64, inlined
from s3sql.kernels.simd import at, load64, trailing_zeros
from s3sql.types import Kind

_NULL = int(Kind.NULL)
_BOOL = int(Kind.BOOL)
_INT = int(Kind.INT)
_DECIMAL = int(Kind.DECIMAL)

#: In place of a kind: the bytes end within the scalar; it is none.
CUT = -1
WRONG = -2

_ZEROS = 0x3030303030303030
_BELOW_TOP = 0x7676767676767676
_TOPS = 0x8080808080808080
_TRUE = int.from_bytes(b"true", "little")
_FALSE = int.from_bytes(b"false", "little")
_NULL_WORD = int.from_bytes(b"null", "little")

#: What may stand right behind a number or literal: white space, structure, the quote of a next root value.
_ENDS_SCALAR = np.array([byte in b' \t\n\r,:[]{}"' for byte in range(256)], np.bool_)


@inlined
def ends_scalar(byte: Any) -> Any:
    """Whether *byte* may stand right behind a number or literal."""
    return at(_ENDS_SCALAR, INT64(byte))


@inlined
def is_digit(byte: Any) -> Any:
    """Whether *byte* is one of 0 to 9."""
    return UINT8(byte - UINT8(48)) < UINT8(10)


@inlined
def digits_end(buffer: Any, offset: Any, end: Any) -> Any:
    """The end of the digits that begin at *offset*."""
    while offset < end:
        # 0 to 9 in the bytes that are digits; 0x76 more does not reach the top bit of those, and a carry out
        # of another byte spoils only the bytes behind it.
        word = load64(buffer, offset) ^ UINT64(_ZEROS)
        others = (word | (word + UINT64(_BELOW_TOP))) & UINT64(_TOPS)
        if others != UINT64(0):
            return min(offset + (trailing_zeros(others) >> 3), end)
        offset += 8
    return end


@inlined
def fits_64_bits(buffer: Any, first: Any, end: Any, negative: Any) -> Any:
    """Whether the digits ``buffer[first:end]``, without leading zeros, are a signed 64-bit number."""
    if end - first < 19:
        return True
    if end - first > 19:
        return False
    number = UINT64(0)
    for offset in range(first, end):
        number = number * UINT64(10) + UINT64(at(buffer, offset) - UINT8(48))
    return number <= UINT64(0x7FFF_FFFF_FFFF_FFFF) + UINT64(1 if negative else 0)


@inlined
def number_at(buffer: Any, start: Any, end: Any) -> Any:
    """The end of the number at *start* and its kind; (offset, WRONG or CUT) if it is none or is cut off."""
    offset = start
    negative = at(buffer, offset) == UINT8(45)
    if negative:
        offset += 1
    first = offset
    offset = digits_end(buffer, offset, end)
    if offset == first:
        return offset, CUT if offset == end else WRONG
    if offset - first > 1 and at(buffer, first) == UINT8(48):
        return first + 1, WRONG
    integer_end = offset
    kind = _INT
    if offset < end and at(buffer, offset) == UINT8(46):
        kind = _DECIMAL
        first_fraction = offset + 1
        offset = digits_end(buffer, first_fraction, end)
        if offset == first_fraction:
            return offset, CUT if offset == end else WRONG
    if offset < end and (at(buffer, offset) | UINT8(32)) == UINT8(101):
        kind = _DECIMAL
        offset += 1
        if offset < end and (at(buffer, offset) == UINT8(43) or at(buffer, offset) == UINT8(45)):
            offset += 1
        first_exponent = offset
        offset = digits_end(buffer, offset, end)
        if offset == first_exponent:
            return offset, CUT if offset == end else WRONG
    if offset < end and not ends_scalar(at(buffer, offset)):
        return offset, WRONG
    if kind == _INT and not fits_64_bits(buffer, first, integer_end, negative):
        kind = _DECIMAL
    return offset, kind


@inlined
def literal_at(buffer: Any, start: Any, end: Any) -> Any:
    """As :func:`number_at` for ``true``, ``false`` and ``null``."""
    word = load64(buffer, start)
    first = word & UINT64(255)
    if first == UINT64(116):
        wanted, length, kind = UINT64(_TRUE), INT64(4), _BOOL
    elif first == UINT64(102):
        wanted, length, kind = UINT64(_FALSE), INT64(5), _BOOL
    else:
        wanted, length, kind = UINT64(_NULL_WORD), INT64(4), _NULL
    same = trailing_zeros((word ^ wanted) | (UINT64(1) << UINT64(8 * length))) >> 3
    if start + same >= end:
        return end, kind if start + length == end else CUT
    if same < length or not ends_scalar(at(buffer, start + length)):
        return start + same, WRONG
    return start + length, kind
