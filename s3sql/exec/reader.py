"""The serial end of the pipeline: an object's bytes become morsels.

In: a text to read from, the format that knows where records end, and the span of it to scan.  Out: morsels
that start at record starts, in object order, of 128 KiB at first and doubling to 4 MiB: the first rows come
soon, and large scans pay little per morsel.

What Start and End of a scan range mean is decided in :mod:`s3sql.formats.opening`; here the bytes they give
are moved to record ends. A scan range takes the records whose first byte lies in it (AWS S3 API Reference,
ScanRange). With ``boundary(x)`` the first record end at or behind byte x, that is the span from
boundary(start) to boundary(end + 1): neighbouring ranges share a boundary, so each record is read exactly
once.

    range 1..4 of   A,B⏎C,D⏎D,E⏎      boundary(1) = 4, boundary(5) = 8: the record C,D
                    0   4   8
"""

from __future__ import annotations

from typing import Protocol

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.delimiter_run import counted_from
from s3sql.formats.base import Format, Morsel
from s3sql.limits import FIRST_MORSEL_BYTES, MORSEL_BYTES, MORSEL_RECORDS
from s3sql.stores.base import changed

#: Bytes read at first to find where the last record of a span ends, and the first one begins.
_STEP_BYTES = 4 << 10

#: Bytes at the end of a morsel that are read to cut it, where the rest is left to its worker.
_LOOK_BYTES = 4 << 10


class ByteSource(Protocol):
    """The text of an object, after decompression."""

    @property
    def size(self) -> int | None:
        """Bytes of text; None while unknown."""
        ...

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the text ends or cannot be read on.

        There, the next read gives none, or raises what keeps the text from going on.
        """
        ...


class MorselReader:
    """Cuts the text of *source* from *begin* on into morsels. Not thread-safe.

    ``begin``: where the first record starts, or with ``aligned=False`` a place at or behind which the first
    record end is looked for. ``stop``: no record that starts at or behind this offset is read; None for
    the whole rest. ``morsel_bytes`` bounds the morsels, ``first_bytes`` the first.
    """

    #: The first morsel tells how many records there are in others, and how they look.
    begins_together = False

    def __init__(
        self,
        source: ByteSource,
        form: Format,
        pool: BufferPool,
        *,
        begin: int = 0,
        stop: int | None = None,
        aligned: bool = True,
        first_bytes: int = FIRST_MORSEL_BYTES,
        morsel_bytes: int = MORSEL_BYTES,
    ) -> None:
        self._source = source
        self._format = form
        self._pool = pool
        self._stop = stop
        self._morsel_bytes = morsel_bytes
        self._goal = min(first_bytes, morsel_bytes)
        self._first_bytes = self._goal
        self._usual_bytes = morsel_bytes
        self._offset = begin
        # What the next morsel begins with: the format's lead, and bytes that have been read already.
        self._tail = b""
        self._lead = 0
        self._whole = form.serial
        self._uncut = False
        # Whether what has been read behind the span does not show where its last records end.
        self._span_open = False
        # Whether workers may read their morsels themselves, all at once: what ConcurrentObject and CutByEnd
        # say. Asking whether an object has a protocol takes as long as indexing a small morsel.
        self._shared = bool(getattr(source, "concurrent", False) and getattr(form, "cut_by_end", False))
        self._file: int | None = getattr(source, "file", None) if self._shared else None
        self._begun = False
        # A scan range that ends in the header has no records.
        self._ended = stop is not None and begin >= stop
        if not aligned:
            self._align(begin)

    @property
    def serial(self) -> bool:
        """Whether reading ahead is of no use: see :attr:`s3sql.formats.base.Format.serial`."""
        return self._format.serial

    @property
    def uncut(self) -> bool:
        """Whether the last morsel ends anywhere, see :attr:`s3sql.formats.base.Morsel.uncut`."""
        return self._uncut

    def stop(self) -> None:
        """Read no more."""
        self._ended = True

    @property
    def position(self) -> int:
        """Where the next morsel's own text starts."""
        return self._offset + self._lead

    @property
    def ended(self) -> bool:
        """Whether there are no more morsels."""
        return self._ended

    def next(self, *, wait: bool) -> Morsel | None:
        """The next morsel; None when the span is finished, or without *wait* when no buffer is to be had.

        The morsel is to be given back.
        """
        if self._ended:
            return None
        capacity = self._format.room(self._morsel_bytes)
        buffer = self._pool.take_first(capacity) if wait else self._pool.take(capacity)
        if buffer is None:
            return None
        try:
            goal = min(self._goal, self._usual_bytes)
            morsel = self._unread(buffer, goal) if self._shared else None
            if morsel is None:
                morsel = self._fill(buffer)
            else:
                self._goal = min(2 * goal, self._usual_bytes)
        except BaseException:
            self._pool.give(buffer)
            raise
        if morsel is None:
            self._pool.give(buffer)
        return morsel

    def give_back(self, morsel: Morsel) -> None:
        """Give the buffer of *morsel* back to the pool. Any thread may call it."""
        self._pool.give(morsel.buffer)

    def note_records(self, count: int, length: int) -> None:
        """Take note that a morsel of *length* bytes had *count* records, so that later ones have not more.

        Any thread may call it.
        """
        if count > MORSEL_RECORDS:
            self._usual_bytes = max(self._first_bytes, length // count * MORSEL_RECORDS)

    def restart(self, offset: int) -> None:
        """Go on at *offset*, where a record starts that can be read alone: the cut behind it was wrong.

        The next morsel is not cut at all, so that its reader decides where its last record ends.
        """
        self._offset = offset
        self._tail = b""
        self._lead = 0
        goes_on = self._span_open and self._format.shares_lines
        self._ended = self._stop is not None and offset >= self._stop and not goes_on
        self._whole = True

    def _unread(self, buffer: PaddedBuffer, goal: int) -> Morsel | None:
        """The next morsel, cut by a look at its end, for its worker to read; None if it must be read first.

        That is the small one at the beginning, and what is near the end of the text or of the span. *goal*
        bytes are the most it may have.
        """
        start = self._offset
        end = start + goal
        size = self._source.size
        if not self._begun or self._whole or size is None or end >= size:
            return None
        if self._stop is not None and end > self._stop:
            return None
        look = min(goal, _LOOK_BYTES, buffer.capacity)
        if self._source.read_into(buffer.array.data[:look], end - look) < look:
            return None
        cut = self._format.cut(buffer, look)
        if not cut:
            return None
        # What has been read behind the last morsel is read again.
        self._tail = b""
        self._uncut = False
        length = goal - look + cut
        self._offset = start + length

        def fetch(target: memoryview, offset: int) -> None:
            if self._source.read_into(target, start + offset) < len(target):
                raise changed("that is read")

        return Morsel(buffer, length, start, at_end=False, fetch=fetch, file=self._file)

    def _fill(self, buffer: PaddedBuffer) -> Morsel | None:
        """Read the next morsel into *buffer*."""
        self._begun = True
        start = self._offset
        length = len(self._tail)
        view = buffer.array.data
        view[:length] = self._tail
        self._goal = min(self._goal, self._usual_bytes)
        goal = max(self._goal, min(length + self._goal, self._morsel_bytes))
        self._goal = min(2 * self._goal, self._usual_bytes)
        step = 0
        if self._stop is not None and start < self._stop < start + goal:
            # Behind the span the store is asked for little at a time: that need not be there at all.
            step = _STEP_BYTES
            goal = min(goal, max(self._stop - start, length + step))
        while True:
            wanted = goal - length
            try:
                read = self._source.read_into(view[length:goal], start + length)
            except S3SelectError as fault:
                if not length:
                    raise
                return self._broken_off(buffer, start, length, fault)
            length += read
            at_end = read < wanted
            if at_end and read and not self._is_end(start + length):
                # The end, or a fault: the next read tells.
                continue
            if at_end and not length:
                self._ended = True
                return None
            morsel = self._cut(buffer, start, length, at_end)
            if morsel is not None:
                break
            goal = min(goal + (step or goal), self._morsel_bytes)
            step *= 2
        self._go_on_behind(morsel, length)
        return morsel

    def _is_end(self, offset: int) -> bool:
        """Whether the text is known to end at *offset*."""
        size = self._source.size
        return size is not None and offset >= size

    def _go_on_behind(self, morsel: Morsel, length: int) -> None:
        """Let the next morsel begin behind *morsel*, whose buffer holds *length* bytes."""
        self._offset = morsel.start + morsel.length
        self._tail = b""
        self._lead = 0
        self._uncut = morsel.uncut
        if self._ended or morsel.uncut:
            return
        lead = self._format.lead(morsel.buffer, morsel.length)
        self._tail = lead + morsel.buffer.array[morsel.length : length].tobytes()
        self._lead = len(lead)
        self._offset -= self._lead

    def _cut(self, buffer: PaddedBuffer, start: int, length: int, at_end: bool) -> Morsel | None:
        """The morsel in the first *length* bytes, or None if no record is known to end in them yet."""
        stop = None
        if self._stop is not None and start + length >= self._stop:
            stop = self._stop - start
            end = self._format.span_end(buffer, stop, length)
            self._span_open = end < 0
            if end >= 0 and not self._whole:
                self._ended = True
                return Morsel(buffer, end, start, at_end and end == length, lead=self._lead)
        if at_end:
            self._ended = True
            return Morsel(buffer, length, start, at_end=True, stop=stop, lead=self._lead)
        full = length >= self._morsel_bytes
        if self._whole:
            # Reading to the full size shows more than the longest record can be.
            if not full:
                return None
            self._whole = self._format.serial
            return Morsel(buffer, length, start, at_end=False, uncut=True, stop=stop, lead=self._lead)
        end = self._format.cut(buffer, length)
        if end > 0:
            return Morsel(buffer, end, start, at_end=False, lead=self._lead)
        if not full:
            return None
        return Morsel(buffer, length, start, at_end=False, uncut=True, stop=stop, lead=self._lead)

    def _broken_off(self, buffer: PaddedBuffer, start: int, length: int, fault: S3SelectError) -> Morsel:
        """The last morsel of a text that cannot be read on: its complete records come before the fault.

        What lies behind the span is of no account.
        """
        self._ended = True
        stop = None if self._stop is None else self._stop - start
        if stop is not None and length >= stop:
            end = self._format.span_end(buffer, stop, length)
            if end >= 0:
                return Morsel(buffer, end, start, at_end=False, lead=self._lead)
        return Morsel(
            buffer, length, start, at_end=False, uncut=True, stop=stop, fault=fault, lead=self._lead
        )

    def _align(self, begin: int) -> None:
        """Move to the first record end at or behind *begin*."""
        character = self._format.repeated_character
        if character:
            start = counted_from(self._source, begin, character)
        else:
            start = max(begin - self._format.boundary_margin, 0)
        buffer = self._pool.take_first(self._format.room(self._morsel_bytes))
        try:
            margin = begin - start
            view = buffer.array.data
            length = 0
            goal = step = min(_STEP_BYTES, self._morsel_bytes)
            while True:
                wanted = goal - length
                read = self._source.read_into(view[length:goal], start + length)
                length += read
                end = self._format.boundary(buffer, margin, length)
                if end >= 0:
                    self._offset = start + end
                    self._tail = bytes(view[end:length])
                    break
                if read < wanted:
                    if read and not self._is_end(start + length):
                        # The end, or a fault: the next read tells.
                        continue
                    self._offset = start + length
                    self._ended = True
                    break
                # No record can be this long, but the one that began earlier need not be read as a record.
                if length >= self._morsel_bytes:
                    margin = self._format.boundary_margin
                    view[:margin] = bytes(view[length - margin : length])
                    start += length - margin
                    length = margin
                step *= 2
                goal = min(length + step, self._morsel_bytes)
        finally:
            self._pool.give(buffer)
        if self._stop is not None and self._offset >= self._stop:
            self._ended = True
