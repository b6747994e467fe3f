"""Dictionaries of Parquet as columns of SQL: each converted once, and kept for the morsels that share it.

In: columns as Arrow has decoded them.  Out: :class:`~s3sql.coded.Coded`, rows as numbers of entries.

An entry that no row has may be no SQL value at all, and must not fail a query. So a dictionary with such an
entry is none here, and its rows are converted one by one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from s3sql.coded import Coded, Entries
from s3sql.errors import S3SelectError
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.parquet_arrays import fixed_width, is_text, known, longest_text, numpy_type, storage
from s3sql.formats.parquet_columns import column_of
from s3sql.kernels.coded import codes_within, take_codes
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int32s, Mask, Rows
from s3sql.plan.expr import Step
from s3sql.plan.schema import ParquetColumn
from s3sql.types import Column, Kind

Array: TypeAlias = "pa.Array[Any]"

#: Most bytes of a dictionary that is kept, and of all that one query keeps, with what is made of them.
_MOST_BYTES = 8 << 20
_MOST_BYTES_TOGETHER = 24 << 20

#: Bytes that an entry takes with what is made of it: its value, its text and where that stands, verdicts.
_ENTRY_BYTES = 64


class Dictionaries:
    """The dictionaries that the morsels of one query have come with lately. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By where the entries lie in memory; the arrays are kept so that nothing else can come to lie there.
        self._held: OrderedDict[object, tuple[Array, Entries | None, int]] = OrderedDict()
        self._bytes = 0

    def coded(self, number: int, column: ParquetColumn, values: Array) -> Coded | None:
        """The rows of column *number* as numbers of entries.

        None if they are in no dictionary, in one that has not been seen and has more entries than there are
        rows, that is too large to be kept, or of which not every entry is a SQL value.
        """
        values = storage(values)
        if not isinstance(values, pa.DictionaryArray) or not len(values.dictionary):
            return None
        entries = self._entries(number, column, storage(values.dictionary), len(values))
        return None if entries is None else _coded(values, entries)

    def _entries(self, number: int, column: ParquetColumn, dictionary: Array, rows: int) -> Entries | None:
        places = tuple(None if buffer is None else buffer.address for buffer in dictionary.buffers())
        key = (number, places, dictionary.offset, len(dictionary))
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][1]
        size = dictionary.nbytes + _ENTRY_BYTES * len(dictionary)
        if len(dictionary) > rows or size > _MOST_BYTES or dictionary.type.num_fields:
            return None
        entries = _entries_of(dictionary, column)
        with self._lock:
            if key in self._held:
                # Another thread was at it too.
                return self._held[key][1]
            self._held[key] = (dictionary, entries, size)
            self._bytes += size
            while self._bytes > _MOST_BYTES_TOGETHER:
                self._bytes -= self._held.popitem(last=False)[1][2]
        return entries


def _entries_of(dictionary: Array, column: ParquetColumn) -> Entries | None:
    """The entries, NULL behind them; None if one of them would fail a row."""
    if is_text(dictionary) and longest_text(dictionary) > MAX_RECORD_BYTES:
        return None
    failed = False

    def fail(where: Mask, error: S3SelectError) -> None:
        nonlocal failed
        failed = True

    null: Array = pa.nulls(1, dictionary.type)
    entries = column_of(pa.concat_arrays([dictionary, null]), column, fail)
    tags = entries.tag_array()[:-1]
    return None if failed else Entries(entries, Kind(int(tags[0])) if (tags == tags[0]).all() else None)


def _coded(values: Any, entries: Entries) -> Coded | None:
    """The numbers of *values*; None if one is no entry's, which is for the caller to find out."""
    last = len(entries) - 1
    codes: Int32s = fixed_width(values.indices, numpy_type(values.indices.type))
    if codes.dtype.itemsize > 4:
        # No dictionary that is kept has as many entries as numbers that do not fit 32 bits.
        wide = codes.astype(np.int64)
        codes = np.where((wide >= 0) & (wide <= last), wide, -1)
    codes = codes.astype(np.int32, copy=False)
    nulls = values.null_count > 0
    if nulls:
        codes = np.where(known(values), codes, np.int32(last))
    return Coded(entries, codes, nulls) if codes_within(codes, last if nulls else last - 1) else None


def taken(coded: Coded, rows: Rows) -> Coded:
    """Those of the given rows, as :meth:`~s3sql.coded.Coded.take`, in less time."""
    codes = np.empty(len(rows), np.int32)
    take_codes(coded.codes, rows, codes)
    return Coded(coded.entries, codes, coded.nulls)


class EntryBatch(Batch):
    """Entries of a dictionary as rows under a selection: every column is theirs."""

    def __init__(
        self, entries: Entries, rows: Rows | None = None, failure: FirstFailure | None = None
    ) -> None:
        super().__init__(np.arange(len(entries)) if rows is None else rows, failure or FirstFailure())
        self._entries = entries

    def take(self, rows: Rows) -> EntryBatch:
        """The same entries under a narrower selection."""
        return EntryBatch(self._entries, self.rows[rows], self.failure)

    def field(self, number: int) -> Column:
        """The entries, whichever column is asked for: there is only one."""
        column = self._entries.column
        return column if self.length == column.length else column.take(self.rows)

    def row(self) -> Column:
        """The binder makes a struct of the columns."""
        raise TypeError("a row of Parquet is no value of its own")

    def path(self, steps: tuple[Step, ...]) -> Column:
        """The binder makes columns of names."""
        raise TypeError(f"a row of Parquet has no path {steps}")
