"""Pieces of a response's body on their way to the socket, none of them copied.

In: pieces, each one or more buffers.  Out: chunks of HTTP/1.1 (RFC 9112, section 7.1), in buffers that the
transport hands to the system together.

uvicorn's own way takes one piece at a time and joins it with the frame of its chunk. This builds on the names
of uvicorn's cycle as :mod:`s3sql.server.running.http_protocol` does.
"""

from __future__ import annotations

from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from s3sql.eventstream.frame import Buffer


class BodyWriter:
    """Writes the body of one response, whose ``cycle`` has sent the head."""

    def __init__(self) -> None:
        self.cycle: RequestResponseCycle | None = None

    async def __call__(self, pieces: Sequence[tuple[Buffer, ...]]) -> int:
        """Write *pieces*, once the client has taken most of those before; return how many bytes they had."""
        cycle = self.cycle
        assert cycle is not None, "the head has been parsed"
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return 0
        if not cycle.response_started or cycle.response_complete or not cycle.chunked_encoding:
            raise RuntimeError("pieces are written into a chunked body that has begun and not ended")
        buffers: list[Buffer] = []
        total = 0
        for parts in pieces:
            size = sum(map(len, parts))
            # A chunk of no bytes would be the last.
            if size:
                buffers += (b"%x\r\n" % size, *parts, b"\r\n")
            total += size
        cycle.transport.writelines(buffers)
        return total
