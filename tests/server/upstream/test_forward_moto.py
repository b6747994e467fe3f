"""What boto3 gets of another store through the endpoint is what it gets directly: moto as the upstream.

One list of calls runs twice against a store that is empty at first. Ids and dates differ from run to run, and
are replaced by their place in the order of appearance.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import http.client
import zlib
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from starlette.datastructures import Headers

from s3sql.server.address import Address
from s3sql.server.bodies.body import RequestBody
from s3sql.server.exchange import S3Request
from s3sql.server.settings import Credentials, Key, Upstream
from s3sql.server.signatures.chunks import ChunkSignatures
from s3sql.server.signatures.signing import EMPTY_SHA256, Scope, SigningKey
from s3sql.server.signatures.sigv4 import Authenticated
from s3sql.server.upstream.forward import Forwarder
from tests.server.serving import client_of, serving, settings_for
from tests.server.upstream.upstream_calls import CSV, STORY

#: Headers that say when, from where, or by which connection; and the length of documents, some of which have
#: ids of any length. That of objects is a member of the answer, too.
OF_THE_EXCHANGE = {
    "connection",
    "content-length",
    "date",
    "server",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amzn-requestid",
}


def told(client: Any) -> list[tuple[str, Any]]:
    """Every call of the story, and what came of it."""
    found: list[tuple[str, Any]] = []
    for chapter in STORY:
        calls = chapter()
        call = next(calls, None)
        while call is not None:
            method, members = call
            answer = _answer(client, method, members)
            found.append((f"{method} {members.get('Key', '')}", answer))
            try:
                call = calls.send(answer)
            except StopIteration:
                call = None
    return found


def _answer(client: Any, method: str, members: dict[str, Any]) -> Any:
    try:
        answer = getattr(client, method)(**members)
    except ClientError as error:
        answer = {"raised": type(error).__name__, **error.response}
    if "Body" in answer:
        answer["Body"] = answer["Body"].read()
    return answer


IDS = {
    "ContinuationToken",
    "CopySourceVersionId",
    "NextContinuationToken",
    "NextVersionIdMarker",
    "UploadId",
    "VersionId",
}


class Normalised:
    """Answers without what differs from run to run: ids by their order, dates by their presence."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def __call__(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {
                self._id(key) if key in self._ids else key: self(member, key)
                for key, member in value.items()
                if key not in ("RequestId", "HostId", "RetryAttempts")
            } | ({"HTTPHeaders": self._headers(value["HTTPHeaders"])} if "HTTPHeaders" in value else {})
        if isinstance(value, list):
            return [self(member, name) for member in value]
        if isinstance(value, datetime.datetime):
            return "a date"
        if name in IDS:
            return self._id(value)
        return value

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name not in OF_THE_EXCHANGE}
        for name, value in kept.items():
            if name == "last-modified":
                kept[name] = "a date"
            elif "version-id" in name:
                kept[name] = self._id(value)
        return kept

    def _id(self, value: str) -> str:
        return self._ids.setdefault(value, f"id {len(self._ids)}")


def directly(url: str) -> Any:
    config = botocore.config.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
    return boto3.client("s3", endpoint_url=url, config=config)


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def empty(moto_url: str) -> str:
    """The URL of moto, which has nothing."""
    reset(moto_url)
    return moto_url


def reset(moto_url: str) -> None:
    connection = http.client.HTTPConnection(moto_url.removeprefix("http://"))
    connection.request("POST", "/moto-api/reset")
    assert connection.getresponse().read() == b'{"status": "ok"}'
    connection.close()


def upstream(url: str) -> Upstream:
    return Upstream(url, "us-east-1", Credentials("UPSTREAM", "upstream-secret"))


def test_every_call_gives_what_it_gives_directly(empty: str) -> None:
    expected = told(directly(empty))
    reset(empty)
    with serving(settings_for(None, upstream=upstream(empty))) as url:
        found = told(client_of(url))
    assert len(expected) >= 60
    assert [call for call, _ in found] == [call for call, _ in expected]
    directly_seen, seen = Normalised(), Normalised()
    pairs = [
        (call, seen(answer), directly_seen(direct))
        for (call, answer), (_, direct) in zip(found, expected, strict=True)
    ]
    assert [pair for pair in pairs if pair[1] != pair[2]] == []


def test_a_list_of_buckets_for_a_caller_who_may_see_some(empty: str) -> None:
    admin = directly(empty)
    for name in ("mine-1", "mine-2", "secret"):
        admin.create_bucket(Bucket=name)
    some = Key(Credentials("SOME", "some-secret"), {"mine-*": "read"})
    with serving(settings_for(None, keys=(some,), upstream=upstream(empty))) as url:
        client = client_of(url, "SOME", "some-secret")
        assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["mine-1", "mine-2"]
        with pytest.raises(ClientError, match="AccessDenied"):
            client.list_objects_v2(Bucket="secret")
    admin.close()


SQL = {"ExpressionType": "SQL", "OutputSerialization": {"CSV": {}}}


def selected(client: Any, **members: Any) -> bytes:
    events = list(client.select_object_content(Bucket="one", **SQL, **members)["Payload"])
    assert "End" in events[-1]
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


def test_select_runs_on_objects_of_the_upstream(empty: str) -> None:
    with serving(settings_for(None, upstream=upstream(empty))) as url:
        client = client_of(url)
        client.create_bucket(Bucket="one")
        client.put_object(Bucket="one", Key="ü.csv", Body=CSV)
        query = {
            "Key": "ü.csv",
            "Expression": "SELECT s.name FROM S3Object s WHERE CAST(s.id AS INT) = 4321",
            "InputSerialization": {"CSV": {"FileHeaderInfo": "USE"}},
        }
        assert selected(client, **query) == b"name 4321\n"
        for changed, code in (
            ({"Key": "absent"}, "NoSuchKey"),
            ({"Bucket": "absent"}, "NoSuchBucket"),
            ({"Expression": "SELECT x.y FROM S3Object s"}, "InvalidTableAlias"),
        ):
            with pytest.raises(ClientError) as caught:
                client.select_object_content(**({"Bucket": "one"} | SQL | query | changed))
            assert caught.value.response["Error"]["Code"] == code


def test_a_body_that_is_not_what_was_signed_is_not_stored(empty: str) -> None:
    admin = directly(empty)
    admin.create_bucket(Bucket="one")
    body = b"z" * (1 << 20)
    with serving(settings_for(None, upstream=upstream(empty))) as url:
        client = client_of(url)
        for size in (1, 1 << 20):
            signed = signed_put(client, body[:size])
            connection = http.client.HTTPConnection(url.removeprefix("http://"))
            connection.request("PUT", "/one/k", body[: size - 1] + b"!", signed)
            answer = connection.getresponse()
            document = answer.read()
            connection.close()
            assert answer.status == 400
            assert b"<Code>XAmzContentSHA256Mismatch</Code>" in document
    assert "Contents" not in admin.list_objects_v2(Bucket="one")
    admin.close()


@pytest.mark.parametrize("trailer", [False, True])
def test_chunks_are_stored_without_their_framing(empty: str, trailer: bool) -> None:
    admin = directly(empty)
    admin.create_bucket(Bucket="one")
    chunk = CSV[: 8 << 10]
    checksum = base64.b64encode(zlib.crc32(chunk).to_bytes(4, "big")).decode()
    wire = b"2000\r\n%s\r\n0\r\n" % chunk + b"x-amz-checksum-crc32:%s\r\n\r\n" % checksum.encode()
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": "8192",
        "content-length": str(len(wire)),
        "content-encoding": "aws-chunked,br",
    }
    if not trailer:
        signatures = ChunkSignatures(SigningKey.of("secret", Scope("20240101", "us-east-1")), "t", "0" * 64)
        head = "2000;chunk-signature=" + signatures.of_chunk(hashlib.sha256(chunk).hexdigest())
        last = "0;chunk-signature=" + signatures.of_chunk(EMPTY_SHA256)
        wire = f"{head}\r\n".encode() + chunk + f"\r\n{last}\r\n\r\n".encode()
        headers["x-amz-content-sha256"] = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        headers["content-length"] = str(len(wire))
        del headers["x-amz-trailer"]
    signing_key = SigningKey.of("secret", Scope("20240101", "us-east-1"))
    sender = Authenticated(
        Key(Credentials("a", "secret")), headers["x-amz-content-sha256"], False, signing_key, "t", "0" * 64
    )

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": wire}

    async def put() -> int:
        settings = settings_for(None, upstream=upstream(empty))
        forwarder = Forwarder(settings)
        body = RequestBody(receive, Headers(headers), sender, settings.limits)
        reply = await forwarder(
            S3Request("PUT", "PutObject", Address("one", "k"), Headers(headers), body, None, "1")
        )
        await forwarder.close()
        return reply.status

    assert asyncio.run(put()) == 200
    stored = admin.get_object(Bucket="one", Key="k")
    assert stored["Body"].read() == chunk
    assert stored["ContentEncoding"] == "br"
    admin.close()


def signed_put(client: Any, body: bytes) -> dict[str, str]:
    """The headers with which boto3 would put *body* to the key k of the bucket one."""
    noted: dict[str, str] = {}

    class NotSentError(Exception):
        pass

    def note(request: Any, **_: object) -> None:
        noted.update({name: _text(value) for name, value in request.headers.items()})
        raise NotSentError

    client.meta.events.register("before-send.s3.PutObject", note)
    with pytest.raises(NotSentError):
        client.put_object(Bucket="one", Key="k", Body=body)
    client.meta.events.unregister("before-send.s3.PutObject", note)
    return {name: value for name, value in noted.items() if name.lower() != "expect"}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
