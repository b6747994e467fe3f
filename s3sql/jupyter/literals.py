"""A Python value as one SQL literal.

In: a value.  Out: text that the lexer reads as exactly one token of that value, or a bracketed list of such.

    str                              'text', each quote doubled; "text" in backticks for control characters
    bool, None                       TRUE, FALSE, NULL
    int                              digits; in backticks if negative, so that no minus sign meets another
    float                            in backticks, which makes it a float; ±infinity too
    Decimal                          digits with their scale
    datetime with a time zone, date  a timestamp in backticks, a date in the precision of a day
    list, tuple, set, range          (a, b) behind IN
    scalars and columns of numpy,    as the Python value they hold
    pandas, polars and pyarrow

Source: Amazon Ion specification, text encoding; XML 1.0, section 2.2, for the characters that a request can
carry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import isinf, isnan
from typing import Any

from s3sql.limits import MAX_EXPRESSION_BYTES

#: A number of S3 Select has at most so many digits.
_MAX_DIGITS = 38

#: What the XML of a request cannot carry as it is, half a surrogate pair apart.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ION_ESCAPED = re.compile('[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\\\\"`]')

#: Libraries whose scalars and columns give their Python values when asked.
_COLUMNAR = frozenset({"numpy", "pandas", "polars", "pyarrow"})

_MISSING = "is no value to compare with; None is passed as NULL, and IS NULL finds what is missing"


def literal(value: object) -> str:
    """*value* as one SQL literal.

    Raises:
        ValueError: it has no exact one; says why and what would work.
    """
    value = _python_value(value)
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, datetime):
        return _datetime(value)
    if isinstance(value, date):
        return f"`{value.year:04}-{value.month:02}-{value.day:02}T`"
    raise ValueError(_refusal(value))


def elements(value: object) -> Iterable[Any] | None:
    """The elements of a list, set, range or column; None if *value* is a single one."""
    if isinstance(value, list | tuple | set | frozenset | range):
        return value
    if not _is_columnar(value) or hasattr(value, "columns") or getattr(value, "ndim", None) == 0:
        return None
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(value, method):
            found: Iterable[Any] = getattr(value, method)()
            return found
    return None


def list_literal(values: Iterable[object]) -> str:
    """*values* as what may follow IN.

    Raises:
        ValueError: an element has no literal; says which.
    """
    written: list[str] = []
    length = 0
    for number, value in enumerate(values, 1):
        try:
            written.append(literal(value))
        except ValueError as error:
            raise ValueError(f"element {number}: {error}") from None
        length += len(written[-1])
        if length > MAX_EXPRESSION_BYTES:
            # It is too long whatever follows; the whole of a column of millions need not be written for that.
            break
    # ``IN ()`` is no SQL; nothing is in the empty list.
    return f"({', '.join(written)})" if written else "[]"


def _python_value(value: object) -> object:
    """The Python value that a scalar of another library holds."""
    if not _is_columnar(value):
        return value
    if type(value).__name__ == "datetime64":
        raise ValueError(
            "a numpy.datetime64 has no time zone, and a timestamp of SQL has one: pass a datetime with "
            "tzinfo, or a date"
        )
    if type(value).__name__ in ("NAType", "NaTType"):
        raise ValueError(f"{value} {_MISSING}")
    if elements(value) is not None or hasattr(value, "columns") or type(value).__name__ == "timedelta64":
        return value
    for method in ("as_py", "item"):
        if hasattr(value, method):
            held: object = getattr(value, method)()
            return held
    return value


def _is_columnar(value: object) -> bool:
    return type(value).__module__.partition(".")[0] in _COLUMNAR


def _integer(value: int) -> str:
    if abs(value) >= 10**_MAX_DIGITS:
        raise ValueError(f"the integer has more than {_MAX_DIGITS} digits, the most that SQL has")
    # int() leaves out what a subclass, such as an enumeration, calls itself.
    digits = str(int(value))
    return f"`{digits}`" if value < 0 else digits


def _float(value: float) -> str:
    if isnan(value):
        raise ValueError(f"NaN {_MISSING}")
    if isinf(value):
        return "`+inf`" if value > 0 else "`-inf`"
    digits = float.__repr__(value)
    return f"`{digits}`" if "e" in digits else f"`{digits}e0`"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(
            f"{value} {_MISSING}" if value.is_nan() else f"a decimal of SQL is finite, not {value}"
        )
    if len(value.as_tuple().digits) > _MAX_DIGITS:
        raise ValueError(f"the decimal has more than {_MAX_DIGITS} digits, the most that SQL has")
    text = str(value).replace("E", "d")
    return f"`{text}`" if "." in text or "d" in text else f"`{text}d0`"


def _text(value: str) -> str:
    # What a subclass, such as an enumeration, calls itself is left out.
    value = str.__str__(value)
    if len(value) > MAX_EXPRESSION_BYTES:
        # The query is too long with it; so much of it makes it so.
        value = value[: MAX_EXPRESSION_BYTES + 1]
    lone = _SURROGATE.search(value)
    if lone is not None:
        raise ValueError(
            f"character {lone.start() + 1} of the text is U+{ord(lone[0]):04X}, half of a surrogate pair, "
            "which no text of an object can hold"
        )
    if _NOT_IN_XML.search(value) is None:
        doubled = value.replace("'", "''")
        return f"'{doubled}'"
    escaped = _ION_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return f'`"{escaped}"`'


def _datetime(value: datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError(
            f"{value.isoformat(' ')} has no time zone, and a timestamp of SQL has one: pass "
            "value.replace(tzinfo=datetime.UTC), or value.astimezone() for the zone of this machine"
        )
    if offset % timedelta(minutes=1):
        # Offsets of local mean time have seconds, those of a timestamp have not; the instant is the same.
        try:
            value, offset = value.astimezone(UTC), timedelta()
        except OverflowError:
            raise ValueError(f"{value} lies outside the years 1 to 9999 in UTC") from None
    nanoseconds = value.microsecond * 1000 + int(getattr(value, "nanosecond", 0))
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    minutes = offset // timedelta(minutes=1)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "Z"
    day = f"{value.year:04}-{value.month:02}-{value.day:02}"
    return f"`{day}T{value.hour:02}:{value.minute:02}:{value.second:02}{fraction}{zone}`"


def _refusal(value: object) -> str:
    kind = type(value).__name__
    if isinstance(value, bytes | bytearray | memoryview):
        return f"SQL has no {kind}: pass text, such as value.decode()"
    if isinstance(value, dict):
        return "a dict is no value of SQL: pass one of its values"
    if elements(value) is not None:
        return f"a {kind} stands behind IN only, without anything beside it, and has no lists in it"
    if hasattr(value, "columns"):
        return f"a {kind} is no value of SQL: pass one of its columns behind IN"
    return (
        f"a {kind} is no value of SQL: pass a str, int, float, Decimal, bool, None, date or datetime, "
        "or str(value)"
    )
