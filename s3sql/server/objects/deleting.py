"""``DeleteObject`` and ``DeleteObjects``.

In: an authorised request.  Out: objects that are gone; that there was none is no error.

Source: AWS S3 API Reference, "DeleteObject", "DeleteObjects".
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.server.address import check_key_length
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.conditions import bare_etag, write_conditions
from s3sql.server.objects.unsupported import refuse_unsupported
from s3sql.server.objects.versions import check_version
from s3sql.server.xml import Content, document_reply
from s3sql.stores.embedded.store import EmbeddedStore
from s3sql.xml_elements import Document, Element, malformed, read_document

#: Most objects of one DeleteObjects.
MAX_OBJECTS = 1000

_OBJECT = {"Key": None, "VersionId": None, "ETag": None, "LastModifiedTime": None, "Size": None}

#: A key's characters may each be written as a reference.
_DELETE = Document(
    ("Delete",), {"Object": _OBJECT, "Quiet": None}, repeated=frozenset({"Object"}), max_bytes=8 << 20
)


class Deleting:
    """Deletes objects of *store*."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"DeleteObject": self.delete_object, "DeleteObjects": self.delete_objects}

    async def delete_object(self, request: S3Request) -> Reply:
        """Delete one object."""
        refuse_unsupported(request.headers)
        check_version(request.parameters.get("versionId"))
        if_match = write_conditions(request.headers).if_match
        await in_thread(self._store.delete, request.bucket, request.object_key, if_match=if_match)
        return Reply(204)

    async def delete_objects(self, request: S3Request) -> Reply:
        """Delete the objects that a document names; tell what became of each."""
        if not _has_digest(request):
            raise S3SelectError(
                "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
            )
        body = await request.body.read(_DELETE.max_bytes)
        if not body:
            raise S3SelectError(
                "MissingRequestBodyError", "The request has no body; it must be a Delete document."
            )
        return await in_thread(self._delete_all, request.bucket, body)

    def _delete_all(self, bucket: str, body: bytes) -> Reply:
        root = read_document(body, _DELETE)
        objects = root.repeated("Object")
        if not 1 <= len(objects) <= MAX_OBJECTS:
            raise malformed(f"Delete names {len(objects):,} objects; it can name 1 to {MAX_OBJECTS:,}.")
        quiet = root.boolean("Quiet")
        for named in objects:
            if not named.text("Key", ""):
                raise malformed("Delete holds an Object without a Key.")
        self._store.bucket(bucket)
        results: list[tuple[str, Content]] = []
        for named in objects:
            key = named.text("Key", "")
            try:
                self._delete(bucket, key, named)
            except S3SelectError as error:
                results.append(("Error", [("Key", key), ("Code", error.code), ("Message", error.message)]))
            else:
                if not quiet:
                    results.append(("Deleted", [("Key", key)]))
        return document_reply("DeleteResult", results)

    def _delete(self, bucket: str, key: str, named: Element) -> None:
        """Delete the object that an element of the document names."""
        check_version(named.texts.get("VersionId"))
        for member in ("LastModifiedTime", "Size"):
            if member in named.texts:
                raise S3SelectError(
                    "NotImplemented",
                    f"The condition {member} is for directory buckets; use ETag.",
                    status=501,
                )
        check_key_length(key)
        etag = named.texts.get("ETag")
        self._store.delete(bucket, key, if_match=None if etag is None else bare_etag(etag))


def _has_digest(request: S3Request) -> bool:
    """Whether the body's digest comes with it, as AWS asks of this operation."""
    return any(
        name == "content-md5" or name == "x-amz-trailer" or _is_checksum(name) for name in request.headers
    )


def _is_checksum(name: str) -> bool:
    return name.startswith("x-amz-checksum-") and name not in (
        "x-amz-checksum-algorithm",
        "x-amz-checksum-type",
    )
