"""CSV input: cutting a text into morsels and reading rows of fields.

In: the dialect of a request and the columns the plan needs.  Out: batches whose columns are text, empty
fields being empty strings and fields beyond a short record NULL (AWS S3 API Reference, CSVInput). Quotes,
comments and blank records: :mod:`s3sql.kernels.csv_general`; CR LF: :mod:`s3sql.formats.csv_dialect`.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.base import Counted, Morsel, MorselRows
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.csv_block import CsvBlock, CsvFields, arena_room, count_records, index_block
from s3sql.formats.csv_bounds import FieldBounds
from s3sql.formats.csv_counting import count_from_file, room_to_count
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_fast import Wanted
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_cut, csv_general, csv_split
from s3sql.kernels.write_csv_rows import member_prefixes, write_json_rows
from s3sql.limits import MAX_COLUMNS, MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Rows, Text
from s3sql.plan.expr import Step
from s3sql.types import Column, Kind

#: The share of the records up to which it pays to look for a column only where it is asked for.
_LATE_SHARE = 0.4

_NO_DELIMITER = np.zeros(0, np.uint8)


class CsvFormat:
    """The CSV of one request. ``columns``: numbers of the columns to index in every record, ascending.

    ``late``: columns that are looked for in the records that are left when something asks for one of them.
    ``names`` are the names of the header line, empty without one. ``required``: bytes that every record the
    query selects has in it, ``bounds`` what its field must lie within; other records may be left out.
    """

    shares_lines = False  # a boundary is the end of a record

    def __init__(
        self,
        dialect: CsvDialect,
        columns: tuple[int, ...],
        names: tuple[str, ...] = (),
        required: bytes | None = None,
        late: tuple[int, ...] = (),
        bounds: FieldBounds | None = None,
    ) -> None:
        self.dialect = dialect
        self.columns = columns
        self.late = late
        self._all_columns = tuple(sorted(columns + late))
        self._late_pays = bool(late)
        self._names = names
        # Whether the block before had no quotes.
        self._plain = True
        self._counts = True
        self.required = required
        self.bounds = bounds

    @property
    def serial(self) -> bool:
        """Cuts are counted by parity or by single delimiters; other dialects cannot be cut ahead."""
        if self.dialect.self_overlapping:
            return True
        return self.dialect.allow_records and not self.dialect.fast

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the header line, empty without one."""
        return self._names

    def room(self, length: int) -> int:
        """The morsel and its arena."""
        return length + arena_room(length)

    def cut(self, buffer: PaddedBuffer, length: int) -> int:
        """Behind the last record delimiter; outside quotes where quoted ones are contents."""
        dialect = self.dialect
        if not dialect.allow_records or not dialect.quote:
            return csv_cut.last_end(buffer.array, length, dialect.tokens[1])
        if not dialect.fast:
            return 0
        first, last, pair = dialect.record[0], dialect.record[-1], len(dialect.record) - 1
        return csv_cut.last_end_outside_quotes(buffer.array, length, first, last, pair, dialect.quote[0])

    @property
    def cut_by_end(self) -> bool:
        """Unless quotes must be counted, a record delimiter is one wherever it stands."""
        return not self.serial and not (self.dialect.allow_records and self.dialect.quote)

    def boundary(self, buffer: PaddedBuffer, begin: int, length: int) -> int:
        """Behind the first record delimiter that ends at or behind *begin*."""
        if self.dialect.self_overlapping:
            return csv_cut.first_counted_end(buffer.array, begin, length, self.dialect.tokens[1])
        return csv_cut.first_end(buffer.array, begin, length, self.dialect.tokens[1])

    def lead(self, buffer: PaddedBuffer, end: int) -> bytes:
        """Nothing: a morsel begins with a record."""
        return b""

    def span_end(self, buffer: PaddedBuffer, stop: int, length: int) -> int:
        """The end of the last record that starts before *stop*."""
        return self.boundary(buffer, stop, length)

    @property
    def boundary_margin(self) -> int:
        """The bytes of a record delimiter."""
        return len(self.dialect.record)

    @property
    def repeated_character(self) -> bytes:
        """Half of a record delimiter of two equal characters."""
        record = self.dialect.record
        return record[: len(record) // 2] if self.dialect.self_overlapping else b""

    def note_late(self, asked: int, rows: int) -> None:
        """Take note that the late columns of *asked* out of *rows* records were looked for.

        To find them in most of the records takes longer than to index them with the others.
        """
        if asked > rows * _LATE_SHARE:
            self._late_pays = False

    @property
    def room_to_count(self) -> int | None:
        """What reading piece by piece takes; None once records had to be read to be counted."""
        return room_to_count(self.dialect, MAX_RECORD_BYTES) if self._counts else None

    def count(self, morsel: Morsel) -> Counted | None:
        """The records, of a long morsel up to those that must be read to be counted; None if all must."""
        # What one morsel has, the others are likely to have too.
        if morsel.long:
            found = count_from_file(morsel, self.dialect, MAX_RECORD_BYTES)
            self._counts = self._counts and found.consumed == morsel.length
            return found
        if not self._counts:
            return None
        records = count_records(morsel, self.dialect)
        self._counts = records is not None
        return None if records is None else Counted(records, morsel.length)

    def rows(self, morsel: Morsel, scratch: Scratch) -> MorselRows:
        """Index the morsel's records and the needed columns."""
        columns = self.columns if self._late_pays else self._all_columns
        wanted = Wanted(columns, self.required, self.bounds, self._plain)
        block = index_block(morsel, self.dialect, wanted, scratch)
        self._plain = not block.quoted
        if morsel.stop is not None:
            block = block.until(morsel.stop)
        failure = FirstFailure()
        if block.error is not None:
            failure.report(block.rows, block.error)
        batch = CsvBatch(block, np.arange(block.rows), failure, self, scratch, Arena(block.arena))
        return MorselRows(batch, block.consumed, lambda: block.table[:, 0], block.records)


class Arena:
    """The free room behind a block, from ``end`` on; batches of one block share it."""

    __slots__ = ("end",)

    def __init__(self, end: int) -> None:
        self.end = end


class CsvBatch(Batch):
    """Records of an indexed block under a selection."""

    def __init__(
        self,
        block: CsvBlock,
        rows: Rows,
        failure: FirstFailure,
        form: CsvFormat,
        scratch: Scratch,
        arena: Arena,
    ) -> None:
        super().__init__(rows, failure)
        self.block = block
        self._form = form
        self._scratch = scratch
        self._arena = arena
        self._late: tuple[Bytes, Int32s] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the header line, empty without one."""
        return self._form.names

    @property
    def chosen(self) -> int:
        """One, if the walk over the records has judged the first conjunct."""
        return int(self.block.within and self._form.bounds is not None and self._form.bounds.alone)

    def take(self, rows: Rows) -> CsvBatch:
        """The same block under a narrower selection."""
        narrower = CsvBatch(self.block, self.rows[rows], self.failure, self._form, self._scratch, self._arena)
        if self._late is not None:
            buffer, table = self._late
            narrower._late = buffer, table[rows]
        return narrower

    def field(self, number: int) -> Column:
        """Column *number* as text, NULL where the record is too short."""
        buffer = self.block.buffer
        if number in self.block.columns:
            starts, ends = self.block.column(number)
            if self.length < self.block.rows:
                starts, ends = starts[self.rows], ends[self.rows]
            if not self.block.ragged:
                return Column.of(Kind.STRING, Text(buffer, starts, ends, self.excludes))
        else:
            buffer, table = self._late_columns()
            slot = 2 * self._form.late.index(number)
            starts, ends = table[:, slot], table[:, slot + 1]
        absent = starts < 0
        if not absent.any():
            return Column.of(Kind.STRING, Text(buffer, starts, ends, self.excludes))
        tags = np.where(absent, np.uint8(Kind.NULL), np.uint8(Kind.STRING))
        present = np.where(absent, np.int32(0), starts), np.where(absent, np.int32(0), ends)
        return Column.tagged(tags, {Kind.STRING: Text(buffer, *present, self.excludes)})

    def row(self) -> Column:
        """The records as structs of strings: header names, else ``_N``."""
        fields = self.fields
        ends = np.empty(self.length, np.int64)
        widest = int(np.diff(fields.first).max(initial=0))
        prefixes = member_prefixes(member_names(self.names, widest))
        out = write_json_rows(
            fields.buffer, fields.first, fields.starts, fields.ends, prefixes, _NO_DELIMITER, ends
        )
        stops = ends.astype(np.int32)
        starts = np.zeros_like(stops)
        starts[1:] = stops[:-1]
        return Column.of(Kind.STRUCT, Text(out, starts, stops))

    def path(self, steps: tuple[Step, ...]) -> Column:
        """CSV values have no members."""
        raise TypeError(f"the binder resolves paths into CSV, but {steps} came through")

    def record_bounds(self) -> tuple[Int32s, Int32s]:
        """Starts and ends of the selected records."""
        starts, ends = self.block.table[:, 0], self.block.table[:, 1]
        if self.length < self.block.rows:
            return starts[self.rows], ends[self.rows]
        return starts, ends

    def _late_columns(self) -> tuple[Bytes, Int32s]:
        """The late columns of the selected records, and the buffer they are in; found at the first call."""
        if self._late is None:
            self._late = self._find_late()
        return self._late

    def _find_late(self) -> tuple[Bytes, Int32s]:
        block, form = self.block, self._form
        form.note_late(self.length, block.records)
        wanted = np.array(form.late, np.int32)
        starts, ends = self.record_bounds()
        if block.fields is not None:
            fields = block.fields.take(self.rows)
            picked = np.empty((self.length, 2 + 2 * len(wanted)), np.int32)
            csv_general.pick_columns(
                starts, ends, fields.first, fields.starts, fields.ends, wanted, picked.reshape(-1)
            )
            return fields.buffer, picked[:, 2:]
        table = np.empty((self.length, 2 * len(wanted)), np.int32)
        field = block.dialect.field[0]
        if not block.quoted:
            csv_split.find_plain_columns(block.buffer, starts, ends, field, wanted, table.reshape(-1))
            return block.buffer, table
        buffer, begin = self._room(starts, ends)
        quote = block.dialect.quote[0]
        arena = csv_split.find_quoted_columns(
            buffer, starts, ends, field, quote, begin, wanted, table.reshape(-1)
        )
        self._take_room(buffer, arena)
        return buffer, table

    def _take_room(self, buffer: Bytes, end: int) -> None:
        """Fields have been decoded into what :meth:`_room` gave, up to *end*."""
        if buffer is self.block.buffer:
            self._arena.end = end

    def _room(self, starts: Int32s, ends: Int32s) -> tuple[Bytes, int]:
        """A buffer with the block in it and room to decode these records, and where the room begins."""
        buffer, begin = self.block.buffer, self._arena.end
        needed = int((ends - starts).sum(dtype=np.int64)) + PADDING if self.block.quoted else 0
        if begin + needed <= buffer.size:
            return buffer, begin
        return np.concatenate([buffer, np.empty(needed, np.uint8)]), buffer.size

    @property
    def excludes(self) -> frozenset[int]:
        """Bytes that occur in no field."""
        return frozenset() if self.block.quoted else self.block.excludes

    @cached_property
    def fields(self) -> CsvFields:
        """All fields of the selected records."""
        whole = self.block.fields
        if whole is not None:
            return whole.take(self.rows)
        return self._split()

    def _split(self) -> CsvFields:
        """Look at the selected records again, this time at every field."""
        block = self.block
        starts, ends = self.record_bounds()
        buffer, begin = self._room(starts, ends)
        field, quote = block.dialect.field[0], block.dialect.quote[0] if block.quoted else 0
        first = self._scratch.int32s("csv first fields", self.length + 1)[: self.length + 1]
        size = 20 * self.length + 16
        while True:
            slices = [self._scratch.int32s(f"csv field {name}", size) for name in ("starts", "ends")]
            arena = csv_split.split_regular(
                buffer, starts, ends, field, quote, int(block.quoted), begin, first, *slices
            )
            if arena >= 0:
                self._take_room(buffer, arena)
                return CsvFields(buffer, first, slices[0][: first[-1]], slices[1][: first[-1]])
            size = 4 * slices[0].size


def member_names(names: tuple[str, ...], count: int) -> list[str]:
    """Output names of *count* columns: the header's, ``_N`` for empty ones and beyond it."""
    if count > MAX_COLUMNS:
        raise S3SelectError(
            "OverMaxColumn", f"A record has {count:,} columns; at most {MAX_COLUMNS:,} can be read."
        )
    return [names[n] if n < len(names) and names[n] else f"_{n + 1}" for n in range(count)]
