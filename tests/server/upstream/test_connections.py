"""The way to the upstream: TLS, certificates, proxies."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.bodies.aws_chunked import AwsChunkedDecoder
from s3sql.server.settings import Upstream
from s3sql.server.upstream.forward import Forwarder
from tests.server.upstream.forwarding import (
    ANSWERS_OK,
    SentBody,
    crc32,
    early,
    forwarded,
    put,
    refusal,
    request,
    through,
)
from tests.server.upstream.raw_upstream import (
    CREDENTIALS,
    RawUpstream,
    certificate_in,
    settings_before,
)


def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def do(_: Forwarder, proxy: RawUpstream) -> None:
        monkeypatch.setenv("http_proxy", proxy.upstream.url)
        monkeypatch.delenv("no_proxy", raising=False)
        forwarder = Forwarder(settings_before(Upstream("http://store.invalid:81", "eu-west-1", CREDENTIALS)))
        assert (await forwarder(request(target="/bucket/a%20b?acl"))).status == 200
        monkeypatch.setenv("no_proxy", "store.invalid")
        directly = Forwarder(settings_before(Upstream("http://store.invalid:81", "eu-west-1", CREDENTIALS)))
        with pytest.raises(S3SelectError):
            await directly(request())
        await forwarder.close()
        await directly.close()

    _, proxy = through(ANSWERS_OK, do)
    received = proxy.requests[0]
    assert received.raw_path == b"http://store.invalid:81/bucket/a%20b"
    assert received.headers["host"] == "store.invalid:81"
    received.raw_path = received.raw_path.removeprefix(b"http://store.invalid:81")
    received.authenticated()
    assert len(proxy.requests) == 1


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of an upstream that boto3 is told to trust."""
    certificate = certificate_in(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    return certificate


def test_over_tls_a_trailer_needs_no_signatures(trusted: Path) -> None:
    whole = bytes(range(256)) * 1000
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(whole)),
        "x-amz-trailer": "x-amz-checksum-crc32",
        "content-encoding": "aws-chunked",
    }
    body = SentBody([whole[:100_000], whole[100_000:]], trailer="CRC32")
    _, received = forwarded(put(body, headers), certificate=trusted)
    assert received.authenticated().content_sha256 == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    decoder = AwsChunkedDecoder(len(whole))
    assert b"".join(decoder.decode(bytes(received.body))) == whole
    assert decoder.finish() == [("x-amz-checksum-crc32", crc32(whole))]


def test_over_tls_chunks_without_a_trailer_become_a_plain_body(trusted: Path) -> None:
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": "3",
        "content-encoding": "aws-chunked, br",
    }
    _, received = forwarded(put(SentBody([b"abc"]), headers), certificate=trusted)
    assert received.body == b"abc"
    assert received.headers["content-encoding"] == "br"
    assert "x-amz-decoded-content-length" not in received.headers
    assert received.authenticated().content_sha256 == "UNSIGNED-PAYLOAD"


def test_an_early_answer_is_seen_over_tls_too(trusted: Path) -> None:
    """Although TLS itself has things to read before the answer: session tickets."""
    body = SentBody([b"x" * 65_536] * 1000)
    reply, _ = forwarded(put(body), early, certificate=trusted)
    assert (reply.status, reply.body) == (403, b"nono")
    reply, received = forwarded(put(SentBody([b"x" * 65_536] * 100)), certificate=trusted)
    assert reply.status == 200
    assert received.complete


def test_an_upstream_that_is_not_trusted(tmp_path: Path) -> None:
    error = refusal(request(), certificate=certificate_in(tmp_path))
    assert error.code == "ServiceUnavailable"
    assert "cannot be reached" in error.message


def test_certificates_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(S3SelectError) as caught:
        Forwarder(settings_before(Upstream("https://store.invalid")))
    assert caught.value.code == "InvalidRequest"
    assert "certificates" in caught.value.message


def test_a_proxy_that_is_not_one_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(S3SelectError) as caught:
        Forwarder(settings_before(Upstream("https://store.invalid")))
    assert caught.value.code == "InvalidRequest"
    assert "not one of HTTP" in caught.value.message
