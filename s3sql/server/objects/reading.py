"""``GetObject`` and ``HeadObject``.

In: an authorised request.  Out: the object's bytes, or those it asks for, and what is known of it. Bytes are
read in pieces while they are sent, so that memory does not grow with the object.

The order of checks: the customer's key, the object, its storage class, the conditions, the range. Source: AWS
S3 API Reference, "GetObject", "HeadObject".
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.attributes import checksum_headers, object_headers, refuse_archived
from s3sql.server.objects.conditions import is_unchanged_for_reader, range_still_counts
from s3sql.server.objects.customer_keys import customer_key
from s3sql.server.objects.ranges import Section, section_of
from s3sql.server.objects.versions import check_version
from s3sql.stores.embedded.model import Checksum, ObjectInfo
from s3sql.stores.embedded.reading import EmbeddedObject
from s3sql.stores.embedded.store import EmbeddedStore

#: Bytes that are read at a time.
PIECE_BYTES = 1 << 20

#: Parameters that replace a header of the reply.
_OVERRIDES = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-content-type": "Content-Type",
    "response-expires": "Expires",
}


class Reading:
    """Reads objects of *store*."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"GetObject": self.get_object, "HeadObject": self.head_object}

    async def get_object(self, request: S3Request) -> Reply:
        """Send an object, or some of its bytes."""
        return await in_thread(self._get, request)

    async def head_object(self, request: S3Request) -> Reply:
        """Tell what ``GetObject`` would, without the bytes."""
        return await in_thread(self._head, request)

    def _get(self, request: S3Request) -> Reply:
        check_version(request.parameters.get("versionId"))
        source = self._store.open_object(request.bucket, request.object_key, customer_key(request))
        try:
            refuse_archived(source.info)
            reply, section = _outline(request, source.info)
            if section is None:
                source.close()
            elif section.length <= PIECE_BYTES:
                reply.body = b"".join(pieces(source, section))
                source.close()
            else:
                reply.body = pieces(source, section)

                async def ended() -> None:
                    await in_thread(source.close)

                reply.ended = ended
        except BaseException:
            source.close()
            raise
        return reply

    def _head(self, request: S3Request) -> Reply:
        check_version(request.parameters.get("versionId"))
        info = self._store.describe(request.bucket, request.object_key, customer_key(request))
        return _outline(request, info)[0]


def pieces(source: EmbeddedObject, section: Section) -> Generator[bytes, None, None]:
    """The bytes of *section*, piece by piece.

    Raises:
        S3SelectError: ``ServiceUnavailable`` when there are fewer; as the store's reads.
    """
    offset, end = section.first, section.first + section.length
    while offset < end:
        piece = source.read(offset, min(PIECE_BYTES, end - offset))
        if not piece:
            raise S3SelectError(
                "ServiceUnavailable",
                f"The object ended at byte {offset:,} while it was read, before the {end:,} it had. "
                "Please try again.",
                status=503,
            )
        offset += len(piece)
        yield piece


def _outline(request: S3Request, info: ObjectInfo) -> tuple[Reply, Section | None]:
    """The reply without its body, and the bytes that belong there; None if no body does."""
    overridden = _overrides(request)
    headers = [header for header in object_headers(info) if header[0] not in overridden]
    headers += overridden.items()
    if is_unchanged_for_reader(request.headers, info):
        return Reply(304, [header for header in headers if not header[0].startswith("Content-")]), None
    asked = request.headers.get("range") if range_still_counts(request.headers, info) else None
    section = section_of(info, asked, request.parameters.get("partNumber"))
    headers.append(("Content-Length", str(section.length)))
    if section.partial:
        headers.append(("Content-Range", section.content_range(info.size)))
    if section.part is not None:
        headers.append(("x-amz-mp-parts-count", str(len(info.parts))))
    if _wants_checksum(request):
        headers += checksum_headers(_checksum(info, section))
    return Reply(206 if section.partial else 200, headers), section


def _overrides(request: S3Request) -> dict[str, str]:
    """The headers that the request's parameters replace, which only a signed request has got here with.

    Raises:
        S3SelectError: ``InvalidArgument``.
    """
    overrides = {}
    for parameter, header in _OVERRIDES.items():
        value = request.parameters.get(parameter)
        if value is None:
            continue
        if any(character < " " or character == "\x7f" for character in value):
            raise S3SelectError(
                "InvalidArgument", f"{parameter} holds a control character, which no header can carry."
            )
        overrides[header] = value
    return overrides


def _wants_checksum(request: S3Request) -> bool:
    mode = request.headers.get("x-amz-checksum-mode")
    if mode is not None and mode.upper() != "ENABLED":
        raise S3SelectError(
            "InvalidArgument", f"x-amz-checksum-mode is {mode[:40]!r}; it can only be ENABLED."
        )
    return mode is not None


def _checksum(info: ObjectInfo, section: Section) -> Checksum | None:
    """The checksum that is known of exactly these bytes."""
    if section.part is not None:
        checksum = section.part.checksum
        return checksum and replace(checksum, type=info.checksum.type if info.checksum else checksum.type)
    return info.checksum if section.length == info.size else None
