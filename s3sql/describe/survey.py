"""What is in JSON values: which paths there are, of which kinds, and how often.

In: values as JSON text, compact and valid, since a query wrote it.  Out: :class:`Seen` for each path.

For the thousand records of a description, not for objects: values are made in Python here. Numbers keep their
spelling; a member that one object has twice counts twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from s3sql.describe.examples import MOST_EXAMPLES, cut
from s3sql.describe.naming import Path

#: Most steps of a path, and most elements of one list that are looked at.
_DEEPEST, _MOST_ELEMENTS = 32, 100

_LEAST_INT, _GREATEST_INT = -(2**63), 2**63 - 1


@dataclass(slots=True)
class Seen:
    """What was seen at one path; ``kinds`` in the order of their coming, ``records``: how many have it."""

    kinds: dict[str, None] = field(default_factory=dict)
    examples: dict[str, None] = field(default_factory=dict)
    records: int = 0
    last: int = -1


class _Number(str):
    """A number as it is spelled."""

    __slots__ = ()


class _Members(tuple[tuple[str, Any], ...]):
    """An object."""

    __slots__ = ()


class Survey:
    """The paths of some records, at most *most* of them. ``notes``: what was left out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[Path, Seen] = {}
        self._children: dict[Path, list[Path]] = {}
        self.notes: dict[str, None] = {}

    def add(self, record: int, value: bytes | str, path: Path = ()) -> None:
        """Look at *value*, JSON text, which record number *record* has at *path*."""
        try:
            made = json.loads(value, object_pairs_hook=_Members, parse_int=_Number, parse_float=_Number)
        except RecursionError:
            self.notes["a record is nested too deeply to be described"] = None
            return
        pending: list[tuple[Path, Any]] = [(path, made)]
        while pending:
            place, found = pending.pop()
            if self._note(record, place, found):
                pending.extend(reversed(self._within(place, found)))

    def paths(self) -> Iterator[tuple[Path, Seen]]:
        """All paths, those below each other together, in the order of their coming."""
        pending: list[Path] = [()] if () in self._seen else list(reversed(self._children.get((), [])))
        while pending:
            path = pending.pop()
            if path in self._seen:
                yield path, self._seen[path]
            pending.extend(reversed(self._children.get(path, [])))

    def at(self, path: Path) -> Seen:
        """What was seen at *path*."""
        return self._seen.get(path) or Seen()

    def _note(self, record: int, path: Path, value: Any) -> bool:
        """Take down *value*; False if its path is one too many."""
        seen = self._seen.get(path)
        if seen is None:
            if len(self._seen) - (() in self._seen) >= self._most:
                self.notes[f"the first {self._most:,} paths are described; there are more"] = None
                return False
            seen = self._seen[path] = Seen()
            if path:
                self._children.setdefault(path[:-1], []).append(path)
        kind, text = _kind_and_text(value)
        seen.kinds.setdefault(kind)
        if seen.last != record:
            seen.last = record
            seen.records += 1
        if text is not None and len(seen.examples) < MOST_EXAMPLES:
            seen.examples.setdefault(cut(text))
        return True

    def _within(self, path: Path, value: Any) -> list[tuple[Path, Any]]:
        """The values within *value*, with their paths."""
        if not isinstance(value, list | _Members) or not value:
            return []
        if len(path) >= _DEEPEST:
            self.notes[f"what is nested more than {_DEEPEST} levels deep is not described"] = None
            return []
        if isinstance(value, list):
            return [((*path, None), element) for element in value[:_MOST_ELEMENTS]]
        return [((*path, name), member) for name, member in value]


def _kind_and_text(value: Any) -> tuple[str, str | None]:
    """The kind of a value, and its text if it is a scalar."""
    if value is None:
        return "null", None
    if isinstance(value, bool):
        return "bool", "true" if value else "false"
    if isinstance(value, _Number):
        return ("int" if _is_int(value) else "decimal"), str(value)
    if isinstance(value, str):
        return "string", value
    return ("list", None) if isinstance(value, list) else ("struct", None)


def _is_int(number: str) -> bool:
    whole = number.lstrip("-").isdecimal()
    return whole and len(number) <= 20 and _LEAST_INT <= int(number) <= _GREATEST_INT
