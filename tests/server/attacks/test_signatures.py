"""Requests whose signature is forged, stale, or of another request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server.attacks.arena import EXPIRED, OTHER, READER, TEMPORARY, Arena
from tests.server.attacks.wire import Caller, Request, exchanged, presigned, signed

Tampering = Callable[[Request], Request]

TARGET = "/alpha/victim?x-id=PutObject"
BODY = b"the new bytes"
DENIED, DIFFERS = "AccessDenied", "SignatureDoesNotMatch"


@pytest.fixture
def victim(arena: Arena) -> Path:
    """An object that must stay as it is."""
    file = arena.bucket() / "victim"
    file.write_bytes(b"the old bytes")
    return file


def put(arena: Arena, caller: Caller | None = None, at: datetime | None = None) -> Request:
    headers = {"x-amz-meta-name": "value", "Content-Type": "text/csv"}
    if caller is None:
        return signed(arena.url, "PUT", TARGET, headers, BODY, at=at)
    return signed(arena.url, "PUT", TARGET, headers, BODY, caller=caller, at=at)


def _other_body(request: Request) -> Request:
    return replace(request, body=b"THE NEW BYTES")


def _hash_of_other_body(request: Request) -> Request:
    body = b"THE NEW BYTES"
    return replace(request, body=body).with_header("x-amz-content-sha256", hashlib.sha256(body).hexdigest())


def _a_minute_ago() -> str:
    return f"{datetime.now(UTC) - timedelta(minutes=1):%Y%m%dT%H%M%SZ}"


TAMPERINGS: dict[str, tuple[Tampering, str]] = {
    "method": (lambda r: replace(r, method="DELETE"), DIFFERS),
    "key": (lambda r: r.in_target("victim", "victim2"), DIFFERS),
    "bucket": (lambda r: r.in_target("alpha", "beta"), DIFFERS),
    "key with dots": (lambda r: r.in_target("/victim", "/x/../victim"), DIFFERS),
    "key with a second slash": (lambda r: r.in_target("/victim", "//victim"), DIFFERS),
    "more parameters": (lambda r: r.in_target("?", "?tagging&"), DIFFERS),
    "other parameters": (lambda r: r.in_target("PutObject", "Other"), DIFFERS),
    "fewer parameters": (lambda r: r.in_target("?x-id=PutObject", ""), DIFFERS),
    "a parameter twice": (lambda r: r.in_target("PutObject", "PutObject&x-id=PutObject"), "InvalidArgument"),
    "signed metadata": (lambda r: r.with_header("x-amz-meta-name", "evil"), DIFFERS),
    "signed content type": (lambda r: r.with_header("content-type", "text/html"), DIFFERS),
    "signed header left out": (lambda r: r.without_header("x-amz-meta-name"), DIFFERS),
    "signed header twice": (lambda r: r.plus_header("x-amz-meta-name", "evil"), DIFFERS),
    "other host": (lambda r: r.with_header("host", "beta.localhost"), DIFFERS),
    "body": (_other_body, "XAmzContentSHA256Mismatch"),
    "body and its hash": (_hash_of_other_body, DIFFERS),
    "hash given up": (lambda r: r.with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), DIFFERS),
    "hash left out": (lambda r: r.without_header("x-amz-content-sha256"), "InvalidRequest"),
    "hash twice": (lambda r: r.plus_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "InvalidRequest"),
    "hash that is none": (lambda r: r.with_header("x-amz-content-sha256", "0" * 63), "InvalidArgument"),
    "unsigned acl": (lambda r: r.plus_header("x-amz-acl", "public-read"), DENIED),
    "unsigned source": (lambda r: r.plus_header("x-amz-copy-source", "/beta/good.csv"), DENIED),
    "unsigned tags": (lambda r: r.plus_header("X-AMZ-Tagging", "a=b"), DENIED),
    "unsigned owner": (lambda r: r.plus_header("x-amz-expected-bucket-owner", "1" * 12), DENIED),
    "unsigned token": (lambda r: r.plus_header("x-amz-security-token", "token"), DENIED),
    "date": (lambda r: r.with_header("x-amz-date", _a_minute_ago()), DIFFERS),
    "date left out": (lambda r: r.without_header("x-amz-date"), DENIED),
    "date that is none": (lambda r: r.with_header("x-amz-date", "20261399T000000Z"), DENIED),
    "signature": (lambda r: r.in_authorization("Signature=.{8}", "Signature=00000000"), DIFFERS),
    "signature in capitals": (
        lambda r: r.with_header(
            "authorization", r.header("authorization")[:-64] + r.header("authorization")[-64:].upper()
        ),
        DIFFERS,
    ),
    "signature with bytes": (lambda r: r.in_authorization("Signature=.*", "Signature=\xff\xfe"), DIFFERS),
    "signature of 60 kB": (
        lambda r: r.in_authorization("Signature=.*", f"Signature={'0' * 60_000}"),
        DIFFERS,
    ),
    "no signature": (
        lambda r: r.in_authorization("Signature=.*", "Signature="),
        "AuthorizationHeaderMalformed",
    ),
    "scope's region": (lambda r: r.in_authorization("us-east-1", "us-west-1"), DIFFERS),
    "scope's date": (lambda r: r.in_authorization(r"/\d{8}/", "/20130524/"), "AuthorizationHeaderMalformed"),
    "scope's service": (lambda r: r.in_authorization("/s3/", "/ec2/"), "AuthorizationHeaderMalformed"),
    "fewer signed headers": (lambda r: r.in_authorization("content-type;", ""), DIFFERS),
    "host not signed": (lambda r: r.in_authorization("host;", ""), DENIED),
    "metadata not signed": (lambda r: r.in_authorization(";x-amz-meta-name", ""), DENIED),
    "signed headers that are absent": (lambda r: r.in_authorization("host;", "host;range;"), DIFFERS),
    "thousands of signed headers": (
        lambda r: r.in_authorization("host;", "host;" + "".join(f"h{number};" for number in range(8000))),
        DIFFERS,
    ),
    "authorization twice": (
        lambda r: r.plus_header("Authorization", r.header("authorization")),
        "InvalidRequest",
    ),
    "another scheme": (lambda r: r.in_authorization("AWS4-HMAC-SHA256", "Bearer"), "InvalidArgument"),
    "version 2": (lambda r: r.with_header("authorization", "AWS AKIDEXAMPLE:c2lnbmF0dXJl"), "InvalidRequest"),
    "version 4a": (
        lambda r: r.in_authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        "UnsupportedSignature",
    ),
    "no authorization": (lambda r: r.without_header("authorization"), DENIED),
    "both forms": (lambda r: r.in_target("?", "?X-Amz-Signature=0&"), "InvalidArgument"),
    "unknown key": (lambda r: r.in_authorization("AKIDEXAMPLE", "AKIDEXAMPLF"), "InvalidAccessKeyId"),
    "another's key": (lambda r: r.in_authorization("AKIDEXAMPLE", OTHER.access_key), DIFFERS),
    "empty key": (lambda r: r.in_authorization("AKIDEXAMPLE", ""), "AuthorizationHeaderMalformed"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_request_writes_nothing(name: str, arena: Arena, victim: Path) -> None:
    tampering, code = TAMPERINGS[name]
    answer = exchanged(arena.url, tampering(put(arena)))
    assert answer.verdict == code, answer
    assert answer.status in (400, 403)
    assert victim.read_bytes() == b"the old bytes"
    assert sorted(file.name for file in arena.bucket("beta").iterdir()) == ["good.csv"]
    assert not arena.staged()


def test_what_is_tampered_with_above_is_in_order(arena: Arena, victim: Path) -> None:
    assert exchanged(arena.url, put(arena)).status == 200
    assert victim.read_bytes() == BODY


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [(-16, "RequestTimeTooSkewed"), (16, "RequestTimeTooSkewed"), (-14, "200"), (14, "200")],
)
def test_a_replay_succeeds_in_the_window_only(minutes: int, verdict: str, arena: Arena, victim: Path) -> None:
    request = put(arena, at=datetime.now(UTC) + timedelta(minutes=minutes))
    assert exchanged(arena.url, request).verdict == verdict
    assert victim.read_bytes() == (BODY if verdict == "200" else b"the old bytes")


@pytest.mark.parametrize(
    ("caller", "code"),
    [
        (Caller(secret_key="guessed"), DIFFERS),
        (Caller(secret_key=""), DIFFERS),
        (Caller("NOBODY", "guessed"), "InvalidAccessKeyId"),
        (EXPIRED, "ExpiredToken"),
        (replace(TEMPORARY, token=None), "InvalidToken"),
        (replace(TEMPORARY, token="another"), "InvalidToken"),
        (Caller(token="unasked"), "InvalidToken"),
        (READER, DENIED),
        (OTHER, DENIED),
    ],
)
def test_who_may_not_write_does_not(caller: Caller, code: str, arena: Arena, victim: Path) -> None:
    assert exchanged(arena.url, put(arena, caller)).verdict == code
    assert victim.read_bytes() == b"the old bytes"


def test_temporary_credentials_that_are_right_are(arena: Arena, victim: Path) -> None:
    assert exchanged(arena.url, put(arena, TEMPORARY)).status == 200
    assert victim.read_bytes() == BODY


# ---- one key does not open what is another's

_SELECT = (
    b"<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL"
    b"</ExpressionType><InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/>"
    b"</OutputSerialization></SelectObjectContentRequest>"
)
_DELETE = b"<Delete><Object><Key>victim</Key></Object></Delete>"
_RESTORE = (
    b"<RestoreRequest><Type>SELECT</Type><SelectParameters><InputSerialization><CSV/></InputSerialization>"
    b"<ExpressionType>SQL</ExpressionType><Expression>SELECT * FROM object</Expression><OutputSerialization>"
    b"<CSV/></OutputSerialization></SelectParameters><OutputLocation><S3><BucketName>%b</BucketName>"
    b"<Prefix>out</Prefix></S3></OutputLocation></RestoreRequest>"
)
_MD5_OF_DELETE = "x-amz-checksum-sha256"

FOREIGN: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "get": ("GET", "/alpha/victim", {}, b""),
    "get by host": ("GET", "/victim", {"Host": "alpha.localhost"}, b""),
    "head": ("HEAD", "/alpha/victim", {}, b""),
    "list": ("GET", "/alpha?list-type=2", {}, b""),
    "list uploads": ("GET", "/alpha?uploads", {}, b""),
    "put": ("PUT", "/alpha/victim", {}, BODY),
    "delete": ("DELETE", "/alpha/victim", {}, b""),
    "delete many": ("POST", "/alpha?delete", {"Content-MD5": "zUNUNAUO3HJdTXDCvGgNog=="}, _DELETE),
    "tags": ("GET", "/alpha/victim?tagging", {}, b""),
    "new bucket": ("PUT", "/gamma", {}, b""),
    "delete bucket": ("DELETE", "/alpha", {}, b""),
    "copy from": ("PUT", "/beta/copy", {"x-amz-copy-source": "/alpha/victim"}, b""),
    "copy from, encoded": ("PUT", "/beta/copy", {"x-amz-copy-source": "%61lpha%2Fvictim"}, b""),
    "copy from above": ("PUT", "/beta/copy", {"x-amz-copy-source": "beta/../alpha/victim"}, b""),
    "copy to": ("PUT", "/alpha/victim", {"x-amz-copy-source": "/beta/good.csv"}, b""),
    "copy a part from": (
        "PUT",
        "/beta/copy?partNumber=1&uploadId=any",
        {"x-amz-copy-source": "/alpha/victim"},
        b"",
    ),
    "upload": ("POST", "/alpha/victim?uploads", {}, b""),
    "select": ("POST", "/alpha/victim?select&select-type=2", {}, _SELECT),
    "restore from": ("POST", "/alpha/victim?restore", {}, _RESTORE % b"beta"),
    "restore to": ("POST", "/beta/good.csv?restore", {}, _RESTORE % b"alpha"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_key_of_one_bucket_does_not_open_another(name: str, arena: Arena, victim: Path) -> None:
    method, target, headers, body = FOREIGN[name]
    request = signed(arena.url, method, target, headers, body, caller=OTHER)
    answer = exchanged(arena.url, request)
    # No body comes with HEAD; the key of the last path begins in the bucket that may be read.
    expected = {"head": "403", "copy from above": "NoSuchKey"}.get(name, DENIED)
    assert answer.verdict == expected, answer
    assert b"the old bytes" not in answer.body
    assert victim.read_bytes() == b"the old bytes"
    assert sorted(file.name for file in arena.bucket("beta").iterdir()) == ["good.csv"]


def test_buckets_that_are_not_the_callers_are_not_listed(arena: Arena) -> None:
    answer = exchanged(arena.url, signed(arena.url, "GET", "/", caller=OTHER))
    assert answer.status == 200
    assert b"<Name>beta</Name>" in answer.body
    assert b"alpha" not in answer.body


# ---- presigned URLs

PRESIGNED: dict[str, tuple[Tampering, str]] = {
    "another key": (lambda r: r.in_target("good.csv", "victim"), DIFFERS),
    "another bucket": (lambda r: r.in_target("beta", "alpha"), DIFFERS),
    "another bucket by host": (
        lambda r: r.in_target("/beta/", "/").with_header("host", "alpha.localhost"),
        DIFFERS,
    ),
    "the bucket": (lambda r: r.in_target("/good.csv", ""), DIFFERS),
    "HEAD": (lambda r: replace(r, method="HEAD"), "403"),
    "DELETE": (lambda r: replace(r, method="DELETE"), DIFFERS),
    "PUT": (lambda r: replace(r, method="PUT", body=BODY).plus_header("Content-Length", "13"), DIFFERS),
    "longer": (lambda r: r.in_target("X-Amz-Expires=300", "X-Amz-Expires=604800"), DIFFERS),
    "too long": (lambda r: r.in_target("Expires=300", "Expires=604801"), "AuthorizationQueryParametersError"),
    "negative": (lambda r: r.in_target("Expires=300", "Expires=-1"), "AuthorizationQueryParametersError"),
    "no number": (lambda r: r.in_target("Expires=300", "Expires=3e2"), "AuthorizationQueryParametersError"),
    "expires twice": (
        lambda r: r.in_target("&X-Amz-Expires=300", "&X-Amz-Expires=300" * 2),
        "InvalidArgument",
    ),
    "no expiry": (lambda r: r.in_target("&X-Amz-Expires=300", ""), "AuthorizationQueryParametersError"),
    "another name": (lambda r: r.in_target("?", "?response-content-type=text%2Fhtml&"), DIFFERS),
    "a sub-resource": (lambda r: r.in_target("?", "?tagging&"), DIFFERS),
    "a version": (lambda r: r.in_target("?", "?versionId=null&"), DIFFERS),
    "another's key": (lambda r: r.in_target(OTHER.access_key, "AKIDEXAMPLE"), DIFFERS),
    "no signed headers": (lambda r: r.in_target("SignedHeaders=host", "SignedHeaders=x"), DENIED),
    "an unsigned header": (lambda r: r.plus_header("x-amz-expected-bucket-owner", "0" * 12), DENIED),
    "signature": (lambda r: replace(r, target=f"{r.target[:-8]}00000000"), DIFFERS),
    "signature twice": (lambda r: replace(r, target=f"{r.target}&X-Amz-Signature=0"), "InvalidArgument"),
    "in small letters": (
        lambda r: r.in_target("X-Amz-Signature", "x-amz-signature"),
        "AuthorizationQueryParametersError",
    ),
    "a header too": (lambda r: r.plus_header("Authorization", "AWS4-HMAC-SHA256 x"), "InvalidArgument"),
}


@pytest.mark.parametrize("name", PRESIGNED)
def test_a_presigned_url_opens_one_thing(name: str, arena: Arena, victim: Path) -> None:
    tampering, code = PRESIGNED[name]
    good = presigned(arena.url, "GET", "/beta/good.csv", caller=OTHER)
    answer = exchanged(arena.url, tampering(good))
    assert answer.verdict == code, answer
    assert victim.read_bytes() == b"the old bytes"
    assert exchanged(arena.url, good).status == 200


@pytest.mark.parametrize(
    ("caller", "method", "target"),
    [
        (OTHER, "GET", "/alpha/victim"),
        (OTHER, "GET", "/alpha"),
        (OTHER, "PUT", "/alpha/victim"),
        (OTHER, "GET", "/alpha/victim?response-content-type=text%2Fhtml"),
        (READER, "PUT", "/alpha/victim"),
        (READER, "DELETE", "/alpha/victim"),
        (READER, "POST", "/alpha/victim?uploads="),
    ],
)
def test_a_url_may_no_more_than_who_signed_it(
    caller: Caller, method: str, target: str, arena: Arena, victim: Path
) -> None:
    request = presigned(arena.url, method, target, caller=caller)
    assert exchanged(arena.url, request).verdict == DENIED
    assert victim.read_bytes() == b"the old bytes"


@pytest.mark.parametrize(
    ("minutes", "seconds", "verdict"),
    [
        (-6, 300, DENIED),
        (-4, 300, "200"),
        (-60 * 24 * 8, 604_800, DENIED),
        (-60 * 24 * 6, 604_800, "200"),
        (16, 300, DENIED),
        (0, 0, "AuthorizationQueryParametersError"),
    ],
)
def test_a_url_is_good_for_its_time(minutes: int, seconds: int, verdict: str, arena: Arena) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    request = presigned(arena.url, "GET", "/alpha/good.csv", at=at, expires=seconds)
    assert exchanged(arena.url, request).verdict == verdict


def test_the_bucket_of_a_url_may_be_in_its_host(arena: Arena) -> None:
    by_path = presigned(arena.url, "GET", "/good.csv", caller=OTHER)
    assert exchanged(arena.url, by_path).verdict == DENIED, "the bucket good.csv is not the caller's"
    assert exchanged(arena.url, by_path.with_header("host", "beta.localhost")).verdict == DIFFERS
