"""Numbers of a column chunk in memory, without Arrow: those of some rows, and the rows within a range.

In: a column chunk and its dictionary.  Out: numbers of 64 bits as numpy has them, whole ones or what
decimals, dates and timestamps count; rows whose numbers are in a :class:`NumberRange`; None where the pages
have to be looked at one by one, or a number is none that SQL has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from s3sql.formats.parquet_chunk_dictionary import ChunkDictionary
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_memory import PageMemory
from s3sql.formats.parquet_pages import Unfamiliar
from s3sql.formats.parquet_ranges import NumberRange
from s3sql.formats.parquet_whole_chunks import Decoded, WholeChunk
from s3sql.formats.scratch import Scratch
from s3sql.kernels.coded import select_rows
from s3sql.kernels.parquet_numbers import entries_between, select_between
from s3sql.kernels.parquet_plain import take_long_words, take_words
from s3sql.payloads import Int64s, Rows

#: With fewer rows to an entry of the dictionary than this, numbers of entries do not pay.
_ROWS_TO_AN_ENTRY = 2

#: So few rows cost less than what is done once for all entries.
_FEW_ROWS = 16 << 10


@dataclass(frozen=True, slots=True)
class ChunkNumbers:
    """The numbers of *whole*, of four or eight bytes each (:func:`has_numbers`). Thread-safe."""

    whole: WholeChunk
    dictionary: ChunkDictionary
    layout: ValueLayout
    memory: PageMemory

    def within(
        self, wanted: NumberRange, begin: int, end: int, rows: Rows | None, scratch: Scratch
    ) -> Rows | None:
        """Those of *rows*, None for all, of ``[begin, end)`` whose number is *wanted*, counted from *begin*.

        Raises:
            Exception: what reading the object raises.
        """
        try:
            if rows is None:
                return self._all_within(wanted, begin, end, scratch)
            numbers = self._of_rows(begin, end, rows)
        except Unfamiliar:
            return None
        if numbers is None or not wanted.allows(numbers):
            return None
        places = scratch.array("number places", np.intp, len(numbers) + 1)
        count = select_between(numbers, wanted.low, wanted.high, 0, places)
        return rows[places[:count]]

    def numbers(self, begin: int, end: int, rows: Rows | None) -> Int64s | None:
        """The numbers of *rows*, None for all, of ``[begin, end)``, counted from *begin*.

        None too if there are many rows and few entries, of which each is to be looked at once. Raises as
        :meth:`within`.
        """
        length = end - begin if rows is None else len(rows)
        try:
            all_coded = self.whole.coded_rows >= end
            if all_coded and length > max(_FEW_ROWS, self.dictionary.entries().count * _ROWS_TO_AN_ENTRY):
                return None
            if rows is not None:
                return self._of_rows(begin, end, rows)
            decoded = self._decoded(begin, end)
        except Unfamiliar:
            return None
        return None if decoded is None else self._values(decoded)

    def _of_rows(self, begin: int, end: int, rows: Rows) -> Int64s | None:
        if begin >= self.whole.coded_rows:
            return self.whole.numbers(begin, end, rows, None, self.memory)
        entries = self.dictionary.entries()
        return self.whole.numbers(begin, end, rows, (entries.count, entries.page), self.memory)

    def _decoded(self, begin: int, end: int) -> Decoded | None:
        """All rows, whose numbers of entries are such; raises as :class:`Unfamiliar` tells."""
        decoded = self.whole.decode(begin, end, None, self.memory)
        if decoded is not None and decoded.coded and decoded.greatest >= self.dictionary.entries().count:
            return None
        return decoded

    def _values(self, decoded: Decoded) -> Int64s:
        """The numbers of all rows."""
        stored, coded = decoded.values, decoded.coded
        if coded:
            stored = self.layout.empty(len(decoded.codes))
            take = take_words if self.layout.storage == "words" else take_long_words
            take(self.dictionary.entries().stored, decoded.codes[:coded], stored[:coded])
            stored[coded:] = decoded.values[coded:]
        return stored.astype(np.int64, copy=False)

    def _all_within(self, wanted: NumberRange, begin: int, end: int, scratch: Scratch) -> Rows | None:
        decoded = self._decoded(begin, end)
        if decoded is None:
            return None
        coded, length = decoded.coded, end - begin
        # They are few as a rule, and to touch memory for all would cost more than to copy them.
        rows = scratch.array("rows within", np.intp, length + 1)
        count = 0
        if coded:
            entries = self.dictionary.entries()
            table = scratch.array("entries within", np.uint8, entries.count)
            if not entries_between(
                entries.page.array, entries.page.start, entries.count, self.layout.width,
                wanted.low, wanted.high, wanted.least, wanted.most, table,
            ):  # fmt: skip
                return None
            count = select_rows(table, 1, decoded.codes[:coded], rows)
        if coded < length:
            numbers = decoded.values[coded:].astype(np.int64, copy=False)
            if not wanted.allows(numbers):
                return None
            count += select_between(numbers, wanted.low, wanted.high, coded, rows[count:])
        return rows[:count].copy()


def has_numbers(layout: ValueLayout) -> bool:
    """Whether the values of a column are signed numbers of 32 or 64 bits, as they are stored."""
    if layout.storage not in ("words", "long words"):
        return False
    type_ = layout.arrow
    if pa.types.is_integer(type_):
        return pa.types.is_signed_integer(type_) and type_.bit_width == 8 * layout.width
    return pa.types.is_decimal128(type_) or pa.types.is_date32(type_) or pa.types.is_timestamp(type_)
