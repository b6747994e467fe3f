"""Uploads in signed chunks against a running endpoint: no Python client sends them, Java's and Go's do."""

from __future__ import annotations

import hashlib
import http.client
import zlib
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from s3sql.server.signatures.chunks import ChunkSignatures
from s3sql.server.signatures.signing import Scope, SigningKey
from tests.server.serving import ACCESS_KEY, SECRET_KEY, client_of, serving, settings_for

CONTENTS = bytes(range(256)) * 1024
CHECKSUM = b64encode(zlib.crc32(CONTENTS).to_bytes(4, "big")).decode()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("buckets")
    (directory / "bucket").mkdir()
    with serving(settings_for(directory)) as url:
        yield url


def upload(
    url: str, key: str, *, trailer: bool, forge: tuple[bytes, bytes] = (b"", b"")
) -> tuple[int, bytes]:
    """PUT :data:`CONTENTS` in chunks of 64 KiB; *forge*: what of the body is replaced, and by what."""
    payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    request = AWSRequest("PUT", f"{url}/bucket/{key}")
    request.headers["host"] = urlsplit(url).netloc
    request.headers["content-encoding"] = "aws-chunked"
    request.headers["x-amz-decoded-content-length"] = str(len(CONTENTS))
    if trailer:
        request.headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    signer = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", "us-east-1")
    signer.payload = lambda _: payload  # type: ignore[method-assign]
    signer.add_auth(request)
    timestamp = request.headers["x-amz-date"]
    chain = ChunkSignatures(
        SigningKey.of(SECRET_KEY, Scope(timestamp[:8], "us-east-1")),
        timestamp,
        request.headers["authorization"].rpartition("=")[2],
    )
    body = bytearray()
    for start in range(0, len(CONTENTS) + 1, 1 << 16):
        chunk = CONTENTS[start : start + (1 << 16)]
        signature = chain.of_chunk(hashlib.sha256(chunk).hexdigest())
        body += f"{len(chunk):x};chunk-signature={signature}\r\n".encode() + chunk + b"\r\n" * bool(chunk)
    if trailer:
        line = ("x-amz-checksum-crc32", CHECKSUM)
        signature = chain.of_trailer([line])
        body += f"{line[0]}:{line[1]}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    body += b"\r\n"
    sent = bytes(body).replace(*forge, 1) if forge[0] else bytes(body)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("PUT", f"/bucket/{key}", sent, dict(request.headers.items()))
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("trailer", [False, True])
def test_signed_chunks(url: str, trailer: bool) -> None:
    status, answer = upload(url, f"good-{trailer}", trailer=trailer)
    assert (status, answer) == (200, b"")
    found = client_of(url).get_object(Bucket="bucket", Key=f"good-{trailer}", ChecksumMode="ENABLED")
    assert found["Body"].read() == CONTENTS
    assert "ContentEncoding" not in found
    if trailer:
        assert found["ChecksumCRC32"] == CHECKSUM


@pytest.mark.parametrize(
    ("forge", "status", "code"),
    [
        ((bytes(range(256)) * 2, bytes(range(255, -1, -1)) * 2), 403, b"SignatureDoesNotMatch"),
        ((b"\r\n0;chunk-signature=", b"\r\n0;chunk-signature=0"), 400, b"IncompleteBody"),
        ((b"10000;", b"FFFF;"), 403, b"SignatureDoesNotMatch"),
        ((CHECKSUM.encode(), b"AAAAAA=="), 403, b"SignatureDoesNotMatch"),
        ((b"x-amz-trailer-signature", b"x-amz-trailer-signatura"), 400, b"MalformedTrailerError"),
    ],
)
def test_a_forged_upload_leaves_no_object(
    url: str, forge: tuple[bytes, bytes], status: int, code: bytes
) -> None:
    found, answer = upload(url, "forged", trailer=True, forge=forge)
    assert found == status
    assert code in answer
    with pytest.raises(ClientError, match="404"):
        client_of(url).head_object(Bucket="bucket", Key="forged")


def test_a_stranger_is_not_asked_for_the_body(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.putrequest("PUT", "/bucket/stranger")
        connection.putheader("Content-Length", "1000000000")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        reply = connection.getresponse()
        assert reply.status == 403
        assert b"<Code>AccessDenied</Code>" in reply.read()
    finally:
        connection.close()


def test_an_old_signature_is_refused(url: str) -> None:
    late = datetime(2013, 5, 24, tzinfo=UTC)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    credential = f"Credential={ACCESS_KEY}/{late:%Y%m%d}/us-east-1/s3/aws4_request"
    headers = {
        "x-amz-date": f"{late:%Y%m%dT%H%M%SZ}",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host;x-amz-date, Signature=0",
    }
    try:
        connection.request("GET", "/bucket/good", headers=headers)
        reply = connection.getresponse()
        assert reply.status == 403
        assert b"<Code>RequestTimeTooSkewed</Code>" in reply.read()
    finally:
        connection.close()
