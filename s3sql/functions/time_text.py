"""TO_STRING and TO_TIMESTAMP: timestamps to text and back.

In: columns of timestamps or text, and of patterns.  Out: text, or timestamps.

A pattern may differ from row to row; rows of the same pattern are computed together. A faulty one fails the
rows that need it and no others.

Sources: AWS S3 User Guide, TO_STRING, TO_TIMESTAMP; PartiQL v0.1 for a pattern as second argument of the
latter. The language of patterns is told in :mod:`s3sql.functions.time_patterns`, how they read text in
:mod:`s3sql.functions.time_programs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.functions.ion_text import timestamps_of_text
from s3sql.functions.numbers import describe
from s3sql.functions.registry import Fail, eligible, scalar
from s3sql.functions.time_patterns import LONGEST_SHOWN
from s3sql.functions.time_programs import reader, writer
from s3sql.kernels import timestamps as kernels
from s3sql.kernels.compare import equals_literal
from s3sql.kernels.time_parse import NO_SUCH_TIME
from s3sql.payloads import Mask, Rows, Text, Timestamps
from s3sql.types import Column, Kind

#: What messages show as an example: 1969-07-20T20:18:05.123456789Z.
_SAMPLE = Timestamps(
    np.array([-14_182_915], np.int64),
    np.array([123_456_789], np.int32),
    np.array([13], np.uint8),
    np.array([0], np.int16),
)


@scalar("TO_STRING")
def to_string(arguments: Sequence[Column], fail: Fail) -> Column:
    """The timestamp as the pattern writes it.

    Fails with EvaluatorInvalidTimestampFormatPattern where the pattern has a fault.
    """
    stamps, patterns = arguments
    fitting = eligible("TO_STRING", arguments, (Kind.TIMESTAMP, Kind.STRING), fail)

    def write(pattern: str, rows: Rows) -> Column:
        return Column.of(Kind.STRING, writer(pattern).write(_timestamps(stamps, rows)))

    return _by_pattern(patterns, np.flatnonzero(fitting), write, fail)


@scalar("TO_TIMESTAMP")
def to_timestamp(arguments: Sequence[Column], fail: Fail) -> Column:
    """The timestamp that the text spells: by the pattern, or as Amazon Ion writes timestamps.

    Fails with ValueParseFailure where the text spells none, and where the pattern has a fault as
    :func:`s3sql.functions.time_patterns.parsing_pattern` does.
    """
    texts, *patterns = arguments
    rows = np.flatnonzero(eligible("TO_TIMESTAMP", arguments, (Kind.STRING,) * len(arguments), fail))

    def read(pattern: str, rows: Rows) -> Column:
        text = _texts(texts, rows)
        stamps, status = reader(pattern).read(text)

        def failed(row: int) -> S3SelectError:
            return _mismatch(_string(text, row), pattern, int(status[row]))

        return _checked(stamps, status, rows, texts.length, failed, fail)

    if patterns:
        return _by_pattern(patterns[0], rows, read, fail)
    return _merged(texts.length, [(rows, _read_ion(texts, rows, fail))] if len(rows) else [])


def _read_ion(texts: Column, rows: Rows, fail: Fail) -> Column:
    """The timestamps of the texts of *rows*, by the form of Amazon Ion."""
    text = _texts(texts, rows)
    stamps, status, _ = timestamps_of_text(text)

    def failed(row: int) -> S3SelectError:
        return _no_ion(_string(text, row), int(status[row]))

    return _checked(stamps, status, rows, texts.length, failed, fail)


def _by_pattern(patterns: Column, rows: Rows, compute: Callable[[str, Rows], Column], fail: Fail) -> Column:
    """What *compute* makes of each pattern and the rows that have it; NULL in all other rows.

    A pattern that *compute* raises an error for fails its rows.
    """
    pieces: list[tuple[Rows, Column]] = []
    while len(rows):
        text = _texts(patterns, rows)
        same = np.empty(len(rows), np.bool_)
        start, end = int(text.starts[0]), int(text.ends[0])
        equals_literal(text.buffer, text.starts, text.ends, text.buffer, start, end - start, same)
        chosen, rows = rows[same], rows[~same]
        try:
            pieces.append((chosen, compute(_string(text, 0), chosen)))
        except S3SelectError as error:
            fail(_mask(chosen, patterns.length), error)
    return _merged(patterns.length, pieces)


def _merged(length: int, pieces: Sequence[tuple[Rows, Column]]) -> Column:
    """Each piece at its rows, NULL elsewhere."""
    if len(pieces) == 1 and len(pieces[0][0]) == length:
        return pieces[0][1]
    return Column.interleave(length, pieces)


def _checked(
    stamps: Timestamps,
    status: NDArray[np.uint8],
    rows: Rows,
    length: int,
    failed: Callable[[int], S3SelectError],
    fail: Fail,
) -> Column:
    """The timestamps of *rows*, of *length*, NULL where the status is not OK; reports those rows."""
    wrong = status != kernels.OK
    if not wrong.any():
        return Column.of(Kind.TIMESTAMP, stamps)
    fail(_mask(rows[wrong], length), failed(int(wrong.argmax())))
    tags = np.where(wrong, np.uint8(Kind.NULL), np.uint8(Kind.TIMESTAMP))
    return Column.tagged(tags, {Kind.TIMESTAMP: stamps})


def _texts(column: Column, rows: Rows) -> Text:
    """The texts of *rows*, all of them known to be text."""
    return column.text() if len(rows) == column.length else column.text().take(rows)


def _timestamps(column: Column, rows: Rows) -> Timestamps:
    """The timestamps of *rows*, all of them known to be timestamps."""
    payload = column.parts[Kind.TIMESTAMP]
    assert isinstance(payload, Timestamps)
    return payload if len(rows) == column.length else payload.take(rows)


def _string(text: Text, row: int) -> str:
    return bytes(text.buffer[text.starts[row] : text.ends[row]]).decode()


def _mask(rows: Rows, length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[rows] = True
    return mask


def _mismatch(text: str, pattern: str, status: int) -> S3SelectError:
    found = f"{describe(text, LONGEST_SHOWN)} with the pattern {describe(pattern, LONGEST_SHOWN)}"
    if status == NO_SUCH_TIME:
        return _failure(found, "there is no such date or time in the years 0001 to 9999")
    sample = writer(pattern).write(_SAMPLE)
    return _failure(found, f"a text of this pattern is {describe(_string(sample, 0), LONGEST_SHOWN)}")


def _no_ion(text: str, status: int) -> S3SelectError:
    found = describe(text, LONGEST_SHOWN)
    if status == kernels.TOO_FINE:
        return _failure(found, "a fraction of a second has at most nine digits")
    return _failure(
        found,
        "expected an Ion timestamp such as 2007-04-05T14:30Z or 2007-04-05; other text needs a pattern, "
        "TO_TIMESTAMP(text, 'yyyy-MM-dd HH:mm:ss')",
    )


def _failure(found: str, reason: str) -> S3SelectError:
    return S3SelectError("ValueParseFailure", f"TO_TIMESTAMP cannot read the text {found}: {reason}.")
