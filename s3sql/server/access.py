"""Whether the sender of a request may have it: buckets by key, what needs no key, expected owners.

In: who sent it, the operation and what it addresses.  Out: nothing, or :class:`~s3sql.errors.S3SelectError`.

    signed      read or write on the bucket, as the key's patterns say; reading too from where a copy comes
    anonymous   nothing, or reading objects, or that and Select, as the settings say; never a write

What a body names (the output location of an archive query, for example) its handler checks with
:meth:`~s3sql.server.settings.Key.may`, and so does ``ListBuckets`` with each bucket.

Source: AWS S3 User Guide, "Verifying bucket ownership with bucket owner condition"; AWS S3 API Reference,
"CopyObject".
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.limits import MAX_KEY_BYTES
from s3sql.server.address import Address
from s3sql.server.operations import is_read
from s3sql.server.settings import Key, Settings
from s3sql.server.signatures.sigv4 import Authenticated

_READ_BY_ALL = frozenset(
    {"GetObject", "HeadObject", "ListObjects", "ListObjectsV2", "HeadBucket", "GetBucketLocation"}
)

#: Operations that need no signature, by ``Settings.anonymous``.
ANONYMOUS: dict[Literal["nothing", "read", "select"], frozenset[str]] = {
    "nothing": frozenset(),
    "read": _READ_BY_ALL,
    "select": _READ_BY_ALL | {"SelectObjectContent"},
}

COPY_SOURCE = "x-amz-copy-source"
_COPIES = ("CopyObject", "UploadPartCopy")
_RENAME_SOURCE = "x-amz-rename-source"
_OWNER = "x-amz-expected-bucket-owner"
_SOURCE_OWNER = "x-amz-source-expected-bucket-owner"
_ACCOUNT = re.compile("[0-9]{12}", re.ASCII)
#: What may be in a bucket's name, in the oldest buckets too. A slash above all may not: a pattern would match
#: behind it, and whoever splits the path differently would see another bucket.
_BUCKET_NAME = re.compile(r"(?!\.{1,2}$)[a-zA-Z0-9._-]{1,255}", re.ASCII)
#: Segments of a path that somebody on the way to an upstream may resolve, and so reach another bucket.
_DOTS = frozenset({".", ".."})


class CopySource(NamedTuple):
    """The object that a request copies from; ``version_id`` is None for the current version."""

    bucket: str
    key: str
    version_id: str | None


def authorise(
    settings: Settings,
    authenticated: Authenticated | None,
    operation: str,
    address: Address,
    headers: Headers,
) -> None:
    """Let the request pass.

    Raises:
        S3SelectError: ``AccessDenied``; ``InvalidBucketName``; ``InvalidRequest`` for an anonymous request
            that asks for headers of its own; ``InvalidBucketOwnerAWSAccountID``; as :func:`copy_source`.
    """
    if address.bucket is not None:
        _check_name(address.bucket)
    if authenticated is None:
        _check_anonymous(settings, operation, address)
    else:
        _check_key(authenticated.key, operation, address, headers)
    if settings.upstream is not None and (authenticated is None or not authenticated.key.may_see_all):
        _check_segments(address.key)
        if operation in _COPIES:
            _check_segments(copy_source(headers).key)
        if _RENAME_SOURCE in headers:
            _check_renamed(headers[_RENAME_SOURCE], operation, address.bucket)
    # The owner of an upstream's buckets is the upstream's to know.
    if settings.upstream is None:
        for name in (_OWNER, _SOURCE_OWNER):
            _check_owner(name, headers.get(name), settings.account)


def copy_source(headers: Headers) -> CopySource:
    """The object that ``x-amz-copy-source`` names: ``bucket/key``, percent-encoded, a slash before it or not.

    A ``+`` is a blank, as it is to S3.

    Raises:
        S3SelectError: ``InvalidArgument`` when it names none, ``InvalidBucketName``, ``KeyTooLongError``,
            ``NotImplemented`` for the ARN of an access point.
    """
    text = headers.get(COPY_SOURCE, "")
    path, versioned, version_id = text.partition("?versionId=")
    decoded = _decoded(path)
    if decoded.startswith("arn:"):
        raise S3SelectError(
            "NotImplemented",
            f"{COPY_SOURCE} is the ARN {decoded[:60]!r}; access points are not supported. Name the source as "
            "bucket/key.",
        )
    bucket, _, key = decoded.removeprefix("/").partition("/")
    if not bucket or not key or (versioned and not version_id):
        raise S3SelectError(
            "InvalidArgument",
            f"{COPY_SOURCE} is {text[:60]!r}; it must be bucket/key, percent-encoded, with ?versionId= and a "
            "version behind it or nothing.",
        )
    _check_name(bucket)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise S3SelectError(
            "KeyTooLongError",
            f"The key in {COPY_SOURCE} is {len(key.encode()):,} bytes long; the most is {MAX_KEY_BYTES:,}.",
        )
    return CopySource(bucket, key, _decoded(version_id) if versioned else None)


def _check_name(bucket: str) -> None:
    if not _BUCKET_NAME.fullmatch(bucket):
        raise S3SelectError(
            "InvalidBucketName",
            f"{bucket[:63]!r} is no name of a bucket: those have letters, digits, '.', '-' and '_'.",
        )


def _check_key(key: Key, operation: str, address: Address, headers: Headers) -> None:
    # ListBuckets has no bucket: every key may ask, and is told of what it may see.
    if address.bucket is not None:
        want: Literal["read", "write"] = "read" if is_read(operation) else "write"
        _check_bucket(key, want, address.bucket, operation)
    if operation in _COPIES:
        _check_bucket(key, "read", copy_source(headers).bucket, operation)


def _check_bucket(key: Key, want: Literal["read", "write"], bucket: str, operation: str) -> None:
    if not key.may(want, bucket):
        raise S3SelectError(
            "AccessDenied",
            f"The access key {key.access_key!r} may not {want} the bucket {bucket[:63]!r}, which {operation} "
            "needs.",
        )


def _check_segments(key: str | None) -> None:
    """Refuse what a proxy before the upstream could take for the way to another bucket."""
    if key is not None and not _DOTS.isdisjoint(key.split("/")):
        raise S3SelectError(
            "AccessDenied",
            f"Access Denied: the key {key[:60]!r} has a segment of dots alone. A proxy could take it for "
            "another bucket, so an access key that may not use all buckets may not use it.",
        )


def _check_renamed(source: str, operation: str, bucket: str | None) -> None:
    """Refuse a source of which nothing is known; S3 renames only within a bucket."""
    named, _, key = _decoded(source, _RENAME_SOURCE).removeprefix("/").partition("/")
    _check_segments(key)
    if operation != "RenameObject" or named != bucket:
        raise S3SelectError(
            "AccessDenied",
            f"Access Denied: {_RENAME_SOURCE} is {source[:60]!r}, in another bucket than the target.",
        )


def _check_anonymous(settings: Settings, operation: str, address: Address) -> None:
    if operation not in ANONYMOUS[settings.anonymous]:
        raise S3SelectError("AccessDenied", f"Access Denied: {operation} needs a signed request.")
    overrides = [name for name in address.parameters if name.startswith("response-")]
    if overrides:
        raise S3SelectError(
            "InvalidRequest",
            f"The parameter {overrides[0][:40]!r} changes a header of the answer; only a signed request may.",
        )


def _check_owner(name: str, given: str | None, account: str) -> None:
    if given is None:
        return
    if not _ACCOUNT.fullmatch(given):
        raise S3SelectError(
            "InvalidBucketOwnerAWSAccountID", f"{name} is {given[:40]!r}; it must be 12 digits."
        )
    if given != account:
        raise S3SelectError(
            "AccessDenied", f"Access Denied: the bucket's owner is not the one in {name}, {given!r}."
        )


def _decoded(text: str, header: str = COPY_SOURCE) -> str:
    # A header's text is a character per byte: one that was sent as UTF-8 unencoded is read as such.
    raw = text.replace("+", " ").encode("latin-1")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise S3SelectError(
            "InvalidArgument", f"{header} is {text[:60]!r}, which is not percent-encoded UTF-8."
        ) from error
