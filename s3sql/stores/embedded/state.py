"""The folder ``.s3sql`` of a store: what is in it, opened, and cleared of what dead processes left.

In: the store's root.  Out: an open :class:`State`, or None where the folder cannot be written.

    .s3sql/
      catalogue.sqlite    what files cannot carry (:mod:`.catalogue`)
      objects/            the bytes of hidden keys
      uploads/<id>/       the parts of uploads
      tmp/<token>/        files that a living process writes
      locks/              (:mod:`.locks`)
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import time
from pathlib import Path

from s3sql.stores.embedded.catalogue import Catalogue
from s3sql.stores.embedded.files import close_all, folds_names, open_folder, remove_file, remove_folder
from s3sql.stores.embedded.keys import OWN_PREFIX
from s3sql.stores.embedded.locks import Locks
from s3sql.stores.embedded.staging import Staging, clear_dead, remove_files, token_of
from s3sql.stores.embedded.upload_rows import UploadRows

_UNWRITABLE = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))

#: Files that are looked up at a time.
_NAMES = 500

#: Nanoseconds for which a completed upload may be completed again.
_REMEMBERED = 24 * 3600 * 10**9


class State:
    """The open folder ``.s3sql`` below *root*, whose descriptor is *root_folder*."""

    __slots__ = ("_folders", "catalogue", "folds", "hidden", "locks", "staging", "uploads")

    def __init__(self, root: Path, root_folder: int) -> None:
        """Open it, and make it where it is missing.

        Raises:
            OSError: it cannot be written, or the catalogue is damaged.
        """
        with contextlib.ExitStack() as undo:
            self._folders: list[int] = []
            undo.callback(lambda: close_all(self._folders))
            own = self._open(root_folder, OWN_PREFIX)
            self.locks = Locks(self._open(own, "locks"))
            self.hidden = self._open(own, "objects")
            self.uploads = self._open(own, "uploads")
            temporary = self._open(own, "tmp")
            with self.locks.start():
                self.staging = Staging(temporary)
                undo.callback(self.staging.close)
                living = clear_dead(temporary, self.staging.token)
                self.folds = folds_names(self.staging.folder)
                self.catalogue = Catalogue(root / OWN_PREFIX / "catalogue.sqlite")
                undo.callback(self.catalogue.close)
                self._clear_hidden(living)
                self._clear_uploads(living)
            undo.pop_all()

    def close(self) -> None:
        """Let go of everything; a second call does nothing."""
        self.catalogue.close()
        self.staging.close()
        close_all(self._folders)
        self._folders = []

    def _open(self, parent: int, name: str) -> int:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        folder = open_folder(parent, name)
        self._folders.append(folder)
        return folder

    def _clear_hidden(self, living: set[str]) -> None:
        """Remove the files that were to hold a hidden key, or did so before, of processes that died then."""
        with os.scandir(self.hidden) as entries:
            names = (entry.name for entry in entries)
            dead = (name for name in names if token_of(name) not in living)
            while some := list(itertools.islice(dead, _NAMES)):
                for name in set(some) - self.catalogue.known_hidden_files(some):
                    remove_file(self.hidden, name)

    def _clear_uploads(self, living: set[str]) -> None:
        """Remove what no upload has, and forget those that were completed long ago."""
        rows = UploadRows(self.catalogue)
        rows.forget_completed(time.time_ns() - _REMEMBERED)
        with os.scandir(self.uploads) as entries:
            ids = [entry.name for entry in entries]
        for upload_id in ids:
            # A folder is made after its row, so that one without a row is of an upload that has ended.
            found = rows.find(upload_id)
            folder = open_folder(self.uploads, upload_id)
            try:
                if found is None or found[1] is not None:
                    remove_files(folder)
                    remove_folder(self.uploads, upload_id)
                else:
                    _clear_parts(rows, upload_id, folder, living)
            finally:
                os.close(folder)


def open_state(root: Path, root_folder: int) -> State | None:
    """The state of the store at *root*; None if it cannot be written.

    Raises:
        OSError: the catalogue is damaged or of a newer version, or ``.s3sql`` is no folder.
    """
    try:
        return State(root, root_folder)
    except OSError as error:
        if error.errno in _UNWRITABLE:
            return None
        raise


def _clear_parts(rows: UploadRows, upload_id: str, folder: int, living: set[str]) -> None:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if "-" in entry.name]
    for name in names:
        if token_of(name) not in living and not rows.is_part_file(upload_id, name):
            remove_file(folder, name)
