"""How far a query has come, on standard error while it runs.

In: a result that is being read.  Out: a line that renews itself and is gone at the end; where standard error
is no terminal, a line from time to time.

The line is written by a thread of its own, which only looks at :class:`~s3sql.stats.Stats`: the one that
reads and writes rows is not held up.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from s3sql.cli.messages import say
from s3sql.cli.terminal import colour, width
from s3sql.display.amounts import bytes_text, count_text, rate_text
from s3sql.kernels.compile import compiling

if TYPE_CHECKING:
    from s3sql.result import Result

#: Seconds that a query may take without anything being shown, and seconds until it is open.
DELAY = 0.5
_OPENING_DELAY = 2.0

#: Seconds between two looks: at a terminal, and where lines stay.
_AT_TERMINAL, _IN_LINES = 0.1, 1.0

_BAR = 24
_CLEAR_LINE = "\r\x1b[2K"


class Progress:
    """Shows the result of :meth:`watch` from :data:`DELAY` on until it is left; a context manager.

    ``wanted``: None for only where a terminal shows it.
    """

    def __init__(self, wanted: bool | None) -> None:
        self._terminal = _is_terminal()
        self._wanted = self._terminal if wanted is None else wanted
        self._ended = threading.Event()
        #: Set when a result is there, and at the end.
        self._opened = threading.Event()
        self._thread: threading.Thread | None = None
        self._name = ""
        self._result: Result | None = None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        if self._wanted and sys.stderr is not None:
            self._thread = threading.Thread(target=self._run, name="s3sql-progress", daemon=True)
            self._thread.start()
        return self

    def watch(self, name: str, result: Result) -> None:
        """Show *result*, of the source *name*, from now on."""
        self._started = time.monotonic()
        self._name, self._result = name, result
        self._opened.set()

    def stop(self) -> None:
        """Show nothing any more; what was shown is wiped out."""
        self._ended.set()
        self._opened.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        if not self._is_time():
            return
        if not self._terminal:
            self._say_lines()
            return
        with contextlib.suppress(OSError, ValueError):
            try:
                while True:
                    sys.stderr.write(_CLEAR_LINE + self._drawn())
                    sys.stderr.flush()
                    if self._ended.wait(_AT_TERMINAL):
                        break
            finally:
                sys.stderr.write(_CLEAR_LINE)
                sys.stderr.flush()

    def _is_time(self) -> bool:
        """Wait until there is something to show; False if the end comes first."""
        self._opened.wait(_OPENING_DELAY)
        return not self._ended.wait(DELAY)

    def _say_lines(self) -> None:
        while True:
            say(self._line())
            if self._ended.wait(_IN_LINES):
                return

    def _line(self) -> str:
        """``flights.csv: 12 MB of 100 MB (12 %), 1,234 rows, 80 MB/s``."""
        name, result = self._name, self._result
        if self._terminal and compiling():
            return "compiling kernels, once per machine"
        if result is None:
            return "opening"
        stats = result.stats
        read = bytes_text(stats.bytes_scanned)
        if stats.bytes_total:
            share = min(stats.bytes_scanned / stats.bytes_total, 1.0)
            read = f"{read} of {bytes_text(stats.bytes_total)} ({share:.0%})"
        rate = rate_text(stats.bytes_scanned, time.monotonic() - self._started)
        return f"{name}: {', '.join(filter(None, (read, count_text(stats.rows, 'row'), rate)))}"

    def _drawn(self) -> str:
        """The line, behind a bar where the size is known, no wider than the terminal."""
        from rich.console import Console
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        stats = None if self._result is None else self._result.stats
        grid = Table.grid(padding=(0, 1))
        line = Text("".join(one if one.isprintable() else "?" for one in self._line()))
        if stats is not None and stats.bytes_total:
            done = min(stats.bytes_scanned, stats.bytes_total)
            grid.add_column(width=_BAR)
            grid.add_column(no_wrap=True, overflow="ellipsis")
            # rich's own red looks like a failure.
            bar = ProgressBar(
                stats.bytes_total, done, width=_BAR, complete_style="cyan", finished_style="cyan"
            )
            grid.add_row(bar, line)
        else:
            grid.add_column(no_wrap=True, overflow="ellipsis")
            grid.add_row(line)
        encoding = sys.stderr.encoding or "utf-8"
        drawing = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
        colourful = colour(sys.stderr)
        console = Console(
            file=drawing,
            width=max(width(sys.stderr) - 1, _BAR + 2),
            force_terminal=True,
            color_system="standard" if colourful else None,
            no_color=not colourful,
            legacy_windows=False,
        )
        console.print(grid, end="")
        drawing.seek(0)
        return drawing.read().rstrip("\n")


class ProgressLine:
    """One line on standard error that is written over, where that is a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._terminal = _is_terminal()

    def show(self, text: str) -> None:
        """Show *text* instead of what is there."""
        if self._terminal:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(_CLEAR_LINE + text[: max(width(sys.stderr) - 1, 1)])
                sys.stderr.flush()

    def clear(self) -> None:
        """Show nothing any more."""
        self.show("")


def _is_terminal() -> bool:
    """Whether standard error is a terminal that can wipe out a line."""
    if sys.stderr is None or os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return False
    try:
        return sys.stderr.isatty()
    except ValueError:
        return False
