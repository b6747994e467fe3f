"""Where the object of a key is: in its own path, or hidden.

In: a bucket and a key.  Out: a :class:`Version`, or None; and its open file.

A regular file in the key's own path is the object, whoever put it there; only without one does the
catalogue's hidden row count. Writers change both in an order that makes this right at every moment, and
readers look again where what they saw in one place does not fit the other.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from s3sql.errors import S3SelectError
from s3sql.stores.base import no_such_key
from s3sql.stores.embedded.catalogue import Catalogue
from s3sql.stores.embedded.description import Description, time_of
from s3sql.stores.embedded.files import (
    ABSENT,
    Identity,
    file_status,
    folder_below,
    has_exact_name,
    identity_of,
    open_file,
    open_folder,
)
from s3sql.stores.embedded.keys import is_bucket_name, segments_of
from s3sql.stores.embedded.model import ObjectInfo, StoredPart
from s3sql.stores.local import file_etag, file_identity

#: How often to look again at a key that others write meanwhile.
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object: ``identity`` of the file in its own path, or its ``hidden_file``.

    ``modified`` is in nanoseconds.
    """

    size: int
    modified: int
    description: Description
    parts: tuple[StoredPart, ...] = ()
    identity: Identity | None = None
    hidden_file: str | None = None

    def told(self, bucket: str, key: str) -> ObjectInfo:
        """The same as the store tells it."""
        return ObjectInfo(
            bucket=bucket,
            key=key,
            size=self.size,
            etag=self.description.etag,
            modified=time_of(self.modified),
            attributes=self.description.attributes,
            checksum=self.description.checksum,
            parts=self.parts,
            customer_key_md5=self.description.customer_key_md5,
        )


def plain_version(identity: Identity) -> Version:
    """A file of which nothing more is known."""
    return Version(identity[1], identity[2], Description(file_etag(identity)), identity=identity)


class Lookup:
    """Finds objects below *root*; *hidden_folder* and *catalogue* are None where nothing can be written."""

    __slots__ = ("_catalogue", "_folds", "_hidden_folder", "_root")

    def __init__(
        self, root: int, hidden_folder: int | None, catalogue: Catalogue | None, *, folds: bool
    ) -> None:
        self._root = root
        self._hidden_folder = hidden_folder
        self._catalogue = catalogue
        self._folds = folds

    def bucket_folder(self, bucket: str) -> contextlib.AbstractContextManager[int]:
        """The folder of *bucket*, as :func:`bucket_folder` says."""
        return bucket_folder(self._root, bucket)

    def find(self, folder: int, bucket: str, key: str) -> Version | None:
        """The version of *key* that is there now; *folder* is the bucket's.

        Raises:
            S3SelectError: ``SlowDown`` if others write it too fast to tell.
            OSError: what the system said.
        """
        segments = segments_of(key)
        for _ in range(_ATTEMPTS):
            identity = self._own_identity(folder, segments)
            if identity is None:
                version = self._hidden_version(bucket, key)
                # Meanwhile it may have moved from there into its own path.
                if version is not None or self._own_identity(folder, segments) is None:
                    return version
                continue
            version = self._own_version(bucket, key, identity)
            # A file without a row is a plain one, unless it was replaced and its row dropped meanwhile.
            if version is not None:
                return version
            if self._own_identity(folder, segments) == identity:
                return plain_version(identity)
        raise _too_fast(bucket, key)

    def open(self, folder: int, bucket: str, key: str) -> tuple[Version, int] | None:
        """As :meth:`find`, with a descriptor of the file of that very version."""
        before = None
        for _ in range(_ATTEMPTS):
            version = self.find(folder, bucket, key)
            if version is None:
                return None
            descriptor = self._open_version(folder, key, version)
            if descriptor is not None:
                return version, descriptor
            if version == before and version.hidden_file is not None:
                raise no_such_key(
                    f"The specified key does not exist: the file {version.hidden_file} with the bytes of "
                    f"{bucket}/{key} was removed by hand."
                )
            before = version
        raise _too_fast(bucket, key)

    def _open_version(self, folder: int, key: str, version: Version) -> int | None:
        """The file of *version*; None if another one has taken its place."""
        if version.hidden_file is not None:
            assert self._hidden_folder is not None
            return open_file(self._hidden_folder, version.hidden_file)
        segments = key.split("/")
        try:
            with folder_below(folder, segments[:-1]) as parent:
                descriptor = open_file(parent, segments[-1])
        except OSError as error:
            if error.errno in ABSENT:
                return None
            raise
        if descriptor is None or identity_of(descriptor) == version.identity:
            return descriptor
        os.close(descriptor)
        return None

    def _own_identity(self, folder: int, segments: Sequence[str] | None) -> Identity | None:
        """The identity of the regular file that the segments lead to."""
        if segments is None:
            return None
        try:
            with folder_below(folder, segments[:-1]) as parent:
                status = file_status(parent, segments[-1])
            if status is None or (self._folds and not is_exact_path(folder, segments)):
                return None
        except OSError as error:
            if error.errno in ABSENT:
                return None
            raise
        return file_identity(status)

    def _own_version(self, bucket: str, key: str, identity: Identity) -> Version | None:
        if self._catalogue is None:
            return None
        row = self._catalogue.file_row(bucket, key, identity)
        return None if row is None else Version(identity[1], identity[2], *row, identity=identity)

    def _hidden_version(self, bucket: str, key: str) -> Version | None:
        hidden = None if self._catalogue is None else self._catalogue.hidden_row(bucket, key)
        if hidden is None:
            return None
        return Version(
            hidden.size, hidden.modified, hidden.description, hidden.parts, hidden_file=hidden.file
        )


@contextlib.contextmanager
def bucket_folder(root: int, bucket: str) -> Iterator[int]:
    """The folder of *bucket* in *root*, open as long as the context.

    Raises:
        S3SelectError: ``NoSuchBucket``.
    """
    if not is_bucket_name(bucket):
        raise no_such_bucket(bucket)
    try:
        folder = open_folder(root, bucket)
    except OSError as error:
        if error.errno in ABSENT:
            raise no_such_bucket(bucket) from error
        raise
    try:
        yield folder
    finally:
        os.close(folder)


def is_exact_path(folder: int, segments: Sequence[str]) -> bool:
    """Whether every one of the names on the way is there as it is written, not only one like it."""
    for depth, segment in enumerate(segments):
        with folder_below(folder, segments[:depth]) as parent:
            if not has_exact_name(parent, segment):
                return False
    return True


def no_such_bucket(bucket: str) -> S3SelectError:
    """The error for a bucket that is not there, in AWS's words."""
    return S3SelectError("NoSuchBucket", elements={"BucketName": bucket[:255]})


def _too_fast(bucket: str, key: str) -> S3SelectError:
    return S3SelectError("SlowDown", f"{bucket}/{key} is written faster than it can be looked up; try again.")
