"""What an object is besides its bytes, as headers have it, in both directions.

In: the headers of a request that writes.  Out: :class:`~s3sql.stores.embedded.model.Attributes`. And the
other way round: what a reply says of an object.

Metadata that is not ASCII comes in as UTF-8 and goes out as RFC 2047 has it, so that no client has to guess.
Source: AWS S3 User Guide, "Working with object metadata"; AWS S3 API Reference, "PutObject", "HeadObject".
"""

from __future__ import annotations

import base64
import re
from email.utils import format_datetime

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.bodies.announced import stored_content_encoding
from s3sql.server.objects.customer_keys import customer_key_headers
from s3sql.server.objects.tags import tags_of_header
from s3sql.stores.embedded.model import Attributes, Checksum, ObjectInfo

#: Most bytes of a user's metadata, names and values together.
MAX_METADATA_BYTES = 2 << 10

#: The content type of an object whose writer gave none.
DEFAULT_CONTENT_TYPE = "binary/octet-stream"

#: Storage classes that an object may be given; the last two are archives.
STORAGE_CLASSES = (
    *("STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"),
    *("GLACIER", "DEEP_ARCHIVE"),
)
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})

REDIRECT = "x-amz-website-redirect-location"

_METADATA = "x-amz-meta-"
_KEPT = ("cache-control", "content-disposition", "content-language", "content-type", "expires", REDIRECT)

#: Their names as replies have them.
_NAMES = {
    "cache-control": "Cache-Control",
    "content-disposition": "Content-Disposition",
    "content-encoding": "Content-Encoding",
    "content-language": "Content-Language",
    "content-type": "Content-Type",
    "expires": "Expires",
}

#: Names that can be those of headers (RFC 9110, section 5.1); in a URL any could be sent.
_NAME = re.compile("[!#$%&'*+.^_`|~0-9a-z-]+")
_PRINTABLE = re.compile("[\x20-\x7e]*")


def attributes_of(headers: Headers) -> Attributes:
    """What the headers of a request that writes say.

    Raises:
        S3SelectError: ``MetadataTooLarge``, ``InvalidArgument`` of a name or the tags, ``InvalidTag``,
            ``InvalidStorageClass``.
    """
    kept = {name: _text(headers[name]) for name in _KEPT if name in headers}
    encoding = stored_content_encoding(headers)
    if encoding:
        kept["content-encoding"] = _text(encoding)
    return Attributes(
        headers=kept,
        metadata=_metadata(headers),
        tags=tags_of_header(headers.get("x-amz-tagging", "")),
        storage_class=storage_class_of(headers),
    )


def storage_class_of(headers: Headers) -> str:
    """The storage class that a request asks for.

    Raises:
        S3SelectError: ``InvalidStorageClass``.
    """
    name = headers.get("x-amz-storage-class", "STANDARD")
    if name not in STORAGE_CLASSES:
        raise S3SelectError(
            "InvalidStorageClass",
            f"x-amz-storage-class is {name[:40]!r}; it must be one of {', '.join(STORAGE_CLASSES)}.",
        )
    return name


def object_headers(info: ObjectInfo) -> list[tuple[str, str]]:
    """What the reply to GET and HEAD says of an object, without what depends on the part asked for."""
    attributes = info.attributes
    found = {"content-type": DEFAULT_CONTENT_TYPE} | dict(attributes.headers)
    headers = [
        ("Last-Modified", http_date(info)),
        ("ETag", f'"{info.etag}"'),
        ("Accept-Ranges", "bytes"),
        *((_NAMES.get(name, name), value) for name, value in found.items()),
    ]
    missing = 0
    for name, value in attributes.metadata.items():
        if _NAME.fullmatch(name):
            headers.append((f"{_METADATA}{name}", _encoded_word(value)))
        else:
            missing += 1
    if missing:
        headers.append(("x-amz-missing-meta", str(missing)))
    if attributes.storage_class != "STANDARD":
        headers.append(("x-amz-storage-class", attributes.storage_class))
    if attributes.tags:
        headers.append(("x-amz-tagging-count", str(len(attributes.tags))))
    return headers + customer_key_headers(info.customer_key_md5)


def written_headers(info: ObjectInfo) -> list[tuple[str, str]]:
    """What the reply to a write says of the object."""
    return [
        ("ETag", f'"{info.etag}"'),
        *checksum_headers(info.checksum),
        *customer_key_headers(info.customer_key_md5),
    ]


def checksum_headers(checksum: Checksum | None) -> list[tuple[str, str]]:
    """What a reply says of the checksum of an object."""
    if checksum is None:
        return []
    return [
        (f"x-amz-checksum-{checksum.algorithm.lower()}", checksum.value),
        ("x-amz-checksum-type", checksum.type),
    ]


def http_date(info: ObjectInfo) -> str:
    """When the object was written, as headers have it."""
    return format_datetime(info.modified, usegmt=True)


def refuse_archived(info: ObjectInfo) -> None:
    """Refuse to read an archived object.

    Raises:
        S3SelectError: ``InvalidObjectState``.
    """
    if info.attributes.storage_class in ARCHIVED:
        raise S3SelectError(
            "InvalidObjectState",
            "The operation is not valid for the object's storage class: it is archived as "
            f"{info.attributes.storage_class}. Query it by RestoreObject of Type SELECT.",
            status=403,
        )


def _metadata(headers: Headers) -> dict[str, str]:
    metadata: dict[str, str] = {}
    size = 0
    for name, value in headers.items():
        if not name.startswith(_METADATA):
            continue
        key = name.removeprefix(_METADATA)
        if not _NAME.fullmatch(key):
            raise S3SelectError(
                "InvalidArgument",
                f"The name of user metadata {key[:40]!r} is none; it may have letters, digits and "
                "!#$%&'*+-.^_`|~.",
            )
        size += len(key) + len(value) if key not in metadata else len(value) + 1
        metadata[key] = f"{metadata[key]},{_text(value)}" if key in metadata else _text(value)
    if size > MAX_METADATA_BYTES:
        raise S3SelectError(
            "MetadataTooLarge",
            f"The headers {_METADATA}* have {size:,} bytes; the most is {MAX_METADATA_BYTES:,} bytes of "
            "names and values together.",
        )
    return metadata


def _text(value: str) -> str:
    """A header's value, which came as bytes: UTF-8, or else what they are in ISO 8859-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


def _encoded_word(text: str) -> str:
    """*text* as a reply's header has it: as RFC 2047 says if it is not plain."""
    if _PRINTABLE.fullmatch(text):
        return text
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="
