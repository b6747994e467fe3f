"""The file of ``--to``: all of the output, or none of it.

In: a path.  Out: a sink; the path has the new content when :meth:`OutputFile.keep` has been called, and is
as it was otherwise, whatever ends the command.

The bytes go to a file of another name in the same folder, which then takes the place of the old one. What
is no file, such as ``/dev/null`` or a named pipe, and what is open already, such as ``/dev/stdout`` and the
shell's ``>(…)``, is written as it is.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import signal
import stat
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import BinaryIO, Self

#: Signals that end a process which does nothing about them.
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]

#: Names of what this or another process has open.
_OPEN = re.compile(r"/dev/(stdin|stdout|stderr|fd/\d+)|/proc/[^/]+/fd/\d+")


class OutputFile:
    """A file being written in place of *path*; a context manager.

    Raises:
        OSError: on entering, the folder is not there or may not be written, or *path* is a folder.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._target = Path(os.path.realpath(path))
        self._temporary: Path | None = None
        self._handlers: dict[int, object] = {}
        self.sink: BinaryIO

    def __enter__(self) -> Self:
        mode = _mode_of(self._path)
        if mode is not None and (not stat.S_ISREG(mode) or _OPEN.fullmatch(self._path)):
            # A folder is refused here by the system itself. What a file has already that the shell has opened
            # with >> stays.
            self.sink = open(self._path, "ab")
            return self
        if mode is None and self._path.endswith((os.sep, os.altsep or os.sep)):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self._path)
        if mode is not None and not os.access(self._target, os.W_OK):
            raise PermissionError(13, "the file is write-protected", str(self._target))
        name = f".{self._target.name[:100]}.{secrets.token_hex(4)}.part"
        temporary = self._target.with_name(name)
        self._catch_signals()
        try:
            number = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
            )
            self._temporary = temporary
            self.sink = os.fdopen(number, "wb")
            if mode is not None:
                os.chmod(temporary, stat.S_IMODE(mode))
        except BaseException:
            self._drop()
            raise
        return self

    def keep(self) -> None:
        """Finish the file and put it in place.

        Raises:
            OSError: the disk is full.
        """
        self.sink.flush()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                os.fsync(self.sink.fileno())
        self.sink.close()
        if self._temporary is not None:
            os.replace(self._temporary, self._target)
            self._temporary = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # What cannot be flushed any more is not wanted any more, either.
            with contextlib.suppress(OSError):
                self.sink.close()
        finally:
            self._drop()

    def _drop(self) -> None:
        """Remove what was not kept."""
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = None
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._handlers = {}

    def _catch_signals(self) -> None:
        """Remove the file where a signal ends the process; handlers that somebody has set stay."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                self._handlers[number] = signal.signal(number, self._end)

    def _end(self, number: int, frame: FrameType | None) -> None:
        """Remove the file, and end as the signal ends a process."""
        self._drop()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _mode_of(path: str) -> int | None:
    """The mode of what is at *path*; None if nothing is."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None
