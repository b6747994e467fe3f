"""What comes back of an upstream's reply, and how fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from s3sql.server.exchange import Reply
from s3sql.server.settings import Key
from s3sql.server.upstream.forward import Forwarder
from tests.server.upstream.forwarding import (
    ANSWERS_OK,
    CALLER,
    OK,
    SentBody,
    contents,
    endless,
    forwarded,
    put,
    refusal,
    request,
    silent,
    through,
)
from tests.server.upstream.raw_upstream import (
    Answer,
    RawUpstream,
    replies,
)


def test_a_reply_comes_back_as_it_was() -> None:
    wire = (
        b"HTTP/1.1 206 Partial Content\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: AmazonS3\r\n"
        b'x-amz-request-id: UP1\r\nx-amz-id-2: UP2\r\nETag: "e"\r\nContent-Encoding: gzip\r\n'
        b"x-amz-meta-City: Z\xc3\xbcrich\r\nx-amz-meta-odd: \xff\r\nConnection: keep-alive, X-Hop\r\n"
        b"X-Hop: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=b\r\nContent-Length: 3\r\n\r\n\x1f\x8bx"
    )
    sent = request()
    reply, _ = forwarded(sent, replies(wire))
    assert (reply.status, reply.body) == (206, b"\x1f\x8bx")
    assert [(name, value.encode("utf-8", "surrogateescape")) for name, value in reply.headers] == [
        ("Server", b"AmazonS3"),
        ("x-amz-request-id", b"UP1"),
        ("x-amz-id-2", b"UP2"),
        ("ETag", b'"e"'),
        ("Content-Encoding", b"gzip"),
        ("x-amz-meta-City", b"Z\xc3\xbcrich"),
        ("x-amz-meta-odd", b"\xff"),
        ("Set-Cookie", b"a=b"),
        ("Content-Length", b"3"),
    ]
    assert sent.notes["upstream_request_id"] == "UP1"


def test_a_reply_without_a_length_is_streamed() -> None:
    wire = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: e\r\n\r\n"
        b"3\r\nabc\r\n1;ext=1\r\nd\r\n0\r\nx-trailer: 1\r\n\r\n"
    )
    reply, _ = forwarded(request(), replies(wire))
    assert (reply.body, reply.headers) == (b"abcd", [("ETag", "e")])


@pytest.mark.parametrize(
    ("status", "document"),
    [
        ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>"),
        ("500 Internal Server Error", b"<Error><Code>InternalError</Code></Error>"),
        ("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>"),
        ("307 Temporary Redirect", b"<Error><Code>TemporaryRedirect</Code></Error>"),
        ("599 Odd", b"odd"),
    ],
)
def test_errors_of_the_upstream_are_the_clients(status: str, document: bytes) -> None:
    wire = (
        f"HTTP/1.1 {status}\r\nLocation: http://elsewhere.invalid:x/\r\n"
        f"Content-Type: application/xml\r\nContent-Length: {len(document)}\r\n\r\n"
    ).encode() + document
    reply, _ = forwarded(request(), replies(wire))
    assert (reply.status, reply.body) == (int(status[:3]), document)
    assert ("Location", "http://elsewhere.invalid:x/") in reply.headers


@pytest.mark.parametrize(
    ("method", "head", "kept"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", [("Content-Length", "1000000")]),
        ("HEAD", b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", []),
        ("DELETE", b"HTTP/1.1 204 No Content\r\nx-amz-version-id: v\r\n\r\n", [("x-amz-version-id", "v")]),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "e"\r\nContent-Length: 9\r\n\r\n', [("ETag", '"e"')]),
    ],
)
def test_replies_without_a_body_leave_the_connection_usable(
    method: str, head: bytes, kept: list[tuple[str, str]]
) -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> Reply:
        first = await forwarder(request(method))
        assert await contents(first) == b""
        await forwarder(request(method))
        return first

    reply, upstream = through(replies(head), do)
    assert reply.headers == kept
    assert upstream.connections == 1


def test_interim_replies_are_passed_over() -> None:
    reply, _ = forwarded(put(SentBody([b"abc"])), replies(b"HTTP/1.1 100 Continue\r\n\r\n" + OK))
    assert (reply.status, reply.body) == (200, b"ok")


def test_replies_of_many_requests_share_connections() -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> None:
        for _ in range(5):
            await forwarder(request())

    _, upstream = through(ANSWERS_OK, do)
    assert (len(upstream.requests), upstream.connections) == (5, 1)


def test_a_slow_client_slows_the_upstream_down() -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> int:
        reply = await forwarder(request())
        assert isinstance(reply.body, AsyncGenerator)
        taken, ahead = 0, 0
        for _ in range(500):
            taken += len(await anext(reply.body))
            for _ in range(5):
                await asyncio.sleep(0)
            ahead = max(ahead, upstream.sent - taken)
        await reply.body.aclose()
        await upstream.ended.wait()
        return ahead

    ahead, _ = through(endless, do)
    assert ahead < 24 << 20


@pytest.mark.parametrize("begun", [False, True])
def test_a_client_that_goes_away_ends_the_request_upstream(begun: bool) -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> None:
        reply = await forwarder(request())
        assert isinstance(reply.body, AsyncGenerator)
        assert reply.ended is not None
        if begun:
            await anext(reply.body)
            await reply.body.aclose()
        await reply.ended()
        await upstream.ended.wait()

    through(endless, do)


def test_a_request_that_is_cancelled_ends_upstream() -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> None:
        under_way = asyncio.ensure_future(forwarder(request()))
        await upstream.asked.wait()
        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        await upstream.ended.wait()

    through(silent, do)


BUCKETS = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Owner><ID>1</ID></Owner><Buckets><Bucket><Name>mine-1</Name></Bucket>"
    b"<Bucket><Name>secret</Name></Bucket><Bucket><Name>inbox</Name></Bucket></Buckets></ListAllMyBucketsResult>"
)


def list_reply(document: bytes, extra: bytes = b"") -> Answer:
    return replies(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (extra, len(document), document))


def test_the_list_of_buckets_has_what_the_caller_may_see() -> None:
    some = Key(CALLER.credentials, {"mine-*": "read", "inbox": "write"})
    sent = request(target="/", operation="ListBuckets", key=some, headers={"accept-encoding": "gzip"})
    reply, received = forwarded(sent, list_reply(BUCKETS))
    assert reply.body == BUCKETS.replace(b"<Bucket><Name>secret</Name></Bucket>", b"")
    assert "content-length" not in {name.lower() for name, _ in reply.headers}
    assert "accept-encoding" not in received.headers
    whole, _ = forwarded(request(target="/", operation="ListBuckets"), list_reply(BUCKETS))
    assert whole.body == BUCKETS


def test_a_list_of_buckets_that_cannot_be_cut_down_is_not_handed_out() -> None:
    some = Key(CALLER.credentials, {"mine-*": "read"})
    sent = request(target="/", operation="ListBuckets", key=some)
    assert refusal(sent, list_reply(b"\x1f\x8bzipped", b"Content-Encoding: gzip\r\n")).code == (
        "ServiceUnavailable"
    )
    assert refusal(sent, list_reply(b"<" + b"x" * (17 << 20))).code == "ServiceUnavailable"
    denied = replies(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    assert forwarded(sent, denied)[0].body == b"no"
