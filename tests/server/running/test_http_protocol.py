from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
import socket
import ssl
import threading
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from s3sql.server.running.http_protocol import protocol_class
from s3sql.server.settings import Limits
from tests.server.running.certificates import certificate_in

Message = MutableMapping[str, Any]


@dataclass
class Application:
    """Answers with the path, the length of the body and the number of headers; notes what it saw."""

    scopes: list[Message] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        self.begun.set()
        if scope["path"] == "/gone":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.gone.set()
            return
        if scope["path"] == "/started":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        if scope["path"] in ("/slow", "/started"):
            while not self.may_answer.is_set():
                await asyncio.sleep(0.005)
        length = 0
        message = {"more_body": True}
        while message["more_body"]:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.set()
                return
            length += len(message["body"])
        answer = f"{scope['path']} {length} {len(scope['headers'])}\n".encode()
        if scope["path"] != "/started":
            headers = [(b"content-length", str(len(answer)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@dataclass
class Endpoint:
    port: int
    app: Application
    state: ServerState

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(20)
        return connection

    def exchange(self, *pieces: bytes) -> bytes:
        """All that comes until the endpoint closes."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return rest_of(connection)


@contextlib.contextmanager
def listening(context: ssl.SSLContext | None = None, **limits: Any) -> Iterator[Endpoint]:
    app = Application()
    own = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=protocol_class(Limits(**limits)),
        ws="none",
        lifespan="off",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    config.load()
    config.ssl = context
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def start(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = start  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, args=([own],), daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield Endpoint(own.getsockname()[1], app, server.server_state)
    finally:
        app.may_answer.set()
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def shared() -> Iterator[Endpoint]:
    """An endpoint for tests that leave nothing behind."""
    with listening() as endpoint:
        yield endpoint


def rest_of(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def request(path: str = "/", *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def refused(answer: bytes, status: int, code: str) -> None:
    head, _, document = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"<Code>%s</Code>" % code.encode() in document, answer
    assert document.endswith(b"</Error>")
    for header in (b"x-amz-request-id: ", b"x-amz-id-2: ", b"Server: s3sql", b"date: ", b"Connection: close"):
        assert header in head, answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert re.search(rb"Content-Length: (\d+)", head)[1] == str(len(document)).encode()  # type: ignore[index]


LAST = request("/last", "Connection: close")


# What works


def test_requests_follow_each_other_on_a_connection() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        for number in range(3):
            connection.sendall(request(f"/{number}", "Content-Length: 3", method="PUT", body=b"abc"))
            answer = b""
            while not answer.endswith(b"\n"):
                answer += connection.recv(4096)
            assert answer.endswith(f"/{number} 3 2\n".encode())


def test_requests_sent_together_are_answered_in_their_order() -> None:
    with listening() as endpoint:
        answer = endpoint.exchange(b"".join(request(f"/{number}") for number in range(40)) + LAST)
        assert re.findall(rb"^/\w+", answer, re.M) == [b"/%d" % number for number in range(40)] + [b"/last"]


def test_a_head_may_come_byte_by_byte() -> None:
    with listening() as endpoint:
        raw = request("/a", "Connection: close", "Content-Length: 2", method="PUT", body=b"xy")
        answer = endpoint.exchange(*[raw[at : at + 1] for at in range(len(raw))])
        assert answer.endswith(b"/a 2 3\n")


def test_a_chunked_body() -> None:
    with listening() as endpoint:
        body = b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        head = request("/a", "Connection: close", "Transfer-Encoding: chunked", method="PUT")
        assert endpoint.exchange(head, body).endswith(b"/a 5 3\n")


def test_an_upgrade_that_is_offered_is_not_taken() -> None:
    with listening() as endpoint:
        offered = ("Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAA")
        with_body = request("/b", *offered, "Content-Length: 2", method="POST", body=b"xy")
        answer = endpoint.exchange(request("/a", *offered) + with_body + LAST)
        assert re.findall(rb"^/\w+ \d+", answer, re.M) == [b"/a 0", b"/b 2", b"/last 0"]
        body = LAST * 9
        head = request("/c", *offered, f"Content-Length: {len(body)}", "Connection: close", method="POST")
        endpoint.app.begun.clear()
        with endpoint.connect() as connection:
            connection.sendall(head)
            assert endpoint.app.begun.wait(20)
            connection.sendall(body[:50])
            connection.sendall(body[50:])
            assert rest_of(connection).endswith(b"/c %d 6\n" % len(body))
        refused(
            endpoint.exchange(request("/d", *offered, "Transfer-Encoding: chunked")), 501, "NotImplemented"
        )


def test_a_whole_url_as_the_target() -> None:
    with listening() as endpoint:
        assert endpoint.exchange(request("http://x/a%2fb?c", "Connection: close")).endswith(b"/a/b 0 2\n")
        assert endpoint.app.scopes[0]["raw_path"] == b"/a%2fb"


# Bounds of the head


@pytest.mark.parametrize(
    "raw",
    [
        request("/" + "x" * 3000),
        request("/", "X: " + "y" * 3000),
        request("/", "X" * 3000 + ": y"),
        request("/", *[f"X-{number}: {'y' * 100}" for number in range(30)]),
    ],
    ids=["target", "value", "name", "together"],
)
def test_a_head_has_no_more_bytes_than_the_limit(raw: bytes) -> None:
    with listening(header_bytes=2000) as endpoint:
        refused(endpoint.exchange(raw), 400, "RequestHeaderSectionTooLarge")
        assert not endpoint.app.scopes


def test_a_head_of_as_many_bytes_as_the_limit() -> None:
    raw = request("/", "Connection: close", "X: " + "y" * 100)
    with listening(header_bytes=len(raw)) as endpoint:
        assert endpoint.exchange(raw).startswith(b"HTTP/1.1 200")


def test_the_limits_are_those_of_each_request() -> None:
    with listening(header_bytes=2000, headers=5) as endpoint:
        one = request("/a", "X: " + "y" * 1500, "Z: z")
        assert endpoint.exchange(one * 5 + LAST).count(b"HTTP/1.1 200") == 6


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\nX"])
def test_a_head_without_end_is_refused_while_it_comes(start: bytes) -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        connection.sendall(start)
        # More than the limit and less than what stops being read: the refusal arrives all the same.
        connection.sendall(b"x" * 500_000)
        refused(rest_of(connection), 400, "RequestHeaderSectionTooLarge")


def test_blank_lines_without_end() -> None:
    with listening(header_bytes=1000) as endpoint:
        refused(endpoint.exchange(b"\r\n" * 5000), 400, "RequestHeaderSectionTooLarge")


def test_the_number_of_headers_is_bounded() -> None:
    with listening(headers=20) as endpoint:
        twenty = [f"X-{number}: y" for number in range(18)] + ["Connection: close"]
        assert endpoint.exchange(request("/", *twenty)).endswith(b"/ 0 20\n")
        refused(endpoint.exchange(request("/", *twenty, "Y: z")), 400, "RequestHeaderSectionTooLarge")


def test_a_head_has_its_time() -> None:
    with listening(header_time=0.2) as endpoint:
        refused(endpoint.exchange(b"GET / HTTP/1.1\r\nHos"), 400, "RequestTimeout")
        refused(endpoint.exchange(b"\r\n"), 400, "RequestTimeout")
        assert endpoint.exchange() == b""


def test_the_next_head_has_its_time_too() -> None:
    with listening(header_time=0.2) as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/a"))
        assert b"/a" in connection.recv(4096)
        connection.sendall(b"GET / HTT")
        refused(rest_of(connection), 400, "RequestTimeout")


def test_time_does_not_run_out_while_an_answer_is_awaited() -> None:
    with listening(header_time=0.05) as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/slow") + LAST[:10])
        assert endpoint.app.begun.wait(20)
        # Several times the limit: were it counted, the connection would be closed when the answer comes.
        threading.Event().wait(0.3)
        endpoint.app.may_answer.set()
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connection.sendall(LAST[10:])
        assert rest_of(connection).endswith(b"/last 0 2\n")


# What is no request


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        request("/", "Content-Length: 1", "Content-Length: 2"),
        request("/", "Content-Length: 1", "Content-Length: 1"),
        request("/", "Content-Length: -1"),
        request("/", "Content-Length: 1, 1"),
        request("/", "Content-Length: 99999999999999999999"),
        request("/", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        request("/", "Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n"),
        request("/", "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
        request("/", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    ],
)
def test_what_is_no_request_is_refused(raw: bytes, shared: Endpoint) -> None:
    shared.app.scopes.clear()
    refused(shared.exchange(raw), 400, "InvalidRequest")
    assert not shared.app.scopes


@pytest.mark.parametrize(
    "raw",
    [
        request("/", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        request("/", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        b"PUT / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_other_transfer_codings(raw: bytes, shared: Endpoint) -> None:
    refused(shared.exchange(raw), 501, "NotImplemented")


def test_the_endpoint_is_no_proxy() -> None:
    with listening() as endpoint:
        refused(endpoint.exchange(b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"), 405, "MethodNotAllowed")


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"ffffffffffffffffff\r\n"])
def test_a_malformed_chunk_ends_the_request(chunk: bytes, shared: Endpoint) -> None:
    shared.app.gone.clear()
    head = request("/a", "Transfer-Encoding: chunked", method="PUT")
    refused(shared.exchange(head, chunk), 400, "InvalidRequest")
    assert shared.app.gone.wait(20)


def test_a_malformed_chunk_behind_a_begun_answer_closes() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/started", "Transfer-Encoding: chunked", method="PUT"))
        answer = connection.recv(4096)
        while b"half" not in answer:
            answer += connection.recv(4096)
        connection.sendall(b"zz\r\n")
        assert rest_of(connection) in (b"", b"\r\n")


def test_what_follows_a_whole_request_does_not_spoil_its_answer() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/slow") + request("/second") + b"no request at all\r\n\r\n")
        assert endpoint.app.begun.wait(20)
        endpoint.app.may_answer.set()
        answer = rest_of(connection)
        assert re.findall(rb"^/\w+", answer, re.M) == [b"/slow", b"/second"]
        assert b"Error" not in answer


def test_a_broken_request_behind_a_whole_one() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        broken = request("/broken", "Transfer-Encoding: chunked", method="PUT", body=b"zz\r\n")
        connection.sendall(request("/slow") + broken)
        assert endpoint.app.begun.wait(20)
        endpoint.app.may_answer.set()
        assert re.findall(rb"^/\w+", rest_of(connection), re.M) == [b"/slow"]
        assert [scope["path"] for scope in endpoint.app.scopes] == ["/slow"]


# Trailers and chunk extensions


def test_a_trailer_is_no_header() -> None:
    with listening() as endpoint:
        head = request("/a", "Connection: close", "Transfer-Encoding: chunked", method="PUT")
        body = b"3\r\nabc\r\n0\r\nx-amz-copy-source: /b/secret\r\nHost: y\r\n\r\n"
        assert endpoint.exchange(head, body).endswith(b"/a 3 3\n")
        assert [name for name, _ in endpoint.app.scopes[0]["headers"]] == [
            b"host",
            b"connection",
            b"transfer-encoding",
        ]


@pytest.mark.parametrize("start", [b"0\r\nX: ", b"0\r\nX", b"3;a="])
def test_trailers_and_extensions_without_end(start: bytes) -> None:
    with listening(header_bytes=2000) as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/a", "Transfer-Encoding: chunked", method="PUT") + start)
        connection.sendall(b"x" * 200_000)
        refused(rest_of(connection), 400, "InvalidRequest")


def test_a_long_body_is_no_trailer() -> None:
    with listening(header_bytes=2000) as endpoint:
        head = request("/a", "Connection: close", "Transfer-Encoding: chunked", method="PUT")
        chunk = b"%x\r\n%b\r\n" % (100_000, b"x" * 100_000)
        assert endpoint.exchange(head, chunk * 5, b"0\r\n\r\n").endswith(b"/a 500000 3\n")


# Connections


def test_connections_are_bounded() -> None:
    with listening(connections=2) as endpoint:
        first, second = endpoint.connect(), endpoint.connect()
        for connection in (first, second):
            connection.sendall(request("/a"))
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        refused(endpoint.exchange(LAST), 503, "SlowDown")
        first.close()
        answer = endpoint.exchange(LAST)
        while answer.startswith(b"HTTP/1.1 503"):
            answer = endpoint.exchange(LAST)
        assert answer.endswith(b"/last 0 2\n")
        second.close()


def test_a_flood_of_connections_is_not_told_so() -> None:
    with listening(connections=1) as endpoint, contextlib.ExitStack() as stack:
        kept = stack.enter_context(endpoint.connect())
        kept.sendall(request("/a"))
        assert kept.recv(4096).startswith(b"HTTP/1.1 200")
        answers = []
        for connection in [stack.enter_context(endpoint.connect()) for _ in range(150)]:
            with contextlib.suppress(ConnectionResetError):
                answers.append(connection.recv(4096))
        assert b"<Code>SlowDown</Code>" in answers[0]
        assert len([answer for answer in answers if answer]) < 150
        kept.sendall(LAST)
        assert rest_of(kept).endswith(b"/last 0 2\n")


def test_too_many_requests_behind_one_another() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/slow") + request("/next") * 500)
        assert endpoint.app.begun.wait(20)
        endpoint.app.may_answer.set()
        answer = rest_of(connection)
        assert 1 < answer.count(b"HTTP/1.1 200") < 100
        assert answer.endswith(b"/next 0 1\n")


def test_a_client_that_goes_is_noticed_by_the_request_in_work() -> None:
    with listening() as endpoint:
        with endpoint.connect() as connection:
            connection.sendall(request("/gone") + request("/next") + request("/next"))
            assert endpoint.app.begun.wait(20)
        assert endpoint.app.gone.wait(20)


def test_a_half_closed_connection_is_closed() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        connection.sendall(request("/gone"))
        assert endpoint.app.begun.wait(20)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096) == b""
        assert endpoint.app.gone.wait(20)


def test_half_a_head_and_a_half_closed_connection() -> None:
    with listening() as endpoint, endpoint.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHo")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096) == b""


def test_nothing_is_left_of_connections() -> None:
    with listening(connections=5) as endpoint:
        for _ in range(20):
            refused(endpoint.exchange(b"nonsense\r\n\r\n"), 400, "InvalidRequest")
        assert endpoint.exchange(LAST).endswith(b"/last 0 2\n")
        assert len(endpoint.state.connections) <= 5


def test_a_refusal_arrives_over_tls_too(tmp_path: Path) -> None:
    certificate, key = certificate_in(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with listening(context) as endpoint:
        for raw in (request("/", "X: " + "y" * 100_000), b"nonsense\r\n\r\n"):
            with trusting.wrap_socket(endpoint.connect(), server_hostname="localhost") as connection:
                connection.sendall(raw)
                answer = rest_of(connection)
            refused(answer, 400, "RequestHeaderSectionTooLarge" if b"X: " in raw else "InvalidRequest")
        with trusting.wrap_socket(endpoint.connect(), server_hostname="localhost") as connection:
            connection.sendall(LAST)
            assert rest_of(connection).endswith(b"/last 0 2\n")


# What is built upon


def test_the_names_of_uvicorn_that_are_built_upon() -> None:
    methods = {
        HttpToolsProtocol: (
            "connection_made connection_lost data_received on_message_begin on_url on_header "
            "on_headers_complete on_body on_message_complete on_response_complete "
            "_unset_keepalive_if_required"
        ),
        FlowControl: "pause_reading resume_reading",
    }
    for owner, names in methods.items():
        assert not [name for name in names.split() if not callable(getattr(owner, name, None))]
    made = inspect.getsource(HttpToolsProtocol.__init__) + inspect.getsource(RequestResponseCycle.__init__)
    for name in (
        "transport parser flow loop client connections server_state cycle headers "
        "disconnected message_event keep_alive response_started"
    ).split():
        assert f"self.{name}" in made, f"uvicorn's objects have no {name} any more"
    assert list(inspect.signature(HttpToolsProtocol).parameters) == [
        "config",
        "server_state",
        "app_state",
        "_loop",
    ]
    # What waits behind the last answer of a connection is not begun.
    assert "if self.transport.is_closing():\n            return" in inspect.getsource(
        HttpToolsProtocol.on_response_complete
    )
