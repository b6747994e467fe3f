"""Takes the body of a request into a writer of the store.

In: a body that comes as fast as the client sends it.  Out: bytes written by threads, one call after the
other, while the next bytes come in. Whatever ends a request, its writer is aborted only when no thread uses
it any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Generic, ParamSpec, Protocol, TypeVar, cast

from s3sql.checksums import ChecksumAlgorithm
from s3sql.server.exchange import Body, in_thread, to_the_end
from s3sql.stores.embedded.model import Checksum

P = ParamSpec("P")
R = TypeVar("R")

#: Bytes that are written at a time: a call by another thread is dear.
_BATCH_BYTES = 512 << 10


class Writer(Protocol):
    """What is written to: an object or a part."""

    def write(self, data: bytes, /) -> None:
        """Append *data*."""
        ...

    def abort(self) -> None:
        """Leave nothing behind."""
        ...


W = TypeVar("W", bound=Writer)


class Intake(Generic[W]):
    """A writer whose calls run in threads."""

    def __init__(self, writer: W) -> None:
        self.writer = writer
        self._last: asyncio.Future[object] | None = None

    async def take(self, body: Body) -> None:
        """Write all bytes of *body*.

        Raises:
            S3SelectError: as reading the body and writing do.
        """
        batch: list[bytes] = []
        size = 0
        async with aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                batch.append(chunk)
                size += len(chunk)
                if size >= _BATCH_BYTES:
                    await self._start(self.writer.write, b"".join(batch))
                    batch, size = [], 0
        if batch:
            await self._start(self.writer.write, b"".join(batch))

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What *function*, which uses the writer, returns."""
        return await asyncio.shield(await self._start(function, *args, **kwargs))

    async def settle(self) -> None:
        """Wait for the call that is under way, whatever becomes of it."""
        if self._last is not None:
            await asyncio.wait({self._last})

    async def _start(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Begin a call when the one before has succeeded."""
        if self._last is not None:
            await asyncio.shield(self._last)
        call = asyncio.ensure_future(in_thread(function, *args, **kwargs))
        self._last = cast("asyncio.Future[object]", call)
        return call


@asynccontextmanager
async def intake_of(start: Callable[[], W]) -> AsyncIterator[Intake[W]]:
    """An intake into the writer that *start* makes; aborted at the end unless it was committed."""
    opening = asyncio.ensure_future(in_thread(start))
    intake: Intake[W] | None = None
    try:
        intake = Intake(await asyncio.shield(opening))
        yield intake
    finally:
        await to_the_end(_aborted(opening, intake))


async def _aborted(opening: asyncio.Future[W], intake: Intake[W] | None) -> None:
    await asyncio.wait({opening})
    if opening.exception() is None:
        if intake is not None:
            await intake.settle()
        await in_thread(opening.result().abort)


def sent_checksum(body: Body) -> Checksum | None:
    """The checksum that came with a body and holds, once all of it was read."""
    for algorithm, value in body.checksums.items():
        return Checksum(cast("ChecksumAlgorithm", algorithm), value)
    return None
