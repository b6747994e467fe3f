"""CSV: from the bytes of one morsel to the bounds of its records and fields.

In: a block that starts at a record start, the dialect, and the columns the query needs.  Out: a
:class:`CsvBlock`. The plain fast pass serves blocks without quotes, the quoted one blocks proven regular,
the general one everything else; all three give the same bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes
from s3sql.errors import S3SelectError
from s3sql.formats.base import Morsel
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_general, csv_index, csv_masks
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s

_RETURN = 13

#: Shorter texts are found in most records.
_SHORTEST_LITERAL = 3
#: With more than one hit for so many bytes of a morsel, looking for them does not pay.
_HIT_SHARE = 256
_NO_HITS = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class CsvFields:
    """All fields of some records, decoded: those of record i are ``first[i]`` to ``first[i + 1]``."""

    buffer: Bytes
    first: Int32s
    starts: Int32s
    ends: Int32s


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """The records of one morsel.

    ``table``: a row per record: start, end, then start and end of each column of ``columns`` (offsets in
    ``buffer``; -1 where the record is too short). ``fields``: set when the general pass ran. ``arena``:
    where free room begins in the buffer, for decoding more. ``consumed``: bytes up to the end of the last
    complete record. ``error`` belongs to the record behind the last row. ``ragged``: some column may be
    absent. ``quoted``: some field may be quoted; ``excludes``: bytes that occur in no field outside quotes.
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
        return replace(self, table=self.table[:rows], consumed=error_at, error=error, error_at=error_at)

    def until(self, offset: int) -> CsvBlock:
        """The block without the records that start at or behind *offset*, and without their error."""
        rows = int(np.searchsorted(self.table[:, 0], offset))
        if rows == self.rows and (self.error is None or self.error_at < offset):
            return self
        return replace(self, table=self.table[:rows], error=None)


def arena_room(length: int) -> int:
    """Bytes a buffer needs behind a block of *length* bytes, for all its fields decoded once."""
    return length + 2 * PADDING


def index_block(
    morsel: Morsel,
    dialect: CsvDialect,
    columns: tuple[int, ...],
    scratch: Scratch,
    required: bytes | None = None,
) -> CsvBlock:
    """Index a morsel, which starts at a record start.

    The buffer's capacity leaves :func:`arena_room` behind the morsel. ``required``: bytes without which a
    record is of no use, so that it may be left out.
    """
    # The fast passes need an end they can trust or prove; the general one can tell where the last record is.
    fast = dialect.fast and (morsel.at_end or not morsel.uncut)
    block = _fast_index(morsel, dialect, columns, scratch, required) if fast else None
    return block or general_index(morsel, dialect, columns, scratch)


def _fast_index(
    morsel: Morsel,
    dialect: CsvDialect,
    columns: tuple[int, ...],
    scratch: Scratch,
    required: bytes | None,
) -> CsvBlock | None:
    """The plain pass, the quoted one if that found a quote; None if the block is not regular."""
    length = morsel.length
    masks = scratch.uint64s("csv masks", 2 * (length // 64 + 2))
    array = morsel.buffer.array
    field = dialect.field[0]
    first, last, pair = dialect.record[0], dialect.record[-1], len(dialect.record) == 2
    quoting = bool(dialect.quote)
    quote = dialect.quote[0] if quoting else 0
    flags = csv_masks.mask_plain(array, length, field, first, last, pair, quote, quoting, masks)
    quoted = bool(flags & csv_masks.HAS_QUOTE)
    if quoted:
        flags = csv_masks.mask_quoted(
            array, length, field, first, last, pair, dialect.bare_return, quote,
            dialect.allow_records, masks,
        )  # fmt: skip
    if flags & csv_masks.IS_IRREGULAR:
        return None
    # In quotes the bytes of a field may be other than its text.
    hits = None if quoted or required is None else _hits(morsel, required, scratch)
    most_records = (flags >> csv_masks.FLAG_BITS) + 1
    indexed = _walk(morsel, masks, most_records, dialect, columns, hits, scratch)
    if indexed is None:
        return None
    table, ragged, too_long_at = indexed
    arena = length + PADDING
    if quoted and columns:
        doubled = bool(flags & csv_masks.HAS_DOUBLED_QUOTE)
        arena = csv_index.unquote_fields(
            array, len(table), len(columns), quote, doubled, arena, table.reshape(-1)
        )
    excludes = _excluded(dialect, flags)
    block = CsvBlock(array, dialect, columns, table, length, arena, ragged, quoted, excludes)
    if too_long_at >= 0:
        block = block.cut(len(table), _too_long(morsel.start + too_long_at), too_long_at)
    return _check_encoding(block, morsel, block.consumed) if flags & csv_masks.HAS_NON_ASCII else block


def _hits(morsel: Morsel, required: bytes, scratch: Scratch) -> Int32s | None:
    """Where *required* stands in the morsel; None if it is too frequent or too short to be of help."""
    if len(required) < _SHORTEST_LITERAL:
        return None
    room = morsel.length // _HIT_SHARE + 16
    hits = scratch.int32s("csv hits", room)[:room]
    count = csv_index.find_literal(
        morsel.buffer.array, morsel.length, np.frombuffer(required, np.uint8), hits
    )
    return None if count == csv_index.TABLE_FULL else hits[:count]


def _walk(
    morsel: Morsel,
    masks: NDArray[np.uint64],
    most_records: int,
    dialect: CsvDialect,
    columns: tuple[int, ...],
    hits: Int32s | None,
    scratch: Scratch,
) -> tuple[Int32s, bool, int] | None:
    """The table of the block, whether it is ragged, and where a record too long starts or -1.

    None if a comment holds a quote, so that the masks are wrong.
    """
    wanted = np.array(columns, np.int32)
    width = 2 + 2 * len(columns)
    state = np.zeros(3, np.int64)
    if hits is not None:
        most_records = min(most_records, len(hits) + 1)
    flat = scratch.int32s("csv table", width * most_records)
    rows = csv_index.index_records(
        morsel.buffer.array, morsel.length, masks, len(dialect.record), dialect.bare_return,
        dialect.comment[0] if dialect.comment else 0, bool(dialect.comment),
        dialect.quote[0] if dialect.quote else 0, bool(dialect.quote),
        wanted, _NO_HITS if hits is None else hits, hits is not None, MAX_RECORD_BYTES, flat, state,
    )  # fmt: skip
    if rows == csv_index.QUOTE_IN_COMMENT:
        return None
    assert rows != csv_index.TABLE_FULL, "the masks have an end for every record but the last"
    table = flat[: rows * width].reshape(rows, width)
    return table, bool(state[1]), int(state[2]) if state[0] else -1


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
        morsel.buffer.array, dialect, columns, table, position, arena, True, True, frozenset(), fields
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
    if invalid < 0:
        return block
    rows = int(np.searchsorted(block.table[:, 1], invalid, side="right"))
    error = invalid_encoding(morsel.start + invalid)
    starts = int(block.table[rows, 0]) if rows < block.rows else min(invalid, block.consumed)
    return block.cut(rows, error, starts)


def invalid_encoding(place: int) -> S3SelectError:
    """The error for the byte at *place*, an offset in the object's text, which is not UTF-8."""
    return S3SelectError(
        "InvalidTextEncoding",
        f"UTF-8 encoding is required. The text encoding error was found near byte {place:,}.",
    )


def _too_long(place: int) -> S3SelectError:
    return S3SelectError(
        "OverMaxRecordSize",
        f"The record that starts at byte {place:,} is longer than {MAX_RECORD_BYTES:,} bytes, the most a "
        "record may have. Check RecordDelimiter and QuoteCharacter.",
    )


def general_failure(status: int, place: int, dialect: CsvDialect) -> S3SelectError:
    """The error for the way the general pass ended, *place* being an offset in the object's text."""
    if status == csv_general.RECORD_TOO_LONG:
        return _too_long(place)
    if status == csv_general.DELIMITER_IN_QUOTES:
        return S3SelectError(
            "CSVEscapingRecordDelimiter",
            f"A quoted field still open at byte {place:,} contains the record delimiter. Set "
            "AllowQuotedRecordDelimiter to TRUE if quoted fields may span lines.",
        )
    return S3SelectError(
        "CSVUnescapedQuote",
        f"The object ends at byte {place:,} inside an open quote ({dialect.quote.decode()}). Close the "
        "quote, or set QuoteCharacter to what the object uses.",
    )
