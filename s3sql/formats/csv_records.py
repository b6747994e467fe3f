"""The first records of a CSV text, all fields of them, to be looked at before anything is known.

In: the beginning of a text and a dialect.  Out: a :class:`CsvRecords`, cut by the same rules as every query
cuts them (:mod:`s3sql.kernels.csv_general`). For some hundred kilobytes; a query never reads records so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.csv_block import arena_room
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_failures import general_failure, invalid_encoding
from s3sql.kernels import csv_general
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Mask, Text


@dataclass(frozen=True, slots=True)
class CsvRecords:
    """Whole records, neither blank ones nor comments.

    The fields of record i are ``first[i]`` to ``first[i + 1]``. ``end``: offset behind the last record.
    ``status``: how the pass over the text ended (:mod:`s3sql.kernels.csv_general`), at offset ``failed_at``
    if it failed.
    """

    buffer: Bytes
    first: Int32s
    starts: Int32s
    ends: Int32s
    end: int
    status: int
    failed_at: int

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def broken_by_quotes(self) -> bool:
        """Whether a quoted field with a record delimiter in it follows, which the dialect does not allow."""
        return self.status == csv_general.DELIMITER_IN_QUOTES

    def failure(self, dialect: CsvDialect, starts_at: int) -> S3SelectError | None:
        """What a query fails with in these records, or behind them; *starts_at*: offset of the text."""
        invalid = first_invalid_utf8(self.buffer, 0, self.end)
        if invalid >= 0:
            return invalid_encoding(starts_at + invalid)
        if self.status in (csv_general.COMPLETE, csv_general.TABLE_FULL):
            return None
        return general_failure(self.status, starts_at + self.failed_at, dialect)

    def column(self, number: int, begin: int) -> tuple[Text, Mask]:
        """The fields of column *number* (from 0) from record *begin* on, and which of the records have it."""
        first = self.first[begin:]
        there = np.diff(first) > number
        places = first[:-1][there] + number
        return Text(self.buffer, self.starts[places], self.ends[places]), there

    def counts(self) -> list[int]:
        """How many fields each record has."""
        counted: list[int] = np.diff(self.first).tolist()
        return counted

    def fields(self, number: int, most: int | None = None) -> tuple[str, ...]:
        """The fields of one record, at most so many; bytes that are not UTF-8 are shown as such."""
        begin, stop = int(self.first[number]), int(self.first[number + 1])
        if most is not None:
            stop = min(stop, begin + most)
        bounds = zip(self.starts[begin:stop].tolist(), self.ends[begin:stop].tolist(), strict=True)
        return tuple(
            self.buffer[start:end].tobytes().decode(errors="backslashreplace") for start, end in bounds
        )


def first_records(text: bytes, dialect: CsvDialect, *, at_end: bool, most: int) -> CsvRecords:
    """The records of *text*, at most so many, up to the first that cannot be read.

    ``at_end``: nothing follows *text*, so a last record needs no delimiter.
    """
    size = len(text)
    buffer = PaddedBuffer.empty(size + arena_room(size))
    buffer.array[:size] = np.frombuffer(text, np.uint8)
    record_starts, record_ends = np.empty(most, np.int32), np.empty(most, np.int32)
    first = np.empty(most + 1, np.int32)
    # A field has a delimiter behind it, but for the last one.
    starts, ends = np.empty(size + 2, np.int32), np.empty(size + 2, np.int32)
    state = np.zeros(4, np.int64)
    field, record, quote, escape, comment = dialect.tokens
    status = csv_general.parse_records(
        buffer.array, size, at_end, field, record, quote, escape, comment, dialect.bare_return,
        dialect.allow_records, MAX_RECORD_BYTES, size + PADDING, record_starts, record_ends, first,
        starts, ends, state,
    )  # fmt: skip
    count, end, _, failed_at = (int(value) for value in state)
    return CsvRecords(buffer.array, first[: count + 1], starts, ends, end, int(status), failed_at)
