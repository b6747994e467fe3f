"""``GetObjectTagging``, ``PutObjectTagging`` and ``DeleteObjectTagging``.

In: an authorised request.  Out: an object's tags, told or replaced; its ETag and time stay.

Source: AWS S3 API Reference, under these names.
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.tags import MAX_BODY_BYTES, tags_of_document
from s3sql.server.objects.versions import check_version
from s3sql.server.xml import Content, document_reply
from s3sql.stores.embedded.store import EmbeddedStore


class Tagging:
    """The tags of objects of *store*."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {
            "GetObjectTagging": self.get_object_tagging,
            "PutObjectTagging": self.put_object_tagging,
            "DeleteObjectTagging": self.delete_object_tagging,
        }

    async def get_object_tagging(self, request: S3Request) -> Reply:
        """Tell an object's tags."""
        check_version(request.parameters.get("versionId"))
        tags = await in_thread(self._store.tags, request.bucket, request.object_key)
        members: list[tuple[str, Content]] = [
            ("Tag", [("Key", name), ("Value", value)]) for name, value in tags.items()
        ]
        return document_reply("Tagging", [("TagSet", members)])

    async def put_object_tagging(self, request: S3Request) -> Reply:
        """Replace an object's tags."""
        check_version(request.parameters.get("versionId"))
        body = await request.body.read(MAX_BODY_BYTES)
        if not body:
            raise S3SelectError(
                "MissingRequestBodyError", "The request has no body; it must be a Tagging document."
            )
        tags = tags_of_document(body)
        await in_thread(self._store.set_tags, request.bucket, request.object_key, tags)
        return Reply(200)

    async def delete_object_tagging(self, request: S3Request) -> Reply:
        """Take an object's tags away."""
        check_version(request.parameters.get("versionId"))
        await in_thread(self._store.set_tags, request.bucket, request.object_key, {})
        return Reply(204)
