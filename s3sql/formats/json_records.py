"""A block of JSON records, checked and marked but not parsed: what no query names is not looked at again.

In: a padded buffer of lists and structs one behind the other.  Out: :class:`JsonRecords`, or None where the
text has faults or something rare, so that it has to be parsed as a whole (:mod:`s3sql.formats.json_block`).

    WHERE s.a.b = 1      from mark to mark
    SELECT s.c           the same, in the rows that are left
    'x' IN s.d[*]        those rows parsed
    SELECT *             their bytes

Source of the rules: RFC 8259; PartiQL v0.1, path navigation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from s3sql.buffers import Bytes, PaddedBuffer
from s3sql.formats import json_paths
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.json_block import block_of, text_start
from s3sql.formats.json_columns import column_of_values, compact_slices
from s3sql.formats.json_paths import ambiguous_name
from s3sql.formats.scratch import Scratch
from s3sql.functions.registry import Fail
from s3sql.kernels import json_lookup, json_records
from s3sql.kernels.json_paths import AMBIGUOUS
from s3sql.kernels.utf8 import first_invalid_utf8
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Int64s, Rows, Text
from s3sql.plan.expr import Elements, Index, Members, Name, Step
from s3sql.types import Column

_PLACE = (1 << json_records.MARK_SHIFT) - 1


@dataclass(frozen=True, slots=True)
class JsonRecords:
    """Root values that are lists or structs, by their marks (:mod:`s3sql.kernels.json_records`).

    ``length``: the bytes of the buffer that were checked. ``roots`` are the places of the complete values.
    ``consumed``: where they end; the whole length if nothing but white space is behind them. ``compact``:
    they are written without white space and escapes. Nothing is wrong, so ``failure`` is None.
    """

    buffer: Bytes
    length: int
    marks: Int32s
    closings: Int32s
    roots: Int64s
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

    def record_starts(self) -> Int32s:
        """The offset of the first byte of every root value."""
        return (self.roots & _PLACE).astype(np.int32)

    def first(self, count: int) -> JsonRecords:
        """The first *count* root values alone."""
        return replace(self, roots=self.roots[:count])


class RecordsBatch(Batch):
    """Rows that are root values; ``places`` are theirs."""

    def __init__(self, records: JsonRecords, places: Int64s, rows: Rows, failure: FirstFailure) -> None:
        super().__init__(rows, failure)
        self.records = records
        self.places = places

    def take(self, rows: Rows) -> RecordsBatch:
        """The same morsel under a narrower selection."""
        return RecordsBatch(self.records, self.places[rows], self.rows[rows], self.failure)

    def row(self) -> Column:
        """The rows themselves."""
        return _column_of(self.records, self.places, self.fail)

    def path(self, steps: tuple[Step, ...]) -> Column:
        """The value at the path from each row; a list where the path has a wildcard."""
        return _value_at(self.records, self.places, steps, self.fail)

    def field(self, number: int) -> NoReturn:
        """JSON has no numbered columns; the binder makes none."""
        raise TypeError(f"a row of JSON has no CSV field {number}")


def index_records(
    buffer: PaddedBuffer, length: int, *, at_start: bool, at_end: bool, scratch: Scratch
) -> JsonRecords | None:
    """Check and mark the first *length* bytes of *buffer*; None if they have to be parsed.

    ``at_start``: the block begins the object, so a byte order mark is dropped. ``at_end``: nothing follows,
    so an incomplete value is a fault. The marks lie in *scratch* and are valid until the next
    block is indexed.
    """
    array = buffer.array
    start = text_start(array, length) if at_start else 0
    room = length - start + json_records.MARK_SLACK
    marks = scratch.int32s("json marks", room)
    closings = scratch.int32s("json closings", room)
    roots = scratch.array("json places", np.int64, room // 2)
    containers = np.empty(json_records.MAX_DEPTH + 2, np.int32)
    outcome = np.empty(json_records.OUTCOME, np.int64)
    json_records.index_records(
        array, start, length, MAX_RECORD_BYTES, marks, closings, roots, containers, outcome
    )
    sound, count, consumed, compact = outcome[: json_records.MARKS].tolist()
    if not sound or (at_end and consumed < length) or first_invalid_utf8(array, start, consumed) >= 0:
        return None
    return JsonRecords(array, length, marks, closings, roots[:count], consumed, bool(compact))


def _column_of(records: JsonRecords, places: Int64s, fail: Fail) -> Column:
    """The values at the given places; ABSENT is MISSING, AMBIGUOUS, whose row has failed, NULL."""
    length = len(places)
    tags = np.empty(length, np.uint8)
    source = Text(records.buffer, np.empty(length, np.int32), np.empty(length, np.int32))
    seen = json_lookup.describe_places(
        records.buffer,
        records.length,
        records.marks,
        records.closings,
        places,
        tags,
        source.starts,
        source.ends,
    )

    def compact(rows: Rows) -> Text:
        return compact_slices(source.take(rows))

    return column_of_values(source, tags, seen, None if records.compact else compact, fail)


def _value_at(records: JsonRecords, places: Int64s, steps: tuple[Step, ...], fail: Fail) -> Column:
    """The value at the path from each row; with a wildcard in the path, the list of the values.

    An ambiguous name fails its row.
    """
    if any(isinstance(step, Elements | Members) for step in steps):
        return _parsed_value_at(records, places, steps, fail)
    for step in steps:
        found = np.empty(len(places), np.int64)
        marked = (records.buffer, records.marks, records.closings, places)
        if isinstance(step, Index):
            json_lookup.find_element(*marked, step.number, found)
        else:
            assert isinstance(step, Name)
            name, letters = _written_name(step)
            json_lookup.find_member(*marked, name.array, letters.array, len(name), found)
            ambiguous = found == AMBIGUOUS
            if ambiguous.any():
                fail(ambiguous, ambiguous_name(step.name))
        places = found
    return _column_of(records, places, fail)


def _parsed_value_at(records: JsonRecords, places: Int64s, steps: tuple[Step, ...], fail: Fail) -> Column:
    """As :func:`_value_at`; *places* are those of root values, and these are parsed."""
    starts = (places & _PLACE).astype(np.int32)
    marks = places >> json_records.MARK_SHIFT
    ends = records.marks[records.closings[marks]] + np.int32(1)
    block = block_of(Text(records.buffer, starts, ends))
    return json_paths.value_at(replace(block, compact=records.compact), block.roots, steps, fail)


def _written_name(step: Name) -> tuple[PaddedBuffer, PaddedBuffer]:
    """The name as a record has it, with its closing quote, and the bits in which it may differ."""
    if any(character < " " or character in '"\\' for character in step.name):
        # Records without escapes in names have no such name, and no text has a NUL.
        return PaddedBuffer.copy_of(b"\0"), PaddedBuffer.copy_of(b"\0")
    name = step.name.encode("utf-8", "surrogatepass")
    letters = bytes(
        32 if not step.exact and chr(byte).isascii() and chr(byte).isalpha() else 0 for byte in name
    )
    return PaddedBuffer.copy_of(name + b'"'), PaddedBuffer.copy_of(letters + b"\0")
