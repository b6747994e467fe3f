"""Queries as raw HTTP, so that what is measured is the server and not a client.

In: a boto3 client of an endpoint and a query.  Out: the bytes of its signed request, to be sent as often as
is wanted (a signature holds for a quarter of an hour); connections that send them and read the answers; and a
sender of recorded answers, which is as fast as any server can be.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.engines.endpoint import select_events
from benchmarks.queries import Query

#: The last chunk of a body, after which the connection is free for the next request.
_LAST_CHUNK = b"\r\n0\r\n\r\n"


class _PreparedError(Exception):
    """Raised in place of sending a request."""


def signed_request(client: Any, query: Query, path: Path) -> bytes:
    """The request of *query* over the file *path* as boto3 would send it."""
    taken: list[bytes] = []

    def take(request: Any, **_: object) -> None:
        parts = urlsplit(request.url)
        headers = {name: _text(value) for name, value in request.headers.items() if name != "Expect"}
        headers = {**headers, "Host": parts.netloc, "Content-Length": str(len(request.body))}
        target = f"{parts.path}?{parts.query}"
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        taken.append("\r\n".join(lines).encode() + request.body)
        raise _PreparedError

    event = "before-send.s3.SelectObjectContent"
    client.meta.events.register(event, take)
    try:
        select_events(client, query, path)
    except _PreparedError:
        return taken[0]
    finally:
        client.meta.events.unregister(event, take)
    raise RuntimeError("the request was not prepared")


class Connection:
    """A connection that is kept, one request after the other."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)

    def ask(self, request: bytes) -> int:
        """Send *request*, read its chunked answer to the end; return how many bytes it had."""
        self._socket.sendall(request)
        size, tail = 0, b""
        while not tail.endswith(_LAST_CHUNK):
            count = self._socket.recv_into(self._buffer)
            if not count:
                raise ConnectionError("the answer broke off")
            if not size and not self._buffer.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(bytes(self._buffer[:count]).decode(errors="replace"))
            size += count
            tail = (tail + bytes(self._buffer[max(0, count - len(_LAST_CHUNK)) : count]))[-len(_LAST_CHUNK) :]
        return size

    def record(self, request: bytes, target: Path) -> None:
        """Write the answer to *request* to *target*, as it comes over the wire."""
        self._socket.sendall(request)
        with target.open("wb") as file:
            tail = b""
            while not tail.endswith(_LAST_CHUNK):
                count = self._socket.recv_into(self._buffer)
                file.write(memoryview(self._buffer)[:count])
                tail = (tail + bytes(self._buffer[:count]))[-len(_LAST_CHUNK) :]

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class Canned:
    """A process that answers every request with the bytes of the file *answer*, by ``sendfile``."""

    def __init__(self, answer: Path) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(listener, str(answer)), daemon=True
        )
        self._process.start()
        listener.close()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()


def _serve(listener: socket.socket, answer: str) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, answer), daemon=True).start()


def _answer(connection: socket.socket, answer: str) -> None:
    with connection, Path(answer).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        received = b""
        while True:
            while b"</SelectObjectContentRequest>" not in received and b"</SelectRequest>" not in received:
                piece = connection.recv(64 << 10)
                if not piece:
                    return
                received += piece
            received, sent = b"", 0
            while sent < size:
                sent += os.sendfile(connection.fileno(), file.fileno(), sent, size - sent)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
