"""A morsel of Parquet: some rows of one row group, of whose columns is decoded what is asked for, once.

In: columns that are there already, and the parts of a row group that others are to be had from.  Out: values
of a column as Arrow arrays, or as numbers; of all rows, or of some.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa

from s3sql.coded import Coded
from s3sql.errors import S3SelectError
from s3sql.formats.parquet_arrays import take_rows
from s3sql.formats.parquet_parts import GroupParts
from s3sql.formats.parquet_scalars import number_column
from s3sql.payloads import Mask, Rows
from s3sql.types import Column

Array: TypeAlias = "pa.Array[Any]"


class ParquetMorsel:
    """``rows`` rows of one row group, and those of their ``columns`` by number that have been decoded.

    ``start`` and ``length``: the bytes that they stand for, before compression, among those of all columns
    that the query names in the row groups it reads. ``parts``: where the other columns are to be had, of
    which this is part number ``part``.
    """

    __slots__ = (
        "_numbers", "_some", "at_end", "coded", "columns", "fault", "group", "length", "part", "parts",
        "rows", "start", "texts",
    )  # fmt: skip

    def __init__(
        self,
        start: int,
        length: int,
        rows: int,
        columns: dict[int, Array],
        *,
        at_end: bool,
        parts: GroupParts | None = None,
        part: int = 0,
    ) -> None:
        self.start = start
        self.length = length
        self.rows = rows
        self.columns = columns
        self.at_end = at_end
        self.parts = parts
        self.part = part
        #: The row group of the parts.
        self.group = None if parts is None else parts.group
        #: The columns that were asked for as numbers of entries; None for one that is no such thing.
        self.coded: dict[int, Coded | None] = {}
        #: All values of those columns of texts of which some rows were asked for, and which of them fail.
        self.texts: dict[int, tuple[Column, list[tuple[Mask, S3SelectError]]]] = {}
        self.fault: S3SelectError | None = None
        self._some: dict[int, tuple[Rows, Array]] = {}
        self._numbers: dict[int, tuple[Rows | None, Column]] = {}

    def array(self, number: int) -> Array:
        """All values of column *number*.

        Raises:
            S3SelectError: ``ParquetParsingError``; what reading the object raises.
        """
        if number not in self.columns:
            assert self.parts is not None
            self.columns.update(self.parts.take(self.part, number))
        return self.columns[number]

    def may_take_some(self, number: int) -> bool:
        """Whether some rows of column *number* can be had without the others."""
        return number not in self.columns and self.parts is not None and self.parts.may_take_some(number)

    def some(self, number: int, rows: Rows) -> Array:
        """The values of *rows*, ascending, of column *number*; raises as :meth:`array`."""
        if number in self._some and self._some[number][0] is rows:
            return self._some[number][1]
        found = None
        if number not in self.columns and self.parts is not None:
            found = self.parts.take_some(self.part, number, rows)
        if found is None:
            found = take_rows(self.array(number), rows)
        self._some[number] = rows, found
        return found

    def numbers(self, number: int, rows: Rows | None) -> Column | None:
        """The values of *rows*, None for all, ascending, of a column of ints or decimals.

        None if they are to be had as :meth:`array` only, or better. Raises as :meth:`array`.
        """
        held = self._numbers.get(number)
        if held is not None and held[0] is rows:
            return held[1]
        if number in self.columns or self.parts is None:
            return None
        found = self.parts.numbers(self.part, number, rows)
        if found is None:
            return None
        column = number_column(found, self.parts.type_of(number))
        self._numbers[number] = rows, column
        return column

    def load(self) -> None:
        """Have all columns decoded; raises as :meth:`array`."""
        if self.parts is not None:
            for number in self.parts.columns:
                self.array(number)
            self.parts = None

    def give_up(self) -> None:
        """Nobody will ask for more."""
        if self.parts is not None:
            self.parts.give_up(self.part)
            self.parts = None
