"""Replies to operations that may take longer than a client waits for the first byte.

In: an operation under way.  Out: its reply; or, once it has taken a while, a reply with the status 200 that
has begun, in which blanks keep the connection alive until the document follows. An error that is found so
late is the document then, as the SDKs expect of S3: they look for it. Source: AWS S3 API Reference,
"CompleteMultipartUpload", "CopyObject".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine

from s3sql.errors import S3SelectError
from s3sql.server.error_document import error_reply, internal_error
from s3sql.server.exchange import Reply, S3Request

_log = logging.getLogger(__name__)

#: Seconds until a reply begins that has nothing to say, and between its blanks. (SDKs wait for 30 or 60.)
_BEAT = 10.0

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


async def kept_alive(
    request: S3Request, operation: Coroutine[None, None, Reply], beat: float = _BEAT
) -> Reply:
    """The reply of *operation*, whose body is a document.

    Raises:
        S3SelectError: what *operation* raises within *beat* seconds.
    """
    working = asyncio.ensure_future(operation)
    # Nobody may be left to hear how it ended.
    working.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    done, _ = await asyncio.wait({working}, timeout=beat)
    if done:
        return working.result()
    return Reply(200, [("Content-Type", "application/xml")], _late_document(request, working, beat))


async def _late_document(
    request: S3Request, working: asyncio.Future[Reply], beat: float
) -> AsyncGenerator[bytes, None]:
    """The document of an operation that has not ended."""
    yield _DECLARATION
    while not working.done():
        await asyncio.wait({working}, timeout=beat)
        yield b" "
    error = working.exception()
    if error is None:
        reply = working.result()
    else:
        if not isinstance(error, S3SelectError):
            _log.error("Request %s failed", request.request_id, exc_info=error)
            error = internal_error()
        request.notes["late_code"] = error.code
        reply = error_reply(error, request.address, request.request_id, "")
    assert isinstance(reply.body, bytes)
    yield reply.body.removeprefix(_DECLARATION)
