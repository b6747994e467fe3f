"""Archived objects and results in the embedded store.

In: names and pieces.  Out: objects. The store keeps an archived object's bytes like any other's, and reading
them is refused by ``GetObject`` only, so a job can read them at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3sql.errors import S3SelectError
from s3sql.server.archive.output import OutputLocation
from s3sql.server.archive.results import Buffer, Source, not_archived
from s3sql.server.objects.attributes import ARCHIVED
from s3sql.server.settings import Key
from s3sql.stores.base import StoredObject
from s3sql.stores.embedded.model import Attributes
from s3sql.stores.embedded.store import EmbeddedStore

#: Canned access lists that say what holds anyway.
_OWNER_ONLY = frozenset({"private", "bucket-owner-full-control"})


class EmbeddedResults:
    """The embedded store as jobs see it."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self.name = str(store.root.resolve())
        self.state_directory = store.state_directory

    def check(self, location: OutputLocation) -> None:
        """See :meth:`s3sql.server.archive.results.ResultStore.check`."""
        if location.canned_acl is not None and location.canned_acl not in _OWNER_ONLY:
            raise _not_done(f"CannedACL {location.canned_acl}", "there are no access lists but the owner's")
        if location.grants:
            raise _not_done("AccessControlList", "there are no access lists but the owner's")
        if location.encryption is not None:
            raise _not_done(
                f"EncryptionType {location.encryption.type}", "only keys of the customer encrypt objects"
            )

    def open_source(self, caller: Key | None, source: Source) -> StoredObject:
        """See :meth:`s3sql.server.archive.results.ResultStore.open_source`."""
        if source.version_id not in (None, "", "null"):
            raise S3SelectError(
                "NoSuchVersion",
                f"The version {str(source.version_id)[:40]!r} does not exist; objects have one, null.",
                status=404,
            )
        try:
            found = self._store.open_object(source.bucket, source.key)
        except S3SelectError as error:
            if error.code == "InvalidRequest":
                raise _customer_encrypted(source) from error
            raise
        if found.info.attributes.storage_class not in ARCHIVED:
            found.close()
            raise not_archived(source, found.info.attributes.storage_class)
        return found

    def put(
        self,
        caller: Key | None,
        location: OutputLocation,
        key: str,
        content_type: str,
        pieces: Iterator[Buffer],
    ) -> None:
        """See :meth:`s3sql.server.archive.results.ResultStore.put`."""
        attributes = Attributes(
            headers={"content-type": content_type},
            metadata=location.metadata,
            tags=location.tags,
            storage_class=location.storage_class,
        )
        with self._store.start_write(location.bucket, key, attributes) as writer:
            for piece in pieces:
                writer.write(memoryview(piece))
            writer.commit()


def _not_done(member: str, reason: str) -> S3SelectError:
    return S3SelectError(
        "NotImplemented",
        f"OutputLocation asks for {member}, but this store does not do that: {reason}. Leave it out.",
        status=501,
    )


def _customer_encrypted(source: Source) -> S3SelectError:
    return S3SelectError(
        "InvalidRequest",
        f"The object {source.bucket}/{source.key} is encrypted with a customer's key (SSE-C); a query on an "
        "archived object cannot read it.",
    )
