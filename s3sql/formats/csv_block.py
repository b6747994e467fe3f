"""CSV: from the bytes of one morsel to the bounds of its records and fields.

In: a block that starts at a record start, the dialect, and the columns the query needs.  Out: a
:class:`CsvBlock`. The plain fast pass serves blocks without quotes, the quoted one blocks proven regular,
the general one everything else; all three give the same bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from s3sql.buffers import PADDING, Bytes
from s3sql.errors import S3SelectError
from s3sql.formats import csv_counting
from s3sql.formats.base import Morsel
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_failures import general_failure, invalid_encoding, too_long
from s3sql.formats.csv_fast import FastTable, Wanted, fast_table
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_general, csv_masks
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Rows

_RETURN = 13


@dataclass(frozen=True, slots=True)
class CsvFields:
    """All fields of some records, decoded: those of record i are ``first[i]`` to ``first[i + 1]``."""

    buffer: Bytes
    first: Int32s
    starts: Int32s
    ends: Int32s

    def take(self, rows: Rows) -> CsvFields:
        """The fields of some of the records."""
        if len(rows) == len(self.first) - 1:
            return self
        begins, counts = self.first[rows], np.diff(self.first)[rows]
        first = np.zeros(len(rows) + 1, np.int32)
        np.cumsum(counts, out=first[1:])
        chosen = np.repeat(begins - first[:-1], counts) + np.arange(first[-1], dtype=np.int32)
        return CsvFields(self.buffer, first, self.starts[chosen], self.ends[chosen])


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """The records of one morsel.

    ``table``: a row per record: start, end, then start and end of each column of ``columns`` (offsets in
    ``buffer``; -1 where the record is too short). ``fields``: set when the general pass ran. ``arena``:
    where free room begins in the buffer, for decoding more. ``consumed``: bytes up to the end of the last
    complete record. ``error`` belongs to the record behind the last row. ``ragged``: some column may be
    absent. ``quoted``: some field may be quoted; ``excludes``: bytes that occur in no field outside quotes.
    ``records``: how many records the rows were chosen from, if they were. ``within``: all rows lie within
    the bounds that were asked for.
    """

    buffer: Bytes
    dialect: CsvDialect
    columns: tuple[int, ...]
    table: Int32s
    consumed: int
    arena: int
    ragged: bool
    quoted: bool
    excludes: frozenset[int] = frozenset()
    fields: CsvFields | None = None
    error: S3SelectError | None = None
    error_at: int = 0
    records: int = 0
    within: bool = False

    @property
    def rows(self) -> int:
        """The number of good records."""
        return len(self.table)

    def column(self, number: int) -> tuple[Int32s, Int32s]:
        """Starts and ends of a needed column in every record."""
        slot = 2 + 2 * self.columns.index(number)
        return self.table[:, slot], self.table[:, slot + 1]

    def cut(self, rows: int, error: S3SelectError, error_at: int) -> CsvBlock:
        """The block without its records from *rows* on, the first of which fails with *error*."""
        return replace(
            self, table=self.table[:rows], consumed=error_at, error=error, error_at=error_at, records=rows
        )

    def until(self, offset: int) -> CsvBlock:
        """The block without the records that start at or behind *offset*, and without their error."""
        rows = int(np.searchsorted(self.table[:, 0], offset))
        if rows == self.rows and (self.error is None or self.error_at < offset):
            return self
        return replace(self, table=self.table[:rows], error=None, records=rows)


def arena_room(length: int) -> int:
    """Bytes a buffer needs behind a block of *length* bytes, for all its fields decoded once."""
    return length + 2 * PADDING


def index_block(
    morsel: Morsel, dialect: CsvDialect, columns: tuple[int, ...] | Wanted, scratch: Scratch
) -> CsvBlock:
    """Read and index a morsel, which starts at a record start.

    The buffer's capacity leaves :func:`arena_room` behind the morsel.
    """
    wanted = columns if isinstance(columns, Wanted) else Wanted(columns)
    # The fast passes need an end they can trust or prove; the general one can tell where the last record is.
    if dialect.fast and (morsel.at_end or not morsel.uncut):
        found = fast_table(morsel, dialect, wanted, MAX_RECORD_BYTES, scratch)
        if found is not None:
            return _fast_block(morsel, dialect, wanted.columns, found)
    else:
        morsel.read(0, morsel.length)
    return general_index(morsel, dialect, wanted.columns, scratch)


def count_records(morsel: Morsel, dialect: CsvDialect) -> int | None:
    """How many records the morsel has; None, the morsel to be read anew, if that takes indexing them."""
    return csv_counting.count_records(morsel, dialect, MAX_RECORD_BYTES)


def _fast_block(morsel: Morsel, dialect: CsvDialect, columns: tuple[int, ...], found: FastTable) -> CsvBlock:
    """What the fast passes found, up to the first record that fails."""
    block = CsvBlock(
        morsel.buffer.array,
        dialect,
        columns,
        found.table,
        morsel.length,
        found.arena,
        found.ragged,
        bool(found.flags & csv_masks.HAS_QUOTE),
        _excluded(dialect, found.flags),
        records=found.records,
        within=found.within,
    )
    if found.too_long_at >= 0:
        block = block.cut(block.rows, too_long(morsel.start + found.too_long_at), found.too_long_at)
    return block if found.invalid_at < 0 else _cut_at_invalid(block, morsel, found.invalid_at)


def general_index(
    morsel: Morsel, dialect: CsvDialect, columns: tuple[int, ...], scratch: Scratch
) -> CsvBlock:
    """Index a morsel byte by byte, whatever is in it. The fast passes give the same rows."""
    field, record, quote, escape, comment = dialect.tokens
    length = morsel.length
    complete = morsel.at_end or not (morsel.uncut or dialect.allow_records)
    rows = length // 64 + 16
    size = length // 8 + 16
    state = np.zeros(4, np.int64)
    while True:
        record_starts = scratch.int32s("csv record starts", rows)
        first = scratch.int32s("csv record fields", rows + 1)
        rows = min(record_starts.size, first.size - 1)
        record_starts, first = record_starts[:rows], first[: rows + 1]
        record_ends = scratch.int32s("csv record ends", rows)[:rows]
        starts = scratch.int32s("csv field starts", size)
        ends = scratch.int32s("csv field ends", size)
        status = csv_general.parse_records(
            morsel.buffer.array, length, complete, field, record, quote, escape, comment,
            dialect.bare_return, dialect.allow_records, MAX_RECORD_BYTES, length + PADDING,
            record_starts, record_ends, first, starts, ends, state,
        )  # fmt: skip
        if status != csv_general.TABLE_FULL:
            break
        # Only what was full grows: the arrays are kept, so what grows with every morsel would never stop.
        if state[0] == rows:
            rows = 4 * rows
        else:
            size = 4 * starts.size
    count, position, arena, failed_at = (int(value) for value in state)
    first = first[: count + 1]
    fields = CsvFields(morsel.buffer.array, first, starts[: first[count]], ends[: first[count]])
    width = 2 + 2 * len(columns)
    table = scratch.int32s("csv table", count * width)[: count * width]
    wanted = np.array(columns, np.int32)
    csv_general.pick_columns(record_starts[:count], record_ends[:count], first, starts, ends, wanted, table)
    table = table.reshape(count, width)
    block = CsvBlock(
        morsel.buffer.array,
        dialect,
        columns,
        table,
        position,
        arena,
        True,
        True,
        frozenset(),
        fields,
        records=count,
    )
    if status != csv_general.COMPLETE:
        block = block.cut(count, general_failure(status, morsel.start + failed_at, dialect), position)
    return _check_encoding(block, morsel, max(position, failed_at))


def _excluded(dialect: CsvDialect, flags: int) -> frozenset[int]:
    """Bytes that no field of a block read by the fast passes can hold outside quotes."""
    absent = set(dialect.field + dialect.quote)
    if len(dialect.record) == 1:
        absent.update(dialect.record)
    if not flags & csv_masks.HAS_CARRIAGE_RETURN:
        absent.add(_RETURN)
    return frozenset(absent)


def _check_encoding(block: CsvBlock, morsel: Morsel, examined: int) -> CsvBlock:
    """The block up to the first byte that is not UTF-8 among the *examined* ones, comments included.

    Those are the whole records and, when the next one failed, its bytes up to the failure. Behind them a
    character may be cut in two by the end of the morsel.
    """
    invalid = first_invalid_utf8(block.buffer, 0, examined)
    return block if invalid < 0 else _cut_at_invalid(block, morsel, invalid)


def _cut_at_invalid(block: CsvBlock, morsel: Morsel, invalid: int) -> CsvBlock:
    """The block without the record that holds the byte *invalid*, and without what is behind it."""
    rows = int(np.searchsorted(block.table[:, 1], invalid, side="right"))
    error = invalid_encoding(morsel.start + invalid)
    starts = int(block.table[rows, 0]) if rows < block.rows else min(invalid, block.consumed)
    return block.cut(rows, error, starts)
