"""The progress bar of a running query.

In: the :class:`~s3sql.stats.Stats` of its result, again and again.  Out: in a notebook a bar with a Stop
button, in a terminal one line; nothing for a query that is done at once, and nothing is left at the end.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from s3sql.display.amounts import bytes_text, count_text, rate_text, seconds_text
from s3sql.jupyter.stop_button import stop_button
from s3sql.stats import Stats

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: Seconds after which a query is long enough for a bar.
FIRST_SECONDS = 0.4

#: Seconds between two pictures of it.
_EVERY_SECONDS = 0.2

#: Bytes scanned from which on the time that is left is told.
_TELLING_BYTES = 1 << 20

_STYLE = """
.s3sql-progress {
  align-items: center; display: flex; flex-wrap: wrap; gap: 0.3em 0.8em;
  color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, system-ui, sans-serif);
  font-size: var(--jp-content-font-size1, 14px); font-variant-numeric: tabular-nums;
}
.s3sql-progress progress { accent-color: var(--jp-brand-color1, #1976d2); height: 1em; width: 16em; }
.s3sql-progress .s3sql-stop {
  background: transparent; border: 1px solid var(--jp-border-color1, #888); border-radius: 3px;
  color: inherit; cursor: pointer; font: inherit; padding: 0 0.8em;
}
"""


class ProgressBar:
    """One bar; call it with the stats, and leave it to clear it.

    ``cell``: whether the output is that of a cell magic, which holds nothing but the bar.
    """

    def __init__(self, shell: InteractiveShell, *, cell: bool) -> None:
        self._shell = shell
        self._cell = cell
        self._id = uuid4().hex
        self._started = time.monotonic()
        self._drawn: float | None = None
        self._in_page = hasattr(shell, "kernel")
        self._button = stop_button(_connection_file(shell)) if self._in_page else ""

    def __call__(self, stats: Stats) -> None:
        """Draw it, if it is time."""
        now = time.monotonic()
        if now - self._started < FIRST_SECONDS:
            return
        if self._drawn is not None and now - self._drawn < _EVERY_SECONDS:
            return
        # Noted before it is done: Ctrl-C may come in the middle, and what is half drawn is cleared too.
        is_first, self._drawn = self._drawn is None, now
        self._draw(stats, now - self._started, is_first=is_first)

    def _draw(self, stats: Stats, seconds: float, *, is_first: bool) -> None:
        line = progress_text(stats, seconds)
        if self._in_page:
            self._publish(self._html(stats, line), line, is_first=is_first)
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{line}")
            sys.stderr.flush()

    def _html(self, stats: Stats, line: str) -> str:
        done = (
            "" if stats.bytes_total is None else f' max="{stats.bytes_total}" value="{stats.bytes_scanned}"'
        )
        return (
            f'<div class="s3sql-progress"><style>{_STYLE}</style>'
            f"<progress{done}></progress><span>{line}</span>{self._button}</div>"
        )

    def _publish(self, html: str, text: str, *, is_first: bool) -> None:
        self._shell.display_pub.publish(
            data={"text/html": html, "text/plain": text},
            metadata={},
            transient={"display_id": self._id},
            update=not is_first,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn is None:
            return
        if not self._in_page:
            if sys.stderr.isatty():
                sys.stderr.write("\r\x1b[2K")
                sys.stderr.flush()
        elif self._cell:
            self._shell.display_pub.clear_output()  # type: ignore[no-untyped-call]
        else:
            # The cell of a line magic may have printed something, which stays.
            self._publish("", "", is_first=False)


def progress_text(stats: Stats, seconds: float) -> str:
    """How far a query is that began *seconds* ago, in one line."""
    total = stats.bytes_total
    parts = [bytes_text(stats.bytes_scanned)]
    if total:
        share = min(stats.bytes_scanned / total, 1)
        parts = [f"{parts[0]} of {bytes_text(total)} ({share:.0%})"]
    parts += [count_text(stats.rows, "row"), rate_text(stats.bytes_scanned, seconds)]
    # Before that, kernels may still be compiled, which says nothing of what is to come.
    if total and stats.bytes_scanned >= _TELLING_BYTES:
        left = max(total - stats.bytes_scanned, 0) * seconds / stats.bytes_scanned
        parts.append(f"{seconds_text(left)} left")
    return " · ".join(parts)


def _connection_file(shell: Any) -> str:
    """The path of the kernel's connection file, empty where it has none."""
    found = shell.config.get("IPKernelApp", {}).get("connection_file", "")
    return found if isinstance(found, str) else ""
