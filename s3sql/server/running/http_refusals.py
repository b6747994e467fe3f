"""Requests that are refused before the application sees them, and how such a refusal is written.

In: what is known of a head.  Out: the error, if there is one, and the bytes that end the connection.

Source: RFC 9112, sections 2.3, 6.1 and 7.1; RFC 9110, section 7.8; RFC 6585, section 5. None of them has a
form for the refusal: it is S3's error document.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from s3sql.errors import S3SelectError
from s3sql.server.error_document import error_reply
from s3sql.server.settings import Limits


def head_refusal(
    version: str, method: bytes, headers: Iterable[tuple[bytes, bytes]], *, offers_upgrade: bool
) -> S3SelectError | None:
    """Why a whole head is refused, None if it is not; the names of *headers* are in lower case."""
    headers = list(headers)
    if version not in ("1.0", "1.1"):
        return S3SelectError(
            "InvalidRequest", f"The request is HTTP/{version}; the endpoint speaks HTTP/1.1."
        )
    if method == b"CONNECT":
        return S3SelectError("MethodNotAllowed", "The endpoint is no proxy: CONNECT is not allowed.")
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and any(name == b"content-length" for name, _ in headers):
        return S3SelectError(
            "InvalidRequest", "The request has both Content-Length and Transfer-Encoding; send one of them."
        )
    if codings and offers_upgrade:
        return S3SelectError(
            "NotImplemented", "An upgrade cannot be offered with a chunked body; leave it out.", status=501
        )
    if codings and (codings != [b"chunked"] or version == "1.0"):
        return S3SelectError(
            "NotImplemented",
            "The only Transfer-Encoding that is supported is chunked, under HTTP/1.1, said once.",
            status=501,
        )
    return None


def malformed(error: Exception) -> S3SelectError:
    """The refusal of bytes that the parser cannot understand, as its *error* says."""
    return S3SelectError(
        "InvalidRequest", f"The request is not HTTP/1.1: {str(error)[:200] or 'it is malformed'}."
    )


def head_too_long(limits: Limits) -> S3SelectError:
    """The refusal of more bytes before a body than *limits* allow."""
    return S3SelectError(
        "RequestHeaderSectionTooLarge",
        f"The request line and the headers have more than {limits.header_bytes:,} bytes.",
    )


def too_many_headers(limits: Limits) -> S3SelectError:
    """The refusal of more headers than *limits* allow."""
    return S3SelectError(
        "RequestHeaderSectionTooLarge",
        f"The request has more than {limits.headers} headers; that is the most.",
    )


def chunk_too_long(limits: Limits) -> S3SelectError:
    """The refusal of a chunked body of which too many bytes say nothing."""
    return S3SelectError(
        "InvalidRequest",
        f"A chunk extension or the trailers of the body have more than {limits.header_bytes:,} bytes.",
    )


def refusal_response(
    refusal: S3SelectError, default_headers: Iterable[tuple[bytes, bytes]], request_id: str, host_id: str
) -> tuple[bytes, bytes]:
    """The head and the body of the response that says *refusal* and closes the connection."""
    reply = error_reply(refusal, None, request_id, host_id)
    assert isinstance(reply.body, bytes)
    headers = [
        *((name.decode(), value.decode()) for name, value in default_headers),
        ("x-amz-request-id", request_id),
        ("x-amz-id-2", host_id),
        ("Server", "s3sql"),
        *reply.headers,
        ("Content-Length", str(len(reply.body))),
        ("Connection", "close"),
    ]
    status = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"
    head = "\r\n".join([status, *(f"{name}: {value}" for name, value in headers), "", ""])
    return head.encode(), reply.body
