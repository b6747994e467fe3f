"""The truth of conditions: of every row, or of the entries of a dictionary that rows are numbers of.

In: a condition, its value in rows or in entries.  Out: where it is TRUE and where FALSE.

What is true of an entry is true of its rows, so a condition that reads one column is judged once for each
entry, for all morsels that have the dictionary, and rows are looked up. A condition that fails for an entry
is judged row by row: perhaps no row that is asked for has that entry, and a message tells of the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.coded import Coded
from s3sql.errors import S3SelectError
from s3sql.exec.footprint import Footprint
from s3sql.exec.workers import scratch
from s3sql.formats.batch import Batch
from s3sql.functions.comparison import falses, trues
from s3sql.kernels.coded import look_up, select_rows
from s3sql.payloads import Mask, Rows, Text
from s3sql.plan.expr import Expr
from s3sql.types import Column, Kind

#: Evaluates any expression: given by the evaluator, which these forms call back.
Evaluate: TypeAlias = Callable[[Expr, Batch], Column]

#: Bits of what is kept for each entry of a dictionary.
_TRUE, _FALSE = 1, 2


@dataclass(frozen=True, slots=True)
class Truth:
    """Where a condition is TRUE and where FALSE; elsewhere it is unknown."""

    true: Mask
    false: Mask


def truth_of(condition: Expr, column: Column, batch: Batch) -> Truth:
    """The truth of a condition whose value is *column*; a known value other than a boolean fails its row."""
    if column.kind == Kind.BOOL:
        true = column.array(Kind.BOOL)
        return Truth(true, ~true)
    wrong = column.known() & ~column.mask(Kind.BOOL)
    if wrong.any():
        found = Kind(int(column.tag_array()[int(np.argmax(wrong))]))
        batch.fail(wrong, _not_boolean(found, condition))
    return Truth(trues(column), falses(column))


def _not_boolean(found: Kind, condition: Expr) -> S3SelectError:
    return S3SelectError(
        "ExternalEvalException",
        "The query cannot be evaluated. Please check the query and file and try again. "
        f"Found a condition of type {found.name}: it must be a boolean, such as a comparison.",
        position=condition.position,
    )


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a condition is for the rows that ``coded`` tells: bits in ``table`` for each entry.

    ``decided``: it is TRUE or FALSE for all of the rows.
    """

    coded: Coded
    table: NDArray[np.uint8]
    decided: bool

    def truth(self) -> Truth:
        """The truth in every row."""
        true = self._where(_TRUE)
        return Truth(true, ~true if self.decided else self._where(_FALSE))

    def _where(self, bit: int) -> Mask:
        found = np.empty(len(self.coded), np.bool_)
        look_up(self.table, bit, self.coded.codes, found)
        return found

    def true_rows(self) -> Rows:
        """The rows in which the condition is TRUE, ascending."""
        # They are few as a rule, and to touch memory for all would cost more than to copy them.
        rows = scratch().array("true rows", np.intp, len(self.coded))
        return rows[: select_rows(self.table, _TRUE, self.coded.codes, rows)].copy()

    def beside(self, other: Verdicts) -> Verdicts:
        """TRUE where both are; of the same rows of the same column."""
        return Verdicts(self.coded, self.table & other.table & np.uint8(_TRUE), decided=False)


def verdicts(condition: Expr, batch: Batch, evaluate: Evaluate) -> Verdicts | None:
    """What the condition is for the entries of the column that it reads.

    None if its rows are no numbers of entries, if it fails for one of these, or if it would make too much
    text at once.
    """
    by_entry = batch.by_entry(condition)
    if by_entry is None:
        return None
    coded, entries = by_entry
    found = coded.entries.once(id(condition), lambda: _judged(condition, entries, evaluate))
    if found is None:
        return None
    table, decided = found
    return Verdicts(coded, table, decided and not (coded.nulls and not table[-1]))


def _judged(condition: Expr, entries: Batch, evaluate: Evaluate) -> tuple[NDArray[np.uint8], bool] | None:
    """The table of the condition, and whether it is TRUE or FALSE for all entries but perhaps NULL."""
    texts = entries.field(0).parts.get(Kind.STRING)
    size = int((texts.ends - texts.starts).sum(dtype=np.int64)) if isinstance(texts, Text) else 0
    if not Footprint.of((condition,)).fits(entries.length, size):
        # Rows are judged in pieces, of which none makes more text than there may be at once.
        return None
    truth = truth_of(condition, evaluate(condition, entries), entries)
    if entries.failure.row is not None:
        return None
    table = truth.true * np.uint8(_TRUE) + truth.false * np.uint8(_FALSE)
    return table, bool(table[:-1].all())
