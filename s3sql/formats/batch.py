"""Rows under a selection, and the first failure among them.

In: an indexed morsel.  Out: columns of values for the rows that are still asked for.

SQL decides row by row and left to right what is evaluated, and only what is evaluated can fail.
Columns are evaluated under exactly that selection (:meth:`Batch.take` narrows it), so a failure is
always real; of several, the one in the first row counts, and within a row the first one reported.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from s3sql.coded import Coded
from s3sql.errors import S3SelectError
from s3sql.payloads import Mask, Rows
from s3sql.plan.expr import Expr, Step
from s3sql.types import Column


class FirstFailure:
    """The failure of the first failing row of a morsel: ``row`` counts the morsel's rows from 0."""

    __slots__ = ("error", "row")

    def __init__(self) -> None:
        self.row: int | None = None
        self.error: S3SelectError | None = None

    def report(self, row: int, error: S3SelectError) -> None:
        """Remember *error* unless an earlier row, or the same row earlier, has failed."""
        if self.row is None or row < self.row:
            self.row = row
            self.error = error


class Batch(ABC):
    """``length`` rows of a morsel. ``rows`` are their numbers in the morsel, ascending."""

    def __init__(self, rows: Rows, failure: FirstFailure) -> None:
        self.rows = rows
        self.failure = failure

    @property
    def length(self) -> int:
        """The number of rows asked for."""
        return len(self.rows)

    @property
    def chosen(self) -> int:
        """How many of the filter's first conjuncts are known to be TRUE for all rows."""
        return 0

    @abstractmethod
    def take(self, rows: Rows) -> Batch:
        """The same morsel under a narrower selection; *rows* are ascending positions in this batch."""

    @abstractmethod
    def field(self, number: int) -> Column:
        """CSV: column *number* (from 0) as text; NULL where the row is too short."""

    @abstractmethod
    def row(self) -> Column:
        """The rows themselves: structs or whatever the FROM path found."""

    @abstractmethod
    def path(self, steps: tuple[Step, ...]) -> Column:
        """JSON: the value at the path from each row; an ambiguous name fails its row."""

    def column_of(self, condition: Expr) -> int | None:
        """The number of the only column that *condition* reads, where :meth:`by_entry` may give something."""
        return None

    def by_entry(self, condition: Expr) -> tuple[Coded, Batch] | None:
        """The rows as numbers of the entries of the only column that *condition* reads, and these as rows.

        None if it reads another number of columns, or if its column has no such entries. The second, with
        failures of its own, has a row for each entry, though perhaps no row of this batch has its value.
        """
        return None

    def by_value(self, condition: Expr) -> tuple[Rows, Rows] | None:
        """How *condition* may be judged for less than all rows; None if it is to be judged for each.

        The first tells rows, ascending positions in this batch, that have between them all the values that it
        reads, each the first with its values; the second tells for every row which of these has the same.
        So a failure of one of them is that of the first row which has its values.
        """
        return None

    def fail(self, where: Mask, error: S3SelectError) -> None:
        """Report that the rows marked in *where* (one flag per row of this batch) fail with *error*."""
        if where.any():
            self.failure.report(int(self.rows[np.argmax(where)]), error)
