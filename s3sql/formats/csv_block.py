"""CSV: from the bytes of one morsel to the bounds of its records and fields.

In: a block that starts at a record start, the dialect, and the columns the query needs.  Out: a
:class:`CsvBlock`. The plain fast pass serves blocks without quotes, the quoted one blocks proven regular,
the general one everything else; all three give the same bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_general, csv_index, csv_masks
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.types import Int32s

_RETURN = 13


@dataclass(frozen=True, slots=True)
class CsvFields:
    """All fields of some records, decoded: those of record i are ``first[i]`` to ``first[i + 1]``."""

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
    ``starts_at``: byte offset of the block in the object's text.
    """

    buffer: Bytes
    dialect: CsvDialect
    columns: tuple[int, ...]
    table: Int32s
    consumed: int
    arena: int
    starts_at: int
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
    """Bytes a buffer needs behind a block of *length* bytes: its columns and all its fields, decoded."""
    return 2 * length + 2 * PADDING


def index_block(
    buffer: PaddedBuffer,
    begin: int,
    end: int,
    at_end: bool,
    uncut: bool,
    dialect: CsvDialect,
    columns: tuple[int, ...],
    scratch: Scratch,
    starts_at: int = 0,
) -> CsvBlock:
    """Index ``buffer[begin:end]``, which starts at a record start.

    ``at_end``: the object ends at *end*; ``uncut``: the block ends anywhere, else at what seemed a record end
    to :meth:`s3sql.formats.csv.CsvFormat.cut`. The buffer's capacity leaves :func:`arena_room` behind *end*. ``starts_at``: offset of byte 0 of the
    buffer in the object's text.
    """
    # The fast passes need an end they can trust or prove; the general one can tell where the last record is.
    index = _fast_index if dialect.fast and (at_end or not uncut) else _general_index
    complete = at_end or not (uncut or dialect.allow_records)
    return index(buffer, begin, end, complete, dialect, columns, scratch, starts_at)


def _fast_index(
    buffer: PaddedBuffer,
    begin: int,
    end: int,
    complete: bool,
    dialect: CsvDialect,
    columns: tuple[int, ...],
    scratch: Scratch,
    starts_at: int,
) -> CsvBlock:
    """The plain pass, the quoted pass if it found a quote, the general pass if that one gave up."""
    masks = scratch.uint64s("csv masks", 2 * ((end - begin) // 64 + 2))
    array = buffer.array
    field = dialect.field[0]
    first, last, pair = dialect.record[0], dialect.record[-1], len(dialect.record) == 2
    quoting = bool(dialect.quote)
    quote = dialect.quote[0] if quoting else 0
    flags = csv_masks.mask_plain(array, begin, end, field, first, last, pair, quote, quoting, masks)
    if flags & csv_masks.HAS_QUOTE:
        flags = csv_masks.mask_quoted(
            array, begin, end, field, first, last, pair, dialect.bare_return, quote, dialect.allow_records, masks
        )
    if flags & csv_masks.IS_IRREGULAR:
        return _general_index(buffer, begin, end, complete, dialect, columns, scratch, starts_at)
    indexed = _walk(buffer, begin, end, masks, dialect, columns, scratch)
    if indexed is None:
        return _general_index(buffer, begin, end, complete, dialect, columns, scratch, starts_at)
    table, ragged, too_long_at = indexed
    quoted = bool(flags & csv_masks.HAS_QUOTE)
    arena = end + PADDING
    if quoted and columns:
        doubled = bool(flags & csv_masks.HAS_DOUBLED_QUOTE)
        arena = csv_index.unquote_fields(array, len(table), len(columns), quote, doubled, arena, table.reshape(-1))
    block = CsvBlock(
        array, dialect, columns, table, end - begin, arena, starts_at, ragged, quoted, _excluded(dialect, flags)
    )
    if too_long_at >= 0:
        block = block.cut(len(table), _too_long(starts_at + too_long_at), too_long_at)
    if flags & csv_masks.HAS_NON_ASCII:
        block = _check_encoding(block, begin, end)
    return block


def _walk(
    buffer: PaddedBuffer,
    begin: int,
    end: int,
    masks: np.ndarray[tuple[int], np.dtype[np.uint64]],
    dialect: CsvDialect,
    columns: tuple[int, ...],
    scratch: Scratch,
) -> tuple[Int32s, bool, int] | None:
    """The table of the block, whether some record is too short for it, and where a record too long starts or
    -1; None if a comment holds a quote."""
    wanted = np.array(columns, np.int32)
    width = 2 + 2 * len(columns)
    state = np.zeros(3, np.int64)
    size = width * ((end - begin) // 32 + 16)
    while True:
        flat = scratch.int32s("csv table", size)
        rows = csv_index.index_records(
            buffer.array, begin, end, masks, len(dialect.record), dialect.bare_return,
            dialect.comment[0] if dialect.comment else 0, bool(dialect.comment),
            dialect.quote[0] if dialect.quote else 0, bool(dialect.quote),
            wanted, MAX_RECORD_BYTES, flat, state,
        )  # fmt: skip
        if rows == csv_index.QUOTE_IN_COMMENT:
            return None
        if rows != csv_index.TABLE_FULL:
            break
        size = 4 * flat.size
    table = flat[: rows * width].reshape(rows, width)
    return table, bool(state[1]), int(state[2]) if state[0] else -1


def _general_index(
    buffer: PaddedBuffer,
    begin: int,
    end: int,
    complete: bool,
    dialect: CsvDialect,
    columns: tuple[int, ...],
    scratch: Scratch,
    starts_at: int,
) -> CsvBlock:
    field, record, quote, escape, comment = dialect.tokens
    rows = (end - begin) // 64 + 16
    size = (end - begin) // 8 + 16
    state = np.zeros(4, np.int64)
    while True:
        bounds = [scratch.int32s(f"csv record {name}", rows + 1) for name in ("starts", "ends", "first fields")]
        slices = [scratch.int32s(f"csv field {name}", size) for name in ("starts", "ends")]
        status = csv_general.parse_records(
            buffer.array, begin, end, complete, field, record, quote, escape, comment,
            dialect.bare_return, dialect.allow_records, MAX_RECORD_BYTES, end + PADDING,
            bounds[0][:rows], bounds[1][:rows], bounds[2][: rows + 1], slices[0], slices[1], state,
        )  # fmt: skip
        if status != csv_general.TABLE_FULL:
            break
        rows, size = 4 * rows, 4 * slices[0].size
    count, position, arena, failed_at = (int(value) for value in state)
    first = bounds[2][: count + 1]
    fields = CsvFields(first, slices[0][: first[count]], slices[1][: first[count]])
    width = 2 + 2 * len(columns)
    table = scratch.int32s("csv table", count * width)[: count * width]
    csv_general.pick_columns(
        bounds[0][:count], bounds[1][:count], first, *slices, np.array(columns, np.int32), table
    )
    block = CsvBlock(
        buffer.array, dialect, columns, table.reshape(count, width), position - begin, arena, starts_at,
        True, True, frozenset(), fields,
    )  # fmt: skip
    if status != csv_general.COMPLETE:
        block = block.cut(count, general_failure(status, starts_at + failed_at, dialect), position)
    return _check_encoding(block, begin, end)


def _excluded(dialect: CsvDialect, flags: int) -> frozenset[int]:
    """Bytes that no field of a block read by the fast passes can hold outside quotes."""
    absent = set(dialect.field + dialect.quote)
    if len(dialect.record) == 1:
        absent.update(dialect.record)
    if not flags & csv_masks.HAS_CARRIAGE_RETURN:
        absent.add(_RETURN)
    return frozenset(absent)


def _check_encoding(block: CsvBlock, begin: int, end: int) -> CsvBlock:
    """The block up to the first byte that is not UTF-8, comments included."""
    invalid = first_invalid_utf8(block.buffer, begin, end)
    if invalid < 0:
        return block
    rows = int(np.searchsorted(block.table[:, 1], invalid, side="right"))
    if block.error is not None and rows >= block.rows and block.error_at < invalid:
        return block
    place = block.starts_at + invalid
    error = S3SelectError(
        "InvalidTextEncoding",
        f"UTF-8 encoding is required. The text encoding error was found near byte {place:,}.",
    )
    starts = int(block.table[rows, 0]) if rows < block.rows else invalid
    return block.cut(rows, error, starts)


def _too_long(place: int) -> S3SelectError:
    return S3SelectError(
        "OverMaxRecordSize",
        f"The record that starts at byte {place:,} is longer than {MAX_RECORD_BYTES:,} bytes, the most a record "
        "may have. Check RecordDelimiter and QuoteCharacter.",
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
        f"The object ends at byte {place:,} inside an open quote ({dialect.quote.decode()}). Close the quote, "
        "or set QuoteCharacter to what the object uses.",
    )
