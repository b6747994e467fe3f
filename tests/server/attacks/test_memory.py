"""Attacks on an endpoint that is a process of its own: its memory stays the same however often they come."""

from __future__ import annotations

import base64
import contextlib
import sys
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.server.attacks.wire import Caller, Request, answers, connected, exchanged, signed
from tests.server.load.endpoint import ACCESS_KEY, SECRET_KEY, Endpoint, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

MIB = 1 << 20
OWNER = Caller(ACCESS_KEY, SECRET_KEY)
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SELECT = (
    b"<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL"
    b"</ExpressionType><InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/>"
    b"</OutputSerialization></SelectObjectContentRequest>"
)

#: What the repetitions of an attack may leave behind; what they send is more.
MOST_GROWTH = 32 * MIB


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    base = tmp_path_factory.mktemp("memory")
    (base / "root" / "alpha").mkdir(parents=True)
    (base / "root" / "alpha" / "big").write_bytes(b"x,y\n" * (2 * MIB))
    options = ("--body-time", "5", "--header-time", "5", "--log-level", "error")
    with running(base / "root", base / "log", *options) as started:
        yield started
    assert (base / "log").read_text() == "", "nothing is an error of the endpoint's own"


def own(endpoint: Endpoint, method: str, target: str, body: bytes = b"", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return signed(endpoint.url, method, target, named, body, caller=OWNER)


def _crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def large_document(endpoint: Endpoint) -> None:
    body = b"<Delete><Object><Key>" + b"k" * (6 * MIB) + b"</Key></Object></Delete>"
    request = own(endpoint, "POST", "/alpha?delete", body, x_amz_checksum_crc32="AAAAAA==")
    assert exchanged(endpoint.url, request).code == "BadDigest"


def document_of_elements(endpoint: Endpoint) -> None:
    body = b"<Delete>" + b"<Object/>" * 300_000
    request = own(endpoint, "POST", "/alpha?delete", body, x_amz_checksum_crc32=_crc32(body))
    assert exchanged(endpoint.url, request).code == "MalformedXML"


def too_large_document(endpoint: Endpoint) -> None:
    request = own(endpoint, "POST", "/alpha/big?select&select-type=2", b"x" * (10 * MIB))
    assert exchanged(endpoint.url, request).code == "MaxMessageLengthExceeded"


def flood_of_headers(endpoint: Endpoint) -> None:
    flood = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100_000
    assert exchanged(endpoint.url, flood).code == "RequestHeaderSectionTooLarge"


def forged_upload(endpoint: Endpoint) -> None:
    request = own(endpoint, "PUT", "/alpha/x", b"x" * (4 * MIB)).in_authorization(
        "Signature=.{8}", "Signature=00000000"
    )
    assert exchanged(endpoint.url, request).code == "SignatureDoesNotMatch"


def large_forged_chunk(endpoint: Endpoint) -> None:
    size = 4 * MIB
    head = signed(
        endpoint.url,
        "PUT",
        "/alpha/x",
        {
            "Content-Length": str(size + 200),
            "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(size),
        },
        caller=OWNER,
        payload=SIGNED,
    ).head()
    chunk = f"{size:x};chunk-signature={'0' * 64}\r\n".encode() + b"x" * size
    assert exchanged(endpoint.url, head + chunk.ljust(size + 200, b"\n")).code == "SignatureDoesNotMatch"


def broken_upload(endpoint: Endpoint) -> None:
    request = own(endpoint, "PUT", "/alpha/x", b"x" * (8 * MIB))
    with connected(endpoint.url) as connection:
        connection.sendall(bytes(request)[: 4 * MIB + 5])


def broken_download(endpoint: Endpoint) -> None:
    for request in (
        own(endpoint, "GET", "/alpha/big"),
        own(endpoint, "POST", "/alpha/big?select&select-type=2", SELECT),
    ):
        with connected(endpoint.url) as connection:
            connection.sendall(bytes(request))
            connection.recv(1000)


def pipelined(endpoint: Endpoint) -> None:
    request = bytes(own(endpoint, "GET", "/alpha?list-type=2"))
    with connected(endpoint.url) as connection, contextlib.suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(request * 200)
        for _, answer in zip(range(5), answers(connection), strict=False):
            assert answer.status == 200


#: How often: so often that together they have sent more than they may leave behind.
ATTACKS: dict[Callable[[Endpoint], None], int] = {
    large_document: 10,
    document_of_elements: 15,
    too_large_document: 10,
    flood_of_headers: 600,
    forged_upload: 20,
    large_forged_chunk: 12,
    broken_upload: 20,
    broken_download: 30,
    pipelined: 30,
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_memory_stays_what_it_is(attack: Callable[[Endpoint], None], endpoint: Endpoint) -> None:
    for _ in range(ATTACKS[attack]):
        # The allocator keeps in reserve what was needed once.
        attack(endpoint)
    before = endpoint.memory()
    for _ in range(ATTACKS[attack]):
        attack(endpoint)
    assert endpoint.memory() - before < MOST_GROWTH
    assert exchanged(endpoint.url, own(endpoint, "GET", "/alpha?list-type=2")).status == 200
