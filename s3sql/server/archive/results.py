"""What a job needs of a store: the archived object, and a place for its results.

In: a caller and names.  Out: the protocol :class:`ResultStore`, which the embedded store and
the store behind the endpoint have each in its way (:mod:`s3sql.server.archive.embedded_results`,
:mod:`s3sql.server.archive.upstream_results`).

Everything here blocks, and raises only :class:`~s3sql.errors.S3SelectError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from s3sql.errors import S3SelectError
from s3sql.server.archive.output import OutputLocation
from s3sql.server.settings import Key
from s3sql.stores.base import StoredObject

Buffer: TypeAlias = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Source:
    """The archived object that a request names."""

    bucket: str
    key: str
    version_id: str | None = None
    expected_bucket_owner: str | None = None


class ResultStore(Protocol):
    """Where archived objects are read and results are written. Any thread may use it."""

    @property
    def name(self) -> str:
        """What tells the store from others."""

    @property
    def state_directory(self) -> Path | None:
        """The folder that the store has for what an endpoint must remember; None if it has none."""

    def check(self, location: OutputLocation) -> None:
        """Refuse what the store cannot give the objects it writes.

        Raises:
            S3SelectError: ``NotImplemented``, naming it.
        """

    def open_source(self, caller: Key | None, source: Source) -> StoredObject:
        """Open the object, whose class must be that of an archive.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``NoSuchVersion``,
                ``ObjectAlreadyInActiveTierError`` for one that is not archived, ``InvalidRequest`` for one
                encrypted with a customer's key, ``UnsupportedStorageClass`` where the store does not hand
                out what it has archived, and what else it answers.
        """

    def put(
        self,
        caller: Key | None,
        location: OutputLocation,
        key: str,
        content_type: str,
        pieces: Iterator[Buffer],
    ) -> None:
        """Write an object of *pieces* to the bucket of *location*, with all that *location* says of it.

        The object is there when this returns, and not before. What *pieces* raises is raised, and nothing is
        written; a piece is no longer used when the next one is asked for.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``AccessDenied`` and what else the store answers.
        """


def not_archived(source: Source, storage_class: str) -> S3SelectError:
    """The error for an object that can be read without a job."""
    return S3SelectError(
        "ObjectAlreadyInActiveTierError",
        f"The object {source.bucket}/{source.key} is of the storage class {storage_class}, which is not "
        "archived; query it with SelectObjectContent.",
        status=403,
    )
