from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from xml.etree import ElementTree

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Reply
from s3sql.server.objects.patience import kept_alive
from s3sql.server.xml import document_reply
from tests.server.objects.requests import request


async def after(turn: asyncio.Event, error: Exception | None = None) -> Reply:
    await turn.wait()
    if error is not None:
        raise error
    return document_reply("Result", [("ETag", "e")])


def test_what_ends_soon_is_answered_as_it_ended() -> None:
    async def run(error: Exception | None) -> Reply:
        turn = asyncio.Event()
        turn.set()
        return await kept_alive(request(), after(turn, error))

    assert asyncio.run(run(None)).body == document_reply("Result", [("ETag", "e")]).body
    with pytest.raises(S3SelectError, match="NoSuchUpload"):
        asyncio.run(run(S3SelectError("NoSuchUpload")))


async def late(error: Exception | None) -> tuple[Reply, list[bytes], dict[str, object]]:
    """The reply to what ends when three blanks were sent."""
    asked, turn = request(), asyncio.Event()
    reply = await kept_alive(asked, after(turn, error), beat=0.001)
    assert isinstance(reply.body, AsyncGenerator)
    pieces = []
    async for piece in reply.body:
        pieces.append(piece)
        if len(pieces) == 4:
            turn.set()
    return reply, pieces, asked.notes


def test_what_takes_long_is_announced_by_blanks() -> None:
    reply, pieces, _ = asyncio.run(late(None))
    assert (reply.status, reply.headers) == (200, [("Content-Type", "application/xml")])
    assert pieces[1:4] == [b" "] * 3
    whole = document_reply("Result", [("ETag", "e")]).body
    assert isinstance(whole, bytes)
    assert b"".join(pieces).replace(b" ", b"") == whole.replace(b" ", b"")
    root = ElementTree.fromstring(b"".join(pieces))
    assert root.tag.endswith("Result")


@pytest.mark.parametrize(
    ("error", "code"),
    [(S3SelectError("InvalidPart", "p"), "InvalidPart"), (ValueError("v"), "InternalError")],
)
def test_an_error_that_comes_late_is_the_document(error: Exception, code: str) -> None:
    reply, pieces, notes = asyncio.run(late(error))
    root = ElementTree.fromstring(b"".join(pieces))
    assert (reply.status, root.tag, root.findtext("Code")) == (200, "Error", code)
    assert root.findtext("RequestId") == "ID"
    assert notes == {"late_code": code}


def test_who_goes_away_leaves_no_failure_unseen() -> None:
    unseen: list[object] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
        turn = asyncio.Event()
        reply = await kept_alive(request(), after(turn, S3SelectError("InvalidPart")), beat=0.001)
        assert isinstance(reply.body, AsyncGenerator)
        await anext(reply.body)
        await reply.body.aclose()
        turn.set()
        await asyncio.sleep(0.01)

    asyncio.run(run())
    assert unseen == []
