"""What the embedded store tells of buckets, objects and uploads, and what it is told of them.

In and out: frozen dataclasses; ETags are without quotation marks, times are UTC, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from s3sql.checksums import ChecksumAlgorithm as ChecksumAlgorithm

#: What a checksum is of (AWS S3 User Guide, "Checking object integrity").
ChecksumType: TypeAlias = Literal["FULL_OBJECT", "COMPOSITE"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and when it was made."""

    name: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum of an object or a part in base64; a composite one ends in ``-`` and the number of parts."""

    algorithm: ChecksumAlgorithm
    value: str
    type: ChecksumType = "FULL_OBJECT"


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """The 32 bytes of a customer's encryption key (SSE-C) and their MD5 in base64."""

    key: bytes = field(repr=False)
    md5: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a writer says of an object besides its bytes.

    ``headers``: content-type, cache-control, content-disposition, content-encoding, content-language,
    expires, x-amz-website-redirect-location, by their names in lower case, as far as they were given.
    ``metadata``: the user's own, by names in lower case without ``x-amz-meta-``.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One part of an object that was uploaded in parts, or of an upload that is not completed."""

    number: int
    size: int
    etag: str
    modified: datetime
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object as it stands. ``parts`` is empty for one that was written at once."""

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime
    attributes: Attributes = field(default_factory=Attributes)
    checksum: Checksum | None = None
    parts: tuple[StoredPart, ...] = ()
    customer_key_md5: str | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold at the moment a write takes effect: an ETag, or ``*``, as in the HTTP headers."""

    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a listing, in the order of the keys' UTF-8 bytes.

    ``entries`` are objects and common prefixes, in the one order in which they count against the limit.
    ``truncated``: more follow behind the last entry.
    """

    entries: tuple[ObjectInfo | str, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that is not completed. ``checksum_algorithm`` is the one announced for its parts."""

    bucket: str
    key: str
    upload_id: str
    initiated: datetime
    attributes: Attributes = field(default_factory=Attributes)
    checksum_algorithm: ChecksumAlgorithm | None = None
    checksum_type: ChecksumType | None = None
    customer_key_md5: str | None = None


@dataclass(frozen=True, slots=True)
class CompletedPart:
    """A part as the completion of an upload names it."""

    number: int
    etag: str
    checksum: Checksum | None = None
