"""The functions of timestamps: DATE_ADD, DATE_DIFF and EXTRACT.

In: a part of a date as a text literal, and columns of timestamps and amounts.  Out: columns of timestamps
or integers. UTCNOW is a constant of the query: :mod:`s3sql.plan.clock`.

Source: AWS S3 User Guide, "Date functions". Text is not converted: CAST or TO_TIMESTAMP makes a timestamp of
it. A result outside the years 0001 to 9999 is IllegalSqlFunctionArgument (Choice).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.functions.registry import Fail, eligible, scalar
from s3sql.kernels import timestamps as kernels
from s3sql.payloads import Int64s, Mask, Timestamps
from s3sql.types import Column, Kind

#: The numbers of the parts in the kernels.
_PARTS = {
    name: number
    for number, name in enumerate(
        ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TIMEZONE_HOUR", "TIMEZONE_MINUTE")
    )
}


@scalar("DATE_ADD")
def date_add(arguments: Sequence[Column], fail: Fail) -> Column:
    """The timestamp moved by a number of parts, with the precision of the part at least.

    Fails with IllegalSqlFunctionArgument where the result is outside the years 0001 to 9999.
    """
    part, amount, moment = arguments
    rows = eligible("DATE_ADD", arguments, (Kind.STRING, Kind.INT, Kind.TIMESTAMP), fail)
    if not rows.any():
        return Column.unknown(Kind.NULL, moment.length)
    stamps = _timestamps(moment)
    seconds = np.empty(len(stamps), np.int64)
    precision, status = np.empty(len(stamps), np.uint8), np.empty(len(stamps), np.uint8)
    amounts = amount.array(Kind.INT)
    if kernels.add_parts(
        _number(part), amounts, stamps.seconds, stamps.precision, stamps.offset, seconds, precision, status
    ):
        outside = rows & (status == kernels.OUT_OF_RANGE)
        if outside.any():
            row = int(np.argmax(outside))
            fail(outside, _out_of_range(_name(part), int(amounts[row]), moment.value(row)))
            rows &= ~outside
    return _where(rows, Kind.TIMESTAMP, Timestamps(seconds, stamps.nanoseconds, precision, stamps.offset))


@scalar("DATE_DIFF")
def date_diff(arguments: Sequence[Column], fail: Fail) -> Column:
    """How many whole parts lead from the first timestamp to the second; negative if it is earlier."""
    part, first, second = arguments
    rows = eligible("DATE_DIFF", arguments, (Kind.STRING, Kind.TIMESTAMP, Kind.TIMESTAMP), fail)
    if not rows.any():
        return Column.unknown(Kind.NULL, first.length)
    earlier, later = _timestamps(first), _timestamps(second)
    counts = np.empty(len(earlier), np.int64)
    kernels.count_parts(_number(part), earlier.seconds, earlier.offset, later.seconds, later.offset, counts)
    return _where(rows, Kind.INT, counts)


@scalar("EXTRACT")
def extract(arguments: Sequence[Column], fail: Fail) -> Column:
    """One field of the timestamp as it is written; a negative offset has negative parts."""
    part, moment = arguments
    rows = eligible("EXTRACT", arguments, (Kind.STRING, Kind.TIMESTAMP), fail)
    if not rows.any():
        return Column.unknown(Kind.NULL, moment.length)
    stamps = _timestamps(moment)
    fields = np.empty(len(stamps), np.int64)
    kernels.extract_part(_number(part), stamps.seconds, stamps.offset, fields)
    return _where(rows, Kind.INT, fields)


def _timestamps(column: Column) -> Timestamps:
    payload = column.parts[Kind.TIMESTAMP]
    assert isinstance(payload, Timestamps)
    return payload


def _name(part: Column) -> str:
    """The part, which the parser makes the same literal for every row."""
    return str(part.value(0))


def _number(part: Column) -> int:
    return _PARTS[_name(part)]


def _where(rows: Mask, kind: Kind, payload: Timestamps | Int64s) -> Column:
    """A column of *kind* in *rows*, of NULL elsewhere."""
    if rows.all():
        return Column.of(kind, payload)
    return Column.tagged(np.where(rows, np.uint8(kind), np.uint8(Kind.NULL)), {kind: payload})


def _out_of_range(part: str, amount: int, moment: object) -> S3SelectError:
    return S3SelectError(
        "IllegalSqlFunctionArgument",
        f"DATE_ADD({part}, {amount}, {moment}) is outside the years of timestamps, 0001 to 9999.",
    )
