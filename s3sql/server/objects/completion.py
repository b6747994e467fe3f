"""``CompleteMultipartUpload``: the parts of an upload become one object.

In: an authorised request whose document names the parts.  Out: the object, whole or not at all.

The headers ``x-amz-checksum-*`` are of the object, not of the document. Source: AWS S3 API Reference,
"CompleteMultipartUpload".
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers

from s3sql.checksums import ALGORITHMS
from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.conditions import bare_etag, write_conditions
from s3sql.server.objects.copying import checksum_members
from s3sql.server.objects.customer_keys import customer_key_headers
from s3sql.server.objects.patience import kept_alive
from s3sql.server.objects.ranges import MAX_PART_NUMBER
from s3sql.server.xml import document_reply
from s3sql.stores.embedded.model import Checksum, CompletedPart, Upload
from s3sql.stores.embedded.store import EmbeddedStore
from s3sql.xml_elements import Document, Element, malformed, read_document

_CHECKSUMS = {f"Checksum{algorithm}": None for algorithm in ALGORITHMS}
_COMPLETION = Document(
    ("CompleteMultipartUpload", "MultipartUpload"),
    {"Part": {"PartNumber": None, "ETag": None, **_CHECKSUMS}},
    repeated=frozenset({"Part"}),
    max_bytes=4 << 20,
    max_elements=MAX_PART_NUMBER * 8,
)


class Completion:
    """Completes uploads of *store*."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"CompleteMultipartUpload": self.complete}

    async def complete(self, request: S3Request) -> Reply:
        """Complete an upload."""
        body = await request.body.read(_COMPLETION.max_bytes)
        if not body:
            raise S3SelectError("InvalidRequest", "You must specify at least one part")
        return await kept_alive(request, in_thread(self._complete, request, body))

    def _complete(self, request: S3Request, body: bytes) -> Reply:
        headers = request.headers
        conditions = write_conditions(headers)
        size = _object_size(headers)
        parts = _parts(read_document(body, _COMPLETION))
        upload = self._store.upload(request.bucket, request.object_key, request.parameters["uploadId"])
        info = self._store.complete_upload(
            upload, parts, conditions=conditions, checksum=_object_checksum(request, upload), size=size
        )
        scheme = "https" if request.secure else "http"
        return document_reply(
            "CompleteMultipartUploadResult",
            [
                ("Location", f"{scheme}://{headers.get('host', '')}{request.raw_path.decode('latin-1')}"),
                ("Bucket", info.bucket),
                ("Key", info.key),
                ("ETag", f'"{info.etag}"'),
                *checksum_members(info.checksum),
            ],
            customer_key_headers(info.customer_key_md5),
        )


def _parts(root: Element) -> list[CompletedPart]:
    """The parts that the document names."""
    named = root.repeated("Part")
    if not named:
        raise malformed("The document names no Part.")
    if len(named) > MAX_PART_NUMBER:
        raise malformed(f"The document names {len(named):,} parts; the most is {MAX_PART_NUMBER:,}.")
    parts = []
    for element in named:
        number = element.long("PartNumber")
        if number is None or not element.text("ETag", "").strip():
            raise malformed("A Part needs a PartNumber and an ETag.")
        if not 1 <= number <= MAX_PART_NUMBER:
            raise S3SelectError(
                "InvalidArgument",
                f"PartNumber is {number}. Part number must be an integer between 1 and {MAX_PART_NUMBER}, "
                "inclusive.",
            )
        checksum = next(
            (
                Checksum(algorithm, element.text(f"Checksum{algorithm}", "").strip())
                for algorithm in ALGORITHMS
                if element.text(f"Checksum{algorithm}", "").strip()
            ),
            None,
        )
        parts.append(CompletedPart(number, bare_etag(element.text("ETag", "")), checksum))
    return parts


def _object_size(headers: Headers) -> int | None:
    """The bytes that the whole object must have."""
    text = headers.get("x-amz-mp-object-size")
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", text):
        raise S3SelectError(
            "InvalidArgument", f"x-amz-mp-object-size is {text[:20]!r}; it must be the object's bytes."
        )
    return int(text)


def _object_checksum(request: S3Request, upload: Upload) -> Checksum | None:
    """The checksum that the whole object must have.

    Raises:
        S3SelectError: ``InvalidRequest`` when its type is not that of the upload, or there are several.
    """
    asked = request.headers.get("x-amz-checksum-type")
    if asked is not None and asked.upper() != upload.checksum_type:
        raise S3SelectError(
            "InvalidRequest",
            f"The upload was created using the {upload.checksum_type} checksum mode. The complete request "
            f"must use the same checksum mode, not {asked[:20]!r}.",
        )
    sent = [algorithm for algorithm in ALGORITHMS if f"x-amz-checksum-{algorithm.lower()}" in request.headers]
    if not sent:
        return None
    if len(sent) > 1:
        raise S3SelectError(
            "InvalidRequest", f"Expecting a single x-amz-checksum- header; there are {', '.join(sent)}."
        )
    value = request.headers[f"x-amz-checksum-{sent[0].lower()}"]
    type_ = upload.checksum_type or ("COMPOSITE" if "-" in value else "FULL_OBJECT")
    return Checksum(sent[0], value, type_)
