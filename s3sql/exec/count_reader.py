"""The reader of files whose records are only counted: morsels of any length, for which no buffer is needed.

In: what :class:`s3sql.exec.reader.MorselReader` is given.  Out: its morsels, but long ones between the first
and the last, up to the first that has something in it that takes more than counting.

Handing a morsel over takes a fifth of a millisecond of Python, in which threads wait for each other. So
morsels grow while they are quick. Those of a slow disk do not: a query is cancelled, and tells its progress,
between them. At the end all workers are to be ready at once, so nobody takes more than a share of what is
left.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.reader import ByteSource, MorselReader
from s3sql.formats.base import Counting, Format, Morsel

#: The most bytes of a morsel: 10 to 25 milliseconds of a file in memory.
MOST_BYTES = 128 << 20

#: A share of what is left is no smaller.
LEAST_SHARE = 4 << 20

#: Morsels grow to that many times the last one at most.
_GROWTH = 4

#: Seconds from one morsel to the next, whoever takes it, up to which they grow and from which they shrink.
_QUICK = 0.02
_SLOW = 0.05


class CountReader(MorselReader):
    """Cuts a file into morsels for so many *workers*. Not thread-safe.

    Where the text is not that of a file, or its format does not count, they are those of any other query.
    """

    def __init__(
        self, source: ByteSource, form: Format, pool: BufferPool, *, workers: int, **options: Any
    ) -> None:
        super().__init__(source, form, pool, **options)
        counts = self._file is not None and hasattr(form, "room_to_count")
        self._strides = Strides(self._first_bytes, workers) if counts else None

    def next(self, *, wait: bool) -> Morsel | None:
        """As that of any reader; the morsel may be long."""
        if self._strides is not None and self._begun and not self._ended:
            morsel = self._long(self._strides, wait=wait)
            if morsel is not None:
                return morsel
        return super().next(wait=wait)

    def restart(self, offset: int) -> None:
        """Go on at *offset*: what is there takes more than counting, or the cut behind it was wrong.

        If it was the cut, it will be wrong again, and this be called again.
        """
        super().restart(offset)
        if self._strides is not None:
            self._strides = None
            self._whole = False

    def _long(self, strides: Strides, *, wait: bool) -> Morsel | None:
        """The next morsel, to be counted, of any length; None if there is to be an ordinary one."""
        room = cast("Counting", self._format).room_to_count
        size = self._source.size
        if room is None or size is None:
            return None
        # What is left at the end is one ordinary morsel.
        self._goal = self._usual_bytes
        end = size if self._stop is None else min(size, self._stop)
        buffer = self._pool.take_first(room) if wait else self._pool.take(room)
        if buffer is None:
            return None
        morsel = None
        try:
            morsel = self._unread(buffer, strides.next(end - self._offset))
        finally:
            if morsel is None:
                self._pool.give(buffer)
        return None if morsel is None else replace(morsel, long=True)


class Strides:
    """The lengths of one scan's morsels, from *first* bytes on, for so many *workers*. Not thread-safe."""

    def __init__(self, first: int, workers: int) -> None:
        self._length = self._first = first
        self._shares = workers + 1
        self._asked = time.perf_counter()

    def next(self, left: int) -> int:
        """The length of the next morsel, *left* bytes being left; it may be more than these."""
        now = time.perf_counter()
        waited, self._asked = now - self._asked, now
        if waited < _QUICK:
            self._length = min(_GROWTH * self._length, MOST_BYTES)
        elif waited > _SLOW:
            self._length = max(self._length // 2, self._first)
        return min(self._length, max(left // self._shares, LEAST_SHARE))
