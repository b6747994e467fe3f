"""Bodies that are not what their headers or their signatures say."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.attacks.arena import Arena
from tests.server.attacks.wire import (
    OWNER,
    Chunk,
    Request,
    connected,
    exchanged,
    signed,
    signed_chunks,
)

FIRST, SECOND = b"first chunk, " * 700, b"second chunk"
BODY = FIRST + SECOND
OLD = b"the old bytes"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = f"{SIGNED}-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
TRAILER = ("x-amz-checksum-crc32", CRC32)


@pytest.fixture
def victim(arena: Arena) -> Path:
    """An object that must stay as it is."""
    file = arena.bucket() / "victim"
    file.write_bytes(OLD)
    return file


def refused(arena: Arena, victim: Path, sent: bytes | Request, *codes: str, half_close: bool = False) -> None:
    """Assert that *sent* ends in one of *codes*, and that nothing of it stays."""
    answer = exchanged(arena.url, sent, half_close=half_close)
    assert answer.verdict in codes, answer
    assert victim.read_bytes() == OLD
    arena.settle()
    assert not arena.staged()


# ---- aws-chunked

Tampering = Callable[[list[Chunk]], list[Chunk]]


def _changed(chunks: list[Chunk], number: int, **changes: object) -> list[Chunk]:
    return [*chunks[:number], replace(chunks[number], **changes), *chunks[number + 1 :]]  # type: ignore[arg-type]


def _flipped(contents: bytes) -> bytes:
    return bytes([contents[0] ^ 1]) + contents[1:]


CHUNKS: dict[str, tuple[Tampering, tuple[str, ...]]] = {
    "first byte": (lambda c: _changed(c, 0, contents=_flipped(FIRST)), ("SignatureDoesNotMatch",)),
    "last chunk's byte": (lambda c: _changed(c, 1, contents=_flipped(SECOND)), ("SignatureDoesNotMatch",)),
    "a signature": (lambda c: _changed(c, 1, signature="0" * 64), ("SignatureDoesNotMatch",)),
    "the last signature": (lambda c: _changed(c, 2, signature="0" * 64), ("SignatureDoesNotMatch",)),
    "a chunk without signature": (lambda c: _changed(c, 1, signature=""), ("IncompleteBody",)),
    "a short signature": (lambda c: _changed(c, 1, signature="00"), ("IncompleteBody",)),
    "order": (lambda c: [c[1], c[0], c[2]], ("SignatureDoesNotMatch",)),
    "one left out": (lambda c: [c[0], c[2]], ("SignatureDoesNotMatch", "IncompleteBody")),
    "one twice": (lambda c: [c[0], c[1], c[1], c[2]], ("IncompleteBody",)),
    "one behind the end": (lambda c: [*c, c[1]], ("MalformedTrailerError", "IncompleteBody")),
    "two ends": (lambda c: [*c, c[2]], ("MalformedTrailerError", "IncompleteBody")),
    "no end": (lambda c: c[:2], ("IncompleteBody",)),
    "two chunks as one": (
        lambda c: [Chunk(BODY, c[0].signature), c[2]],
        ("SignatureDoesNotMatch",),
    ),
    "a size too small": (lambda c: _changed(c, 0, size="1"), ("SignatureDoesNotMatch", "IncompleteBody")),
    "a size too large": (lambda c: _changed(c, 1, size="d"), ("SignatureDoesNotMatch", "IncompleteBody")),
    "a size of 16 EiB": (lambda c: _changed(c, 0, size="f" * 16), ("IncompleteBody",)),
    "a size of 40 digits": (lambda c: _changed(c, 0, size="f" * 40), ("IncompleteBody",)),
    "a negative size": (lambda c: _changed(c, 0, size="-1"), ("IncompleteBody",)),
    "a size with 0x": (lambda c: _changed(c, 0, size="0x10"), ("IncompleteBody",)),
    "no size": (lambda c: _changed(c, 0, size=""), ("IncompleteBody",)),
    "a line of 60 kB": (lambda c: _changed(c, 0, size="0" * 60_000), ("IncompleteBody",)),
}


def chunked(
    arena: Arena,
    tampering: Tampering,
    payload: str = SIGNED,
    behind: bytes = b"\r\n",
    length: int | None = None,
) -> Request:
    """A PUT in signed chunks; its Content-Length is that of what is sent."""
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(BODY) if length is None else length),
    }
    if payload == SIGNED_TRAILER:
        headers["x-amz-trailer"] = TRAILER[0]
    request = signed(arena.url, "PUT", "/alpha/victim", headers, payload=payload)
    chunks, _ = signed_chunks(request, [FIRST, SECOND])
    body = b"".join(map(bytes, tampering(chunks))) + behind
    return replace(request, body=body).with_header("Content-Length", str(len(body)))


@pytest.mark.parametrize("name", CHUNKS)
def test_tampered_chunks_leave_the_old_object(name: str, arena: Arena, victim: Path) -> None:
    tampering, codes = CHUNKS[name]
    refused(arena, victim, chunked(arena, tampering), *codes)


def test_chunks_that_are_in_order_are_taken(arena: Arena, victim: Path) -> None:
    assert exchanged(arena.url, chunked(arena, lambda chunks: chunks)).status == 200
    assert victim.read_bytes() == BODY


@pytest.mark.parametrize("length", [0, len(BODY) - 1, len(BODY) + 1, 1 << 40, "-1", "x", None])
def test_the_decoded_length_is_kept(length: int | str | None, arena: Arena, victim: Path) -> None:
    headers = {"Content-Encoding": "aws-chunked"}
    if length is not None:
        headers["x-amz-decoded-content-length"] = str(length)
    request = signed(arena.url, "PUT", "/alpha/victim", headers, payload=SIGNED)
    chunks, _ = signed_chunks(request, [FIRST, SECOND])
    body = b"".join(map(bytes, chunks)) + b"\r\n"
    request = replace(request, body=body).with_header("Content-Length", str(len(body)))
    codes = ("IncompleteBody", "EntityTooLarge", "InvalidArgument", "MissingContentLength")
    refused(arena, victim, request, *codes)


def test_chunks_of_another_request_are_none_of_this_one(arena: Arena, victim: Path) -> None:
    first, second = chunked(arena, lambda c: c), chunked(arena, lambda c: c)
    request = signed(
        arena.url,
        "PUT",
        "/alpha/victim",
        {
            "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(BODY)),
            "x-amz-meta-other": "request",
        },
        payload=SIGNED,
    )
    assert len(first.body) == len(second.body)
    foreign = replace(request, body=first.body).with_header("Content-Length", str(len(first.body)))
    refused(arena, victim, foreign, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("trailer", "codes"),
    [
        ("{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n", ("200",)),
        ("{name}:AAAAAA==\r\nx-amz-trailer-signature:{signature}\r\n\r\n", ("SignatureDoesNotMatch",)),
        ("{name}:{value}\r\nx-amz-trailer-signature:" + "0" * 64 + "\r\n\r\n", ("SignatureDoesNotMatch",)),
        ("{name}:{value}\r\n\r\n", ("MalformedTrailerError",)),
        ("x-amz-trailer-signature:{signature}\r\n\r\n", ("SignatureDoesNotMatch",)),
        ("", ("MalformedTrailerError",)),
        (
            "{name}:{value}\r\nx-amz-meta-evil:1\r\nx-amz-trailer-signature:{signature}\r\n\r\n",
            ("SignatureDoesNotMatch",),
        ),
        (
            "{name}:{value}\r\n{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n",
            ("MalformedTrailerError",),
        ),
        ("{name}:{value}\r\n" + "x" * 20_000, ("MalformedTrailerError",)),
        ("\0\xff\r\n", ("MalformedTrailerError",)),
    ],
)
def test_a_tampered_trailer_leaves_the_old_object(
    trailer: str, codes: tuple[str, ...], arena: Arena, victim: Path
) -> None:
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(BODY)),
        "x-amz-trailer": TRAILER[0],
    }
    request = signed(arena.url, "PUT", "/alpha/victim", headers, payload=SIGNED_TRAILER)
    chunks, signature = signed_chunks(request, [FIRST, SECOND], OWNER, TRAILER)
    text = trailer.format(name=TRAILER[0], value=TRAILER[1], signature=signature)
    body = b"".join(map(bytes, chunks)) + text.encode("latin-1")
    request = replace(request, body=body).with_header("Content-Length", str(len(body)))
    if codes != ("200",):
        refused(arena, victim, request, *codes)
        return
    assert exchanged(arena.url, request).status == 200
    assert victim.read_bytes() == BODY


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"4\r\nabcd\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"),
        (b"4\r\nabcd\r\n0\r\nx-amz-checksum-crc32:no\r\n\r\n", "MalformedTrailerError"),
        (b"4\r\nabcd\r\n0\r\nx-amz-checksum-sha1:AAAAAA==\r\n\r\n", "MalformedTrailerError"),
        (b"4\r\nabcd\r\n0\r\n\r\n", "MalformedTrailerError"),
        (b"4\r\nabcd\r\n0\r\n", "MalformedTrailerError"),
        (b"4\r\nabcd", "IncompleteBody"),
        (b"5\r\nabcde\r\n0\r\n\r\n", "IncompleteBody"),
        (b"3\r\nabc\r\n0\r\n\r\n", "IncompleteBody"),
        (b"4\nabcd\n0\n\n", "IncompleteBody"),
        (b"4\r\nabcdefgh\r\n0\r\n\r\n", "IncompleteBody"),
        (b"abcd", "IncompleteBody"),
    ],
)
def test_a_wrong_unsigned_trailer(body: bytes, code: str, arena: Arena, victim: Path) -> None:
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": "4",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "Content-Length": str(len(body)),
    }
    request = signed(arena.url, "PUT", "/alpha/victim", headers, payload=UNSIGNED_TRAILER)
    refused(arena, victim, replace(request, body=body), code)


def test_signed_chunks_need_a_signed_request(arena: Arena, victim: Path) -> None:
    request = chunked(arena, lambda chunks: chunks).without_header("authorization")
    refused(arena, victim, request, "AccessDenied")


# ---- digests and lengths


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-MD5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
        ({"Content-MD5": "not base64"}, "InvalidDigest"),
        ({"Content-MD5": base64.b64encode(bytes(15)).decode()}, "InvalidDigest"),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
        ({"x-amz-checksum-crc32c": "AAAAAA=="}, "BadDigest"),
        ({"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="}, "BadDigest"),
        ({"x-amz-checksum-sha256": base64.b64encode(bytes(32)).decode()}, "BadDigest"),
        ({"x-amz-checksum-sha256": "AAAAAA=="}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}, "InvalidRequest"),
        ({"x-amz-checksum-md4": "AAAAAA=="}, "NotImplemented"),
        ({"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-crc32": CRC32}, "InvalidRequest"),
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, "InvalidRequest"),
        ({"Content-Encoding": "aws-chunked"}, "InvalidRequest"),
    ],
)
def test_a_wrong_digest_leaves_the_old_object(
    headers: dict[str, str], code: str, arena: Arena, victim: Path
) -> None:
    refused(arena, victim, signed(arena.url, "PUT", "/alpha/victim", headers, BODY), code)


@pytest.mark.parametrize("target", ["/alpha/victim", "/alpha/victim?partNumber=1&uploadId=x"])
def test_a_wrong_hash_leaves_the_old_object(target: str, arena: Arena, victim: Path) -> None:
    payload = hashlib.sha256(b"other").hexdigest()
    request = signed(arena.url, "PUT", target, {}, BODY, payload=payload)
    refused(arena, victim, request, "XAmzContentSHA256Mismatch", "NoSuchUpload")


@pytest.mark.parametrize("sent", [0, 1, len(BODY) - 1])
def test_a_truncated_body_is_no_object(sent: int, arena: Arena, victim: Path) -> None:
    request = signed(arena.url, "PUT", "/alpha/victim", {}, BODY)
    refused(arena, victim, replace(request, body=BODY[:sent]), "IncompleteBody", "closed", half_close=True)


def test_what_follows_a_body_is_not_in_it(arena: Arena, victim: Path) -> None:
    request = signed(arena.url, "PUT", "/alpha/victim", {"Content-Length": "4"}, BODY[:4])
    answer = exchanged(arena.url, bytes(replace(request, body=BODY)))
    assert answer.status == 200
    assert victim.read_bytes() == BODY[:4]


@pytest.mark.parametrize(
    "length", ["-1", "+13", "0x10", "1e1", "13, 13", "9" * 18, "9" * 30, str((5 << 30) + 1), "\xb2"]
)
def test_lengths_that_are_none(length: str, arena: Arena, victim: Path) -> None:
    request = signed(arena.url, "PUT", "/alpha/victim").with_header("Content-Length", length)
    refused(arena, victim, request, "InvalidRequest", "InvalidArgument", "EntityTooLarge")


def test_an_object_needs_a_length(arena: Arena, victim: Path) -> None:
    request = signed(arena.url, "PUT", "/alpha/victim").without_header("Content-Length")
    refused(arena, victim, request, "MissingContentLength")
    chunked_by_http = request.plus_header("Transfer-Encoding", "chunked")
    refused(arena, victim, replace(chunked_by_http, body=b"3\r\nabc\r\n0\r\n\r\n"), "MissingContentLength")


def test_a_body_that_is_not_asked_for_is_no_harm(arena: Arena) -> None:
    request = signed(arena.url, "GET", "/alpha/good.csv", {}, BODY)
    assert exchanged(arena.url, request).status == 200
    huge = signed(arena.url, "GET", "/alpha/good.csv", {"Content-Length": str(5 << 30)}, b"")
    assert exchanged(arena.url, huge).status == 200


@pytest.mark.parametrize(("good", "interim"), [(True, [100, 200]), (False, [403])], ids=["signed", "forged"])
def test_nobody_unknown_is_told_to_go_on(good: bool, interim: list[int], arena: Arena, victim: Path) -> None:
    request = signed(arena.url, "PUT", "/alpha/victim", {"Expect": "100-continue"}, BODY)
    if not good:
        request = request.in_authorization("Signature=.{8}", "Signature=00000000")
    seen = []
    with connected(arena.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(request.head())
        seen.append(int(stream.readline().split()[1]))
        if seen == [100]:
            assert stream.readline() == b"\r\n"
            connection.sendall(BODY)
            seen.append(int(stream.readline().split()[1]))
    assert seen == interim
    assert victim.read_bytes() == (BODY if good else OLD)
