"""The chunks of an answer as a stream of messages, on the wire and in boto3's shapes.

In: an iterator of :class:`Chunk`, with None as a heartbeat whenever nothing was ready for about a
quarter of a second.  Out: one sequence of messages, as frames (:func:`frames`, :func:`frame_buffers`) or as
dictionaries (:func:`events`); all come from :func:`messages`, so they cannot differ.

* A Records message holds whole records, as many as fit ``limits.MAX_FRAME_BYTES``; small chunks are put
  together, so that a short query gives exactly Records, Stats and End.  Only a record longer than a frame
  is cut, and never within a character.
* What is buffered waits for more at most :data:`FLUSH_SECONDS`; after :data:`SILENCE_SECONDS` without a
  message comes Cont (some clients stumble over every Cont, so never earlier), or, when it was asked for,
  Progress in the same rhythm, and one last Progress before Stats.
* An error ends the stream: the records before it, then its code and message.  Only what the very first
  step of the iterator raises comes out as an exception, when the stream is made: nothing is sent yet.

Source of the sequence: AWS S3 API Reference, "SelectObjectContent", appendix "Response"; the intervals,
which AWS does not document, are our choice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.eventstream.frame import Buffer, character_start
from s3sql.eventstream.messages import (
    MAX_RECORDS_BYTES,
    Cont,
    End,
    Event,
    Failure,
    Message,
    Progress,
    Records,
    Stats,
)

#: Longest time in seconds that finished records wait for company.
FLUSH_SECONDS: Final = 0.5

#: Seconds without a message after which a sign of life is sent.
SILENCE_SECONDS: Final = 1.0

#: What follows the last chunk.
_END: Final = End()

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole output records and how far the scan had come when they were finished.

    ``payload`` is the records one after another, delimiters included; it must not be changed once the
    chunk has been handed over.  ``record_ends`` holds, for each record, the offset in ``payload`` behind
    its last byte, ascending; the last one is the length of ``payload``.  ``scanned`` and ``processed``
    are running totals in bytes: of the object, and of the object after decompression.  A chunk without
    records moves only the totals.
    """

    payload: Buffer
    record_ends: NDArray[np.int32] | NDArray[np.int64]
    scanned: int
    processed: int


#: What a query yields: chunks in object order, None when nothing was ready for a while.
Chunks: TypeAlias = Iterator[Chunk | None]


_T = TypeVar("_T")


def frames(
    chunks: Chunks,
    *,
    progress: bool = False,
    keep_alive: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[bytes, None, None]:
    """The answer as messages for the wire, one ``bytes`` each; the rest as for :func:`messages`."""
    return _started(_rendered(chunks, lambda message: message.frame(), progress, keep_alive, clock))


def frame_buffers(
    chunks: Chunks,
    *,
    progress: bool = False,
    keep_alive: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[tuple[Buffer, ...], None, None]:
    """The answer as messages for the wire, each in buffers that follow each other, as :func:`frames` else.

    The output of *chunks* is not copied, so it is held as long as the buffers are.
    """
    return _started(_rendered(chunks, _buffers, progress, keep_alive, clock))


def _buffers(message: Message) -> tuple[Buffer, ...]:
    return message.buffers() if isinstance(message, Records) else (message.frame(),)


def events(
    chunks: Chunks,
    *,
    progress: bool = False,
    keep_alive: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Event, None, None]:
    """The answer as boto3's event dictionaries; the rest as for :func:`messages`.

    Raises:
        S3SelectError: a failure of the query, out of the iteration, after the records before it.
    """
    return _started(_rendered(chunks, lambda message: message.event(), progress, keep_alive, clock))


def messages(
    chunks: Chunks,
    *,
    progress: bool = False,
    keep_alive: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Message, None, None]:
    """The answer as messages; closing the iterator closes *chunks*.

    The first item of *chunks* is taken at once, so that what it raises is raised here.

    Args:
        chunks: the query's output.
        progress: whether to send Progress.
        keep_alive: whether to send Cont.
        clock: the time in seconds.
    """
    return _started(_rendered(chunks, lambda message: message, progress, keep_alive, clock))


def _started(stream: Generator[_T, None, None]) -> Generator[_T, None, None]:
    """*stream* run up to its first, empty yield: from there on closing it runs its clean-up."""
    next(stream)
    return stream


def _rendered(
    chunks: Chunks,
    render: Callable[[Message], _T],
    progress: bool,
    keep_alive: bool,
    clock: Callable[[], float],
) -> Generator[_T, None, None]:
    try:
        first = next(chunks, _END)
        yield cast("_T", None)
        for message in _messages(first, chunks, progress, keep_alive, clock):
            yield render(message)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


def _messages(
    item: Chunk | End | Failure | None,
    chunks: Chunks,
    progress: bool,
    keep_alive: bool,
    clock: Callable[[], float],
) -> Iterator[Message]:
    packer = _RecordPacker()
    scanned = processed = 0
    # Times are taken after a yield: while the client is busy with a message nobody waits for the next.
    last_message = last_progress = clock()
    waiting_since: float | None = None
    while not isinstance(item, End | Failure):
        if item is not None:
            scanned, processed = item.scanned, item.processed
            for records in packer.add(item):
                yield records
                last_message, waiting_since = clock(), None
        now = clock()
        if not packer.size:
            waiting_since = None
        elif waiting_since is None:
            waiting_since = now
        if waiting_since is not None and (
            now - waiting_since >= FLUSH_SECONDS or now - last_message >= SILENCE_SECONDS
        ):
            yield packer.take()
            last_message, waiting_since = clock(), None
        if progress and now - last_progress >= SILENCE_SECONDS:
            yield Progress(scanned, processed, packer.returned)
            last_message = last_progress = clock()
        elif keep_alive and now - last_message >= SILENCE_SECONDS:
            yield Cont()
            last_message = clock()
        item = _next_item(chunks)
    if packer.size:
        yield packer.take()
    if isinstance(item, Failure):
        yield item
        return
    if progress:
        yield Progress(scanned, processed, packer.returned)
    yield Stats(scanned, processed, packer.returned)
    yield item


def _next_item(chunks: Chunks) -> Chunk | End | Failure | None:
    try:
        return next(chunks, _END)
    except S3SelectError as error:
        return Failure(error.code, error.message, error)
    except Exception:
        _log.exception("A query failed after its answer had begun")
        return Failure("InternalError", "We encountered an internal error. Please try again.")


class _RecordPacker:
    """Puts records together into Records messages.

    ``size`` is the number of bytes waiting, ``returned`` that of the bytes given out so far.
    """

    __slots__ = ("_parts", "returned", "size")

    def __init__(self) -> None:
        self._parts: list[Buffer] = []
        self.size = 0
        self.returned = 0

    def add(self, chunk: Chunk) -> Iterator[Records]:
        """Take the records of *chunk*; give out the messages that are full."""
        payload = memoryview(chunk.payload).cast("B")
        ends = chunk.record_ends
        start = 0
        while len(payload) - start > MAX_RECORDS_BYTES - self.size:
            limit = start + MAX_RECORDS_BYTES - self.size
            # Searching for a scalar of the array's own type keeps numpy from widening the array first.
            fitting = int(ends.searchsorted(ends.dtype.type(limit), side="right"))
            end = int(ends[fitting - 1]) if fitting else 0
            if end <= start and not self.size:
                end = character_start(payload, limit)
            if end > start:
                self._append(payload[start:end])
                start = end
            yield self.take()
        if start < len(payload):
            self._append(payload[start:])

    def take(self) -> Records:
        """Give out what is waiting, at least one byte."""
        records = Records(self._parts)
        self.returned += self.size
        self._parts, self.size = [], 0
        return records

    def _append(self, part: memoryview) -> None:
        self._parts.append(part)
        self.size += len(part)
