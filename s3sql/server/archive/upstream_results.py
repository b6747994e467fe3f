"""Archived objects and results in the store behind the endpoint, by way of boto3.

In: names and pieces.  Out: objects, written with the credentials that belong to the caller. One that is
larger than a part goes up as a multipart upload, so that no more than two parts of it are ever held.

A store that really archives refuses ``GetObject``, which is told before a job begins; one that only keeps the
name of the class hands the object out.

Source: AWS S3 API Reference, "HeadObject", "PutObject", "CreateMultipartUpload".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from s3sql.errors import S3SelectError
from s3sql.server.archive.output import Grant, OutputLocation
from s3sql.server.archive.results import Buffer, Source, not_archived
from s3sql.server.objects.attributes import ARCHIVED
from s3sql.server.settings import Key
from s3sql.server.upstream.stores import UpstreamStores
from s3sql.stores.base import StoredObject
from s3sql.stores.s3 import S3Object, asking_about

#: Size of the parts of an upload in bytes; the store takes no smaller ones than 5 MiB, but for the last.
PART_BYTES = 8 << 20

#: Headers of grants by their permissions; an object cannot be granted to be written.
_GRANT_MEMBERS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}
_GRANTEES = {"CanonicalUser": "id", "AmazonCustomerByEmail": "emailAddress", "Group": "uri"}

_log = logging.getLogger(__name__)


class UpstreamResults:
    """The store behind the endpoint as jobs see it."""

    def __init__(self, stores: UpstreamStores) -> None:
        self._stores = stores
        self.name = stores.upstream.url
        self.state_directory: Path | None = None

    def check(self, location: OutputLocation) -> None:
        """See :meth:`s3sql.server.archive.results.ResultStore.check`; the store judges most by itself."""
        for grant in location.grants:
            if grant.permission not in _GRANT_MEMBERS:
                raise S3SelectError(
                    "NotImplemented",
                    f"AccessControlList grants {grant.permission}, which buckets have and objects have not. "
                    f"Grant one of {', '.join(_GRANT_MEMBERS)}.",
                    status=501,
                )
            if '"' in grant.grantee or not grant.grantee.isascii() or not grant.grantee.isprintable():
                raise S3SelectError(
                    "InvalidArgument",
                    f"The grantee {grant.grantee[:40]!r} cannot stand in a header; it must be printable "
                    "ASCII without quotation marks.",
                )

    def open_source(self, caller: Key | None, source: Source) -> StoredObject:
        """See :meth:`s3sql.server.archive.results.ResultStore.open_source`."""
        client = self._stores.client_for(caller)
        members = {
            "Bucket": source.bucket,
            "Key": source.key,
            "VersionId": source.version_id,
            "ExpectedBucketOwner": source.expected_bucket_owner,
        }
        given = {name: value for name, value in members.items() if value}
        # Opened first, since the answers to HEAD do not say what is wrong.
        found = S3Object(client, given)
        try:
            with asking_about(f"s3://{source.bucket}/{source.key}"):
                head = client.head_object(**given)
            storage_class = head.get("StorageClass", "STANDARD")
            # An archived object of INTELLIGENT_TIERING has a status of its own.
            if storage_class not in ARCHIVED and not head.get("ArchiveStatus"):
                raise not_archived(source, storage_class)
        except BaseException:
            found.close()
            raise
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
        client = self._stores.client_for(caller)
        place = {"Bucket": location.bucket, "Key": key}
        members = place | _members(location, content_type)
        parts = _parts(pieces)
        first = next(parts, b"")
        second = next(parts, None)
        with asking_about(f"s3://{location.bucket}/{key}"):
            if second is None:
                client.put_object(**members, Body=first)
                return
            upload = place | {"UploadId": client.create_multipart_upload(**members)["UploadId"]}
        try:
            self._upload(client, upload, first, second, parts)
        except BaseException:
            _abort(client, upload)
            raise

    def _upload(
        self, client: Any, upload: dict[str, str], first: bytes, second: bytes, parts: Iterator[bytes]
    ) -> None:
        """Send the parts of an upload and complete it."""
        name = f"s3://{upload['Bucket']}/{upload['Key']}"
        sent: list[dict[str, object]] = []

        def send(part: bytes) -> None:
            number = len(sent) + 1
            with asking_about(name):
                answer = client.upload_part(**upload, PartNumber=number, Body=part)
            checksums = {member: answer[member] for member in answer if member.startswith("Checksum")}
            checksums.pop("ChecksumType", None)
            sent.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})

        send(first)
        send(second)
        del first, second
        for part in parts:
            send(part)
        with asking_about(name):
            client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent})


def _parts(pieces: Iterator[Buffer]) -> Iterator[bytes]:
    """*pieces* put together to parts of :data:`PART_BYTES`, the last one shorter."""
    held = bytearray()
    for piece in pieces:
        rest = memoryview(piece)
        while len(rest):
            taken = rest[: PART_BYTES - len(held)]
            held += taken
            rest = rest[len(taken) :]
            if len(held) == PART_BYTES:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def _abort(client: Any, upload: dict[str, str]) -> None:
    """Give up an upload that failed; its parts would be kept, and paid for."""
    try:
        with asking_about(f"s3://{upload['Bucket']}/{upload['Key']}"):
            client.abort_multipart_upload(**upload)
    except S3SelectError as error:
        _log.warning("An upload could not be aborted: %s", error)


def _members(location: OutputLocation, content_type: str) -> dict[str, Any]:
    """What *location* says of an object, as boto3 takes it."""
    members: dict[str, Any] = {
        "ContentType": content_type,
        "Metadata": dict(location.metadata),
        "StorageClass": location.storage_class,
    }
    if location.tags:
        members["Tagging"] = urlencode(location.tags)
    if location.canned_acl is not None:
        members["ACL"] = location.canned_acl
    for permission, member in _GRANT_MEMBERS.items():
        grantees = [_grantee(grant) for grant in location.grants if grant.permission == permission]
        if grantees:
            members[member] = ", ".join(grantees)
    if location.encryption is not None:
        members["ServerSideEncryption"] = location.encryption.type
        if location.encryption.key_id is not None:
            members["SSEKMSKeyId"] = location.encryption.key_id
        if location.encryption.context is not None:
            members["SSEKMSEncryptionContext"] = location.encryption.context
    return members


def _grantee(grant: Grant) -> str:
    return f'{_GRANTEES[grant.grantee_type]}="{grant.grantee}"'
