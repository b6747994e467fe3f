"""Timestamps to text by a format pattern.

In: the fields of :class:`s3sql.payloads.Timestamps`, and a program that a pattern has been compiled to.  Out:
the texts one after another without anything between them, where each starts and ends (exclusive), and the
number of bytes written.

A program is a flat array of tokens of ``TOKEN`` numbers, the first of which says what is written::

    VERBATIM   start, length     bytes of *texts*
    NAME       field, table      entry number *field* of a table in *texts*: 15 bytes of text, then its length
    DIGITS     field, width      the number with zeros before it up to *width* (1 to 4) digits
    FRACTION   -, width          the first *width* (1 to 9) digits of the fraction of a second
    NANOSECOND                   the nanosecond of the second without leading zeros
    OFFSET     form              the offset from UTC; *form* is a sum of COLON, SHORT and ZULU

*texts* has 64 readable bytes behind whatever a token names. What a timestamp's precision leaves out is
written as 01 (month, day) or 0, and an unknown offset as that of UTC.

Source: AWS S3 User Guide, TO_STRING; java.time's DateTimeFormatter for what the tokens look like.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.calendar import civil_from_days
from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    INT16S,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    UINT64,
    inlined,
    kernel,
)
from s3sql.kernels.digits import ZEROS, shift_down
from s3sql.kernels.format_numbers import eight_characters
from s3sql.kernels.parse_timestamps import UNKNOWN_OFFSET
from s3sql.kernels.simd import at, load64, put, store64, trailing_zeros

#: Numbers of a token.
TOKEN = 3
#: What a token writes.
VERBATIM, NAME, DIGITS, FRACTION, NANOSECOND, OFFSET = range(6)
#: The fields. A half of a day is 0 (AM) or 1 (PM), and its hours are 1 to 12.
YEAR, YEAR_OF_CENTURY, MONTH, DAY, HALF, HOUR_OF_HALF, HOUR, MINUTE, SECOND = range(9)
#: The form of an offset: ``:`` before the minutes; minutes only unless zero; ``Z`` for zero.
COLON, SHORT, ZULU = 1, 2, 4

#: The longest name, number, fraction and offset, in bytes.
LONGEST = 9
#: Bytes of an entry of a table of names.
ENTRY = 16

_FOUR_ZEROS = ZEROS & 0xFFFFFFFF


@kernel(INT64(INT64S, INT32S, INT16S, INT64S, BYTES, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def format_times(
    seconds: Any, nanoseconds: Any, offset: Any, program: Any, texts: Any, out: Any, starts: Any, ends: Any
) -> Any:
    """Write each timestamp by *program*; returns the number of bytes written.

    *out* needs ``LONGEST`` bytes for each token and row, or the length of a VERBATIM one, and padding.
    """
    position = 0
    for row in range(len(seconds)):
        put(starts, row, position)
        minutes = INT64(at(offset, row))
        minutes = INT64(0) if minutes == UNKNOWN_OFFSET else minutes
        position = _write(
            out,
            position,
            at(seconds, row) + minutes * 60,
            INT64(at(nanoseconds, row)),
            minutes,
            program,
            texts,
        )
        put(ends, row, position)
    return position


@inlined
def _write(
    out: Any, position: Any, local: Any, nanosecond: Any, minutes: Any, program: Any, texts: Any
) -> Any:
    """Write one timestamp of *local* seconds and *minutes* of offset; returns the position behind it."""
    days = local // 86_400
    time = local - days * 86_400
    year, month, day = civil_from_days(days)
    minute = time // 60
    hour = minute // 60
    for token in range(0, len(program), TOKEN):
        kind = at(program, token)
        field = at(program, token + 1)
        width = at(program, token + 2)
        if kind == VERBATIM:
            for place in range(0, width, 8):
                store64(out, position + place, load64(texts, field + place))
            position += width
        elif kind == DIGITS or kind == NAME:
            if field == YEAR:
                value = year
            elif field == MONTH:
                value = month
            elif field == DAY:
                value = day
            elif field == HOUR:
                value = hour
            elif field == MINUTE:
                value = minute - hour * 60
            elif field == SECOND:
                value = time - minute * 60
            elif field == HOUR_OF_HALF:
                value = (hour + 11) % 12 + 1
            elif field == HALF:
                value = INT64(hour >= 12)
            else:
                value = year % 100
            if kind == DIGITS:
                position = _write_digits(out, position, UINT64(value), width)
            else:
                entry = width + value * ENTRY
                store64(out, position, load64(texts, entry))
                store64(out, position + 8, load64(texts, entry + 8))
                position += INT64(at(texts, entry + ENTRY - 1))
        elif kind == OFFSET:
            position = _write_offset(out, position, minutes, field)
        else:
            tenths = UINT64(nanosecond) // UINT64(10)
            characters = eight_characters(tenths)
            zeros = trailing_zeros(characters) >> 3 if kind == NANOSECOND else INT64(0)
            store64(out, position, shift_down(characters | UINT64(ZEROS), zeros))
            put(out, position + 8 - zeros, nanosecond - INT64(tenths) * 10 + 48)
            position += 9 - zeros if kind == NANOSECOND else width
    return position


@inlined
def _write_digits(out: Any, position: Any, value: Any, width: Any) -> Any:
    """Write a number below 10000 with *width* digits at least."""
    # x * 10486 >> 20 is x // 100 and x * 103 >> 10 is x // 10 for numbers this small.
    hundreds = (value * UINT64(10486)) >> UINT64(20)
    pairs = hundreds | (value - hundreds * UINT64(100)) << UINT64(16)
    tens = ((pairs * UINT64(103)) >> UINT64(10)) & UINT64(0x000F000F)
    characters = tens | (pairs - tens * UINT64(10)) << UINT64(8)
    zeros = min(trailing_zeros(characters | UINT64(1 << 24)) >> 3, 4 - width)
    store64(out, position, (characters | UINT64(_FOUR_ZEROS)) >> UINT64(zeros << 3))
    return position + 4 - zeros


@inlined
def _write_offset(out: Any, position: Any, minutes: Any, form: Any) -> Any:
    if minutes == 0 and form & ZULU:
        put(out, position, 90)
        return position + 1
    put(out, position, 45 if minutes < 0 else 43)
    distance = -minutes if minutes < 0 else minutes
    hours = distance // 60
    position = _write_digits(out, position + 1, UINT64(hours), INT64(2))
    rest = distance - hours * 60
    if rest == 0 and form & SHORT:
        return position
    if form & COLON:
        put(out, position, 58)
        position += 1
    return _write_digits(out, position, UINT64(rest), INT64(2))
