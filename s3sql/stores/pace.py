"""How far ahead of its reader a remote object is to be asked for.

In: how many bytes a reader has read of a run, and how long it waited for them.  Out: the ranges to ask for.

A run begins without any. Once :data:`_BEGIN_BYTES` have been read, and the reader has spent a good part of
its time in waiting, as many again are asked for, and twice as many whenever the reader comes to a byte that
is not there yet; never more than twice what it has read, so that a reader that stops has cost little.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

#: Bytes of a run before any are asked for ahead.
_BEGIN_BYTES: Final = 1 << 20

#: Bytes from which on requests of their own are worth their while.
_WORTH_BYTES: Final = 4 << 20

#: The share of its time that a reader waits if the connection is slower than it.
_SLOW: Final = 0.125

#: Bytes per second from which on one connection is as good as many, each of which takes its processor time.
_FAST: Final = 250e6

#: Least and most bytes of one request, and most of all together.
_LEAST_PIECE: Final = 1 << 20
_MOST_PIECE: Final = 6 << 20
_MOST_BYTES: Final = 48 << 20


class Pace:
    """The pace of one run of reads."""

    __slots__ = ("_again_at", "_began", "_bytes", "_connections", "_distance", "_never", "_start", "_waited")

    def __init__(self, start: int, connections: int) -> None:
        """A run that starts at *start*; ``connections``: requests at a time."""
        self._connections = connections
        self._never = False
        self.restart(start)

    def restart(self, start: int, *, for_good: bool = False) -> None:
        """A new run starts at *start*; *for_good*: nothing is to be asked for ahead any more."""
        self._never = self._never or for_good
        self._start = start
        self._bytes = 0
        self._waited = 0.0
        self._began = 0.0
        self._distance = _BEGIN_BYTES
        self._again_at = 0

    def note(self, count: int, seconds: float) -> None:
        """*count* bytes were read of the open body within *seconds*."""
        if not self._bytes:
            self._began = time.perf_counter() - seconds
        self._bytes += count
        self._waited += seconds

    @property
    def is_slow(self) -> bool:
        """Whether the reader is kept waiting by the open body."""
        if self._never or self._bytes < _BEGIN_BYTES:
            return False
        too_slow = self._bytes < _FAST * self._waited
        return too_slow and self._waited > _SLOW * (time.perf_counter() - self._began)

    def is_worth(self, rest: int) -> bool:
        """Whether so many bytes are worth requests of their own."""
        return rest >= _WORTH_BYTES

    def border(self, position: int) -> int:
        """Where the ranges are to begin for a reader at *position*: those before still come from the body."""
        return position + _BEGIN_BYTES

    def starved(self, position: int) -> None:
        """The reader came to *position* before its byte did."""
        if position < self._again_at:
            return
        most = min(_MOST_BYTES, self._connections * _MOST_PIECE, 2 * (position - self._start))
        self._distance = max(self._distance, min(2 * self._distance, most))
        self._again_at = position + self._piece

    @property
    def _piece(self) -> int:
        return max(_LEAST_PIECE, min(self._distance // self._connections, _MOST_PIECE))

    def pieces(self, position: int, asked: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges behind *asked* that a reader at *position* should have asked for, up to *end*."""
        size = self._piece
        while asked < end and asked - position < self._distance:
            following = asked + size
            if end - following < size // 2:
                following = end
            yield asked, following
            asked = following
