"""What was typed in earlier sessions, kept in a file of the user's.

In: entries, one after the other.  Out: the entries of all sessions, newest first, for the arrow keys and the
suggestions. The file has one JSON text a line, so that an entry of many lines is one line and two shells that
write at once do not mix; only its owner can read it. A file that cannot be read or written costs the history,
never the session: :attr:`FileHistory.trouble` says why.

Places: ``S3SQL_HISTORY`` if set, empty or the null device for no file; else ``history`` in ``s3sql`` below
the user's folder for state (XDG Base Directory Specification 0.8; Apple, "File System Programming Guide";
Windows, known folder LocalAppData).
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from prompt_toolkit.history import History

#: Entries that are kept when the file is cut, and the bytes from which on it is.
MOST_ENTRIES = 5_000
MOST_BYTES = 1 << 20

#: A longer entry was not typed; it is kept in the session only.
LONGEST_ENTRY = 64 * 1024


def history_path() -> Path | None:
    """The file; None if there is to be none."""
    chosen = os.environ.get("S3SQL_HISTORY")
    if chosen is not None:
        return Path(os.path.expanduser(chosen)) if chosen not in ("", os.devnull) else None
    folder = _state_folder()
    # Without a home there is no folder of the user's.
    return folder / "s3sql" / "history" if folder.is_absolute() else None


def _state_folder() -> Path:
    xdg = os.environ.get("XDG_STATE_HOME")
    if xdg and os.path.isabs(xdg):
        return Path(xdg)
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return home / ".local" / "state"


class FileHistory(History):
    """The entries of a file and those of this session.

    An entry that begins with a blank, or is the same as the one before, is not kept.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._last: str | None = None
        #: Why the file is of no use; empty while it is.
        self.trouble = ""
        self._entries = self._read()
        try:
            size = _prepare(path)
            if size and not self._entries:
                raise OSError(errno.EEXIST, "it holds something else than a history")
            _keep_private(path)
            if size > MOST_BYTES:
                self._cut()
        except OSError as error:
            self.trouble = _trouble(path, error)

    def load_history_strings(self) -> Iterable[str]:
        """The entries of the file, newest first."""
        return reversed(self._entries)

    def append_string(self, string: str) -> None:
        """Take an entry, unless it is not to be kept."""
        if string.strip() and not string[0].isspace() and string != self._last:
            self._last = string
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Write an entry behind those of the file."""
        if self.trouble or len(string) > LONGEST_ENTRY:
            return
        try:
            with _opened(self._path, os.O_APPEND) as file:
                os.write(file.fileno(), _line(string))
        except OSError as error:
            self.trouble = _trouble(self._path, error)

    def _read(self) -> list[str]:
        """The newest entries; lines that are none, such as half of one, are passed over."""
        entries: list[str] = []
        if not self._path.is_file():
            return entries
        try:
            with open(self._path, "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 2 * MOST_BYTES))
                lines = file.read(2 * MOST_BYTES).splitlines()
        except OSError:
            return entries
        for line in lines:
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, str):
                    entries.append(entry)
        return entries[-MOST_ENTRIES:]

    def _cut(self) -> None:
        """Keep the newest half of the bytes; the new file takes the place of the old one at once.

        A link stays, and leads to the new file.
        """
        kept: list[bytes] = []
        size = 0
        for entry in reversed(self._entries):
            kept.append(_line(entry))
            size += len(kept[-1])
            if size > MOST_BYTES // 2:
                break
        place = Path(os.path.realpath(self._path))
        beside = place.with_name(f"{place.name}.{os.getpid()}")
        try:
            with _opened(beside, os.O_TRUNC) as file:
                file.writelines(reversed(kept))
            os.replace(beside, place)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise


def _line(entry: str) -> bytes:
    return json.dumps(entry).encode("ascii") + b"\n"


def _prepare(path: Path) -> int:
    """Make the file and its folder, for this user alone, where they are not there; the size of the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(path, os.O_APPEND) as file:
        return os.fstat(file.fileno()).st_size


def _keep_private(path: Path) -> None:
    """Let nobody else read a file that was there before."""
    if os.name == "posix":
        os.chmod(path, 0o600)


def _opened(path: Path, mode: int) -> BinaryIO:
    """The file, open for writing.

    Raises:
        OSError: it cannot be written, or is a pipe or a device: a pipe waits, a device is everybody's.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | mode, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return open(descriptor, "wb", buffering=0)


def _trouble(path: Path, error: OSError) -> str:
    return f"no history is kept: {path}: {error.strerror or error}"
