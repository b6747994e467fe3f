"""The endpoint's one door: every S3 request comes in here, and every reply goes out.

In: ASGI connections.  Out: replies, an access record and counts for each. What happens to a request, step by
step, stands in :meth:`S3Endpoint.answer`; nothing is read of its body before the caller is known to be
allowed, and no failure leaves as anything but an S3 error document.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.access import COPY_SOURCE, authorise
from s3sql.server.access_log import AccessRecord, log_request
from s3sql.server.address import Address, parse_address
from s3sql.server.bodies.body import RequestBody
from s3sql.server.error_document import error_reply, internal_error
from s3sql.server.exchange import Handler, Reply, S3Request
from s3sql.server.metrics import Metrics
from s3sql.server.operations import operation_of
from s3sql.server.select import Told
from s3sql.server.settings import Settings
from s3sql.server.signatures.hoisted_headers import with_hoisted_headers
from s3sql.server.signatures.sigv4 import authenticate
from s3sql.server.streaming import (
    ABORT,
    WRITE,
    DisconnectedError,
    Message,
    Outlet,
    Receive,
    Send,
    send_early,
    send_reply,
    unless_gone,
)

_log = logging.getLogger(__name__)

#: What no header may hold, lest a value becomes two headers.
_NOT_IN_HEADERS = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(slots=True)
class _Exchange:
    """What is known of a request so far; the access log is written from it."""

    headers: Headers
    request_id: str
    host_id: str
    began: float
    address: Address | None = None
    operation: str = "Unknown"
    access_key: str | None = None
    code: str | None = None
    notes: dict[str, object] = field(default_factory=dict)


class _Intake:
    """The receiving end of a connection: counts what comes, and notices when nobody is there any more."""

    def __init__(self, receive: Receive, *, has_body: bool) -> None:
        self._receive = receive
        self._finished = asyncio.Event()
        self.received = 0
        if not has_body:
            self.finish()

    @property
    def complete(self) -> bool:
        """Whether nothing of the body is to come, or to be read."""
        return self._finished.is_set()

    def finish(self) -> None:
        """Nobody reads on: from now on only the end of the connection is looked out for."""
        self._finished.set()

    async def __call__(self) -> Message:
        """The next message of the body."""
        if self.complete:
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        if message["type"] == "http.request":
            self.received += len(message.get("body", b""))
        if not message.get("more_body", False):
            self.finish()
        return message

    async def until_gone(self) -> None:
        """Wait until the client has gone away."""
        await self._finished.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


class S3Endpoint:
    """An ASGI application that speaks S3.

    *handlers* answer operations by their names, *others* whatever has none; without it that is
    ``NotImplemented``. *told* is what the client is told of an error.
    """

    def __init__(
        self,
        settings: Settings,
        handlers: Mapping[str, Handler],
        metrics: Metrics,
        others: Handler | None = None,
        told: Told = lambda error: error,
    ) -> None:
        self._told = told
        self._settings = settings
        self._handlers = handlers
        self._others = others
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = _Exchange(
            headers=Headers(scope=scope),
            request_id=secrets.token_hex(8).upper(),
            host_id=base64.b64encode(secrets.token_bytes(48)).decode(),
            began=time.monotonic(),
        )
        intake = _Intake(receive, has_body=_has_body(exchange.headers))
        gone = asyncio.ensure_future(intake.until_gone())
        self._metrics.request_begins()
        status = 0
        outlet = Outlet(send, _extension(scope, WRITE).get("write"))
        try:
            reply = await unless_gone(self._reply(scope, intake, exchange), gone)
            status = reply.status
            await self._send(reply, scope, intake, gone, outlet, exchange)
        except DisconnectedError:
            exchange.code = exchange.code or "Disconnected"
            _abort(scope)
        except S3SelectError as error:
            # In the middle of a body that cannot say so: the connection is closed before its end.
            exchange.code = error.code
        except Exception:
            _log.exception("The reply to request %s broke off", exchange.request_id)
            exchange.code = internal_error().code
        finally:
            gone.cancel()
            seconds = time.monotonic() - exchange.began
            # What went wrong behind a status of 200 is told by who noticed it.
            late = exchange.notes.pop("late_code", None)
            if exchange.code is None and late is not None:
                exchange.code = str(late)
            self._metrics.request_ends(
                exchange.operation, status, exchange.code, seconds, intake.received, outlet.sent
            )
            log_request(_record(exchange, scope, status, seconds, intake.received, outlet.sent))

    async def answer(self, scope: Message, receive: Receive, exchange: _Exchange) -> Reply:
        """The reply to a request that is in order.

        Raises:
            S3SelectError: it is not.
        """
        settings = self._settings
        method, raw_path, raw_query = scope["method"], scope["raw_path"], scope["query_string"]
        hosts = exchange.headers.getlist("host")
        if len(hosts) != 1:
            raise S3SelectError("InvalidRequest", "A request has exactly one Host header.")
        exchange.address = address = parse_address(hosts[0], raw_path, raw_query, settings.domains)
        headers = with_hoisted_headers(exchange.headers, address.parameters)
        copies = COPY_SOURCE in headers
        exchange.operation = operation = operation_of(method, address, copies=copies)
        signed = authenticate(method, raw_path, raw_query, exchange.headers, settings, datetime.now(UTC))
        exchange.access_key = signed.key.access_key if signed is not None else None
        authorise(settings, signed, operation, address, headers)
        handler = self._handlers.get(operation, self._others)
        if handler is None:
            raise S3SelectError(
                "NotImplemented", f"{operation} is not implemented by this endpoint.", status=501
            )
        request = S3Request(
            method=method,
            operation=operation,
            address=address,
            headers=headers,
            body=RequestBody(receive, headers, signed, settings.limits, operation),
            key=signed.key if signed is not None else None,
            request_id=exchange.request_id,
            raw_path=raw_path,
            raw_query=raw_query,
            secure=scope["scheme"] == "https",
            local=_is_local(scope),
            notes=exchange.notes,
        )
        return await handler(request)

    async def _reply(self, scope: Message, intake: _Intake, exchange: _Exchange) -> Reply:
        """The reply to any request: its answer, or what is wrong with it."""
        try:
            reply = await self.answer(scope, intake, exchange)
            await _checkpoint(reply)
            if any(_NOT_IN_HEADERS.search(value) for _, value in reply.headers):
                await reply.end()
                raise S3SelectError(
                    "InvalidArgument", "A header of the reply would hold a control character."
                )
            return reply
        except S3SelectError as error:
            exchange.code = error.code
            refusal = self._told(error)
        except DisconnectedError:
            raise
        except Exception:
            _log.exception("Request %s failed", exchange.request_id)
            refusal = internal_error()
            exchange.code = refusal.code
        return error_reply(refusal, exchange.address, exchange.request_id, exchange.host_id)

    async def _send(
        self,
        reply: Reply,
        scope: Message,
        intake: _Intake,
        gone: asyncio.Future[None],
        send: Send,
        exchange: _Exchange,
    ) -> None:
        """Send *reply* with the headers that every reply has."""
        own = {name.lower() for name, _ in reply.headers}
        headers = [("x-amz-request-id", exchange.request_id), ("x-amz-id-2", exchange.host_id)]
        headers = [header for header in headers if header[0] not in own]
        if "server" not in own:
            headers.append(("Server", "s3sql"))
        headers += reply.headers
        if isinstance(reply.body, bytes) and "content-length" not in own and reply.status not in (204, 304):
            headers.append(("Content-Length", str(len(reply.body))))
        # Of a body that nobody wants the rest would stand before the connection's next request.
        unread = not intake.complete
        if unread:
            headers.append(("Connection", "close"))
        head, patience = scope["method"] == "HEAD", self._settings.limits.body_time
        try:
            # Who waits for 100 Continue sends nothing once it has a reply.
            if unread and isinstance(reply.body, bytes) and "expect" not in exchange.headers:
                await send_early(reply, headers, intake, send, head=head, patience=patience)
                return
            intake.finish()
            await send_reply(reply, headers, gone, send, head=head, patience=patience)
        finally:
            await reply.end()


async def _checkpoint(reply: Reply) -> None:
    """End here if the client has gone away meanwhile, and the reply with it, which nobody would know of."""
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        await reply.end()
        raise


def _abort(scope: Message) -> None:
    """Close the connection at once, if the server lets us: who takes nothing would be waited for."""
    abort = _extension(scope, ABORT).get("abort")
    if abort is not None:
        abort()


def _extension(scope: Message, name: str) -> Message:
    """What the server gives under *name*; nothing if it does not."""
    found: Message = scope.get("extensions", {}).get(name, {})
    return found


def _has_body(headers: Headers) -> bool:
    """Whether the request announces a body."""
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip("0 ") != ""


def _is_local(scope: Message) -> bool:
    """Whether the client is on this machine."""
    client = scope.get("client")
    if client is None:
        # A Unix socket.
        return True
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _record(
    exchange: _Exchange, scope: Message, status: int, seconds: float, received: int, sent: int
) -> AccessRecord:
    """What the access log is told of an exchange; *status* is 0 if no reply was begun."""
    client, address = scope.get("client"), exchange.address
    return AccessRecord(
        request_id=exchange.request_id,
        client=client[0] if client else "",
        access_key=exchange.access_key,
        operation=exchange.operation,
        bucket=address.bucket if address is not None else None,
        key=address.key if address is not None else None,
        status=status,
        code=exchange.code,
        seconds=seconds,
        received=received,
        sent=sent,
        user_agent=exchange.headers.get("user-agent", ""),
        notes=exchange.notes,
    )
