from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.objects.intake import intake_of, sent_checksum
from s3sql.stores.embedded.model import Checksum
from tests.server.objects.requests import Pieces


@dataclass(slots=True)
class Recorder:
    """A writer that notes what is done with it, and that two threads never use it at a time."""

    done: list[str | bytes] = field(default_factory=list)
    full_at: int = 1 << 40
    busy: bool = False
    hold: threading.Event | None = None

    def write(self, data: bytes, /) -> None:
        assert not self.busy
        self.busy = True
        if self.hold is not None:
            self.hold.wait(10)
        self.busy = False
        if sum(len(piece) for piece in self.done) + len(data) > self.full_at:
            raise S3SelectError("ServiceUnavailable", "full")
        self.done.append(data)

    def commit(self) -> str:
        self.done.append("committed")
        return "result"

    def abort(self) -> None:
        assert not self.busy
        self.done.append("aborted")


async def written(recorder: Recorder, body: Pieces) -> str:
    async with intake_of(lambda: recorder) as intake:
        await intake.take(body)
        return await intake.call(intake.writer.commit)


def test_small_pieces_are_written_together() -> None:
    recorder = Recorder()
    body = Pieces([bytes([n]) * 100_000 for n in range(12)])
    assert asyncio.run(written(recorder, body)) == "result"
    *batches, committed, aborted = recorder.done
    assert (committed, aborted) == ("committed", "aborted")
    assert b"".join(batch for batch in batches if isinstance(batch, bytes)) == b"".join(body.pieces)
    assert [len(batch) for batch in batches] == [600_000, 600_000]


def test_an_empty_body_writes_nothing() -> None:
    recorder = Recorder()
    asyncio.run(written(recorder, Pieces()))
    assert recorder.done == ["committed", "aborted"]


def test_a_body_that_fails_is_aborted() -> None:
    recorder = Recorder()
    failure = S3SelectError("BadDigest")
    with pytest.raises(S3SelectError, match="BadDigest"):
        asyncio.run(written(recorder, Pieces([b"x" * 600_000], failure=failure)))
    assert recorder.done == [b"x" * 600_000, "aborted"]


def test_a_write_that_fails_ends_the_intake() -> None:
    recorder = Recorder(full_at=700_000)
    with pytest.raises(S3SelectError, match="full"):
        asyncio.run(written(recorder, Pieces([b"x" * 600_000] * 5)))
    assert recorder.done == [b"x" * 600_000, "aborted"]


def test_a_writer_that_cannot_be_made() -> None:
    def start() -> Recorder:
        raise S3SelectError("NoSuchBucket")

    async def run() -> None:
        async with intake_of(start):
            pytest.fail("there is no writer")

    with pytest.raises(S3SelectError, match="NoSuchBucket"):
        asyncio.run(run())


def test_who_is_cancelled_waits_for_the_thread_that_writes() -> None:
    hold = threading.Event()
    recorder = Recorder(hold=hold)

    async def run() -> None:
        task = asyncio.ensure_future(written(recorder, Pieces([b"x" * 600_000] * 3)))
        while not recorder.busy:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert "aborted" not in recorder.done
        hold.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert recorder.done == [b"x" * 600_000, "aborted"]


def test_the_checksum_that_was_sent() -> None:
    assert sent_checksum(Pieces()) is None
    assert sent_checksum(Pieces(checksums={"CRC32": "AAAA"})) == Checksum("CRC32", "AAAA")
