from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from s3sql.server.exchange import Buffers, Reply
from s3sql.server.streaming import DisconnectedError, Message, Outlet, from_thread, send_early, send_reply


class Connection:
    """The two ends of an ASGI connection: what was sent, and a client that may go away or read slowly."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()
        self.coming: list[bytes] = []

    async def receive(self) -> Message:
        if self.coming:
            piece = self.coming.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.coming)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def until_gone(self) -> None:
        await self.gone.wait()

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def run(test: Callable[[], Any]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30))


async def sent_by(reply: Reply, connection: Connection, *, head: bool = False, patience: float = 10) -> None:
    gone = asyncio.ensure_future(connection.until_gone())
    try:
        await send_reply(reply, reply.headers, gone, connection.send, head=head, patience=patience)
    finally:
        gone.cancel()


def test_bytes_are_one_message() -> None:
    async def test() -> None:
        connection = Connection()
        await sent_by(Reply(200, [("X-A", "grün")], b"abc"), connection)
        start, body = connection.sent
        assert (start["status"], start["headers"]) == (200, [(b"x-a", "grün".encode())])
        assert (body["body"], body["more_body"]) == (b"abc", False)

    run(test)


@pytest.mark.parametrize("kind", ["bytes", "generator", "asynchronous"])
def test_head_has_no_body(kind: str) -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"abc"

    async def test() -> None:
        body: Any = {"bytes": b"abc", "generator": (b for b in [b"abc"]), "asynchronous": pieces()}[kind]
        connection = Connection()
        await sent_by(Reply(200, [], body), connection, head=True)
        assert connection.body == b""
        assert not connection.sent[-1]["more_body"]

    run(test)


def test_a_generator_is_read_piece_by_piece_and_closed() -> None:
    closed = []

    def pieces() -> Generator[bytes, None, None]:
        try:
            for number in range(5):
                yield b"%d" % number
        finally:
            closed.append(threading.current_thread() is threading.main_thread())

    async def test() -> None:
        connection = Connection()
        await sent_by(Reply(200, [], pieces()), connection)
        assert connection.body == b"01234"
        assert closed == [False], "what blocks is closed in a thread"

    run(test)


def test_all_pieces_of_a_thread_arrive_in_order() -> None:
    async def test() -> None:
        connection = Connection()
        with ThreadPoolExecutor(1) as executor:
            body = from_thread(((b"%d" % n, b",") for n in range(100)), executor, lambda: None)
            await sent_by(Reply(200, [], body), connection)
        assert connection.body == b"".join(b"%d," % n for n in range(100))

    run(test)


def test_pieces_arrive_whenever_they_are_made_and_taken() -> None:
    """Each side waits now and then, so that the other finds none, one or many."""
    draw = random.Random(5)

    def pieces(count: int) -> Generator[Buffers, None, None]:
        for number in range(count):
            if draw.random() < 0.1:
                time.sleep(draw.random() * 0.002)
            yield (b"%d," % number,)

    async def test() -> None:
        sizes = set()
        with ThreadPoolExecutor(1) as executor:
            for count in [0, 1, 2, 7, 8, 9, *[100] * 20]:
                found = b""
                async for ready in from_thread(pieces(count), executor, lambda: None):
                    sizes.add(len(ready))
                    found += b"".join(b"".join(piece) for piece in ready)
                    if draw.random() < 0.2:
                        await asyncio.sleep(draw.random() * 0.002)
                assert found == b"".join(b"%d," % number for number in range(count))
        assert 1 in sizes
        assert 1 < max(sizes) <= 8

    run(test)


def test_a_server_that_takes_buffers_is_given_them_as_they_are() -> None:
    taken: list[Buffers] = []

    async def write(pieces: list[Buffers]) -> int:
        taken.extend(pieces)
        return sum(len(part) for piece in pieces for part in piece)

    async def test() -> None:
        connection = Connection()
        payload = memoryview(b"payload")
        with ThreadPoolExecutor(1) as executor:
            body = from_thread(iter_of((b"head", payload), (b"tail",)), executor, lambda: None)
            outlet = Outlet(connection.send, write)
            gone = asyncio.ensure_future(connection.until_gone())
            await send_reply(Reply(200, [], body), [], gone, outlet, head=False, patience=10)
            gone.cancel()
        assert taken == [(b"head", payload), (b"tail",)]
        assert taken[0][1] is payload
        assert outlet.sent == len(b"headpayloadtail")
        assert [message.get("more_body") for message in connection.sent] == [None, False]

    def iter_of(*pieces: Buffers) -> Generator[Buffers, None, None]:
        yield from pieces

    run(test)


def test_a_client_that_reads_nothing_stops_the_thread() -> None:
    made = 0

    def pieces() -> Generator[Buffers, None, None]:
        nonlocal made
        while True:
            made += 1
            yield (b"x",)

    async def test() -> None:
        with ThreadPoolExecutor(1) as executor:
            body = from_thread(pieces(), executor, lambda: None)
            assert set(await anext(body)) == {(b"x",)}
            while made < 8:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            # Eight are taken or may wait, and one more is at hand.
            assert made <= 9
            await body.aclose()

    run(test)


@pytest.mark.parametrize("reading", [True, False], ids=["reading", "stalled"])
def test_a_client_that_goes_away_ends_the_thread(reading: bool) -> None:
    closed = threading.Event()

    def pieces(stop: threading.Event) -> Generator[Buffers, None, None]:
        try:
            while not stop.is_set():
                yield (b"x" * 1000,)
        finally:
            closed.set()

    async def test() -> None:
        connection = Connection()
        stop = threading.Event()
        with ThreadPoolExecutor(1) as executor:
            body = from_thread(pieces(stop), executor, stop.set)
            sending = asyncio.create_task(sent_by(Reply(200, [], body), connection))
            while len(connection.sent) < 3:
                await asyncio.sleep(0.001)
            if not reading:
                connection.reads.clear()
            connection.gone.set()
            connection.reads.set()
            with pytest.raises(DisconnectedError):
                await sending
            assert closed.is_set()
        assert connection.sent[-1].get("more_body", True), "nothing says that the body is whole"

    run(test)


def test_a_client_that_takes_nothing_for_too_long_is_given_up() -> None:
    async def test() -> None:
        connection = Connection()
        connection.reads.clear()
        with pytest.raises(DisconnectedError):
            await sent_by(Reply(200, [], b"abc"), connection, patience=0.01)

    run(test)


def test_what_breaks_a_body_reaches_the_caller() -> None:
    def pieces() -> Generator[Buffers, None, None]:
        yield (b"a",)
        raise ValueError("broken")

    async def test() -> None:
        connection = Connection()
        with ThreadPoolExecutor(1) as executor:
            body = from_thread(pieces(), executor, lambda: None)
            with pytest.raises(ValueError, match="broken"):
                await sent_by(Reply(200, [], body), connection)
        assert connection.sent[-1]["more_body"]

    run(test)


def test_the_last_words_of_a_reply_that_is_broken_off() -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x"
            await asyncio.sleep(0.001)

    async def test() -> None:
        connection = Connection()
        sending = asyncio.create_task(sent_by(Reply(200, [], endless(), parting=b"bye"), connection))
        while len(connection.sent) < 3:
            await asyncio.sleep(0.001)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert connection.sent[-1] == {"type": "http.response.body", "body": b"bye"}

    run(test)


def test_a_reply_before_the_body_has_come_waits_for_it() -> None:
    async def test() -> None:
        connection = Connection()
        connection.coming = [b"x" * 1000] * 10
        reply = Reply(403, [], b"no")
        await send_early(reply, reply.headers, connection.receive, connection.send, head=False, patience=10)
        assert connection.body == b"no"
        assert not connection.coming
        assert [message.get("more_body") for message in connection.sent] == [None, True, False]

    run(test)
