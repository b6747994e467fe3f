"""Bytes on their way into the store: a file beside it, until it is put in place whole.

In: an object's or a part's bytes, piece by piece.  Out: a :class:`Staged` file on the disk, with its digest.

At most one buffer of a megabyte is held. The file's time is set before the last sync, so that neither it
nor the size nor the inode, which are the file's identity, change any more.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from s3sql.checksums import checksum_of
from s3sql.errors import S3SelectError
from s3sql.stores.embedded.files import Identity, identity_of, store_error, sync
from s3sql.stores.embedded.model import (
    Checksum,
    ChecksumAlgorithm,
    Conditions,
    CustomerKey,
    ObjectInfo,
    StoredPart,
)
from s3sql.stores.embedded.staging import Staging

#: Bytes gathered before they are written.
_BUFFER_BYTES = 1 << 20

UNCONDITIONAL = Conditions()


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is complete and on the disk. ``size`` is that of the bytes before encryption."""

    file: str
    size: int
    etag: str
    identity: Identity
    checksum: Checksum | None = None


class StagedFile:
    """A file in *staging* that is being written, encrypted if there is a key."""

    __slots__ = ("_checksum", "_file", "_md5", "_name", "_sealer", "_size", "_staging", "file")

    def __init__(
        self,
        staging: Staging,
        name: str,
        customer_key: CustomerKey | None = None,
        algorithm: ChecksumAlgorithm | None = None,
        room: int | None = None,
    ) -> None:
        """Begin a file for the object *name*, of about *room* bytes, computing its checksum by *algorithm*.

        Raises:
            S3SelectError: ``ServiceUnavailable`` if the disk has less room than that.
        """
        self._staging = staging
        self._name = name
        self._size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._checksum = None if algorithm is None else (algorithm, checksum_of(algorithm))
        self._sealer = None
        try:
            if room is not None:
                _check_room(staging.folder, name, room)
            self.file, descriptor = staging.create()
        except OSError as error:
            raise store_error(error, name) from error
        self._file = os.fdopen(descriptor, "w+b", buffering=_BUFFER_BYTES)
        if customer_key is not None:
            from s3sql.stores.embedded.encryption import Sealer

            self._sealer = Sealer(customer_key)
            self._store(self._sealer.head())

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes.

        Raises:
            S3SelectError: ``ServiceUnavailable`` and the like; the file is gone then.
        """
        if not len(data):
            return
        self._size += memoryview(data).nbytes
        if self._checksum is not None:
            self._checksum[1].update(data)
        if self._sealer is None:
            self._store(data)
            return
        for chunk in self._sealer.update(data):
            self._store(chunk)

    def finish(self) -> Staged:
        """Bring the file to the disk and close it.

        Raises:
            S3SelectError: as :meth:`write`.
        """
        if self._sealer is not None:
            self._store(self._sealer.finish())
        try:
            descriptor = self._file.fileno()
            self._file.flush()
            identity = settle(descriptor)
            self._file.close()
        except OSError as error:
            self.discard()
            raise store_error(error, self._name) from error
        checksum = self._checksum and Checksum(self._checksum[0], self._checksum[1].digest_base64())
        return Staged(self.file, self._size, self._md5.hexdigest(), identity, checksum)

    def discard(self) -> None:
        """Close and remove the file; after it was put in place this does nothing."""
        try:
            self._file.close()
        except OSError:  # closing writes what is left, and the disk may be full
            self._file.close()
        self._staging.remove(self.file)

    def _store(self, data: bytes | memoryview) -> None:
        self._md5.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            self.discard()
            raise store_error(error, self._name) from error


class _Writer:
    """What the two writers do alike."""

    __slots__ = ("_staged",)

    def __init__(self, staged: StagedFile) -> None:
        self._staged = staged

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes.

        Raises:
            S3SelectError: ``ServiceUnavailable`` when the disk is full, and the like.
        """
        self._staged.write(data)

    def abort(self) -> None:
        """Forget what was written; after a commit, or twice, this does nothing."""
        self._staged.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


class ObjectWriter(_Writer):
    """One object that is being written; nothing is seen of it until it is committed."""

    __slots__ = ("_place",)

    def __init__(
        self, staged: StagedFile, place: Callable[[Staged, Conditions, Checksum | None], ObjectInfo]
    ) -> None:
        """*place* puts the finished file where the object is."""
        super().__init__(staged)
        self._place = place

    def commit(
        self, *, conditions: Conditions = UNCONDITIONAL, checksum: Checksum | None = None
    ) -> ObjectInfo:
        """Let the object be what was written, if the conditions hold at that moment; on the disk then.

        Raises:
            S3SelectError: ``PreconditionFailed``, ``NoSuchKey`` for an If-Match without an object,
                ``NoSuchBucket``, ``ServiceUnavailable`` and the like. The object is as it was before.
        """
        try:
            return self._place(self._staged.finish(), conditions, checksum)
        finally:
            self._staged.discard()


class PartWriter(_Writer):
    """One part of an upload that is being written."""

    __slots__ = ("_place",)

    def __init__(self, staged: StagedFile, place: Callable[[Staged, Checksum | None], StoredPart]) -> None:
        """*place* makes the finished file the part."""
        super().__init__(staged)
        self._place = place

    def commit(self, checksum: Checksum | None = None) -> StoredPart:
        """Let this be the part of its number; on the disk then.

        Raises:
            S3SelectError: ``NoSuchUpload`` if it was completed or aborted meanwhile, ``BadDigest`` for
                another checksum than the bytes have, ``InvalidRequest`` for one of another algorithm than
                the upload's.
        """
        try:
            return self._place(self._staged.finish(), checksum)
        finally:
            self._staged.discard()


def settle(descriptor: int, modified: int | None = None) -> Identity:
    """Bring a complete file to the disk, as written now or at *modified*; its identity from then on."""
    moment = time.time_ns() if modified is None else modified
    os.utime(descriptor, ns=(moment, moment))
    sync(descriptor)
    return identity_of(descriptor)


def _check_room(folder: int, name: str, room: int) -> None:
    status = os.fstatvfs(folder)
    free = status.f_bavail * status.f_frsize
    if room > free:
        raise S3SelectError(
            "ServiceUnavailable",
            f"There is no room for {name}: it has {room:,} bytes, and {free:,} are free.",
        )
