"""Choices made by bytes, so that a fuzzer that changes bytes changes choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Draws:
    """Bytes taken from the front; behind the last one come zeros: the first choice should be the simplest."""

    def __init__(self, chosen: bytes) -> None:
        self._chosen = chosen
        self._next = 0

    def byte(self) -> int:
        """The next byte."""
        at = self._next
        self._next += 1
        return self._chosen[at] if at < len(self._chosen) else 0

    def below(self, count: int) -> int:
        """A number from 0 to *count* - 1, which is 255 at most."""
        return self.byte() % count

    def flag(self) -> bool:
        """A choice of two."""
        return bool(self.byte() & 1)

    def pick(self, choices: Sequence[_T]) -> _T:
        """One of at most 256."""
        return choices[self.below(len(choices))]

    def take(self, count: int) -> bytes:
        """The next *count* bytes, fewer at the end."""
        taken = self._chosen[self._next : self._next + count]
        self._next += count
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(max(0, len(self._chosen) - self._next))

    @property
    def over(self) -> bool:
        """Whether all bytes have been taken."""
        return self._next >= len(self._chosen)
