"""The keys with which customers have their objects encrypted (SSE-C), as requests bring them.

In: a request's three headers, or the three of a copy's source.  Out: a
:class:`~s3sql.stores.embedded.model.CustomerKey`, and the two headers of the reply that name it.

A key must not travel in the clear: without TLS only requests from this machine may bring one. Source: AWS S3
User Guide, "Using server-side encryption with customer-provided keys"; AWS S3 API Reference, "PutObject".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from hmac import compare_digest

from s3sql.errors import S3SelectError
from s3sql.server.exchange import S3Request
from s3sql.stores.embedded.model import CustomerKey

_HEADERS = "x-amz-server-side-encryption-customer-"
_COPY_SOURCE_HEADERS = f"x-amz-copy-source-{_HEADERS.removeprefix('x-amz-')}"


def customer_key(request: S3Request) -> CustomerKey | None:
    """The key for the object that *request* names; None if it brings none.

    Raises:
        S3SelectError: ``InvalidRequest`` for a key in the clear, ``InvalidEncryptionAlgorithmError``, or
            ``InvalidArgument`` for what is missing or wrong.
    """
    return _customer_key(request, _HEADERS)


def source_customer_key(request: S3Request) -> CustomerKey | None:
    """The key for the object that *request* copies from; None if it brings none.

    Raises:
        S3SelectError: as :func:`customer_key`.
    """
    return _customer_key(request, _COPY_SOURCE_HEADERS)


def customer_key_headers(md5: str | None) -> list[tuple[str, str]]:
    """What a reply says of the key whose MD5 in base64 is *md5*; nothing if there is none."""
    if md5 is None:
        return []
    return [(f"{_HEADERS}algorithm", "AES256"), (f"{_HEADERS}key-MD5", md5)]


def _customer_key(request: S3Request, prefix: str) -> CustomerKey | None:
    names = [f"{prefix}{part}" for part in ("algorithm", "key", "key-md5")]
    given = [request.headers.get(name) for name in names]
    if all(value is None for value in given):
        return None
    if not (request.secure or request.local):
        raise S3SelectError(
            "InvalidRequest",
            "Requests specifying Server Side Encryption with Customer provided keys must be made over a "
            "secure connection, and this one came over plain HTTP.",
        )
    for name, value in zip(names, given, strict=True):
        if value is None:
            raise S3SelectError(
                "InvalidArgument", f"{name} is missing; the three headers {prefix}* come together."
            )
    algorithm, key, md5 = (value or "" for value in given)
    if algorithm != "AES256":
        raise S3SelectError(
            "InvalidEncryptionAlgorithmError", f"{names[0]} is {algorithm[:40]!r}; it must be AES256."
        )
    secret = _decoded(key)
    if secret is None or len(secret) != 32:
        raise S3SelectError(
            "InvalidArgument",
            f"The secret key was invalid for the specified algorithm: {names[1]} must be the base64 text of "
            "32 bytes.",
        )
    digest = hashlib.md5(secret, usedforsecurity=False).digest()
    given_digest = _decoded(md5)
    if given_digest is None or not compare_digest(digest, given_digest):
        raise S3SelectError(
            "InvalidArgument",
            f"The calculated MD5 hash of the key did not match the hash that was provided in {names[2]}.",
        )
    return CustomerKey(secret, base64.b64encode(digest).decode())


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
