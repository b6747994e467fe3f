"""``GetObjectAttributes``: what is known of an object, without its bytes.

In: an authorised request, whose header ``x-amz-object-attributes`` says what is wanted.  Out: a document with
that. Source: AWS S3 API Reference, "GetObjectAttributes".
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.attributes import http_date
from s3sql.server.objects.copying import checksum_members
from s3sql.server.objects.customer_keys import customer_key
from s3sql.server.objects.tokens import whole_number
from s3sql.server.objects.versions import check_version
from s3sql.server.xml import Content, Members, document_reply
from s3sql.stores.embedded.model import ObjectInfo
from s3sql.stores.embedded.store import EmbeddedStore

#: Most parts that one answer tells of.
MAX_PARTS = 1000

_ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class Description:
    """Describes objects of *store*."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"GetObjectAttributes": self.get_object_attributes}

    async def get_object_attributes(self, request: S3Request) -> Reply:
        """Tell what is wanted of what is known."""
        check_version(request.parameters.get("versionId"))
        wanted = _wanted(request)
        key = customer_key(request)
        info = await in_thread(self._store.describe, request.bucket, request.object_key, key)
        members: list[tuple[str, Content]] = []
        if "ETag" in wanted:
            members.append(("ETag", info.etag))
        if "Checksum" in wanted and info.checksum is not None:
            members.append(("Checksum", checksum_members(info.checksum)))
        if "ObjectParts" in wanted and info.parts:
            members.append(("ObjectParts", _parts(request, info)))
        if "StorageClass" in wanted:
            members.append(("StorageClass", info.attributes.storage_class))
        if "ObjectSize" in wanted:
            members.append(("ObjectSize", info.size))
        headers = [("Last-Modified", http_date(info))]
        return document_reply("GetObjectAttributesResponse", members, headers)


def _wanted(request: S3Request) -> set[str]:
    """The names of the attributes that are asked for."""
    lists = request.headers.getlist("x-amz-object-attributes")
    names = [name.strip() for text in lists for name in text.split(",")]
    unknown = next((name for name in names if name not in _ATTRIBUTES), None)
    if unknown is not None or not names:
        found = f"names {unknown[:40]!r}" if unknown is not None else "is missing"
        raise S3SelectError(
            "InvalidArgument",
            f"The header x-amz-object-attributes {found}; it names one or more of {', '.join(_ATTRIBUTES)}.",
        )
    return set(names)


def _parts(request: S3Request, info: ObjectInfo) -> Members:
    """The parts an object was uploaded in; which they were is told if they have checksums."""
    limit = whole_number(request.headers, "x-amz-max-parts", 0, MAX_PARTS)
    limit = MAX_PARTS if limit is None else limit
    after = whole_number(request.headers, "x-amz-part-number-marker", 0, 2**31 - 1) or 0
    if info.checksum is None:
        return [("PartsCount", len(info.parts))]
    following = [part for part in info.parts if part.number > after]
    shown = following[:limit]
    return [
        ("PartsCount", len(info.parts)),
        ("PartNumberMarker", after),
        ("NextPartNumberMarker", shown[-1].number if shown else after),
        ("MaxParts", limit),
        ("IsTruncated", len(following) > len(shown) > 0),
        *(
            (
                "Part",
                [
                    ("PartNumber", part.number),
                    ("Size", part.size),
                    *checksum_members(part.checksum)[:1],
                ],
            )
            for part in shown
        ),
    ]
