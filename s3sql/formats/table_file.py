"""A stored object as the binary file that an input format of one's own reads.

In: the byte source of an object, and its compression.  Out: a file that reads forward, or one that can seek.

The file knows how far it is, so that a format need not tell how many bytes a query has scanned and processed.
"""

from __future__ import annotations

import io
import threading
from bisect import bisect_right
from typing import IO, Any, Final

from s3sql.formats.compression import Codec
from s3sql.formats.decompressed_text import DecompressedText
from s3sql.formats.parquet_file import ByteSource, spooled
from s3sql.stores.base import RangedObject
from s3sql.stores.stream import open_file

#: Bytes that are read at a time where a format asks for fewer, and most where a read is a request to a store.
_READ_BYTES: Final = 256 << 10
_MOST_BYTES: Final = 8 << 20


class TableFile:
    """The file of an object of the format *what*, and how much of it has been read.

    ``file`` is what the format is given. ``fault``: the first exception that reading the object raised; a
    library may show another one in its place.
    """

    def __init__(self, source: ByteSource, codec: Codec, what: str, *, random_access: bool) -> None:
        """Where the file has to seek, a compressed object and a stream are stored on the way.

        Raises:
            S3SelectError: such an object is too long for that; what reading it raises.
        """
        self._size = None if random_access else source.size
        self._forward: _ForwardText | None = None
        self._spool: IO[bytes] | None = None
        if codec != "NONE" or source.size is None:
            source = self._forward = _ForwardText(source, codec)
        if random_access and self._forward is not None:
            try:
                self._spool = spooled(self._forward, what)
            finally:
                self._forward.close()
            source = open_file(self._spool)
        self._raw = _RawFile(source, seekable=random_access)
        self.file: IO[bytes] = io.BufferedReader(self._raw, self._raw.read_bytes)

    @property
    def fault(self) -> BaseException | None:
        """The first exception that reading the object raised."""
        return self._raw.fault

    @property
    def position(self) -> int:
        """Bytes of text read so far; where the file can seek, those of all reads together, however often."""
        return self._raw.taken

    @property
    def size(self) -> int | None:
        """Bytes of the object as it is stored; None where that does not tell how many are read."""
        return self._size

    def totals(self, end: int) -> tuple[int, int]:
        """BytesScanned and BytesProcessed when the first *end* bytes that were read are done with."""
        return (end if self._forward is None else self._forward.scanned(end, whole=bool(self._spool))), end

    def close(self) -> None:
        """Read no more of the object, which stays the caller's to close."""
        # Not the file's own close(), which a thread of a library that reads ahead might be in the way of.
        self._raw.stop()
        if self._forward is not None:
            self._forward.close()
        if self._spool is not None:
            self._spool.close()


class _ForwardText:
    """The text of a compressed object or of a stream: nothing of it is kept behind the place of a read."""

    size: int | None = None

    def __init__(self, source: ByteSource, codec: Codec) -> None:
        self._text = DecompressedText(source, codec)
        self._lock = threading.Lock()
        # Ends of reads, and the bytes of the object that the text before each took.
        self._ends = [0]
        self._scanned = [0]

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the text ends."""
        count = self._text.read_into(buffer, offset)
        scanned = self._text.advance(offset + count) if count else 0
        with self._lock:
            if count:
                self._ends.append(offset + count)
                self._scanned.append(scanned)
        return count

    def scanned(self, end: int, *, whole: bool) -> int:
        """The bytes of the object that the text before *end* took, or with *whole* all that was read."""
        with self._lock:
            place = len(self._ends) if whole else bisect_right(self._ends, end)
            # Nobody asks for an earlier end again.
            del self._ends[: place - 1], self._scanned[: place - 1]
            return self._scanned[0]

    def close(self) -> None:
        """Stop decompressing."""
        self._text.close()


class _RawFile(io.RawIOBase):
    """The unbuffered file; one thread at a time reads."""

    def __init__(self, source: ByteSource, *, seekable: bool) -> None:
        self._source = source
        self._seekable = seekable
        self._read_into = source.read_into
        self.read_bytes = _READ_BYTES
        if seekable and isinstance(source, RangedObject):
            self._read_into = source.read_range_into
            self.read_bytes = max(_READ_BYTES, min(source.request_bytes, _MOST_BYTES))
        self._place = 0
        self.taken = 0
        self.fault: BaseException | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Whether the format has asked for that."""
        return self._seekable

    def readinto(self, buffer: Any, /) -> int:
        """Fill *buffer*; fewer bytes only at the end."""
        with self._lock:
            if self._stopped:
                raise ValueError("the query has ended, and its object is read no more")
            try:
                count = self._read_into(memoryview(buffer).cast("B"), self._place)
            except BaseException as error:
                self.fault = self.fault or error
                raise
            self._place += count
            self.taken += count
            return count

    def tell(self) -> int:
        """The offset of the next read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to *offset*, from the beginning, from here or from the end."""
        if not self._seekable:
            raise io.UnsupportedOperation("this file is read forward only; its format has no random_access")
        size = self._source.size
        assert size is not None, "what has no size was stored first"
        place = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: size}[whence] + offset
        if place < 0:
            raise ValueError(f"there is no byte {place} in a file")
        self._place = place
        return place

    def stop(self) -> None:
        """Let every later read fail."""
        with self._lock:
            self._stopped = True
