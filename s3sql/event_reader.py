"""The answer to a query as S3 Select's own events, with how far it has come.

In: a query, not started.  Out: the dictionaries that boto3 gives; their numbers also in
:class:`~s3sql.stats.Stats`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeAlias

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.eventstream.messages import Event
from s3sql.eventstream.writer import Chunk, events
from s3sql.stats import Stats

Chunks: TypeAlias = Generator[Chunk | None, None, None]

#: A stream that stops at the time-out.
Timed: TypeAlias = Callable[[Chunks], Chunks]


class EventReader:
    """The events of *query*, read through *timed*, which may raise ``TimeoutError``."""

    def __init__(self, query: engine.Query, timed: Timed, stats: Stats) -> None:
        """Start the query.

        Raises:
            S3SelectError: what fails in the first mebibyte.
            TimeoutError: the time-out has passed.
        """
        self._query = query
        self._timed = timed
        self._stats = stats
        self._late: TimeoutError | None = None
        try:
            chunks = self._counted(engine.start(query).chunks())
            self._events = events(chunks, progress=query.request.progress)
        except S3SelectError:
            if self._late is not None:
                raise self._late from None
            raise

    def events(self) -> Generator[Event, None, None]:
        """The events, to be taken once; raises as the constructor, behind the records before the failure."""
        try:
            yield from self._events
        except S3SelectError:
            if self._late is not None:
                raise self._late from None
            raise

    def _counted(self, chunks: Chunks) -> Chunks:
        """*chunks* with their totals taken over."""
        stats = self._stats
        try:
            for chunk in self._timed(chunks):
                if chunk is not None:
                    stats.bytes_scanned, stats.bytes_processed = chunk.scanned, chunk.processed
                    stats.bytes_total = self._query.bytes_to_scan()
                    stats.bytes_returned += memoryview(chunk.payload).nbytes
                    stats.rows += len(chunk.record_ends)
                yield chunk
        except TimeoutError as late:
            # The event stream knows errors of S3 Select only; what it makes of this one is undone above.
            self._late = late
            raise S3SelectError("InternalError", str(late)) from late
