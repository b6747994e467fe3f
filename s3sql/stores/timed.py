"""A time-out that also ends what comes before the first row, such as the search for a header.

In: seconds, and a stored object.  Out: the same object, which is not read any more when they have passed.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from s3sql.stores.base import RangedObject, StoredObject


class Deadline:
    """The moment *seconds* from now.

    Raises:
        ValueError: *seconds* is not positive.
    """

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"timeout is {seconds}; it is a positive number of seconds")
        self._seconds = seconds
        self._at = time.monotonic() + seconds

    def check(self) -> None:
        """Raise ``TimeoutError`` if it has passed."""
        if time.monotonic() > self._at:
            raise TimeoutError(f"the query did not end within {self._seconds} seconds")


class TimedObject:
    """*source* until *deadline*: reads begun behind it raise ``TimeoutError``."""

    def __init__(self, source: StoredObject, deadline: Deadline) -> None:
        self._source = source
        self._deadline = deadline

    @property
    def size(self) -> int | None:
        """As the object's own."""
        return self._source.size

    @property
    def etag(self) -> str:
        """As the object's own."""
        return self._source.etag

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own; raises ``TimeoutError`` too."""
        self._deadline.check()
        return self._source.read_into(buffer, offset)

    @property
    def request_bytes(self) -> int:
        """As the object's own, 0 if it has none."""
        return self._source.request_bytes if isinstance(self._source, RangedObject) else 0

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own; raises ``TimeoutError`` too."""
        if not isinstance(self._source, RangedObject):
            return self.read_into(buffer, offset)
        self._deadline.check()
        return self._source.read_range_into(buffer, offset)

    def read(self, offset: int, length: int) -> bytes:
        """As the object's own; raises ``TimeoutError`` too."""
        self._deadline.check()
        return self._source.read(offset, length)

    def close(self) -> None:
        """Close the object."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
