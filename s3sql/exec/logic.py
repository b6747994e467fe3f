"""AND, OR, NOT, CASE and WHERE: what decides which rows are evaluated at all.

In: conditions and a batch.  Out: columns of booleans, CASE's values, the rows that WHERE keeps.

Sources: AWS S3 User Guide, Operators and Conditional functions; PartiQL v0.1. AND and OR go left to right
and stop at the first FALSE or TRUE, unknown does not stop them; CASE evaluates conditions in order and one
branch. So an operand that can fail is evaluated only for the rows that ask for it, under a narrower batch:

    rows       _1 <> ''    CAST(_1 AS INT) > 5       and
     "7"         TRUE         TRUE                   TRUE
     ""          FALSE        not evaluated          FALSE
     "x"         TRUE         fails                  NULL, the failure is reported

An operand that cannot fail is evaluated for all rows, which is cheaper than gathering some.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from s3sql.exec.verdicts import Evaluate, Truth, Verdicts, truth_of, verdicts
from s3sql.formats.batch import Batch
from s3sql.functions.comparison import equals, trues, truth_column
from s3sql.payloads import Mask, Rows
from s3sql.plan.expr import CsvField, Expr
from s3sql.plan.operators import And, Case, Not, Or, SimpleCase, is_boolean
from s3sql.types import Column

#: Below one in so many rows it pays to gather them rather than to evaluate all.
_NARROW_SHARE = 2


def judge(condition: Expr, batch: Batch, evaluate: Evaluate) -> Truth:
    """The truth of a condition in every row; a known value other than a boolean fails its row."""
    of_entries = verdicts(condition, batch, evaluate)
    if of_entries is not None:
        return of_entries.truth()
    fewer = batch.by_value(condition)
    if fewer is None:
        return truth_of(condition, evaluate(condition, batch), batch)
    rows, row_of = fewer
    batch = batch.take(rows)
    truth = truth_of(condition, evaluate(condition, batch), batch)
    true = truth.true[row_of]
    return Truth(true, truth.false[row_of] if (truth.true == truth.false).any() else ~true)


def evaluate_and(node: And, batch: Batch, evaluate: Evaluate) -> Column:
    """FALSE if an operand is, else NULL if one is unknown, else TRUE."""
    decided, unknown = _chain(node.operands, batch, evaluate, lambda truth: truth.false)
    return truth_column(~decided, decided | ~unknown)


def evaluate_or(node: Or, batch: Batch, evaluate: Evaluate) -> Column:
    """TRUE if an operand is, else NULL if one is unknown, else FALSE."""
    decided, unknown = _chain(node.operands, batch, evaluate, lambda truth: truth.true)
    return truth_column(decided, decided | ~unknown)


def _chain(
    operands: tuple[Expr, ...], batch: Batch, evaluate: Evaluate, stops: Callable[[Truth], Mask]
) -> tuple[Mask, Mask]:
    """The rows in which an operand stopped the chain, and those in which one was unknown before that."""
    decided = np.zeros(batch.length, np.bool_)
    unknown = np.zeros(batch.length, np.bool_)
    for operand in operands:
        undecided = None if _cannot_fail(operand) else np.flatnonzero(~decided)
        if undecided is None or len(undecided) == batch.length:
            truth = judge(operand, batch, evaluate)
            decided |= stops(truth)
            unknown |= ~(truth.true | truth.false)
        elif len(undecided):
            truth = judge(operand, batch.take(undecided), evaluate)
            decided[undecided] = stops(truth)
            unknown[undecided] |= ~(truth.true | truth.false)
    return decided, unknown


def _cannot_fail(condition: Expr) -> bool:
    return is_boolean(condition) and not condition.fallible


def evaluate_not(node: Not, operand: Column, batch: Batch) -> Column:
    """TRUE for FALSE and the other way round, NULL for unknown; *operand* is the value of its operand."""
    truth = truth_of(node.operand, operand, batch)
    return truth_column(truth.false, truth.true | truth.false)


def filter_batch(conjuncts: tuple[Expr, ...], batch: Batch, evaluate: Evaluate) -> Batch:
    """The rows of *batch* for which every conjunct is TRUE.

    Once a row has failed, the rows from it on are left out: the query ends there.
    """
    selection = _Selection(batch, evaluate)
    operands = [operand for conjunct in conjuncts for operand in _operands(conjunct)]
    place = 0
    while place < len(operands):
        if operands[place].begins:
            selection.keep_true_rows()
        judged = selection.look_up(operands[place:])
        if not judged:
            selection.judge(operands[place].condition)
        place += max(judged, 1)
    return selection.finish()


class _Operand(NamedTuple):
    """A conjunct of a filter, or an operand of one: its first one ``begins`` it, its last ``ends`` it."""

    condition: Expr
    begins: bool
    ends: bool


def _operands(conjunct: Expr) -> list[_Operand]:
    parts = conjunct.operands if isinstance(conjunct, And) else (conjunct,)
    last = len(parts) - 1
    return [_Operand(part, begins=place == 0, ends=place == last) for place, part in enumerate(parts)]


class _Selection:
    """The rows of a filter: those still to be judged by the conjunct at hand, and which of them are TRUE.

    An AND goes on after an unknown operand, so a row can be lost and yet have to be judged further, which
    may fail. Rows that need not be judged are dropped when that pays, and always before what can fail.
    """

    def __init__(self, batch: Batch, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._batch = batch
        # None stands for all rows. Both are the same if no row is to be judged that is not TRUE so far.
        self._true: Mask | None = None
        self._undecided: Mask | None = None

    def keep_true_rows(self) -> None:
        """A new conjunct begins: only rows that are TRUE so far are judged by it."""
        self._undecided = self._true

    def look_up(self, operands: Sequence[_Operand]) -> int:
        """Keep the rows in which the next operands are TRUE, if their verdicts are known of entries.

        How many operands were judged, none if the first has to be judged otherwise. They read one column and
        cannot fail. What is dropped is FALSE, or unknown to the last operand of its conjunct, so that nothing
        else asks for it.
        """
        column = self._batch.column_of(operands[0].condition)
        if column is None or self._undecided is not self._true or not self._batch.length:
            return 0
        if self._count() * _NARROW_SHARE < self._batch.length:
            self._narrow()
        found: Verdicts | None = None
        judged = 0
        for operand in operands:
            if self._batch.column_of(operand.condition) != column:
                break
            next_ = verdicts(operand.condition, self._batch, self._evaluate)
            if next_ is None or not (operand.ends or next_.decided):
                break
            found = next_ if found is None else found.beside(next_)
            judged += 1
        if found is not None:
            rows = found.true_rows()
            self._take(rows if self._true is None else rows[self._true[rows]])
        return judged

    def judge(self, operand: Expr) -> None:
        """Judge an operand for the rows that are undecided."""
        count, length = self._count(), self._batch.length
        if count < length and (not _cannot_fail(operand) or count * _NARROW_SHARE < length):
            self._narrow()
        truth = judge(operand, self._batch, self._evaluate)
        self._true = truth.true if self._true is None else self._true & truth.true
        self._undecided = ~truth.false if self._undecided is None else self._undecided & ~truth.false

    def _count(self) -> int:
        """How many rows are undecided."""
        return self._batch.length if self._undecided is None else int(np.count_nonzero(self._undecided))

    def _narrow(self) -> None:
        """Drop the rows that need not be judged."""
        if self._undecided is None:
            return
        rows = np.flatnonzero(self._undecided)
        true = None if self._true is None else self._true[rows]
        self._take(rows)
        if true is not None and not true.all():
            self._true = true

    def _take(self, rows: Rows) -> None:
        """Go on with these rows, all of them TRUE and to be judged."""
        if len(rows) < self._batch.length:
            self._batch = self._batch.take(rows)
        self._true = self._undecided = None

    def finish(self) -> Batch:
        """The rows for which everything was TRUE, before the first failing one."""
        failed, kept = self._batch.failure.row, self._true
        if failed is not None:
            before = self._batch.rows < failed
            kept = before if kept is None else kept & before
        return self._batch if kept is None or kept.all() else self._batch.take(np.flatnonzero(kept))


def evaluate_case(node: Case, batch: Batch, evaluate: Evaluate) -> Column:
    """The result of the first branch whose condition is TRUE, else the default, else NULL."""
    choice = _Choice(batch, evaluate)
    for condition, result in node.branches:
        if choice.batch.length:
            choice.take_branch(judge(condition, choice.batch, evaluate).true, result)
    return choice.finish(node.default)


def evaluate_simple_case(node: SimpleCase, batch: Batch, evaluate: Evaluate) -> Column:
    """The result of the first branch whose value equals the operand, else the default, else NULL."""
    operand = evaluate(node.operand, batch)
    left_csv = isinstance(node.operand, CsvField)
    choice = _Choice(batch, evaluate)
    for value, result in node.branches:
        if not choice.batch.length:
            break
        left = operand if choice.batch is batch else operand.take(choice.undecided)
        right = evaluate(value, choice.batch)
        equal = equals(left, right, left_csv, isinstance(value, CsvField))
        choice.take_branch(trues(equal), result)
    return choice.finish(node.default)


class _Choice:
    """The rows of a CASE that no branch has taken yet, and the values of those that were taken."""

    def __init__(self, batch: Batch, evaluate: Evaluate) -> None:
        self.batch = batch
        self.undecided: Rows = np.arange(batch.length)
        self._evaluate = evaluate
        self._length = batch.length
        self._pieces: list[tuple[Rows, Column]] = []

    def take_branch(self, taken: Mask, result: Expr) -> None:
        """The rows marked in *taken* get the value of *result*."""
        chosen = np.flatnonzero(taken)
        if not len(chosen):
            return
        if len(chosen) == len(taken):
            self._finish_rows(result)
            return
        self._pieces.append((self.undecided[chosen], self._evaluate(result, self.batch.take(chosen))))
        others = np.flatnonzero(~taken)
        self.undecided = self.undecided[others]
        self.batch = self.batch.take(others)

    def finish(self, default: Expr | None) -> Column:
        """All values; the rows left get the *default* or NULL."""
        if default is not None and self.batch.length:
            self._finish_rows(default)
        if len(self._pieces) == 1 and len(self._pieces[0][0]) == self._length:
            return self._pieces[0][1].computed()
        return Column.interleave(self._length, self._pieces)

    def _finish_rows(self, result: Expr) -> None:
        self._pieces.append((self.undecided, self._evaluate(result, self.batch)))
        self.undecided = self.undecided[:0]
        self.batch = self.batch.take(self.undecided)
