"""Patterns of timestamps compiled to what the kernels run.

In: the text of a pattern.  Out: a :class:`Writer` of TO_STRING or a :class:`Reader` of TO_TIMESTAMP, kept
from one morsel to the next.

How much of a text each token takes, as java.time's formatter does (case never matters, of quoted text
neither; only ASCII digits are digits, numbers have no sign)::

    MM dd hh HH mm ss, yyyy, S…S   as many digits as letters
    yy                             two digits; 70 to 99 are 19yy, 00 to 69 are 20yy
    y M d h H m s n, yyy           1 (yyy: 3) to 19 digits, leading zeros included. Where numbers of exact
                                   width follow at once, the last digits are left to them: ``yMMdd``
    MMM, MMMM                      the English name, short (three letters) or full
    a                              AM or PM
    X                              Z or ±hh or ±hhmm
    XX XXXX, XXX XXXXX             Z or ±hhmm, Z or ±hh:mm
    x xx xxx xxxx xxxxx            the same without the Z

The result has the precision of the finest field: of minutes for hours alone, of nine digits for n. Its offset
is unknown without X and x; ``-00:00`` is that of UTC here (Choice, as in java.time; Ion has it for unknown).
Years 0001 to 9999, days that the month has, hours 1 to 12 (12 AM is midnight) or 0 to 23, offsets to ±23:59.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.functions.time_patterns import Symbol, Token, Verbatim, parsing_pattern, writing_pattern
from s3sql.kernels import time_format as writing
from s3sql.kernels import time_parse as reading
from s3sql.kernels.parse_timestamps import DAY, MINUTE, MONTH, SECOND, YEAR
from s3sql.payloads import Int64s, Text, Timestamps

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
#: The names that a letter has by the number of letters: of months from 1 on, of halves of the day from 0.
_NAMES: dict[tuple[str, int], tuple[str, ...]] = {
    ("M", 3): ("", *(name[:3] for name in _MONTHS)),
    ("M", 4): ("", *_MONTHS),
    ("M", 5): ("", *(name[:1] for name in _MONTHS)),
    ("a", 1): ("AM", "PM"),
}
_NUMBERS = {
    "y": writing.YEAR,
    "M": writing.MONTH,
    "d": writing.DAY,
    "a": writing.HALF,
    "h": writing.HOUR_OF_HALF,
    "H": writing.HOUR,
    "m": writing.MINUTE,
    "s": writing.SECOND,
    "S": reading.FRACTION,
    "n": reading.FRACTION,
}
_SHORT, _PLAIN, _COLON = writing.SHORT, 0, writing.COLON
#: The forms of X and x by the number of letters.
_OFFSETS = {1: _SHORT, 2: _PLAIN, 3: _COLON, 4: _PLAIN, 5: _COLON}
_PRECISIONS = {"year": YEAR, "month": MONTH, "day": DAY, "hour": MINUTE, "minute": MINUTE, "second": SECOND}


class _Texts:
    """The texts that tokens name, one behind the other."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._places: dict[bytes, int] = {}

    def add(self, text: bytes) -> int:
        """Where *text* starts."""
        if text not in self._places:
            self._places[text] = len(self._bytes)
            self._bytes += text
        return self._places[text]

    def add_names(self, names: Iterable[str]) -> int:
        """Where a table of *names* starts."""
        entry = writing.ENTRY - 1
        return self.add(b"".join(n.encode().ljust(entry, b"\0") + bytes([len(n)]) for n in names))

    def padded(self) -> Bytes:
        """All of them, and padding."""
        return np.frombuffer(bytes(self._bytes) + bytes(PADDING), np.uint8)


@dataclass(frozen=True, slots=True)
class Writer:
    """A pattern to write timestamps by; ``width`` is the most bytes that one takes."""

    program: Int64s
    texts: Bytes
    width: int

    def write(self, stamps: Timestamps) -> Text:
        """The text of each timestamp."""
        count = len(stamps)
        out = PaddedBuffer.empty(count * self.width)
        starts, ends = np.empty(count, np.int32), np.empty(count, np.int32)
        out.length = writing.format_times(
            stamps.seconds,
            stamps.nanoseconds,
            stamps.offset,
            self.program,
            self.texts,
            out.array,
            starts,
            ends,
        )
        return Text(out.array, starts, ends)


@dataclass(frozen=True, slots=True)
class Reader:
    """A pattern to read timestamps by; ``precision`` is that of all its results."""

    program: Int64s
    texts: Bytes
    precision: int

    def read(self, text: Text) -> tuple[Timestamps, NDArray[np.uint8]]:
        """The timestamps, and the status of each row: OK, MALFORMED or NO_SUCH_TIME."""
        count = len(text)
        stamps = Timestamps(
            np.empty(count, np.int64),
            np.empty(count, np.int32),
            np.full(count, self.precision, np.uint8),
            np.empty(count, np.int16),
        )
        status = np.empty(count, np.uint8)
        reading.parse_times(
            text.buffer,
            text.starts,
            text.ends,
            self.program,
            self.texts,
            stamps.seconds,
            stamps.nanoseconds,
            stamps.offset,
            status,
        )
        return stamps, status


@lru_cache(maxsize=256)
def writer(pattern: str) -> Writer:
    """The writer of a pattern of TO_STRING.

    Raises:
        S3SelectError: as :func:`s3sql.functions.time_patterns.writing_pattern` does.
    """
    texts = _Texts()
    tokens = writing_pattern(pattern)
    program = [_written(token, texts) for token in tokens]
    widths = (
        len(token.text.encode()) if isinstance(token, Verbatim) else writing.LONGEST for token in tokens
    )
    return Writer(_flat(program), texts.padded(), sum(widths))


@lru_cache(maxsize=256)
def reader(pattern: str) -> Reader:
    """The reader of a pattern of TO_TIMESTAMP.

    Raises:
        S3SelectError: as :func:`s3sql.functions.time_patterns.parsing_pattern` does.
    """
    texts = _Texts()
    tokens = parsing_pattern(pattern)
    program = []
    reserve = 0
    for token in reversed(tokens):
        program.append(_read(token, texts, reserve))
        width = _exact_width(token)
        reserve = reserve + width if width else 0
    precision = max(_precision(token) for token in tokens if isinstance(token, Symbol))
    return Reader(_flat(reversed(program)), texts.padded(), precision)


def _flat(program: Iterable[tuple[int, ...]]) -> Int64s:
    return np.array([number for token in program for number in token], np.int64)


def _written(token: Token, texts: _Texts) -> tuple[int, int, int]:
    if isinstance(token, Verbatim):
        text = token.text.encode()
        return writing.VERBATIM, texts.add(text), len(text)
    letter, count = token.letter, token.count
    if letter in "Xx":
        return writing.OFFSET, _OFFSETS[count] | (writing.ZULU if letter == "X" else 0), 0
    if letter == "n":
        return writing.NANOSECOND, 0, 0
    if letter == "S":
        return writing.FRACTION, 0, count
    if (letter, count) in _NAMES:
        return writing.NAME, _NUMBERS[letter], texts.add_names(_NAMES[letter, count])
    if letter == "y" and count == 2:
        return writing.DIGITS, writing.YEAR_OF_CENTURY, 2
    return writing.DIGITS, _NUMBERS[letter], count


def _read(token: Token, texts: _Texts, reserve: int) -> tuple[int, int, int, int, int]:
    """The token of a reader; *reserve* digits behind it belong to numbers of exact width."""
    if isinstance(token, Verbatim):
        text = token.text.encode()
        masks = bytes(0x20 if chr(byte).isascii() and chr(byte).isalpha() else 0 for byte in text)
        start = texts.add(bytes(byte | mask for byte, mask in zip(text, masks, strict=True)))
        return reading.VERBATIM, start, len(text), texts.add(masks), 0
    letter, count = token.letter, token.count
    if letter in "Xx":
        return reading.OFFSET, _OFFSETS[count] | (writing.ZULU if letter == "X" else 0), 0, 0, 0
    names = _NAMES.get((letter, count))
    if names is not None:
        table = texts.add_names(name.lower() for name in names)
        return reading.NAME, _NUMBERS[letter], table, int(not names[0]), len(names) - 1
    width = _exact_width(token)
    if not width:
        return reading.VARIABLE, _NUMBERS[letter], count, reserve, 0
    if letter == "y" and count == 2:
        return reading.FIXED, writing.YEAR_OF_CENTURY, width, 0, 1
    return reading.FIXED, _NUMBERS[letter], width, 0, 10 ** (9 - count) if letter == "S" else 1


def _exact_width(token: Token) -> int:
    """How many digits the number has, 0 where that is not fixed and for what is no number."""
    if isinstance(token, Verbatim) or token.letter in "Xx" or (token.letter, token.count) in _NAMES:
        return 0
    if token.letter == "S" or token.count in (2, 4):
        return token.count
    return 0


def _precision(symbol: Symbol) -> int:
    if symbol.field == "fraction":
        return SECOND + (9 if symbol.letter == "n" else symbol.count)
    return _PRECISIONS.get(symbol.field, YEAR)
