"""The number kernels in one place: reading, comparing and writing columns of numbers.

What each takes and gives is told where it is defined: :mod:`~s3sql.kernels.parse_ints`,
:mod:`~s3sql.kernels.parse_decimals`, :mod:`~s3sql.kernels.parse_floats`,
:mod:`~s3sql.kernels.compare_decimals`, :mod:`~s3sql.kernels.nearest_float` and
:mod:`~s3sql.kernels.format_numbers`.
"""

from __future__ import annotations

from s3sql.kernels.compare_decimals import compare_decimals, compare_wide_decimals
from s3sql.kernels.digits import MALFORMED, ODD, OK, OVERFLOW
from s3sql.kernels.format_numbers import (
    DECIMAL_TEXT,
    FLOAT_TEXT,
    INT_TEXT,
    WIDE_DECIMAL_TEXT,
    format_decimals,
    format_floats,
    format_ints,
    format_wide_decimals,
)
from s3sql.kernels.nearest_float import decimals_to_floats, wide_decimals_to_floats
from s3sql.kernels.parse_decimals import parse_decimals, parse_wide_decimals
from s3sql.kernels.parse_floats import parse_floats
from s3sql.kernels.parse_ints import parse_ints

__all__ = [
    "DECIMAL_TEXT",
    "FLOAT_TEXT",
    "INT_TEXT",
    "MALFORMED",
    "ODD",
    "OK",
    "OVERFLOW",
    "WIDE_DECIMAL_TEXT",
    "compare_decimals",
    "compare_wide_decimals",
    "decimals_to_floats",
    "format_decimals",
    "format_floats",
    "format_ints",
    "format_wide_decimals",
    "parse_decimals",
    "parse_floats",
    "parse_ints",
    "parse_wide_decimals",
    "wide_decimals_to_floats",
]
