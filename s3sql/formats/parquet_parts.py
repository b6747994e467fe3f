"""The columns of one row group, divided into parts of its rows that workers decode.

In: a row group, and the columns that a query reads of it.  Out: Arrow arrays of a part, or of some of its
rows.

Flat columns are decoded here (:mod:`s3sql.formats.parquet_values`), each worker taking what it needs. The
rest is left to Arrow: nested columns, types, codecs and encodings that are rare, as the footer tells; and any
column chunk in which something is found that is not in order. So what is an error is Arrow's to say.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from s3sql.formats.parquet_chunk_pages import ChunkPages
from s3sql.formats.parquet_decoding import Decoder, LateColumns, ParquetContents
from s3sql.formats.parquet_file import READ_BYTES
from s3sql.formats.parquet_groups import (
    PLAIN_DICTIONARY,
    RLE_DICTIONARY,
    UNCOMPRESSED,
    ColumnChunk,
    RowGroup,
)
from s3sql.formats.parquet_layouts import ValueLayout, layout_of
from s3sql.formats.parquet_memory import PageMemory
from s3sql.formats.parquet_numbers import ChunkNumbers, has_numbers
from s3sql.formats.parquet_pages import BIT_PACKED, PLAIN, RLE, Unfamiliar
from s3sql.formats.parquet_ranges import NumberRange, ranges_of
from s3sql.formats.parquet_values import ChunkValues
from s3sql.formats.scratch import Scratch
from s3sql.payloads import Int64s, Rows
from s3sql.plan.logical import Plan

Array: TypeAlias = "pa.Array[Any]"

_ENCODINGS = frozenset({PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED, RLE_DICTIONARY})
#: Snappy, gzip, Brotli and Zstandard: those of which it can be seen that no byte is missing.
_CODECS = frozenset({UNCOMPRESSED, 1, 2, 4, 6})

#: So few rows are in the first page as a rule, and what is read behind it is thrown away.
_FEW_ROWS = 4 << 10

#: Bytes that are read ahead of all columns together, and of one at least.
_AHEAD_BYTES, _LEAST_AHEAD_BYTES = 12 << 20, 64 << 10

#: Bytes of column chunks that are read at once, of all columns together, and of the largest one. Numbers of a
#: million rows are shorter, as most writers make them.
_WHOLE_BYTES, _MOST_WHOLE_BYTES = 24 << 20, 8 << 20

#: Pages of all column chunks of a row group together, and of one at least.
_MOST_PAGES, _LEAST_PAGES = 1 << 16, 64


class ColumnDecoding:
    """How the columns that a query reads are decoded. Thread-safe.

    ``early``: numbers of the columns that the filter reads; ``late``: of the others. ``late_needed``: whether
    one of these has been asked for. ``ranges``: what the first ``conjuncts_of_ranges`` conjuncts of the
    filter say of the numbers that are stored.
    """

    def __init__(
        self,
        contents: ParquetContents,
        early: tuple[int, ...],
        late: tuple[int, ...],
        plan: Plan | None = None,
        limit: int | None = None,
    ) -> None:
        """``plan``: that with the filter, if there is one; ``limit``: rows that are enough."""
        self._is_short = limit is not None and limit <= _FEW_ROWS
        self.contents = contents
        self.early, self.late = early, late
        self.late_needed = False
        self.memory = PageMemory()
        self._leaves: dict[int, int] = {}
        self._types: dict[int, pa.DataType | None] = {}
        self._decoders: dict[tuple[int, ...], Decoder] = {}
        found: tuple[tuple[NumberRange, ...], int] = (
            ((), 0) if plan is None else ranges_of(plan, self.type_of)
        )
        self.ranges, self.conjuncts_of_ranges = found

    def laid(self, number: int, group: RowGroup) -> tuple[ColumnChunk, ValueLayout] | None:
        """The chunk of a column whose values in *group* are decoded here, and its layout; None: by Arrow."""
        layout = self._layout(number)
        if layout is None:
            return None
        chunk = self._chunk(number, group)
        is_known = chunk.codec in _CODECS and chunk.encodings <= _ENCODINGS and chunk.values == group.rows
        return (chunk, layout) if is_known else None

    def _layout(self, number: int) -> ValueLayout | None:
        known = self.contents.layouts
        if number not in known:
            leaves = self.contents.leaves(number)
            form = self.contents.schema.columns[number].type.form
            columns = self.contents.footer.metadata.schema
            known[number] = layout_of(columns.column(leaves[0]), form) if len(leaves) == 1 else None
        return known[number]

    def type_of(self, number: int) -> pa.DataType | None:
        """What the numbers of a column count; None if it has none that are had without Arrow."""
        if number not in self._types:
            layout = self._layout(number)
            self._types[number] = layout.arrow if layout is not None and has_numbers(layout) else None
        return self._types[number]

    def _chunk(self, number: int, group: RowGroup) -> ColumnChunk:
        """The column chunk of a column with one leaf."""
        leaf = self._leaves.get(number)
        if leaf is None:
            leaf = self._leaves[number] = self.contents.leaves(number)[0]
        return group.columns[leaf]

    def piece_bytes(self) -> int:
        """Bytes to read at a time of each column chunk."""
        columns = len(self.early) + len(self.late)
        source = self.contents.source
        if source.piece_bytes(columns) > READ_BYTES:
            # Each read is a request to a store.
            return source.piece_bytes(columns)
        if self._is_short:
            return _LEAST_AHEAD_BYTES
        return max(_LEAST_AHEAD_BYTES, min(READ_BYTES, _AHEAD_BYTES // max(columns, 1)))

    def whole_bytes(self) -> int:
        """Bytes of the largest column chunk that is read at once."""
        columns = len(self.early) + len(self.late)
        return min(_MOST_WHOLE_BYTES, _WHOLE_BYTES // max(columns, 1))

    def most_pages(self) -> int:
        """Pages of one column chunk: what is noted of each stays as long as its row group is read."""
        return max(_LEAST_PAGES, _MOST_PAGES // max(len(self.early) + len(self.late), 1))

    def decoder(self, numbers: tuple[int, ...]) -> Decoder:
        """Arrow's, for some columns together."""
        if numbers not in self._decoders:
            self._decoders[numbers] = Decoder(self.contents, numbers)
        return self._decoders[numbers]


class GroupParts:
    """The columns of *group*, in parts of *step* rows. Thread-safe."""

    def __init__(self, decoding: ColumnDecoding, group: RowGroup, step: int) -> None:
        self._decoding = decoding
        self.group = group
        self._step = step
        self._lock = threading.Lock()
        self._values: dict[int, ChunkValues] = {}
        self._by_arrow: dict[int, LateColumns] = {}
        self._finished: set[int] = set()
        for numbers in (decoding.early, decoding.late):
            self._open(numbers)

    @property
    def columns(self) -> tuple[int, ...]:
        """The numbers of the columns."""
        return (*self._decoding.early, *self._decoding.late)

    def type_of(self, number: int) -> pa.DataType | None:
        """See :meth:`ColumnDecoding.type_of`."""
        return self._decoding.type_of(number)

    def take(self, part: int, number: int) -> dict[int, Array]:
        """All values of column *number* in part number *part*, and maybe of others that come with it.

        Raises:
            S3SelectError: ``ParquetParsingError``; what reading the object raises.
        """
        self._note(number)
        values = self._values.get(number)
        if values is not None:
            begin, end = self._bounds(part)
            try:
                return {number: values.take(begin, end)}
            except Unfamiliar:
                self._leave_to_arrow(number)
        return self._by_arrow[number].take(part)

    def may_take_some(self, number: int) -> bool:
        """Whether column *number* is decoded here, so that rows can be had without the others."""
        return number in self._values

    def _note(self, number: int) -> None:
        if number in self._decoding.late:
            self._decoding.late_needed = True

    def take_some(self, part: int, number: int, rows: Rows) -> Array | None:
        """The values of *rows* of the part, ascending; None if they can only be had with all others.

        Raises:
            S3SelectError: ``ParquetParsingError``; what reading the object raises.
        """
        self._note(number)
        values = self._values.get(number)
        if values is None:
            return None
        begin, end = self._bounds(part)
        try:
            return values.take(begin, end, rows)
        except Unfamiliar:
            self._leave_to_arrow(number)
            return None

    def within(self, part: int, scratch: Scratch) -> tuple[Rows | None, int]:
        """The rows of the part for which the filter may be TRUE as far as ranges tell, None for all.

        With them how many of its first conjuncts are TRUE for all these rows. Raises what reading the object
        raises.
        """
        begin, end = self._bounds(part)
        rows: Rows | None = None
        for one in self._decoding.ranges:
            numbers = self._numbers(one.number, begin, end)
            found = None if numbers is None else numbers.within(one, begin, end, rows, scratch)
            if found is None:
                return rows, 0
            rows = found
            if not len(rows):
                break
        return rows, self._decoding.conjuncts_of_ranges

    def numbers(self, part: int, number: int, rows: Rows | None) -> Int64s | None:
        """The numbers that are stored of *rows*, None for all, of the part, ascending; none is NULL.

        None if they are to be had by :meth:`take` only, or are better taken so. Raises what reading the
        object raises.
        """
        begin, end = self._bounds(part)
        numbers = self._numbers(number, begin, end)
        return None if numbers is None else numbers.numbers(begin, end, rows)

    def _numbers(self, number: int, begin: int, end: int) -> ChunkNumbers | None:
        values = self._values.get(number)
        if values is None or self._decoding.type_of(number) is None:
            return None
        self._note(number)
        return values.numbers(begin, end)

    def give_up(self, part: int) -> None:
        """Nobody will ask for part number *part* any more."""
        with self._lock:
            self._finished.add(part)
            values, by_arrow = list(self._values.values()), set(self._by_arrow.values())
        for one in values:
            one.release(self._is_wanted)
        for columns in by_arrow:
            columns.give_up(part)

    def _is_wanted(self, begin: int, end: int) -> bool:
        """Whether somebody may ask for one of the rows ``[begin, end)``."""
        return not self._finished.issuperset(range(begin // self._step, -(-end // self._step)))

    def _bounds(self, part: int) -> tuple[int, int]:
        begin = part * self._step
        return begin, min(begin + self._step, self.group.rows)

    def _open(self, numbers: Sequence[int]) -> None:
        decoding, group = self._decoding, self.group
        left: list[int] = []
        for number in numbers:
            found = decoding.laid(number, group)
            if found is None:
                left.append(number)
                continue
            chunk, layout = found
            pages = ChunkPages(
                decoding.contents.source,
                chunk,
                layout,
                group.rows,
                decoding.piece_bytes(),
                decoding.memory,
                decoding.most_pages(),
            )
            fits = chunk.size <= decoding.whole_bytes()
            self._values[number] = ChunkValues(
                pages, layout, chunk if fits else None, group.rows, decoding.memory
            )
        if left:
            columns = self._columns(tuple(left))
            self._by_arrow.update(dict.fromkeys(left, columns))

    def _columns(self, numbers: tuple[int, ...]) -> LateColumns:
        group, step = self.group, self._step
        counts = [min(step, group.rows - row) for row in range(0, group.rows, step)]
        return LateColumns(lambda: self._decoding.decoder(numbers).open(group, step), counts)

    def _leave_to_arrow(self, number: int) -> None:
        """Have Arrow decode what is left of a column."""
        with self._lock:
            if number in self._by_arrow:
                return
            columns = self._columns((number,))
            for part in self._finished:
                columns.give_up(part)
            self._by_arrow[number] = columns
            del self._values[number]
