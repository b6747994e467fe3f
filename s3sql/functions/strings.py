"""String functions: CHAR_LENGTH, LOWER, UPPER, SUBSTRING, TRIM.

In: text columns; nothing is converted.  Out: text or ints. Lengths and positions count Unicode code points.

Rules: AWS S3 User Guide, String functions; PartiQL v0.1 for letter case and for what SUBSTRING does before
the first character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.functions.registry import Fail, eligible, scalar
from s3sql.kernels.text import character_counts, flip_ascii_case, join, substrings, trimmed
from s3sql.payloads import Mask, Rows, Text
from s3sql.types import Column, Kind

_ENDLESS = np.int64(2**63 - 1)

#: Bytes that are no part of a word and change no letter's case beside them: separators for a bulk mapping.
_SEPARATORS = bytes(range(0x20))


@scalar("CHAR_LENGTH")
def char_length(arguments: Sequence[Column], fail: Fail) -> Column:
    """The number of characters."""
    rows = _rows(eligible("CHAR_LENGTH", arguments, (Kind.STRING,), fail))
    text = _texts(arguments[0], rows)
    counts = np.empty(len(text), np.int64)
    character_counts(text.buffer, text.starts, text.ends, counts)
    return _result(Column.of(Kind.INT, counts), rows, arguments[0].length)


@scalar("LOWER")
def lower(arguments: Sequence[Column], fail: Fail) -> Column:
    """The text in small letters, by the full Unicode mapping."""
    rows = _rows(eligible("LOWER", arguments, (Kind.STRING,), fail))
    mapped = _map_case(_texts(arguments[0], rows), ord("A"), str.lower)
    return _result(Column.of(Kind.STRING, mapped), rows, arguments[0].length)


@scalar("UPPER")
def upper(arguments: Sequence[Column], fail: Fail) -> Column:
    """The text in capital letters, by the full Unicode mapping: ``ß`` becomes ``SS``."""
    rows = _rows(eligible("UPPER", arguments, (Kind.STRING,), fail))
    mapped = _map_case(_texts(arguments[0], rows), ord("a"), str.upper)
    return _result(Column.of(Kind.STRING, mapped), rows, arguments[0].length)


@scalar("SUBSTRING")
def substring(arguments: Sequence[Column], fail: Fail) -> Column:
    """``SUBSTRING(text, start[, length])``: characters from number *start* on, the first being 1.

    A start below 1 eats into the length: ``SUBSTRING('123456789', 0, 2)`` is ``'1'``.
    """
    kinds = (Kind.STRING, Kind.INT, Kind.INT)[: len(arguments)]
    fitting = eligible("SUBSTRING", arguments, kinds, fail)
    if len(arguments) == 3:
        fitting = _without_negative_lengths(arguments[2], fitting, fail)
    rows = _rows(fitting)
    text = _texts(arguments[0], rows)
    start = _integers(arguments[1], rows)
    skipped = np.maximum(start, 1) - 1
    lengths = np.full(len(rows), _ENDLESS)
    if len(arguments) == 3:
        lengths = _integers(arguments[2], rows)
        # A start of 1 - n takes n off the length. Neither sum overflows: length is not negative.
        lengths = np.maximum(np.clip(start, 1 - _ENDLESS, 1) - 1 + lengths, 0)
    out = Text(text.buffer, np.empty(len(text), np.int32), np.empty(len(text), np.int32))
    substrings(text.buffer, text.starts, text.ends, skipped, lengths, out.starts, out.ends)
    return _result(Column.of(Kind.STRING, out), rows, arguments[0].length)


def _without_negative_lengths(length: Column, fitting: Mask, fail: Fail) -> Mask:
    if Kind.INT not in length.parts:
        return fitting
    negative = fitting & (length.array(Kind.INT) < 0)
    if not negative.any():
        return fitting
    found = length.value(int(negative.argmax()))
    fail(
        negative,
        S3SelectError(
            "IllegalSqlFunctionArgument", f"The length of SUBSTRING must not be negative, found {found}."
        ),
    )
    return fitting & ~negative


@scalar("TRIM")
def trim(arguments: Sequence[Column], fail: Fail) -> Column:
    """``TRIM(side, characters, text)``: the text without any of the characters at that side.

    *side* is BOTH, LEADING or TRAILING, the same in all rows.
    """
    rows = _rows(eligible("TRIM", arguments, (Kind.STRING, Kind.STRING, Kind.STRING), fail))
    if not len(rows):
        return Column.unknown(Kind.NULL, arguments[2].length)
    side = arguments[0].value(int(rows[0]))
    sets = _texts(arguments[1], rows)
    text = _texts(arguments[2], rows)
    out = Text(text.buffer, np.empty(len(text), np.int32), np.empty(len(text), np.int32))
    trimmed(
        text.buffer,
        text.starts,
        text.ends,
        sets.buffer,
        sets.starts,
        sets.ends,
        side != "TRAILING",
        side != "LEADING",
        out.starts,
        out.ends,
    )
    return _result(Column.of(Kind.STRING, out), rows, arguments[2].length)


def _map_case(text: Text, first_letter: int, mapping: Callable[[str], str]) -> Text:
    """Every string mapped: the ASCII ones by a kernel, the others together by Python's *mapping*."""
    size = int(np.subtract(text.ends, text.starts, dtype=np.int64).sum())
    out = PaddedBuffer.empty(size)
    starts = np.empty(len(text), np.int32)
    ends = np.empty(len(text), np.int32)
    not_ascii = np.empty(len(text), np.bool_)
    flip_ascii_case(text.buffer, text.starts, text.ends, first_letter, out.array, starts, ends, not_ascii)
    mapped = Text(out.array, starts, ends)
    if not not_ascii.any():
        return mapped
    odd = np.flatnonzero(not_ascii)
    plain = np.flatnonzero(~not_ascii)
    pieces = [
        (plain, Column.of(Kind.STRING, mapped.take(plain))),
        (odd, Column.of(Kind.STRING, _map_together(text.take(odd), mapping))),
    ]
    return Column.interleave(len(text), pieces).text()


def _map_together(text: Text, mapping: Callable[[str], str]) -> Text:
    """Every string mapped by one call over all of them, joined by a byte that occurs in none."""
    size = int(np.subtract(text.ends, text.starts, dtype=np.int64).sum()) + len(text)
    joined = PaddedBuffer.empty(size)
    used = np.zeros(256, np.bool_)
    joined.length = join(text.buffer, text.starts, text.ends, 0, joined.array)
    used[joined.array[: joined.length]] = True
    used[0] = joined.length - np.count_nonzero(joined.array[: joined.length]) > len(text)
    separator = next((byte for byte in _SEPARATORS if not used[byte]), None)
    if separator is None:
        return Text.of(mapping(string.decode()) for string in text.to_bytes())
    join(text.buffer, text.starts, text.ends, separator, joined.array)
    mapped = PaddedBuffer.copy_of(mapping(str(joined.contents(), "utf-8")).encode())
    ends = np.flatnonzero(mapped.array[: mapped.length] == separator).astype(np.int32)
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    return Text(mapped.array, starts, ends)


def _rows(fitting: Mask) -> Rows:
    return np.flatnonzero(fitting)


def _texts(column: Column, rows: Rows) -> Text:
    """The strings of the given rows, all of them known to be text."""
    if not len(rows):
        return Text.of(())
    return column.text() if len(rows) == column.length else column.text().take(rows)


def _integers(column: Column, rows: Rows) -> NDArray[np.int64]:
    """The ints of the given rows, all of them known to be ints."""
    if not len(rows):
        return np.empty(0, np.int64)
    return column.array(Kind.INT) if len(rows) == column.length else column.array(Kind.INT)[rows]


def _result(values: Column, rows: Rows, length: int) -> Column:
    """The values at their rows, NULL elsewhere."""
    return values if len(rows) == length else Column.interleave(length, [(rows, values)])
