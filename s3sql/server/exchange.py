"""One request and its reply, as the operations see them.

In: what :mod:`s3sql.server.endpoint` has parsed, authenticated and authorised.  Out: a :class:`Reply`, or an
:class:`~s3sql.errors.S3SelectError`, which the endpoint renders.

A handler is a coroutine. What blocks (files, SQLite, a query's start) runs in a thread by way of
:func:`in_thread`; a reply's generator runs in threads too, and is closed when the client goes away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, Protocol, TypeAlias, TypeVar

from starlette.datastructures import Headers

from s3sql.eventstream.frame import Buffer
from s3sql.server.address import Address
from s3sql.server.settings import Key

P = ParamSpec("P")
R = TypeVar("R")


class Body(Protocol):
    """The bytes of a request: decoded, bounded, and verified before the last of them are handed out."""

    @property
    def length(self) -> int | None:
        """Bytes after decoding; None if the request does not say."""
        ...

    @property
    def checksums(self) -> dict[str, str]:
        """The checksums that were sent and hold, by algorithm (``CRC32``), in base64.

        Those of a trailer are there once all has been read.
        """
        ...

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes, once; the last ones only after every digest of them has been verified.

        Raises:
            S3SelectError: ``IncompleteBody``, ``RequestTimeout``, ``XAmzContentSHA256Mismatch``,
                ``BadDigest``, ``SignatureDoesNotMatch`` (of a chunk), ``MalformedTrailerError`` and so on.
        """
        ...

    async def read(self, most: int) -> bytes:
        """All bytes.

        Raises:
            S3SelectError: ``MaxMessageLengthExceeded`` for more than *most* of them; as :meth:`chunks`.
        """
        ...


@dataclass(frozen=True, slots=True)
class S3Request:
    """A request that may be answered.

    ``raw_path`` and ``raw_query`` are the target as it came; ``headers`` are looked up in any case. ``key``
    is None for a request that is allowed without a signature. ``secure``: it came over TLS, to us or to a
    trusted proxy; ``local``: it came from this machine. ``notes`` go to the access log.
    """

    method: str
    operation: str
    address: Address
    headers: Headers
    body: Body
    key: Key | None
    request_id: str
    raw_path: bytes = b"/"
    raw_query: bytes = b""
    secure: bool = False
    local: bool = False
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        """The bucket, of a request that has one."""
        assert self.address.bucket is not None
        return self.address.bucket

    @property
    def object_key(self) -> str:
        """The key, of a request that has one."""
        assert self.address.key is not None
        return self.address.key

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query string."""
        return self.address.parameters


#: A piece of a body in buffers that follow each other.
Buffers: TypeAlias = tuple[Buffer, ...]

#: A body that is there, one made by a thread, and ones that come from elsewhere, piece by piece or as many
#: pieces at a time as are there.
ReplyBody: TypeAlias = (
    bytes | Generator[bytes, None, None] | AsyncGenerator[bytes, None] | AsyncGenerator[list[Buffers], None]
)


@dataclass(slots=True)
class Reply:
    """What goes back. ``headers`` are sent in their order with those that every reply has.

    A body of ``bytes`` is sent with its length; for any other the handler says ``Content-Length`` if it is
    known. The reply to HEAD says the length of the body that it does not send. ``parting`` is sent for the
    rest when the endpoint has to stop. ``ended`` is called once when the reply is over, however it ended,
    even if no piece of its body was asked for.
    """

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: ReplyBody = b""
    parting: bytes = b""
    ended: Callable[[], Awaitable[None]] | None = None

    async def end(self) -> None:
        """Say that the reply is over."""
        if self.ended is not None:
            await self.ended()


Handler: TypeAlias = Callable[[S3Request], Awaitable[Reply]]


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call *function* in a thread of the endpoint's own, since it blocks; see :func:`to_the_end`."""
    call = partial(function, *args, **kwargs)
    return await to_the_end(asyncio.get_running_loop().run_in_executor(None, call))


async def to_the_end(work: Awaitable[R]) -> R:
    """The result of *work*, also for a task that is cancelled meanwhile; that one ends where it next waits.

    So a file that was being opened is not lost, and one that was to be closed is closed.
    """
    working = asyncio.ensure_future(work)
    cancelled = False
    while not working.done():
        try:
            await asyncio.wait({working})
        except asyncio.CancelledError:
            cancelled = True
    task = asyncio.current_task()
    if cancelled and task is not None:
        # Asked for once, as it was before.
        task.uncancel()
        task.cancel()
    return working.result()
