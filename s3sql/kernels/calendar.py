"""The proleptic Gregorian calendar inside kernels: dates to days and back.

In: years, months and days as ``int64``.  Out: the number of days since 1970-01-01, negative before it, and
the other way round. Source: ISO 8601, which the AWS S3 User Guide names for timestamps by way of Amazon Ion.

Years count from March here, so that the leap day is the last day of its year: up to day n of a year there
are as many days in the months before, 30.6 on average, whatever the year. Dates from 0000-03-01 on are
right, which is all the timestamps of years 0001 to 9999 need, moved by an offset from UTC.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import INT64, UINT64, inlined

#: Days from 0000-03-01 to 1970-01-01.
_TO_1970 = 719_468
#: Days of 400 years, of 4 years.
_DAYS_400 = 146_097
_DAYS_4 = 1461


@inlined
def days_from_civil(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970-01-01 of a date; year 0 to 9999 (from March 0000 on), month 1 to 12, day from 1."""
    early = INT64(month < 3)
    years = UINT64(year - early)
    months = UINT64(month + 12 * early - 3)
    days = UINT64(365) * years + years // UINT64(4) - years // UINT64(100) + years // UINT64(400)
    return INT64(days + (UINT64(153) * months + UINT64(2)) // UINT64(5)) + day - 1 - _TO_1970


@inlined
def civil_from_days(days: Any) -> Any:
    """(year, month, day) of a number of days since 1970-01-01, from 0000-03-01 on."""
    days = UINT64(days + _TO_1970)
    century = (UINT64(4) * days + UINT64(3)) // UINT64(_DAYS_400)
    in_century = days - UINT64(_DAYS_400) * century // UINT64(4)
    year = (UINT64(4) * in_century + UINT64(3)) // UINT64(_DAYS_4)
    in_year = in_century - UINT64(_DAYS_4) * year // UINT64(4)
    months = (UINT64(5) * in_year + UINT64(2)) // UINT64(153)
    day = in_year - (UINT64(153) * months + UINT64(2)) // UINT64(5) + UINT64(1)
    late = INT64(months >= UINT64(10))
    return INT64(UINT64(100) * century + year) + late, INT64(months) + 3 - 12 * late, INT64(day)


@inlined
def days_in_month(year: Any, month: Any) -> Any:
    """28 to 31; *month* 1 to 12."""
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 28 + INT64(leap)
    return 30 + ((month + (month >> 3)) & 1)
