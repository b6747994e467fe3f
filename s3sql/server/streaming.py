"""Replies on their way: as fast as the client reads them, and no longer than it stays.

In: a :class:`~s3sql.server.exchange.Reply` and the two ends of an ASGI connection.  Out: messages, one body
piece each, or several pieces at a time to a server that takes them as they are.

    a thread that scans ──frames, at most eight on the way──▶ event loop ──all that are there──▶ client
    a file              ──the next piece, read while one is sent──▶

A client that stops reading stops the sending, and with it the thread or the file. One that goes away is
noticed while anything is awaited, and ends both: closing a body's generator is the only cancellation.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, MutableMapping
from concurrent.futures import Executor
from typing import Any, TypeAlias, TypeVar

from s3sql.server.exchange import Buffers, Reply, in_thread, to_the_end

#: The ASGI extension by which our HTTP protocol lets a connection be closed at once.
ABORT = "s3sql.abort"

#: ASGI's messages and its two ends of a connection.
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

#: Sends pieces of a body, returns how many bytes they had.
Write: TypeAlias = Callable[[list[Buffers]], Awaitable[int]]

R = TypeVar("R")

#: The ASGI extension by which our HTTP protocol takes many pieces of a body at once, none of them copied.
WRITE = "s3sql.write"

#: Pieces that a thread may be ahead of the client, those included that are being sent.
_AHEAD = 8

#: What a client may still send of a body that nobody wants, in bytes and seconds, so that it reads the reply.
_LINGER_BYTES = 4 << 20
_LINGER_SECONDS = 2.0

#: Seconds for the last words of a reply that is broken off.
_PARTING_SECONDS = 1.0


class Outlet:
    """The sending end of a connection, which counts the bytes of the body.

    *write*: takes pieces as :data:`WRITE` does, if the server has that.
    """

    def __init__(self, send: Send, write: Write | None = None) -> None:
        self._send = send
        self._write = write
        self.sent = 0

    async def __call__(self, message: Message) -> None:
        """Send *message*."""
        await self._send(message)
        self.sent += len(message.get("body", b""))

    async def write(self, pieces: list[Buffers] | bytes) -> None:
        """Send *pieces* of a body that goes on behind them, or one piece."""
        if isinstance(pieces, bytes):
            await self({"type": "http.response.body", "body": pieces, "more_body": True})
        elif self._write is not None:
            self.sent += await self._write(pieces)
        else:
            for piece in pieces:
                await self({"type": "http.response.body", "body": b"".join(piece), "more_body": True})


async def from_thread(
    source: Generator[Buffers, None, None], executor: Executor, interrupt: Callable[[], None]
) -> AsyncGenerator[list[Buffers], None]:
    """The pieces that *source* makes in a thread of *executor*, a few ahead at most; all that are there.

    Ends when the thread has ended: closing calls *interrupt*, at which *source* is to end soon, and waits.
    """
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    made: deque[Buffers] = deque()
    room = threading.Semaphore(_AHEAD)
    closed = threading.Event()

    def produce() -> None:
        try:
            for piece in source:
                room.acquire()
                if closed.is_set():
                    return
                made.append(piece)
                # Whoever takes pieces takes all before waiting for more.
                if len(made) == 1:
                    loop.call_soon_threadsafe(ready.set)
        finally:
            source.close()

    producing = loop.run_in_executor(executor, produce)
    producing.add_done_callback(lambda _: ready.set())
    try:
        while made or not producing.done():
            if not made:
                await ready.wait()
                ready.clear()
            pieces = [made.popleft() for _ in range(len(made))]
            if pieces:
                yield pieces
                room.release(len(pieces))
        await producing
    finally:
        closed.set()
        room.release()
        if not producing.done():
            interrupt()
        with contextlib.suppress(Exception):
            await to_the_end(producing)


async def send_reply(
    reply: Reply,
    headers: list[tuple[str, str]],
    gone: asyncio.Future[None],
    send: Send,
    *,
    head: bool,
    patience: float,
) -> None:
    """Send *reply* under *headers*.

    *gone* is done when the client has gone away. *head*: the request was HEAD, so that no body goes out.
    *patience*: seconds that the client may take for one piece; then it is given up, as if it had gone away.

    Raises:
        DisconnectedError: before all was sent.
        Exception: what making the body raised; the connection is to be closed.
    """
    body = reply.body
    start = _start(reply, headers)
    if isinstance(body, bytes):
        sent = b"" if head else body
        await _within(patience, send(start))
        await _within(patience, send({"type": "http.response.body", "body": sent, "more_body": False}))
        return
    outlet = send if isinstance(send, Outlet) else Outlet(send)
    sending = _send_pieces(_pieces(body), start, outlet, reply.parting, head=head, patience=patience)
    await unless_gone(sending, gone)


class DisconnectedError(Exception):
    """The client has closed its connection, or reads nothing any more."""


async def unless_gone(work: Coroutine[Any, Any, R], gone: asyncio.Future[None]) -> R:
    """The result of *work*, which is cancelled when the client has gone away.

    Raises:
        DisconnectedError: it has.
    """
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise DisconnectedError
        return working.result()
    finally:
        if not working.done():
            working.cancel()
            await to_the_end(asyncio.wait({working}))
            if not working.cancelled():
                # What went wrong in something that is not wanted any more concerns nobody.
                working.exception()


async def send_early(
    reply: Reply, headers: list[tuple[str, str]], receive: Receive, send: Send, *, head: bool, patience: float
) -> None:
    """As :func:`send_reply`, for a reply of bytes to a request whose body is still coming.

    A connection that is closed while bytes arrive is reset, and the client may never see the reply. So what
    it still sends is taken in and forgotten for a while.
    """
    assert isinstance(reply.body, bytes)
    sent = b"" if head else reply.body
    await _within(patience, send(_start(reply, headers)))
    await _within(patience, send({"type": "http.response.body", "body": sent, "more_body": True}))
    await _linger(receive)
    await _within(patience, send({"type": "http.response.body", "body": b"", "more_body": False}))


async def _linger(receive: Receive) -> None:
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while taken < _LINGER_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                taken += len(message.get("body", b""))


def _start(reply: Reply, headers: list[tuple[str, str]]) -> Message:
    return {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [(name.lower().encode("ascii"), _header_value(value)) for name, value in headers],
    }


async def _send_pieces(
    pieces: AsyncGenerator[bytes | list[Buffers], None],
    start: Message,
    send: Outlet,
    parting: bytes,
    *,
    head: bool,
    patience: float,
) -> None:
    try:
        await _within(patience, send(start))
        try:
            if not head:
                async for ready in pieces:
                    await _within(patience, send.write(ready))
        except asyncio.CancelledError:
            # The endpoint stops, or the client has gone, which hears nothing then.
            if parting:
                await _within(_PARTING_SECONDS, send({"type": "http.response.body", "body": parting}))
            raise
        await _within(patience, send({"type": "http.response.body", "body": b"", "more_body": False}))
    finally:
        await pieces.aclose()


async def _pieces(
    body: Generator[bytes, None, None] | AsyncGenerator[bytes, None] | AsyncGenerator[list[Buffers], None],
) -> AsyncGenerator[bytes | list[Buffers], None]:
    """The pieces of a body; of a generator that blocks, the next one is made while one is sent."""
    if isinstance(body, AsyncGenerator):
        try:
            async for ready in body:
                yield ready
        finally:
            await body.aclose()
        return
    following = asyncio.ensure_future(in_thread(_next, body))
    try:
        while (made := await asyncio.shield(following)) is not None:
            following = asyncio.ensure_future(in_thread(_next, body))
            yield made
    finally:
        await to_the_end(_closed(body, following))


async def _closed(body: Generator[bytes, None, None], following: asyncio.Future[bytes | None]) -> None:
    """Close *body*, of which a piece may still be made."""
    with contextlib.suppress(Exception):
        await following
    await in_thread(body.close)


def _next(pieces: Generator[bytes, None, None]) -> bytes | None:
    return next(pieces, None)


async def _within(patience: float, sending: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(patience):
            await sending
    except TimeoutError as error:
        raise DisconnectedError from error


def _header_value(value: str) -> bytes:
    """A header's value as bytes: S3's headers are ASCII, and what a user put in is sent as UTF-8."""
    return value.encode("utf-8", "surrogateescape")
