"""List literals, and any value as compact JSON.

In: columns.  Out: columns of lists, which are held as compact JSON text.

Sources: PartiQL v0.1, list constructors; RFC 8259.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.functions.concatenation import joined
from s3sql.functions.number_text import number_text
from s3sql.kernels import joining
from s3sql.types import Column, Kind, Text


def list_of(items: Sequence[Column], length: int) -> Column:
    """``[item, …]`` in every row; an unknown item is null."""
    text = Text.constant("[", length)
    for number, item in enumerate(items):
        if number:
            text = joined(text, Text.constant(",", length))
        text = joined(text, json_text(item))
    return Column.of(Kind.LIST, joined(text, Text.constant("]", length)))


def json_text(column: Column) -> Text:
    """Every value as compact JSON: null for NULL, MISSING and floats that are not finite."""
    if not column.length:
        return Text.of([])
    tags = column.tag_array()
    pieces = []
    written = np.zeros(column.length, np.bool_)
    for kind, payload in column.parts.items():
        mask = tags == kind
        if kind == Kind.FLOAT:
            mask &= np.isfinite(column.array(Kind.FLOAT))
        rows = np.flatnonzero(mask)
        if len(rows):
            text = _WRITERS.get(kind, number_text)(Column.of(kind, payload).take(rows))
            pieces.append((rows, Column.of(Kind.STRING, text)))
            written[rows] = True
    rest = np.flatnonzero(~written)
    pieces.append((rest, Column.of(Kind.STRING, Text.constant("null", len(rest)))))
    return Column.interleave(column.length, pieces).text()


def _quoted(column: Column) -> Text:
    text = column.text()
    size = int(np.sum(text.ends - text.starts, dtype=np.int64))
    buffer = PaddedBuffer.empty(size * joining.JSON_EXPANSION + len(text) * joining.JSON_QUOTES).array
    starts, ends = np.empty(len(text), np.int32), np.empty(len(text), np.int32)
    joining.quote(text.buffer, text.starts, text.ends, buffer, starts, ends)
    return Text(buffer, starts, ends)


_WRITERS: dict[Kind, Callable[[Column], Text]] = {Kind.STRING: _quoted}
