"""Bodies written past uvicorn's own way of sending: the same bytes, and the same patience."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.eventstream.frame import Buffer
from s3sql.server.running.body_writer import BodyWriter


class Flow:
    """The flow control of a connection that is paused until *drained* is set."""

    def __init__(self) -> None:
        self.write_paused = False
        self.drained = asyncio.Event()

    async def drain(self) -> None:
        await self.drained.wait()


def cycle(**states: Any) -> Any:
    written: list[Buffer] = []
    given_states = {
        "flow": Flow(),
        "disconnected": False,
        "response_started": True,
        "response_complete": False,
        "chunked_encoding": True,
        **states,
    }
    return SimpleNamespace(
        **given_states, written=written, transport=SimpleNamespace(writelines=written.extend)
    )


def writer_of(made: Any) -> BodyWriter:
    writer = BodyWriter()
    writer.cycle = made
    return writer


class Client:
    """What a parser of HTTP makes of the bytes."""

    def __init__(self) -> None:
        self.body = b""
        self.complete = False

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


_PIECES = st.lists(st.lists(st.binary(max_size=300), max_size=4).map(tuple), max_size=6)


@given(batches=st.lists(_PIECES, max_size=4))
def test_a_client_reads_what_was_written(batches: list[list[tuple[bytes, ...]]]) -> None:
    made, client = cycle(), Client()
    writer = writer_of(made)
    expected = b"".join(part for pieces in batches for piece in pieces for part in piece)

    async def write() -> int:
        views = [[tuple(map(memoryview, piece)) for piece in pieces] for pieces in batches]
        return sum([await writer(pieces) for pieces in views])

    assert asyncio.run(write()) == len(expected)
    parser = httptools.HttpResponseParser(client)
    parser.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    parser.feed_data(b"".join(made.written))
    assert not client.complete, "only the end of the response ends it"
    parser.feed_data(b"0\r\n\r\n")
    assert (client.body, client.complete) == (expected, True)


def test_each_piece_is_one_chunk_and_is_not_copied() -> None:
    made = cycle()
    payload = memoryview(bytes(300))
    assert asyncio.run(writer_of(made)([(b"ab", payload), (b"c",)])) == 303
    assert made.written == [b"12e\r\n", b"ab", payload, b"\r\n", b"1\r\n", b"c", b"\r\n"]
    assert made.written[2] is payload


def test_a_client_that_takes_nothing_is_waited_for() -> None:
    async def test() -> None:
        made = cycle()
        made.flow.write_paused = True
        writing = asyncio.ensure_future(writer_of(made)([(b"x",)]))
        await asyncio.sleep(0.01)
        assert not made.written
        made.flow.drained.set()
        assert await writing == 1

    asyncio.run(test())


def test_to_a_client_that_has_gone_nothing_is_written() -> None:
    made = cycle(disconnected=True)
    made.flow.write_paused = True
    assert asyncio.run(writer_of(made)([(b"x",)])) == 0
    assert not made.written


@pytest.mark.parametrize(
    "state", [{"response_started": False}, {"response_complete": True}, {"chunked_encoding": False}]
)
def test_pieces_are_for_a_chunked_body_under_way(state: dict[str, bool]) -> None:
    made = cycle(**state)
    with pytest.raises(RuntimeError, match="chunked body"):
        asyncio.run(writer_of(made)([(b"x",)]))
    assert not made.written
