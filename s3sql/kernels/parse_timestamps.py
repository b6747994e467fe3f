"""Text to timestamps: the forms of Amazon Ion.

In: a padded byte buffer and, for each row, where its text starts and ends (exclusive).  Out: the fields of
:class:`s3sql.payloads.Timestamps` and a status for each row, in arrays the caller brought.

Source: Amazon Ion specification, text encoding of timestamps; AWS S3 User Guide, "Data types"::

    2010T    2010-02T    2010-02-03    2010-02-03T
    2010-02-03T04:05Z    2010-02-03T04:05:06+07:08    2010-02-03T04:05:06.789-00:00

An offset stands with a time and only then; ``-00:00`` is an unknown one, as are those of dates. The years are
0001 to 9999, as local time. A fraction has one to nine digits (Choice: a finer one is told apart, since
cutting it would make different timestamps equal). Nothing may stand around the text.
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
    INT64S_OUT,
    UINT8S_OUT,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.digits import MALFORMED, OK, ZEROS, are_digits, eight_digits, shift_down, shift_up
from s3sql.kernels.simd import at, load64, put

#: The status of a row whose text is an Ion timestamp with more than nine digits of fraction; the others are
#: OK (0) and MALFORMED (1) of :mod:`s3sql.kernels.digits`.
TOO_FINE = 2

#: The offset that stands for an unknown one.
UNKNOWN_OFFSET = -32768

#: The precisions up to the second; 4 + n is a fraction of n digits.
YEAR, MONTH, DAY, MINUTE, SECOND = 0, 1, 2, 3, 4

_T, _Z, _POINT, _PLUS, _MINUS = 84, 90, 46, 43, 45


def _word(text: bytes) -> int:
    return int.from_bytes(text, "little")


#: Eight characters with their digits zero, and all the bits of those that are no digits.
_YEAR_MONTH, _YEAR_MONTH_MARKS = _word(b"0000-00-"), 0xFF0000FF00000000
_DAY_TIME, _DAY_TIME_MARKS = _word(b"00T00:00"), 0x0000FF0000FF0000
_SECONDS, _SECONDS_MARKS = _word(b":00"), 0xFF
_OFFSET, _OFFSET_MARKS = _word(b"00:00"), 0xFF0000
_TENS = 0x0606060606060606
_UPPER_HALVES = 0xF0F0F0F0F0F0F0F0


@kernel(INT64(BYTES, INT32S, INT32S, INT64S_OUT, INT32S_OUT, UINT8S_OUT, INT16S_OUT, UINT8S_OUT))
def parse_timestamps(
    buffer: Any,
    starts: Any,
    ends: Any,
    seconds: Any,
    nanoseconds: Any,
    precision: Any,
    offset: Any,
    status: Any,
) -> Any:
    """The timestamp each text spells; *status* is OK, MALFORMED or TOO_FINE, and the fields 0 unless OK.

    Returns how many rows are not OK.
    """
    failed = 0
    for row in range(len(starts)):
        start = INT64(at(starts, row))
        end = INT64(at(ends, row))
        if end - start >= 17:
            code, second, nanosecond, digits, minutes = _with_time(buffer, start, end)
        else:
            code, second, digits = _date(buffer, start, end)
            nanosecond, minutes = INT64(0), INT64(UNKNOWN_OFFSET)
        fine = code == OK
        put(seconds, row, second if fine else 0)
        put(nanoseconds, row, nanosecond if fine else 0)
        put(precision, row, digits if fine else 0)
        put(offset, row, minutes if fine else 0)
        put(status, row, code)
        failed += INT64(not fine)
    return failed


@inlined
def _fits(values: Any, marks: Any) -> Any:
    """Whether all bytes of a difference from a template are digits, those under *marks* zero."""
    large = (values | (values + UINT64(_TENS))) & UINT64(_UPPER_HALVES)
    return large == UINT64(0) and values & UINT64(marks) == UINT64(0)


@inlined
def _two_digits(values: Any, place: Any) -> Any:
    """The number that the digits in bytes *place* and *place* + 1 spell."""
    pair = (values >> UINT64(8 * place)) & UINT64(0xFFFF)
    return INT64((pair & UINT64(0xFF)) * UINT64(10) + (pair >> UINT64(8)))


@inlined
def _year_month(values: Any) -> Any:
    """(year, month) of the difference from ``0000-00-``."""
    return _two_digits(values, 0) * 100 + _two_digits(values, 2), _two_digits(values, 5)


@inlined
def _is_date(year: Any, month: Any, day: Any) -> Any:
    if year < 1 or month < 1 or month > 12 or day < 1:
        return False
    return day <= 28 or day <= days_in_month(year, month)


@inlined
def _with_time(buffer: Any, start: Any, end: Any) -> Any:
    """A text of 17 bytes or more: (status, seconds, nanoseconds, precision, offset)."""
    failure = MALFORMED, INT64(0), INT64(0), INT64(0), INT64(0)
    date = load64(buffer, start) ^ UINT64(_YEAR_MONTH)
    time = load64(buffer, start + 8) ^ UINT64(_DAY_TIME)
    if not _fits(date, _YEAR_MONTH_MARKS) or not _fits(time, _DAY_TIME_MARKS):
        return failure
    year, month = _year_month(date)
    day, hour, minute = _two_digits(time, 0), _two_digits(time, 3), _two_digits(time, 6)
    if not _is_date(year, month, day) or hour > 23 or minute > 59:
        return failure
    # The offset stands at the end, whatever is before it.
    minutes, place = INT64(0), end - 1
    if at(buffer, end - 1) != _Z:
        place = end - 6
        sign = at(buffer, place) if place >= start + 16 else 0
        found = (load64(buffer, end - 5) & UINT64(0xFFFFFFFFFF)) ^ UINT64(_OFFSET)
        if (sign != _PLUS and sign != _MINUS) or not _fits(found, _OFFSET_MARKS):
            return failure
        hours, minutes = _two_digits(found, 0), _two_digits(found, 3)
        if hours > 23 or minutes > 59:
            return failure
        minutes += hours * 60
        if sign == _MINUS:
            minutes = -minutes if minutes else INT64(UNKNOWN_OFFSET)
    code, second, nanosecond, digits = _second(buffer, start + 16, place)
    if code != OK:
        return code, INT64(0), INT64(0), INT64(0), INT64(0)
    shift = INT64(0) if minutes == UNKNOWN_OFFSET else minutes * 60
    total = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - shift
    return OK, total, nanosecond, digits, minutes


@inlined
def _second(buffer: Any, start: Any, end: Any) -> Any:
    """What stands between minute and offset: (status, second, nanoseconds, precision)."""
    if start == end:
        return OK, INT64(0), INT64(0), INT64(MINUTE)
    found = (load64(buffer, start) & UINT64(0xFFFFFF)) ^ UINT64(_SECONDS)
    second = _two_digits(found, 1)
    if end < start + 3 or not _fits(found, _SECONDS_MARKS) or second > 59:
        return MALFORMED, INT64(0), INT64(0), INT64(0)
    if end == start + 3:
        return OK, second, INT64(0), INT64(SECOND)
    digits = end - start - 4
    if at(buffer, start + 3) != _POINT or digits < 1:
        return MALFORMED, INT64(0), INT64(0), INT64(0)
    if digits > 9:
        code = _finer(buffer, start + 4, end)
        return code, INT64(0), INT64(0), INT64(0)
    # Zeros are written behind the digits, up to the eighth.
    width = digits if digits < 8 else INT64(8)
    word = shift_down(shift_up(load64(buffer, start + 4), 8 - width), 8 - width)
    word |= shift_up(UINT64(ZEROS), width)
    ninth = UINT64(at(buffer, start + 12)) - UINT64(48) if digits == 9 else UINT64(0)
    if not are_digits(word) or ninth > UINT64(9):
        return MALFORMED, INT64(0), INT64(0), INT64(0)
    return OK, second, INT64(eight_digits(word) * UINT64(10) + ninth), INT64(SECOND) + digits


@called
def _finer(buffer: Any, start: Any, end: Any) -> Any:
    """The status of a fraction of ten or more characters."""
    for place in range(start, end):
        if at(buffer, place) < 48 or at(buffer, place) > 57:
            return MALFORMED
    return TOO_FINE


@inlined
def _date(buffer: Any, start: Any, end: Any) -> Any:
    """A text of at most 16 bytes: (status, seconds, precision)."""
    failure = MALFORMED, INT64(0), INT64(0)
    length = end - start
    marked = length > 0 and at(buffer, end - 1) == _T
    if length != 10 and not (marked and (length == 5 or length == 8 or length == 11)):
        return failure
    word = load64(buffer, start)
    month, day, digits = INT64(1), INT64(1), INT64(YEAR)
    if length == 5:
        values = (word & UINT64(0xFFFFFFFF)) ^ UINT64(_YEAR_MONTH & 0xFFFFFFFF)
        if not _fits(values, 0):
            return failure
        year = _two_digits(values, 0) * 100 + _two_digits(values, 2)
    else:
        if length == 8:
            # The T stands where the hyphen behind the month would.
            word ^= UINT64((_T ^ _MINUS) << 56)
        values = word ^ UINT64(_YEAR_MONTH)
        if not _fits(values, _YEAR_MONTH_MARKS):
            return failure
        year, month = _year_month(values)
        digits = INT64(MONTH)
        if length != 8:
            days = (load64(buffer, start + 8) & UINT64(0xFFFF)) ^ UINT64(ZEROS & 0xFFFF)
            if not _fits(days, 0):
                return failure
            day, digits = _two_digits(days, 0), INT64(DAY)
    if not _is_date(year, month, day):
        return failure
    return OK, days_from_civil(year, month, day) * 86_400, digits
