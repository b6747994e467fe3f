"""Headers that a presigned URL carries as parameters, put back among the headers.

In: headers and the decoded parameters.  Out: headers. Several SDKs move ``x-amz-*`` headers into the URL when
they presign it, where the signature covers them; S3 reads them there as it reads headers.

    PUT /b/k?x-amz-meta-a=1&X-Amz-Signature=…     →     x-amz-meta-a: 1

Source: AWS General Reference, "Create a signed request": query parameters in place of headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.signatures.claims import SIGNATURE_PARAMETER

#: Parameters of the signature itself, in lower case; they never were headers, or not of the request's.
PARAMETERS_OF_THE_SIGNATURE = frozenset(
    {
        "x-amz-algorithm",
        "x-amz-content-sha256",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    }
)

_NAME = re.compile("x-amz-[a-z0-9._-]+", re.ASCII)
#: What no header may hold: percent-encoded in a URL it would come through.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def with_hoisted_headers(headers: Headers, parameters: Mapping[str, str]) -> Headers:
    """*headers* with those that *parameters* of a presigned URL stand for.

    Raises:
        S3SelectError: ``InvalidArgument`` when a header and its parameter differ, or for a value that no
            header can have.
    """
    if SIGNATURE_PARAMETER not in parameters:
        return headers
    hoisted: dict[str, str] = {}
    for name, value in parameters.items():
        lower = name.lower()
        if not _NAME.fullmatch(lower) or lower in PARAMETERS_OF_THE_SIGNATURE:
            continue
        if _CONTROL.search(value):
            raise S3SelectError("InvalidArgument", f"The parameter {lower[:60]!r} has a control character.")
        if hoisted.get(lower, value) != value or headers.get(lower, value) != value:
            raise S3SelectError(
                "InvalidArgument", f"{lower[:60]!r} comes twice, and with two values; send it once."
            )
        hoisted[lower] = value
    added = [(name.encode(), value.encode()) for name, value in hoisted.items() if name not in headers]
    return Headers(raw=[*headers.raw, *added]) if added else headers
