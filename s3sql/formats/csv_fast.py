"""CSV: the fast passes over one block, plain or quoted.

In: a morsel, read or not, that starts at a record start and whose end is one, the dialect, the needed
columns.  Out: a :class:`FastTable`, or None if the block is not regular, so that the general pass must
decide; then the morsel has been read.

The plain pass reads a local file itself, a chunk at a time: what is indexed is in a core's nearer cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes
from s3sql.formats.base import Morsel
from s3sql.formats.csv_bounds import NO_BOUNDS, FieldBounds
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_index, csv_masks, csv_plain
from s3sql.kernels.system import NO_FILE
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.payloads import Int32s

#: Bytes masked and walked at a time: what is made of them stays in a core's nearer cache.
CHUNK_BYTES = 128 << 10

#: Shorter texts are found in most records.
_SHORTEST_LITERAL = 3
#: Of a longer text its beginning is looked for: records full of places where it nearly stands would take as
#: long as the text has bytes.
_LONGEST_LITERAL = 64
#: With more than one hit for so many bytes, looking for them does not pay.
_HIT_SHARE = 256
_NO_HITS = np.zeros(0, np.int32)

_FLAGS = (1 << csv_masks.FLAG_BITS) - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query needs of every record: its ``columns``, and which records may be left out.

    Those without the bytes ``required``, or whose field lies outside ``bounds``; they need not be.
    ``plain``: the block is likely to have no quotes.
    """

    columns: tuple[int, ...]
    required: bytes | None = None
    bounds: FieldBounds | None = None
    plain: bool = True

    @property
    def literal(self) -> bytes:
        """What of ``required`` is looked for; empty if that does not pay."""
        required = self.required or b""
        return required[:_LONGEST_LITERAL] if len(required) >= _SHORTEST_LITERAL else b""


@dataclass(frozen=True, slots=True)
class FastTable:
    """The records of a block as :class:`s3sql.formats.csv_block.CsvBlock` has them.

    ``flags``: what the masks found. ``records``: the rows, and the records that bounds left without one.
    ``within``: all rows lie within the bounds. ``too_long_at``: where a record that is too long starts, or
    -1; ``invalid_at``: the first byte that is not UTF-8 before it, or -1.
    """

    table: Int32s
    flags: int
    ragged: bool
    records: int
    within: bool
    arena: int
    too_long_at: int
    invalid_at: int


class _Tables:
    """Scratch memory for masks and what belongs to them, of *length* bytes."""

    def __init__(self, length: int, scratch: Scratch) -> None:
        words = length // 64 + 1 + csv_masks.AHEAD
        self.arrays: tuple[NDArray[np.uint64], Int32s, Int32s, Int32s] = (
            scratch.uint64s("csv masks", words),
            scratch.int32s("csv befores", words),
            scratch.int32s("csv ends", length + 2),
            scratch.int32s("csv ranks", length + 2),
        )


def fast_table(
    morsel: Morsel, dialect: CsvDialect, wanted: Wanted, longest: int, scratch: Scratch
) -> FastTable | None:
    """Index the records of *morsel*; None if the block is not regular.

    A record may have *longest* bytes.

    Raises:
        S3SelectError: what reading the object raises.
    """
    array, length = morsel.buffer.array, morsel.length
    if not wanted.plain:
        morsel.read(0, length)
        return _whole_table(array, length, dialect, wanted, longest, scratch)
    file = morsel.file
    if file is None:
        morsel.read(0, length)
    present = 0 if file is not None else length
    found, present = _plain_table(morsel, present, dialect, wanted, longest, scratch)
    if found is not None:
        if file is not None:
            morsel.check()
        return found
    morsel.read(present, length)
    return _whole_table(array, length, dialect, wanted, longest, scratch)


def _plain_table(
    morsel: Morsel, present: int, dialect: CsvDialect, wanted: Wanted, longest: int, scratch: Scratch
) -> tuple[FastTable | None, int]:
    """The plain pass, and how many bytes of the morsel are in its buffer, of which *present* were before.

    None if there is a quote in the block, a record nearly as long as one may be, or less in the file than
    there should be.
    """
    array, length = morsel.buffer.array, morsel.length
    size, quote = len(dialect.record), dialect.quote[0] if dialect.quote else 0
    comment = dialect.comment[0] if dialect.comment else 0
    columns = np.array(wanted.columns, np.int32)
    literal = wanted.literal
    width = 2 + 2 * len(columns)
    bounds = _words_of_bounds(wanted)
    masks = _Tables(min(length, longest), scratch).arrays
    room = CHUNK_BYTES // _HIT_SHARE + 16
    hits = scratch.int32s("csv hits", room)[:room]
    table = scratch.int32s("csv table", width)
    state = np.zeros(csv_plain.STATE_SIZE, np.int64)
    state[csv_plain.PRESENT] = present
    file = NO_FILE if morsel.file is None else morsel.file
    while True:
        status = csv_plain.index_plain(
            file, morsel.start, array, length, dialect.field[0], dialect.record[0], dialect.record[-1], size,
            dialect.bare_return, quote, bool(dialect.quote), comment, bool(dialect.comment), columns,
            np.frombuffer(literal, np.uint8), bounds, CHUNK_BYTES, longest,
            *masks, hits, table, state,
        )  # fmt: skip
        rows, position, flags, invalid_at, present, ragged, seen = map(int, state)
        if status != csv_plain.NO_ROOM:
            break
        # As many rows again for what is left as there were for what has been read, and for one chunk more.
        likely = rows * length // max(position, 1)
        kept = table[: width * rows]
        table = scratch.int32s("csv table", max(width * (likely + CHUNK_BYTES // 64), 2 * table.size))
        table[: len(kept)] = kept
    if status in (csv_plain.UNUSUAL, csv_plain.UNREADABLE):
        return None, present
    found = FastTable(
        table[: rows * width].reshape(rows, width),
        flags,
        bool(ragged),
        seen if len(bounds) else rows,
        bool(len(bounds)) and not ragged,
        length + PADDING,
        -1,
        invalid_at if status == csv_plain.INVALID else -1,
    )
    return found, present


def _whole_table(
    array: Bytes, length: int, dialect: CsvDialect, wanted: Wanted, longest: int, scratch: Scratch
) -> FastTable | None:
    """The quoted pass over a whole block, which may have no quotes; None if it is not regular."""
    size, quote = len(dialect.record), dialect.quote[0] if dialect.quote else 0
    comment = dialect.comment[0] if dialect.comment else 0
    field, first, last = dialect.field[0], dialect.record[0], dialect.record[-1]
    masks, befores, ends, ranks = _Tables(length, scratch).arrays
    if dialect.quote:
        flags = csv_masks.mask_quoted(
            array, 0, length, field, first, last, size == 2, dialect.bare_return, quote,
            dialect.allow_records, masks, befores, ends, ranks,
        )  # fmt: skip
    else:
        flags = csv_masks.mask_plain(
            array, 0, length, field, first, last, size == 2, quote, False, comment,
            masks, befores, ends, ranks,
        )  # fmt: skip
    if flags & csv_masks.IS_IRREGULAR:
        return None
    records, flags = flags >> csv_masks.FLAG_BITS, flags & _FLAGS
    quoted = bool(flags & csv_masks.HAS_QUOTE)
    commenting = bool(dialect.comment) and bool(flags & csv_masks.MAY_HAVE_COMMENT)
    bare_return = dialect.bare_return and bool(flags & csv_masks.HAS_CARRIAGE_RETURN)
    sound = csv_index.first_unsound(
        array, 0, length, ends, records, size, bare_return, comment, commenting, quote, quoted,
        longest,
    )  # fmt: skip
    if sound == csv_index.QUOTE_IN_COMMENT:
        return None
    too_long_at, end = -1, length
    if sound < records:
        records = sound
        too_long_at = end = int(ends[sound - 1]) + 1 if sound else 0
    # In quotes the bytes of a field may be other than its text.
    hits = _hits(array, end, wanted.literal, scratch) if wanted.literal and not quoted else None
    bounds = NO_BOUNDS if quoted else _words_of_bounds(wanted)
    columns = np.array(wanted.columns, np.int32)
    width = 2 + 2 * len(columns)
    most = records if hits is None else min(records, len(hits))
    table = scratch.int32s("csv table", width * (most + 1))
    state = np.zeros(2, np.int64)
    rows = csv_index.index_records(
        array, 0, length, masks, befores, ends, ranks, records, size, bare_return,
        comment, commenting, columns, _NO_HITS if hits is None else hits, hits is not None, bounds,
        table, 0, state,
    )  # fmt: skip
    arena = length + PADDING
    if quoted and wanted.columns:
        doubled = bool(flags & csv_masks.HAS_DOUBLED_QUOTE)
        arena = csv_index.unquote_fields(array, rows, len(columns), quote, doubled, arena, table)
    return FastTable(
        table[: rows * width].reshape(rows, width),
        flags,
        bool(state[0]),
        int(state[1]) if len(bounds) else rows,
        bool(len(bounds)) and not state[0],
        arena,
        too_long_at,
        first_invalid_utf8(array, 0, end) if flags & csv_masks.HAS_NON_ASCII else -1,
    )


def _words_of_bounds(wanted: Wanted) -> NDArray[np.uint64]:
    """The bounds as the kernels take them."""
    bounds = wanted.bounds
    if bounds is None or bounds.column not in wanted.columns:
        return NO_BOUNDS
    return bounds.words(wanted.columns.index(bounds.column))


def _hits(array: Bytes, end: int, literal: bytes, scratch: Scratch) -> Int32s | None:
    """Where *literal* stands in the block; None if it is too frequent to be of help."""
    room = end // _HIT_SHARE + 16
    hits = scratch.int32s("csv hits", room)[:room]
    count = csv_index.find_literal(array, 0, end, np.frombuffer(literal, np.uint8), hits)
    return None if count == csv_index.TABLE_FULL else hits[:count]
