"""A store that is as far away as S3: files over HTTP, each answer late, each connection no faster than told.

In: a folder, seconds before every answer, bytes per second of a connection.  Out: a URL that answers HEAD and
GET of ``/bucket/key`` (ranges, ETag, If-Match) as S3 does, signatures not looked at.

The bytes go by ``sendfile``, so that the store takes little of the cores that it shares with who is measured.
``python -m benchmarks.slow_store FOLDER --latency 0.03 --rate 80e6`` prints the URL and serves until killed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

#: Bytes between two looks at the clock on a connection whose rate is bounded.
_STEP = 256 << 10

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class SlowStore:
    """The folder *root*, each sub-folder a bucket. ``requests``: the target and the Range of each request."""

    def __init__(self, root: Path, latency: float = 0.0, rate: float | None = None) -> None:
        self.root = root
        self.latency = latency
        self.rate = rate
        self.requests: list[tuple[str, str | None]] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._connections: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    def close(self) -> None:
        """Answer no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._accepting.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            waiting = b""
            while True:
                while b"\r\n\r\n" not in waiting:
                    received = connection.recv(64 << 10)
                    if not received:
                        break
                    waiting += received
                else:
                    head, _, waiting = waiting.partition(b"\r\n\r\n")
                    self._answer(connection, head.decode("latin-1"))
                    continue
                break
        self._connections.discard(connection)

    def _answer(self, connection: socket.socket, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.requests.append((target, headers.get("range")))
        time.sleep(self.latency)
        path = self.root / unquote(target.partition("?")[0]).lstrip("/")
        if not path.is_file():
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            size, etag = stat.st_size, f'"{stat.st_ino:x}-{stat.st_mtime_ns:x}"'
            if headers.get("if-match", etag) not in (etag, etag.strip('"')):
                connection.sendall(b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n")
                return
            start, end, status, more = 0, size, "200 OK", ""
            asked = _RANGE.match(headers.get("range", ""))
            if asked is not None:
                if asked[1]:
                    start, end = int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size
                else:
                    start = max(0, size - int(asked[2]))
                if start >= size:
                    connection.sendall(b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n")
                    return
                status, more = "206 Partial Content", f"Content-Range: bytes {start}-{end - 1}/{size}\r\n"
            answer = (
                f"HTTP/1.1 {status}\r\nETag: {etag}\r\nAccept-Ranges: bytes\r\n{more}"
                f"Content-Type: binary/octet-stream\r\nLast-Modified: Mon, 30 Nov 2026 00:00:00 GMT\r\n"
                f"Content-Length: {end - start}\r\n\r\n"
            )
            connection.sendall(answer.encode())
            if method == "GET":
                self._send(connection, file.fileno(), start, end)

    def _send(self, connection: socket.socket, file: int, start: int, end: int) -> None:
        began, sent = time.perf_counter(), 0
        while start + sent < end:
            step = end - start - sent if self.rate is None else min(_STEP, end - start - sent)
            sent += os.sendfile(connection.fileno(), file, start + sent, step)
            if self.rate is not None:
                early = sent / self.rate - (time.perf_counter() - began)
                if early > 0:
                    time.sleep(early)


@contextlib.contextmanager
def serving(root: Path, latency: float, rate: float | None) -> Iterator[str]:
    """The URL of a store in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "benchmarks.slow_store", str(root), "--latency", str(latency)]
    if rate is not None:
        command += ["--rate", str(rate)]
    store = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    try:
        assert store.stdout is not None
        yield store.stdout.readline().strip()
    finally:
        store.terminate()
        store.wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_store")
    parser.add_argument("root", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--rate", type=float, help="bytes per second of a connection")
    options = parser.parse_args()
    store = SlowStore(options.root, options.latency, options.rate)
    print(store.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
