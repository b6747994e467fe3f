"""A time-out that also ends what comes before the first row, such as the search for a header.

In: seconds, and a stored object.  Out: the same object, which is not read any more when they have passed.
"""

from __future__ import annotations

import time

from s3sql.stores.base import StoredObject
from s3sql.stores.wrapped import WrappedObject


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


class TimedObject(WrappedObject):
    """*source* until *deadline*: reads begun behind it raise ``TimeoutError``."""

    def __init__(self, source: StoredObject, deadline: Deadline) -> None:
        super().__init__(source)
        self._deadline = deadline

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own; raises ``TimeoutError`` too."""
        self._deadline.check()
        return super().read_into(buffer, offset)

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As the object's own; raises ``TimeoutError`` too."""
        self._deadline.check()
        return super().read_range_into(buffer, offset)
