"""One reading of a query: begun when rows are first asked for, ended once, whoever ends it.

In: a query, bound to its object but not started.  Out: its rows as record batches, its first rows, all rows
while someone watches, or its events; of these only one can use the rows up.

Whatever goes wrong, and whatever stops a reading early, ends in :meth:`Reading.end`, which stops the scan and
closes the object. Of several threads one reads at a time, and one alone takes the rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from s3sql import engine
from s3sql.event_reader import EventReader
from s3sql.eventstream.messages import Event
from s3sql.stats import Stats, Stopwatch
from s3sql.stores.base import InterruptibleObject
from s3sql.stores.timed import Deadline
from s3sql.watching import watched

if TYPE_CHECKING:
    import pyarrow as pa

    from s3sql.record_batches import ArrowReader
    from s3sql.serialize.arrow_schema import Outline

_T = TypeVar("_T")


class Reading:
    """The reading of *query* until *deadline*; its numbers go to *stats*.

    ``outline``: tells what is known of the output columns, asked when rows are read as Arrow.
    ``taken``: whether the rows are being used up, or have been. ``closed``: whether it has ended.
    """

    def __init__(
        self,
        query: engine.Query,
        outline: Callable[[], Outline],
        stats: Stats,
        deadline: Deadline | None,
    ) -> None:
        self._query = query
        self._outline = outline
        self._stats = stats
        self._deadline = deadline
        self._stopwatch = Stopwatch(stats)
        self._arrow: ArrowReader | None = None
        self._running: Generator[Any, None, None] | None = None
        # Whether a thread of its own reads the rows, and which.
        self._loading = False
        self._loader: int | None = None
        self._stopped = False
        # Held by the thread that looks ahead, or decides that the rows are its own.
        self._lock = threading.RLock()
        self.taken = False
        self.closed = False

    @property
    def busy(self) -> bool:
        """Whether the rows are being read, or have been."""
        return self.taken or self._loading

    @property
    def ended(self) -> bool:
        """Whether nothing more will be read."""
        return self.closed or (self._arrow is not None and self._arrow.ended)

    @property
    def begun_as_arrow(self) -> bool:
        """Whether rows have been read as Arrow, if only to look at them."""
        return self._arrow is not None and self._arrow.begun

    @property
    def total_rows(self) -> int | None:
        """How many rows there are, None before that is known."""
        if self._arrow is not None and self._arrow.ended and self._arrow.error is None:
            return self._stats.rows + self._arrow.held
        return None

    def schema(self) -> pa.Schema:
        """The Arrow schema; raises as :meth:`batches`."""
        return self._reader().layout.schema

    def batches(self, *, whole: bool = False) -> Generator[pa.RecordBatch, None, None]:
        """The rows, which are used up by it; *whole*: a schema that depends on rows is fixed by all of them.

        Raises:
            S3SelectError: what is wrong with a row or with the object.
            TimeoutError: the deadline has passed.
            ValueError: they have been used up, or the reading has ended.
        """
        reader = self._reader(whole=whole)
        self._take()
        return self._until_ended(reader.batches())

    def events(self) -> Generator[Event, None, None]:
        """The events, which use the rows up; raises as :meth:`batches`."""
        self._take()
        self._stopwatch.start()
        try:
            reader = EventReader(self._query, self._timed, self._stats)
        except BaseException:
            self.end()
            raise
        return self._until_ended(reader.events())

    def first(self, count: int) -> tuple[pa.Table, Exception | None]:
        """The first *count* rows or fewer, and what ends the rows if it is known already."""
        reader = self._reader()
        with self._lock:
            self.refuse_second()
            self._stopwatch.start()
            try:
                batches = reader.first(count)
            except BaseException:
                self.end()
                raise
            finally:
                self._stopwatch.stop()
            if reader.ended:
                self._query.close()
            from s3sql.record_batches import first_rows

            return first_rows(batches, reader.layout.schema, count), reader.error

    def load(self, watch: Callable[[Stats], None] | None) -> list[pa.RecordBatch]:
        """All rows; with *watch* read in another thread while it is called in this one.

        Raises:
            BaseException: what *watch* raises; ``KeyboardInterrupt``; as :meth:`batches`.
        """
        if watch is None:
            return self._all()

        def read() -> list[pa.RecordBatch]:
            self._loader = threading.get_ident()
            try:
                return self._all()
            finally:
                self._loading = False

        def look() -> None:
            self._stopwatch.look()
            watch(self._stats)

        with self._lock:
            self.refuse_second()
            self._loading = True
        try:
            rows = watched(read, look, self._stop)
        except BaseException:
            if self._loader is None:
                # The thread has not begun, if there is one: nobody else would end this.
                self._loading = False
                self.end()
            raise
        if self._stopped:
            raise ValueError("this result was closed while it was being loaded; run the query again")
        return rows

    def close(self) -> None:
        """End the reading, or let the thread that loads the rows end it soon."""
        if self._loading:
            self._stop()
        else:
            self.end()

    def end(self) -> None:
        """Stop the scan and close the object, unless that has been done."""
        if self.closed:
            return
        self.closed = True
        self._stopwatch.stop()
        try:
            if self._running is not None:
                self._running.close()
            if self._arrow is not None:
                self._arrow.close()
        finally:
            self._query.close()

    def refuse_second(self) -> None:
        """Raise ``ValueError`` if the rows are used up, or another thread loads them."""
        elsewhere = self._loading and self._loader != threading.get_ident()
        if self.closed or self.taken or elsewhere:
            raise ValueError("this result has been read or closed; run the query again")

    def _all(self) -> list[pa.RecordBatch]:
        # What is refused here is being read by another thread, which goes on.
        batches = self.batches(whole=True)
        try:
            return list(batches)
        except BaseException:
            self.end()
            raise

    def _stop(self) -> None:
        """Let the thread that loads the rows end soon."""
        self._stopped = True
        if isinstance(self._query.source, InterruptibleObject):
            self._query.source.interrupt()

    def _reader(self, *, whole: bool = False) -> ArrowReader:
        """The Arrow reader, its schema fixed by the first rows, or by the *whole* of them if not yet."""
        if self._arrow is not None:
            return self._arrow
        # Before the lock is waited for, and when another thread has let go of it.
        self.refuse_second()
        with self._lock:
            if self._arrow is None:
                self.refuse_second()
                self._arrow = self._looked_ahead(whole=whole)
            return self._arrow

    def _looked_ahead(self, *, whole: bool) -> ArrowReader:
        # Late: see the outline in s3sql.result.
        from s3sql.record_batches import ArrowReader
        from s3sql.serialize.arrow import ArrowSink, first_records

        outline = self._outline()
        sink = ArrowSink(outline.json_items)
        steps = self._query.steps(sink.piece, sink.whole_rows, first_records)
        reader = ArrowReader(self._query, outline, self._timed(steps), self._stats)
        self._stopwatch.start()
        try:
            reader.look_ahead(whole=whole)
        except BaseException:
            self.end()
            raise
        finally:
            self._stopwatch.stop()
        return reader

    def _take(self) -> None:
        with self._lock:
            self.refuse_second()
            self.taken = True

    def _until_ended(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        """*stream*, at whose end the reading ends, however it ends."""
        self._running = stream
        return self._ending(stream)

    def _ending(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        self._stopwatch.start()
        try:
            yield from stream
        finally:
            self.end()

    def _timed(self, stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
        """*stream* until the deadline, or until it is told to stop."""
        try:
            for item in stream:
                self._stopwatch.look()
                if self._stopped:
                    return
                if self._deadline is not None:
                    self._deadline.check()
                yield item
        finally:
            stream.close()
