"""What a worker does with one morsel, from bytes to output records or to aggregate states.

In: a plan, an input format, and a sink for the output members.  Out: a function of a morsel. A morsel is
taken all the way by one thread, so that nothing crosses threads but the result:

    rows ──filter──▶ selected rows ──project──▶ members ──sink──▶ records
                                   └─aggregate─▶ states

A failing row ends the morsel's output before it; what lies behind it cannot matter any more.

Where the rows of a morsel could make more text than :mod:`s3sql.exec.footprint` allows at once, they are
evaluated in pieces. An output cannot wait for an older one in pieces, so it ends with the first, and the
rest is work for later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Any, Generic, TypeVar

import numpy as np

from s3sql.errors import S3SelectError
from s3sql.exec.evaluate import evaluate, filter_batch
from s3sql.exec.footprint import Footprint
from s3sql.exec.profile import MorselWork
from s3sql.exec.workers import scratch as thread_scratch
from s3sql.formats.base import AMorsel, AnyMorsel, Morsel, MorselRows, Reading, TextReading
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.csv import CsvBatch
from s3sql.formats.json import JsonBatch
from s3sql.formats.scratch import Scratch
from s3sql.functions.aggregates import RowCount, ValueAccumulator, accumulator
from s3sql.functions.concatenation import size_alone
from s3sql.limits import MAX_COLUMN_BYTES, MAX_MADE_BYTES
from s3sql.plan.derived import Derived
from s3sql.plan.expr import CsvField, CsvRow, Expr, NullAsMissing, ParquetField, RowPath
from s3sql.plan.logical import Aggregate, AggregateCall, Filter, Item, Limit, Plan, Project, Scan, Spread
from s3sql.serialize.base import Member, OutputMember, SpreadMembers
from s3sql.types import Column, Kind

Output = TypeVar("Output")

#: Turns the members of *length* output records into what leaves the worker.
Sink = Callable[[list[OutputMember], int], Output]

#: As :data:`Sink`, for whole CSV records, if the sink has a shorter way for them.
RowSink = Callable[[CsvBatch], Output]


@dataclass(frozen=True, slots=True)
class TaskResult(Generic[Output]):
    """One morsel's share of the answer: ``output`` of a projection, or ``states`` of the aggregates.

    ``error`` belongs to the record behind the last row; ``error_at`` is where that record starts, a byte
    offset in the text. ``records``: how many the morsel had. ``consumed``: see
    :class:`s3sql.formats.base.MorselRows`. ``work``: what this share cost. ``rest``: what the records behind
    ``output`` give, if they have not been evaluated yet; it needs nothing of the morsel.
    """

    output: Output | None
    states: tuple[Any, ...]
    rows: int
    records: int
    consumed: int
    error: S3SelectError | None
    error_at: int
    work: MorselWork
    rest: Callable[[], TaskResult[Output]] | None = None

    @property
    def failed(self) -> bool:
        """Whether the answer ends here."""
        return self.error is not None


def _stages(plan: Plan) -> tuple[Project, Aggregate | None, tuple[Expr, ...], Scan]:
    """The select list, the aggregates if there are any, the conjuncts of the filter, and the scan."""
    project = plan.source if isinstance(plan, Limit) else plan
    aggregate = project.source if isinstance(project.source, Aggregate) else None
    below = project.source.source if isinstance(project.source, Aggregate) else project.source
    if isinstance(below, Filter):
        return project, aggregate, below.conjuncts, below.source
    return project, aggregate, (), below


def _footprints(plan: Plan, names: int, record: int, field: int) -> tuple[Footprint, Footprint]:
    """What the filter makes of a row, and the select list with the aggregates.

    ``names``: bytes of a CSV header's names; ``record`` and ``field``: of the delimiters of the output.
    """
    project, aggregate, conjuncts, _ = _stages(plan)
    items = project.items
    folded = aggregate.calls if aggregate is not None else ()
    made = Footprint.of(
        [item.expression for item in items] + [call.operand for call in folded if call.operand is not None],
        per_row=record + sum(field + len(item.name.encode()) for item in items if isinstance(item, Item)),
        per_byte=field * sum(isinstance(item, Spread) for item in items),
        names=names,
    )
    return Footprint.of(conjuncts, names=names), made


_FOOTPRINTS = Derived(_footprints)


class Task(Generic[AMorsel, Output]):
    """The work of one query on any of its morsels. Thread-safe."""

    def __init__(
        self,
        plan: Plan,
        reading: Reading[AMorsel],
        sink: Sink[Output],
        row_sink: RowSink[Output] | None = None,
        *,
        delimiters: tuple[int, int] = (0, 0),
    ) -> None:
        """``delimiters``: bytes that the sink writes behind every record and every field."""
        self.project, self.aggregate, self._conjuncts, self.scan = _stages(plan)
        self._reading = reading
        self._sink = sink
        items = self.project.items
        whole = len(items) == 1 and isinstance(items[0], Spread) and isinstance(items[0].expression, CsvRow)
        self._row_sink = row_sink if whole else None
        self._counting = reading if only_counts(plan) and isinstance(reading, TextReading) else None
        names = sum(len(name.encode()) for name in reading.names)
        self._filtered, self._made = _FOOTPRINTS(plan, names, *delimiters)

    def run(self, morsel: AMorsel, scratch: Scratch) -> TaskResult[Output]:
        """Read, filter and project or aggregate one morsel."""
        counted = self._count(morsel) if self._counting is not None else None
        return counted or self._run(morsel, scratch, 0)

    def _count(self, morsel: AMorsel) -> TaskResult[Output] | None:
        """The result of a query that only counts records, if it is known without reading them."""
        assert isinstance(self._counting, TextReading)
        assert isinstance(morsel, Morsel)
        assert self.aggregate is not None
        begun = perf_counter_ns()
        counted = self._counting.count(morsel)
        if counted is None:
            return None
        fold = RowCount()
        fold.add(counted.records)
        states = (fold.state(),) * len(self.aggregate.calls)
        work = MorselWork(counted.records, counted.records, perf_counter_ns() - begun, 0, 0)
        return TaskResult(None, states, 0, 0, counted.consumed, None, 0, work)

    def _run(self, morsel: AMorsel, scratch: Scratch, first_row: int) -> TaskResult[Output]:
        """As :meth:`run`, from row *first_row* of the morsel on."""
        begun = perf_counter_ns()
        read = self._reading.rows(morsel, scratch)
        batch = read.batch
        records = scanned = read.record_count
        if morsel.fault is not None:
            batch.failure.report(batch.length, morsel.fault)
        if self.scan.limit is not None and batch.length > self.scan.limit:
            batch = batch.take(np.arange(self.scan.limit))
            scanned = batch.length
        # The rest of a morsel is read again: its rows have been counted.
        scanned_rows = 0 if first_row else scanned
        if first_row:
            batch = batch.take(np.arange(int(np.searchsorted(batch.rows, first_row)), batch.length))
        was_read = perf_counter_ns()
        conjuncts = self._conjuncts[batch.chosen :]
        if conjuncts:
            pieces = _pieces(self._filtered, batch, read, morsel)
            kept = [filter_batch(conjuncts, piece) for piece in pieces]
            batch = kept[0] if len(kept) == 1 else _together(batch, kept)
        batch = _before_failure(batch)
        filtered = perf_counter_ns()
        output: Output | None = None
        states: tuple[Any, ...] = ()
        rows = 0
        if self.aggregate is not None:
            states = _states(self.aggregate.calls, _pieces(self._made, batch, read, morsel))
        else:
            made = self._made
            if batch.length and not _fits(made, batch, read, morsel):
                _, end = next(made.pieces(*read.bounds(batch, morsel.length, made.columns)))
                if end < batch.length:
                    rest = int(batch.rows[end])
                    batch = batch.take(np.arange(end))
                    work = MorselWork(scanned_rows, end, was_read - begun, filtered - was_read)
                    return self._in_part(batch, read, morsel, rest, work)
            output, rows = self._project(batch)
        failure = batch.failure
        error_at = morsel.start + (0 if failure.row is None else read.record_start(failure.row))
        work = MorselWork(
            scanned_rows, batch.length, was_read - begun, filtered - was_read, perf_counter_ns() - filtered
        )
        return TaskResult(output, states, rows, records, read.consumed, failure.error, error_at, work)

    def _in_part(
        self, batch: Batch, read: MorselRows, morsel: AMorsel, rest: int, work: MorselWork
    ) -> TaskResult[Output]:
        """The output of *batch* only; the rows of the morsel from *rest* on are work for later."""
        begun = perf_counter_ns()
        # What has failed behind these rows will fail again.
        batch.failure = FirstFailure()
        output, rows = self._project(batch)
        failure = batch.failure
        work = replace(work, output_time=perf_counter_ns() - begun)
        records, consumed = read.record_count, read.consumed
        if failure.row is not None:
            error_at = morsel.start + read.record_start(failure.row)
            return TaskResult(output, (), rows, records, consumed, failure.error, error_at, work)
        again = self._reading.lasting(morsel)

        def run_rest() -> TaskResult[Output]:
            return self._run(again, thread_scratch(), rest)

        return TaskResult(output, (), rows, records, consumed, None, 0, work, run_rest)

    def _project(self, batch: Batch) -> tuple[Output, int]:
        if self._row_sink is not None and isinstance(batch, CsvBatch):
            return self._row_sink(batch), batch.length
        members = output_members(self.project, batch)
        while True:
            length = _before_failure(batch).length
            if length < batch.length:
                members = [_first(member, length) for member in members]
            output = self._sink(members, length)
            # A sink that wants numbers as numbers may find that one cannot be read.
            if _before_failure(batch).length == length:
                return output, length


def is_folded(plan: Plan) -> bool:
    """Whether rows are folded into aggregates."""
    return _stages(plan)[1] is not None


def only_counts(plan: Plan) -> bool:
    """Whether rows are only counted, all of them, so that they need not be read."""
    _, aggregate, conjuncts, _ = _stages(plan)
    return aggregate is not None and not conjuncts and all(call.operand is None for call in aggregate.calls)


def output_members(project: Project, batch: Batch) -> list[OutputMember]:
    """The select list evaluated for every row of *batch*; no further than a row alone may be long."""
    members: list[OutputMember] = []
    size = 0
    for item in project.items:
        column = evaluate(item.expression, batch)
        size += size_alone(column)
        if size > MAX_MADE_BYTES:
            batch.fail(np.ones(batch.length, np.bool_), _record_too_long())
            break
        if Kind.STRING in column.parts and not isinstance(item.expression, _OF_RECORDS):
            _judge_length(column, batch)
        members.append(
            SpreadMembers(column, item.whole_row) if isinstance(item, Spread) else Member(item.name, column)
        )
    return members


def _record_too_long() -> S3SelectError:
    return S3SelectError(
        "OverMaxRecordSize",
        f"A record of the result has more than {MAX_MADE_BYTES:,} bytes. Select fewer columns.",
    )


#: What gives parts of a record, which is no longer than a value may be.
_OF_RECORDS = (CsvField, NullAsMissing, ParquetField, RowPath)


def _judge_length(column: Column, batch: Batch) -> None:
    """Fail the rows whose text is longer than a column of the result may be."""
    text = column.text()
    too_long = text.ends - text.starts > MAX_COLUMN_BYTES
    if too_long.any():
        error = S3SelectError(
            "ColumnTooLong",
            f"A value of the result has more than {MAX_COLUMN_BYTES:,} bytes, the most a column may have.",
        )
        batch.fail(too_long & column.mask(Kind.STRING), error)


def new_accumulators(aggregate: Aggregate) -> list[RowCount | ValueAccumulator]:
    """An accumulator for every call, nothing in it yet."""
    return [_new(call) for call in aggregate.calls]


def _new(call: AggregateCall) -> RowCount | ValueAccumulator:
    return RowCount() if call.operand is None else accumulator(call.function)


def _states(calls: tuple[AggregateCall, ...], pieces: Iterable[Batch]) -> tuple[Any, ...]:
    """The states of all aggregates over *pieces*; a MISSING row is no row to them."""
    folds = [_new(call) for call in calls]
    for batch in pieces:
        if isinstance(batch, JsonBatch):
            missing = batch.missing()
            if missing.any():
                batch = batch.take(np.flatnonzero(~missing))
        for call, fold in zip(calls, folds, strict=True):
            if isinstance(fold, RowCount):
                fold.add(batch.length)
            elif call.operand is not None:
                fold.update(evaluate(call.operand, batch), batch.fail)
    return tuple(fold.state() for fold in folds)


def _fits(footprint: Footprint, batch: Batch, read: MorselRows, morsel: AnyMorsel) -> bool:
    """Whether *batch* is one piece."""
    return footprint.fits(batch.length, read.byte_count(batch, morsel.length, footprint.columns))


def _pieces(footprint: Footprint, batch: Batch, read: MorselRows, morsel: AnyMorsel) -> Iterator[Batch]:
    """*batch* in pieces; no rows are one piece too."""
    if _fits(footprint, batch, read, morsel):
        yield batch
        return
    for begin, end in footprint.pieces(*read.bounds(batch, morsel.length, footprint.columns)):
        yield batch.take(np.arange(begin, end))


def _together(batch: Batch, parts: Sequence[Batch]) -> Batch:
    """The rows of *batch* that are in one of its *parts*."""
    rows = np.concatenate([part.rows for part in parts])
    return batch.take(np.searchsorted(batch.rows, rows))


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
