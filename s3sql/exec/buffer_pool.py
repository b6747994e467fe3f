"""The byte budget: one pool of morsel buffers for the whole process.

In: a capacity.  Out: a padded buffer, to be given back. However many queries run, their morsels together
never hold more than the budget; a query needs one buffer to go on and takes more only while they are
there, so queries slow each other down but none waits for another to finish.
"""

from __future__ import annotations

import threading

from s3sql.buffers import BUDGET_BYTES, PADDING, ByteBudget, PaddedBuffer
from s3sql.errors import S3SelectError

#: Seconds a query waits for its first buffer before it is told to slow down.
PATIENCE_SECONDS = 30.0


class BufferPool:
    """Buffers of at most *budget* bytes together, or of what *shared* has left. Thread-safe."""

    def __init__(self, budget: int = BUDGET_BYTES, shared: ByteBudget | None = None) -> None:
        self._budget = ByteBudget(budget) if shared is None else shared
        self._lock = threading.Lock()
        self._free: list[PaddedBuffer] = []

    @property
    def _taken(self) -> int:
        return self._budget.needed

    def take(self, capacity: int, patience: float = 0.0) -> PaddedBuffer | None:
        """A buffer of at least *capacity* bytes, or None if none is to be had within *patience* seconds.

        A buffer is always granted to whoever asks while no other is out, however large it is.
        """
        size = capacity + PADDING
        if not self._budget.take(size, patience):
            return None
        with self._lock:
            # The one given back last is the likeliest to be in this core's cache.
            for number in reversed(range(len(self._free))):
                if self._free[number].capacity >= capacity:
                    self._budget.add(self._free[number].array.size - size)
                    return self._free.pop(number)
        return PaddedBuffer.empty(capacity)

    def take_first(self, capacity: int) -> PaddedBuffer:
        """The buffer without which a query cannot go on.

        Raises:
            S3SelectError: ``SlowDown`` when other queries hold the whole budget for too long.
        """
        buffer = self.take(capacity, PATIENCE_SECONDS)
        if buffer is None:
            raise self._exhausted()
        return buffer

    def reserve(self, size: int) -> bool:
        """Count *size* bytes that live elsewhere, if they are to be had; to be released."""
        return self._budget.take(size, 0.0)

    def reserve_first(self, size: int) -> None:
        """Count the bytes without which a query cannot go on.

        Raises:
            S3SelectError: ``SlowDown`` when other queries hold the whole budget for too long.
        """
        if not self._budget.take(size, PATIENCE_SECONDS):
            raise self._exhausted()

    def release(self, size: int) -> None:
        """The bytes that were reserved are free again."""
        self._budget.give(size)

    def _exhausted(self) -> S3SelectError:
        return S3SelectError(
            "SlowDown",
            f"Other queries have held all {self._budget.limit:,} bytes of working memory for "
            f"{PATIENCE_SECONDS:.0f} seconds. Run fewer queries at a time, or try again.",
            status=503,
        )

    def give(self, buffer: PaddedBuffer) -> None:
        """Give a buffer back; its contents may be overwritten from now on."""
        with self._lock:
            self._free.append(buffer)
            idle = sum(free.array.size for free in self._free)
            taken = self._budget.needed + self._budget.spare - buffer.array.size
            while idle + taken > self._budget.limit and len(self._free) > 1:
                idle -= self._free.pop(0).array.size
        self._budget.give(buffer.array.size)
