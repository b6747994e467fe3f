"""Buckets: the sub-folders of the store's folder.

In: a bucket's name.  Out: a :class:`~s3sql.stores.embedded.model.Bucket`, or the folder made or gone.

A folder is a bucket whoever made it, if its name can be one; a link to a folder is none. When it was made,
the catalogue knows of those that were made here; of others, the folder's times must do.
"""

from __future__ import annotations

import contextlib
import os
import time

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.description import time_of
from s3sql.stores.embedded.files import remove_empty_folders, remove_file, remove_folder, sync
from s3sql.stores.embedded.keys import is_bucket_name
from s3sql.stores.embedded.lookup import bucket_folder
from s3sql.stores.embedded.model import Bucket
from s3sql.stores.embedded.state import State
from s3sql.stores.embedded.upload_rows import UploadRows
from s3sql.stores.embedded.walk import holds_file


class Buckets:
    """The buckets in the folder *root*; *state* is None if it cannot be written."""

    __slots__ = ("_root", "_state")

    def __init__(self, root: int, state: State | None) -> None:
        self._root = root
        self._state = state

    def all(self) -> list[Bucket]:
        """All of them, by name."""
        with os.scandir(self._root) as entries:
            names = [
                entry.name
                for entry in entries
                if is_bucket_name(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
        found = []
        for name in sorted(names):
            with contextlib.suppress(FileNotFoundError):
                found.append(self._told(name, os.stat(name, dir_fd=self._root, follow_symlinks=False)))
        return found

    def find(self, name: str) -> Bucket:
        """One of them.

        Raises:
            S3SelectError: ``NoSuchBucket``.
        """
        with bucket_folder(self._root, name) as folder:
            return self._told(name, os.fstat(folder))

    def create(self, state: State, name: str) -> Bucket:
        """Make one; the name has been checked.

        Raises:
            S3SelectError: ``BucketAlreadyOwnedByYou``, ``ServiceUnavailable``.
        """
        with state.locks.bucket(name, shared=False):
            try:
                os.stat(name, dir_fd=self._root, follow_symlinks=False)
            except FileNotFoundError:
                # What is still known of a bucket whose folder was removed by hand.
                _forget(state, name)
            else:
                raise S3SelectError("BucketAlreadyOwnedByYou", f"{name} exists already, and you own it.")
            try:
                os.mkdir(name, dir_fd=self._root)
            except FileNotFoundError as error:
                raise S3SelectError(
                    "ServiceUnavailable", "The folder of all buckets is not there any more."
                ) from error
            sync(self._root)
            status = os.stat(name, dir_fd=self._root, follow_symlinks=False)
            state.catalogue.add_bucket(name, status.st_ino, time.time_ns())
            return self._told(name, status)

    def delete(self, state: State, name: str) -> None:
        """Remove one, with the empty folders in it.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``BucketNotEmpty``.
        """
        with state.locks.bucket(name, shared=False):
            with bucket_folder(self._root, name) as folder:
                if holds_file(folder, 0) or state.catalogue.hidden_from(name, "", 1):
                    raise _not_empty(name, "it has objects")
                if UploadRows(state.catalogue).from_key(name, "", "", 1):
                    raise _not_empty(name, "it has uploads that are neither completed nor aborted")
                remove_empty_folders(folder)
            if not remove_folder(self._root, name):
                raise _not_empty(name, "its folder has files that are no objects, such as links")
            sync(self._root)
            _forget(state, name)

    def _told(self, name: str, status: os.stat_result) -> Bucket:
        created = None
        if self._state is not None:
            created = self._state.catalogue.bucket_created(name, status.st_ino)
        return Bucket(name, time_of(created or min(status.st_mtime_ns, status.st_ctime_ns)))


def _forget(state: State, name: str) -> None:
    for file in state.catalogue.drop_bucket(name):
        remove_file(state.hidden, file)


def _not_empty(name: str, reason: str) -> S3SelectError:
    return S3SelectError("BucketNotEmpty", f"The bucket {name} cannot be deleted: {reason}.")
