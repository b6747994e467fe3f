"""What must hold of an upload, of its parts, and of what they become.

In: what a client says of them, and what is stored.  Out: the ETag and the checksum of the whole, or S3's
errors.

The ETag is the MD5 of the parts' MD5s with their number behind it. A checksum of the whole object follows
from those of the parts for a CRC; a composite one is the checksum of theirs.

Source: AWS S3 User Guide, "Checking object integrity for data uploads".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from s3sql.checksums import combined, composite
from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import (
    Checksum,
    ChecksumAlgorithm,
    ChecksumType,
    CompletedPart,
    CustomerKey,
    StoredPart,
    Upload,
)
from s3sql.stores.embedded.upload_rows import PartFile
from s3sql.stores.embedded.writing import Staged

#: Most parts of an upload, and the least bytes of each but the last.
MAX_PARTS = 10_000
MIN_PART_BYTES = 5 << 20

#: What a whole's checksum is of if the client does not say, and those that can be of the whole object.
_DEFAULT_TYPES: dict[ChecksumAlgorithm, ChecksumType] = {
    "CRC32": "COMPOSITE",
    "CRC32C": "COMPOSITE",
    "CRC64NVME": "FULL_OBJECT",
    "SHA1": "COMPOSITE",
    "SHA256": "COMPOSITE",
}


def named_files(known: Mapping[int, PartFile], parts: Sequence[CompletedPart]) -> list[PartFile]:
    """The files, of the *known* ones by number, that a completion names.

    Raises:
        S3SelectError: ``MalformedXML``, ``InvalidPart``, ``InvalidPartOrder``, ``EntityTooSmall``.
    """
    if not parts:
        raise S3SelectError("MalformedXML", "The completion of an upload must name at least one part.")
    found = []
    last = 0
    for part in parts:
        if part.number <= last:
            raise S3SelectError(
                "InvalidPartOrder",
                f"Part {part.number} comes behind part {last}; parts are named in ascending order.",
            )
        last = part.number
        file = known.get(part.number)
        if file is None:
            raise S3SelectError("InvalidPart", f"Part {part.number} was not uploaded.")
        _check_named(part, file.part)
        found.append(file)
    for file in found[:-1]:
        if file.part.size < MIN_PART_BYTES:
            raise S3SelectError(
                "EntityTooSmall",
                f"Part {file.part.number} has {file.part.size:,} bytes; every part but the last "
                f"has at least {MIN_PART_BYTES:,}.",
            )
    return found


def checked_type(algorithm: ChecksumAlgorithm | None, kind: ChecksumType | None) -> ChecksumType | None:
    """What the whole's checksum will be of; None without an algorithm.

    Raises:
        S3SelectError: ``InvalidRequest`` for a type that the algorithm has not.
    """
    if algorithm is None:
        if kind is not None:
            raise S3SelectError("InvalidRequest", f"A checksum type ({kind}) needs a checksum algorithm.")
        return None
    impossible = {"SHA1": "FULL_OBJECT", "SHA256": "FULL_OBJECT", "CRC64NVME": "COMPOSITE"}.get(algorithm)
    if kind is not None and kind == impossible:
        raise S3SelectError("InvalidRequest", f"The checksum type {kind} cannot be used with {algorithm}.")
    return kind or _DEFAULT_TYPES[algorithm]


def check_upload_key(upload: Upload, key: CustomerKey | None) -> None:
    """Refuse a part with another customer's key than its upload has.

    Raises:
        S3SelectError: ``InvalidRequest``.
    """
    given = None if key is None else key.md5
    if given == upload.customer_key_md5:
        return
    if given is None:
        reason = "was begun with a customer's key (SSE-C), which must be sent with every part"
    elif upload.customer_key_md5 is None:
        reason = "was begun without a customer's key (SSE-C), so its parts have none"
    else:
        reason = "was begun with another customer's key (SSE-C) than the part has"
    raise S3SelectError("InvalidRequest", f"The multipart upload {reason}.")


def checked_checksum(upload: Upload, staged: Staged, given: Checksum | None) -> Checksum | None:
    """The checksum to keep with a part: that of its bytes, and the one given.

    Raises:
        S3SelectError: ``BadDigest``, or ``InvalidRequest`` for another algorithm than the upload's.
    """
    if given is None or staged.checksum is None:
        return given or staged.checksum
    if given.algorithm != staged.checksum.algorithm:
        raise S3SelectError(
            "InvalidRequest",
            f"The part's checksum is of the type {given.algorithm}, but the upload was begun with "
            f"{upload.checksum_algorithm}.",
        )
    if given.value != staged.checksum.value:
        raise S3SelectError(
            "BadDigest",
            f"The {given.algorithm} you specified, {given.value}, did not match that of the part that came, "
            f"{staged.checksum.value}.",
        )
    return given


def _check_named(named: CompletedPart, stored: StoredPart) -> None:
    if named.etag != stored.etag:
        raise S3SelectError(
            "InvalidPart",
            f"Part {named.number} has the ETag {stored.etag!r}, and not {named.etag[:80]!r} as the "
            "completion says.",
        )
    if named.checksum is None:
        return
    known = stored.checksum
    if known is None or (known.algorithm, known.value) != (named.checksum.algorithm, named.checksum.value):
        found = "none" if known is None else f"the {known.algorithm} {known.value}"
        raise S3SelectError(
            "InvalidPart",
            f"The completion says of part {named.number} that its {named.checksum.algorithm} is "
            f"{named.checksum.value}; it was uploaded with {found}.",
        )


def check_size(parts: Sequence[StoredPart], size: int | None) -> None:
    """Refuse another size than the parts have together.

    Raises:
        S3SelectError: ``InvalidRequest``.
    """
    total = sum(part.size for part in parts)
    if size is not None and size != total:
        raise S3SelectError(
            "InvalidRequest",
            f"x-amz-mp-object-size is {size:,}, but the parts have {total:,} bytes together.",
        )


def whole_etag(etags: Sequence[str]) -> str:
    """The ETag of the object whose parts have these; empty if one of them is none."""
    try:
        digests = b"".join(map(bytes.fromhex, etags))
    except ValueError:  # an ETag that no part has
        return ""
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(etags)}"


def whole_checksum(upload: Upload, parts: Sequence[StoredPart], given: Checksum | None) -> Checksum | None:
    """The checksum of the whole, which must be the one given, if one is.

    Raises:
        S3SelectError: ``BadDigest``, or ``InvalidRequest`` for another algorithm than the upload's.
    """
    algorithm, kind = upload.checksum_algorithm, upload.checksum_type
    if given is not None and given.algorithm != algorithm:
        raise S3SelectError(
            "InvalidRequest",
            f"The completion has a {given.algorithm} checksum, but the upload was begun with "
            f"{algorithm or 'none'}.",
        )
    if algorithm is None or kind is None:
        return None
    values = [(part.checksum.value, part.size) for part in parts if part.checksum is not None]
    if kind == "FULL_OBJECT":
        value = combined(algorithm, values)
    else:
        value = composite(algorithm, [value for value, _ in values])
    if given is not None and given.value not in (value, value.partition("-")[0]):
        raise S3SelectError(
            "BadDigest",
            f"The {algorithm} you specified, {given.value}, did not match that of the parts, {value}.",
        )
    return Checksum(algorithm, value, kind)
