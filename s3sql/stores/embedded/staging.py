"""Files that are being written: each process's own folder for them, and what dead processes left.

In: a name.  Out: a new file in ``.s3sql/tmp/<token>``, to be renamed into place.

The folder holds a locked file as long as its process lives. Whoever opens the store clears away the folders
whose lock is free, and those files in ``.s3sql/objects`` and ``.s3sql/uploads`` that bear the token of a dead
process and that no row of the catalogue knows.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets

from s3sql.stores.embedded.files import close_all, create_file, open_folder, remove_file, remove_folder
from s3sql.stores.embedded.locks import try_lock

_LOCK = "lock"


class Staging:
    """This store's folder in *temporary*, a descriptor of ``.s3sql/tmp``.

    Made under the store's start lock, so that no other takes it for one that is left.
    """

    __slots__ = ("_lock", "_numbers", "_temporary", "folder", "token")

    def __init__(self, temporary: int) -> None:
        self.token = secrets.token_hex(8)
        os.mkdir(self.token, 0o700, dir_fd=temporary)
        self._temporary = temporary
        self.folder = open_folder(temporary, self.token)
        self._lock = create_file(self.folder, _LOCK, private=True)
        if not try_lock(self._lock):  # no one else knows the name yet
            raise AssertionError(f"the new file {self.token}/{_LOCK} is locked")
        self._numbers = itertools.count()

    def new_name(self, stem: str) -> str:
        """A name that begins with *stem* and that nothing has had or will have."""
        return f"{stem}-{self.token}-{next(self._numbers)}"

    def create(self) -> tuple[str, int]:
        """A new file's name and descriptor."""
        name = self.new_name("write")
        return name, create_file(self.folder, name)

    def remove(self, name: str) -> None:
        """Remove a file that is not needed; closing has removed all of them."""
        if self.folder >= 0:
            remove_file(self.folder, name)

    def close(self) -> None:
        """Remove the folder with all that is in it; a second call does nothing."""
        if self.folder < 0:
            return
        remove_files(self.folder)
        remove_folder(self._temporary, self.token)
        close_all([self._lock, self.folder])
        self.folder = -1


def clear_dead(temporary: int, own: str) -> set[str]:
    """Remove the folders of processes that have ended; the tokens of those that live, *own* included."""
    living = {own}
    with os.scandir(temporary) as entries:
        tokens = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    for token in tokens:
        if token == own:
            continue
        folder = open_folder(temporary, token)
        try:
            if _is_dead(folder):
                remove_files(folder)
                remove_folder(temporary, token)
            else:
                living.add(token)
        finally:
            os.close(folder)
    return living


def token_of(name: str) -> str:
    """The token of the process that made the file *name*, by :meth:`Staging.new_name`."""
    return name.rpartition("-")[0].rpartition("-")[2]


def remove_files(folder: int) -> None:
    """Remove all files in *folder*."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        remove_file(folder, name)


def _is_dead(folder: int) -> bool:
    try:
        lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:  # it died before it had made the file
        return True
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, lock)
        return try_lock(lock)
