"""The customer's keys that come with requests (SSE-C), and whether they are the right ones.

In: what a caller gave, and what the catalogue knows.  Out: a
:class:`~s3sql.stores.embedded.model.CustomerKey`, or S3's errors.

Source: AWS S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import CustomerKey

KEY_BYTES = 32


def key_md5(key: bytes) -> str:
    """The MD5 of a customer's key, as the headers have it."""
    return base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()


def customer_key_of(algorithm: str | None, key: str | bytes | None, md5: str | None) -> CustomerKey | None:
    """The key in the members that boto3 takes: 32 bytes, or their base64 text; None without one.

    Raises:
        S3SelectError: ``InvalidEncryptionAlgorithmError``, or ``InvalidArgument`` for a key that is none.
    """
    if algorithm is None and key is None and md5 is None:
        return None
    if key is None:
        raise S3SelectError(
            "InvalidArgument", "A customer's key was announced, but SSECustomerKey is missing."
        )
    if algorithm is None:
        raise S3SelectError(
            "InvalidArgument", "A customer's key needs an SSECustomerAlgorithm, which is AES256."
        )
    if algorithm != "AES256":
        raise S3SelectError(
            "InvalidEncryptionAlgorithmError",
            f"The encryption algorithm {algorithm[:40]!r} is not valid; AES256 is.",
        )
    raw = _raw_key(key)
    found = key_md5(raw)
    if md5 is not None and not hmac.compare_digest(md5.encode(), found.encode()):
        raise S3SelectError(
            "InvalidArgument",
            "The MD5 that came with the customer's key is not the key's: one of them is wrong.",
        )
    return CustomerKey(raw, found)


def check_customer_key(name: str, stored_md5: str | None, key: CustomerKey | None) -> None:
    """Refuse the wrong key, a missing one, and one where none is needed.

    Raises:
        S3SelectError: ``InvalidRequest`` or ``AccessDenied``.
    """
    if stored_md5 is None and key is None:
        return
    if stored_md5 is None:
        raise S3SelectError(
            "InvalidRequest",
            f"The encryption parameters are not applicable to {name}: it is not encrypted with a customer's "
            "key. Leave the x-amz-server-side-encryption-customer headers out.",
        )
    if key is None:
        raise S3SelectError(
            "InvalidRequest",
            f"{name} was stored with a customer's key (SSE-C). The key must be sent again to read it, in the "
            "x-amz-server-side-encryption-customer headers.",
        )
    if not hmac.compare_digest(key_md5(key.key), stored_md5):
        raise S3SelectError(
            "AccessDenied", f"Access Denied: {name} was encrypted with another customer's key."
        )


def _raw_key(key: str | bytes) -> bytes:
    raw = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    if len(raw) == KEY_BYTES:
        return raw
    try:
        decoded = base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) == KEY_BYTES:
        return decoded
    raise S3SelectError(
        "InvalidArgument",
        f"The customer's key has {len(raw)} bytes; it is {KEY_BYTES} bytes, or their base64 text "
        "of 44 characters.",
    )
