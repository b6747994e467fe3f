"""How far a query has come, in numbers.

In: what its scan tells with every step.  Out: :class:`Stats`, which the reader of a result may look at any
time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """How far a query has come; final when its result has been read to the end.

    ``bytes_scanned``: of the object as it is stored. ``bytes_processed``: of its text, after decompression.
    ``bytes_returned``: of the payload of events, or of the Arrow arrays. ``rows``: of the result.
    ``seconds``: for which it has been read; what passes between a look at the first rows and the reading of
    all does not count. ``bytes_total``: what ``bytes_scanned`` comes to if the query reads to the end,
    about; None for a stream whose end has not come, and for Parquet before reading has begun.
    """

    bytes_scanned: int = 0
    bytes_processed: int = 0
    bytes_returned: int = 0
    rows: int = 0
    seconds: float = 0.0
    bytes_total: int | None = None


class Stopwatch:
    """Adds the time between :meth:`start` and :meth:`stop` to the seconds of *stats*."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._before = 0.0
        self._started: float | None = None

    def start(self) -> None:
        """Let it run, if it does not."""
        if self._started is None:
            self._before = self._stats.seconds
            self._started = time.perf_counter()

    def look(self) -> None:
        """Write down the time so far."""
        started = self._started
        if started is not None:
            self._stats.seconds = self._before + time.perf_counter() - started

    def stop(self) -> None:
        """Write down the time, and let it rest."""
        self.look()
        self._started = None
