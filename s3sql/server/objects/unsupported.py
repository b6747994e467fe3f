"""Headers that ask for something the embedded store does not do.

In: the headers of a request that writes.  Out: nothing, or ``NotImplemented`` naming the header: a promise
that is not kept (encryption at rest, a lock, an access list) must not look as if it were.

Source: AWS S3 API Reference, "PutObject", "CopyObject", "CreateMultipartUpload", "CreateBucket".
"""

from __future__ import annotations

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError

#: Canned access lists that say what holds anyway: the owner may do everything.
_OWNER_ONLY = frozenset({"private", "bucket-owner-full-control"})

_NO_ACCESS_LISTS = "access lists are not kept; who may do what stands in the endpoint's settings"
_NO_ENCRYPTION = "only keys of the customer (SSE-C) encrypt objects"
_NO_LOCK = "objects cannot be locked"
_NO_DIRECTORY_BUCKETS = "that is for directory buckets"

#: Headers and the values with which they ask for nothing.
_REFUSED: dict[str, tuple[frozenset[str], str]] = {
    "x-amz-acl": (_OWNER_ONLY, _NO_ACCESS_LISTS),
    "x-amz-grant-full-control": (frozenset(), _NO_ACCESS_LISTS),
    "x-amz-grant-read": (frozenset(), _NO_ACCESS_LISTS),
    "x-amz-grant-read-acp": (frozenset(), _NO_ACCESS_LISTS),
    "x-amz-grant-write": (frozenset(), _NO_ACCESS_LISTS),
    "x-amz-grant-write-acp": (frozenset(), _NO_ACCESS_LISTS),
    "x-amz-object-ownership": (frozenset({"BucketOwnerEnforced"}), _NO_ACCESS_LISTS),
    "x-amz-server-side-encryption": (frozenset(), _NO_ENCRYPTION),
    "x-amz-server-side-encryption-aws-kms-key-id": (frozenset(), _NO_ENCRYPTION),
    "x-amz-server-side-encryption-context": (frozenset(), _NO_ENCRYPTION),
    "x-amz-server-side-encryption-bucket-key-enabled": (frozenset({"false"}), _NO_ENCRYPTION),
    "x-amz-object-lock-mode": (frozenset(), _NO_LOCK),
    "x-amz-object-lock-retain-until-date": (frozenset(), _NO_LOCK),
    "x-amz-object-lock-legal-hold": (frozenset({"OFF"}), _NO_LOCK),
    "x-amz-bucket-object-lock-enabled": (frozenset({"false"}), _NO_LOCK),
    "x-amz-write-offset-bytes": (frozenset(), _NO_DIRECTORY_BUCKETS),
    "x-amz-if-match-last-modified-time": (frozenset(), _NO_DIRECTORY_BUCKETS),
    "x-amz-if-match-size": (frozenset(), _NO_DIRECTORY_BUCKETS),
}


def refuse_unsupported(headers: Headers) -> None:
    """Refuse a request with a header that asks for what is not done.

    Raises:
        S3SelectError: ``NotImplemented``.
    """
    for name, (harmless, reason) in _REFUSED.items():
        value = headers.get(name)
        if value is None or value.lower() in {word.lower() for word in harmless}:
            continue
        instead = "".join(f", or say {word}" for word in sorted(harmless))
        raise S3SelectError(
            "NotImplemented",
            f"The header {name} is {value[:80]!r}, but {reason}. Leave it out{instead}.",
            status=501,
        )
