"""Records of JSON that are read by the layout of those before them.

In: padded buffers of records one behind the other, and the paths of the query.  Out: :class:`FittedRecords`,
or None where a buffer is better read, or has to be read, in another way.

Objects of many records repeat a few layouts. The first records are parsed, and their layout is learnt
(:mod:`s3sql.formats.json_layout`); those that fit it are as valid as they (:mod:`s3sql.kernels.json_layout`),
and where the values that the query names are is known with that. A record that does not fit is
learnt from as well, until that has been too often; what is wrong with a record is never told here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import NoReturn

import numpy as np

from s3sql.buffers import Bytes, PaddedBuffer
from s3sql.formats import json_paths
from s3sql.formats.base import Morsel
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.json_block import JsonBlock, block_of, index_block, text_start
from s3sql.formats.json_columns import column_of_values, compact_slices
from s3sql.formats.json_layout import Layout, LayoutLearner, Slots
from s3sql.formats.scratch import Scratch
from s3sql.kernels import json_layout, json_pieces, json_scalar_masks
from s3sql.kernels.system import NO_FILE
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Int64s, Rows, Text
from s3sql.plan.expr import Step
from s3sql.types import Column

#: Shorter blocks are read before a layout is learnt.
_LEAST_BYTES = 256 << 10

#: Bytes of a block that are read, masked and followed together.
_PIECE_BYTES = 128 << 10

#: Records that are learnt from, and blocks that have to be read in another way, before no more is tried.
_MOST_LEARNT = 64
_MOST_MISSES = 3

#: Bytes that are looked through for the end of a record which is to be learnt from.
_LONGEST_LEARNT = 1 << 16

#: Bytes of a record at the least, on average.
_BYTES_PER_RECORD = 16

#: Bytes of text for each link that is compared, below which the other way is faster: lists of numbers,
#: members in any order, strings most of which have escapes.
_BYTES_PER_TRY = 5.5


@dataclass(frozen=True, slots=True)
class FittedRecords:
    """Root values that are lists or structs, and in their cells the values at the paths of the query.

    ``length``: the bytes of the buffer that were checked. ``cells``: a row for each record, a column for each
    of the first ``width`` slots, see :mod:`s3sql.kernels.json_layout`. ``consumed``: where the complete
    records end; the whole length if nothing but white space is behind them. ``compact``: they are written
    without white space and escapes. Nothing is wrong, so ``failure`` is None.
    """

    buffer: Bytes
    length: int
    slots: Slots
    width: int
    cells: Int64s
    rows: int
    consumed: int
    compact: bool

    @property
    def failure(self) -> None:
        """What is wrong behind the last record: nothing."""
        return None

    @property
    def complete(self) -> bool:
        """Whether the block ends between two values."""
        return self.consumed == self.length

    def records(self, rows: Rows) -> Text:
        """The bytes of the records in *rows*."""
        cells = self.cells[rows * self.width]
        starts = (cells >> json_layout.START_SHIFT) & (json_layout.MOST_BYTES - 1)
        return Text(self.buffer, starts.astype(np.int32), (cells >> json_layout.END_SHIFT).astype(np.int32))

    def record_starts(self) -> Int32s:
        """The offset of the first byte of every root value."""
        return self.records(np.arange(self.rows, dtype=np.intp)).starts

    def first(self, count: int) -> FittedRecords:
        """The first *count* root values alone."""
        return replace(self, rows=min(count, self.rows))


class FittedBatch(Batch):
    """Rows that are root values, ``records`` of them by their ``numbers``."""

    def __init__(self, records: FittedRecords, numbers: Rows, rows: Rows, failure: FirstFailure) -> None:
        super().__init__(rows, failure)
        self.records = records
        self.numbers = numbers

    @classmethod
    def of(cls, records: FittedRecords, failure: FirstFailure) -> FittedBatch:
        """All of them."""
        rows = np.arange(records.rows, dtype=np.intp)
        return cls(records, rows, rows, failure)

    def take(self, rows: Rows) -> FittedBatch:
        """The same morsel under a narrower selection."""
        return FittedBatch(self.records, self.numbers[rows], self.rows[rows], self.failure)

    def row(self) -> Column:
        """The rows themselves."""
        return self._column(json_layout.RECORD_SLOT)

    def path(self, steps: tuple[Step, ...]) -> Column:
        """The value at the path from each row; a list where the path has a wildcard."""
        slot = self.records.slots.numbers.get(steps)
        if slot is not None:
            return self._column(slot)
        block = block_of(self.records.records(self.numbers))
        block = replace(block, compact=self.records.compact)
        return json_paths.value_at(block, block.roots, steps, self.fail)

    def field(self, number: int) -> NoReturn:
        """JSON has no numbered columns; the binder makes none."""
        raise TypeError(f"a row of JSON has no CSV field {number}")

    def _column(self, slot: int) -> Column:
        length = len(self.numbers)
        records = self.records
        tags = np.empty(length, np.uint8)
        source = Text(records.buffer, np.empty(length, np.int32), np.empty(length, np.int32))
        seen = json_layout.take_cells(
            records.cells, records.width, slot, self.numbers, tags, source.starts, source.ends
        )

        def compact(rows: Rows) -> Text:
            return compact_slices(source.take(rows))

        return column_of_values(source, tags, seen, None if records.compact else compact, self.fail)


class Fitting:
    """What one query has learnt of its object so far. Thread-safe: workers share it."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._learner = LayoutLearner(slots)
        self._lock = Lock()
        self._layout: Layout | None = None
        self._learnt = 0
        self._misses = 0 if self._slots.possible else _MOST_MISSES

    def read(
        self,
        buffer: PaddedBuffer,
        length: int,
        *,
        at_start: bool,
        at_end: bool,
        scratch: Scratch,
        unread: Morsel | None = None,
    ) -> FittedRecords | None:
        """Read the first *length* bytes of *buffer*; None if they are to be read in another way.

        ``at_start``: the block begins the object, so a byte order mark is dropped. ``at_end``: nothing
        follows, so an incomplete value is a fault. The cells lie in *scratch* and are valid until the next
        block is read. ``unread``: the morsel, if its bytes are still to be fetched; they are
        there afterwards.

        Raises:
            S3SelectError: what fetching them raises.
        """
        if self._misses >= _MOST_MISSES or not _LEAST_BYTES <= length < json_layout.MOST_BYTES:
            if unread is not None:
                unread.read(0, length)
            return None
        records = self._read(buffer.array, length, at_start, at_end, scratch, unread)
        if records is None:
            # Workers may miss one another's count, which decides about speed alone.
            self._misses += 1
        return records

    def _read(
        self,
        array: Bytes,
        length: int,
        at_start: bool,
        at_end: bool,
        scratch: Scratch,
        unread: Morsel | None,
    ) -> FittedRecords | None:
        layout = self._layout
        if unread is not None and (at_start or layout is None or unread.file is None):
            unread.read(0, length)
            unread = None
        present = length if unread is None else 0
        file, place = (NO_FILE, 0) if unread is None or unread.file is None else (unread.file, unread.start)
        start = text_start(array, length) if at_start else 0
        room = length // _BYTES_PER_RECORD
        cells = scratch.array("json cells", np.int64, room * self._slots.count)
        bits = (length >> 3) + json_scalar_masks.MASK_SLACK
        stops = scratch.array("json stops", np.uint8, bits)
        digits = scratch.array("json digits", np.uint8, bits)
        numerals = scratch.array("json numerals", np.uint8, bits)
        state = np.zeros(json_pieces.STATE, np.int64)
        state[[json_layout.OFFSET, json_pieces.MASKED]] = start
        state[json_pieces.PRESENT] = present
        while True:
            if layout is not None:
                json_pieces.follow_pieces(
                    file,
                    place,
                    array,
                    stops,
                    digits,
                    numerals,
                    length,
                    _PIECE_BYTES,
                    MAX_RECORD_BYTES,
                    layout.links,
                    layout.notes,
                    layout.texts,
                    layout.first_link,
                    layout.slots,
                    room,
                    cells,
                    state,
                )
            rows, consumed, tries, loose, found, present, _, not_utf8 = state.tolist()
            if unread is not None:
                if present == length:
                    unread.check()
                # The rest is for those who read in another way, and raises what could not be read.
                unread.read(present, length)
                unread = None
                if found == json_pieces.UNREADABLE:
                    return None
            if layout is not None and found == json_layout.ALL_FIT:
                break
            if layout is not None and found != json_layout.NO_LINK:
                if found == json_layout.NO_ROOM:
                    self._misses = _MOST_MISSES
                return None
            beginning = _beginning(array, consumed, length)
            if beginning is None or not len(beginning.roots):
                # Cut off, if it is right so far and goes on behind the block.
                if beginning is None or beginning.failure is not None or at_end or not rows:
                    return None
                break
            known = layout
            layout = self._learn(beginning, known)
            if layout is None:
                return None
            if known is not None and known.slots != layout.slots:
                # Rows are as wide as there are slots, so the first of them are found again.
                state[: json_layout.STATE] = 0
                state[json_layout.OFFSET] = start
        if tries * _BYTES_PER_TRY > consumed - start:
            self._misses = _MOST_MISSES
        if not_utf8 and first_invalid_utf8(array, start, consumed) >= 0:
            return None
        width = 0 if layout is None else layout.slots
        return FittedRecords(array, length, self._slots, width, cells, rows, consumed, not loose)

    def _learn(self, record: JsonBlock, known: Layout | None) -> Layout | None:
        """A layout that more fits than *known*: another worker's, or with that of *record* added."""
        with self._lock:
            if self._layout is not known:
                return self._layout
            self._learnt += 1
            if self._learnt > _MOST_LEARNT or not self._learner.learn(record):
                self._misses = _MOST_MISSES
                return None
            self._layout = self._learner.layout()
            return self._layout


def _beginning(array: Bytes, start: int, end: int) -> JsonBlock | None:
    """The text from *start* on, parsed until its first record or what is wrong with that is found.

    None if the record is too long to be looked through, or there is no text.
    """
    held = array[start : min(start + _LONGEST_LEARNT, end)].tobytes()
    block = None
    # A record that goes on behind its line is rare.
    for length in (held.find(b"\n") + 1, len(held)):
        if length:
            part = PaddedBuffer.copy_of(held[:length])
            block = index_block(part, length, at_start=False, at_end=False, scratch=Scratch())
            if len(block.roots) or block.failure is not None:
                return block
    return block if start + len(held) == end else None
