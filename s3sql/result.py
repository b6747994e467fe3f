"""The result of one query, in the form its reader wants: Arrow, data frames, or S3 Select's own events.

In: a :class:`~s3sql.engine.Query`, bound to its object but not started.  Out: record batches or events, made
while they are read. Closing a result ends the scan; what has been read of it once cannot be read again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pyarrow as pa

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.eventstream.messages import Event
from s3sql.eventstream.writer import Chunk, events
from s3sql.limits import BEFORE_STREAM_BYTES
from s3sql.plan.explain import as_dictionary, explain
from s3sql.plan.logical import Aggregate, Limit
from s3sql.plan.schema import CsvSchema
from s3sql.serialize.arrow import ArrowSink, Piece, first_records
from s3sql.serialize.arrow_schema import AskedTypes, Layout, Mixed, Outline
from s3sql.stores.timed import Deadline

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped]
    import polars

_T = TypeVar("_T")


@dataclass(slots=True)
class Stats:
    """How far a query has come; final when its result has been read to the end.

    ``bytes_scanned``: of the object as it is stored. ``bytes_processed``: of its text, after decompression.
    ``bytes_returned``: of the payload of events, or of the Arrow arrays. ``rows``: of the result.
    """

    bytes_scanned: int = 0
    bytes_processed: int = 0
    bytes_returned: int = 0
    rows: int = 0


class Result:
    """The rows of one query, to be read once, in one of these ways.

    Iterating gives ``pyarrow.RecordBatch`` objects; :meth:`to_arrow`, :meth:`to_pandas` and
    :meth:`to_polars` read everything; libraries that know the Arrow C stream (polars, DuckDB, pyarrow)
    take the result itself; :meth:`events` gives what boto3's ``select_object_content`` gives.

    Use it as a context manager, or :meth:`close` it, to end the scan early; reading to the end closes it
    too. What fails while rows are read is raised where they are read, behind the rows before it.
    """

    def __init__(
        self,
        query: engine.Query,
        *,
        schema: AskedTypes | None = None,
        mixed: Mixed = "error",
        deadline: Deadline | None = None,
    ) -> None:
        """Prepare to read *query*, until *deadline*.

        Raises:
            ValueError: *schema* or *mixed* is wrong.
        """
        known = query.opening.schema
        header = known.header if isinstance(known, CsvSchema) else None
        self.stats = Stats()
        self._query = query
        self._outline = Outline(query.plan, header or (), schema, mixed)
        self._deadline = deadline
        self._arrow: _ArrowReader | None = None
        self._running: Generator[Any, None, None] | None = None
        self._late: TimeoutError | None = None
        self._taken = False
        self._closed = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema; reads the first mebibyte of the object unless the query alone determines it.

        Raises:
            S3SelectError: ``CastFailed`` where the first values of a column have no type in common.
            ValueError: the result has been read in another way or closed.
        """
        return self._reader().layout.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The rows as record batches of one schema, in object order.

        Raises:
            S3SelectError: what is wrong with a row or with the object; ``CastFailed`` for a value that does
                not fit the schema.
            TimeoutError: the time-out has passed.
            ValueError: the result has been read or closed.
        """
        reader = self._reader()
        self._take()
        return self._until_closed(reader.batches())

    def to_arrow(self) -> pa.Table:
        """All rows as one Arrow table; raises as iterating does."""
        schema = self.schema
        return pa.Table.from_batches(list(self), schema=schema)

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """All rows as a pandas data frame; *options* are those of ``pyarrow.Table.to_pandas``."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas(**options)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """All rows as a polars data frame."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame), "a table becomes a data frame"
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow C stream (Arrow PyCapsule interface), read while they are taken."""
        schema = self.schema
        reader: Any = pa.RecordBatchReader.from_batches(schema, iter(self))
        stream: object = reader.__arrow_c_stream__(requested_schema)
        return stream

    def events(self) -> Iterator[Event]:
        """The answer as boto3 gives it: ``Records``, ``Stats``, ``End`` and so on, serialised as asked for.

        Raises:
            S3SelectError: at once for what fails in the first mebibyte, later failures behind their records.
            TimeoutError: the time-out has passed.
            ValueError: the result has been read or closed.
        """
        self._take()
        try:
            chunks = self._counted(engine.start(self._query).chunks())
            stream = events(chunks, progress=self._query.request.progress)
        except BaseException:
            self.close()
            if self._late is not None:
                raise self._late from None
            raise
        return self._until_closed(self._until_late(stream))

    def explain(self) -> str:
        """The plan as text, one line a node, what is done first at the bottom.

        Of Parquet it also says how many row groups are read; raises S3SelectError if they cannot be.
        """
        return explain(self._query.plan, self._query.found())

    @property
    def plan(self) -> dict[str, Any]:
        """The plan as a dictionary that ``json.dumps`` takes; as :meth:`explain`."""
        return as_dictionary(self._query.plan, self._query.found())

    def close(self) -> None:
        """End the scan and close the object; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._running is not None:
                self._running.close()
            if self._arrow is not None:
                self._arrow.close()
        finally:
            self._query.source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        sql = " ".join(self._query.request.expression.split())
        shown = sql if len(sql) <= 60 else f"{sql[:57]}..."
        state = "closed" if self._closed else "being read" if self._taken else "not read yet"
        return f"<s3sql.Result {shown!r}: {state}, {self.stats.rows:,} rows>"

    def _reader(self) -> _ArrowReader:
        """The Arrow reader, its schema fixed."""
        if self._arrow is None:
            self._refuse_second_reading()
            sink = ArrowSink(self._outline.json_items)
            steps = self._query.steps(sink.piece, sink.whole_rows, first_records)
            reader = _ArrowReader(self._query, self._outline, self._timed(steps), self.stats)
            try:
                reader.look_ahead()
            except BaseException:
                self.close()
                raise
            self._arrow = reader
        return self._arrow

    def _take(self) -> None:
        self._refuse_second_reading()
        self._taken = True

    def _refuse_second_reading(self) -> None:
        if self._closed or self._taken:
            raise ValueError("this result has been read or closed; run the query again")

    def _until_closed(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        """*stream*, closing the result at its end, however it ends."""
        self._running = stream
        return self._closing(stream)

    def _closing(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        try:
            yield from stream
        finally:
            self.close()

    def _timed(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        """*stream* until the time-out."""
        try:
            for item in stream:
                if self._deadline is not None:
                    self._deadline.check()
                yield item
        finally:
            stream.close()

    def _counted(self, chunks: Generator[Chunk | None, None, None]) -> Generator[Chunk | None, None, None]:
        """*chunks* with their totals taken over."""
        try:
            for chunk in self._timed(chunks):
                if chunk is not None:
                    self.stats.bytes_scanned, self.stats.bytes_processed = chunk.scanned, chunk.processed
                    self.stats.bytes_returned += memoryview(chunk.payload).nbytes
                    self.stats.rows += len(chunk.record_ends)
                yield chunk
        except TimeoutError as late:
            # The event stream knows errors of S3 Select only; what it makes of this one is undone below.
            self._late = late
            raise S3SelectError("InternalError", str(late)) from late

    def _until_late(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        """*stream*, the time-out being told as such."""
        try:
            yield from stream
        except S3SelectError:
            if self._late is not None:
                raise self._late from None
            raise


class _ArrowReader:
    """Pieces of a scan as record batches: looks ahead for the schema, then goes on."""

    def __init__(
        self,
        query: engine.Query,
        outline: Outline,
        steps: Generator[engine.Step[Piece] | None, None, None],
        stats: Stats,
    ) -> None:
        project = query.plan.source if isinstance(query.plan, Limit) else query.plan
        self._one_row = isinstance(project.source, Aggregate)
        self._outline = outline
        self._steps = steps
        self._stats = stats
        self._held: list[Piece] = []
        self._error: S3SelectError | None = None
        self.layout: Layout

    def look_ahead(self) -> None:
        """Read until the layout can be fixed."""
        ended = False
        rows = 0
        while not self._outline.complete and not ended:
            step = next(self._steps, ...)
            if step is ...:
                ended = True
            elif step is not None:
                self._note(step)
                rows += step.rows
                if step.output is not None:
                    self._held.append(step.output)
                ended = self._error is not None
                # The one row of an aggregate query comes last.
                if not self._one_row and rows and step.processed >= BEFORE_STREAM_BYTES:
                    break
        self.layout = self._outline.layout(self._held, ended=ended)

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """The rows in the layout; an error is raised behind the rows before it."""
        first_row = 0
        for piece in self._pieces():
            if piece.length:
                batch = self.layout.batch(piece, first_row)
                first_row += piece.length
                self._stats.rows += piece.length
                self._stats.bytes_returned += batch.nbytes
                yield batch
        if self._error is not None:
            raise self._error

    def _pieces(self) -> Iterator[Piece]:
        while self._held:
            yield self._held.pop(0)
        if self._error is not None:
            return
        for step in self._steps:
            if step is not None:
                self._note(step)
                if step.output is not None:
                    yield step.output

    def _note(self, step: engine.Step[Piece]) -> None:
        self._stats.bytes_scanned, self._stats.bytes_processed = step.scanned, step.processed
        self._error = step.error

    def close(self) -> None:
        """End the scan."""
        self._steps.close()
