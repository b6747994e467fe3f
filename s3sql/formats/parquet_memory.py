"""Memory for pages and for the pieces in which they are read, used again as soon as nobody refers to it.

In: sizes.  Out: arrays that are longer. One query keeps what it has let go of, up to
:data:`_KEPT_BYTES` of each size: that fresh memory is faulted in page by page takes longer than to fill it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s3sql.buffers import PADDING, Bytes

#: Sizes are powers of two. What is smaller costs nothing to have anew, and what is larger is rare.
_LEAST_BYTES, _MOST_BYTES = 32 << 10, 4 << 20
_KEPT_BYTES = 4 << 20


class Memory:
    """``array`` for whoever refers to this. What is made of it must be a copy."""

    __slots__ = ("_free", "array")

    def __init__(self, array: Bytes, free: list[Bytes] | None) -> None:
        self.array = array
        self._free = free

    def __del__(self) -> None:
        free = self._free
        if free is not None and (len(free) + 1) * self.array.size <= _KEPT_BYTES:
            free.append(self.array)


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes ``[start, end)`` of some memory that has :data:`~s3sql.buffers.PADDING` more behind them."""

    memory: Memory
    start: int
    end: int

    @property
    def array(self) -> Bytes:
        """The memory as kernels take it."""
        return self.memory.array


class PageMemory:
    """The memory of one query. Thread-safe: a list is appended to, and popped from, in one step."""

    def __init__(self) -> None:
        self._free: dict[int, list[Bytes]] = {}

    def take(self, size: int) -> Memory:
        """Memory for *size* bytes with room behind them, contents undefined."""
        size += PADDING
        if not _LEAST_BYTES < size <= _MOST_BYTES:
            return Memory(np.empty(size, np.uint8), None)
        rounded = 1 << (size - 1).bit_length()
        free = self._free.setdefault(rounded, [])
        try:
            return Memory(free.pop(), free)
        except IndexError:
            return Memory(np.empty(rounded, np.uint8), free)
