"""A session of the shell: what is set, and one statement after the other.

In: units of text.  Out: rows, plans and answers where :class:`~s3sql.cli.shell.output.Output` writes them; a
:class:`~s3sql.cli.shell.failure.StatementError` for what cannot be done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3sql.cli.outputs import TableLook
from s3sql.cli.progress import Progress
from s3sql.cli.shell.failure import NO_SOURCE, Interrupted, StatementError, told
from s3sql.cli.shell.output import Output
from s3sql.cli.shell.rows import MORE_ROWS, SCREEN_ROWS, payload_format, rows_to_ask, write_rows
from s3sql.cli.shell.source import Source
from s3sql.cli.shell.statement import Unit
from s3sql.cli.terminal import colour, width
from s3sql.display.amounts import count_text, seconds_text
from s3sql.display.error_text import printable
from s3sql.display.footer import footer_text

if TYPE_CHECKING:
    from s3sql.result import Result


class Session:
    """What the commands set and the queries use.

    ``mode``: how rows are written; empty: as S3 Select answers, which is CSV, or JSON for JSON. ``limit``:
    most rows of a query, None for all. ``timer``: whether each query says what it took; ``explain``: whether
    it shows its plan with rows and times. ``last``: rows and time of the last query, in words.
    """

    def __init__(self, output: Output, mode: str) -> None:
        self.output = output
        self.mode = mode or ("table" if output.is_screen else "")
        self.limit: int | None = None
        self.timer = False
        self.explain = False
        self.last = ""
        self.source: Source | None = None
        #: Called when the columns of a source have been found; None: nobody asks for them.
        self.on_columns: Callable[[], object] | None = None
        #: The files that are being read by ``.read``, the innermost last.
        self.reading: list[str] = []

    def open(self, name: str, keywords: dict[str, Any]) -> None:
        """Take *name* for the source of the queries to come; on failure the one before stays.

        Raises:
            StatementError: there is no such file, it cannot be one, or rows are written to it.
        """
        source = Source(name, keywords)
        with told():
            source.check()
            if self.output.path and source.is_file(self.output.path):
                raise StatementError(
                    f"{printable(name)} is where rows are written to; first say: .output stdout"
                )
        self.source = source
        if self.on_columns is not None:
            source.find_columns(self.on_columns)

    def run(self, unit: Unit) -> None:
        """Run one statement.

        Raises:
            StatementError: it failed, and why.
            EOFError: the session is to end.
            Interrupted: Ctrl-C.
        """
        from s3sql.cli.shell.commands import run_command

        if unit.kind == "command":
            with told():
                run_command(self, unit.text)
        else:
            self.answer(unit.text)

    def answer(self, sql: str) -> None:
        """Run a query and write its rows."""
        with told(sql), Progress(None) as progress:
            result = self.prepared(sql, screen=self.output.is_screen)
            try:
                with result, self.output.rows(progress.stop) as sink:
                    progress.watch(self._name, result)
                    write_rows(result, self.mode, sink, self._look())
            except KeyboardInterrupt as interrupt:
                progress.stop()
                raise Interrupted(f"interrupted: {footer_text(result.stats)}") from interrupt
            finally:
                shown = self._shown(result)
                rows = count_text(result.stats.rows, "row") if shown is None else f"the first {shown:,} rows"
                self.last = f"{rows} in {seconds_text(result.stats.seconds)}"
        if self.explain:
            self.output.say(str(result.plan))
        if self.timer:
            self.output.say(footer_text(result.stats, shown=shown, sniffed=_sniffed(result)))

    def show_plan(self, sql: str) -> None:
        """Write the plan of a query that is not run."""
        with told(sql), self.prepared(sql) as result:
            self.output.show(result.explain())

    def prepared(self, sql: str, *, screen: bool = False) -> Result:
        """The result of *sql*, not read yet; for a *screen* no more rows than say that there are more."""
        from s3sql.api import query

        if self.source is None:
            raise StatementError(NO_SOURCE)
        limit = rows_to_ask(self.mode) if screen and self.limit is None else self.limit
        return query(
            sql,
            self.source.name,
            **{
                "guess": True,
                **self.source.keywords,
                "limit": limit,
                "output_format": payload_format(self.mode),
            },
        )

    @property
    def _name(self) -> str:
        return "" if self.source is None else self.source.name

    def _look(self) -> TableLook:
        if not self.output.is_screen:
            return TableLook(encoding=self.output.encoding)
        most = SCREEN_ROWS if self.limit is None else None
        return TableLook(width(), colour(sys.stdout), most, MORE_ROWS, self.output.encoding)

    def _shown(self, result: Result) -> int | None:
        """How many rows were shown of more that were not; None if all were."""
        cut = self.output.is_screen and self.limit is None and rows_to_ask(self.mode) is not None
        return SCREEN_ROWS if cut and result.stats.rows > SCREEN_ROWS else None


def _sniffed(result: Result) -> str:
    return "" if result.sniffed is None else str(result.sniffed)
