"""HTTP/1.1 on one connection: uvicorn's protocol, with bounds on what a client may do before it is known.

In: bytes of a connection.  Out: requests for the application, or a refusal in S3's form and a closed
connection. Where the rules are written: RFC 9112, sections 2 to 6 and 9; RFC 6585, section 5. What is refused
is said by :mod:`.http_refusals`.

    bytes ──▶ llhttp ──▶ head (bounded: bytes, headers, seconds) ──▶ application ──▶ answer
                 │                        │
                 └── malformed ───────────┴──▶ error document, then closed

What uvicorn leaves open and this closes: heads without end and heads that never come; chunk extensions and
trailers without end; trailers, which would be added to the headers after those were authenticated; requests
piled up behind one another; connections without number; a client that has gone while two of its requests were
waiting; refusals written into the middle of an answer; refusals lost because the client was still sending.

It builds on names of uvicorn that are not documented; tests/server/running/test_http_protocol.py has all of
them.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import deque
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from s3sql.errors import S3SelectError
from s3sql.server.access_log import AccessRecord, log_request
from s3sql.server.running.body_writer import BodyWriter
from s3sql.server.running.http_refusals import (
    chunk_too_long,
    head_refusal,
    head_too_long,
    malformed,
    refusal_response,
    too_many_headers,
)
from s3sql.server.settings import Limits
from s3sql.server.streaming import ABORT, WRITE

#: Requests of one connection that may wait for the answers before theirs.
_MOST_WAITING = 64

#: Connections over the limit that are told so at a time; those beyond are closed without a word.
_MOST_TOLD = 64

#: Seconds in which a refused client may read why, before its connection is closed.
_LINGER = 2.0

_LINE_END = 2


def protocol_class(bounds: Limits) -> type[HttpToolsProtocol]:
    """The protocol that holds connections to *bounds*, as uvicorn's ``http`` option takes it."""

    class Bounded(BoundedProtocol):
        limits = bounds

    return Bounded


class BoundedProtocol(HttpToolsProtocol):
    """One connection. ``limits`` are its class's: uvicorn makes the objects."""

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        #: Requests without a whole answer, in their order; the first one is being answered.
        self._unanswered: deque[RequestResponseCycle] = deque()
        self._deaf = False
        self._refusal: S3SelectError | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._begun = False
        self._head_bytes = 0
        self._header_count = 0
        self._advanced = False
        self._idle_bytes = 0
        self._upgrade_body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        excess = len(self.connections) - self.limits.connections
        if excess > _MOST_TOLD:
            self._deaf = True
            transport.abort()
        elif excess > 0:
            self._refuse(
                S3SelectError(
                    "SlowDown",
                    f"All {self.limits.connections:,} connections of the endpoint are in use. Try again.",
                )
            )
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request of the connection that its client has gone."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for timer in (self._head_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Parse *data*, which begins and ends anywhere."""
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        self._begun = True
        if self._in_head:
            self._await_head()
        self._advanced = False
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            self._fail(self._refusal or malformed(error))
            return
        self._idle_bytes = 0 if self._advanced else self._idle_bytes + len(data)
        if self._idle_bytes > self.limits.header_bytes:
            self._fail(head_too_long(self.limits) if self._in_head else chunk_too_long(self.limits))

    def _parse(self, data: bytes) -> None:
        """Feed the parser, which stops behind a head that offers an upgrade, and forgets that it has a body.

        No upgrade is made and HTTP/1.1 goes on, or else the body would be taken for the next request.
        """
        while data:
            if self._upgrade_body:
                piece, data = data[: self._upgrade_body], data[self._upgrade_body :]
                self._upgrade_body -= len(piece)
                self.on_body(piece)
                if not self._upgrade_body:
                    self.on_message_complete()
                continue
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            else:
                return

    # What the parser calls. An exception in here ends the parsing as a malformed request does.

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = self._begun = True
        self._head_bytes = _LINE_END
        self._header_count = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """A piece of the request target has come."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is whole, or a trailer, which nobody asked for: it says nothing that may be believed."""
        if not self._in_head:
            return
        self._header_count += 1
        if self._header_count > self.limits.headers:
            self._stop(too_many_headers(self.limits))
        self._count_head(len(name) + len(value) + len(": ") + _LINE_END)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: the request goes to the application, or waits for the answers before its own."""
        self._check_head()
        if self.parser.should_upgrade():
            self._upgrade_body = self._content_length()
        writer = BodyWriter()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}, WRITE: {"write": writer}}
        super().on_headers_complete()
        writer.cycle = self.cycle
        self._unanswered.append(self.cycle)
        self._in_head = False
        self._advanced = True
        self._forget_head_timer()

    def on_body(self, body: bytes) -> None:
        """A piece of the body has come."""
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole, unless the parser has forgotten its body."""
        if self._upgrade_body:
            return
        super().on_message_complete()
        self._in_head = True
        self._begun = False
        self._advanced = True

    def on_response_complete(self) -> None:
        """The first of the requests has its answer."""
        if self._unanswered:
            self._unanswered.popleft()
        super().on_response_complete()

    # What is refused.

    def _check_head(self) -> None:
        refusal = head_refusal(
            self.parser.get_http_version(),
            self.parser.get_method(),
            self.headers,
            offers_upgrade=self.parser.should_upgrade(),
        )
        if refusal is None and len(self._unanswered) > _MOST_WAITING:
            refusal = S3SelectError(
                "SlowDown", f"More than {_MOST_WAITING} requests wait for answers before theirs."
            )
        if refusal is not None:
            self._stop(refusal)

    def _content_length(self) -> int:
        return next((int(value) for name, value in self.headers if name == b"content-length"), 0)

    def _count_head(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > self.limits.header_bytes:
            self._stop(head_too_long(self.limits))

    def _stop(self, refusal: S3SelectError) -> None:
        """End the parsing because of *refusal*."""
        self._refusal = refusal
        raise refusal

    def _fail(self, refusal: S3SelectError) -> None:
        """Read no more, since what comes cannot be understood; refuse, if no answer is under way."""
        self._deaf = True
        self._forget_head_timer()
        broken = None if self._in_head else self.cycle
        if broken is not None and broken in self._unanswered:
            self._unanswered.remove(broken)
            broken.disconnected = True
            broken.message_event.set()
        if self._unanswered:
            # Those before it are in order. The last of them ends the connection, and what waits behind it.
            self._unanswered[-1].keep_alive = False
        elif broken is not None and broken.response_started:
            self.transport.close()
        else:
            self._refuse(refusal)

    def _refuse(self, refusal: S3SelectError) -> None:
        """Send *refusal* and close; first only for writing, so that a client still sending can read it."""
        self._deaf = True
        self._forget_head_timer()
        request_id, host_id = secrets.token_hex(8).upper(), base64.b64encode(secrets.token_bytes(48)).decode()
        head, body = refusal_response(refusal, self.server_state.default_headers, request_id, host_id)
        self.transport.write(head + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._linger_timer = self.loop.call_later(_LINGER, self.transport.close)
        else:
            self.transport.close()
        log_request(
            AccessRecord(
                request_id=request_id,
                operation="Unknown",
                status=refusal.status,
                seconds=0.0,
                client=self.client[0] if self.client else None,
                code=refusal.code,
                sent=len(body),
            )
        )

    # The time of a head.

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.header_time, self._head_time_is_over)

    def _forget_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_time_is_over(self) -> None:
        self._head_timer = None
        if self.transport.is_closing() or not self._in_head:
            return
        if self._unanswered or self.flow.read_paused:
            # The rest of the head may have come; it is read when the answers before it are sent.
            self._await_head()
        elif self._begun:
            self._refuse(
                S3SelectError(
                    "RequestTimeout",
                    f"The headers of the request did not come within {self.limits.header_time:g} seconds.",
                )
            )
        else:
            self.transport.close()
