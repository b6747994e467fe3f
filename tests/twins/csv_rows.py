r"""CSV as the rules say it, one character at a time: the twin that the kernels must agree with.

In: the object's text and a dialect.  Out: every record as a list of decoded fields, in order, and the
code of the error that ended the reading, if one did.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """The delimiters as strings; empty means none. ``bare_return``: ``\\r\\n`` ends a record too."""

    field: str = ","
    record: str = "\n"
    quote: str = '"'
    escape: str = '"'
    comment: str = "#"
    bare_return: bool = True
    allow: bool = False


class _FailedError(Exception):
    """The code of an error and where in the text it shows."""


@dataclass(frozen=True)
class Record:
    """A record's fields and place in the text, without its delimiter; ``next`` is behind that."""

    start: int
    end: int
    next: int
    fields: list[str]


def read(text: str, dialect: Dialect) -> tuple[list[list[str]], str | None]:
    """All records of *text* before the first error, and that error's code."""
    records, code = spans(text, dialect)
    return [record.fields for record in records], code


def spans(text: str, dialect: Dialect, longest: int = 1 << 20) -> tuple[list[Record], str | None]:
    """As :func:`read`, with places; *longest* is the most bytes a record or comment may have."""
    records: list[Record] = []
    position = 0

    def too_long(end: int) -> bool:
        return len(text[position:end].encode()) > longest

    while position < len(text):
        if dialect.comment and text.startswith(dialect.comment, position):
            end = text.find(dialect.record, position)
            end = len(text) if end < 0 else end
            contents_end = end - (dialect.bare_return and end < len(text) and text[end - 1] == "\r")
            if too_long(contents_end):
                return records, "OverMaxRecordSize"
            position = end + len(dialect.record)
            continue
        if text.startswith(dialect.record, position):
            position += len(dialect.record)
            continue
        if dialect.bare_return and text.startswith("\r" + dialect.record, position):
            position += 1 + len(dialect.record)
            continue
        try:
            fields, end, behind = _record(text, position, dialect)
        except _FailedError as failure:
            code, place = failure.args
            return records, "OverMaxRecordSize" if too_long(place) else code
        if too_long(end):
            return records, "OverMaxRecordSize"
        records.append(Record(position, end, behind, fields))
        position = behind
    return records, None


def _record(text: str, position: int, dialect: Dialect) -> tuple[list[str], int, int]:
    """The record's fields, the end of its contents, and where the next record starts."""
    fields = []
    while True:
        value = ""
        if dialect.quote and text.startswith(dialect.quote, position):
            value, position = _quoted(text, position + len(dialect.quote), dialect)
        tail = ""
        while True:
            if position >= len(text):
                return [*fields, value + tail], position, position
            if text.startswith(dialect.record, position):
                behind = position + len(dialect.record)
                if dialect.bare_return and tail.endswith("\r"):
                    tail = tail[:-1]
                    position -= 1
                return [*fields, value + tail], position, behind
            if text.startswith(dialect.field, position):
                fields.append(value + tail)
                position += len(dialect.field)
                break
            tail += text[position]
            position += 1


def _quoted(text: str, position: int, dialect: Dialect) -> tuple[str, int]:
    value = ""
    doubling = dialect.escape == dialect.quote
    while position < len(text):
        if not dialect.allow and text.startswith(dialect.record, position):
            raise _FailedError("CSVEscapingRecordDelimiter", position)
        if doubling and text.startswith(dialect.quote * 2, position):
            value += dialect.quote
            position += 2 * len(dialect.quote)
        elif not doubling and text.startswith(dialect.escape, position):
            position += len(dialect.escape)
            if not dialect.allow and text.startswith(dialect.record, position):
                raise _FailedError("CSVEscapingRecordDelimiter", position)
            if position == len(text):
                position -= len(dialect.escape)
                break
            value += text[position]
            position += 1
        elif text.startswith(dialect.quote, position):
            return value, position + len(dialect.quote)
        else:
            value += text[position]
            position += 1
    raise _FailedError("CSVUnescapedQuote", position)
