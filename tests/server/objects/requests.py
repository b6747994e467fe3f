"""Requests for handlers that are tested without a server.

In: what a test is about.  Out: an :class:`~s3sql.server.exchange.S3Request` with that; the rest is usual.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.address import Address
from s3sql.server.exchange import S3Request


@dataclass(slots=True)
class Pieces:
    """A body that comes in *pieces*, and may then fail with *failure*."""

    pieces: list[bytes] = field(default_factory=list)
    checksums: dict[str, str] = field(default_factory=dict)
    failure: S3SelectError | None = None

    @property
    def length(self) -> int | None:
        return sum(map(len, self.pieces))

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for piece in self.pieces:
            yield piece
        if self.failure is not None:
            raise self.failure

    async def read(self, most: int) -> bytes:
        return b"".join([piece async for piece in self.chunks()])


def request(
    headers: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
    *,
    body: Pieces | None = None,
    secure: bool = True,
    local: bool = False,
) -> S3Request:
    """A request for the object ``k`` in the bucket ``b``."""
    return S3Request(
        method="GET",
        operation="GetObject",
        address=Address("b", "k", dict(parameters or {})),
        headers=Headers(dict(headers or {})),
        body=body or Pieces(),
        key=None,
        request_id="ID",
        secure=secure,
        local=local,
    )
