"""The bodies of requests on their way to the upstream, right ones and wrong ones."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.bodies.aws_chunked import AwsChunkedDecoder
from s3sql.server.exchange import Reply
from s3sql.server.upstream.forward import Forwarder
from tests.server.upstream.forwarding import (
    ANSWERS_OK,
    OK,
    SentBody,
    crc32,
    early,
    forwarded,
    put,
    request,
    through,
)
from tests.server.upstream.raw_upstream import (
    RawUpstream,
    Received,
    read_body,
)


def test_a_body_goes_on_as_it_is_with_the_digest_it_came_with() -> None:
    pieces = [b"a" * 70_000, b"b" * 5, b"c" * 200_000]
    digest = hashlib.sha256(b"".join(pieces)).hexdigest()
    headers = {
        "content-length": "270005",
        "x-amz-content-sha256": digest,
        "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==",
        "content-encoding": "gzip",
        "content-type": "text/csv",
        "x-amz-checksum-crc32": "AAAAAA==",
    }
    body = SentBody(pieces)
    reply, received = forwarded(put(body, headers))
    assert reply.status == 200
    assert received.body == b"".join(pieces)
    assert received.authenticated().content_sha256 == digest
    for name, value in headers.items():
        assert received.headers[name] == value
    assert body.closed


def test_an_unsigned_body_and_an_empty_one() -> None:
    _, received = forwarded(put(SentBody([b"xyz"]), {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}))
    assert received.body == b"xyz"
    assert received.authenticated().content_sha256 == "UNSIGNED-PAYLOAD"
    _, received = forwarded(put(SentBody()))
    assert received.headers["content-length"] == "0"
    received.authenticated()


def test_a_request_that_says_nothing_of_a_body_has_none() -> None:
    silent_body = SentBody()
    silent_body.length = None
    _, received = forwarded(
        request("POST", "/b/k?uploads", body=silent_body, operation="CreateMultipartUpload")
    )
    assert received.headers["content-length"] == "0"
    received.authenticated()


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_000])
@pytest.mark.parametrize("trailer", [None, "CRC32"])
def test_chunks_are_signed_anew_where_there_is_no_tls(size: int, trailer: str | None) -> None:
    whole = bytes(range(256)) * 2000
    body = SentBody(
        [whole[:size][at : at + 10_007] for at in range(0, size, 10_007)] or [b""], trailer=trailer
    )
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": str(size),
        "content-encoding": "aws-chunked,gzip",
        "content-length": "1",
    }
    if trailer is not None:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    _, received = forwarded(put(body, headers))
    assert received.complete
    assert received.headers["content-encoding"] == "aws-chunked,gzip"
    decoder = AwsChunkedDecoder(
        int(received.headers["x-amz-decoded-content-length"]),
        received.authenticated().chunk_signatures(),
        signed_trailer=trailer is not None,
    )
    assert b"".join(decoder.decode(bytes(received.body))) == whole[:size]
    expected = [] if trailer is None else [("x-amz-checksum-crc32", crc32(whole[:size]))]
    assert decoder.finish() == expected


def test_a_body_on_a_request_that_takes_none_is_not_sent_on() -> None:
    body = SentBody([b"unwanted"])
    _, received = forwarded(request("DELETE", headers={"content-length": "8"}, body=body))
    assert "content-length" not in received.headers
    assert not body.handed_out


def test_a_body_that_was_read_is_sent_with_its_digest_and_its_trailer_as_a_header() -> None:
    body = SentBody(trailer="CRC32")
    body.checksums = {"CRC32": crc32(b"<RestoreRequest/>")}
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "content-encoding": "aws-chunked",
    }
    sent = request("POST", "/bucket/key?restore", headers, body, "RestoreObject")

    async def do(forwarder: Forwarder, _: RawUpstream) -> Reply:
        return await forwarder.forward(sent, b"<RestoreRequest/>")

    reply, upstream = through(ANSWERS_OK, do)
    received = upstream.requests[0]
    assert (reply.status, reply.body) == (200, b"ok")
    assert received.body == b"<RestoreRequest/>"
    assert received.authenticated().content_sha256 == hashlib.sha256(received.body).hexdigest()
    assert received.headers["x-amz-checksum-crc32"] == crc32(b"<RestoreRequest/>")
    assert "x-amz-trailer" not in received.headers
    assert "content-encoding" not in received.headers


MISMATCH = S3SelectError("XAmzContentSHA256Mismatch", "It is another body.")


@pytest.mark.parametrize("trailer", [None, "CRC32"])
def test_a_wrong_body_never_gets_to_its_end_upstream(trailer: str | None) -> None:
    body = SentBody([b"a" * 200_000, b"b" * 200_000, b"last"], MISMATCH, trailer)
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"} if trailer else {}
    if trailer:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"

    async def do(forwarder: Forwarder, upstream: RawUpstream) -> S3SelectError:
        with pytest.raises(S3SelectError) as caught:
            await forwarder(put(body, headers))
        await upstream.ended.wait()
        return caught.value

    error, upstream = through(ANSWERS_OK, do)
    assert error is MISMATCH
    assert not upstream.requests[0].complete
    assert body.closed


def test_a_wrong_body_of_one_piece_is_not_even_begun_upstream() -> None:
    async def do(forwarder: Forwarder, upstream: RawUpstream) -> None:
        with pytest.raises(S3SelectError) as caught:
            await forwarder(put(SentBody([b"wrong"], MISMATCH)))
        assert caught.value is MISMATCH

    _, upstream = through(ANSWERS_OK, do)
    assert upstream.connections == 0


def test_an_upstream_that_answers_before_the_body_is_sent() -> None:
    body = SentBody([b"x" * 65_536] * 1000)
    reply, _ = forwarded(put(body), early)
    assert (reply.status, reply.body) == (403, b"nono")
    assert body.closed
    assert body.handed_out < body.length  # type: ignore[operator]


def test_a_slow_upstream_slows_the_client_down() -> None:
    body = SentBody([b"x" * 65_536] * 1000)
    ahead: list[int] = []

    async def reluctant(
        upstream: RawUpstream,
        received: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Read nothing until nothing more comes."""
        turns = 0
        while turns < 200:
            before = body.handed_out
            await asyncio.sleep(0)
            turns = turns + 1 if body.handed_out == before else 0
        ahead.append(body.handed_out)
        await read_body(received, reader)
        writer.write(OK)

    reply, received = forwarded(put(body), reluctant)
    assert reply.status == 200
    assert received.complete
    # What the system's buffers of both sides hold, and no more.
    assert 0 < ahead[0] < 24 << 20
