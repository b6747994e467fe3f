"""An object that stands in front of another.

In: a stored object.  Out: one that is read as that one is; what is different, a subclass says.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from s3sql.stores.base import (
    ConcurrentObject,
    InterruptibleObject,
    PrefetchingObject,
    RangedObject,
    StoredObject,
)


class WrappedObject:
    """*source*, to be read through this."""

    def __init__(self, source: StoredObject) -> None:
        self._source = source

    @property
    def size(self) -> int | None:
        """As the object's own."""
        return self._source.size

    @property
    def etag(self) -> str:
        """As the object's own."""
        return self._source.etag

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own."""
        return self._source.read_into(buffer, offset)

    @property
    def concurrent(self) -> bool:
        """As the object's own, False if it does not say."""
        return isinstance(self._source, ConcurrentObject) and self._source.concurrent

    @property
    def file(self) -> int | None:
        """As the object's own, None if it does not say."""
        return self._source.file if isinstance(self._source, ConcurrentObject) else None

    @property
    def request_bytes(self) -> int:
        """As the object's own, 0 if it has none."""
        return self._source.request_bytes if isinstance(self._source, RangedObject) else 0

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own, if it has one."""
        if not isinstance(self._source, RangedObject):
            return self.read_into(buffer, offset)
        return self._source.read_range_into(buffer, offset)

    def prefetch(self, ranges: Sequence[tuple[int, int]]) -> None:
        """As the object's own, if it has one."""
        if isinstance(self._source, PrefetchingObject):
            self._source.prefetch(ranges)

    def read(self, offset: int, length: int) -> bytes:
        """As the object's own."""
        if self.size is not None:
            length = max(0, min(length, self.size - offset))
        buffer = bytearray(length)
        return bytes(memoryview(buffer)[: self.read_into(memoryview(buffer), offset)])

    def interrupt(self) -> None:
        """As the object's own, if it has one."""
        if isinstance(self._source, InterruptibleObject):
            self._source.interrupt()

    def close(self) -> None:
        """Close the object."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
