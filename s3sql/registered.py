"""What a program has added to the package, by name.

In: names and what they stand for.  Out: a table that any thread may read while another adds to it.

Nothing is in it until a program asks for it (:mod:`s3sql.extend`), so what S3 Select does not have cannot get
into an answer by accident.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Generic, TypeVar

_Value = TypeVar("_Value")

#: How a name is spelled that may also be the scheme of a URL (RFC 3986), where one letter is a drive.
_NAME = re.compile(r"[a-z][a-z0-9+.-]+")


class Registered(Generic[_Value]):
    """The values that were added, each under a name of its own. Thread-safe.

    ``what`` is such a value in a message, with its article; ``built_in`` are the names of the package itself.
    """

    def __init__(self, what: str, built_in: Iterable[str]) -> None:
        self._what = what
        self.built_in = tuple(built_in)
        self._lock = threading.Lock()
        # Never changed, only replaced: who reads needs no lock.
        self._values: dict[str, _Value] = {}

    def add(self, name: str, value: _Value) -> None:
        """Add *value* under *name*.

        Raises:
            ValueError: the name is not spelled like one, or is taken.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be the name of {self._what}: that is a small letter and, behind it, at "
                "least one small letter, digit, '+', '.' or '-'"
            )
        with self._lock:
            if name in self.built_in or name in self._values:
                raise ValueError(f"there is {self._what} {name!r} already")
            self._values = {**self._values, name: value}

    def remove(self, name: str) -> None:
        """Forget *name*, whether it is there or not."""
        with self._lock:
            self._values = {known: value for known, value in self._values.items() if known != name}

    def get(self, name: str) -> _Value | None:
        """What was added under *name*, None if nothing was."""
        return self._values.get(name)

    def values(self) -> tuple[_Value, ...]:
        """Everything that was added, in that order."""
        return tuple(self._values.values())

    def names(self) -> tuple[str, ...]:
        """All names, those of the package first."""
        return (*self.built_in, *self._values)


def close_to(name: str, names: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for a message, or nothing where none of *names* is like *name*."""
    close = get_close_matches(name.lower(), list(names), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
