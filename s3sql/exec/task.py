"""What a worker does with one morsel, from bytes to output records or to aggregate states.

In: a plan, an input format, and a sink for the output members.  Out: a function of a morsel. A morsel is
taken all the way by one thread, so that nothing crosses threads but the result:

    rows ──filter──▶ selected rows ──project──▶ members ──sink──▶ records
                                   └─aggregate─▶ states

A failing row ends the morsel's output before it; what lies behind it cannot matter any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.exec.evaluate import evaluate, filter_batch
from s3sql.formats.base import Format, Morsel
from s3sql.formats.batch import Batch
from s3sql.formats.csv import CsvBatch
from s3sql.formats.json import JsonBatch
from s3sql.formats.scratch import Scratch
from s3sql.functions.aggregates import RowCount, ValueAccumulator, accumulator
from s3sql.plan.expr import CsvRow, Expr
from s3sql.plan.logical import Aggregate, AggregateCall, Filter, Limit, Plan, Project, Scan, Spread
from s3sql.serialize.base import Member, OutputMember, SpreadMembers

Output = TypeVar("Output")

#: Turns the members of *length* output records into what leaves the worker.
Sink = Callable[[list[OutputMember], int], Output]

#: As :data:`Sink`, for whole CSV records, if the sink has a shorter way for them.
RowSink = Callable[[CsvBatch], Output]


@dataclass(frozen=True, slots=True)
class TaskResult(Generic[Output]):
    """One morsel's share of the answer: ``output`` of a projection, or ``states`` of the aggregates.

    ``error`` belongs to the record behind the last row; ``error_at`` is where that record starts, a byte
    offset in the text. ``consumed``: see :class:`s3sql.formats.base.MorselRows`.
    """

    output: Output | None
    states: tuple[Any, ...]
    rows: int
    consumed: int
    error: S3SelectError | None
    error_at: int

    @property
    def failed(self) -> bool:
        """Whether the answer ends here."""
        return self.error is not None


class Task(Generic[Output]):
    """The work of one query on any of its morsels. Thread-safe."""

    def __init__(
        self, plan: Plan, form: Format, sink: Sink[Output], row_sink: RowSink[Output] | None = None
    ) -> None:
        project = plan.source if isinstance(plan, Limit) else plan
        self.project: Project = project
        self.aggregate = project.source if isinstance(project.source, Aggregate) else None
        below = project.source.source if isinstance(project.source, Aggregate) else project.source
        self._conjuncts: tuple[Expr, ...] = below.conjuncts if isinstance(below, Filter) else ()
        self.scan: Scan = below.source if isinstance(below, Filter) else below
        self._format = form
        self._sink = sink
        items = project.items
        whole = len(items) == 1 and isinstance(items[0], Spread) and isinstance(items[0].expression, CsvRow)
        self._row_sink = row_sink if whole else None

    def run(self, morsel: Morsel, scratch: Scratch) -> TaskResult[Output]:
        """Read, filter and project or aggregate one morsel."""
        read = self._format.rows(morsel, scratch)
        batch = read.batch
        if morsel.fault is not None:
            batch.failure.report(batch.length, morsel.fault)
        if self.scan.limit is not None and batch.length > self.scan.limit:
            batch = batch.take(np.arange(self.scan.limit))
        if self._conjuncts:
            batch = filter_batch(self._conjuncts, batch)
        batch = _before_failure(batch)
        output: Output | None = None
        states: tuple[Any, ...] = ()
        rows = 0
        if self.aggregate is not None:
            states = _states(self.aggregate.calls, batch)
        else:
            output, rows = self._project(batch)
        failure = batch.failure
        error_at = morsel.start + (0 if failure.row is None else read.record_start(failure.row))
        return TaskResult(output, states, rows, read.consumed, failure.error, error_at)

    def _project(self, batch: Batch) -> tuple[Output, int]:
        if self._row_sink is not None and isinstance(batch, CsvBatch):
            return self._row_sink(batch), batch.length
        members = output_members(self.project, batch)
        length = _before_failure(batch).length
        if length < batch.length:
            members = [_first(member, length) for member in members]
        return self._sink(members, length), length


def output_members(project: Project, batch: Batch) -> list[OutputMember]:
    """The select list evaluated for every row of *batch*."""
    members: list[OutputMember] = []
    for item in project.items:
        column = evaluate(item.expression, batch)
        members.append(
            SpreadMembers(column, item.whole_row) if isinstance(item, Spread) else Member(item.name, column)
        )
    return members


def new_accumulators(aggregate: Aggregate) -> list[RowCount | ValueAccumulator]:
    """An accumulator for every call, nothing in it yet."""
    return [_new(call) for call in aggregate.calls]


def _new(call: AggregateCall) -> RowCount | ValueAccumulator:
    return RowCount() if call.operand is None else accumulator(call.function)


def _states(calls: tuple[AggregateCall, ...], batch: Batch) -> tuple[Any, ...]:
    """The states of all aggregates over *batch*; a MISSING row is no row to them."""
    if isinstance(batch, JsonBatch):
        missing = batch.missing()
        if missing.any():
            batch = batch.take(np.flatnonzero(~missing))
    states = []
    for call in calls:
        fold = _new(call)
        if isinstance(fold, RowCount):
            fold.add(batch.length)
        elif call.operand is not None:
            fold.update(evaluate(call.operand, batch), batch.fail)
        states.append(fold.state())
    return tuple(states)


def _before_failure(batch: Batch) -> Batch:
    """The rows before the first one that failed."""
    failed = batch.failure.row
    if failed is None or not batch.length or batch.rows[-1] < failed:
        return batch
    return batch.take(np.arange(int(np.searchsorted(batch.rows, failed))))


def _first(member: OutputMember, length: int) -> OutputMember:
    column = member.column.take(np.arange(length))
    if isinstance(member, SpreadMembers):
        return SpreadMembers(column, member.whole_row)
    return Member(member.name, column)
