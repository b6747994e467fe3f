"""What of a request and of a reply goes on to the other side, headers and target.

In: a request as its client sent it, or a reply as the upstream sent it.  Out: the target and the headers for
the other side.

    GET /a/b%20c?acl   Host: bucket.localhost   →   GET /base/bucket/a/b%20c?acl   Host: the upstream's

Whatever belongs to one connection, and whatever belongs to the client's signature, stays behind. Everything
else goes on as it came. The target is always in path style and in the encoding that AWS has signatures
computed over, since stores verify against that one; SDKs send no other.

The parameters of a presigned URL that stand for headers are sent on as headers, since the request upstream is
not a presigned one. ``x-amz-copy-source`` is written anew, lest the upstream reads another source out of it
than the one that the caller was found to have permission for.

Source: RFC 9110, 7.6.1, "Connection"; AWS S3 API Reference, "Authenticating Requests: Using Query
Parameters".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.access import COPY_SOURCE, copy_source
from s3sql.server.exchange import S3Request
from s3sql.server.signatures.claims import SIGNATURE_PARAMETER
from s3sql.server.signatures.hoisted_headers import PARAMETERS_OF_THE_SIGNATURE, with_hoisted_headers

#: What concerns one connection only.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

#: What S3 does not know and others before an upstream may: it would make another request of the one allowed.
_OVERRIDES = frozenset(
    {
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
    }
)

#: What is said anew: by the signature, or of the body as it is sent on.
_REPLACED = frozenset(
    {
        "authorization",
        "content-encoding",
        "content-length",
        "date",
        "expect",
        "host",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-security-token",
        "x-amz-trailer",
    }
)

#: What a header's name is made of, and what none of its values holds (RFC 9110, 5.1 and 5.5).
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")

_COPIES = ("CopyObject", "UploadPartCopy")


def target_of(request: S3Request, base: str) -> bytes:
    """The target of *request* at an upstream whose own path is *base*.

    Raises:
        S3SelectError: ``InvalidArgument`` for a source to copy from in the query string, where the caller's
            permission to read it has not been looked for.
    """
    path = base.rstrip("/")
    if request.address.bucket is not None:
        path += "/" + quote(request.address.bucket, safe="")
    if request.address.key is not None:
        path += "/" + quote(request.address.key, safe="/")
    query = "&".join(_parameters(request))
    return f"{path or '/'}{'?' if query else ''}{query}".encode("ascii")


def request_headers(request: S3Request) -> list[tuple[str, str]]:
    """The headers of *request* that go on, without those of the signature and of the body.

    Raises:
        S3SelectError: ``InvalidArgument`` for a header that cannot be signed or sent, and for a source to
            copy from in a request that copies nothing; as :func:`s3sql.server.access.copy_source`.
    """
    headers = with_hoisted_headers(request.headers, request.parameters)
    dropped = _HOP_BY_HOP | _REPLACED | _OVERRIDES | _named_by_connection(headers.getlist("connection"))
    if request.operation == "ListBuckets":
        # The list is read here if the caller may not see all of it.
        dropped |= {"accept-encoding"}
    kept = [(name, _text(name, value)) for name, value in headers.items() if name not in dropped]
    if COPY_SOURCE not in headers:
        return kept
    return [(name, value) for name, value in kept if name != COPY_SOURCE] + [
        (COPY_SOURCE, _source(request, headers))
    ]


def reply_headers(received: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """The headers of an upstream's reply that go on.

    ``Date`` stays behind: the endpoint's server says it of every reply.
    """
    headers = [(name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in received]
    named = _named_by_connection(value for name, value in headers if name.lower() == "connection")
    dropped = _HOP_BY_HOP | {"date"} | named
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def _parameters(request: S3Request) -> Iterator[str]:
    """The parameters that go on, in their order, encoded as AWS has it."""
    presigned = SIGNATURE_PARAMETER in request.parameters
    hoisted = set(with_hoisted_headers(request.headers, request.parameters)) if presigned else set()
    for raw in request.raw_query.split(b"&"):
        name, equals, value = raw.partition(b"=")
        lower = _decoded(name).decode().lower()
        if lower == COPY_SOURCE and not presigned:
            raise S3SelectError(
                "InvalidArgument",
                f"{COPY_SOURCE} came in the query string of a URL that is not presigned; use a header.",
            )
        of_the_signature = lower in PARAMETERS_OF_THE_SIGNATURE
        if raw and not of_the_signature and not (lower.startswith("x-amz-") and lower in hoisted):
            yield _encoded(name) + equals.decode() + _encoded(value)


def _decoded(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _encoded(raw: bytes) -> str:
    return quote_from_bytes(_decoded(raw), safe="")


def _source(request: S3Request, headers: Headers) -> str:
    """What the request copies from, in the encoding that has one reading only."""
    if request.operation not in _COPIES:
        raise S3SelectError(
            "InvalidArgument", f"{COPY_SOURCE} was sent with {request.operation}, which copies nothing."
        )
    source = copy_source(headers)
    version = "" if source.version_id is None else f"?versionId={quote(source.version_id, safe='')}"
    return f"{quote(source.bucket, safe='')}/{quote(source.key, safe='/')}{version}"


def _named_by_connection(values: Iterable[str]) -> frozenset[str]:
    """The headers that Connection says concern the connection, too."""
    return frozenset(name.strip().lower() for value in values for name in value.split(","))


def _text(name: str, value: str) -> str:
    """The value of a header, whose bytes Starlette takes for Latin-1, as the text it is."""
    try:
        text = value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError as error:
        raise S3SelectError(
            "InvalidArgument", f"The value of the header {name[:80]} is not UTF-8, so it cannot be sent on."
        ) from error
    if not _HEADER_NAME.fullmatch(name) or _CONTROL.search(text):
        raise S3SelectError(
            "InvalidArgument", f"The header {name[:80]!r} has a character that no header can have."
        )
    return text
