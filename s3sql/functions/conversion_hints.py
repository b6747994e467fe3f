"""Advice for a text that CAST cannot read.

In: the text and the kind it should become.  Out: a line for people, or None, made when a row has failed.
"""

from __future__ import annotations

import re

from s3sql.types import Kind

#: Texts up to this length may stand for "no value" in a column of others.
_LONGEST_MARK = 12

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_CLOCK = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]+)?", re.ASCII)
_SLASHES = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", re.ASCII)


def cast_hint(kind: Kind, found: str) -> str | None:
    """What reads the text *found* as *kind*, or makes it NULL; None: nothing does."""
    if kind == Kind.INT and _NUMBER.fullmatch(found.strip()):
        return (
            "CAST(s.x AS DECIMAL) reads such a number; CAST(CAST(s.x AS DECIMAL) AS INT) drops its fraction"
        )
    if kind == Kind.TIMESTAMP:
        pattern = _pattern(found)
        if pattern is not None:
            return f"TO_TIMESTAMP(s.x, '{pattern}') reads such a text"
        if found.strip() != found and found.strip():
            return "CAST(TRIM(s.x) AS TIMESTAMP) leaves the blanks out"
        if any(c.isdigit() for c in found):
            return "TO_TIMESTAMP(s.x, pattern) reads texts of other forms, 'd MMM yyyy' for 5 Apr 2007"
    if len(found) > _LONGEST_MARK or not found.isprintable() or any(c.isdigit() for c in found):
        return None
    mark = found.replace("'", "''")
    return f"CAST(NULLIF(s.x, '{mark}') AS {kind.name}) makes such a field NULL"


def _pattern(found: str) -> str | None:
    """The pattern that reads *found*."""
    clock = _CLOCK.fullmatch(found)
    if clock is not None:
        fraction = f".{'S' * (len(clock[4]) - 1)}" if clock[4] else ""
        return f"yyyy-MM-dd HH:mm{':ss' if clock[3] else ''}{fraction}"
    return "M/d/yyyy" if _SLASHES.fullmatch(found) else None
