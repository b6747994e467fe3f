"""Text to timestamps by a format pattern.

In: a padded byte buffer and, for each row, where its text starts and ends (exclusive), and a program that a
pattern has been compiled to.  Out: the fields of :class:`s3sql.payloads.Timestamps` but the precision, which
is that of the pattern, and a status for each row.

A program is a flat array of tokens of ``TOKEN`` numbers, the first of which says what is read::

    VERBATIM   start, length, masks           bytes of *texts*, as they are once the bits of *masks* are set
    NAME       field, table, first, last      an entry *first* to *last* of a table in *texts*, small letters
    FIXED      field, width, -, scale         a number of exactly *width* (1 to 9) digits, times *scale*
    VARIABLE   field, fewest, reserve         a number of *fewest* to 19 digits: all digits there are but the
                                              last *reserve*, which belong to the tokens behind it
    OFFSET     form                           the offset from UTC; *form* is a sum of COLON, SHORT and ZULU

The bits of a mask turn capital letters of ASCII into small ones. Fields and forms are those of
:mod:`s3sql.kernels.time_format`. *texts* has 64 readable bytes behind whatever a token names. There are no
signs of numbers and nothing may stand around the text.

Source: PartiQL v0.1, TO_TIMESTAMP with a pattern; java.time's DateTimeFormatter for how much a token takes.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.calendar import days_from_civil, days_in_month
from s3sql.kernels.compile import (
    BYTES,
    INT16S_OUT,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8S_OUT,
    UINT64,
    inlined,
    kernel,
)
from s3sql.kernels.digits import MALFORMED, OK, are_digits, eight_digits, pad_left
from s3sql.kernels.parse_timestamps import UNKNOWN_OFFSET
from s3sql.kernels.simd import at, load64, low_bits, put
from s3sql.kernels.time_format import (
    COLON,
    DAY,
    ENTRY,
    HALF,
    HOUR,
    HOUR_OF_HALF,
    MINUTE,
    MONTH,
    SECOND,
    SHORT,
    YEAR,
    YEAR_OF_CENTURY,
    ZULU,
)

#: Numbers of a token.
TOKEN = 5
#: What a token reads.
VERBATIM, NAME, FIXED, VARIABLE, OFFSET = range(5)
#: A field that only reading has: the nanosecond of the second.
FRACTION = SECOND + 1

#: The status of a row whose text has the form but names no time (30 February, 25 o'clock); the others are
#: OK (0) and MALFORMED (1) of :mod:`s3sql.kernels.digits`.
NO_SUCH_TIME = 2

_SMALL_LETTERS = 0x2020202020202020
#: Larger than any field may be, and far from overflow.
_LARGE = 10**12
_MOST_DIGITS = 19


@kernel(INT64(BYTES, INT32S, INT32S, INT64S, BYTES, INT64S_OUT, INT32S_OUT, INT16S_OUT, UINT8S_OUT))
def parse_times(
    buffer: Any,
    starts: Any,
    ends: Any,
    program: Any,
    texts: Any,
    seconds: Any,
    nanoseconds: Any,
    offset: Any,
    status: Any,
) -> Any:
    """The timestamp each text spells by *program*; *status* is OK, MALFORMED or NO_SUCH_TIME.

    The fields are 0 unless OK. Returns how many rows are not OK.
    """
    failed = 0
    for row in range(len(starts)):
        code, second, nanosecond, minutes = _read(
            buffer, INT64(at(starts, row)), INT64(at(ends, row)), program, texts
        )
        fine = code == OK
        put(seconds, row, second if fine else 0)
        put(nanoseconds, row, nanosecond if fine else 0)
        put(offset, row, minutes if fine else 0)
        put(status, row, code)
        failed += INT64(not fine)
    return failed


@inlined
def _read(buffer: Any, position: Any, end: Any, program: Any, texts: Any) -> Any:
    """One text: (status, seconds, nanoseconds, offset)."""
    year, month, day, half, hour = INT64(0), INT64(1), INT64(1), INT64(-1), INT64(0)
    minute, second, nanosecond, minutes = INT64(0), INT64(0), INT64(0), INT64(UNKNOWN_OFFSET)
    for token in range(0, len(program), TOKEN):
        kind = at(program, token)
        field = at(program, token + 1)
        width = at(program, token + 2)
        behind = at(program, token + 3)
        last = at(program, token + 4)
        if kind == VERBATIM:
            if end - position < width or not _equals(buffer, position, texts, field, width, behind):
                return MALFORMED, INT64(0), INT64(0), INT64(0)
            position += width
            continue
        if kind == OFFSET:
            position, minutes = _offset(buffer, position, end, field)
            if position < 0:
                return MALFORMED, INT64(0), INT64(0), INT64(0)
            continue
        if kind == FIXED:
            value = _fixed(buffer, position, width) * last if end - position >= width else INT64(-1)
            position += width
        elif kind == VARIABLE:
            taken = _digits_to_take(buffer, position, end, width, behind)
            value = _variable(buffer, position, taken) if taken >= width else INT64(-1)
            position += taken
        else:
            value, length = _name(buffer, position, end, texts, width, behind, last)
            position += length
        if value < 0:
            return MALFORMED, INT64(0), INT64(0), INT64(0)
        if field == YEAR:
            year = value
        elif field == MONTH:
            month = value
        elif field == DAY:
            day = value
        elif field == HOUR or field == HOUR_OF_HALF:
            hour = value
        elif field == MINUTE:
            minute = value
        elif field == SECOND:
            second = value
        elif field == FRACTION:
            nanosecond = value
        elif field == HALF:
            half = value
        elif field == YEAR_OF_CENTURY:
            year = value + (1900 if value >= 70 else 2000)
    if position != end:
        return MALFORMED, INT64(0), INT64(0), INT64(0)
    if half >= 0:
        hour = hour % 12 + 12 * half if 1 <= hour <= 12 else INT64(24)
    sound = 1 <= year <= 9999 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60
    if not sound or nanosecond > 999_999_999 or minutes >= 1440:
        return NO_SUCH_TIME, INT64(0), INT64(0), INT64(0)
    if day < 1 or (day > 28 and day > days_in_month(year, month)):
        return NO_SUCH_TIME, INT64(0), INT64(0), INT64(0)
    shift = INT64(0) if minutes == UNKNOWN_OFFSET else minutes * 60
    total = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - shift
    return OK, total, nanosecond, minutes


@inlined
def _equals(buffer: Any, position: Any, texts: Any, start: Any, length: Any, masks: Any) -> Any:
    for place in range(0, length, 8):
        word = load64(buffer, position + place) | load64(texts, masks + place)
        if (word ^ load64(texts, start + place)) & low_bits((length - place) * 8) != UINT64(0):
            return False
    return True


@inlined
def _fixed(buffer: Any, position: Any, width: Any) -> Any:
    """The number that *width* digits spell; -1 if they are none."""
    word = pad_left(load64(buffer, position), min(width, 8))
    if not are_digits(word):
        return INT64(-1)
    if width < 9:
        return INT64(eight_digits(word))
    ninth = INT64(at(buffer, position + 8)) - 48
    return INT64(eight_digits(word)) * 10 + ninth if 0 <= ninth <= 9 else INT64(-1)


@inlined
def _digits_to_take(buffer: Any, position: Any, end: Any, fewest: Any, reserve: Any) -> Any:
    """How many of the digits from *position* on belong to a VARIABLE token; too few if there are."""
    limit = min(end, position + _MOST_DIGITS + reserve)
    place = position
    while place < limit and 48 <= at(buffer, place) <= 57:
        place += 1
    found = place - position
    return min(found, max(fewest, found - reserve))


@inlined
def _variable(buffer: Any, position: Any, count: Any) -> Any:
    """The number that *count* digits spell, at most about 10**12."""
    value = INT64(0)
    for place in range(position, position + count):
        value = min(value * 10 + INT64(at(buffer, place)) - 48, _LARGE)
    return value


@inlined
def _name(buffer: Any, position: Any, end: Any, texts: Any, table: Any, first: Any, last: Any) -> Any:
    """(number of the entry that stands at *position*, its length); (-1, 0) if none does."""
    head = load64(buffer, position) | UINT64(_SMALL_LETTERS)
    for number in range(first, last + 1):
        entry = table + number * ENTRY
        length = INT64(at(texts, entry + ENTRY - 1))
        if (head ^ load64(texts, entry)) & low_bits(length * 8) == UINT64(0) and length <= end - position:
            tail = load64(buffer, position + 8) | UINT64(_SMALL_LETTERS)
            if (tail ^ load64(texts, entry + 8)) & low_bits((length - 8) * 8) == UINT64(0):
                return number, length
    return INT64(-1), INT64(0)


@inlined
def _offset(buffer: Any, position: Any, end: Any, form: Any) -> Any:
    """(position behind the offset, minutes); (-1, 0) if none stands here, 1440 if there is no such one."""
    if position >= end:
        return INT64(-1), INT64(0)
    sign = at(buffer, position)
    if form & ZULU and (sign | 32) == 122:
        return position + 1, INT64(0)
    if (sign != 43 and sign != 45) or end - position < 3:
        return INT64(-1), INT64(0)
    hours = _fixed(buffer, position + 1, INT64(2))
    position += 3
    rest = INT64(0)
    mark = 1 if form & COLON else 0
    there = end - position >= 2 + mark and (not mark or at(buffer, position) == 58)
    rest = _fixed(buffer, position + mark, INT64(2)) if there else INT64(-1)
    if rest < 0 and form & SHORT:
        rest = INT64(0)
    elif rest >= 0:
        position += 2 + mark
    if hours < 0 or rest < 0:
        return INT64(-1), INT64(0)
    if hours > 23 or rest > 59:
        return position, INT64(1440)
    rest += hours * 60
    return position, -rest if sign == 45 else rest
