"""What every output is: a writer of results into a sink.

In: results.  Out: bytes, written while the result is read, so that memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from s3sql.result import Result


class Sink(Protocol):
    """What takes bytes: standard output, a file."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Take all of *data*."""

    def flush(self) -> None:
        """Pass on what is buffered."""


class ScreenSink:
    """A terminal that shows something else, which *before* ends, until the first rows come."""

    def __init__(self, sink: Sink, before: Callable[[], None]) -> None:
        self._sink = sink
        self._before = before

    def write(self, data: bytes | memoryview, /) -> int:
        """As the terminal's own."""
        self._before()
        return self._sink.write(data)

    def flush(self) -> None:
        """As the terminal's own."""
        self._sink.flush()


class Writer(Protocol):
    """One output being written.

    A writer that is dropped before :meth:`finish` leaves the document unfinished: it writes no closing
    bracket and no footer, so that a part of a document that has an end is never taken for the whole.
    """

    def write(self, result: Result, title: str = "") -> None:
        """Write the rows of *result* behind those of the results before it; only tables show *title*."""

    def finish(self) -> None:
        """Write what belongs behind all rows, and flush."""


@dataclass(frozen=True, slots=True)
class TableLook:
    """How a table is shown.

    ``width``: columns of the terminal, None for as many as the table takes. ``colour``: whether escape
    sequences may be used. ``most_rows``: more are not read, None for all. ``advice``: said below where rows
    were left out. ``encoding``: of the terminal.
    """

    width: int | None = None
    colour: bool = False
    most_rows: int | None = None
    advice: str = ""
    encoding: str = "utf-8"
