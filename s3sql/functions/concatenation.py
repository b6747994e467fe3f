"""The operator ``||``, and joining columns of text in general.

In: two columns.  Out: a column of strings, NULL where either side is unknown.

Sources: AWS S3 User Guide, Operators; PartiQL v0.1. Both sides must be strings; nothing is converted.
"""

from __future__ import annotations

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.functions.registry import Fail
from s3sql.kernels import joining
from s3sql.types import Column, Kind, Text


def concatenate(left: Column, right: Column, fail: Fail) -> Column:
    """``left || right``; a known value other than a string fails with ExternalEvalException."""
    known = left.known() & right.known()
    strings = left.mask(Kind.STRING) & right.mask(Kind.STRING)
    wrong = known & ~strings
    if wrong.any():
        row = int(np.argmax(wrong))
        kinds = " || ".join(Kind(int(column.tag_array()[row])).name for column in (left, right))
        fail(
            wrong,
            S3SelectError(
                "ExternalEvalException",
                "The query cannot be evaluated. Please check the query and file and try again. "
                f"Found {kinds}: both sides must be strings; CAST(… AS STRING) makes one.",
            ),
        )
    if strings.all() and left.length:
        return Column.of(Kind.STRING, joined(left.text(), right.text()))
    rows = np.flatnonzero(strings)
    if not len(rows):
        return Column.unknown(Kind.NULL, left.length)
    together = Column.of(Kind.STRING, joined(left.text().take(rows), right.text().take(rows)))
    return Column.interleave(left.length, [(rows, together)])


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
