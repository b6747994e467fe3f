"""The folder of an embedded store, opened: what :mod:`s3sql.stores.embedded.store` works with.

In: a folder.  Out: its rooms, until they are closed; those in which something is written only if the folder
can be.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from s3sql.stores.embedded.buckets import Buckets
from s3sql.stores.embedded.files import SUPPORTED, reported, unwritable
from s3sql.stores.embedded.keys import OWN_PREFIX, check_key
from s3sql.stores.embedded.lookup import Lookup
from s3sql.stores.embedded.multipart import Multipart
from s3sql.stores.embedded.placement import Placement
from s3sql.stores.embedded.state import State, open_state
from s3sql.stores.embedded.upload_rows import UploadRows


class OpenedStore:
    """One folder, its state and the rooms in which objects are found, placed and put together."""

    __slots__ = ("_buckets", "_closed", "_lookup", "_multipart", "_placement", "_root", "_state", "root")

    def __init__(self, root: Path) -> None:
        """Open the folder *root*, and clear away what a process that was killed left there.

        Raises:
            NotADirectoryError: *root* is no folder.
            OSError: the catalogue in it is damaged or of a newer version, or the system lacks what is needed.
        """
        self.root = root.absolute()
        if not SUPPORTED:
            raise OSError(
                errno.ENOSYS,
                "this system cannot open files below an open folder, which the embedded store needs",
            )
        if not root.is_dir():
            raise NotADirectoryError(
                errno.ENOTDIR, "an embedded store is a folder whose sub-folders are buckets", str(root)
            )
        self._closed = False
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._state = open_state(self.root, self._root)
        except BaseException:
            os.close(self._root)
            raise
        self._buckets = Buckets(self._root, self._state)
        self._placement: Placement | None = None
        self._multipart: Multipart | None = None
        if self._state is None:
            self._lookup = Lookup(self._root, None, None, folds=False)
            return
        state = self._state
        self._lookup = Lookup(self._root, state.hidden, state.catalogue, folds=state.folds)
        self._placement = Placement(
            self._lookup, state.catalogue, state.locks, state.staging, state.hidden, state.folds
        )
        self._multipart = Multipart(self._placement, UploadRows(state.catalogue), state.uploads)

    def close(self) -> None:
        """Let go of everything that is open; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._state is not None:
            self._state.close()
        os.close(self._root)

    @property
    def state_directory(self) -> Path | None:
        """The folder for what is not an object; None if the store cannot be written."""
        return None if self._state is None else self.root / OWN_PREFIX

    def _writable(self) -> State:
        if self._state is None:
            raise unwritable(self.root.name)
        return self._state

    def _uploads(self) -> Multipart:
        if self._multipart is None:
            raise unwritable(self.root.name)
        return self._multipart

    def _placement_of(self, bucket: str, key: str) -> Placement:
        """Where a key of a bucket that exists is written."""
        with reported(bucket), self._lookup.bucket_folder(bucket):
            check_key(key)
        if self._placement is None:
            raise unwritable(self.root.name)
        return self._placement
