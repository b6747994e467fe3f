"""Byte buffers that kernels may read past the end of.

In: sizes or bytes.  Out: :class:`PaddedBuffer`, the only kind of buffer a kernel is given.

SIMD kernels load 64 bytes at a time, so a load that starts at the last byte of the contents reads up
to 63 bytes behind it.  A padded buffer owns those bytes; nothing else in the program may assume so.
"""

from __future__ import annotations

from typing import Self, TypeAlias

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
