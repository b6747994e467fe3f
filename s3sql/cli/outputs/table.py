"""Tables for people.

In: JSON records of results.  Out: text with frames.

The widths of columns are those of a page of rows; longer results are several tables one below the other, so
that no more than a page is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from s3sql.cli.outputs.records import payloads
from s3sql.cli.outputs.rows import page_of
from s3sql.cli.outputs.writer import Sink, TableLook
from s3sql.cli.terminal import shown
from s3sql.display.table_text import table_text

if TYPE_CHECKING:
    from s3sql.result import Result

#: What a page holds at most.
PAGE_ROWS = 1000
PAGE_BYTES = 4 << 20


class TableWriter:
    """Writes a table for every result, or several if it is long."""

    def __init__(self, sink: Sink, look: TableLook) -> None:
        self._sink = sink
        self._look = look

    def write(self, result: Result, title: str = "") -> None:
        """Write the rows of *result* below *title*, no more than the look allows; the rest is not read."""
        if title:
            self._say(f"{title}:")
        written = 0
        for lines in _pages(result, self._look.most_rows):
            most = self._look.most_rows
            remaining = len(lines) if most is None else most - written
            rows = lines[:remaining]
            if rows:
                self._say(table_text(page_of(rows), width=self._look.width, colour=self._look.colour))
            written += len(rows)
            if len(lines) > remaining:
                result.close()
                self._say(f"The first {written:,} rows; there are more. {self._look.advice}".rstrip())
                return
        if not written:
            self._say("No rows.")

    def finish(self) -> None:
        """Flush."""
        self._sink.flush()

    def _say(self, text: str) -> None:
        encoding = self._look.encoding
        self._sink.write(f"{shown(text, encoding)}\n".encode(encoding))
        self._sink.flush()


def _pages(result: Result, most: int | None) -> Iterator[list[bytes]]:
    """The records of *result* in pages; the first shorter pages if no more than *most* rows are wanted."""
    size = PAGE_ROWS if most is None else min(PAGE_ROWS, most + 1)
    lines: list[bytes] = []
    rest, held = b"", 0
    for payload in payloads(result):
        *whole, rest = (rest + payload).split(b"\n")
        for line in whole:
            lines.append(line)
            held += len(line)
            if len(lines) >= size or held >= PAGE_BYTES:
                yield lines
                lines, held = [], 0
    if lines:
        yield lines
