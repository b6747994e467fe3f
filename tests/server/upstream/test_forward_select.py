"""A query over a large object of the upstream reads what it needs of it, and no more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from s3sql.server.settings import Credentials, Upstream
from tests.server.serving import client_of, serving, settings_for

LINES = b"".join(b"%07d,abcdefghijklmnopqrstuvwxyz,%07d\n" % (number, number) for number in range(1000))
SIZE = 200_000_000 // len(LINES) * len(LINES)


@dataclass
class LargeObject:
    """An upstream with one object of 200 MB, which counts what of it was sent."""

    sent: int = 0
    ranges: list[str | None] = field(default_factory=list)
    #: Released for each answer that has ended, complete or not.
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        first, _, last = (asked or "bytes=0-").removeprefix("bytes=").partition("-")
        at, end = int(first), min(int(last or SIZE - 1) + 1, SIZE)
        request.send_response(206 if asked else 200)
        request.send_header("ETag", '"one"')
        request.send_header("Content-Length", str(end - at))
        request.send_header("Content-Range", f"bytes {at}-{end - 1}/{SIZE}")
        request.end_headers()
        try:
            while at < end:
                piece = LINES[at % len(LINES) :][: end - at]
                request.connection.sendall(piece)
                at += len(piece)
                self.sent += len(piece)
        except OSError:
            request.close_connection = True
        finally:
            self.ended.release()


@pytest.fixture
def large() -> Iterator[LargeObject]:
    large = LargeObject()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            large.answer(self)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # So that what is counted is what has gone out, and not what the system keeps on this side.
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    large.url = f"http://127.0.0.1:{server.server_port}"
    yield large
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(large: LargeObject) -> Iterator[Any]:
    behind = Upstream(large.url, "us-east-1", Credentials("UPSTREAM", "upstream-secret"))
    with serving(settings_for(None, upstream=behind)) as url:
        yield client_of(url)


@pytest.mark.parametrize("header", ["NONE", "USE"])
def test_ten_records_of_200_mb_take_a_few_megabytes(large: LargeObject, client: Any, header: str) -> None:
    payload = client.select_object_content(
        Bucket="bucket",
        Key="large.csv",
        Expression="SELECT * FROM S3Object s LIMIT 10",
        ExpressionType="SQL",
        InputSerialization={"CSV": {"FileHeaderInfo": header}},
        OutputSerialization={"CSV": {}},
    )["Payload"]
    records = b"".join(event["Records"]["Payload"] for event in payload if "Records" in event)
    first = 1 if header == "USE" else 0
    assert records == b"".join(LINES.splitlines(keepends=True)[first : first + 10])
    assert large.ended.acquire(timeout=60)
    assert large.ranges == [None]
    assert large.sent < 6_000_000


def test_a_stream_that_is_left_ends_the_reading(large: LargeObject, client: Any) -> None:
    payload = client.select_object_content(
        Bucket="bucket",
        Key="large.csv",
        Expression="SELECT * FROM S3Object s",
        ExpressionType="SQL",
        InputSerialization={"CSV": {}},
        OutputSerialization={"CSV": {}},
    )["Payload"]
    assert "Records" in next(iter(payload))
    payload.close()
    assert large.ended.acquire(timeout=60)
    assert large.sent < SIZE


def test_a_download_that_is_left_ends_the_upstreams_answer(large: LargeObject, client: Any) -> None:
    body = client.get_object(Bucket="bucket", Key="large.csv")["Body"]
    assert body.read(1000) == LINES[:1000]
    body.close()
    assert large.ended.acquire(timeout=60)
    assert large.sent < SIZE
