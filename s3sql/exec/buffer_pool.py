"""The byte budget: one pool of morsel buffers for the whole process.

In: a capacity.  Out: a padded buffer, to be given back. However many queries run, their morsels together
never hold more than the budget; a query needs one buffer to go on and takes more only while they are
there, so queries slow each other down but none waits for another to finish.
"""

from __future__ import annotations

import os
import threading
import time

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.errors import S3SelectError

#: Bytes of all morsel buffers of the process together, decoding room included.
BUDGET_BYTES = int(os.environ.get("S3SQL_BUFFER_BYTES", 128 << 20))

#: Seconds a query waits for its first buffer before it is told to slow down.
PATIENCE_SECONDS = 30.0


class BufferPool:
    """Buffers of at most *budget* bytes together. Thread-safe."""

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        self._budget = budget
        self._changed = threading.Condition()
        self._free: list[PaddedBuffer] = []
        self._taken = 0

    def take(self, capacity: int, patience: float = 0.0) -> PaddedBuffer | None:
        """A buffer of at least *capacity* bytes, or None if none is to be had within *patience* seconds.

        A buffer is always granted to whoever asks while no other is out, however large it is.
        """
        size = capacity + PADDING
        with self._changed:
            if not self._grant(size, patience):
                return None
            # The one given back last is the likeliest to be in this core's cache.
            for number in reversed(range(len(self._free))):
                if self._free[number].capacity >= capacity:
                    self._taken += self._free[number].array.size - size
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
        with self._changed:
            return self._grant(size, 0.0)

    def reserve_first(self, size: int) -> None:
        """Count the bytes without which a query cannot go on.

        Raises:
            S3SelectError: ``SlowDown`` when other queries hold the whole budget for too long.
        """
        with self._changed:
            if not self._grant(size, PATIENCE_SECONDS):
                raise self._exhausted()

    def release(self, size: int) -> None:
        """The bytes that were reserved are free again."""
        with self._changed:
            self._taken -= size
            self._changed.notify()

    def _grant(self, size: int, patience: float) -> bool:
        """Count *size* bytes as taken, once they are free. Called under the lock."""
        deadline = time.monotonic() + patience
        while self._taken and self._taken + size > self._budget:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not self._changed.wait(remaining):
                return False
        self._taken += size
        return True

    def _exhausted(self) -> S3SelectError:
        return S3SelectError(
            "SlowDown",
            f"Other queries have held all {self._budget:,} bytes of working memory for "
            f"{PATIENCE_SECONDS:.0f} seconds. Run fewer queries at a time, or try again.",
            status=503,
        )

    def give(self, buffer: PaddedBuffer) -> None:
        """Give a buffer back; its contents may be overwritten from now on."""
        with self._changed:
            self._taken -= buffer.array.size
            self._free.append(buffer)
            while (
                sum(free.array.size for free in self._free) + self._taken > self._budget
                and len(self._free) > 1
            ):
                self._free.pop(0)
            self._changed.notify()
