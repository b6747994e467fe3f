"""Upstreams that fail, talk nonsense or are not there."""

from __future__ import annotations

import asyncio

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.settings import Upstream
from s3sql.server.upstream.forward import Forwarder
from tests.server.upstream.forwarding import (
    ANSWERS_OK,
    OK,
    SentBody,
    endless,
    refusal,
    request,
    silent,
    through,
)
from tests.server.upstream.raw_upstream import (
    CREDENTIALS,
    Answer,
    RawUpstream,
    Received,
    read_body,
    settings_before,
)


def test_an_upstream_that_says_nothing() -> None:
    error = refusal(request(), silent, body_time=0.05)
    assert (error.code, error.status) == ("ServiceUnavailable", 503)
    assert "did not answer in time" in error.message


def test_an_upstream_that_is_not_there() -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> S3SelectError:
        absent = Forwarder(settings_before(Upstream("http://127.0.0.1:1", "us-east-1", CREDENTIALS)))
        with pytest.raises(S3SelectError) as caught:
            await absent(request())
        await absent.close()
        return caught.value

    error, _ = through(ANSWERS_OK, do)
    assert (error.code, error.status) == ("ServiceUnavailable", 503)
    assert "cannot be reached" in error.message
    assert "127.0.0.1" not in error.message


def closes_after(wire: bytes) -> Answer:
    async def answer(
        upstream: RawUpstream,
        received: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        await read_body(received, reader)
        writer.write(wire)
        await writer.drain()
        writer.close()

    return answer


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfew",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 777 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_upstream_that_breaks_off_or_talks_nonsense(wire: bytes, method: str) -> None:
    body = SentBody([b"body"]) if method == "PUT" else SentBody()
    error = refusal(request(method, body=body, operation=f"{method}Object"), closes_after(wire))
    assert (error.code, error.status) == ("ServiceUnavailable", 503)


@pytest.mark.parametrize(
    "head", [b"Content-Length: 1000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nFFFFF\r\n"]
)
def test_a_reply_that_breaks_off_within_a_large_body_is_no_complete_one(head: bytes) -> None:
    error = refusal(request(), closes_after(b"HTTP/1.1 200 OK\r\n" + head + b"z" * 100_000))
    assert error.code == "ServiceUnavailable"


@pytest.mark.parametrize(("method", "tries"), [("GET", 2), ("HEAD", 2), ("PUT", 1), ("DELETE", 1)])
def test_only_what_changes_nothing_is_tried_again(method: str, tries: int) -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> None:
        with pytest.raises(S3SelectError):
            await forwarder(request(method, operation=f"{method}Object"))

    _, upstream = through(closes_after(b""), do)
    assert len(upstream.requests) == tries


def test_a_connection_that_the_upstream_closed_while_idle() -> None:
    async def once(
        upstream: RawUpstream,
        received: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        await read_body(received, reader)
        if upstream.connections == 1 and len(upstream.requests) == 2:
            # Just when the next request was on its way.
            writer.close()
            return
        writer.write(OK)

    async def do(forwarder: Forwarder, upstream: RawUpstream) -> list[int]:
        return [(await forwarder(request())).status for _ in range(3)]

    statuses, upstream = through(once, do)
    assert statuses == [200, 200, 200]
    assert upstream.connections == 2


def test_connections_are_bounded() -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> None:
        replies = [await forwarder(request()) for _ in range(3)]
        waiting = asyncio.ensure_future(forwarder(request()))
        await asyncio.sleep(0)
        assert not waiting.done()
        for reply in replies:
            assert reply.ended is not None
            await reply.ended()
        last = await waiting
        assert last.ended is not None
        await last.ended()
        assert upstream.connections == 4

    through(endless, do, connections=3)
