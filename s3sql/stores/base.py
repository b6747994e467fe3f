"""What a store is: two protocols, and nothing of any particular store.

In: a bucket and a key.  Out: a :class:`StoredObject`, one version of one object, read by byte ranges.

A query reads one version of an object from the first byte to the last.  The version is pinned when the
object is opened; when the store can no longer serve it, the read fails with ``PreconditionFailed``, so
that an overwrite during a scan is an error and never a mixture of two versions.

Errors are :class:`~s3sql.errors.S3SelectError` with the codes of the AWS S3 API Reference, "Error
responses"; no exception of an operating system or of an SDK leaves a store.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from s3sql.errors import S3SelectError


class StoredObject(Protocol):
    """One version of one object, open for reading.

    Reads of one object come from one thread at a time, unless it is a :class:`ConcurrentObject`.  Reading
    forward without gaps is the efficient order everywhere; a stream allows no other.
    """

    @property
    def size(self) -> int | None:
        """The object's length in bytes; None for a stream whose end has not been reached."""

    @property
    def etag(self) -> str:
        """The version's identity, without quotation marks; two versions of one key never share it."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* with the bytes from *offset* (from 0) on; return how many were written.

        Fewer bytes than *buffer* holds are written only where the object ends, none at or past its end.
        Nothing may be written once the call has returned or raised: the buffer then serves other queries.

        Raises:
            S3SelectError: ``PreconditionFailed`` when the version opened was overwritten, ``NoSuchKey``
                when it was deleted and cannot be read on; ``AccessDenied``, ``SlowDown``,
                ``ServiceUnavailable``, ``BadDigest`` or ``InternalError`` when the store fails;
                ``InvalidRequest`` when a stream is asked to go back.
        """

    def read(self, offset: int, length: int) -> bytes:
        """At most *length* bytes from *offset* on, fewer only where the object ends.

        Raises:
            S3SelectError: as :meth:`read_into`.
        """

    def close(self) -> None:
        """Stop reading and release what is held; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class RangedObject(Protocol):
    """What an object may have besides if every read elsewhere costs a request."""

    @property
    def request_bytes(self) -> int:
        """Bytes from which on a request is worth its while; 0 if reading costs no requests after all."""

    def read_range_into(self, buffer: memoryview, offset: int) -> int:
        """As :meth:`StoredObject.read_into`; nothing behind the buffer is asked for."""


@runtime_checkable
class PrefetchingObject(Protocol):
    """What an object may have besides if it can fetch bytes before they are read."""

    def prefetch(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Say which bytes will be read by :meth:`RangedObject.read_range_into` next, in about this order.

        Each range goes from one offset up to another. They take the place of those that were said before;
        what has come of a range that is said again is kept. It is advice: as many are fetched as memory and
        connections allow, and reading gives the same bytes and the same errors without it.
        """


@runtime_checkable
class ConcurrentObject(Protocol):
    """What an object may have besides if it can be read anywhere at any time."""

    @property
    def concurrent(self) -> bool:
        """Whether several threads may read at once, in any order and at no cost but the bytes.

        A read that cannot give all of what there is raises, and gives no part of it.
        """

    @property
    def file(self) -> int | None:
        """The descriptor of an open file that has the object's very bytes, at their offsets, if there is one.

        It is read without moving its position. Whoever has read from it reads nothing by
        :meth:`StoredObject.read_into`, which raises if the file was not what it was when it was opened.
        """


@runtime_checkable
class InterruptibleObject(Protocol):
    """What an object may have besides if a read can take long without anything being wrong."""

    def interrupt(self) -> None:
        """Let the read under way and all later ones fail soon. Any thread may call it, at any time."""


class ObjectStore(Protocol):
    """Buckets of objects."""

    def open(
        self,
        bucket: str,
        key: str,
        *,
        sse_customer_algorithm: str | None = None,
        sse_customer_key: str | bytes | None = None,
        sse_customer_key_md5: str | None = None,
        expected_bucket_owner: str | None = None,
    ) -> StoredObject:
        """Open the current version of *key* in *bucket*.

        The options are the members of the same names of ``SelectObjectContent``, as boto3 takes them.
        A store that has neither bucket owners nor customer keys refuses those it is given.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``AccessDenied``, ``InvalidRequest`` (an
                option this store cannot serve), ``UnsupportedStorageClass``, or ``SlowDown``,
                ``ServiceUnavailable`` and ``InternalError`` when the store fails.
        """


class OpenObject(abc.ABC):
    """What all stored objects do alike: ``read`` by means of ``read_into``, and the context manager."""

    __slots__ = ("etag", "size")

    size: int | None
    etag: str

    @abc.abstractmethod
    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on, as :meth:`StoredObject.read_into` says."""

    @abc.abstractmethod
    def close(self) -> None:
        """Stop reading and release what is held; a second call does nothing."""

    def read(self, offset: int, length: int) -> bytes:
        """At most *length* bytes from *offset* on, as :meth:`StoredObject.read` says."""
        if self.size is not None:
            length = max(0, min(length, self.size - offset))
        buffer = bytearray(length)
        count = self.read_into(memoryview(buffer), offset)
        return bytes(memoryview(buffer)[:count])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def changed(name: str) -> S3SelectError:
    """The error for an object of which another version took the place during a query."""
    return S3SelectError(
        "PreconditionFailed",
        f"The object {name} was changed while the query was reading it, so its records would be those of "
        "two versions. Run the query again.",
        status=412,
    )


def no_such_key(message: str) -> S3SelectError:
    """The error for an object that is not there; *message* says where it was looked for."""
    return S3SelectError("NoSuchKey", message, status=404)


def refuse_options(place: str, **options: str | bytes | None) -> None:
    """Refuse the options that are set, since *place* has no such feature.

    Raises:
        S3SelectError: ``InvalidRequest`` naming the first option that is set.
    """
    for name, given in options.items():
        if given is not None:
            raise S3SelectError(
                "InvalidRequest",
                f"{name} was given, but {place} has no bucket owners and no customer keys. Leave it out, or "
                "query through an endpoint that has them.",
            )
