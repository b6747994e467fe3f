"""What the queries of a session read, and what is known of it.

In: a path or URL and the keywords that go with it.  Out: a :class:`Source`, whose columns are found in a
thread of their own: nobody waits for a store to see a prompt. What goes wrong there is kept for whoever asks;
the next query will say it anyway.
"""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3sql.errors import S3SelectError

if TYPE_CHECKING:
    from s3sql.describe import ColumnDescription, Description

#: Why ``-`` is no source of a shell.
STANDARD_INPUT = (
    "the shell reads its statements from standard input, and opens its source for every query, so - cannot "
    "be the source; save it to a file, or use: s3sql query SQL -"
)

#: The keywords that only objects of a store can have.
_OF_STORES = ("endpoint_url", "region_name", "profile_name")


@dataclass(slots=True)
class Source:
    """A path or URL with the keywords of its queries; opened by each of them anew."""

    name: str
    keywords: dict[str, Any]
    _description: Description | None = None

    def check(self) -> None:
        """See that a file is there and can be read; whether an object is, its store is not asked.

        Raises:
            S3SelectError: ``NoSuchKey`` or ``AccessDenied``.
            ValueError: the name is none of a source, or one that cannot be opened twice.
        """
        from s3sql.stores.sources import STORES, open_source

        if self.name == "-":
            raise ValueError(STANDARD_INPUT)
        scheme, is_url, place = self.name.lower().partition("://")
        is_stored = bool(is_url) and (scheme in ("s3", "s3a") or STORES.get(scheme) is not None)
        # A name without a key is refused by opening it, which asks nobody.
        if is_stored and all(place.partition("/")):
            return
        open_source(self.name, **{name: self.keywords.get(name) for name in _OF_STORES}).close()

    def is_file(self, path: str) -> bool:
        """Whether *path* leads to the file of this source, by whatever name."""
        from s3sql.stores.sources import local_path

        own = local_path(self.name)
        if own is None or not os.path.exists(own):
            return False
        return os.path.exists(path) and os.path.samefile(own, path)

    def find_columns(self, found: Callable[[], object]) -> None:
        """Look for the columns in a thread that nobody waits for; *found* is called there then."""
        threading.Thread(target=self._look, args=(found,), name="s3sql-columns", daemon=True).start()

    def describe(self) -> Description:
        """Look at the source now.

        Raises:
            S3SelectError: it cannot be read, or not as what it was taken for.
            ValueError: keywords contradict each other.
        """
        from s3sql.describe import describe

        known = inspect.signature(describe).parameters
        found = describe(self.name, **{name: value for name, value in self.keywords.items() if name in known})
        self._description = found
        return found

    @property
    def columns(self) -> tuple[ColumnDescription, ...]:
        """The columns, none while they are not known."""
        return () if self._description is None else self._description.columns

    @property
    def table(self) -> str:
        """What FROM names for the columns to be those of its rows."""
        return "S3Object" if self._description is None else self._description.from_path

    @property
    def format(self) -> str:
        """What it is, in few words; empty while that is not known."""
        if self._description is None:
            return ""
        sniffed = self._description.sniffed
        words = [sniffed.input_format.value]
        if sniffed.compression_type.value != "NONE":
            words.append(sniffed.compression_type.value.lower())
        if sniffed.file_header_info is not None:
            words.append(f"header {sniffed.file_header_info.value.lower()}")
        return " ".join(words)

    def _look(self, found: Callable[[], object]) -> None:
        try:
            self.describe()
        except (S3SelectError, ValueError, TypeError, OSError, ImportError):
            return
        found()
