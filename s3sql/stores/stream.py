"""File objects and streams as objects.

In: anything binary with ``read`` or ``readinto``.  Out: a :class:`SeekableObject` where the file can seek,
else a :class:`StreamObject`, which is read once, from the front.

An object starts where the file stands, as ``read()`` would.  The file stays the caller's: it is never
closed, and an exception of its own ``read`` reaches the caller as it is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any, Protocol, TypeGuard

from s3sql.errors import S3SelectError
from s3sql.stores.base import OpenObject, changed
from s3sql.stores.local import file_etag, file_identity
from s3sql.stores.memory import unique_etag

#: So many bytes at a stream's beginning can be read again: a header line, or a look at the format.
REPLAY_BYTES = 1 << 20

#: Size of the pieces in which a stream is skipped, in bytes.
_SKIP_BYTES = 1 << 18


class Readable(Protocol):
    """The least a source must have to be read as a stream."""

    def read(self, size: int, /) -> bytes | None:
        """At most *size* bytes, empty at the end."""


def is_readable(source: object) -> TypeGuard[Readable]:
    """Whether *source* has a ``read`` method."""
    return callable(getattr(source, "read", None))


def open_file(file: Any) -> OpenObject:
    """The object that the :class:`Readable` *file* holds from its present position on.

    Raises:
        TypeError: *file* reads text.
    """
    if isinstance(file, io.TextIOBase) or hasattr(file, "encoding"):
        raise TypeError('this file was opened as text; open it with mode "rb", or pass its .buffer')
    if _can_seek(file):
        return SeekableObject(file)
    return StreamObject(_filler(file))


class SeekableObject(OpenObject):
    """A file object that can seek."""

    __slots__ = ("_file", "_fill", "_identity", "_number", "_start")

    def __init__(self, file: Any) -> None:
        self._file = file
        self._fill = _filler(file)
        self._start: int = file.tell()
        end: int = file.seek(0, os.SEEK_END)
        file.seek(self._start)
        self.size: int = max(0, end - self._start)
        self._number = _descriptor(file)
        self._identity = None if self._number is None else file_identity(os.fstat(self._number))
        self.etag = unique_etag() if self._identity is None else file_etag(self._identity)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        self._file.seek(self._start + offset)
        filled = _fill_whole(self._fill, buffer)
        if self._number is not None and file_identity(os.fstat(self._number)) != self._identity:
            raise changed(str(self._file.name))
        return filled

    def close(self) -> None:
        """Nothing: the file belongs to the caller."""


class StreamObject(OpenObject):
    """Bytes that come once, in order; the first :data:`REPLAY_BYTES` of them are kept."""

    __slots__ = ("_beginning", "_fill", "_position")

    def __init__(self, fill: Callable[[memoryview], int]) -> None:
        """Read with *fill*, which writes at least one byte into its argument, or returns 0 at the end."""
        self._fill = fill
        self._beginning = bytearray()
        self._position = 0
        self.size: int | None = None
        self.etag = unique_etag()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        replayed = 0
        if offset < self._position:
            again = self._beginning[offset : offset + len(buffer)]
            replayed = len(again)
            buffer[:replayed] = again
        if replayed == len(buffer):
            return replayed
        if offset + replayed < self._position:
            raise S3SelectError(
                "InvalidRequest",
                f"This query goes back to byte {offset + replayed:,} of a stream that has been read to byte "
                f"{self._position:,}, and a stream is read once. Pass a path, bytes or a file that can seek.",
            )
        self._skip_to(offset + replayed)
        if self._position < offset + replayed:
            return replayed
        rest = buffer[replayed:]
        filled = _fill_whole(self._fill, rest)
        self._advance(rest[:filled])
        if filled < len(rest):
            self.size = self._position
        return replayed + filled

    def close(self) -> None:
        """Forget what was kept; the stream belongs to the caller."""
        self._beginning = bytearray()

    def _skip_to(self, offset: int) -> None:
        """Read on to *offset* or to the end."""
        passed = bytearray(min(_SKIP_BYTES, max(0, offset - self._position)))
        while self._position < offset:
            piece = memoryview(passed)[: offset - self._position]
            filled = self._fill(piece)
            if not filled:
                self.size = self._position
                return
            self._advance(piece[:filled])

    def _advance(self, piece: memoryview) -> None:
        """Note that *piece* was read, and keep what of it belongs to the beginning."""
        self._position += len(piece)
        if len(self._beginning) < REPLAY_BYTES:
            self._beginning += piece[: REPLAY_BYTES - len(self._beginning)]


def _fill_whole(fill: Callable[[memoryview], int], buffer: memoryview) -> int:
    """Call *fill* until *buffer* is full or the end is there; return the number of bytes written."""
    filled = 0
    while filled < len(buffer):
        count = fill(buffer[filled:])
        if not count:
            break
        filled += count
    return filled


def _filler(file: Any) -> Callable[[memoryview], int]:
    """How to read from *file* into memory: with its ``readinto``, or else with its ``read``."""

    def from_readinto(buffer: memoryview) -> int:
        return _count(file.readinto(buffer))

    def from_read(buffer: memoryview) -> int:
        piece = file.read(len(buffer))
        if isinstance(piece, str):
            raise TypeError(f"{type(file).__name__}.read() returns text, and an object is bytes")
        count = _count(None if piece is None else len(piece))
        if count > len(buffer):
            raise ValueError(f"{type(file).__name__}.read({len(buffer)}) returned {count} bytes")
        buffer[:count] = piece
        return count

    return from_readinto if callable(getattr(file, "readinto", None)) else from_read


def _count(count: int | None) -> int:
    """The number of bytes read; None, from a file that does not wait, is not an end."""
    if count is None:
        raise BlockingIOError("this file does not wait for its bytes; make it blocking before the query")
    return count


def _can_seek(file: Any) -> bool:
    """Whether *file* says that it can seek."""
    seekable = getattr(file, "seekable", None)
    return bool(callable(seekable) and seekable() and hasattr(file, "seek") and hasattr(file, "tell"))


def _descriptor(file: object) -> int | None:
    """The descriptor of a plain file of the system, whose version can be watched; None for other kinds."""
    raw = file.raw if isinstance(file, io.BufferedReader | io.BufferedRandom) else file
    return raw.fileno() if isinstance(raw, io.FileIO) else None
