"""Byte buffers that kernels may read past the end of.

In: sizes or bytes.  Out: :class:`PaddedBuffer`, the only kind of buffer a kernel is given, and
:class:`ByteBudget`, which counts the bytes of all of them.

SIMD kernels load 64 bytes at a time, so a load that starts at the last byte of the contents reads up
to 63 bytes behind it.  A padded buffer owns those bytes; nothing else in the program may assume so.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Bytes that may be read (never interpreted) behind the contents of every buffer.
PADDING = 64

Bytes: TypeAlias = NDArray[np.uint8]


class PaddedBuffer:
    """``length`` bytes of contents followed by at least :data:`PADDING` readable bytes.

    ``array`` is the whole allocation, padding included: ``array.size >= length + PADDING``.
    """

    __slots__ = ("array", "length")

    def __init__(self, array: Bytes, length: int) -> None:
        if array.dtype != np.uint8 or array.ndim != 1 or not array.flags.c_contiguous:
            raise TypeError("a padded buffer is a contiguous one-dimensional uint8 array")
        if length < 0 or array.size < length + PADDING:
            raise ValueError(f"{array.size} bytes cannot hold {length} bytes and {PADDING} of padding")
        self.array = array
        self.length = length

    @classmethod
    def empty(cls, capacity: int) -> Self:
        """A buffer with room for *capacity* bytes and no contents; its bytes are not initialised."""
        return cls(np.empty(capacity + PADDING, dtype=np.uint8), 0)

    @classmethod
    def copy_of(cls, contents: bytes | bytearray | memoryview) -> Self:
        """A buffer holding a copy of *contents*, zero bytes behind it."""
        size = len(contents)
        array = np.zeros(size + PADDING, dtype=np.uint8)
        array[:size] = np.frombuffer(contents, dtype=np.uint8)
        return cls(array, size)

    @property
    def capacity(self) -> int:
        """The number of content bytes the allocation can hold."""
        return self.array.size - PADDING

    def contents(self) -> memoryview:
        """The contents as a memoryview, without the padding."""
        return self.array[: self.length].data

    def __len__(self) -> int:
        return self.length


#: Bytes of all working memory of the process together, decoding room included.
BUDGET_BYTES: Final = int(os.environ.get("S3SQL_BUFFER_BYTES", 128 << 20))

#: The share of a budget that may go to what is only sooner with it, in eighths.
_SPARE_EIGHTHS = 3


class ByteBudget:
    """Counts at most *limit* bytes. Thread-safe.

    Two kinds of bytes are told apart. Those that a query needs to go on are waited for, and always granted
    while no others of their kind are out, however many. *Spare* ones only make a query faster: they
    are granted at once or not at all, in equal shares, and never so that none were left for the first kind.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: Bytes that are needed, and bytes that are spare.
        self.needed = 0
        self.spare = 0
        self._sharers = 0
        self._changed = threading.Condition()

    def take(self, size: int, patience: float) -> bool:
        """Count *size* bytes as needed, once they are free; False if not within *patience* seconds."""
        deadline = time.monotonic() + patience
        with self._changed:
            while self.needed and self.needed + self.spare + size > self.limit:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._changed.wait(remaining):
                    return False
            self.needed += size
            return True

    def give(self, size: int) -> None:
        """*size* bytes are not needed any more."""
        with self._changed:
            self.needed -= size
            self._changed.notify()

    def add(self, size: int) -> None:
        """*size* bytes more are needed than were asked for, or less if negative."""
        with self._changed:
            self.needed += size

    def share(self) -> None:
        """One more takes spare bytes, until :meth:`leave`."""
        with self._changed:
            self._sharers += 1

    def leave(self) -> None:
        """One less takes spare bytes."""
        with self._changed:
            self._sharers -= 1

    def take_spare(self, size: int, held: int) -> bool:
        """Count *size* bytes for one that shares and holds *held*, if its share has room for them."""
        with self._changed:
            share = self.limit * _SPARE_EIGHTHS // 8 // max(self._sharers, 1)
            if held + size > share or self.needed + self.spare + size > self.limit:
                return False
            self.spare += size
            return True

    def give_spare(self, size: int) -> None:
        """*size* spare bytes are free again."""
        with self._changed:
            self.spare -= size
            self._changed.notify()


#: The one budget of this process.
MEMORY: Final = ByteBudget(BUDGET_BYTES)
