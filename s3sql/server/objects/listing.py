"""``ListObjects`` and ``ListObjectsV2``.

In: an authorised request.  Out: up to a thousand objects and common prefixes of a bucket in the order of
their keys' UTF-8 bytes, and where to go on.

                  goes on behind                            the next page begins behind
    version 1     marker                                    the last entry; NextMarker with a delimiter only
    version 2     continuation-token, or else start-after   NextContinuationToken

Source: AWS S3 API Reference, "ListObjects", "ListObjectsV2".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.owner import owner_id
from s3sql.server.objects.tokens import read_token, token_of, whole_number
from s3sql.server.settings import Settings
from s3sql.server.xml import Content, Members, document_reply, url_encoded
from s3sql.stores.embedded.model import ObjectInfo, Page
from s3sql.stores.embedded.store import EmbeddedStore

#: Most entries of a page.
MAX_KEYS = 1000


@dataclass(frozen=True, slots=True)
class Encoding:
    """How names are written in a listing: as they are, or percent-encoded if the request asks for that."""

    type: str | None

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Encoding:
        """What ``encoding-type`` says.

        Raises:
            S3SelectError: ``InvalidArgument``.
        """
        type_ = parameters.get("encoding-type")
        if type_ is not None and type_ != "url":
            raise S3SelectError(
                "InvalidArgument",
                f"Invalid Encoding Method specified in Request: encoding-type is {type_[:40]!r}; it can only "
                "be url.",
            )
        return cls(type_)

    def __call__(self, name: str) -> str:
        """*name* as the listing has it."""
        return name if self.type is None else url_encoded(name)

    def optional(self, name: str | None) -> str | None:
        """The same of what may be absent or empty, which is left out."""
        return self(name) if name else None


class Listing:
    """Lists the objects of *store*."""

    def __init__(self, store: EmbeddedStore, settings: Settings) -> None:
        self._store = store
        self._owner = [("ID", owner_id(settings))]

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"ListObjects": self.list_objects, "ListObjectsV2": self.list_objects_v2}

    async def list_objects(self, request: S3Request) -> Reply:
        """List by markers."""
        return await in_thread(self._list, request)

    async def list_objects_v2(self, request: S3Request) -> Reply:
        """List by tokens."""
        return await in_thread(self._list_v2, request)

    def _list(self, request: S3Request) -> Reply:
        parameters = request.parameters
        encoded = Encoding.of(parameters)
        marker = parameters.get("marker", "")
        limit, page = self._page(request, marker)
        next_marker = None
        if page.truncated and parameters.get("delimiter"):
            next_marker = encoded(_name(page.entries[-1]))
        return document_reply(
            "ListBucketResult",
            [
                ("Name", request.bucket),
                ("Prefix", encoded(parameters.get("prefix", ""))),
                ("Marker", encoded(marker)),
                ("NextMarker", next_marker),
                ("MaxKeys", limit),
                ("Delimiter", encoded.optional(parameters.get("delimiter"))),
                ("EncodingType", encoded.type),
                ("IsTruncated", page.truncated),
                *self._entries(page, encoded, owner=True),
            ],
        )

    def _list_v2(self, request: S3Request) -> Reply:
        parameters = request.parameters
        encoded = Encoding.of(parameters)
        token = parameters.get("continuation-token")
        after = parameters.get("start-after", "") if token is None else read_token(token)
        limit, page = self._page(request, after)
        return document_reply(
            "ListBucketResult",
            [
                ("Name", request.bucket),
                ("Prefix", encoded(parameters.get("prefix", ""))),
                ("ContinuationToken", token),
                ("NextContinuationToken", token_of(_name(page.entries[-1])) if page.truncated else None),
                ("StartAfter", encoded.optional(parameters.get("start-after"))),
                ("KeyCount", len(page.entries)),
                ("MaxKeys", limit),
                ("Delimiter", encoded.optional(parameters.get("delimiter"))),
                ("EncodingType", encoded.type),
                ("IsTruncated", page.truncated),
                *self._entries(page, encoded, owner=parameters.get("fetch-owner", "").lower() == "true"),
            ],
        )

    def _page(self, request: S3Request, after: str) -> tuple[int, Page]:
        """How many entries are wanted, and those."""
        _check_optional_attributes(request.headers)
        parameters = request.parameters
        limit = whole_number(parameters, "max-keys", 0, MAX_KEYS)
        limit = MAX_KEYS if limit is None else limit
        page = self._store.list_objects(
            request.bucket,
            prefix=parameters.get("prefix", ""),
            delimiter=parameters.get("delimiter", ""),
            after=after,
            limit=limit,
        )
        return limit, page

    def _entries(self, page: Page, encoded: Encoding, *, owner: bool) -> Members:
        """The objects of a page, then its common prefixes."""
        objects: list[tuple[str, Content]] = []
        prefixes: list[tuple[str, Content]] = []
        for entry in page.entries:
            if isinstance(entry, str):
                prefixes.append(("CommonPrefixes", [("Prefix", encoded(entry))]))
                continue
            checksum = entry.checksum
            objects.append(
                (
                    "Contents",
                    [
                        ("Key", encoded(entry.key)),
                        ("LastModified", entry.modified),
                        ("ETag", f'"{entry.etag}"'),
                        ("ChecksumAlgorithm", checksum.algorithm if checksum is not None else None),
                        ("ChecksumType", checksum.type if checksum is not None else None),
                        ("Size", entry.size),
                        ("StorageClass", entry.attributes.storage_class),
                        ("Owner", self._owner if owner else None),
                    ],
                )
            )
        return objects + prefixes


def _name(entry: ObjectInfo | str) -> str:
    return entry if isinstance(entry, str) else entry.key


def _check_optional_attributes(headers: Headers) -> None:
    """Check what more a listing is to tell of each object: whether it is restored, which none ever is."""
    for name in headers.get("x-amz-optional-object-attributes", "RestoreStatus").split(","):
        if name.strip() != "RestoreStatus":
            raise S3SelectError(
                "InvalidArgument",
                f"x-amz-optional-object-attributes names {name.strip()[:40]!r}; it can only name "
                "RestoreStatus.",
            )
