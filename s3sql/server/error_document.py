"""An error as S3 sends it before a stream: a status and an XML document.

In: an :class:`~s3sql.errors.S3SelectError`, and whose request it ended.  Out: a
:class:`~s3sql.server.exchange.Reply`. Source: AWS S3 API Reference, "REST error responses".
"""

from __future__ import annotations

import re

from s3sql.errors import S3SelectError
from s3sql.server.address import Address
from s3sql.server.exchange import Reply

#: What XML 1.0 cannot carry, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: Statuses that have no body.
_BODILESS = (204, 304)


def error_reply(error: S3SelectError, address: Address | None, request_id: str, host_id: str) -> Reply:
    """The reply for *error*; *address* is None for a request that could not be read so far."""
    if error.status in _BODILESS:
        return Reply(error.status)
    members = [("Code", error.code), ("Message", error.message)]
    if address is not None:
        if address.key is not None:
            members.append(("Key", address.key))
        if address.bucket is not None and "BucketName" not in error.elements:
            members.append(("BucketName", address.bucket))
        members.append(("Resource", address.resource))
    members += error.elements.items()
    members += [("RequestId", request_id), ("HostId", host_id)]
    document = "".join(f"<{name}>{_escaped(text)}</{name}>" for name, text in members)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{document}</Error>'.encode()
    return Reply(error.status, [("Content-Type", "application/xml"), *_headers(error)], body)


def _headers(error: S3SelectError) -> list[tuple[str, str]]:
    """What HTTP, or a client whose request was HEAD, needs to know of the error besides."""
    told = {
        "Region": ("x-amz-bucket-region", "{}"),
        "ActualObjectSize": ("Content-Range", "bytes */{}"),
        "AllowedMethods": ("Allow", "{}"),
    }
    return [
        (name, form.format(error.elements[element]))
        for element, (name, form) in told.items()
        if element in error.elements
    ]


def internal_error() -> S3SelectError:
    """The error for a failure of the endpoint itself, which tells the client nothing."""
    return S3SelectError("InternalError", "We encountered an internal error. Please try again.", status=500)


def _escaped(text: str) -> str:
    shown = _NOT_XML.sub("�", text)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
