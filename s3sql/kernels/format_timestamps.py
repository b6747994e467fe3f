"""Timestamps to text: the form that CSV, JSON and CAST AS STRING share.

In: the fields of :class:`s3sql.payloads.Timestamps`, and bytes to write to.  Out: the texts one after another
without anything between them, where each starts and ends (exclusive), and the number of bytes written.

A timestamp is written in its precision and with its offset, as Amazon Ion does, but a day without the final
``T`` (AWS S3 User Guide, DATE_ADD)::

    2010T    2010-02T    2010-02-03    2010-02-03T04:05Z    2010-02-03T04:05:06.789-00:00

*out* needs ``TIMESTAMP_TEXT`` bytes a row and the padding of :class:`s3sql.buffers.PaddedBuffer` behind them.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.calendar import civil_from_days
from s3sql.kernels.compile import (
    BYTES_OUT,
    INT16S,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    UINT8S,
    UINT64,
    inlined,
    kernel,
)
from s3sql.kernels.digits import ZEROS
from s3sql.kernels.format_numbers import eight_characters
from s3sql.kernels.parse_timestamps import DAY, MINUTE, SECOND, UNKNOWN_OFFSET, YEAR
from s3sql.kernels.simd import at, put, store64

#: The longest text, in bytes: ``2010-02-03T04:05:06.123456789+07:08``.
TIMESTAMP_TEXT = 35


def _word(text: bytes) -> int:
    return int.from_bytes(text, "little")


_YEAR_MONTH = _word(b"0000-00-")
_DAY_TIME = _word(b"00T00:00")
_SECONDS = _word(b":00.")
_OFFSET = _word(b"+00:00")
_MORE_OFFSET = ord("-") - ord("+")


@kernel(INT64(INT64S, INT32S, UINT8S, INT16S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def format_timestamps(
    seconds: Any, nanoseconds: Any, precision: Any, offset: Any, out: Any, starts: Any, ends: Any
) -> Any:
    """Write each timestamp; returns the number of bytes written.

    Rows without a timestamp, which may hold anything, give some text or other.
    """
    position = 0
    for row in range(len(seconds)):
        put(starts, row, position)
        minutes = INT64(at(offset, row))
        local = at(seconds, row) + (INT64(0) if minutes == UNKNOWN_OFFSET else minutes * 60)
        days = local // 86_400
        time = UINT64(local - days * 86_400)
        year, month, day = civil_from_days(days)
        position = _write(
            out, position, UINT64(year), UINT64(month), UINT64(day), time,
            INT64(at(nanoseconds, row)), min(INT64(at(precision, row)), INT64(SECOND + 9)), minutes,
        )  # fmt: skip
        put(ends, row, position)
    return position


@inlined
def _two_characters(number: Any) -> Any:
    """The two digits of a number below 100, the first in the lower byte; not yet ASCII."""
    tens = (number * UINT64(103)) >> UINT64(10)
    return tens | (number - tens * UINT64(10)) << UINT64(8)


@inlined
def _write(
    out: Any,
    position: Any,
    year: Any,
    month: Any,
    day: Any,
    time: Any,
    nanosecond: Any,
    precision: Any,
    minutes: Any,
) -> Any:
    """Write one timestamp; returns the position behind it."""
    century = year // UINT64(100)
    date = _two_characters(century) | _two_characters(year - century * UINT64(100)) << UINT64(16)
    store64(out, position, date | _two_characters(month) << UINT64(40) | UINT64(_YEAR_MONTH))
    if precision < DAY:
        position += 4 if precision == YEAR else 7
        put(out, position, 84)
        return position + 1
    minute = time // UINT64(60)
    hour = minute // UINT64(60)
    clock = _two_characters(hour) << UINT64(24) | _two_characters(minute - hour * UINT64(60)) << UINT64(48)
    store64(out, position + 8, _two_characters(day) | clock | UINT64(_DAY_TIME))
    if precision == DAY:
        return position + 10
    position += 16
    if precision > MINUTE:
        second = time - minute * UINT64(60)
        store64(out, position, _two_characters(second) << UINT64(8) | UINT64(_SECONDS))
        position += 3
        if precision > SECOND:
            tenths = UINT64(nanosecond) // UINT64(10)
            store64(out, position + 1, eight_characters(tenths) | UINT64(ZEROS))
            put(out, position + 9, nanosecond - INT64(tenths) * 10 + 48)
            position += 1 + precision - SECOND
    if minutes == 0:
        put(out, position, 90)
        return position + 1
    behind = minutes < 0
    distance = UINT64(-minutes if behind else minutes)
    if minutes == UNKNOWN_OFFSET:
        distance = UINT64(0)
    hours = distance // UINT64(60)
    shown = _two_characters(hours) << UINT64(8) | _two_characters(distance - hours * UINT64(60)) << UINT64(32)
    store64(out, position, shown | UINT64(_OFFSET + (_MORE_OFFSET if behind else 0)))
    return position + 6
