"""Connections to the upstream: pooled, bounded, and listened to while a request is being sent.

In: requests.  Out: responses whose bodies come as they are read.

    request ──head, body …──▶ upstream          it refuses the request after the head:
            ◀──403, closed────                  the rest of the body is not sent, and the client gets the 403

A server that refuses a request need not read its body. It answers and closes, and whoever only writes at that
time finds the connection reset and the answer lost. So every write also waits for something to read, and is
given up when the answer begins.

This is httpcore, the part of httpx that speaks HTTP: httpx itself would keep cookies, follow redirects and
normalise keys such as ``a/../b``, and gives no way to its connections. Source: RFC 9112, 9.5 and 9.6.
"""

from __future__ import annotations

import asyncio
import ssl
import urllib.request
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore

from s3sql.errors import S3SelectError

#: Seconds that an idle connection is kept, less than what servers usually keep one for (5 s and more), lest a
#: request is sent on a connection that is just being closed.
_KEEP_ALIVE_SECONDS = 3.0

#: Idle connections that are kept.
_KEEP_ALIVE_CONNECTIONS = 64

#: Bytes that are read at a time: of smaller pieces each costs more than its bytes.
_READ_BYTES = 256 << 10

#: How a reply begins that is not the last one, such as 100 Continue.
_INTERIM = b"HTTP/1.1 1"


def connections(
    url: str, *, most: int, certificates: str | None
) -> httpcore.AsyncConnectionPool | httpcore.AsyncHTTPProxy:
    """At most *most* connections to *url*, by way of the proxy that the environment names for it, if any.

    *certificates*: the file of those to trust; None for the usual ones.

    Raises:
        S3SelectError: ``InvalidRequest`` when the proxy is not one of HTTP.
        OSError: *certificates* cannot be read.
    """
    options: dict[str, Any] = {
        "ssl_context": _trusted(certificates) if url.startswith("https:") else None,
        "max_connections": most,
        "max_keepalive_connections": min(most, _KEEP_ALIVE_CONNECTIONS),
        "keepalive_expiry": _KEEP_ALIVE_SECONDS,
        "network_backend": _ListeningBackend(),
    }
    proxy = _proxy(url)
    if proxy is None:
        return httpcore.AsyncConnectionPool(**options)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise S3SelectError(
            "InvalidRequest", "The proxy that the environment names for the upstream is not one of HTTP."
        )
    user = None
    if parts.username is not None:
        user = (unquote(parts.username).encode(), unquote(parts.password or "").encode())
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = httpcore.URL(scheme=parts.scheme, host=parts.hostname, port=port, target="/")
    return httpcore.AsyncHTTPProxy(address, proxy_auth=user, **options)


def _proxy(url: str) -> str | None:
    """The proxy for *url*, found where boto3 finds it."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _trusted(certificates: str | None) -> ssl.SSLContext:
    if certificates is None:
        return httpcore.default_ssl_context()
    return ssl.create_default_context(cafile=certificates)


class _ListeningBackend(httpcore.AsyncNetworkBackend):
    """Opens connections that are listened to."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _ListeningStream(
            await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _ListeningStream(httpcore.AsyncNetworkStream):
    """A connection on which the other side is heard while it is being written to."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._reading: asyncio.Task[bytes] | None = None
        self._interim = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._reading is None:
            return await self._stream.read(max(max_bytes, _READ_BYTES), timeout)
        done, _ = await asyncio.wait({self._reading}, timeout=timeout)
        if not done:
            raise httpcore.ReadTimeout
        reading, self._reading = self._reading, None
        interim, self._interim = self._interim, b""
        return interim + reading.result()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._is_answered():
            raise httpcore.WriteError("the other side has answered already")
        writing = asyncio.ensure_future(self._stream.write(buffer, timeout))
        try:
            while not writing.done():
                if self._reading is None:
                    self._reading = asyncio.ensure_future(self._stream.read(_READ_BYTES))
                await asyncio.wait({writing, self._reading}, return_when=asyncio.FIRST_COMPLETED)
                if not writing.done() and self._is_answered():
                    # httpcore takes it for a reason to read the answer, which is here.
                    raise httpcore.WriteError("the other side has answered already")
            writing.result()
        finally:
            await _ended(writing)

    async def aclose(self) -> None:
        if self._reading is not None:
            await _ended(self._reading)
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _ListeningStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _is_answered(self) -> bool:
        """Whether there is something to read that is not an interim reply; such a one is put by."""
        if self._reading is None or not self._reading.done():
            return False
        if self._reading.exception() is not None or not self._reading.result().startswith(_INTERIM):
            return True
        self._interim += self._reading.result()
        self._reading = None
        return False


async def _ended(task: asyncio.Task[Any]) -> None:
    """Cancel *task* if it is not done; what it raised is of no use any more."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
