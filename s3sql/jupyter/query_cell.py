"""One query of a cell: from the text that was typed to the value of the cell.

In: the arguments of a line, and the SELECT.  Out: a result, a table of another library, or a plan.
"""

from __future__ import annotations

import importlib.util
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from s3sql.api import query
from s3sql.display.amounts import bytes_text, count_text, seconds_text
from s3sql.errors import S3SelectError
from s3sql.jupyter.arguments import Arguments
from s3sql.jupyter.failure import UsageError
from s3sql.jupyter.options import OPTIONS
from s3sql.jupyter.parameters import Filled, fill
from s3sql.jupyter.progress import ProgressBar
from s3sql.result import Result
from s3sql.stats import Stats

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class QueryCell:
    """The query of one call of the magic.

    ``cell``: the SELECT, None where the line has it. ``typed``: the SELECT as it was typed, wherever it was.
    """

    def __init__(self, shell: InteractiveShell, arguments: Arguments, cell: str | None) -> None:
        self.typed = (arguments.asked.sql if cell is None else cell) or ""
        self._shell = shell
        self._arguments = arguments
        self._in_cell = cell is not None
        self._stats: Stats | None = None

    def answer(self) -> tuple[object, str]:
        """The value of the cell, and one line about it.

        Raises:
            UsageError: the line is wrong.
            ParameterError: a parameter is.
            S3SelectError: the query, the source or a row is; its place is one of the text that was typed.
            ImportError: the library of ``--as`` is not installed.
        """
        asked = self._arguments.asked
        source, options = self._arguments.source_and_options()
        kind, shown, quiet = (options.pop(name, None) for name in ("as", "show", "no-progress"))
        if kind in ("pandas", "polars") and importlib.util.find_spec(str(kind)) is None:
            raise ImportError(f"--as {kind} needs {kind}, which is not installed: pip install {kind}")
        filled = self._filled()
        keywords: dict[str, Any] = {str(OPTIONS[name].keyword): value for name, value in options.items()}
        try:
            result = query(filled.sql, source, guess=True, **keywords)
            if asked.action == "explain":
                with result:
                    return result.plan, "the plan"
            if isinstance(shown, int):
                result.shown_rows = shown
            self._load(result, ProgressBar(self._shell, cell=self._in_cell) if not quiet else None)
        except S3SelectError as error:
            raise filled.typed_error(error) from error
        if asked.action == "analyze":
            return result.plan, "the plan"
        return _as(result, kind), _outcome(result)

    def progress(self) -> str:
        """How far the query had come when it was stopped."""
        if self._stats is None:
            return "before the first row; nothing is kept"
        rows = count_text(self._stats.rows, "row")
        scanned = bytes_text(self._stats.bytes_scanned)
        total = self._stats.bytes_total
        of = "" if total is None else f" of {bytes_text(total)}"
        after = seconds_text(self._stats.seconds)
        return f"{rows} from {scanned}{of} after {after}; nothing is kept"

    def _filled(self) -> Filled:
        """The query with its parameters."""
        if not self.typed.strip():
            line = self._arguments.asked.line
            raise UsageError(
                "there is no SELECT",
                line,
                len(line.rstrip()),
                hint="%%s3sql SOURCE takes it from the cell, %s3sql SOURCE SELECT … from the line",
            )
        names = self._arguments.names
        return fill(self.typed, names.value_of, names.names)

    def _load(self, result: Result, bar: ProgressBar | None) -> None:
        self._stats = result.stats
        with nullcontext() if bar is None else bar:
            # A load that is watched can be interrupted whatever it waits for.
            result.load(watch=_unwatched if bar is None else bar)


def _unwatched(stats: Stats) -> None:
    """Show nothing."""


def _as(result: Result, kind: object) -> object:
    """The result in the form that was asked for."""
    if kind == "arrow":
        return result.to_arrow()
    if kind == "pandas":
        return result.to_pandas()
    return result.to_polars() if kind == "polars" else result


def _outcome(result: Result) -> str:
    """What a result that is kept and not shown holds."""
    stats = result.stats
    rows = count_text(stats.rows, "row")
    columns = count_text(len(result.schema), "column")
    return f"{rows} × {columns}, {bytes_text(stats.bytes_scanned)} scanned in {seconds_text(stats.seconds)}"
