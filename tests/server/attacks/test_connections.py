"""Connections that are abused: requests hidden in others, heads without end, silence, and sudden ends."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.attacks.arena import GOOD, Arena
from tests.server.attacks.wire import Request, answers, connected, conversation, exchanged, signed

OLD = b"the old bytes"
MIB = 1 << 20


@pytest.fixture
def victim(arena: Arena) -> Path:
    """An object that must stay as it is."""
    file = arena.bucket() / "victim"
    file.write_bytes(OLD)
    return file


# ---- a request in another one's body

#: What an attacker writes between the head's last header and its end.
FRAMINGS = {
    "length and chunked": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    "chunked and no length": b"Transfer-Encoding: chunked\r\nContent-Length:\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 400\r\n",
    "one length twice": b"Content-Length: 5\r\nContent-Length: 5\r\n",
    "a list of lengths": b"Content-Length: 5, 400\r\n",
    "a length with a sign": b"Content-Length: +5\r\n",
    "a length in a fold": b"Content-Length:\r\n 5\r\n",
    "a length behind a blank": b"Content-Length : 5\r\n",
    "a length in a longer one": b"X: a\rContent-Length: 5\r\n",
    "a length behind LF": b"X: a\nContent-Length: 5\n",
    "a length behind NUL": b"X: a\0\r\nContent-Length: 5\r\n",
    "a huge length": b"Content-Length: 18446744073709551621\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "chunked and identity": b"Transfer-Encoding: chunked, identity\r\n",
    "identity and chunked": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    "gzip and chunked": b"Transfer-Encoding: gzip, chunked\r\n",
    "no coding of ours": b"Transfer-Encoding: xchunked\r\n",
    "chunked with a blank": b"Transfer-Encoding : chunked\r\n",
    "chunked with a tab": b"Transfer-Encoding:\x0bchunked\r\n",
    "chunked in quotes": b'Transfer-Encoding: "chunked"\r\n',
    "chunked in a fold": b"Transfer-Encoding:\r\n chunked\r\n",
    "chunked by an upgrade": b"Upgrade: h2c\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n",
    "chunked in quotes behind a length": b"Content-Length: 5\r\nTransfer-Encoding: \x00chunked\r\n",
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("good", [True, False], ids=["signed", "forged"])
def test_no_request_is_hidden_in_another(framing: str, good: bool, arena: Arena, victim: Path) -> None:
    """Whoever stands before the endpoint may see one request where it sees two: so it sees none."""
    carrier = signed(arena.url, "GET", "/alpha/good.csv")
    if not good:
        carrier = carrier.in_authorization("Signature=.{8}", "Signature=00000000")
    hidden = bytes(signed(arena.url, "DELETE", "/alpha/victim"))
    head = carrier.head().removesuffix(b"\r\n") + FRAMINGS[framing] + b"\r\n"
    got = conversation(arena.url, head + b"0\r\n\r\n" + hidden, last=False)
    assert [answer.verdict for answer in got] in (
        ["InvalidRequest"],
        ["NotImplemented"],
        ["SignatureDoesNotMatch"],
        ["InvalidArgument"],
        [],
    ), got
    assert victim.read_bytes() == OLD


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "POST"])
@pytest.mark.parametrize("good", [True, False], ids=["signed", "forged"])
def test_a_body_is_no_request(method: str, good: bool, arena: Arena, victim: Path) -> None:
    hidden = bytes(signed(arena.url, "DELETE", "/alpha/victim"))
    target = "/alpha/good.csv?select&select-type=2" if method == "POST" else "/alpha/carrier"
    carrier = signed(arena.url, method, target, {"Content-Length": str(len(hidden))}, hidden)
    if not good:
        carrier = carrier.in_authorization("Signature=.{8}", "Signature=00000000")
    with connected(arena.url) as connection:
        connection.sendall(bytes(carrier))
        first = next(answers(connection, head=method == "HEAD"))
    assert first.status in (200, 204, 400, 403, 404)
    assert victim.read_bytes() == OLD
    arena.settle()
    assert victim.read_bytes() == OLD


def test_what_follows_a_refused_request_is_not_read(arena: Arena, victim: Path) -> None:
    """The body of a refused request is not waited for, so nobody can tell where the next one begins."""
    hidden = bytes(signed(arena.url, "DELETE", "/alpha/victim"))
    forged = signed(arena.url, "PUT", "/alpha/x", {"Content-Length": "1000000"})
    forged = forged.in_authorization("Signature=.{8}", "Signature=00000000")
    got = conversation(arena.url, forged.head() + hidden * 50, last=False)
    assert [answer.code for answer in got] == ["SignatureDoesNotMatch"]
    assert got[0].headers["connection"] == "close"
    assert victim.read_bytes() == OLD


def test_honest_requests_behind_one_another(arena: Arena) -> None:
    request = bytes(signed(arena.url, "GET", "/alpha/good.csv"))
    got = conversation(arena.url, request * 20)
    assert [answer.body for answer in got] == [GOOD] * 20 + [b"ok\n"]


def test_garbage_behind_a_good_request(arena: Arena) -> None:
    request = bytes(signed(arena.url, "GET", "/alpha/good.csv"))
    got = conversation(arena.url, request + b"\0\xff garbage \r\n\r\n" * 3)
    assert got[0].body == GOOD
    assert all(answer.verdict == "InvalidRequest" for answer in got[1:]), got


# ---- what is no HTTP/1.1

HOST = b"Host: localhost\r\n"
CHUNKED = b"PUT /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
GARBAGE = {
    "nothing but line ends": b"\r\n" * 3000,
    "bytes": bytes(range(256)) * 20,
    "text": b"hello, is anybody there?\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    "HTTP/0.9": b"GET /alpha\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "no version": b"GET / \r\n" + HOST + b"\r\n",
    "RTSP": b"OPTIONS rtsp://x RTSP/1.0\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of none": b"FROB / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long method": b"G" * 100_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT localhost:22 HTTP/1.1\r\n" + HOST + b"\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "another's URL": b"GET http://169.254.169.254/latest HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target with a NUL": b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target with a bare CR": b"GET /\r HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host": b"GET /alpha/good.csv HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /alpha/good.csv HTTP/1.1\r\n" + HOST * 2 + b"\r\n",
    "a host with a path": b"GET /good.csv HTTP/1.1\r\nHost: ../alpha.localhost\r\n\r\n",
    "a host that is none": b"GET /good.csv HTTP/1.1\r\nHost: [::1]x:y:z\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\n" + HOST + b"x\r\n\r\n",
    "a name with a blank": b"GET / HTTP/1.1\r\n" + HOST + b"x y: z\r\n\r\n",
    "a name with a byte": b"GET / HTTP/1.1\r\n" + HOST + b"x\xff: z\r\n\r\n",
    "a value with a NUL": b"GET / HTTP/1.1\r\n" + HOST + b"x: \0\r\n\r\n",
    "a value with a bare CR": b"GET / HTTP/1.1\r\n" + HOST + b"x: a\rb\r\n\r\n",
    "a fold": b"GET / HTTP/1.1\r\n" + HOST + b"x: a\r\n b\r\n\r\n",
    "a request line of 1 MB": b"GET /" + b"a" * MIB + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a query of 1 MB": b"GET /alpha?" + b"a=b&" * (MIB // 4) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header of 1 MB": b"GET / HTTP/1.1\r\n" + HOST + b"x: " + b"a" * MIB + b"\r\n\r\n",
    "a name of 1 MB": b"GET / HTTP/1.1\r\n" + HOST + b"a" * MIB + b": x\r\n\r\n",
    "300 headers": b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"x-%d: y\r\n" % n for n in range(300)) + b"\r\n",
    "100,000 headers": b"GET / HTTP/1.1\r\n" + HOST + b"a:\r\n" * 100_000 + b"\r\n",
    "headers without end": b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 200_000,
    "a chunk without end": CHUNKED + b"1;" + b"x" * MIB,
    "a chunk of 16 EiB": CHUNKED + b"f" * 17 + b"\r\n",
    "no chunk": CHUNKED + b"zz\r\n",
    "HTTP/1.0 in chunks": b"PUT /x HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an upgrade": b"GET /alpha HTTP/1.1\r\n"
    + HOST
    + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_s3_request_is_refused(name: str, arena: Arena) -> None:
    with connected(arena.url) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(GARBAGE[name])
        # Whatever is still waited for is not sent.
        connection.shutdown(socket.SHUT_WR)
        got = list(answers(connection))
    assert len(got) <= 1
    assert all(400 <= answer.status < 500 or answer.status == 501 for answer in got), got
    assert all(answer.code for answer in got), got


def test_tls_on_a_plain_port(arena: Arena) -> None:
    context = ssl.create_default_context()
    with connected(arena.url) as connection, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(connection, server_hostname="localhost")


def test_http_1_0_is_answered_and_closed(arena: Arena) -> None:
    request = signed(arena.url, "GET", "/alpha/good.csv")
    got = conversation(arena.url, bytes(request).replace(b"HTTP/1.1", b"HTTP/1.0", 1), last=False)
    assert [answer.body for answer in got] == [GOOD]


# ---- slowness


def _left_alone(connection: socket.socket) -> None:
    """Send no more, and wait until the endpoint has had enough."""


def _drop_by_drop(connection: socket.socket) -> None:
    """Send a byte now and then, for ten times as long as the endpoint should have patience."""
    deadline = time.monotonic() + 10
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            connection.sendall(b"x")
            connection.settimeout(0.2)
            try:
                if connection.recv(1, socket.MSG_PEEK) is not None:
                    return
            except TimeoutError:
                continue
    raise AssertionError("the endpoint waited too long")


@pytest.mark.parametrize("go_on", [_left_alone, _drop_by_drop])
@pytest.mark.parametrize("stage", ["nothing", "request line", "headers", "body", "chunks"])
def test_nobody_is_waited_for_without_end(
    stage: str, go_on: Callable[[socket.socket], None], impatient: Arena
) -> None:
    chunks = {
        "x-amz-decoded-content-length": "1000",
        "Content-Length": "1300",
        "Content-Encoding": "aws-chunked",
    }
    begun = {
        "nothing": b"",
        "request line": b"GET /alp",
        "headers": b"GET /alpha HTTP/1.1\r\nHost: localhost\r\nx-y: z",
        "body": signed(impatient.url, "PUT", "/alpha/slow", {"Content-Length": "1000"}).head() + b"x",
        "chunks": signed(
            impatient.url, "PUT", "/alpha/slow", chunks, payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        ).head()
        + b"40",
    }[stage]
    with connected(impatient.url) as connection:
        connection.sendall(begun)
        go_on(connection)
        connection.settimeout(30)
        got = list(answers(connection))
    assert [answer.verdict for answer in got] in (
        ["RequestTimeout"],
        ["InvalidRequest"],
        ["IncompleteBody"],
        [],
    )
    assert not (impatient.bucket() / "slow").exists()
    impatient.settle()
    assert not impatient.staged()


def test_who_reads_nothing_is_given_up(impatient: Arena) -> None:
    big = impatient.bucket() / "big"
    big.write_bytes(b"x,y\n" * (8 * MIB))
    select = SELECT % b"SELECT * FROM S3Object"
    requests = [
        signed(impatient.url, "GET", "/alpha/big"),
        signed(impatient.url, "POST", "/alpha/big?select&select-type=2", {}, select),
    ]
    connections = [connected(impatient.url) for _ in requests]
    for connection, request in zip(connections, requests, strict=True):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(bytes(request))
    impatient.settle()
    for connection in connections:
        connection.close()
    big.unlink()


def test_connections_beyond_the_limit_are_told_so(impatient: Arena) -> None:
    connections = [connected(impatient.url) for _ in range(45)]
    told = []
    for connection in connections:
        told += [answer.code for answer in answers(connection)]
        connection.close()
    assert 1 <= told.count("SlowDown") <= 10
    assert set(told) == {"SlowDown"}


# ---- sudden ends

SELECT = (
    b"<SelectObjectContentRequest><Expression>%b</Expression><ExpressionType>SQL</ExpressionType>"
    b"<InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization>"
    b"</SelectObjectContentRequest>"
)


def _reset(connection: socket.socket) -> None:
    """Close without a word: what is on the way is lost on both sides."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _finish(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    connection.close()


@pytest.mark.parametrize("end", [_reset, _finish])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 1.0])
def test_a_client_that_goes_while_it_asks(
    end: Callable[[socket.socket], None], share: float, arena: Arena, victim: Path
) -> None:
    body = b"the new bytes" * 50_000
    created = exchanged(arena.url, signed(arena.url, "POST", "/alpha/upload?uploads"))
    found = re.search(rb"<UploadId>(.+?)</UploadId>", created.body)
    assert found is not None
    upload = f"/alpha/upload?uploadId={found[1].decode()}"
    requests = [
        signed(arena.url, "PUT", "/alpha/victim", {}, body),
        signed(arena.url, "PUT", f"{upload}&partNumber=1", {}, body),
        signed(arena.url, "PUT", "/alpha/copied", {"x-amz-copy-source": "/alpha/victim"}),
        signed(
            arena.url, "POST", "/alpha/good.csv?select&select-type=2", {}, SELECT % b"SELECT * FROM S3Object"
        ),
        signed(arena.url, "GET", "/alpha?list-type=2"),
    ]
    for request in requests:
        sent = bytes(request)
        connection = connected(arena.url)
        connection.sendall(sent[: round(len(sent) * share)])
        end(connection)
    arena.settle()
    assert victim.read_bytes() in (OLD, body)
    assert share == 1.0 or victim.read_bytes() == OLD
    assert exchanged(arena.url, signed(arena.url, "DELETE", upload)).status == 204
    assert not arena.staged()
    (arena.bucket() / "copied").unlink(missing_ok=True)


@pytest.mark.parametrize("end", [_reset, _finish])
@pytest.mark.parametrize("read", [0, 1, 100_000])
def test_a_client_that_goes_while_it_is_answered(
    end: Callable[[socket.socket], None], read: int, arena: Arena
) -> None:
    big = arena.bucket() / "big"
    big.write_bytes(b"x,y\n" * (4 * MIB))
    requests = [
        signed(arena.url, "GET", "/alpha/big"),
        signed(arena.url, "GET", "/alpha/big", {"Range": "bytes=10-9999999"}),
        signed(arena.url, "POST", "/alpha/big?select&select-type=2", {}, SELECT % b"SELECT * FROM S3Object"),
        signed(
            arena.url,
            "POST",
            "/alpha/big?select&select-type=2",
            {},
            SELECT % b"SELECT COUNT(*) FROM S3Object s WHERE s._1 LIKE '%y%'",
        ),
    ]
    for request in requests:
        connection = connected(arena.url)
        connection.sendall(bytes(request))
        if read:
            connection.recv(read, socket.MSG_WAITALL if read > 1 and b"COUNT" not in request.body else 0)
        end(connection)
    arena.settle()
    big.unlink()


def test_a_request_may_be_cut_anywhere(arena: Arena) -> None:
    request = bytes(signed(arena.url, "GET", "/alpha/good.csv"))
    for size in (1, 2, 3, 7, 100):
        with connected(arena.url) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for begin in range(0, len(request), size):
                connection.sendall(request[begin : begin + size])
            assert next(answers(connection)).body == GOOD


def test_a_target_names_one_object_however_it_is_written(arena: Arena) -> None:
    """Who may read one bucket does not read another by writing the path so that two readers differ."""
    good = signed(arena.url, "GET", "/alpha/good.csv")
    for target in ("//alpha/good.csv", "/alpha//good.csv", "/./alpha/good.csv", "/beta/../alpha/good.csv"):
        moved: Request = replace(good, target=target)
        assert exchanged(arena.url, moved).status in (400, 403), target
    absolute = replace(good, target=f"{arena.url}/alpha/good.csv")
    assert exchanged(arena.url, absolute).verdict in ("200", "SignatureDoesNotMatch", "InvalidURI")
