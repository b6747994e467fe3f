"""DATE_ADD, DATE_DIFF and EXTRACT over columns of timestamps.

In: the number of a part, and fields of :class:`s3sql.payloads.Timestamps`.  Out: arrays the caller brought.

Source: AWS S3 User Guide, "Date functions"; PartiQL v0.1 for what years and months of a difference are.
Fields are those of the local time; what a timestamp does not have counts as 01 (month, day) or 0, and an
unknown offset as that of UTC.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.calendar import civil_from_days, days_from_civil, days_in_month
from s3sql.kernels.compile import (
    INT16S,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT8S,
    UINT8S_OUT,
    inlined,
    kernel,
)
from s3sql.kernels.digits import OK
from s3sql.kernels.parse_timestamps import UNKNOWN_OFFSET
from s3sql.kernels.simd import at, put

#: The parts by number: as in "YEAR MONTH DAY HOUR MINUTE SECOND TIMEZONE_HOUR TIMEZONE_MINUTE".
YEARS, MONTHS, DAYS, HOURS, MINUTES, SECONDS, TIMEZONE_HOURS, TIMEZONE_MINUTES = range(8)

#: The status of a row of DATE_ADD whose result is outside the years 0001 to 9999; the others are OK.
OUT_OF_RANGE = 1

_DAY = 86_400
#: The first second of 0001-01-01 and the last one of 9999-12-31, local time since 1970-01-01.
_FIRST, _LAST = -719_162 * _DAY, 2_932_897 * _DAY - 1
#: Amounts beyond these leave the years from wherever they start, and would overflow.
_MOST_MONTHS = 12 * 9999
_MOST_SECONDS = _LAST - _FIRST


@inlined
def _shift(minutes: Any) -> Any:
    """Seconds from UTC to the local time of an offset."""
    return INT64(0) if minutes == UNKNOWN_OFFSET else INT64(minutes) * 60


@inlined
def _unit(part: Any) -> Any:
    """Seconds of a day, an hour, a minute or a second."""
    if part == DAYS:
        return INT64(_DAY)
    if part == HOURS:
        return INT64(3600)
    return INT64(60) if part == MINUTES else INT64(1)


@kernel(INT64(INT64, INT64S, INT64S, UINT8S, INT16S, INT64S_OUT, UINT8S_OUT, UINT8S_OUT))
def add_parts(
    part: Any,
    amounts: Any,
    seconds: Any,
    precision: Any,
    offset: Any,
    moved: Any,
    moved_precision: Any,
    status: Any,
) -> Any:
    """DATE_ADD of a part up to SECONDS; nanoseconds and offset stay as they are.

    A day that the month does not have becomes its last one. The precision is at least that of the part.
    *status* is OK or OUT_OF_RANGE, and *moved* 0 unless OK. Returns how many rows are not OK.
    """
    # Hours have the precision of minutes.
    finest = part if part <= DAYS else max(part - 1, INT64(3))
    failed = 0
    for row in range(len(amounts)):
        amount = at(amounts, row)
        shift = _shift(at(offset, row))
        local = at(seconds, row) + shift
        if part <= MONTHS:
            fits, result = _add_months(part, amount, local)
        else:
            unit = _unit(part)
            fits = -_MOST_SECONDS // unit - 1 <= amount <= _MOST_SECONDS // unit + 1
            result = local + (amount * unit if fits else 0)
            fits = fits and _FIRST <= result <= _LAST
        put(moved, row, result - shift if fits else 0)
        put(moved_precision, row, max(INT64(at(precision, row)), finest))
        put(status, row, UINT8(OK if fits else OUT_OF_RANGE))
        failed += INT64(not fits)
    return failed


@inlined
def _add_months(part: Any, amount: Any, local: Any) -> Any:
    """(whether the result is within the years, the local time)."""
    if not -_MOST_MONTHS <= amount <= _MOST_MONTHS:
        return False, INT64(0)
    days = local // _DAY
    year, month, day = civil_from_days(days)
    months = year * 12 + month - 1 + (amount * 12 if part == YEARS else amount)
    year = months // 12
    month = months - year * 12 + 1
    if year < 1 or year > 9999:
        return False, INT64(0)
    if day > 28:
        day = min(day, days_in_month(year, month))
    return True, days_from_civil(year, month, day) * _DAY + (local - days * _DAY)


@kernel(INT64(INT64, INT64S, INT16S, INT64S, INT16S, INT64S_OUT))
def count_parts(
    part: Any, earlier: Any, earlier_offset: Any, later: Any, later_offset: Any, counts: Any
) -> Any:
    """DATE_DIFF of a part up to SECONDS: how many whole ones lead from *earlier* to *later*; returns 0.

    Years and months are those between the two local dates, whatever the time of day; the others are
    elapsed time, fractions of a second dropped.
    """
    for row in range(len(earlier)):
        first, second = at(earlier, row), at(later, row)
        if part > MONTHS:
            put(counts, row, _truncated(second - first, _unit(part)))
            continue
        first_days = (first + _shift(at(earlier_offset, row))) // _DAY
        second_days = (second + _shift(at(later_offset, row))) // _DAY
        months = _whole_months(first_days, second_days)
        put(counts, row, _truncated(months, INT64(12)) if part == YEARS else months)
    return 0


@inlined
def _truncated(distance: Any, unit: Any) -> Any:
    """*distance* in whole units, toward zero."""
    return -(-distance // unit) if distance < 0 else distance // unit


@inlined
def _whole_months(first: Any, second: Any) -> Any:
    """The complete months from one day to another, negative backwards."""
    first_year, first_month, first_day = civil_from_days(first)
    second_year, second_month, second_day = civil_from_days(second)
    months = (second_year - first_year) * 12 + second_month - first_month
    if months > 0 and second_day < first_day:
        return months - 1
    if months < 0 and second_day > first_day:
        return months + 1
    return months


@kernel(INT64(INT64, INT64S, INT16S, INT64S_OUT))
def extract_part(part: Any, seconds: Any, offset: Any, out: Any) -> Any:
    """EXTRACT of any part: a field of the local time, or of the offset with its sign; returns 0."""
    for row in range(len(seconds)):
        minutes = at(offset, row)
        if part >= TIMEZONE_HOURS:
            distance = _shift(minutes) // 60
            hours = _truncated(distance, INT64(60))
            put(out, row, hours if part == TIMEZONE_HOURS else distance - hours * 60)
            continue
        local = at(seconds, row) + _shift(minutes)
        days = local // _DAY
        if part <= DAYS:
            year, month, day = civil_from_days(days)
            put(out, row, year if part == YEARS else month if part == MONTHS else day)
            continue
        time = local - days * _DAY
        if part == HOURS:
            put(out, row, time // 3600)
        elif part == MINUTES:
            put(out, row, time // 60 % 60)
        else:
            put(out, row, time % 60)
    return 0
