"""What a field of CSV looks like to people: a number, a moment, a yes or no, nothing, or text.

In: the text of one field.  Out: its :class:`Look`.

This is wider than what CAST takes: ``1.234,50``, ``12 %``, ``31.12.2024`` and ``10:30`` are values of a table
all the same, and no names of columns. Only the sniffer asks.
"""

from __future__ import annotations

import re
from enum import Enum

#: Longer fields are text, whatever is in them.
_LONGEST = 40


class Look(Enum):
    """The looks of a field. ``EMPTY``: nothing, or a word for it such as NA."""

    EMPTY = "empty"
    NUMBER = "number"
    MOMENT = "date or time"
    TRUTH = "truth value"
    TEXT = "text"


#: How people and programs write that there is no value.
_NOTHING = frozenset(
    """
    na n/a n.a. #n/a nan null none nil (null) \\n - -- --- ? . ... unknown missing undefined #value! #ref!
    #div/0!
    """.split()
)
#: Single letters such as y are names and codes as often.
_TRUTHS = frozenset(("true", "false", "yes", "no"))

_NUMBER = re.compile(
    r"""
    [-+(]? \s? [$€£¥]? \s?
    (?: \d+ (?:[.,]\d*)? | [.,]\d+ | \d{1,3} (?:[,.'\u00a0\u202f ]\d{3})+ (?:[.,]\d+)? )
    (?: [eE][-+]?\d+ )?
    \s? (?: % | [$€£¥] )? \)?
    | [-+]? (?: inf | infinity )
    | 0x[0-9a-f]+
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_DATE = r"""
    (?: \d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?
      | \d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})
      | \d{1,2}[-\s][a-z]{3}[-\s]\d{2,4} )
"""
_TIME = r"""
    (?: \d{1,2}:\d{2} (?: :\d{2} (?:[.,]\d+)? )? (?:\s?[ap]m)?
        \s? (?: z | utc | gmt | [-+]\d{2}:?(?:\d{2})? )? )
"""
_MOMENT = re.compile(rf"{_DATE} (?: [t\s] {_TIME} )? t? | {_TIME}", re.VERBOSE | re.IGNORECASE | re.ASCII)


def look_of(field: str) -> Look:
    """What *field* looks like; blanks around it do not count."""
    text = field.strip()
    if not text:
        return Look.EMPTY
    if len(text) > _LONGEST:
        return Look.TEXT
    if text[0].isdecimal() or text[0] in "+-.,($€£¥":
        # A number first: 2024 is one, and so is 12.50, which no date is.
        if _NUMBER.fullmatch(text):
            return Look.NUMBER
        if _MOMENT.fullmatch(text):
            return Look.MOMENT
    folded = text.lower()
    if folded in _NOTHING:
        return Look.EMPTY
    if folded in _TRUTHS:
        return Look.TRUTH
    return Look.NUMBER if folded in ("inf", "-inf", "infinity", "-infinity") else Look.TEXT
