"""CAST(text AS INT).

In: a padded byte buffer and, for each row, where its text starts and ends (exclusive). Rows without text
(NULL) are the caller's: no start is negative here.  Out: an INT and a status for each row, in arrays the
caller brought.

The grammar is that of PartiQL v0.1, blanks (space, tab, CR, LF) around it ignored::

    [+-]? (digits | 0x hexdigits | 0b bits)          x and b in either case

Up to 16 plain digits take a path with few branches; the rest is read a character at a time.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    INT32S,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT8S_OUT,
    UINT64,
    called,
    kernel,
)
from s3sql.kernels.digits import (
    LARGEST,
    MALFORMED,
    OK,
    OVERFLOW,
    are_digits,
    eight_digits,
    pad_left,
    without_blanks,
)
from s3sql.kernels.simd import at, load64, put


@kernel(INT64(BYTES, INT32S, INT32S, INT64S_OUT, UINT8S_OUT))
def parse_ints(buffer: Any, starts: Any, ends: Any, out: Any, status: Any) -> Any:
    """CAST(text AS INT) of each row; *status* is OK, MALFORMED or OVERFLOW, and *out* 0 unless OK.

    Returns how many rows are not OK.
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        first = at(buffer, start)
        negative = first == 45
        digits = start + INT64(negative or first == 43)
        count = end - digits
        if 1 <= count <= 8:
            word = pad_left(load64(buffer, digits), count)
            if are_digits(word):
                value = INT64(eight_digits(word))
                put(out, row, -value if negative else value)
                put(status, row, OK)
                continue
        elif 9 <= count <= 16:
            upper = pad_left(load64(buffer, digits), count - 8)
            lower = load64(buffer, end - 8)
            if are_digits(upper) and are_digits(lower):
                value = INT64(eight_digits(upper) * UINT64(100_000_000) + eight_digits(lower))
                put(out, row, -value if negative else value)
                put(status, row, OK)
                continue
        value, code = _any_int(buffer, start, end)
        put(out, row, value)
        put(status, row, code)
        failed += INT64(code != OK)
    return failed


@called
def _any_int(buffer: Any, start: Any, end: Any) -> Any:
    """Every spelling: (value, status)."""
    start, end = without_blanks(buffer, start, end)
    negative = False
    if start < end and (at(buffer, start) == 45 or at(buffer, start) == 43):
        negative = at(buffer, start) == 45
        start += 1
    marker = UINT8(0)
    if end - start > 2 and at(buffer, start) == 48:
        marker = at(buffer, start + 1) | UINT8(32)
    if marker == 120:
        magnitude, code = _binary_digits(buffer, start + 2, end, 4)
    elif marker == 98:
        magnitude, code = _binary_digits(buffer, start + 2, end, 1)
    else:
        magnitude, code = _decimal_digits(buffer, start, end)
    # A negative number reaches one further.
    if code == OK and magnitude > UINT64(LARGEST) + UINT64(negative):
        code = OVERFLOW
    if code != OK:
        return INT64(0), code
    return INT64(UINT64(0) - magnitude if negative else magnitude), OK


@called
def _decimal_digits(buffer: Any, start: Any, end: Any) -> Any:
    """Digits alone: (magnitude, status)."""
    if start >= end:
        return UINT64(0), MALFORMED
    while start < end and at(buffer, start) == 48:
        start += 1
    magnitude = UINT64(0)
    # 19 digits always fit 64 bits; after that only the form matters.
    position = start
    if end - start <= 19:
        while position + 8 <= end and are_digits(load64(buffer, position)):
            magnitude = magnitude * UINT64(100_000_000) + eight_digits(load64(buffer, position))
            position += 8
    while position < end:
        digit = UINT64(at(buffer, position)) - UINT64(48)
        if digit > UINT64(9):
            return UINT64(0), MALFORMED
        magnitude = magnitude * UINT64(10) + digit
        position += 1
    return magnitude, OK if end - start <= 19 else OVERFLOW


@called
def _binary_digits(buffer: Any, start: Any, end: Any, width: Any) -> Any:
    """Digits of *width* bits: (magnitude, status)."""
    magnitude = UINT64(0)
    code = OK
    for position in range(start, end):
        byte = INT64(at(buffer, position))
        digit = byte - 48
        if digit > 9:
            letter = (byte | 32) - 97
            digit = letter + 10 if letter >= 0 else -1
        if digit < 0 or digit >> width != 0:
            return UINT64(0), MALFORMED
        if magnitude >> UINT64(64 - width) != UINT64(0):
            code = OVERFLOW
        magnitude = (magnitude << UINT64(width)) | UINT64(digit)
    return magnitude, code
