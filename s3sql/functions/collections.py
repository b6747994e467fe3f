"""List literals, rows as structs, and any value as compact JSON.

In: columns.  Out: columns of lists and structs, which are held as compact JSON text.

Sources: PartiQL v0.1, list constructors; RFC 8259.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.functions.concatenation import joined_all, size_alone, too_long
from s3sql.functions.number_text import number_text
from s3sql.functions.registry import Fail
from s3sql.kernels import joining, write_json
from s3sql.limits import MAX_MADE_BYTES
from s3sql.payloads import Text
from s3sql.types import Column, Kind


def list_of(items: Sequence[Column], length: int, fail: Fail) -> Column:
    """``[item, …]`` in every row; an unknown item is null; too long a list fails, ``ColumnTooLong``."""
    opening, comma, closing = (Text.constant(mark, length) for mark in "[,]")
    texts, size = [opening], 0
    for number, item in enumerate(items):
        written = json_text(item)
        texts += [comma, written] if number else [written]
        size += size_alone(Column.of(Kind.LIST, written))
        if size > MAX_MADE_BYTES:
            fail(np.ones(length, np.bool_), too_long())
            return Column.unknown(Kind.NULL, length)
    return Column.of(Kind.LIST, joined_all([*texts, closing]))


def struct_of(names: Sequence[str], values: Sequence[Column], length: int) -> Column:
    """``{"name":value,…}`` in every row; MISSING values are left out, floats that are not finite are null."""
    return Column.of(Kind.STRUCT, members_text(names, [_or_nothing(value) for value in values], length))


def _or_nothing(column: Column) -> Text:
    """The values as JSON, nothing at all for MISSING."""
    text = json_text(column)
    missing = column.mask(Kind.MISSING)
    if not missing.any():
        return text
    return Text(text.buffer, text.starts, np.where(missing, text.starts, text.ends), text.excludes)


_NOTHING = PaddedBuffer.copy_of(b"")


def members_text(names: Sequence[str], values: Sequence[Text], length: int) -> Text:
    """A JSON object for each of *length* rows: the values, JSON themselves, under their names.

    An empty text is left out.
    """
    rows = np.arange(length)
    prefixes = [PaddedBuffer.copy_of(f",{json.dumps(name, ensure_ascii=False)}:".encode()) for name in names]
    inside = np.zeros(length, np.int64)
    for value, prefix in zip(values, prefixes, strict=True):
        write_json.measure_raw(rows, value.starts, value.ends, len(prefix) - 1, inside)
    ends = np.cumsum(inside + 2)
    size = addressable(int(ends[-1]) if length else 0, "a row as a struct")
    begins = ends - (inside + 2)
    out = PaddedBuffer.empty(size).array
    positions = np.empty(length, np.int64)
    write_json.open_records(begins, out, positions)
    for value, prefix in zip(values, prefixes, strict=True):
        where = (prefix.array, len(prefix), begins, ends, out, positions)
        write_json.write_raw(rows, value.buffer, value.starts, value.ends, *where)
    write_json.close_records(positions, _NOTHING.array, 0, out)
    return Text(out, begins.astype(np.int32), ends.astype(np.int32))


def addressable(size: int, what: str) -> int:
    """*size* bytes of text, made at once, if 32-bit offsets reach them; raises MemoryError if not."""
    if size > np.iinfo(np.int32).max:
        raise MemoryError(f"{what} makes {size:,} bytes at once, more than offsets can tell apart")
    return size


def json_text(column: Column) -> Text:
    """Every value as compact JSON: null for NULL, MISSING and floats that are not finite."""
    if not column.length:
        return Text.of([])
    kind = column.kind
    if kind is not None and kind < Kind.BOOL:
        return Text.constant("null", column.length)
    if (
        kind is not None
        and kind >= Kind.BOOL
        and (kind != Kind.FLOAT or np.isfinite(column.array(kind)).all())
    ):
        return _WRITERS.get(kind, number_text)(column)
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
    text = number_text(column)
    size = int(np.sum(text.ends - text.starts, dtype=np.int64))
    buffer = PaddedBuffer.empty(size * joining.JSON_EXPANSION + len(text) * joining.JSON_QUOTES).array
    starts, ends = np.empty(len(text), np.int32), np.empty(len(text), np.int32)
    joining.quote(text.buffer, text.starts, text.ends, buffer, starts, ends)
    return Text(buffer, starts, ends)


_WRITERS: dict[Kind, Callable[[Column], Text]] = {Kind.STRING: _quoted, Kind.TIMESTAMP: _quoted}
