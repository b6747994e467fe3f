"""Parquet input: rows of decoded columns.

In: a :class:`~s3sql.formats.parquet_morsel.ParquetMorsel`, some rows of one row group.  Out: batches whose
columns are those of the schema. Of a column is decoded what is asked for, when it is.

A value of more than 1 MiB fails its row, as a record of that size does in other formats; of the columns that
a query does not read nothing is known. Source: AWS S3 User Guide, "Filtering and retrieving data" (limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.coded import Coded
from s3sql.errors import S3SelectError
from s3sql.formats.base import MorselRows
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.parquet_arrays import is_text, take_rows
from s3sql.formats.parquet_columns import column_of
from s3sql.formats.parquet_distinct import (
    ConditionsOfOneColumn,
    conditions_of_one_column,
    first_of_each,
)
from s3sql.formats.parquet_entries import Dictionaries, EntryBatch, taken
from s3sql.formats.parquet_morsel import ParquetMorsel
from s3sql.formats.parquet_sizes import may_be_long, most_bytes, text_sizes, value_sizes
from s3sql.formats.scratch import Scratch
from s3sql.functions.registry import Fail
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.payloads import Int64s, Mask, Rows, all_rows
from s3sql.plan.expr import Expr, Step
from s3sql.plan.logical import Plan
from s3sql.plan.schema import ParquetColumn, ParquetSchema
from s3sql.types import Column, Kind

Array: TypeAlias = "pa.Array[Any]"

#: Texts are taken as they lie unless less than one in so many is asked for.
_WHOLE_SHARE = 8

#: Values are decoded for the rows that are asked for only where these are at most one in so many.
_NARROW_SHARE = 4

_NUMBER_FORMS = frozenset({"int", "decimal"})
_SHORT_FORMS = frozenset({"bool", "int", "uint64", "float", "decimal", "uuid", "date", "time", "timestamp"})


class ParquetReading:
    """How workers read morsels of Parquet."""

    def __init__(self, schema: ParquetSchema, plan: Plan) -> None:
        self._known = _Known(schema, plan, conditions_of_one_column(plan), Dictionaries())

    @property
    def names(self) -> tuple[str, ...]:
        """No row is written as a whole: the binder names its columns."""
        return ()

    def rows(self, morsel: ParquetMorsel, scratch: Scratch) -> MorselRows:
        """The rows of the morsel for which the filter may be TRUE."""
        rows, chosen = (None, 0) if morsel.parts is None else morsel.parts.within(morsel.part, scratch)
        rows = all_rows(morsel.rows) if rows is None else rows
        batch = ParquetBatch(morsel, self._known, rows, FirstFailure(), chosen)
        return ParquetRows(batch, morsel.length, lambda: _spread(morsel.rows, morsel.length), morsel.rows)

    def lasting(self, morsel: ParquetMorsel) -> ParquetMorsel:
        """The same morsel: what Arrow has decoded stays as long as it is held."""
        morsel.load()
        return morsel


@dataclass(frozen=True, slots=True)
class _Known:
    """What the morsels of one query have in common."""

    schema: ParquetSchema
    plan: Plan
    conditions: ConditionsOfOneColumn
    dictionaries: Dictionaries


class ParquetBatch(Batch):
    """Rows of a morsel under a selection."""

    def __init__(
        self, morsel: ParquetMorsel, known: _Known, rows: Rows, failure: FirstFailure, chosen: int = 0
    ) -> None:
        super().__init__(rows, failure)
        self.morsel = morsel
        self._known = known
        self._chosen = chosen

    @property
    def chosen(self) -> int:
        """Those that the ranges of stored numbers have judged."""
        return self._chosen

    def take(self, rows: Rows) -> ParquetBatch:
        """The same morsel under a narrower selection."""
        numbers = rows if self.length == self.morsel.rows else self.rows[rows]
        return ParquetBatch(self.morsel, self._known, numbers, self.failure, self._chosen)

    def column_of(self, condition: Expr) -> int | None:
        """The number of the only column that *condition* reads, if it is an operand of the filter."""
        return self._known.conditions.column(condition)

    def by_entry(self, condition: Expr) -> tuple[Coded, Batch] | None:
        """The rows as numbers of the entries of the column that *condition* reads, and these as rows."""
        number = self._known.conditions.column(condition)
        coded = None if number is None or not self.length else self.coded(number)
        return None if coded is None else (coded, EntryBatch(coded.entries))

    def by_value(self, condition: Expr) -> tuple[Rows, Rows] | None:
        """The rows with the first of each value, if *condition* reads one column that is in a dictionary."""
        number = self._known.conditions.column(condition)
        return None if number is None or not self.length else first_of_each(self.values(number))

    def coded(self, number: int) -> Coded | None:
        """The values of column *number* as numbers of entries of a dictionary, if they are to be had so."""
        held = self.morsel.coded
        if number not in held:
            column = self._known.schema.columns[number]
            if self._is_narrow(number):
                return self._known.dictionaries.coded(number, column, self.values(number))
            held[number] = self._known.dictionaries.coded(number, column, self.morsel.array(number))
        coded = held[number]
        return coded if coded is None or self.length == self.morsel.rows else taken(coded, self.rows)

    def field(self, number: int) -> Column:
        """The values of top-level column *number*; one that is too long, or no SQL value, fails its row."""
        if not self.length:
            # Nobody needs the column for this.
            return Column.unknown(Kind.NULL, 0)
        numbers = self._numbers(number)
        if numbers is not None:
            return numbers
        coded = self.coded(number)
        if coded is not None:
            return Column.of_codes(coded)
        column = self._known.schema.columns[number]
        if self._is_narrow(number):
            return _converted(self.values(number), column, self.fail)
        array = self.morsel.array(number)
        if self.length == self.morsel.rows or not (
            is_text(array) and self.length * _WHOLE_SHARE > self.morsel.rows
        ):
            return _converted(self.values(number), column, self.fail)
        if number not in self.morsel.texts:
            failures: list[tuple[Mask, S3SelectError]] = []
            whole = _converted(array, column, lambda where, error: failures.append((where, error)))
            self.morsel.texts[number] = whole, failures
        found, failures = self.morsel.texts[number]
        for where, error in failures:
            self.fail(where[self.rows], error)
        return found.take(self.rows)

    def _numbers(self, number: int) -> Column | None:
        """A column of numbers as they are stored, None if it is not to be had so."""
        if self._known.schema.columns[number].type.form not in _NUMBER_FORMS:
            return None
        rows = None if self.length == self.morsel.rows else self.rows
        return self.morsel.numbers(number, rows)

    def values(self, number: int) -> Array:
        """The values of column *number* as Arrow has them."""
        if self._is_narrow(number):
            return self.morsel.some(number, self.rows)
        values = self.morsel.array(number)
        return values if self.length == self.morsel.rows else take_rows(values, self.rows)

    def most_bytes(self, number: int) -> int:
        """No less than the texts of column *number* take."""
        if self._known.schema.columns[number].type.form in _SHORT_FORMS:
            return 0
        narrow = self._is_narrow(number)
        return most_bytes(self.values(number) if narrow else self.morsel.array(number), self.length)

    def _is_narrow(self, number: int) -> bool:
        """Whether to decode column *number* for these rows only."""
        return self.length * _NARROW_SHARE <= self.morsel.rows and self.morsel.may_take_some(number)

    def row(self) -> NoReturn:
        """The binder makes a struct of the columns."""
        raise TypeError("a row of Parquet is no value of its own")

    def path(self, steps: tuple[Step, ...]) -> NoReturn:
        """The binder makes columns of names."""
        raise TypeError(f"a row of Parquet has no path {steps}")


class ParquetRows(MorselRows):
    """The rows of a morsel of Parquet, whose bytes in memory may be many times those in the file."""

    __slots__ = ()

    def byte_count(self, batch: Batch, length: int, columns: frozenset[object]) -> int:
        """The most bytes that *columns* have in all rows of *batch* together."""
        if not batch.length:
            return 0
        assert isinstance(batch, ParquetBatch)
        return sum(batch.most_bytes(number) for number in columns if isinstance(number, int))

    def bounds(self, batch: Batch, length: int, columns: frozenset[object]) -> tuple[Int64s, Int64s]:
        """Where the bytes of *columns* in each row begin and end, laid one behind the other."""
        assert isinstance(batch, ParquetBatch)
        sizes = np.zeros(batch.length, np.int64)
        for number in columns:
            if isinstance(number, int):
                sizes += value_sizes(batch.values(number))
        ends = np.cumsum(sizes)
        return ends - sizes, ends


def _converted(values: Array, column: ParquetColumn, fail: Fail) -> Column:
    """The values as a column of SQL; fails those that are too long or no SQL value."""
    sizes = text_sizes(values) if may_be_long(values) else None
    if sizes is not None and sizes.max(initial=0) > MAX_RECORD_BYTES:
        fail(sizes > MAX_RECORD_BYTES, _too_long(column.name))
    return column_of(values, column, fail)


def _spread(rows: int, length: int) -> NDArray[np.int32]:
    """Where each row begins in the morsel if all are of one size."""
    return (np.arange(rows) * length // max(rows, 1)).astype(np.int32)


def _too_long(name: str) -> S3SelectError:
    return S3SelectError(
        "OverMaxRecordSize",
        f"A value of the column {name!r} is longer than {MAX_RECORD_BYTES:,} bytes, the most that a record "
        "may have.",
    )
