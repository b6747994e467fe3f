"""Columns of few values: the values once, and for every row the number of its value.

In: what a dictionary of a file holds, as a column, and the numbers that the file has of its rows.  Out: the
same rows, and a place for whatever is made of the values, so that it is made once:

    entries  ["AIR", "MAIL", NULL]        codes  [1, 1, 0, 2, 0]        rows  MAIL MAIL AIR NULL AIR
    fields   [AIR,   "MAIL", ]                                          rows gather theirs by number

Entries may be equal, and some may be no row's: what is made of them must be right for those that are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from s3sql.payloads import Int32s, Rows

if TYPE_CHECKING:
    from s3sql.types import Column, Kind

T = TypeVar("T")


class Entries:
    """The values of a dictionary, ``column``, whose last row is NULL: that of rows without a value.

    Shared by all morsels that have the dictionary, and by the threads that work on them.
    """

    __slots__ = ("_made", "column", "kind")

    def __init__(self, column: Column, kind: Kind | None) -> None:
        """``kind``: that of all entries but the last one, None if they are of several."""
        self.column = column
        self.kind = kind
        self._made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What *make* gives, kept under *key*; threads that ask at once may each make it, all alike."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def has(self, key: object) -> bool:
        """Whether something was made under *key*."""
        return key in self._made

    def __len__(self) -> int:
        return self.column.length


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Rows as numbers of entries: row i has the value of row ``codes[i]`` of ``entries.column``.

    ``nulls``: whether a row may have the last entry, NULL.
    """

    entries: Entries
    codes: Int32s
    nulls: bool

    def take(self, rows: Rows) -> Coded:
        """Those of the given rows, in that order."""
        return Coded(self.entries, self.codes[rows], self.nulls)

    def __len__(self) -> int:
        return len(self.codes)
