"""The S3 store against moto, in process and as a server, and against an endpoint that misbehaves."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import botocore.config
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer

from s3sql.errors import S3SelectError
from s3sql.stores import s3
from s3sql.stores.base import ObjectStore, StoredObject
from s3sql.stores.s3 import S3Store

CONTENTS = bytes(range(256)) * 4096


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="a/b.bin", Body=CONTENTS)
        yield client


def refusal(ask: Callable[[], object]) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        ask()
    return caught.value


def test_reads_forward_in_one_request_and_elsewhere_in_another(client: Any) -> None:
    requests: list[dict[str, Any]] = []
    client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: requests.append(params["headers"])
    )
    store: ObjectStore = S3Store(client)
    opened: StoredObject = store.open("bucket", "a/b.bin")
    with opened:
        assert opened.size == len(CONTENTS)
        assert opened.etag == hashlib.md5(CONTENTS).hexdigest()
        for offset in range(0, 1 << 20, 1 << 18):
            assert opened.read(offset, 1 << 18) == CONTENTS[offset : offset + (1 << 18)]
        assert len(requests) == 1
        assert opened.read(1000, 3) == CONTENTS[1000:1003]
        assert opened.read(1003, 3) == CONTENTS[1003:1006]
        assert len(requests) == 2
        assert requests[1]["If-Match"] == f'"{opened.etag}"'
        assert opened.read(len(CONTENTS) - 2, 10) == CONTENTS[-2:]
        assert opened.read(len(CONTENTS), 10) == b""


def test_an_empty_object(client: Any) -> None:
    client.put_object(Bucket="bucket", Key="empty", Body=b"")
    with S3Store(client).open("bucket", "empty") as opened:
        assert (opened.size, opened.read(0, 10)) == (0, b"")


def test_an_overwrite_during_a_scan_is_an_error(client: Any) -> None:
    with S3Store(client).open("bucket", "a/b.bin") as opened:
        assert opened.read(0, 10) == CONTENTS[:10]
        client.put_object(Bucket="bucket", Key="a/b.bin", Body=CONTENTS[::-1])
        error = refusal(lambda: opened.read(500_000, 10))
    assert (error.code, error.status) == ("PreconditionFailed", 412)
    assert "s3://bucket/a/b.bin was changed" in error.message


def test_what_is_absent(client: Any) -> None:
    no_key = refusal(lambda: S3Store(client).open("bucket", "no"))
    no_bucket = refusal(lambda: S3Store(client).open("nowhere", "no"))
    assert [(error.code, error.status) for error in (no_key, no_bucket)] == [
        ("NoSuchKey", 404),
        ("NoSuchBucket", 404),
    ]
    assert "s3://bucket/no" in no_key.message


def test_an_archived_object(client: Any) -> None:
    client.put_object(Bucket="bucket", Key="cold", Body=b"x", StorageClass="GLACIER")
    error = refusal(lambda: S3Store(client).open("bucket", "cold"))
    assert error.code == "UnsupportedStorageClass"
    assert "restored" in error.message


def test_a_bucket_name_that_is_none(client: Any) -> None:
    assert refusal(lambda: S3Store(client).open("no bucket", "x")).code == "InvalidRequest"


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    # The one that other tests have used may have found credentials before.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    store = S3Store.connect(endpoint_url="http://127.0.0.1:9")
    error = refusal(lambda: store.open("bucket", "key"))
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert "credentials" in error.message


def test_a_profile_or_endpoint_that_is_none() -> None:
    assert refusal(lambda: S3Store.connect(profile_name="nobody")).code == "AccessDenied"
    assert refusal(lambda: S3Store.connect(endpoint_url="no url")).code == "InvalidRequest"


@pytest.fixture(scope="module")
def moto_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def test_a_real_endpoint(moto_endpoint: str) -> None:
    store = S3Store.connect(endpoint_url=moto_endpoint, region_name="us-east-1")
    admin: Any = store.client
    admin.create_bucket(Bucket="bucket")
    admin.put_object(Bucket="bucket", Key="a b/ü?.csv", Body=CONTENTS)
    with store.open("bucket", "a b/ü?.csv") as opened:
        assert opened.read(0, 2 << 20) == CONTENTS
        assert opened.read(77, 5) == CONTENTS[77:82]
    admin.close()


@dataclass
class Endpoint:
    """An endpoint that answers GET with *contents*, as far as its flaws let it."""

    contents: bytes = CONTENTS
    #: How many bytes of each body are sent before the connection is cut, request by request; then no cut.
    cuts: list[int] = field(default_factory=list)
    etags: list[str] = field(default_factory=list)
    status: int = 200
    code: str = ""
    knows_ranges: bool = True
    #: What answers to requests for ranges say to be, in place of what they are.
    content_range: str = ""
    #: Whether bodies come in chunks, their length untold.
    chunked: bool = False
    checksum: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    #: Answers in this one's place.
    handler: type[BaseHTTPRequestHandler] | None = None

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append({name.lower(): given for name, given in request.headers.items()})
        if self.status != 200:
            body = f"<Error><Code>{self.code}</Code><Message>No.</Message></Error>" if self.code else ""
            self.head(request, self.status, body.encode(), {})
            request.wfile.write(body.encode())
            return
        asked = request.headers.get("Range", "bytes=0-") if self.knows_ranges else "bytes=0-"
        start, last = (int(end or len(self.contents) - 1) for end in asked[6:].split("-"))
        body = self.contents[start : last + 1]
        headers = {"ETag": f'"{self.etags.pop(0)}"' if self.etags else '"one"'}
        if start:
            headers["Content-Range"] = f"bytes {start}-{last}/{len(self.contents)}"
        if "Range" in request.headers and self.content_range:
            headers["Content-Range"] = self.content_range
        if self.chunked:
            headers["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        if self.checksum:
            headers["x-amz-checksum-crc32"] = self.checksum
        self.head(request, 206 if start else 200, body, headers)
        cut = self.cuts.pop(0) if self.cuts else len(body)
        request.wfile.write(body[:cut])
        if cut < len(body):
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def head(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
        request.send_response(status)
        length = {"Content-Length": str(len(body))} if "Transfer-Encoding" not in headers else {}
        for name, text in {**headers, **length, "Connection": "close"}.items():
            request.send_header(name, text)
        request.end_headers()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                endpoint.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    def handler(*given: Any) -> BaseHTTPRequestHandler:
        return (endpoint.handler or Handler)(*given)

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(endpoint: Endpoint) -> Iterator[S3Store]:
    config = botocore.config.Config(
        retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"}, read_timeout=5
    )
    client = boto3.client("s3", endpoint_url=endpoint.url, config=config)
    yield S3Store(client)
    client.close()


def test_a_broken_body_is_resumed_where_it_broke(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.cuts = [100_000, 0, 200_000]
    with store.open("bucket", "key") as opened:
        assert opened.read(0, 700_000) == CONTENTS[:700_000]
        assert opened.read(700_000, 1 << 20) == CONTENTS[700_000:]
    ranges = [request.get("range") for request in endpoint.requests]
    assert ranges[0] is None
    assert all(str(given).startswith("bytes=") for given in ranges[1:])
    assert len(ranges) == 4
    assert {request.get("if-match") for request in endpoint.requests[1:]} == {'"one"'}


def test_a_beginning_that_was_looked_at_is_not_asked_for_again(endpoint: Endpoint, store: S3Store) -> None:
    with store.open("bucket", "key") as opened:
        for offset, length in (
            (0, 3),
            (0, 65_536),
            (4, 30),
            (65_000, 1000),
            (4, 131_072),
            (131_076, 300_000),
        ):
            assert opened.read(offset, length) == CONTENTS[offset : offset + length]
        assert len(endpoint.requests) == 1
        # More than the beginning has been read now, and nothing of it is kept.
        assert opened.read(4, 30) == CONTENTS[4:34]
        assert len(endpoint.requests) == 2


def test_what_is_kept_of_a_beginning_is_told_from_what_is_not(endpoint: Endpoint, store: S3Store) -> None:
    with store.open("bucket", "key") as opened:
        assert opened.read(0, 100) == CONTENTS[:100]
        assert opened.read(5000, 100) == CONTENTS[5000:5100]
        assert opened.read(10, 90) == CONTENTS[10:100]
        assert len(endpoint.requests) == 2
        assert opened.read(10, 91) == CONTENTS[10:101]
        assert opened.read(0, 300) == CONTENTS[:300]
        assert opened.read(100, 0) == b""
    assert [request.get("range") for request in endpoint.requests] == [
        None,
        "bytes=5000-",
        "bytes=10-",
        "bytes=0-",
    ]


def test_a_small_object_is_read_again_without_a_request(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.contents = b"small"
    with store.open("bucket", "key") as opened:
        assert [opened.read(0, 100) for _ in range(3)] == [b"small"] * 3
        assert opened.read(2, 100) == b"all"
    assert len(endpoint.requests) == 1


def test_a_range_is_asked_for_as_it_is(endpoint: Endpoint, store: S3Store) -> None:
    found = memoryview(bytearray(1000))
    with store.open("bucket", "key") as opened:
        assert opened.read_range_into(found, 5000) == 1000
        assert found == CONTENTS[5000:6000]
        # What comes next is another range, and so is what is read without a bound.
        assert opened.read_range_into(found, 6000) == 1000
        assert opened.read(6500, 1000) == CONTENTS[6500:7500]
        # The open body has these bytes already.
        assert opened.read_range_into(found, 7500) == 1000
        assert found == CONTENTS[7500:8500]
        assert opened.read_range_into(found, len(CONTENTS) - 10) == 10
        assert opened.read_range_into(found, len(CONTENTS)) == 0
    ranges = [request.get("range") for request in endpoint.requests]
    assert ranges == [
        None,
        "bytes=5000-5999",
        "bytes=6000-6999",
        "bytes=6500-",
        f"bytes={len(CONTENTS) - 10}-",
    ]


def test_a_broken_range_is_resumed_within_its_bounds(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.cuts = [0, 100]
    found = memoryview(bytearray(1000))
    with store.open("bucket", "key") as opened:
        assert opened.read_range_into(found, 5000) == 1000
    assert found == CONTENTS[5000:6000]
    assert [request.get("range") for request in endpoint.requests] == [
        None,
        "bytes=5000-5999",
        "bytes=5100-5999",
    ]


def test_a_body_that_breaks_again_and_again(
    endpoint: Endpoint, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "RESUME_DELAY_SECONDS", 0.001)
    endpoint.cuts = [10] * 100
    with store.open("bucket", "key") as opened:
        error = refusal(lambda: opened.read(0, 1 << 20))
    assert (error.code, error.status) == ("InternalError", 500)
    assert "broke 6 times while s3://bucket/key was read" in error.message
    assert len(endpoint.requests) == 1 + s3.MAX_RESUMES


def test_a_change_seen_on_resuming_is_an_error(endpoint: Endpoint, store: S3Store) -> None:
    """Even if the endpoint knows no If-Match."""
    endpoint.cuts = [1000]
    endpoint.etags = ["one", "two"]
    with store.open("bucket", "key") as opened:
        assert refusal(lambda: opened.read(0, 5000)).code == "PreconditionFailed"


def test_an_endpoint_without_ranges_is_an_error_and_no_mixture(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.knows_ranges = False
    with store.open("bucket", "key") as opened:
        assert refusal(lambda: opened.read(10, 10)).code == "NotImplemented"


@pytest.mark.parametrize("told", ["bytes 5000-5999/1048576", "bytes */1048576", "5000-5999"])
def test_all_of_an_object_for_a_range_of_it_is_an_error_and_no_mixture(
    endpoint: Endpoint, store: S3Store, told: str
) -> None:
    endpoint.knows_ranges = False
    endpoint.content_range = told
    with store.open("bucket", "key") as opened:
        error = refusal(lambda: opened.read_range_into(memoryview(bytearray(1000)), 5000))
    assert error.code == "NotImplemented"


def test_another_range_at_the_beginning_is_an_error(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.content_range = "bytes 1-1048575/1048576"
    endpoint.cuts = [0]
    with store.open("bucket", "key") as opened:
        assert refusal(lambda: opened.read(0, 10)).code == "NotImplemented"


def test_what_is_left_of_an_answer_is_not_taken_for_the_next_one(store: S3Store, endpoint: Endpoint) -> None:
    """A range that goes on behind what was asked for, the rest of which comes late."""
    used: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            used.append(self.client_address)
            given = self.headers.get("Range", "bytes=0-9")
            start = int(given[6:].split("-")[0])
            told = {"ETag": '"one"', "Content-Range": f"bytes {start}-{start + 1999}/10000"}
            self.send_response(206 if start else 200)
            for name, text in {**told, "Content-Length": "2000" if start else "10000"}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(CONTENTS[start : start + 1000])
            with contextlib.suppress(ConnectionError):
                if self.rfile.peek(1):
                    self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n".ljust(1000))
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    endpoint.handler = Handler
    found = memoryview(bytearray(1000))
    with store.open("bucket", "key") as opened:
        for start in (2000, 5000, 8000):
            assert opened.read_range_into(found, start) == 1000
            assert found == CONTENTS[start : start + 1000]
    assert len(used) == len(set(used)) == 4


def test_an_endpoint_without_etags_is_refused(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.etags = [""]
    assert "without an ETag" in refusal(lambda: store.open("bucket", "key")).message


def test_an_endpoint_that_tells_no_length_is_refused(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.chunked = True
    error = refusal(lambda: store.open("bucket", "key"))
    assert (error.code, error.status) == ("InternalError", 500)
    assert "without its length" in error.message


def test_a_wrong_checksum_is_an_error(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.checksum = base64.b64encode(b"wron").decode()
    with store.open("bucket", "key") as opened:
        assert opened.read(0, 1000) == CONTENTS[:1000]
        assert refusal(lambda: opened.read(1000, 2 << 20)).code == "BadDigest"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "AccessDenied", ("AccessDenied", 403)),
        (403, "", ("AccessDenied", 403)),
        (404, "", ("NoSuchKey", 404)),
        (404, "NoSuchBucket", ("NoSuchBucket", 404)),
        (400, "InvalidRequest", ("InvalidRequest", 400)),
        (412, "PreconditionFailed", ("PreconditionFailed", 412)),
        (429, "TooManyRequests", ("SlowDown", 503)),
        (503, "SlowDown", ("SlowDown", 503)),
        (503, "", ("ServiceUnavailable", 503)),
        (500, "InternalError", ("InternalError", 500)),
        (502, "", ("InternalError", 502)),
    ],
)
def test_an_endpoints_refusals(
    endpoint: Endpoint, store: S3Store, status: int, code: str, expected: tuple[str, int]
) -> None:
    endpoint.status, endpoint.code = status, code
    error = refusal(lambda: store.open("bucket", "key"))
    assert (error.code, error.status) == expected
    assert "s3://bucket/key" in error.message


def test_an_endpoint_that_is_not_there(store: S3Store) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        config = botocore.config.Config(retries={"total_max_attempts": 1})
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        absent = S3Store(boto3.client("s3", endpoint_url=url, config=config))
        error = refusal(lambda: absent.open("bucket", "key"))
    assert (error.code, error.status) == ("ServiceUnavailable", 503)


def test_customer_keys_and_owner_reach_every_request(endpoint: Endpoint, store: S3Store) -> None:
    opened = store.open(
        "bucket",
        "key",
        sse_customer_algorithm="AES256",
        sse_customer_key=base64.b64encode(b"k" * 32).decode(),
        sse_customer_key_md5="given, hence not computed",
        expected_bucket_owner="111122223333",
    )
    with opened:
        opened.read(5000, 1)
    assert len(endpoint.requests) == 2
    for request in endpoint.requests:
        assert request["x-amz-server-side-encryption-customer-algorithm"] == "AES256"
        assert request["x-amz-server-side-encryption-customer-key"] == base64.b64encode(b"k" * 32).decode()
        assert request["x-amz-expected-bucket-owner"] == "111122223333"


def test_the_body_of_an_answer_breaks(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.cuts = [1000]
    client: Any = store.client
    body = client.get_object(Bucket="bucket", Key="key")["Body"]
    error = refusal(lambda: s3.open_body(body).read(0, 1 << 20))
    body.close()
    assert error.code == "InternalError"
    assert "Pass s3://bucket/key instead" in error.message
