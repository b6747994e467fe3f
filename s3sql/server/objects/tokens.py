"""How a long listing is asked for page by page.

In: the parameters of a listing.  Out: how many entries are wanted, and behind which one they begin. A
continuation token is opaque to clients: it holds the last entry's name and a digest of it, so that what is no
token of ours is refused and never read as a place that exists.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping

from s3sql.errors import S3SelectError

_DIGEST_BYTES = 6


def token_of(last: str) -> str:
    """The token of the page behind the entry *last*."""
    name = last.encode()
    digest = hashlib.sha256(name).digest()[:_DIGEST_BYTES]
    return base64.urlsafe_b64encode(digest + name).decode().rstrip("=")


def read_token(token: str) -> str:
    """The last entry before the page of *token*.

    Raises:
        S3SelectError: ``InvalidArgument``.
    """
    padded = token + "=" * (-len(token) % 4)
    try:
        content = base64.b64decode(padded, altchars=b"-_", validate=True)
        name = content[_DIGEST_BYTES:].decode()
        if token_of(name) == token:
            return name
    except (binascii.Error, ValueError):
        pass
    raise S3SelectError(
        "InvalidArgument",
        f"The continuation token provided is incorrect: {token[:40]!r}. Take it from the answer before, "
        "unchanged.",
    )


def whole_number(parameters: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """The number that a parameter says, or *most* if it says more; None if it is absent.

    Raises:
        S3SelectError: ``InvalidArgument``.
    """
    text = parameters.get(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) <= 2**31 - 1:
        raise S3SelectError(
            "InvalidArgument",
            f"Argument {name} must be an integer between {least} and 2147483647; it is {text[:20]!r}.",
        )
    return min(int(text), most)
