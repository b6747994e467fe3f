"""Memory for pages and for the pieces in which they are read, used again as soon as nobody refers to it.

In: sizes.  Out: arrays that are longer. The process keeps what was let go of, up to :data:`_KEPT_BYTES` in
all: that fresh memory is faulted in page by page takes longer than to fill it.

It comes from the system itself. Among the many small and short-lived arrays of a query, blocks of a mebibyte
tear holes in the heap of each thread, which can only be given back from its end.
"""

from __future__ import annotations

import functools
import mmap
import sys
from dataclasses import dataclass

import numpy as np

from s3sql.buffers import PADDING, Bytes

#: Sizes are powers of two. What is smaller costs nothing to have anew, and what is larger is rare.
_LEAST_BYTES, _MOST_BYTES = 32 << 10, 4 << 20
_KEPT_BYTES = 16 << 20

#: More than most arrays of a morsel have. With more still, heaps take as much more memory as time is saved.
_LONG_BYTES = 4 << 20


class _FreeMemory:
    """What nobody refers to. Thread-safe: a list is appended to, and popped from, in one step."""

    def __init__(self) -> None:
        sizes = range(_LEAST_BYTES.bit_length(), _MOST_BYTES.bit_length())
        self.lists: dict[int, list[Bytes]] = {1 << bits: [] for bits in sizes}

    def take(self, size: int) -> Bytes:
        """An array of *size* bytes, contents undefined."""
        try:
            return self.lists[size].pop()
        except IndexError:
            return _from_the_system(size)

    def keep(self, array: Bytes) -> None:
        """Keep *array* unless there is enough. Threads that look at once may keep a few too many."""
        kept = sum(size * len(arrays) for size, arrays in self.lists.items())
        if kept + array.size <= _KEPT_BYTES:
            self.lists[array.size].append(array)


def _from_the_system(size: int) -> Bytes:
    if sys.platform == "win32":
        return np.empty(size, np.uint8)
    # Private: what is forked must not write to the memory of its parent.
    return np.frombuffer(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), np.uint8)


class Memory:
    """``array`` for whoever refers to this. What is made of it must be a copy."""

    __slots__ = ("_free", "array")

    def __init__(self, array: Bytes, free: _FreeMemory | None) -> None:
        self.array = array
        self._free = free

    def __del__(self) -> None:
        if self._free is not None:
            self._free.keep(self.array)


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


_free = _FreeMemory()


@functools.cache
def _keep_heaps() -> None:
    """Have the C library keep what the arrays of a morsel were in for those of the next one.

    glibc takes a block that is longer than all that it was given back so far from the system, and returns it
    at once, and so the free end of a heap, once that is twice as long; the arrays of each morsel would be
    faulted in anew. A block that is made and given back tells it better.

    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    np.empty(_LONG_BYTES, np.uint8)


class PageMemory:
    """Where pages get their memory. Thread-safe."""

    def __init__(self) -> None:
        _keep_heaps()

    def take(self, size: int) -> Memory:
        """Memory for *size* bytes with room behind them, contents undefined."""
        size += PADDING
        if not _LEAST_BYTES < size <= _MOST_BYTES:
            return Memory(np.empty(size, np.uint8), None)
        return Memory(_free.take(1 << (size - 1).bit_length()), _free)
