"""The text of a compressed object or of a stream, to be read like a stored text.

In: the stored object and its codec, NONE for a stream that is not compressed.  Out: a
:class:`DecompressedText`, a byte source by offsets in the text.

    object ──decompress──▶ | pieces not given up | ahead | ──read_into──▶ morsels
                           ▲ advance(end)        ▲ furthest read

A thread decompresses ahead of the parsers, at most :data:`AHEAD_BYTES`. It starts when a scan reads past
the first morsel: small objects and small limits need none. Reads go forward, except that the pipeline goes
back to the end of the last merged record after a wrong cut, so the text from there on is kept; it is what
the morsels under way hold, which the budget of the buffer pool bounds. A read of text that has been given
up starts again at the beginning of the object.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from s3sql.formats.compression import ByteSource, Codec, CompressedBytes, decompress
from s3sql.limits import FIRST_MORSEL_BYTES, MORSEL_BYTES

#: Most bytes of text that are decompressed before a read asks for them.
AHEAD_BYTES = 2 * MORSEL_BYTES

#: So far into the text, the thread that reads decompresses: that is the first morsel and what is before it.
_ALONE_BYTES = 2 * FIRST_MORSEL_BYTES


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that ends before offset *end*; *scanned* bytes of the object were needed for it."""

    text: bytes
    end: int
    scanned: int


class DecompressedText:
    """The text of *source*, decompressed while it is read.

    One thread at a time reads; another may call :meth:`advance`. After :meth:`close` no thread is left.
    """

    def __init__(self, source: ByteSource, codec: Codec) -> None:
        self._source = source
        self._codec: Codec = codec
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._begin_again()

    def _begin_again(self) -> None:
        """Set everything to the beginning of the object. No thread is running."""
        self._compressed = CompressedBytes(self._source)
        self._texts = _texts_and_positions(self._compressed, self._codec)
        self._pieces: list[_Piece] = []
        # What has been given up ends here.
        self._given_up = _Piece(b"", 0, 0)
        self._kept_from = 0
        self._end = 0
        self._asked = 0
        self._finished = False
        self._fault: BaseException | None = None
        self._stopping = False

    @property
    def size(self) -> int | None:
        """Bytes of text; None until its end has been decompressed without a fault."""
        return self._end if self._finished and self._fault is None else None

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the text ends or a fault begins.

        Raises:
            S3SelectError: ``InvalidCompressionFormat`` or ``TruncatedInput`` when there is no text at
                *offset* because of a fault; what reading the object raises.
        """
        if self._thread is None and offset + len(buffer) > _ALONE_BYTES and not self._finished:
            self._start()
        return self._copy(buffer, offset)

    def read(self, offset: int, length: int) -> bytes:
        """At most *length* bytes from *offset* on, as :meth:`read_into`; starts no thread."""
        buffer = bytearray(length)
        return bytes(memoryview(buffer)[: self._copy(memoryview(buffer), offset)])

    def advance(self, end: int) -> int:
        """Give up the text before *end*, which has been read; return the bytes of the object it took."""
        with self._changed:
            self._kept_from = max(self._kept_from, end)
            pieces, scanned = self._pieces, self._given_up.scanned
            if end > self._given_up.end:
                scanned = pieces[bisect_left(pieces, end, key=_end_of)].scanned
            self._give_up(bisect_right(pieces, end, key=_end_of))
            return scanned

    def close(self) -> None:
        """Stop decompressing and let go of the text; a second call does nothing.

        Waits until a read of the object that is under way has ended.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            with self._changed:
                self._stopping = True
                self._changed.notify_all()
            thread.join()
        self._begin_again()

    def _copy(self, buffer: memoryview, offset: int) -> int:
        if offset < self._given_up.end:
            self.close()
            self._kept_from = offset
        self._wait_for(offset + len(buffer))
        with self._changed:
            if self._fault is not None and offset >= self._end:
                raise self._fault
            pieces = self._pieces[bisect_right(self._pieces, offset, key=_end_of) :]
        filled = 0
        # Through numpy, which lets go of the GIL meanwhile: the thread that decompresses needs it often.
        target = np.frombuffer(buffer, np.uint8)
        for piece in pieces:
            begin = offset + filled - (piece.end - len(piece.text))
            part = np.frombuffer(piece.text, np.uint8)[begin : begin + len(buffer) - filled]
            target[filled : filled + len(part)] = part
            filled += len(part)
            if filled == len(buffer):
                break
        return filled

    def _wait_for(self, end: int) -> None:
        """Return when the text is there up to *end*, or as far as it goes."""
        if self._thread is None:
            while self._end < end and not self._finished:
                self._decompress_piece()
            return
        with self._changed:
            if end > self._asked:
                self._asked = end
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._end >= end or self._finished)

    def _start(self) -> None:
        self._asked = self._end
        # A daemon: an answer that nobody closes must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="s3sql-decompress", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        """Decompress ahead until the end, a fault or :meth:`close`."""
        while not self._finished:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._end - self._asked < AHEAD_BYTES)
                if self._stopping:
                    return
            self._decompress_piece()

    def _decompress_piece(self) -> None:
        """Add the next piece of text, or note the end or the fault that is there instead."""
        found: tuple[bytes, int] | None = None
        fault: BaseException | None = None
        try:
            found = next(self._texts, None)
        except BaseException as error:
            fault = error
        with self._changed:
            if found is None:
                self._fault = fault
                self._finished = True
            else:
                text, scanned = found
                self._end += len(text)
                self._pieces.append(_Piece(text, self._end, scanned))
                if self._end <= self._kept_from:
                    self._give_up(len(self._pieces))
            if self._finished or self._end >= self._asked:
                self._changed.notify_all()

    def _give_up(self, count: int) -> None:
        """Forget the first *count* pieces. Called under the lock."""
        if count:
            self._given_up = self._pieces[count - 1]
            self._given_up = _Piece(b"", self._given_up.end, self._given_up.scanned)
            del self._pieces[:count]


def _texts_and_positions(compressed: CompressedBytes, codec: Codec) -> Iterator[tuple[bytes, int]]:
    """Each piece of text, and how many bytes of the object were read for it.

    The last piece needs the whole object, whose checksum and padding come behind the text.
    """
    texts = decompress(compressed, codec)
    text = next(texts, b"")
    while text:
        position = compressed.position
        try:
            following = next(texts, b"")
        except BaseException:
            yield text, position
            raise
        yield text, position if following else compressed.position
        text = following


def _end_of(piece: _Piece) -> int:
    return piece.end
