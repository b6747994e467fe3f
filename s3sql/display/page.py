"""One look at a result: its first rows, what ended them, and what it took.

In: what a result can tell at this moment.  Out: HTML for a notebook, or text for a terminal. Nothing here
raises: what went wrong is part of the page.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pyarrow as pa

from s3sql.display.error_html import error_html, plain_error_html
from s3sql.display.error_text import error_text, printable
from s3sql.display.footer import footer_text
from s3sql.display.table_html import note_html, table_html
from s3sql.errors import S3SelectError
from s3sql.stats import Stats

#: Columns of a page of text where no terminal says how many it has.
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Page:
    """``table``: the first rows, None where there are none to show. ``total_rows``: None while unknown.

    ``state``: of the result, in words. ``error``: what ended the rows. ``sniffed``: what was guessed, in
    words.
    """

    sql: str
    state: str
    table: pa.Table | None
    total_rows: int | None
    error: Exception | None
    stats: Stats
    sniffed: str = ""

    def html(self) -> str:
        """The page for a notebook."""
        parts = []
        if self.table is not None and (self.error is None or self.table.num_rows):
            total = self.total_rows
            limit = max(self.table.num_rows, 1)
            parts.append(
                table_html(self.table, total_rows=total, stats=self.stats, limit=limit, sniffed=self.sniffed)
            )
        if isinstance(self.error, S3SelectError):
            parts.append(error_html(self.sql, self.error))
        elif self.error is not None:
            parts.append(plain_error_html(type(self.error).__name__, str(self.error)))
        if not parts:
            parts.append(note_html(self._note(), footer_text(self.stats, sniffed=self.sniffed)))
        return "\n".join(parts)

    def text(self) -> str:
        """The page for a terminal."""
        parts = []
        if self.table is not None and (self.error is None or self.table.num_rows):
            parts.append(self._drawn(self.table))
        if isinstance(self.error, S3SelectError):
            parts.append(error_text(self.sql, self.error))
        elif self.error is not None:
            parts.append(printable(f"{type(self.error).__name__}: {self.error}"))
        if not parts:
            parts.append(self._note())
        shown = None if self.table is None else self.table.num_rows
        parts.append(footer_text(self.stats, shown=shown, total=self.total_rows, sniffed=self.sniffed))
        return "\n".join(part for part in parts if part)

    def _drawn(self, table: pa.Table) -> str:
        """*table* as text."""
        # Late: rich comes with the command line and with Jupyter, and is not needed for HTML.
        try:
            from s3sql.display.table_text import table_text
        except ModuleNotFoundError as missing:
            if missing.name is None or missing.name.partition(".")[0] != "rich":
                raise
            return "The rows are drawn by rich, which is not installed: pip install 's3sql[jupyter]'"
        width = shutil.get_terminal_size((_WIDTH, 24)).columns
        return table_text(table, width=width, total_rows=self.total_rows)

    def _note(self) -> str:
        """Why there are no rows to show."""
        if self.state == "being read":
            return "The rows of this result are being read."
        return "This result has been read or closed. Run the query again; load() keeps the rows."
