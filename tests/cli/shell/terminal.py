"""A terminal for the tests: the installed program in a pty, and the screen that a person would see."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

PROGRAM = Path(sys.executable).parent / "s3sql"

#: Long enough for a machine that is busy with other tests; no test waits for it to pass.
PATIENCE = 60


class Terminal:
    """``s3sql shell`` with *words* in a terminal of *columns* by *rows*."""

    def __init__(
        self, *words: str, folder: Path, rows: int = 30, columns: int = 100, term: str = "xterm-256color"
    ) -> None:
        environment = {**os.environ, "TERM": term, "S3SQL_HISTORY": str(folder / "history"), "NO_COLOR": "1"}
        environment.pop("COLUMNS", None)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._said = b""
        self.process = pexpect.spawn(
            str(PROGRAM),
            ["shell", *words],
            cwd=str(folder),
            env=environment,
            dimensions=(rows, columns),
            timeout=PATIENCE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.close(force=True)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen that are not empty."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def type(self, keys: str) -> None:
        """Press keys."""
        self.process.send(keys)

    def wait(self, seen: str | Callable[[], bool]) -> None:
        """Read until the screen has a line that *seen* matches, or *seen* is true."""
        done = seen if callable(seen) else self._shows(re.compile(seen))
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"never saw {seen!r}:\n" + "\n".join(self.lines)
            try:
                self._take(self.process.read_nonblocking(65536, timeout=1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert done(), f"ended before {seen!r}:\n" + "\n".join(self.lines)

    def resize(self, rows: int, columns: int) -> None:
        """Another size, as when a window is dragged."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        while True:
            try:
                self._take(self.process.read_nonblocking(65536, timeout=PATIENCE))
            except pexpect.EOF:
                break
        self.process.wait()
        assert self.process.exitstatus is not None, self.lines
        return int(self.process.exitstatus)

    def _shows(self, pattern: re.Pattern[str]) -> Callable[[], bool]:
        return lambda: any(pattern.search(line) for line in self.lines)

    def _take(self, written: bytes) -> None:
        self._stream.feed(written)
        # What the program asks, a terminal answers: where the cursor is.
        for _ in range((self._said[-3:] + written).count(b"\x1b[6n")):
            cursor = self.screen.cursor
            self.process.send(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")
        self._said = written
