"""The timestamp kernels in one place: reading, writing and computing columns of timestamps.

What each takes and gives is told where it is defined: :mod:`~s3sql.kernels.parse_timestamps`,
:mod:`~s3sql.kernels.format_timestamps` and :mod:`~s3sql.kernels.date_parts`. The calendar that they share
is :mod:`~s3sql.kernels.calendar`.
"""

from __future__ import annotations

from s3sql.kernels.date_parts import OUT_OF_RANGE, add_parts, count_parts, extract_part
from s3sql.kernels.digits import MALFORMED, OK
from s3sql.kernels.format_timestamps import TIMESTAMP_TEXT, format_timestamps
from s3sql.kernels.parse_timestamps import TOO_FINE, UNKNOWN_OFFSET, parse_timestamps

__all__ = [
    "MALFORMED",
    "OK",
    "OUT_OF_RANGE",
    "TIMESTAMP_TEXT",
    "TOO_FINE",
    "UNKNOWN_OFFSET",
    "add_parts",
    "count_parts",
    "extract_part",
    "format_timestamps",
    "parse_timestamps",
]
