"""Multipart uploads: begun, given parts, completed or aborted.

In: authorised requests that name an upload by its id.  Out: parts, and in the end one object, whole or not at
all.

    CreateMultipartUpload → UploadPart, UploadPartCopy (in any order, each part as often as one likes)
                          → CompleteMultipartUpload | AbortMultipartUpload

The object's attributes, its storage class, its key of encryption and the algorithm of its checksums are said
when the upload begins. Source: AWS S3 API Reference, under these names; AWS S3 User Guide, "Uploading and
copying objects using multipart upload", "Checking object integrity".
"""

from __future__ import annotations

from functools import partial

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.attributes import attributes_of, checksum_headers
from s3sql.server.objects.copying import copied, copy_result, open_source, requested_algorithm
from s3sql.server.objects.customer_keys import customer_key, customer_key_headers
from s3sql.server.objects.intake import intake_of, sent_checksum
from s3sql.server.objects.patience import kept_alive
from s3sql.server.objects.ranges import copied_section, part_number_of
from s3sql.server.objects.unsupported import refuse_unsupported
from s3sql.server.settings import Limits
from s3sql.server.xml import document_reply
from s3sql.stores.embedded.model import ChecksumType, StoredPart, Upload
from s3sql.stores.embedded.store import EmbeddedStore

_CHECKSUM_TYPES: tuple[ChecksumType, ...] = ("COMPOSITE", "FULL_OBJECT")


class Uploads:
    """The multipart uploads of *store*."""

    def __init__(self, store: EmbeddedStore, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {
            "CreateMultipartUpload": self.create,
            "UploadPart": self.upload_part,
            "UploadPartCopy": self.upload_part_copy,
            "AbortMultipartUpload": self.abort,
        }

    async def create(self, request: S3Request) -> Reply:
        """Begin an upload."""
        headers = request.headers
        refuse_unsupported(headers)
        upload = await in_thread(
            self._store.create_upload,
            request.bucket,
            request.object_key,
            attributes_of(headers),
            checksum_algorithm=requested_algorithm(headers),
            checksum_type=_checksum_type(headers),
            customer_key=customer_key(request),
        )
        told = customer_key_headers(upload.customer_key_md5)
        if upload.checksum_algorithm is not None and upload.checksum_type is not None:
            told.append(("x-amz-checksum-algorithm", upload.checksum_algorithm))
            told.append(("x-amz-checksum-type", upload.checksum_type))
        return document_reply(
            "InitiateMultipartUploadResult",
            [("Bucket", upload.bucket), ("Key", upload.key), ("UploadId", upload.upload_id)],
            told,
        )

    async def upload_part(self, request: S3Request) -> Reply:
        """Write a part."""
        number, upload_id = _part_of(request)
        key = customer_key(request)
        upload = await in_thread(self._store.upload, request.bucket, request.object_key, upload_id)
        async with intake_of(partial(self._store.start_part, upload, number, customer_key=key)) as intake:
            await intake.take(request.body)
            part = await intake.call(intake.writer.commit, checksum=sent_checksum(request.body))
        return Reply(200, _part_headers(part, upload))

    async def upload_part_copy(self, request: S3Request) -> Reply:
        """Copy a part from an object."""
        return await kept_alive(request, in_thread(self._upload_part_copy, request))

    async def abort(self, request: S3Request) -> Reply:
        """Give an upload up."""
        upload_id = request.parameters["uploadId"]
        upload = await in_thread(self._store.upload, request.bucket, request.object_key, upload_id)
        await in_thread(self._store.abort_upload, upload)
        return Reply(204)

    def _upload_part_copy(self, request: S3Request) -> Reply:
        number, upload_id = _part_of(request)
        key = customer_key(request)
        upload = self._store.upload(request.bucket, request.object_key, upload_id)
        with open_source(self._store, request) as source:
            section = copied_section(source.info, request.headers.get("x-amz-copy-source-range"))
            if section.length > self._limits.object_bytes:
                raise S3SelectError(
                    "InvalidRequest",
                    f"The part would have {section.length:,} bytes; the most is "
                    f"{self._limits.object_bytes:,}. Name a range by x-amz-copy-source-range.",
                )
            with self._store.start_part(upload, number, customer_key=key) as writer:
                copied(source, section, writer, None)
                part = writer.commit()
        return document_reply(
            "CopyPartResult",
            copy_result(part.etag, part.modified, part.checksum),
            customer_key_headers(upload.customer_key_md5),
        )


def _checksum_type(headers: Headers) -> ChecksumType | None:
    """How the object's checksum is to follow from those of its parts.

    Raises:
        S3SelectError: ``InvalidRequest``.
    """
    name = headers.get("x-amz-checksum-type")
    if name is None:
        return None
    found = next((type_ for type_ in _CHECKSUM_TYPES if type_ == name.upper()), None)
    if found is None:
        raise S3SelectError(
            "InvalidRequest", f"x-amz-checksum-type is {name[:40]!r}; it must be COMPOSITE or FULL_OBJECT."
        )
    return found


def _part_of(request: S3Request) -> tuple[int, str]:
    """The part's number and the id of its upload."""
    missing = next((name for name in ("partNumber", "uploadId") if not request.parameters.get(name)), None)
    if missing is not None:
        raise S3SelectError(
            "InvalidArgument", f"A part is uploaded with partNumber and uploadId; {missing} is missing."
        )
    return part_number_of(request.parameters["partNumber"]), request.parameters["uploadId"]


def _part_headers(part: StoredPart, upload: Upload) -> list[tuple[str, str]]:
    return [
        ("ETag", f'"{part.etag}"'),
        *checksum_headers(part.checksum)[:1],
        *customer_key_headers(upload.customer_key_md5),
    ]
