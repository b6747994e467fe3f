"""CSV output.

In: columns of a morsel, or the records of a CSV block as they are.  Out: CSV records with the delimiters
of the request (AWS S3 API Reference, CSVOutput). NULL and MISSING are empty fields; a record without any
field is an empty line. ALWAYS quotes every field, empty ones too; ASNEEDED (Choice) one that holds the field
delimiter, the quote, a character of the record delimiter, CR or LF.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.formats.csv import CsvBatch
from s3sql.kernels.csv_split import requote_records
from s3sql.kernels.write_csv_rows import ALWAYS, AS_NEEDED, NEVER, copy_records, holds_any, write_csv_records
from s3sql.payloads import Int32s, Int64s, Text
from s3sql.request import CsvOutput
from s3sql.serialize.base import Member, OutputMember, Records, SpreadMembers
from s3sql.serialize.csv_columns import CodedFields, Fields, FieldTable, laid
from s3sql.serialize.csv_fields import field_text, spread_fields
from s3sql.serialize.csv_numbers import NUMBER_BYTES, number_records
from s3sql.types import Column

_NOTHING = np.empty(0, np.uint8)

#: Texts in a part of their buffer that is larger by more than this are looked at one by one.
_SPARSE = 2


def _token(text: str) -> Bytes:
    return np.frombuffer(text.encode(), np.uint8)


#: The first bytes of what causes quotes; the characters that do besides delimiter and quote, and their
#: lengths; the first bytes once more, and those of them that are no quote.
_Special: TypeAlias = tuple[frozenset[int], Bytes, Int64s, Bytes, Bytes]


def _specials(output: CsvOutput) -> _Special:
    # Besides delimiter and quote, the characters of the record delimiter, CR and LF cause quotes.
    characters = sorted(set(output.record_delimiter) | {"\r", "\n"})
    sizes = np.array([len(character.encode()) for character in characters], np.int64)
    first_bytes = {
        token.encode()[0] for token in (output.field_delimiter, output.quote_character, *characters) if token
    }
    candidates = np.array(sorted(first_bytes), np.uint8)
    unquotable = np.array(sorted(first_bytes - set(output.quote_character.encode())), np.uint8)
    return frozenset(first_bytes), _token("".join(characters)), sizes, candidates, unquotable


class CsvSerializer:
    """Writes CSV records with the settings of a request. Thread-safe."""

    def __init__(self, output: CsvOutput) -> None:
        self.output = output
        self._field, self._record = _token(output.field_delimiter), _token(output.record_delimiter)
        self._delimiters = [PaddedBuffer.copy_of(token.tobytes()) for token in (self._field, self._record)]
        self._quote, self._escape = _token(output.quote_character), _token(output.quote_escape_character)
        self._causes, self._specials, self._sizes, self._candidates, self._unquotable = _specials(output)
        as_needed = output.quote_fields == "ASNEEDED" and not self._causes & NUMBER_BYTES
        self._bare_numbers = as_needed or not output.quote_character

    @property
    def delimiters(self) -> tuple[int, int]:
        """Bytes of the record and of the field delimiter."""
        return len(self._record), len(self._field)

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        """The records of *length* rows, a field per member and one for each value that is spread."""
        if any(isinstance(member, SpreadMembers) for member in members):
            first, text = spread_fields(members, length)
            return self._write(text, first, length)
        columns = [member.column for member in members if isinstance(member, Member)]
        numbers = number_records(columns, length, *self._delimiters) if self._bare_numbers else None
        if numbers is not None:
            return numbers
        fields = [self._fields(column) for column in columns]
        texts = [text for text in fields if isinstance(text, Text)]
        if len(texts) < len(fields) or any(text.buffer is not texts[0].buffer for text in texts):
            finished = [self._finished(text) if isinstance(text, Text) else text for text in fields]
            return laid(finished, length, *self._delimiters)
        if not texts:
            return self._write(Text.of([]), np.zeros(length + 1, np.int32), length)
        starts = np.stack([text.starts for text in texts], axis=1).reshape(-1)
        ends = np.stack([text.ends for text in texts], axis=1).reshape(-1)
        excludes = frozenset.intersection(*(text.excludes for text in texts))
        first = np.arange(0, length * len(texts) + 1, len(texts), dtype=np.int32)
        return self._write(Text(texts[0].buffer, starts, ends, excludes), first, length)

    def _fields(self, column: Column) -> Fields:
        """The values of a column as text, or as fields that were made of the entries of a dictionary."""
        coded = column.coded
        if coded is None or (len(coded.entries) > column.length and not coded.entries.has(self)):
            return field_text(column)
        entries = coded.entries
        table = entries.once(self, lambda: FieldTable.of(self._finished(field_text(entries.column))))
        return CodedFields(table, coded.codes)

    def _finished(self, text: Text) -> Text:
        """The texts as fields, in quotes where they need them."""
        quoting = self._quoting(text)
        if quoting == NEVER or (quoting == AS_NEEDED and self._needs_none(text)):
            return text
        out, ends = self._written(
            text, np.arange(len(text) + 1, dtype=np.int32), quoting, _NOTHING, len(text)
        )
        bounds = np.zeros(len(text) + 1, np.int32)
        bounds[1:] = ends
        return Text(out, bounds[:-1], bounds[1:])

    def serialize_rows(self, batch: CsvBatch) -> Records:
        """``SELECT *`` over CSV: every field of the selected records, with this output's delimiters."""
        block = batch.block
        if self._keeps_fields(batch):
            return self._requote(batch) if block.quoted else self._copy(batch)
        fields = batch.fields
        return self._write(
            Text(fields.buffer, fields.starts, fields.ends, batch.excludes), fields.first, batch.length
        )

    def _keeps_fields(self, batch: CsvBatch) -> bool:
        """Whether the records can be written from their own bytes, at most without some of their quotes."""
        block = batch.block
        if block.fields is not None or self.output.quote_fields != "ASNEEDED":
            return False
        same = block.dialect.field == self._field.tobytes()
        if block.quoted:
            quote = block.dialect.quote
            same = same and quote == self._quote.tobytes() == self._escape.tobytes()
        return same and self._causes <= block.excludes

    def _requote(self, batch: CsvBatch) -> Records:
        starts, ends = batch.record_bounds()
        out, record_ends = self._room(starts, ends)
        written = requote_records(
            batch.block.buffer,
            starts,
            ends,
            int(self._quote[0]),
            self._unquotable,
            self._record,
            out,
            record_ends,
        )
        return Records(out[:written], record_ends)

    def _copy(self, batch: CsvBatch) -> Records:
        block = batch.block
        starts, ends = batch.record_bounds()
        in_place = len(self._record) == 1 and block.dialect.record == self._record.tobytes()
        in_place = in_place and (not block.dialect.bare_return or 13 in block.excludes)
        out, record_ends = self._room(starts, ends)
        written = copy_records(block.buffer, starts, ends, self._record, in_place, out, record_ends)
        return Records(out[:written], record_ends)

    def _room(self, starts: Int32s, ends: Int32s) -> tuple[Bytes, Int64s]:
        """An output buffer for records of these bounds, and room for their ends."""
        size = int((ends - starts).sum(dtype=np.int64)) + len(starts) * len(self._record)
        return np.empty(size + PADDING, np.uint8), np.empty(len(starts), np.int64)

    def _write(self, text: Text, first: Int32s, length: int) -> Records:
        out, record_ends = self._written(text, first, self._quoting(text), self._record, length)
        return Records(out[: out.size - PADDING], record_ends)

    def _quoting(self, text: Text) -> int:
        """How fields of *text* are quoted."""
        if not self.output.quote_character or (
            self.output.quote_fields == "ASNEEDED" and self._causes <= text.excludes
        ):
            return NEVER
        return ALWAYS if self.output.quote_fields == "ALWAYS" else AS_NEEDED

    def _needs_none(self, text: Text) -> bool:
        """Whether nothing that causes quotes is where the texts lie in their buffer, if they fill that.

        To look through all at once takes a fraction of the time that field after field does, and ends at the
        first such byte.
        """
        if not len(text):
            return True
        first, last = int(text.starts.min()), int(text.ends.max())
        size = int((text.ends - text.starts).sum(dtype=np.int64))
        return last - first <= _SPARSE * size and not holds_any(text.buffer, first, last, self._candidates)

    def _written(
        self, text: Text, first: Int32s, quoting: int, record: Bytes, length: int
    ) -> tuple[Bytes, Int64s]:
        """*length* records with *record* behind each, padded, and where each ends."""
        record_ends: Int64s = np.empty(length, np.int64)
        contents = int((text.ends - text.starts).sum(dtype=np.int64))
        # At worst every character is escaped.
        size = contents if quoting == NEVER else contents * (1 + len(self._escape))
        size += len(text) * (2 * len(self._quote) + len(self._field)) + length * len(record)
        out = np.empty(size + PADDING, np.uint8)
        written = write_csv_records(
            text.buffer, first, text.starts, text.ends, quoting, self._field, record, self._quote,
            self._escape, self._specials, self._sizes, self._candidates, out, record_ends,
        )  # fmt: skip
        return out[: written + PADDING], record_ends
