"""One Ion timestamp: its text in, its four numbers out, and back.

Columns of timestamps are for kernels; this is for what a query has few of: literals, values in messages.

Source: Amazon Ion specification, text encoding of timestamps; AWS S3 User Guide, "Data types", and DATE_ADD
for a day that is written without its final ``T``.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

#: The offset of ``-00:00`` and of dates: it is not known.
UNKNOWN_OFFSET = -32768

_MINUTE, _SECOND = 3, 4
_EPOCH = date(1970, 1, 1)
_FORM = re.compile(
    r"(?P<year>[0-9]{4})(?:T|-(?P<month>[0-9]{2})(?:T|-(?P<day>[0-9]{2})(?:T?|T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<offset>Z|[+-](?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2})))))"
)


class Timestamp(NamedTuple):
    """The four numbers of a timestamp, as :class:`s3sql.payloads.Timestamps` has them; ``str``: its text."""

    seconds: int
    nanoseconds: int
    precision: int
    offset: int

    def __str__(self) -> str:
        """Ion text in the timestamp's precision, a day without ``T``."""
        known = 0 if self.offset == UNKNOWN_OFFSET else self.offset
        days, second = divmod(self.seconds + known * 60, 86_400)
        day = (_EPOCH + timedelta(days)).isoformat()
        if self.precision < _MINUTE:
            return (f"{day[:4]}T", f"{day[:7]}T", day)[self.precision]
        text = f"{day}T{second // 3600:02}:{second // 60 % 60:02}"
        if self.precision > _MINUTE:
            text += f":{second % 60:02}"
        if self.precision > _SECOND:
            text += f".{self.nanoseconds:09}"[: 1 + self.precision - _SECOND]
        if self.offset == 0:
            return f"{text}Z"
        sign = "-" if self.offset < 0 else "+"
        return f"{text}{sign}{abs(known) // 60:02}:{abs(known) % 60:02}"


def parse(text: str) -> Timestamp | None:
    """The timestamp that *text* spells; None if it is none or has more than nine digits of fraction."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(found[part] or 1) for part in ("year", "month", "day"))
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    ahead, minutes = (int(found[part] or 0) for part in ("offset_hour", "offset_minute"))
    if hour > 23 or minute > 59 or second > 59 or ahead > 23 or minutes > 59:
        return None
    try:
        days = (date(year, month, day) - _EPOCH).days
    except ValueError:
        return None
    offset = ahead * 60 + minutes
    if found["offset"] is None or (offset == 0 and found["offset"][0] == "-"):
        known, offset = 0, UNKNOWN_OFFSET
    else:
        known = offset = -offset if found["offset"][0] == "-" else offset
    fraction = found["fraction"] or ""
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second - known * 60
    return Timestamp(seconds, int(fraction.ljust(9, "0")), _precision(found, fraction), offset)


def _precision(found: re.Match[str], fraction: str) -> int:
    if found["second"]:
        return _SECOND + len(fraction)
    parts = ("month", "day", "minute")
    return sum(found[part] is not None for part in parts)
