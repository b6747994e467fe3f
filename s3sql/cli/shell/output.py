"""Where the shell writes.

In: rows as bytes, text.  Out: rows, plans and schemas on standard output or in the file of ``.output``;
answers of commands on standard output, messages on standard error. The rows of a query that fails are taken
out of the file again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from s3sql.cli.messages import say
from s3sql.cli.outputs import ScreenSink, Sink
from s3sql.cli.shell.failure import StatementError
from s3sql.cli.terminal import output_encoding, output_is_terminal, shown
from s3sql.display.error_text import printable


class Output:
    """The places that a session writes to."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        #: The file of ``.output``, empty for standard output.
        self.path = ""

    @property
    def is_screen(self) -> bool:
        """Whether a person reads the rows on a screen."""
        return self._file is None and output_is_terminal()

    @property
    def encoding(self) -> str:
        """Of text among the rows."""
        return "utf-8" if self._file is not None else output_encoding()

    def open(self, path: str) -> None:
        """Write rows to *path* from now on, in place of what it holds.

        Raises:
            OSError: it cannot be written.
        """
        file = open(path, "wb")  # noqa: SIM115 - it stays open for the queries to come
        self.close()
        self._file, self.path = file, path

    def close(self) -> None:
        """Write rows to standard output from now on.

        Raises:
            OSError: the file could not be finished.
        """
        file, self._file, self.path = self._file, None, ""
        if file is not None:
            file.close()

    @contextmanager
    def rows(self, before: Callable[[], None] = lambda: None) -> Iterator[Sink]:
        """Where one query's rows go; a file gets all of them or none, a screen after *before* was called."""
        if self._file is None:
            screen = ScreenSink(sys.stdout.buffer, before)
            try:
                yield screen if self.is_screen else sys.stdout.buffer
            finally:
                sys.stdout.buffer.flush()
            return
        start = self._file.tell() if self._file.seekable() else None
        try:
            yield self._file
            self._file.flush()
        except BaseException as error:
            with suppress(OSError):
                _take_back(self._file, start)
            if isinstance(error, OSError) and error.errno is not None:
                # Of the source it is an S3SelectError. A reader who has gone is not that of standard output,
                # whose end is the session's.
                raise StatementError(f"{printable(self.path)}: {error.strerror}") from error
            raise

    def show(self, text: str) -> None:
        """Write a text where the rows go."""
        with self.rows() as sink:
            sink.write(_encoded(text, self.encoding))

    def answer(self, text: str) -> None:
        """Write what a command has to say to standard output."""
        sys.stdout.buffer.write(_encoded(text, output_encoding()))
        sys.stdout.buffer.flush()

    def say(self, text: str) -> None:
        """Write a message to standard error, behind the rows before it."""
        sys.stdout.buffer.flush()
        say(text)


def _take_back(file: BinaryIO, start: int | None) -> None:
    """Forget what has been written behind *start*."""
    if start is not None:
        file.flush()
        file.seek(start)
        file.truncate()


def _encoded(text: str, encoding: str) -> bytes:
    """A line of *text* in the terminal's *encoding*, in which it may lack characters."""
    return f"{shown(text.rstrip(), encoding)}\n".encode(encoding, "backslashreplace")
