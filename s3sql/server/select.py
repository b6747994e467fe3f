"""``SelectObjectContent``: a query's answer as a stream of messages.

In: an authorised request.  Out: a reply whose body is the event stream; whatever fails in a record that
starts in the first mebibyte, or before any is read, is an error document instead.

The order of checks (Choice, AWS documents none): the Range header, the select-type, the body's digests, the
query's turn, the object, the XML, the SQL, the data. Source: AWS S3 API Reference, "SelectObjectContent";
what clients need of the stream's rhythm is said in :mod:`s3sql.eventstream.writer`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.eventstream.messages import Failure
from s3sql.eventstream.writer import Chunk, frame_buffers
from s3sql.request_xml import MAX_BODY_BYTES, parse_request
from s3sql.server.exchange import Buffers, Reply, S3Request, in_thread
from s3sql.server.metrics import Metrics
from s3sql.server.settings import Limits
from s3sql.server.streaming import from_thread
from s3sql.stores.base import InterruptibleObject, StoredObject
from s3sql.stores.timed import Deadline, TimedObject

#: Opens the object that a request names. Blocks.
Open = Callable[[S3Request], StoredObject]

#: What an error is to those outside: itself, or itself without what is not for them.
Told = Callable[[S3SelectError], S3SelectError]

#: A client that takes every message without payload for a broken one: no Cont for it.
_STUMBLES_OVER_CONT = "minio-js"

#: What ends the stream of a query that the endpoint cannot finish.
_PARTING = Failure("ServiceUnavailable", "The endpoint is stopping. Please run the query again.").frame()


class Selects:
    """The queries of an endpoint: so many at a time, each in a thread of its own.

    To be made in the event loop. *open_object* opens the object that a request names; *told* is what the
    client is told of an error.
    """

    def __init__(self, open_object: Open, told: Told, limits: Limits, metrics: Metrics) -> None:
        self._open = open_object
        self._told = told
        self._limits = limits
        self._metrics = metrics
        self._turns = asyncio.Semaphore(limits.selects)
        self._waiting = 0
        self._threads = ThreadPoolExecutor(limits.selects, thread_name_prefix="s3sql-select")

    async def close(self) -> None:
        """Wait for the threads of queries whose replies are over."""
        await in_thread(self._threads.shutdown)

    async def select(self, request: S3Request) -> Reply:
        """Answer one query.

        Raises:
            S3SelectError: whatever comes before the stream; ``SlowDown`` when too many queries run.
        """
        if "range" in request.headers:
            raise S3SelectError(
                "UnsupportedRangeHeader",
                f"The Range header {request.headers['range'][:80]!r} is not supported here; use ScanRange.",
            )
        if request.parameters.get("select-type") != "2":
            raise S3SelectError(
                "InvalidArgument",
                f"select-type is {request.parameters.get('select-type', '')[:20]!r}; it must be 2.",
            )
        body = await request.body.read(MAX_BODY_BYTES)
        await self._take_turn()
        return await self._started(request, body)

    async def _started(self, request: S3Request, body: bytes) -> Reply:
        """The reply to a query whose turn it is, once everything before the stream has succeeded."""
        query = _Query(self._limits.query_time, self._told)
        began = time.monotonic()
        self._metrics.select_begins()

        async def ended() -> None:
            try:
                if not query.closed:
                    await in_thread(query.close)
            finally:
                request.notes.update(query.notes())
                self._metrics.select_ends(
                    query.scanned, query.processed, query.returned, query.rows, time.monotonic() - began
                )
                self._turns.release()

        keep_alive = _STUMBLES_OVER_CONT not in request.headers.get("user-agent", "").lower()
        try:
            # In the queries' own threads: a store that is silent holds up no other request.
            start = asyncio.get_running_loop().run_in_executor
            messages = await start(self._threads, query.start, partial(self._open, request), body, keep_alive)
        except BaseException as error:
            query.interrupt()
            query.failed(error)
            await ended()
            raise
        if isinstance(messages, list):
            pieces = _all_at_once(messages)
        else:
            pieces = from_thread(messages, self._threads, query.interrupt)
        return Reply(
            200, [("Content-Type", "application/octet-stream")], pieces, parting=_PARTING, ended=ended
        )

    async def _take_turn(self) -> None:
        """Wait for a query's turn, which is to be released.

        Raises:
            S3SelectError: ``SlowDown``.
        """
        if self._turns.locked() and self._waiting >= self._limits.waiting_selects:
            raise self._too_many(f"{self._waiting:,} more are waiting")
        self._waiting += 1
        self._metrics.select_waits(1)
        try:
            async with asyncio.timeout(self._limits.select_wait):
                await self._turns.acquire()
        except TimeoutError:
            raise self._too_many(f"none ended within {self._limits.select_wait:g} seconds") from None
        finally:
            self._waiting -= 1
            self._metrics.select_waits(-1)

    def _too_many(self, reason: str) -> S3SelectError:
        return S3SelectError(
            "SlowDown",
            f"Please reduce your request rate: {self._limits.selects} queries are running and {reason}.",
            status=503,
        )


async def _all_at_once(pieces: list[Buffers]) -> AsyncGenerator[list[Buffers], None]:
    """*pieces*, which are there."""
    yield pieces


class _Query:
    """One query, counted while it runs; *seconds*: what it may take, None for no bound."""

    def __init__(self, seconds: float | None, told: Told) -> None:
        self._told = told
        self._stop = threading.Event()
        self.scanned = self.processed = self.returned = self.rows = 0
        self._source: StoredObject | None = None
        self._seconds = seconds
        self._deadline = None if seconds is None else Deadline(seconds)
        self._sql: str | None = None
        self._outcome = "client gone"
        self._code: str | None = None
        self._messages: Generator[Buffers, None, None] | None = None
        #: Whether the object has been given back.
        self.closed = False
        # Held while the query is started or closed, which different threads may do.
        self._lock = threading.Lock()

    def start(
        self, open_object: Callable[[], StoredObject], body: bytes, keep_alive: bool
    ) -> Generator[Buffers, None, None] | list[Buffers]:
        """Open the object and evaluate what comes before the stream; return the stream's messages.

        Of an answer that is complete by then these are all, and the query is closed: no other thread is
        needed to go on with it.

        Raises:
            S3SelectError: whatever is wrong with the request, the query or the object's first mebibyte.
        """
        with self._lock:
            try:
                source = self._source = open_object()
                if self._stop.is_set():
                    self.interrupt()
                request = parse_request(body)
                self._sql = request.expression
                if self._deadline is not None:
                    source = TimedObject(source, self._deadline)
                answer = engine.run(request, source)
            except TimeoutError as error:
                raise self._too_long() from error
            self._messages = frame_buffers(
                self._counted(answer.chunks()), progress=request.progress, keep_alive=keep_alive
            )
            if not answer.complete:
                return self._messages
            messages = list(self._messages)
            self._source.close()
            self.closed = True
            return messages

    def interrupt(self) -> None:
        """Let the query end soon, even if its store is silent. Any thread may call it."""
        self._stop.set()
        source = self._source
        if isinstance(source, InterruptibleObject):
            source.interrupt()

    def failed(self, error: BaseException) -> None:
        """Note why the query ended, unless nobody wants its answer any more."""
        if isinstance(error, asyncio.CancelledError):
            return
        self._outcome = "failed"
        self._code = error.code if isinstance(error, S3SelectError) else None

    def close(self) -> None:
        """End the query and give the object back; wait for what is under way."""
        self._stop.set()
        with self._lock:
            try:
                if self._messages is not None:
                    self._messages.close()
            finally:
                if self._source is not None:
                    self._source.close()
                self.closed = True

    def notes(self) -> dict[str, object]:
        """What the access log is told."""
        return {
            "sql": self._sql,
            "scanned": self.scanned,
            "processed": self.processed,
            "returned": self.returned,
            "rows": self.rows,
            "ended": self._outcome,
            "late_code": self._code,
        }

    def _counted(self, chunks: Generator[Chunk | None, None, None]) -> Generator[Chunk | None, None, None]:
        """*chunks* until the query is to stop, with their totals taken over."""
        try:
            for chunk in chunks:
                if self._stop.is_set():
                    return
                if self._deadline is not None:
                    self._deadline.check()
                if chunk is not None:
                    self.scanned, self.processed = chunk.scanned, chunk.processed
                    self.returned += memoryview(chunk.payload).nbytes
                    self.rows += len(chunk.record_ends)
                yield chunk
            self._outcome = "complete"
        except TimeoutError as error:
            late = self._too_long()
            self.failed(late)
            raise late from error
        except S3SelectError as error:
            told = self._told(error)
            self.failed(told)
            raise told from error
        finally:
            chunks.close()

    def _too_long(self) -> S3SelectError:
        return S3SelectError(
            "RequestTimeout",
            f"The query ran for more than {self._seconds:g} seconds, which is the most that this endpoint "
            "allows. Read less by a ScanRange, or ask for fewer rows by LIMIT.",
        )
