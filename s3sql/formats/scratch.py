"""Working memory that one worker thread uses for one morsel after another.

In: a name and a size.  Out: arrays that are kept and grown instead of allocated anew: the page faults of
fresh memory cost more than the kernels that fill it. What an array holds is valid until the same name is
asked for again, so nothing of it may leave the worker uncopied.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Element = TypeVar("Element", bound=np.generic)


class Scratch:
    """Arrays by name. Not thread-safe: one per worker."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, dtype: type[Element], size: int) -> NDArray[Element]:
        """An array of at least *size* elements, contents undefined."""
        array = self._arrays.get(name)
        if array is None or array.size < size or array.dtype != np.dtype(dtype):
            array = np.empty(max(size + size // 4, 1024), dtype)
            self._arrays[name] = array
        return array

    def int32s(self, name: str, size: int) -> NDArray[np.int32]:
        """As :meth:`array`, of int32."""
        return self.array(name, np.int32, size)

    def uint64s(self, name: str, size: int) -> NDArray[np.uint64]:
        """As :meth:`array`, of uint64."""
        return self.array(name, np.uint64, size)
