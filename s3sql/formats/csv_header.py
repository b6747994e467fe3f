"""The first record of a CSV object: the header line, if the request says it is one.

In: the beginning of the text.  Out: the record's fields and where the next one starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.formats.csv_block import arena_room
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_failures import general_failure, invalid_encoding
from s3sql.kernels import csv_general
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES


@dataclass(frozen=True, slots=True)
class FirstRecord:
    """The first record that is neither blank nor a comment, and the offset behind its delimiter."""

    fields: tuple[str, ...]
    end: int


def first_record(text: bytes, at_end: bool, dialect: CsvDialect, starts_at: int) -> FirstRecord | None:
    """The first record of *text*, or None if it does not hold a whole one.

    ``at_end``: nothing follows *text*. ``starts_at``: its offset in the object.

    Raises:
        S3SelectError: as reading that record as data would.
    """
    plain = plain_first_record(text, dialect, starts_at)
    return general_first_record(text, at_end, dialect, starts_at) if plain is None else plain


def plain_first_record(text: bytes, dialect: CsvDialect, starts_at: int) -> FirstRecord | None:
    """The first record where no rule but that of the delimiters has a say; None where another might.

    It spares most first queries of a machine the compilation of the general pass.
    """
    if not dialect.fast or len(dialect.record) != 1:
        return None
    end = text.find(dialect.record, 0, MAX_RECORD_BYTES)
    if end < 0:
        return None
    record = text[:end]
    if dialect.bare_return:
        record = record.removesuffix(b"\r")
    special = {dialect.quote, b"\r" if dialect.bare_return else b""} - {b""}
    blank_or_comment = not record or (dialect.comment and record.startswith(dialect.comment))
    if blank_or_comment or any(byte in record for byte in special):
        return None
    try:
        fields = record.decode().split(dialect.field.decode())
    except UnicodeDecodeError:
        return None
    return FirstRecord(tuple(fields), starts_at + end + 1)


def general_first_record(
    text: bytes, at_end: bool, dialect: CsvDialect, starts_at: int
) -> FirstRecord | None:
    """As :func:`first_record`, by the pass that knows every rule."""
    buffer = PaddedBuffer.empty(len(text) + arena_room(len(text)))
    buffer.array[: len(text)] = np.frombuffer(text, np.uint8)
    start, end, first = np.empty(1, np.int32), np.empty(1, np.int32), np.empty(2, np.int32)
    room = min(len(text), MAX_RECORD_BYTES) + 2
    starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    state = np.zeros(4, np.int64)
    field, record, quote, escape, comment = dialect.tokens
    status = csv_general.parse_records(
        buffer.array, len(text), at_end, field, record, quote, escape, comment, dialect.bare_return,
        dialect.allow_records, MAX_RECORD_BYTES, len(text) + PADDING, start, end, first,
        starts, ends, state,
    )  # fmt: skip
    count, position, _, failed_at = (int(value) for value in state)
    invalid = first_invalid_utf8(buffer.array, 0, max(position, failed_at))
    if invalid >= 0:
        raise invalid_encoding(starts_at + invalid)
    if not count:
        if status in (csv_general.COMPLETE, csv_general.TABLE_FULL):
            return None
        raise general_failure(status, starts_at + failed_at, dialect)
    contents = buffer.array.tobytes()
    fields = tuple(
        contents[begin:stop].decode()
        for begin, stop in zip(starts[: first[1]].tolist(), ends[: first[1]].tolist(), strict=True)
    )
    return FirstRecord(fields, starts_at + position)
