"""A stored object as a file that Arrow can read, and what Arrow raises as errors of S3 Select.

In: the byte source of an object.  Out: any number of independent file handles over it.

Arrow asks for a column chunk in pieces of :data:`READ_BYTES`, so of a file only what a query needs is read,
and no chunk is held as a whole. A source that cannot go back is spooled first: the footer of Parquet stands
at the end of the file.
"""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import IO, Any, Protocol

import numpy as np
import pyarrow as pa

from s3sql.errors import S3SelectError
from s3sql.stores.base import PrefetchingObject, RangedObject
from s3sql.stores.stream import open_file

#: Bytes that Arrow reads of a column chunk at a time, and most that it reads of all together where a read is
#: a request to a store.
READ_BYTES = 1 << 20
_AHEAD_BYTES = 32 << 20

#: The longest stream that is spooled, and how much of it stays in memory.
SPOOL_BYTES = 1 << 30
_SPOOL_MEMORY_BYTES = 16 << 20


class ByteSource(Protocol):
    """The bytes of an object."""

    @property
    def size(self) -> int | None:
        """Its length in bytes; None for a stream whose end has not been reached."""
        ...

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the object ends."""
        ...


class ParquetSource:
    """An object of known size that any number of threads read, one at a time unless it says otherwise.

    ``fault``: the first exception that reading the object raised; Arrow may show another one in its place.
    """

    def __init__(self, source: ByteSource) -> None:
        """Spools *source* if it is a stream.

        Raises:
            S3SelectError: ``InvalidRequest`` when a stream is longer than :data:`SPOOL_BYTES`; what reading
                it raises.
        """
        self._spooled: IO[bytes] | None = None
        if source.size is None:
            self._spooled = spooled(source)
            source = open_file(self._spooled)
        assert source.size is not None
        self.size: int = source.size
        self.fault: BaseException | None = None
        self._read_into = source.read_into
        self._request_bytes = 0
        if isinstance(source, RangedObject):
            self._read_into, self._request_bytes = source.read_range_into, source.request_bytes
        self._prefetch: Callable[[Sequence[tuple[int, int]]], None] | None = None
        # An object in front of another has the method in any case.
        if self._request_bytes and isinstance(source, PrefetchingObject):
            self._prefetch = source.prefetch
        self._lock = threading.Lock()
        #: Several threads read at once what can be read so: see :class:`s3sql.stores.base.ConcurrentObject`.
        self._reading: AbstractContextManager[Any] = (
            nullcontext() if getattr(source, "concurrent", False) else self._lock
        )

    @property
    def prefetches(self) -> bool:
        """Whether :meth:`prefetch` is of any use."""
        return self._prefetch is not None

    def prefetch(self, ranges: Sequence[tuple[int, int]]) -> None:
        """See :class:`s3sql.stores.base.PrefetchingObject`."""
        if self._prefetch is not None:
            with self._lock:
                self._prefetch(ranges)

    def piece_bytes(self, columns: int) -> int:
        """Bytes to read at a time of each of so many column chunks."""
        return max(READ_BYTES, min(self._request_bytes, _AHEAD_BYTES // max(columns, 1)))

    def read(self, offset: int, length: int) -> memoryview:
        """The *length* bytes from *offset* on, fewer where the object ends."""
        # Memory that is not cleared first, and not copied to become bytes.
        piece = np.empty(max(0, min(length, self.size - offset)), np.uint8).data
        return piece[: self.read_into(piece, offset)]

    def read_into(self, piece: memoryview, offset: int) -> int:
        """Fill *piece* from *offset* on; how many bytes there were."""
        with self._reading:
            try:
                return self._read_into(piece, offset)
            except BaseException as error:
                self.fault = self.fault or error
                raise

    def close(self) -> None:
        """Forget what was spooled; the source itself stays the caller's to close."""
        if self._spooled is not None:
            self._spooled.close()

    @contextmanager
    def parsing(self, what: str) -> Iterator[None]:
        """Have whatever Arrow raises of *what* end as ``ParquetParsingError``, or as the source's own fault.

        The contents of a file are its writer's, so Arrow may find any fault in them and tell it in any of its
        exceptions.
        """
        try:
            yield
        except S3SelectError:
            raise
        except Exception as error:
            if self.fault is not None:
                raise self.fault from None
            raise unreadable(what, error) from error


class SourceFile(io.RawIOBase):
    """One handle on a :class:`ParquetSource`, with a place of its own."""

    def __init__(self, source: ParquetSource) -> None:
        self._source = source
        self._place = 0

    def for_arrow(self) -> pa.PythonFile:
        """The file as one of Arrow's."""
        file: Any = self
        return pa.PythonFile(file, mode="r")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The offset of the next read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to *offset*, from the beginning, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._source.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    # Arrow takes whatever has bytes.
    def read(self, size: int = -1) -> memoryview:
        """At most *size* bytes, fewer only at the end."""
        found = self._source.read(self._place, self._source.size if size < 0 else size)
        self._place += len(found)
        return found


def unreadable(what: str, error: Exception) -> S3SelectError:
    """The error for a file in which *what* cannot be read for the reason that Arrow gave."""
    reason = str(error).strip() or type(error).__name__
    if isinstance(error, MemoryError):
        reason = f"there is not enough memory for it: {reason}"
    first = reason.splitlines()[0].rstrip(".")[:300]
    return S3SelectError("ParquetParsingError", f"{what} of the Parquet file cannot be read: {first}.")


def spooled(source: ByteSource, what: str = "Parquet") -> IO[bytes]:
    """A file with the contents of a stream, which holds *what*.

    Raises:
        S3SelectError: ``InvalidRequest`` when it is longer than :data:`SPOOL_BYTES`; what reading it raises.
    """
    # It is closed with the source.
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_SPOOL_MEMORY_BYTES)  # noqa: SIM115
    try:
        _spool_into(file, source, what)
    except BaseException:
        file.close()
        raise
    return file


def _spool_into(file: IO[bytes], source: ByteSource, what: str) -> None:
    place = 0
    buffer = memoryview(bytearray(READ_BYTES))
    while count := source.read_into(buffer, place):
        place += count
        if place > SPOOL_BYTES:
            raise S3SelectError(
                "InvalidRequest",
                f"{what} is read from its end, and this stream is longer than {SPOOL_BYTES:,} bytes, the "
                "most that is stored on the way. Save it as a file, and query the file.",
            )
        file.write(buffer[:count])
    file.seek(0)
