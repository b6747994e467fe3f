"""Requests sent on to an upstream of bare sockets, for the tests of the forwarder.

In: a request as the endpoint has it, and what the upstream answers.  Out: the reply, and what the upstream
got.
"""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Reply, S3Request
from s3sql.server.settings import Credentials, Key
from s3sql.server.upstream.forward import Forwarder
from tests.server.upstream.raw_upstream import (
    Answer,
    RawUpstream,
    Received,
    address_of,
    raw_upstream,
    replies,
    settings_before,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-amz-request-id: UP1\r\n\r\nok"
ANSWERS_OK = replies(OK)
CALLER = Key(Credentials("CALLER", "caller-secret"))


class SentBody:
    """A request's body as the endpoint's own would be, of *pieces*; *error* in place of the last one."""

    def __init__(
        self, pieces: Iterable[bytes] = (), error: S3SelectError | None = None, trailer: str | None = None
    ) -> None:
        self.pieces = list(pieces)
        self.error = error
        self.handed_out = 0
        self.closed = False
        self.trailer = trailer
        self.checksums: dict[str, str] = {}
        self.length: int | None = sum(map(len, self.pieces))

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            for number, piece in enumerate(self.pieces, 1):
                if number == len(self.pieces):
                    if self.error is not None:
                        raise self.error
                    if self.trailer is not None:
                        self.checksums[self.trailer] = crc32(b"".join(self.pieces))
                yield piece
                self.handed_out += len(piece)
        finally:
            self.closed = True

    async def read(self, most: int) -> bytes:
        raise AssertionError("the forwarder reads no body whole")


def crc32(contents: bytes) -> str:
    return base64.b64encode(zlib.crc32(contents).to_bytes(4, "big")).decode()


def request(
    method: str = "GET",
    target: str = "/bucket/key",
    headers: dict[str, str] | None = None,
    body: SentBody | None = None,
    operation: str = "GetObject",
    key: Key | None = CALLER,
    host: str = "localhost",
) -> S3Request:
    path, query, address = address_of(target, host)
    given: dict[str, str] = {"host": host, **(headers or {})}
    return S3Request(
        method=method,
        operation=operation,
        address=address,  # type: ignore[arg-type]
        headers=Headers(given),
        body=body or SentBody(),
        key=key,
        request_id="1",
        raw_path=path,
        raw_query=query,
    )


def put(body: SentBody, headers: dict[str, str] | None = None, target: str = "/bucket/key") -> S3Request:
    return request("PUT", target, headers, body, "PutObject")


async def contents(reply: Reply) -> bytes:
    if isinstance(reply.body, bytes):
        return reply.body
    assert isinstance(reply.body, AsyncGenerator)
    return b"".join([piece async for piece in reply.body])


def through(
    answer: Answer,
    do: Callable[[Forwarder, RawUpstream], Awaitable[Any]],
    certificate: Path | None = None,
    **limits: float,
) -> tuple[Any, RawUpstream]:
    """What *do* gives with a forwarder in front of an upstream that answers with *answer*."""

    async def run() -> tuple[Any, RawUpstream]:
        async with raw_upstream(answer, certificate) as upstream:
            forwarder = Forwarder(settings_before(upstream.upstream, CALLER, **limits))
            try:
                async with asyncio.timeout(60):
                    return await do(forwarder, upstream), upstream
            finally:
                await forwarder.close()

    return asyncio.run(run())


def forwarded(sent: S3Request, answer: Answer = ANSWERS_OK, **options: Any) -> tuple[Reply, Received]:
    """The reply to *sent*, and what the upstream got."""

    async def do(forwarder: Forwarder, upstream: RawUpstream) -> Reply:
        reply = await forwarder(sent)
        reply.body = await contents(reply)
        if reply.ended is not None:
            await reply.ended()
        return reply

    reply, upstream = through(answer, do, **options)
    return reply, upstream.requests[-1]


def refusal(sent: S3Request, answer: Answer = ANSWERS_OK, **options: Any) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        forwarded(sent, answer, **options)
    return caught.value


async def early(
    upstream: RawUpstream, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Refuse without reading the body."""
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnono")
    await writer.drain()
    writer.close()


async def silent(
    upstream: RawUpstream, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Say nothing until the other side goes."""
    await reader.read()
    writer.close()


PIECE = b"y" * 65_536


async def endless(
    upstream: RawUpstream, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Send a tebibyte, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n")
    while True:
        writer.write(PIECE)
        await writer.drain()
        upstream.sent += len(PIECE)
