"""CSV records of columns, each made of finished fields.

In: the fields of every column, as the record will have them, in quotes if they need any.  Out: the records.

All fields are brought together in one buffer, and a kernel lays the records of them. Rows that are numbers of
the entries of a dictionary are looked up: the fields of the entries are made once for all morsels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.kernels.lay_records import add_sizes, coded_size, coded_words, copy_fields, lay_records
from s3sql.payloads import Int32s, Int64s, Text
from s3sql.serialize.base import Records

#: Rows that are laid at a time, so that their words and fields stay in the cache.
_ROWS = 8 << 10

#: What keeps the words of one row in different columns from sharing lines of the cache.
_APART = 24

#: A table of fields no longer than this has room made for its longest in every row.
_SHORT = 32


class FieldTable(NamedTuple):
    """The fields of the entries of a dictionary, and their words while these lie first in the buffer."""

    contents: Bytes
    words: Int64s
    longest: int

    @classmethod
    def of(cls, text: Text) -> FieldTable:
        """The table of the fields of all entries."""
        buffer = np.empty(_size(text) + PADDING, np.uint8)
        words: Int64s = np.empty(len(text), np.int64)
        end = copy_fields(text.buffer, text.starts, text.ends, 0, buffer, words)
        return cls(buffer[:end], words, int((text.ends - text.starts).max(initial=0)))


class CodedFields(NamedTuple):
    """Fields as numbers of entries of a table."""

    table: FieldTable
    codes: Int32s

    def room(self) -> int:
        """No less than the bytes of all fields."""
        if self.table.longest <= _SHORT:
            return self.table.longest * len(self.codes)
        return int(coded_size(self.table.words, self.codes))


Fields: TypeAlias = CodedFields | Text


def laid(columns: Sequence[Fields], length: int, field: PaddedBuffer, record: PaddedBuffer) -> Records:
    """The records of *length* rows of one column or more, with these delimiters of fields and records."""
    sizes = np.zeros(-(-length // _ROWS), np.int64)
    for fields in columns:
        if isinstance(fields, Text):
            add_sizes(fields.starts, fields.ends, _ROWS, sizes)
    room = length * ((len(columns) - 1) * len(field) + len(record)) + int(sizes.sum())
    room += sum(fields.room() for fields in columns if isinstance(fields, CodedFields))
    out = np.empty(room + PADDING, np.uint8)
    ends: Int64s = np.empty(length, np.int64)
    buffer, bases, begin = _with_tables(columns, int(sizes.max(initial=0)))
    rows = max(1, min(length, _ROWS))
    words: Int64s = np.empty((len(columns), rows + _APART), np.int64)
    delimiters = (field.array, len(field), record.array, len(record))
    written = 0
    for first in range(0, length, rows):
        last = min(first + rows, length)
        base = begin
        for fields, table_base, column_words in zip(columns, bases, words[:, : last - first], strict=True):
            if isinstance(fields, CodedFields):
                coded_words(fields.table.words, fields.codes[first:last], table_base, column_words)
            else:
                starts, stops = fields.starts[first:last], fields.ends[first:last]
                base = copy_fields(fields.buffer, starts, stops, base, buffer, column_words)
        written = lay_records(
            buffer,
            words.reshape(-1),
            rows + _APART,
            len(columns),
            *delimiters,
            written,
            out,
            ends[first:last],
        )
    return Records(out[:written], ends)


def _with_tables(columns: Sequence[Fields], room: int) -> tuple[Bytes, list[int], int]:
    """A buffer that begins with all tables and has *room* for the texts of the rows that are laid at a time.

    Beside it, where the table of each column stands, and where the texts may begin.
    """
    bases: list[int] = []
    begin = 0
    for fields in columns:
        bases.append(begin)
        begin += fields.table.contents.size if isinstance(fields, CodedFields) else 0
    buffer = np.empty(begin + room + PADDING, np.uint8)
    for fields, base in zip(columns, bases, strict=True):
        if isinstance(fields, CodedFields):
            buffer[base : base + fields.table.contents.size] = fields.table.contents
    return buffer, bases, begin


def _size(text: Text) -> int:
    return int((text.ends - text.starts).sum(dtype=np.int64))
