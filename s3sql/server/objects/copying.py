"""``CopyObject``, and the source that ``UploadPartCopy`` shares with it.

In: an authorised request with ``x-amz-copy-source``.  Out: a copy of the object it names, with the attributes
of that one or with others.

    metadata    those of the source, or with x-amz-metadata-directive: REPLACE the request's
    tags        those of the source, or with x-amz-tagging-directive: REPLACE the request's
    storage class, encryption, website redirect      always the request's

Source: AWS S3 API Reference, "CopyObject".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from starlette.datastructures import Headers

from s3sql.checksums import ALGORITHMS, ChecksumAlgorithm, checksum_of
from s3sql.errors import S3SelectError
from s3sql.server.access import copy_source
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.attributes import REDIRECT, attributes_of, refuse_archived
from s3sql.server.objects.conditions import check_copy_source, write_conditions
from s3sql.server.objects.customer_keys import customer_key, customer_key_headers, source_customer_key
from s3sql.server.objects.intake import Writer
from s3sql.server.objects.patience import kept_alive
from s3sql.server.objects.ranges import Section
from s3sql.server.objects.reading import pieces
from s3sql.server.objects.unsupported import refuse_unsupported
from s3sql.server.objects.versions import check_version
from s3sql.server.settings import Limits
from s3sql.server.xml import Members, document_reply
from s3sql.stores.embedded.model import Attributes, Checksum, CustomerKey, ObjectInfo
from s3sql.stores.embedded.reading import EmbeddedObject
from s3sql.stores.embedded.store import EmbeddedStore


class Copying:
    """Copies objects of *store*."""

    def __init__(self, store: EmbeddedStore, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"CopyObject": self.copy_object}

    async def copy_object(self, request: S3Request) -> Reply:
        """Copy an object."""
        return await kept_alive(request, in_thread(self._copy, request))

    def _copy(self, request: S3Request) -> Reply:
        headers = request.headers
        refuse_unsupported(headers)
        conditions = write_conditions(headers)
        key = customer_key(request)
        requested = attributes_of(headers)
        algorithm = requested_algorithm(headers)
        with open_source(self._store, request) as source:
            info = source.info
            attributes = _attributes(headers, requested, info.attributes)
            if (info.bucket, info.key) == (request.bucket, request.object_key):
                _refuse_no_change(headers, attributes, key, info)
            if info.size > self._limits.object_bytes:
                raise S3SelectError(
                    "InvalidRequest",
                    "The specified copy source is larger than the maximum allowable size for a copy source: "
                    f"{self._limits.object_bytes}. Copy it in parts.",
                )
            if algorithm is None and info.checksum is not None:
                algorithm = info.checksum.algorithm
            with self._store.start_write(
                request.bucket, request.object_key, attributes, customer_key=key, room=info.size
            ) as writer:
                checksum = copied(source, Section(0, info.size), writer, algorithm)
                written = writer.commit(conditions=conditions, checksum=checksum)
        return document_reply(
            "CopyObjectResult",
            copy_result(written.etag, written.modified, written.checksum),
            customer_key_headers(written.customer_key_md5),
        )


def open_source(store: EmbeddedStore, request: S3Request) -> EmbeddedObject:
    """The object that *request* copies from, if it may be copied.

    Raises:
        S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``NoSuchVersion``, ``InvalidObjectState``,
            ``PreconditionFailed``; what is wrong with the customer's key.
    """
    bucket, key, version_id = copy_source(request.headers)
    check_version(version_id)
    source = store.open_object(bucket, key, source_customer_key(request))
    try:
        refuse_archived(source.info)
        check_copy_source(request.headers, source.info)
    except BaseException:
        source.close()
        raise
    return source


def copied(
    source: EmbeddedObject, section: Section, writer: Writer, algorithm: ChecksumAlgorithm | None
) -> Checksum | None:
    """Write the bytes of *section* to *writer*; return their checksum, if there is to be one."""
    known = source.info.checksum
    if known is not None and (known.algorithm, known.type) != (algorithm, "FULL_OBJECT"):
        known = None
    if section.length < source.info.size:
        known = None
    running = checksum_of(algorithm) if algorithm is not None and known is None else None
    for piece in pieces(source, section):
        writer.write(piece)
        if running is not None:
            running.update(piece)
    if algorithm is None or running is None:
        return known
    return Checksum(algorithm, running.digest_base64())


def requested_algorithm(headers: Headers) -> ChecksumAlgorithm | None:
    """The algorithm that ``x-amz-checksum-algorithm`` names.

    Raises:
        S3SelectError: ``InvalidRequest``.
    """
    name = headers.get("x-amz-checksum-algorithm")
    if name is None:
        return None
    if name.upper() not in ALGORITHMS:
        raise S3SelectError(
            "InvalidRequest",
            f"x-amz-checksum-algorithm is {name[:40]!r}. Checksum algorithm provided is unsupported. Please "
            f"try again with any of the valid types: [{', '.join(ALGORITHMS)}]",
        )
    return cast("ChecksumAlgorithm", name.upper())


def copy_result(etag: str, modified: datetime, checksum: Checksum | None) -> Members:
    """The members of the document that answers a copy."""
    return [("ETag", f'"{etag}"'), ("LastModified", modified), *checksum_members(checksum)]


def checksum_members(checksum: Checksum | None) -> Members:
    """What a document says of a checksum."""
    if checksum is None:
        return []
    return [(f"Checksum{checksum.algorithm}", checksum.value), ("ChecksumType", checksum.type)]


def _attributes(headers: Headers, requested: Attributes, source: Attributes) -> Attributes:
    """The attributes of the copy."""
    attributes = requested
    if not _replaces(headers, "x-amz-metadata-directive"):
        kept = {name: value for name, value in source.headers.items() if name != REDIRECT}
        if REDIRECT in requested.headers:
            kept[REDIRECT] = requested.headers[REDIRECT]
        attributes = replace(attributes, headers=kept, metadata=source.metadata)
    if not _replaces(headers, "x-amz-tagging-directive"):
        attributes = replace(attributes, tags=source.tags)
    return attributes


def _replaces(headers: Headers, directive: str) -> bool:
    value = headers.get(directive, "COPY")
    if value not in ("COPY", "REPLACE"):
        raise S3SelectError("InvalidArgument", f"{directive} is {value[:40]!r}; it must be COPY or REPLACE.")
    return value == "REPLACE"


def _refuse_no_change(
    headers: Headers, attributes: Attributes, key: CustomerKey | None, info: ObjectInfo
) -> None:
    """Refuse to copy an object onto itself when that changes nothing."""
    changes = (
        _replaces(headers, "x-amz-metadata-directive"),
        REDIRECT in headers,
        attributes.storage_class != info.attributes.storage_class,
        (key.md5 if key is not None else None) != info.customer_key_md5,
    )
    if not any(changes):
        raise S3SelectError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing "
            "the object's metadata, storage class, website redirect location or encryption attributes.",
        )
