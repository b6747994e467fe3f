"""What of a request the upstream gets: target, headers, signature."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.address import parse_address
from s3sql.server.exchange import S3Request
from s3sql.server.settings import Credentials, Key, Upstream
from s3sql.server.signatures.signing import EMPTY_SHA256
from s3sql.server.upstream.forward import Forwarder
from s3sql.server.upstream.forwarded_headers import request_headers, target_of
from s3sql.server.upstream.stores import sign
from tests.server.upstream.forwarding import (
    ANSWERS_OK,
    CALLER,
    forwarded,
    refusal,
    request,
    through,
)
from tests.server.upstream.raw_upstream import (
    CREDENTIALS,
    RawUpstream,
    Received,
    settings_before,
)


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        ("/", "localhost", b"/"),
        ("/bucket", "localhost", b"/bucket"),
        ("/bucket/", "localhost", b"/bucket"),
        ("/bucket/a/b%20c", "localhost", b"/bucket/a/b%20c"),
        ("/a/b%20c", "bucket.localhost:9000", b"/bucket/a/b%20c"),
        ("/", "bucket.localhost", b"/bucket"),
        ("/bucket/../other/./x", "localhost", b"/bucket/../other/./x"),
        ("/bucket//a//", "localhost", b"/bucket//a//"),
        ("/bucket/a%2Fb", "localhost", b"/bucket/a/b"),
        ("/bucket/%7eme+you%2b%25%3f%23", "localhost", b"/bucket/~me%2Byou%2B%25%3F%23"),
        ("/bucket/%C3%BC", "localhost", b"/bucket/%C3%BC"),
        ("/bucket/k?acl", "localhost", b"/bucket/k?acl"),
        ("/bucket/k?acl=", "localhost", b"/bucket/k?acl="),
        ("/bucket?list-type=2&prefix=a%2Fb+c&", "localhost", b"/bucket?list-type=2&prefix=a%2Fb%20c"),
        ("/bucket?prefix=a/b~", "localhost", b"/bucket?prefix=a%2Fb~"),
    ],
)
def test_targets_arrive_in_path_style_and_signed(target: str, host: str, expected: bytes) -> None:
    reply, received = forwarded(request(target=target, host=host))
    assert reply.body == b"ok"
    assert received.raw_path + (b"?" + received.raw_query if received.raw_query else b"") == expected
    assert received.authenticated().key.credentials == CREDENTIALS


KEY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(
    KEY_TEXT,
    st.lists(
        st.tuples(KEY_TEXT, st.none() | st.text(max_size=10)), max_size=4, unique_by=lambda pair: pair[0]
    ),
    st.sampled_from(["", "/", "-_.~", "/+~!*'()"]),
)
def test_any_target_names_the_same_upstream_and_is_signed(
    key: str, parameters: list[tuple[str, str | None]], safe: str
) -> None:
    """However the client encoded it; *safe* are the characters that it left as they are."""
    pairs = [
        quote(name, safe="") + ("" if value is None else "=" + quote(value, safe=safe.replace("+", "")))
        for name, value in parameters
    ]
    sent = request(target=f"/bucket/{quote(key, safe=safe)}?{'&'.join(pairs)}")
    if any(name.lower().startswith("x-amz-") for name, _ in parameters):
        return
    target = target_of(sent, "/base")
    credentials = ReadOnlyCredentials("UPSTREAMKEY", "upstream/secret", None, None)
    headers = [("host", "h"), *request_headers(sent)]
    signed = sign("GET", f"http://h{target.decode()}", headers, EMPTY_SHA256, credentials, "eu-west-1")
    path, _, query = target.partition(b"?")
    raw = [(name.lower().encode(), value.encode()) for name, value in headers[:1] + signed.headers]
    arrived = Received("GET", path, query, Headers(raw=raw), 1)
    arrived.authenticated(Credentials("UPSTREAMKEY", "upstream/secret"))
    address = parse_address("h", path.removeprefix(b"/base"), query, ())
    assert (address.bucket, address.key) == ("bucket", key)
    assert address.parameters == sent.parameters


def test_an_upstream_below_a_path() -> None:
    async def do(_: Forwarder, upstream: RawUpstream) -> None:
        below = Upstream(f"{upstream.upstream.url}/s3/", upstream.upstream.region, CREDENTIALS)
        forwarder = Forwarder(settings_before(below))
        await forwarder(request(target="/bucket/k?acl"))
        await forwarder(request(target="/"))
        await forwarder.close()

    _, upstream = through(ANSWERS_OK, do)
    assert [received.raw_path for received in upstream.requests] == [b"/s3/bucket/k", b"/s3"]
    for received in upstream.requests:
        received.authenticated()


def test_what_is_the_clients_connection_or_signature_stays_behind() -> None:
    sent = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=CALLER/x",
        "x-amz-date": "20200101T000000Z",
        "x-amz-security-token": "caller-token",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "date": "Wed, 01 Jan 2020 00:00:00 GMT",
        "connection": "close, X-Hop",
        "x-hop": "1",
        "keep-alive": "timeout=5",
        "te": "trailers",
        "proxy-authorization": "Basic x",
        "expect": "100-continue",
        "range": "bytes=0-1",
        "if-none-match": '"e"',
        "user-agent": "Boto3/1 md/Botocore#1",
        "accept-encoding": "identity",
        "x-amz-expected-bucket-owner": "111122223333",
        "x-amz-meta-city": "Zürich".encode().decode("latin-1"),
        "amz-sdk-invocation-id": "i",
    }
    _, received = forwarded(request(headers=sent))
    got = dict(received.headers.items())
    assert received.authenticated().content_sha256 == hashlib.sha256().hexdigest()
    for name in ("x-hop", "keep-alive", "te", "proxy-authorization", "expect", "date", "content-length"):
        assert name not in got
    for name in ("range", "if-none-match", "user-agent", "accept-encoding", "amz-sdk-invocation-id"):
        assert got[name] == sent[name]
    assert got["x-amz-expected-bucket-owner"] == "111122223333"
    assert got["x-amz-meta-city"].encode("latin-1").decode() == "Zürich"
    assert got["x-amz-security-token"] == CREDENTIALS.session_token
    assert got["host"].startswith("127.0.0.1:")
    assert "accept" not in got, "nothing is added that the client did not send"


def test_each_caller_has_credentials_of_its_own_if_the_settings_say_so() -> None:
    own = Credentials("OWNKEY", "own-secret")
    _, received = forwarded(request(key=Key(CALLER.credentials, upstream=own)))
    received.authenticated(own)
    assert "x-amz-security-token" not in received.headers


def test_a_request_without_signature_goes_with_the_endpoints_credentials() -> None:
    _, received = forwarded(request(key=None))
    received.authenticated()


def test_boto3s_own_credentials_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FOUND")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "found-secret")

    async def do(_: Forwarder, upstream: RawUpstream) -> None:
        forwarder = Forwarder(settings_before(Upstream(upstream.upstream.url, upstream.upstream.region)))
        await forwarder(request())
        await forwarder.close()

    _, upstream = through(ANSWERS_OK, do)
    upstream.requests[0].authenticated(Credentials("FOUND", "found-secret"))


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    async def do(_: Forwarder, upstream: RawUpstream) -> S3SelectError:
        forwarder = Forwarder(settings_before(Upstream(upstream.upstream.url)))
        with pytest.raises(S3SelectError) as caught:
            await forwarder(request())
        await forwarder.close()
        return caught.value

    error, upstream = through(ANSWERS_OK, do)
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert "no credentials for the store behind it" in error.message
    assert upstream.connections == 0


PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=CALLER%2F20240101%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20240101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=t"
    "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Signature=abc"
)


def test_a_presigned_url_becomes_a_signed_header() -> None:
    rest = "x-amz-acl=public-read&response-content-type=text%2Fplain&x-amz-%C3%BC%20=no+header"
    _, received = forwarded(
        request("PUT", f"/bucket/k?versionId=3&{PRESIGNED}&{rest}", operation="PutObject")
    )
    assert received.raw_query == (
        b"versionId=3&response-content-type=text%2Fplain&x-amz-%C3%BC%20=no%20header"
    )
    assert received.headers["x-amz-acl"] == "public-read"
    received.authenticated()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (request(headers={"x-amz-meta-a": "\xff"}), "x-amz-meta-a is not UTF-8"),
        (request(headers={"x-amz-meta-ü": "1"}), "'x-amz-meta-ü' has a character"),
        (
            request(target=f"/b/k?{PRESIGNED}&x-amz-meta-a=1%0d%0ax:2"),
            "'x-amz-meta-a' has a control character",
        ),
        (
            request("PUT", "/b/k?x-amz-copy-source=secret/k", operation="PutObject"),
            "not presigned; use a header",
        ),
        (
            request("PUT", f"/b/k?{PRESIGNED}&x-amz-copy-source=secret/k", operation="PutObject"),
            "PutObject, which copies nothing",
        ),
        (
            request("PUT", "/b/k?tagging", {"x-amz-copy-source": "s/k"}, operation="PutObjectTagging"),
            "PutObjectTagging, which copies nothing",
        ),
        (
            request(
                "PUT", "/b/k?X-Amz-Copy-Source=secret/k", {"x-amz-copy-source": "b/k"}, operation="CopyObject"
            ),
            "not presigned; use a header",
        ),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(sent: S3Request, expected: str) -> None:
    error = refusal(sent)
    assert error.code == "InvalidArgument"
    assert expected in error.message


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("/source/a%2Fb%20c", "source/a/b%20c"),
        ("source/a+b?versionId=x%2B1", "source/a%20b?versionId=x%2B1"),
        ("%73ource/k%3FversionId%3D2", "source/k%3FversionId%3D2"),
    ],
)
def test_the_source_of_a_copy_has_one_reading(sent: str, expected: str) -> None:
    _, received = forwarded(request("PUT", headers={"x-amz-copy-source": sent}, operation="CopyObject"))
    assert received.headers["x-amz-copy-source"] == expected
    received.authenticated()
