"""The operator ``||``, and joining columns of text in general.

In: columns.  Out: a column of strings, NULL where one of them is unknown.

Sources: AWS S3 User Guide, Operators; PartiQL v0.1. Both sides must be strings; nothing is converted.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.functions.registry import Fail
from s3sql.kernels import joining
from s3sql.limits import MAX_MADE_BYTES
from s3sql.payloads import Text
from s3sql.types import Column, Kind

#: Kinds whose payload is text.
_OF_TEXT = (Kind.STRING, Kind.LIST, Kind.STRUCT)


def concatenate(first: Column, others: Iterable[tuple[Column, Fail]]) -> Column:
    """``first || second || …``; a known value other than a string fails with ExternalEvalException.

    Each operand behind the first comes with the report of the ``||`` before it. They are asked for one by
    one, each when those before it have been checked, so that failures are reported from left to right.
    """
    operands, known, strings = [first], first.known(), first.mask(Kind.STRING)
    size = size_alone(first)
    for operand, fail in others:
        both = strings & operand.mask(Kind.STRING)
        wrong = known & operand.known() & ~both
        if wrong.any():
            row = int(np.argmax(wrong))
            left = Kind.STRING if strings[row] else Kind(int(first.tag_array()[row]))
            fail(wrong, _not_strings(left, Kind(int(operand.tag_array()[row]))))
        size += size_alone(operand)
        if size > MAX_MADE_BYTES and both.any():
            fail(both, too_long())
            both = ~both
        known = strings = both
        if strings.any():
            operands.append(operand)
    if strings.all() and first.length:
        return Column.of(Kind.STRING, joined_all([operand.text() for operand in operands]))
    rows = np.flatnonzero(strings)
    if not len(rows):
        return Column.unknown(Kind.NULL, first.length)
    together = joined_all([operand.text().take(rows) for operand in operands])
    return Column.interleave(first.length, [(rows, Column.of(Kind.STRING, together))])


def size_alone(column: Column) -> int:
    """Bytes of the text of a column of one row; 0 for other columns.

    Several rows are evaluated at once only if they make less than the limit altogether
    (:mod:`s3sql.exec.footprint`), so only a row alone can be beyond it.
    """
    if column.length != 1:
        return 0
    kind = Kind(int(column.tag_array()[0]))
    if kind not in _OF_TEXT:  # another payload need not have been made yet
        return 0
    payload = column.parts[kind]
    assert isinstance(payload, Text)
    return int(payload.ends[0] - payload.starts[0])


def too_long() -> S3SelectError:
    """The error for a text or list beyond ``limits.MAX_MADE_BYTES``."""
    return S3SelectError(
        "ColumnTooLong",
        f"The query makes a value of more than {MAX_MADE_BYTES:,} bytes, the most a value may have.",
    )


def _not_strings(left: Kind, right: Kind) -> S3SelectError:
    return S3SelectError(
        "ExternalEvalException",
        "The query cannot be evaluated. Please check the query and file and try again. "
        f"Found {left.name} || {right.name}: both sides must be strings; CAST(… AS STRING) makes one.",
    )


def joined_all(texts: list[Text]) -> Text:
    """All *texts* together, in pairs: else the first would be copied as often as there are others."""
    while len(texts) > 1:
        last = texts[len(texts) & ~1 :]
        texts = [joined(left, right) for left, right in zip(texts[::2], texts[1::2], strict=False)] + last
    return texts[0]


def joined(left: Text, right: Text) -> Text:
    """The texts of *left*, each with that of *right* behind it."""
    length = len(left)
    sizes = [np.sum(text.ends - text.starts, dtype=np.int64) for text in (left, right)]
    if sum(sizes) > np.iinfo(np.int32).max:
        raise MemoryError(
            f"concatenation makes {sum(sizes):,} bytes at once, more than offsets can tell apart"
        )
    buffer = PaddedBuffer.empty(int(sum(sizes))).array
    starts, ends = np.empty(length, np.int32), np.empty(length, np.int32)
    joining.concatenate(
        left.buffer, left.starts, left.ends, right.buffer, right.starts, right.ends, buffer, starts, ends
    )
    return Text(buffer, starts, ends)
