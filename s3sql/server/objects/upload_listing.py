"""``ListParts`` and ``ListMultipartUploads``.

In: an authorised request.  Out: the parts of an upload by their numbers, or the uploads of a bucket by their
keys and ids, page by page. Source: AWS S3 API Reference, under these names.
"""

from __future__ import annotations

from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.copying import checksum_members
from s3sql.server.objects.listing import Encoding
from s3sql.server.objects.owner import owner_id
from s3sql.server.objects.tokens import whole_number
from s3sql.server.settings import Settings
from s3sql.server.xml import Content, Members, document_reply
from s3sql.stores.embedded.model import Upload
from s3sql.stores.embedded.store import EmbeddedStore

#: Most entries of a page, and the greatest marker.
MAX_ENTRIES = 1000
_MAX_MARKER = 2**31 - 1


class UploadListing:
    """Lists the uploads of *store*."""

    def __init__(self, store: EmbeddedStore, settings: Settings) -> None:
        self._store = store
        owner = [("ID", owner_id(settings))]
        self._owners: Members = [("Initiator", owner), ("Owner", owner)]

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"ListParts": self.list_parts, "ListMultipartUploads": self.list_uploads}

    async def list_parts(self, request: S3Request) -> Reply:
        """List the parts that an upload has."""
        return await in_thread(self._list_parts, request)

    async def list_uploads(self, request: S3Request) -> Reply:
        """List a bucket's uploads."""
        return await in_thread(self._list_uploads, request)

    def _list_parts(self, request: S3Request) -> Reply:
        parameters = request.parameters
        encoded = Encoding.of(parameters)
        limit = whole_number(parameters, "max-parts", 0, MAX_ENTRIES)
        limit = MAX_ENTRIES if limit is None else limit
        after = whole_number(parameters, "part-number-marker", 0, _MAX_MARKER) or 0
        upload = self._store.upload(request.bucket, request.object_key, parameters["uploadId"])
        parts, truncated = self._store.list_parts(upload, after=after, limit=limit)
        listed: list[tuple[str, Content]] = [
            (
                "Part",
                [
                    ("PartNumber", part.number),
                    ("LastModified", part.modified),
                    ("ETag", f'"{part.etag}"'),
                    ("Size", part.size),
                    *checksum_members(part.checksum)[:1],
                ],
            )
            for part in parts
        ]
        return document_reply(
            "ListPartsResult",
            [
                ("Bucket", upload.bucket),
                ("Key", encoded(upload.key)),
                ("UploadId", upload.upload_id),
                *self._described(upload),
                ("PartNumberMarker", after),
                ("NextPartNumberMarker", parts[-1].number if parts else 0),
                ("MaxParts", limit),
                ("EncodingType", encoded.type),
                ("IsTruncated", truncated),
                *listed,
            ],
        )

    def _list_uploads(self, request: S3Request) -> Reply:
        parameters = request.parameters
        encoded = Encoding.of(parameters)
        prefix, delimiter = parameters.get("prefix", ""), parameters.get("delimiter", "")
        key_marker = parameters.get("key-marker", "")
        id_marker = parameters.get("upload-id-marker", "") if key_marker else ""
        limit = whole_number(parameters, "max-uploads", 1, MAX_ENTRIES) or MAX_ENTRIES
        entries, truncated = self._store.list_uploads(
            request.bucket,
            prefix=prefix,
            delimiter=delimiter,
            after_key=key_marker,
            after_upload_id=id_marker,
            limit=limit,
        )
        next_key = next_id = None
        if truncated:
            last = entries[-1]
            next_key, next_id = (last, "") if isinstance(last, str) else (last.key, last.upload_id)
        return document_reply(
            "ListMultipartUploadsResult",
            [
                ("Bucket", request.bucket),
                ("KeyMarker", encoded(key_marker)),
                ("UploadIdMarker", id_marker),
                ("NextKeyMarker", encoded.optional(next_key)),
                ("NextUploadIdMarker", next_id),
                ("Prefix", encoded(prefix)),
                ("Delimiter", encoded.optional(delimiter)),
                ("EncodingType", encoded.type),
                ("MaxUploads", limit),
                ("IsTruncated", truncated),
                *self._uploads(entries, encoded),
            ],
        )

    def _uploads(self, entries: list[Upload | str], encoded: Encoding) -> Members:
        """The uploads of a page, then its common prefixes."""
        uploads: list[tuple[str, Content]] = []
        prefixes: list[tuple[str, Content]] = []
        for entry in entries:
            if isinstance(entry, str):
                prefixes.append(("CommonPrefixes", [("Prefix", encoded(entry))]))
                continue
            members: Members = [
                ("UploadId", entry.upload_id),
                ("Key", encoded(entry.key)),
                ("Initiated", entry.initiated),
                *self._described(entry),
            ]
            uploads.append(("Upload", members))
        return uploads + prefixes

    def _described(self, upload: Upload) -> Members:
        """What both listings say of an upload."""
        return [
            *self._owners,
            ("StorageClass", upload.attributes.storage_class),
            ("ChecksumAlgorithm", upload.checksum_algorithm),
            ("ChecksumType", upload.checksum_type),
        ]
