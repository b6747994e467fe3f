"""One object behind an S3 endpoint, read forward or by ranges.

In: a boto3 client and the members of ``GetObject``.  Out: :class:`S3Object`.

One ``GetObject`` stays open for as long as reads go forward; a read elsewhere opens another, from there to
the object's end. Where a reader that goes forward waits for its bytes, those behind are asked for too, in
several requests at a time::

    run      │ read from the open body │ ranges, ever more and larger while the reader waits for them
             0                         1 MiB
    memory     none of its own           the spare part of the byte budget

Small objects, small limits and readers slower than the connection thus need one request. The open body is
given up only once the first range is answered, so that an endpoint without ranges is read as before. A range
that fails is asked for again by the reader itself, and what it fails of is told in the reader's order.

Only the beginning, which is looked at before it is read, is kept as long as no more than that has been read.
A reader that jumps about, as that of Parquet does, asks for the bytes that it wants and no more, and may say
beforehand which it will want (:meth:`S3Object.prefetch`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from s3sql.stores.base import OpenObject
from s3sql.stores.pace import Pace
from s3sql.stores.read_ahead import ReadAhead
from s3sql.stores.s3.body import Body, ObjectChecksum, ObjectVersion, S3Client
from s3sql.stores.s3.errors import bad_checksum

#: So many bytes at an object's beginning can be read again without a request: a look at the format, a header
#: line.
KEPT_BYTES: Final = 128 << 10

#: Bytes for which a request is worth its while: on a fast connection they take longer than its answer.
REQUEST_BYTES: Final = 8 << 20

#: Most bytes taken of the open body between two looks at how the reading goes.
_STEP_BYTES: Final = 1 << 20

#: Most requests at a time for one object, if the client keeps as many connections.
MAX_CONNECTIONS: Final = 8
_UNKNOWN_CONNECTIONS: Final = 8


class S3Object(OpenObject):
    """One version of one object behind an endpoint."""

    __slots__ = (
        "_ahead",
        "_beginning",
        "_body",
        "_border",
        "_checksum",
        "_connections",
        "_end",
        "_pace",
        "_planned",
        "_position",
        "_version",
    )

    #: See :class:`s3sql.stores.base.RangedObject`.
    request_bytes = REQUEST_BYTES

    def __init__(self, client: S3Client, members: dict[str, Any]) -> None:
        """Open the object that *members*, those of ``GetObject``, name."""
        self._version = ObjectVersion(client, members)
        self._connections = _connections_of(client)
        self._body: Body | None = self._version.first()
        self.size: int = self._version.size
        self.etag = self._version.etag
        # The run: the next byte, and where it ends.
        self._position = 0
        self._end = self.size
        self._pace = Pace(0, self._connections)
        self._beginning = bytearray()
        # The ranges of the run, from the border on; behind it the checksum is ours to verify.
        self._ahead: ReadAhead | None = None
        self._border = 0
        self._checksum: ObjectChecksum | None = None
        # The ranges that were announced.
        self._planned: ReadAhead | None = None

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        return self._read(buffer, offset, self.size)

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As :meth:`read_into`, by a request for these bytes only, unless they are there or come next."""
        end = min(offset + len(buffer), self.size)
        filled = 0
        while self._planned is not None and offset + filled < end:
            count = self._planned.read_into(buffer[filled : end - offset], offset + filled)
            if not count:
                break
            filled += count
        if offset + filled == end:
            return filled
        return filled + self._read(buffer[filled:], offset + filled, end)

    def prefetch(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Ask for *ranges*; see :class:`s3sql.stores.base.PrefetchingObject`."""
        if self._planned is None:
            self._planned = self._new_ahead()
        self._planned.keep(ranges)

    def _read(self, buffer: memoryview, offset: int, end: int) -> int:
        """Fill *buffer*, where need be from a new run that ends at *end*."""
        wanted = buffer[: max(0, min(len(buffer), self.size - offset))]
        filled = self._read_again(wanted, offset)
        if filled == len(wanted):
            return filled
        start = offset + filled
        under_way = self._body is not None or self._ahead is not None
        if not under_way or start != self._position or offset + len(wanted) > self._end:
            self._start_run(start, end)
        while filled < len(wanted):
            if end == self.size:
                self._look_ahead()
            count = self._next(wanted[filled : filled + _STEP_BYTES])
            piece = wanted[filled : filled + count]
            self._keep(piece)
            if self._checksum is not None:
                self._checksum.running.update(piece)
            filled += count
            self._position += count
        if self._position == self._end:
            self._finish()
        return filled

    def _next(self, buffer: memoryview) -> int:
        """Write one or more of the run's next bytes into *buffer*."""
        if self._ahead is not None and self._position >= self._border:
            count = self._next_from(self._ahead, buffer)
            if count:
                return count
            self._stop_ahead()
        if self._body is None:
            self._body = Body(self._version, self._position, self._end)
        if self._ahead is not None:
            buffer = buffer[: self._border - self._position]
        began = time.perf_counter()
        count = self._body.read_into(buffer)
        self._pace.note(count, time.perf_counter() - began)
        return count

    def _next_from(self, ahead: ReadAhead, buffer: memoryview) -> int:
        """The same from the ranges, 0 if they have failed; the first of them takes the open body's place."""
        position = self._position
        if self._body is not None:
            if not ahead.answered(position):
                return 0
            self._checksum = self._body.checksum()
            self._body.close()
            self._body = None
        if not ahead.has(position):
            self._pace.starved(position)
        count = ahead.read_into(buffer, position)
        ahead.drop_before(position + count)
        return count

    def _look_ahead(self) -> None:
        """Have bytes behind those of the open body asked for, or more of them, if that is worth its while."""
        ahead, pace = self._ahead, self._pace
        if ahead is None:
            if not pace.is_slow or not pace.is_worth(self.size - self._position):
                return
            ahead = self._ahead = self._new_ahead()
            self._border = pace.border(self._position)
        ahead.plan(pace.pieces(self._position, max(ahead.end, self._border, self._position), self.size))

    def _new_ahead(self) -> ReadAhead:
        version = self._version
        return ReadAhead(lambda start, end: Body(version, start, end), self._connections)

    def _stop_ahead(self) -> None:
        """Read on from an open body only, for good if ranges are not to be had."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.close()
            self._pace.restart(self._position, for_good=ahead.failed)

    def _read_again(self, wanted: memoryview, offset: int) -> int:
        """Copy what of *wanted* is kept, if the rest, if any, is what the run has next."""
        kept = self._beginning[offset : offset + len(wanted)]
        if len(kept) < len(wanted) and self._position != len(self._beginning):
            return 0
        wanted[: len(kept)] = kept
        return len(kept)

    def _keep(self, piece: memoryview) -> None:
        """Keep *piece*, which has just been read, if all before it is kept."""
        if self._position != len(self._beginning):
            return
        if self._position + len(piece) > KEPT_BYTES:
            self._beginning = bytearray()
            return
        self._beginning += piece

    def interrupt(self) -> None:
        """Let a read fail soon that waits for a silent endpoint."""
        self._version.given_up.set()
        for reading in (self._body, self._ahead, self._planned):
            if reading is not None:
                reading.interrupt()

    def close(self) -> None:
        """Close the connections of unfinished bodies; they cannot be used again."""
        self._end_run()
        planned, self._planned = self._planned, None
        if planned is not None:
            planned.close()

    def _start_run(self, start: int, end: int) -> None:
        """Have the run start at *start* and end at *end*."""
        self._end_run()
        self._body = Body(self._version, start, end)
        self._position, self._end = start, end
        self._pace.restart(start)

    def _end_run(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()
        self._stop_ahead()
        self._checksum = None

    def _finish(self) -> None:
        """The run's last byte has been read: verify the object's checksum if all of it was.

        Raises:
            S3SelectError: ``BadDigest``.
        """
        body, self._body = self._body, None
        checksum = self._checksum
        self._end_run()
        if body is not None:
            body.finish()
        if checksum is not None and checksum.running.digest() != checksum.expected:
            raise bad_checksum(self._version.name)


def _connections_of(client: S3Client) -> int:
    """Requests that *client* can have under way at a time without making connections only for them."""
    config = getattr(getattr(client, "meta", None), "config", None)
    kept: int = getattr(config, "max_pool_connections", _UNKNOWN_CONNECTIONS)
    return max(1, min(kept, MAX_CONNECTIONS))
