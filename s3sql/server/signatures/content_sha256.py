"""What stands for a body in what is signed: the header ``x-amz-content-sha256``.

In: a value.  Out: the same, or an :class:`~s3sql.errors.S3SelectError`.

Source: AWS S3 API Reference, "Authenticating requests: using the Authorization header".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from s3sql.errors import S3SelectError

CONTENT_SHA256 = "x-amz-content-sha256"

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

#: What ``x-amz-content-sha256`` may say besides 64 hexadecimal digits.
PAYLOADS = (UNSIGNED_PAYLOAD, STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER)

_SHA256 = re.compile("[0-9a-fA-F]{64}", re.ASCII)


def checked_payload(value: str, allowed: Sequence[str] = PAYLOADS) -> str:
    """*value*, of ``x-amz-content-sha256``: a hash, or one of the words *allowed*.

    Raises:
        S3SelectError: ``InvalidArgument``.
    """
    if value not in allowed and not _SHA256.fullmatch(value):
        raise S3SelectError(
            "InvalidArgument",
            f"{CONTENT_SHA256} is {value[:60]!r}; it must be the SHA-256 of the body in hexadecimal or "
            f"{', '.join(allowed)}.",
        )
    return value
