from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.running.http_refusals import (
    chunk_too_long,
    head_refusal,
    head_too_long,
    malformed,
    refusal_response,
    too_many_headers,
)
from s3sql.server.settings import Limits

CHUNKED = (b"transfer-encoding", b"chunked")
LENGTH = (b"content-length", b"3")


@pytest.mark.parametrize(
    ("version", "method", "headers", "offers_upgrade"),
    [
        ("1.1", b"GET", [], False),
        ("1.0", b"POST", [LENGTH], False),
        ("1.1", b"POST", [LENGTH], True),
        ("1.1", b"PUT", [CHUNKED], False),
        ("1.1", b"PUT", [(b"transfer-encoding", b" Chunked ")], False),
    ],
)
def test_a_head_that_is_in_order_is_not_refused(
    version: str, method: bytes, headers: list[tuple[bytes, bytes]], offers_upgrade: bool
) -> None:
    assert head_refusal(version, method, headers, offers_upgrade=offers_upgrade) is None


@pytest.mark.parametrize(
    ("version", "method", "headers", "offers_upgrade", "code", "status", "said"),
    [
        ("0.9", b"GET", [], False, "InvalidRequest", 400, "HTTP/0.9"),
        ("2.0", b"GET", [], False, "InvalidRequest", 400, "HTTP/2.0"),
        ("1.1", b"CONNECT", [], False, "MethodNotAllowed", 405, "no proxy"),
        ("1.1", b"PUT", [CHUNKED, LENGTH], False, "InvalidRequest", 400, "both"),
        ("1.1", b"PUT", [CHUNKED], True, "NotImplemented", 501, "upgrade"),
        ("1.0", b"PUT", [CHUNKED], False, "NotImplemented", 501, "under HTTP/1.1"),
        ("1.1", b"PUT", [CHUNKED, CHUNKED], False, "NotImplemented", 501, "said once"),
        ("1.1", b"PUT", [(b"transfer-encoding", b"gzip, chunked")], False, "NotImplemented", 501, "only"),
    ],
)
def test_a_head_is_refused(
    version: str,
    method: bytes,
    headers: list[tuple[bytes, bytes]],
    offers_upgrade: bool,
    code: str,
    status: int,
    said: str,
) -> None:
    refusal = head_refusal(version, method, iter(headers), offers_upgrade=offers_upgrade)
    assert refusal is not None
    assert (refusal.code, refusal.status) == (code, status)
    assert said in refusal.message


def test_what_is_too_long_or_malformed_says_what_would_fit() -> None:
    limits = Limits(header_bytes=12_345, headers=67)
    assert "12,345 bytes" in head_too_long(limits).message
    assert "67 headers" in too_many_headers(limits).message
    assert "12,345 bytes" in chunk_too_long(limits).message
    assert "Invalid method" in malformed(ValueError("Invalid method")).message
    assert "it is malformed" in malformed(ValueError()).message
    assert len(malformed(ValueError("x" * 10_000)).message) < 300


def test_a_response_says_the_refusal_and_that_the_connection_ends() -> None:
    refusal = S3SelectError("SlowDown", "Too many <of them>.")
    head, body = refusal_response(refusal, [(b"server", b"front")], "0123", "abcd")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert lines[-2:] == ["", ""]
    assert "server: front" in lines
    assert "x-amz-request-id: 0123" in lines
    assert "x-amz-id-2: abcd" in lines
    assert f"Content-Length: {len(body)}" in lines
    assert "Connection: close" in lines
    assert b"<Code>SlowDown</Code>" in body
    assert b"Too many &lt;of them&gt;." in body
