"""The one row of an aggregate query.

In: the results of the aggregates.  Out: a batch over which the select list is evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from s3sql.formats.batch import Batch, FirstFailure
from s3sql.payloads import Rows
from s3sql.plan.expr import Step
from s3sql.types import Column


class AggregateBatch(Batch):
    """One row, or none under a selection, whose only values are results of aggregates."""

    def __init__(
        self, results: Sequence[Column], rows: Rows | None = None, failure: FirstFailure | None = None
    ) -> None:
        super().__init__(np.zeros(1, np.intp) if rows is None else rows, failure or FirstFailure())
        self._results = results

    def aggregate(self, number: int) -> Column:
        """The result of aggregate *number*."""
        return self._results[number].take(self.rows)

    def take(self, rows: Rows) -> AggregateBatch:
        """The same row under a narrower selection."""
        return AggregateBatch(self._results, self.rows[rows], self.failure)

    def field(self, number: int) -> NoReturn:
        """An aggregate query has no columns beside its aggregates; the structure check saw to that."""
        raise TypeError(f"column {number} of an aggregate row")

    def row(self) -> NoReturn:
        """As :meth:`field`."""
        raise TypeError("the row of an aggregate row")

    def path(self, steps: tuple[Step, ...]) -> NoReturn:
        """As :meth:`field`."""
        raise TypeError(f"the path {steps} of an aggregate row")
