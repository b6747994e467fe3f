"""Every operation that is not answered here, by the store behind the endpoint.

In: an authorised request.  Out: the upstream's reply, unchanged but for what concerns a connection.

    client ──its signature──▶ endpoint: verified ──the upstream's signature──▶ upstream
           ◀──────────────────── the bytes as they come, either way ────────────────────

Nothing is kept but a piece of 256 KiB: a side that reads slowly slows the other down. The last piece of a
request's body is sent when the body has been verified, and a body that turns out wrong breaks the request to
the upstream off, which so never stores it. A reply that its client does not wait for is broken off likewise.

``x-amz-request-id`` and ``x-amz-id-2`` are the upstream's: they are in its error documents, too, and its
operators can find them. The access log has both.

The answer of ``ListBuckets`` is cut down to the buckets that the caller may see, see
:mod:`s3sql.server.upstream.visible_buckets`. Proxies and certificates are found where boto3 finds them, so
that queries and everything else go one way: ``HTTPS_PROXY``, ``NO_PROXY``, ``AWS_CA_BUNDLE``.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from urllib.parse import urlsplit

import httpcore

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Reply, S3Request
from s3sql.server.settings import Key, Settings
from s3sql.server.upstream.connections import connections
from s3sql.server.upstream.forwarded_body import ForwardedBody, forwarded_body, read_body
from s3sql.server.upstream.forwarded_headers import reply_headers, request_headers, target_of
from s3sql.server.upstream.stores import CONNECT_SECONDS, UpstreamStores, sign
from s3sql.server.upstream.visible_buckets import without_hidden

_log = logging.getLogger(__name__)

#: A reply of at most so many bytes is read before its status is sent, so that an upstream that fails within
#: it is an error document and no broken connection.
_SMALL_BYTES = 64 << 10

#: Longest list of buckets that is cut down; AWS sends 10,000 buckets at a time.
_BUCKET_LIST_BYTES = 16 << 20

#: Methods that may be tried again: they change nothing.
_SAFE = ("GET", "HEAD")

#: Statuses that have no body.
_BODILESS = (204, 304)

#: What an upstream that fails makes httpcore raise, and one that is too slow; errors of TLS are OSErrors.
_FAILURES = (httpcore.NetworkError, httpcore.RemoteProtocolError, httpcore.ProxyError, OSError)
_TIMEOUTS = (httpcore.TimeoutException,)


class Forwarder:
    """Sends requests on to the upstream of *settings*.

    *stores* has the credentials for it; None: it is made of *settings*.
    """

    def __init__(self, settings: Settings, stores: UpstreamStores | None = None) -> None:
        """Take the settings of an endpoint that has an upstream; nothing is connected yet.

        Raises:
            S3SelectError: as :class:`~s3sql.server.upstream.stores.UpstreamStores`.
        """
        self._stores = stores if stores is not None else UpstreamStores(settings)
        upstream = self._stores.upstream
        parts = urlsplit(upstream.url)
        self._region = upstream.region
        self._secure = parts.scheme == "https"
        self._path = parts.path
        self._host = _host(upstream.url)
        self._origin = (parts.scheme, parts.hostname or "", parts.port)
        try:
            self._connections = connections(
                upstream.url, most=settings.limits.connections, certificates=self._stores.certificates
            )
        except OSError as error:
            raise S3SelectError(
                "InvalidRequest", f"The certificates for the upstream cannot be read: {error}."
            ) from error
        patience = settings.limits.body_time
        self._timeouts = {
            "connect": CONNECT_SECONDS,
            "pool": CONNECT_SECONDS,
            "read": patience,
            "write": patience,
        }

    async def __call__(self, request: S3Request) -> Reply:
        """The upstream's reply to *request*.

        Raises:
            S3SelectError: what is wrong with the request's body; ``InvalidArgument`` for a request that
                cannot be sent on; ``NotImplemented`` for one whose answer would be credentials;
                ``ServiceUnavailable`` when the upstream does not answer.
        """
        if request.operation == "CreateSession":
            raise S3SelectError(
                "NotImplemented",
                "CreateSession is not passed on: its answer would be credentials of the store behind the "
                "endpoint, with which its permissions could be gone round.",
            )
        return await self._forward(request, forwarded_body(request, secure=self._secure))

    async def forward(self, request: S3Request, body: bytes) -> Reply:
        """As calling it, for a request whose *body* has been read.

        Raises:
            S3SelectError: ``ServiceUnavailable``.
        """
        return await self._forward(request, read_body(request, body))

    async def close(self) -> None:
        """Close the connections to the upstream."""
        await self._connections.aclose()

    async def _forward(self, request: S3Request, body: ForwardedBody) -> Reply:
        try:
            response = await self._sent(request, body)
        except _FAILURES as error:
            if request.method not in _SAFE or isinstance(error, httpcore.ConnectError):
                raise _unavailable(error) from error
            # The upstream may have closed a connection just when it was used.
            response = await self._sent_again(request, body)
        except _TIMEOUTS as error:
            raise _unavailable(error) from error
        return await _reply(request, response)

    async def _sent_again(self, request: S3Request, body: ForwardedBody) -> httpcore.Response:
        try:
            return await self._sent(request, body)
        except (*_FAILURES, *_TIMEOUTS) as error:
            raise _unavailable(error) from error

    async def _sent(self, request: S3Request, body: ForwardedBody) -> httpcore.Response:
        """The head of the upstream's answer, whose body is still to come."""
        credentials = await self._stores.credentials_for(request.key)
        target = target_of(request, self._path)
        scheme, host, port = self._origin
        url = f"{scheme}://{self._host}{target.decode()}"
        headers = [("host", self._host), *request_headers(request), *body.headers]
        signed = sign(request.method, url, headers, body.content_sha256, credentials, self._region)
        pieces = body.encoded(signed.chunk_signatures)
        async with contextlib.aclosing(pieces):
            # The first piece is read before the upstream hears of the request: one that is wrong, or that is
            # the whole body and wrong, never gets there.
            first = await anext(pieces, None)
            async with contextlib.aclosing(_joined(first or b"", pieces)) as content:
                sent = httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=scheme, host=host, port=port, target=target),
                    headers=[(name.encode(), value.encode()) for name, value in headers + signed.headers],
                    content=None if first is None else content,
                    extensions={"timeout": self._timeouts},
                )
                try:
                    return await self._connections.handle_async_request(sent)
                except httpcore.LocalProtocolError as error:
                    raise S3SelectError(
                        "InvalidArgument", f"The request cannot be sent on: {error}."
                    ) from error


async def _joined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for piece in rest:
        yield piece


async def _reply(request: S3Request, response: httpcore.Response) -> Reply:
    """The reply that is the upstream's *response*."""
    headers = reply_headers(response.headers)
    request.notes["upstream_request_id"] = _value(headers, "x-amz-request-id")
    try:
        if not 200 <= response.status < 600:
            raise httpcore.RemoteProtocolError(f"status {response.status}")
        if request.method == "HEAD" or response.status in _BODILESS:
            # Reading to the end of nothing lets the connection be used again.
            await _read(response, 0)
            return _bodiless(response.status, headers)
        if _is_restricted(request, response):
            document = without_hidden(await _read(response, _BUCKET_LIST_BYTES), _visible_to(request.key))
            return Reply(response.status, _without(headers, "content-length"), document)
        if _is_small(headers):
            return Reply(response.status, headers, await _read(response, _SMALL_BYTES))
    except (*_FAILURES, *_TIMEOUTS) as error:
        await response.aclose()
        raise _unavailable(error) from error
    except BaseException:
        await response.aclose()
        raise
    return Reply(response.status, headers, _body(response), ended=response.aclose)


async def _body(response: httpcore.Response) -> AsyncGenerator[bytes, None]:
    """The bytes of *response* as they come."""
    try:
        async for piece in response.aiter_stream():
            yield piece
    except (*_FAILURES, *_TIMEOUTS) as error:
        raise _unavailable(error) from error
    finally:
        await response.aclose()


async def _read(response: httpcore.Response, most: int) -> bytes:
    """All bytes of *response*, of which there may be *most*."""
    contents = bytearray()
    async for piece in response.aiter_stream():
        contents += piece
        if len(contents) > most:
            raise httpcore.RemoteProtocolError(f"more than {most:,} bytes")
    await response.aclose()
    return bytes(contents)


def _bodiless(status: int, headers: list[tuple[str, str]]) -> Reply:
    """A reply without a body; to HEAD it says the length of the body that GET would give."""

    async def nothing() -> AsyncGenerator[bytes, None]:
        return
        yield

    if status in _BODILESS:
        return Reply(status, _without(headers, "content-length"))
    return Reply(status, headers, nothing())


def _without(headers: list[tuple[str, str]], unwanted: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() != unwanted]


def _value(headers: list[tuple[str, str]], wanted: str) -> str | None:
    return next((value for name, value in headers if name.lower() == wanted), None)


def _is_small(headers: list[tuple[str, str]]) -> bool:
    length = _value(headers, "content-length") or ""
    return length.isascii() and length.isdigit() and int(length) <= _SMALL_BYTES


def _is_restricted(request: S3Request, response: httpcore.Response) -> bool:
    """Whether *response* lists buckets to a caller who may not see all."""
    return request.operation == "ListBuckets" and response.status == 200 and not _sees_all(request.key)


def _sees_all(key: Key | None) -> bool:
    return key is not None and key.may_see_all


def _visible_to(key: Key | None) -> Callable[[str], bool]:
    return lambda bucket: key is not None and (key.may("read", bucket) or key.may("write", bucket))


def _unavailable(error: Exception) -> S3SelectError:
    """The error for an upstream that did not answer; what it is called stays in the endpoint's log."""
    _log.warning("The store behind the endpoint did not answer: %r", error)
    if isinstance(error, httpcore.PoolTimeout):
        what = "has all its connections taken"
    elif isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout | httpcore.ProxyError):
        what = "cannot be reached"
    elif isinstance(error, httpcore.TimeoutException):
        what = "did not answer in time"
    elif isinstance(error, httpcore.RemoteProtocolError):
        what = "broke the connection off, or did not answer as an S3 endpoint does"
    else:
        what = "broke the connection off"
    return S3SelectError(
        "ServiceUnavailable", f"The store behind the endpoint {what}. Please try again.", status=503
    )


def _host(url: str) -> str:
    """The Host of *url*: its port is said unless it is the usual one."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    usual = {"http": 80, "https": 443}[parts.scheme]
    return name if parts.port in (None, usual) else f"{name}:{parts.port}"
