"""Putting an object in place of another, and taking it away.

In: a staged file, or nothing, and a key.  Out: the key's object is the new one, or none; whole at every
moment.

A key's own path:   1. insert the row for the staged file's identity   2. rename the file   3. drop a hidden
                    row, if there is one
A hidden key:       1. rename the file into .s3sql/objects   2. replace the hidden row   3. remove the file in
                    the key's own path, if there is one

Either is done after its second step; dying after it leaves something that no reader looks at. Everything
happens under the key's lock, where the conditions are checked, too.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.catalogue import Catalogue, Hidden
from s3sql.stores.embedded.concatenation import copy_bytes
from s3sql.stores.embedded.description import Description
from s3sql.stores.embedded.files import (
    Identity,
    close_all,
    create_file,
    folder_below,
    make_folders,
    remove_file,
    remove_folder,
    sync,
)
from s3sql.stores.embedded.keys import OWN_PREFIX, is_folded, segments_of
from s3sql.stores.embedded.locks import Locks
from s3sql.stores.embedded.lookup import Lookup, Version, is_exact_path
from s3sql.stores.embedded.model import Conditions, ObjectInfo, StoredPart
from s3sql.stores.embedded.staging import Staging
from s3sql.stores.embedded.writing import UNCONDITIONAL, Staged, settle

#: How often to make a key's folders again that others remove because they are empty.
_ATTEMPTS = 100

#: What says that the key's own path leads over something else than folders, or is longer than the system
#: takes.
_BLOCKED = frozenset(
    (errno.ENOTDIR, errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG)
)


@dataclass(frozen=True, slots=True)
class Placement:
    """Writes into one store; ``hidden_folder`` is the descriptor of ``.s3sql/objects``."""

    lookup: Lookup
    catalogue: Catalogue
    locks: Locks
    staging: Staging
    hidden_folder: int
    folds: bool

    def put(
        self,
        bucket: str,
        key: str,
        staged: Staged,
        description: Description,
        parts: tuple[StoredPart, ...] = (),
        conditions: Conditions = UNCONDITIONAL,
    ) -> ObjectInfo:
        """Let *staged* be the object *key*.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``PreconditionFailed``, ``NoSuchKey``.
            OSError: what the system said.
        """
        with self._locked(bucket, key) as folder:
            current = self.lookup.find(folder, bucket, key)
            check_conditions(current, conditions, f"{bucket}/{key}")
            version = Version(staged.size, staged.identity[2], description, parts)
            if not self._put_in_own_path(folder, bucket, key, staged, version, current):
                self._hide(folder, bucket, key, staged, version, current)
            return version.told(bucket, key)

    def delete(self, bucket: str, key: str, if_match: str | None) -> bool:
        """Let there be no object *key*; whether there was one.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``PreconditionFailed``, ``NoSuchKey``.
            OSError: what the system said.
        """
        with self._locked(bucket, key) as folder:
            current = self.lookup.find(folder, bucket, key)
            check_conditions(current, Conditions(if_match=if_match), f"{bucket}/{key}")
            if current is None:
                return False
            self._drop_hidden(bucket, key)
            if current.identity is not None:
                self._remove_own(folder, bucket, key)
            return True

    @contextlib.contextmanager
    def _locked(self, bucket: str, key: str) -> Iterator[int]:
        """The bucket's folder, while nobody else changes *key* or takes the bucket away."""
        with (
            self.locks.bucket(bucket, shared=True),
            self.lookup.bucket_folder(bucket) as folder,
            self.locks.key(bucket, key),
        ):
            yield folder

    def set_tags(self, bucket: str, key: str, tags: dict[str, str]) -> None:
        """Let the object *key* have these tags and stay as it is otherwise.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``.
            OSError: what the system said.
        """
        with self._locked(bucket, key) as folder:
            current = self.lookup.find(folder, bucket, key)
            if current is None:
                raise no_such_object()
            description = current.description.with_tags(tags)
            if current.hidden_file is not None:
                hidden = Hidden(
                    current.hidden_file, current.size, current.modified, description, current.parts
                )
                self.catalogue.put_hidden_row(bucket, key, hidden)
            elif current.identity is not None:
                self.catalogue.add_file_row(
                    bucket, key, current.identity, description, current.parts, keep=current.identity
                )

    def _put_in_own_path(
        self, folder: int, bucket: str, key: str, staged: Staged, version: Version, current: Version | None
    ) -> bool:
        """Put the file in the key's own path; False if the key has none, or something else is there."""
        segments = segments_of(key)
        # Encrypted, the file would be of no use to others, and without its row a plain object full of noise.
        if segments is None or version.description.customer_key_md5 is not None:
            return False
        if self.folds and not _may_be_a_path(folder, segments):
            return False
        keep = None if current is None else current.identity
        for _ in range(_ATTEMPTS):
            try:
                chain = make_folders(folder, segments[:-1])
                try:
                    if not _cleared(chain[-1], segments[-1]):
                        return False
                    self._rename_into(chain[-1], bucket, key, staged, version, keep)
                    for descriptor in reversed(chain):
                        sync(descriptor)
                finally:
                    close_all(chain)
            except OSError as error:
                if error.errno in _BLOCKED:
                    return False
                if error.errno != errno.ENOENT:  # a folder was removed meanwhile, as it was empty
                    raise
                continue
            self._drop_hidden(bucket, key)
            return True
        raise S3SelectError(
            "SlowDown", f"The folders of {bucket}/{key} are removed again and again; try later."
        )

    def _rename_into(
        self, folder: int, bucket: str, key: str, staged: Staged, version: Version, keep: Identity | None
    ) -> None:
        """Rename the file into the folder of the key's own path, its row inserted before."""
        name = key.rpartition("/")[2]

        def insert_row(identity: Identity) -> None:
            self.catalogue.add_file_row(bucket, key, identity, version.description, version.parts, keep=keep)

        insert_row(staged.identity)
        try:
            os.rename(staged.file, name, src_dir_fd=self.staging.folder, dst_dir_fd=folder)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The bucket, or a folder in it, is mounted from elsewhere.
            beside = self.staging.new_name(OWN_PREFIX)
            try:
                insert_row(_copied(self.staging.folder, staged, folder, beside))
                os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                remove_file(folder, beside)

    def _hide(
        self, folder: int, bucket: str, key: str, staged: Staged, version: Version, current: Version | None
    ) -> None:
        """Put the file into ``.s3sql/objects``, and let it hold the key."""
        name = self.staging.new_name(hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest())
        os.rename(staged.file, name, src_dir_fd=self.staging.folder, dst_dir_fd=self.hidden_folder)
        try:
            sync(self.hidden_folder)
            before = self.catalogue.hidden_row(bucket, key)
            hidden = Hidden(name, version.size, version.modified, version.description, version.parts)
            self.catalogue.put_hidden_row(bucket, key, hidden)
        except BaseException:
            if not self.catalogue.known_hidden_files([name]):
                remove_file(self.hidden_folder, name)
            raise
        if before is not None:
            remove_file(self.hidden_folder, before.file)
        if current is not None and current.identity is not None:
            self._remove_own(folder, bucket, key)

    def _drop_hidden(self, bucket: str, key: str) -> None:
        hidden = self.catalogue.hidden_row(bucket, key)
        if hidden is not None:
            self.catalogue.drop_hidden_row(bucket, key)
            remove_file(self.hidden_folder, hidden.file)

    def _remove_own(self, folder: int, bucket: str, key: str) -> None:
        """Remove the file in the key's own path, and the folders above it that are empty then."""
        *parents, name = key.split("/")
        with folder_below(folder, parents) as parent:
            remove_file(parent, name)
            sync(parent)
        while parents:
            *above, last = parents
            try:
                with folder_below(folder, above) as parent:
                    if not remove_folder(parent, last):
                        break
                    sync(parent)
            except FileNotFoundError:  # another who deleted there was faster
                pass
            parents = above
        self.catalogue.drop_file_rows(bucket, key)


def check_conditions(current: Version | None, conditions: Conditions, name: str) -> None:
    """Check what must hold of the object that is there before another takes its place.

    Raises:
        S3SelectError: ``PreconditionFailed``, or ``NoSuchKey`` for an If-Match where there is no object.
    """
    if conditions.if_match is not None:
        if current is None:
            raise no_such_object()
        if conditions.if_match not in ("*", current.description.etag):
            raise S3SelectError(
                "PreconditionFailed",
                f"If-Match is {conditions.if_match[:80]!r}, but the ETag of {name} is "
                f"{current.description.etag!r}.",
                elements={"Condition": "If-Match"},
            )
    if current is not None and conditions.if_none_match in ("*", current.description.etag):
        raise S3SelectError(
            "PreconditionFailed",
            f"If-None-Match is {conditions.if_none_match[:80]!r}, but {name} exists, with the ETag "
            f"{current.description.etag!r}.",
            elements={"Condition": "If-None-Match"},
        )


def no_such_object() -> S3SelectError:
    """The error for a key without an object, in AWS's words; the document that S3 sends names the key."""
    return S3SelectError("NoSuchKey")


def _copied(source_folder: int, staged: Staged, folder: int, name: str) -> Identity:
    """The identity of a copy of a staged file, complete and on the disk, with the same time."""
    descriptors = [os.open(staged.file, os.O_RDONLY, dir_fd=source_folder)]
    try:
        descriptors.append(create_file(folder, name))
        copy_bytes(*descriptors)
        return settle(descriptors[1], staged.identity[2])
    finally:
        close_all(descriptors)


def _cleared(folder: int, name: str) -> bool:
    """Whether a file may be renamed to *name*: nothing, a regular file or an empty folder is there."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        return remove_folder(folder, name)
    return stat.S_ISREG(mode)


def _may_be_a_path(folder: int, segments: Sequence[str]) -> bool:
    """Whether a key may have a path of its own where the file system takes several names for one.

    It may if what is there of the path has exactly its names, and the rest is in the form of which there is
    but one for all those names.
    """
    for depth, segment in enumerate(segments):
        try:
            with folder_below(folder, segments[:depth]) as parent:
                os.stat(segment, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return all(map(is_folded, segments[depth:]))
        except OSError as error:
            if error.errno in _BLOCKED:
                return False
            raise
        if not is_exact_path(folder, segments[: depth + 1]):
            return False
    return True
