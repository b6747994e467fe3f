"""The engine: the only place where the stages meet.

In: a request and an open object.  Out: the output records, in chunks for the event stream or as columns.

The story of one query:

1. ``request`` is checked already: every member has its final meaning (:mod:`s3sql.request`).
2. The object's beginning is looked at: a byte order mark, the CSV header (:func:`prepare`). Out comes a
   schema.
3. The SQL text becomes a tree (:mod:`s3sql.sql`), the tree and the schema a logical plan
   (:mod:`s3sql.plan.binder`), the plan a better one (:mod:`s3sql.plan.rules`); all three are cached.
4. A reader cuts the object's bytes into morsels that start at record starts (:mod:`s3sql.exec.reader`),
   within the scan range if there is one.
5. Worker threads take each morsel from bytes to output records or to aggregate states
   (:mod:`s3sql.exec.task`): the format indexes it, the filter selects rows, the select list is evaluated,
   the serializer writes.
6. The pipeline puts the results back in order (:mod:`s3sql.exec.pipeline`); LIMIT is counted here,
   aggregate states are merged here, and the first failing row ends the answer here.
7. The first mebibyte is evaluated before anything is handed out, so that what fails in it comes as an
   error instead of a broken stream (:func:`run`).
8. The event stream packs the records into messages (:mod:`s3sql.eventstream`).

Closing the chunks is the only cancellation: LIMIT, a client that went away, a time-out and Ctrl-C all end
in the same ``finally`` blocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import numpy as np

from s3sql.buffers import MEMORY
from s3sql.errors import S3SelectError
from s3sql.eventstream.writer import Chunk
from s3sql.exec.aggregate import AggregateBatch
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.object_hints import advise_on_name, advise_on_value
from s3sql.exec.pipeline import Pipeline
from s3sql.exec.profile import Profile
from s3sql.exec.readers import Opening, PlacedReader, open_object, reader_and_reading
from s3sql.exec.steps import Step, end_of, parts_of, within_limits
from s3sql.exec.task import RowSink, Sink, Task, TaskResult, new_accumulators, output_members
from s3sql.formats.base import AnyMorsel
from s3sql.formats.scratch import Scratch
from s3sql.limits import BEFORE_STREAM_BYTES, BEFORE_STREAM_SECONDS
from s3sql.plan.at_most import at_most
from s3sql.plan.cache import PLANS
from s3sql.plan.clock import at_time
from s3sql.plan.logical import Limit, Plan
from s3sql.request import SelectRequest
from s3sql.serialize.base import OutputMember, Records
from s3sql.serialize.output import serializer_for
from s3sql.stores.base import StoredObject

Output = TypeVar("Output")

#: The buffers of all queries of this process.
_POOL = BufferPool(shared=MEMORY)

#: Codes of names that an object without any record does not have to resolve.
_NAME_CODES = frozenset({"InvalidColumnIndex", "MissingHeaders", "AmbiguousFieldName", "InvalidTableAlias"})


class Query:
    """A request bound to an object: everything that can be known before reading rows."""

    def __init__(self, request: SelectRequest, source: StoredObject, opening: Opening, plan: Plan) -> None:
        self.request = request
        self.source = source
        self.opening = opening
        self.plan = plan
        self.profile = Profile()

    def bytes_to_scan(self) -> int | None:
        """How many bytes of the object are scanned if the query reads to its end; None while unknown."""
        return self.opening.bytes_to_scan()

    def close(self) -> None:
        """Read no more of the object, and close it; a second call does nothing."""
        try:
            self.opening.close()
        finally:
            self.source.close()

    def found(self) -> dict[str, object]:
        """What the object tells of the scan, for people; empty if nothing.

        Raises:
            S3SelectError: the object cannot be read.
        """
        return self.opening.found(self.plan)

    def records(self) -> Generator[Step[Records] | None, None, None]:
        """The answer as serialised records; None when nothing was ready for a while."""
        writer = serializer_for(self.request.output)

        def sink(members: list[OutputMember], length: int) -> Records:
            return writer.serialize(members, length)

        steps = self.steps(sink, writer.serialize_rows, Records.first, writer.delimiters)
        yield from within_limits(steps, self.request.output)

    def steps(
        self,
        sink: Sink[Output],
        row_sink: RowSink[Output] | None,
        first: Callable[[Output, int], Output],
        delimiters: tuple[int, int] = (0, 0),
    ) -> Generator[Step[Output] | None, None, None]:
        """The answer in the form *sink* gives it, morsel by morsel; runs in worker threads.

        ``first(output, n)`` are the first n records of an output; ``delimiters`` are the bytes that the sink
        writes behind every record and every field. The step that carries an error is the
        last. Closing the generator ends the scan.
        """
        limit = self.plan.count if isinstance(self.plan, Limit) else None
        self.profile.begun = True
        if limit == 0:
            yield Step(None, 0, 0, 0)
            return
        begun = time.perf_counter_ns()
        reader, reading = reader_and_reading(self.opening, self.plan, _POOL)
        self.profile.scan.nanoseconds += time.perf_counter_ns() - begun
        task = Task(self.plan, reading, sink, row_sink, delimiters=delimiters)

        def work(morsel: AnyMorsel, scratch: Scratch) -> TaskResult[Output]:
            result = task.run(morsel, scratch)
            if result.error is not None:
                advise_on_value(self.opening, result.error, result.error_at)
            reader.note_records(result.records, morsel.length)
            return result

        pipeline = Pipeline(reader, work, whole=limit is None and reader.begins_together)
        results = pipeline.results()
        try:
            if task.aggregate is None:
                yield from self._rows(results, reader, limit, first)
            else:
                yield from self._folded(results, reader, task, sink)
        finally:
            try:
                results.close()
            finally:
                self.profile.scan.nanoseconds += pipeline.reading_time
                self.opening.close()

    def _rows(
        self,
        results: Iterator[tuple[AnyMorsel, TaskResult[Output]] | None],
        reader: PlacedReader[Any],
        limit: int | None,
        first: Callable[[Output, int], Output],
    ) -> Generator[Step[Output] | None, None, None]:
        """The records of every morsel, up to the limit."""
        remaining = limit
        profile = self.profile
        # A text without records is read all the same.
        yield Step(None, 0, *self.opening.totals(reader.position))
        for found in results:
            if found is None:
                yield None
                continue
            end = end_of(*found)
            for result in parts_of(found[1]):
                output, rows = result.output, result.rows
                profile.add(result.work, folded=False)
                profile.project.rows += rows
                profile.limit.rows += rows if remaining is None else min(rows, remaining)
                if remaining is not None and output is not None:
                    if rows >= remaining:
                        begun = time.perf_counter_ns()
                        output = first(output, remaining)
                        profile.limit.nanoseconds += time.perf_counter_ns() - begun
                        yield Step(output, remaining, *self.opening.totals(end))
                        return
                    remaining -= rows
                yield Step(output, rows, *self.opening.totals(end), result.error, result.error_at)
                if result.error is not None:
                    return

    def _folded(
        self,
        results: Iterator[tuple[AnyMorsel, TaskResult[Output]] | None],
        reader: PlacedReader[Any],
        task: Task[Any, Output],
        sink: Sink[Output],
    ) -> Generator[Step[Output] | None, None, None]:
        """The one record of an aggregate query."""
        assert task.aggregate is not None
        accumulators = new_accumulators(task.aggregate)
        profile = self.profile
        end = reader.position
        for found in results:
            if found is None:
                yield None
                continue
            result, end = found[1], end_of(*found)
            profile.add(result.work, folded=True)
            if result.error is None:
                begun = time.perf_counter_ns()
                for accumulator, state in zip(accumulators, result.states, strict=True):
                    accumulator.merge(state)
                profile.aggregate.nanoseconds += time.perf_counter_ns() - begun
            yield Step(None, 0, *self.opening.totals(end), result.error, result.error_at)
            if result.error is not None:
                return
        begun = time.perf_counter_ns()
        batch = AggregateBatch([accumulator.evaluate() for accumulator in accumulators])
        folded = time.perf_counter_ns()
        members = output_members(task.project, batch)
        if batch.failure.error is not None:
            raise batch.failure.error
        output = sink(members, 1)
        profile.aggregate.nanoseconds += folded - begun
        profile.project.nanoseconds += time.perf_counter_ns() - folded
        profile.aggregate.rows = profile.project.rows = profile.limit.rows = 1
        yield Step(output, 1, *self.opening.totals(end))


def prepare(request: SelectRequest, source: StoredObject, *, limit: int | None = None) -> Query:
    """Bind *request* to *source*; ``limit``: at most so many rows, whatever the query says.

    Raises:
        S3SelectError: whatever can be wrong before a row is read: the SQL, the scan range, the header, a
            name that no column has.
    """
    # A text that does not parse is told before the object is touched.
    PLANS.tree(request.expression, request.dialect)
    opening = open_object(request, source)
    try:
        plan = _bound(request, opening)
    except BaseException:
        opening.close()
        raise
    plan = at_time(plan, request.expression, time.time_ns())
    return Query(request, source, opening, plan if limit is None else at_most(plan, limit))


def _bound(request: SelectRequest, opening: Opening) -> Plan:
    """The plan of the text over the object; an object without records does not have to have the names."""
    try:
        return PLANS.plan(request.expression, opening.schema, request.dialect)
    except S3SelectError as error:
        if error.code not in _NAME_CODES or not opening.without_records():
            advise_on_name(opening, request.expression, error)
            raise
        return PLANS.plan(request.expression, opening.empty_schema, request.dialect)


class Answer:
    """The answer to one request, its first part already evaluated."""

    def __init__(self, chunks: Generator[Chunk | None, None, None], *, complete: bool = False) -> None:
        """``complete``: everything has been evaluated, and nothing of the object is read any more."""
        self._chunks = chunks
        self.complete = complete

    def chunks(self) -> Generator[Chunk | None, None, None]:
        """The output records; closing the generator ends the query."""
        return self._chunks


def run(request: SelectRequest, source: StoredObject) -> Answer:
    """Start a query and evaluate what has to be known before the stream.

    That is every record that starts in the first ``limits.BEFORE_STREAM_BYTES`` of the text, or as many as
    ``limits.BEFORE_STREAM_SECONDS`` are enough for.

    Raises:
        S3SelectError: what :func:`prepare` raises, or the failure of such a record.
    """
    return start(prepare(request, source))


def start(query: Query) -> Answer:
    """Start a query that is bound to its object, as :func:`run` does.

    Raises:
        S3SelectError: the failure of a record that is evaluated before the stream.
    """
    steps = query.records()
    held: list[Step[Records] | None] = []
    deadline = time.monotonic() + BEFORE_STREAM_SECONDS
    complete = True
    try:
        for step in steps:
            if step is not None and step.error is not None and step.error_at < BEFORE_STREAM_BYTES:
                raise step.error
            held.append(step)
            if (step is not None and step.processed >= BEFORE_STREAM_BYTES) or time.monotonic() >= deadline:
                complete = False
                break
    except BaseException:
        steps.close()
        raise
    return Answer(_chunks(held, steps), complete=complete)


def _chunks(
    held: list[Step[Records] | None], steps: Generator[Step[Records] | None, None, None]
) -> Generator[Chunk | None, None, None]:
    """Steps as chunks of the event stream; an error is raised behind its chunk."""
    try:
        while held:
            yield from _chunk(held.pop(0))
        for step in steps:
            yield from _chunk(step)
    finally:
        steps.close()


def _chunk(step: Step[Records] | None) -> Generator[Chunk | None, None, None]:
    if step is None:
        yield None
        return
    if step.output is None or not len(step.output):
        yield Chunk(b"", np.zeros(0, np.int64), step.scanned, step.processed)
    else:
        payload = step.output.payload.data
        yield Chunk(payload, step.output.ends, step.scanned, step.processed)
    if step.error is not None:
        raise step.error
