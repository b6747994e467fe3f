"""The body of a request: decoded, bounded, and verified before its end is handed out.

In: ASGI's ``receive``, and what the headers say.  Out: pieces of the object's bytes.

    receive ─▶ in time? as long as announced? ─▶ aws-chunked off ─▶ pieces ─▶ digests ─▶ handed out,
                                                                              the last piece when all hold

Nothing is received before the first piece is asked for, so that a client which waits for ``100 Continue`` is
told to go on only when its request is otherwise in order.

Source: AWS S3 User Guide, "Checking object integrity for data uploads"; AWS S3 API Reference, "Error
responses".
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from starlette.datastructures import Headers

from s3sql.checksums import RunningChecksum, checksum_of, decoded_checksum
from s3sql.errors import S3SelectError
from s3sql.server.bodies.announced import ExpectedBody, expected_body
from s3sql.server.bodies.aws_chunked import AwsChunkedDecoder
from s3sql.server.exchange import in_thread
from s3sql.server.settings import Limits
from s3sql.server.signatures.content_sha256 import UNSIGNED_PAYLOAD, checked_payload
from s3sql.server.signatures.sigv4 import Authenticated
from s3sql.server.streaming import Receive

#: Bytes that are gathered before they are handed out: digests of so many are worth a call by a thread.
PIECE_BYTES = 256 << 10

#: Of fewer bytes the digests take less time than a thread takes to be told.
_THREAD_BYTES = 128 << 10

#: Checksums by kernels, which the first call in a process has to load or even to compile.
_BY_KERNEL = ("CRC32C", "CRC64NVME")

#: A client must send as many bytes in each ``Limits.body_time``; one byte a minute is no upload.
SLOWEST_BYTES = 1 << 10

#: Operations whose checksum headers describe the object that results, not the body.
_OF_WHOLE_OBJECT = ("CompleteMultipartUpload",)


class RequestBody:
    """A :class:`~s3sql.server.exchange.Body`, read once.

    Without a signature the body is checked against ``x-amz-content-sha256`` all the same, if that is a hash.
    """

    def __init__(
        self,
        receive: Receive,
        headers: Headers,
        authenticated: Authenticated | None,
        limits: Limits,
        operation: str | None = None,
    ) -> None:
        """Check what *headers* announce; nothing is received.

        Raises:
            S3SelectError: as :func:`~s3sql.server.bodies.announced.expected_body`; ``AccessDenied`` for
                chunks with signatures in a request without one.
        """
        content_sha256 = (
            authenticated.content_sha256
            if authenticated is not None
            else checked_payload(headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD))
        )
        self._receive = receive
        self._expected = expected_body(
            headers, content_sha256, limits, of_whole_object=operation in _OF_WHOLE_OBJECT
        )
        if self._expected.signed_chunks and authenticated is None:
            raise S3SelectError(
                "AccessDenied",
                "The chunks of the body are signed, and the request that they belong to is not.",
            )
        self._signatures = authenticated.chunk_signatures() if authenticated is not None else None
        self._body_time = limits.body_time
        self._checksums: dict[str, str] = {}
        self._trailers: list[tuple[str, str]] = []
        self._begun = False

    @property
    def length(self) -> int | None:
        """Bytes after decoding; None if the request does not say."""
        return self._expected.length

    @property
    def checksums(self) -> dict[str, str]:
        """The checksums that were sent and hold, by algorithm, once all has been read."""
        return dict(self._checksums)

    async def read(self, most: int) -> bytes:
        """All bytes; see :meth:`s3sql.server.exchange.Body.read`."""
        if self.length is not None and self.length > most:
            raise S3SelectError(
                "MaxMessageLengthExceeded",
                f"The request body is {self.length:,} bytes long; the most is {most:,} bytes.",
            )
        async with aclosing(self.chunks()) as pieces:
            return b"".join([piece async for piece in pieces])

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes, once; see :meth:`s3sql.server.exchange.Body.chunks`.

        Raises:
            S3SelectError: besides, ``MissingContentLength`` of a request that does not say whether it has a
                body.
        """
        assert not self._begun, "a body is read once"
        self._begun = True
        if self.length is None:
            raise S3SelectError(
                "MissingContentLength", "The request must have a Content-Length, which may be 0."
            )
        slow_to_begin = self._expected.algorithm in _BY_KERNEL
        digests = await in_thread(_Digests, self._expected) if slow_to_begin else _Digests(self._expected)
        held = b""
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if digests.running and (slow_to_begin or len(piece) >= _THREAD_BYTES):
                    await in_thread(digests.update, piece)
                else:
                    digests.update(piece)
                if held:
                    yield held
                held = piece
        self._checksums = digests.verified(self._trailers)
        if held:
            yield held

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        """The decoded bytes, gathered to pieces of some size."""
        gathered: list[bytes] = []
        size = 0
        async with aclosing(self._decoded()) as decoded:
            async for contents in decoded:
                gathered.append(contents)
                size += len(contents)
                if size >= PIECE_BYTES:
                    yield b"".join(gathered)
                    gathered, size = [], 0
        if size:
            yield b"".join(gathered)

    async def _decoded(self) -> AsyncGenerator[bytes, None]:
        expected = self._expected
        async with aclosing(self._received()) as received:
            if not expected.chunked:
                async for contents in received:
                    yield contents
                return
            assert expected.length is not None
            decoder = AwsChunkedDecoder(
                expected.length,
                self._signatures if expected.signed_chunks else None,
                signed_trailer=expected.signed_trailer,
            )
            async for contents in received:
                for part in decoder.decode(contents):
                    yield part
        self._trailers = decoder.finish()

    async def _received(self) -> AsyncGenerator[bytes, None]:
        """The bytes as they come over the wire, and that they come."""
        announced = self._expected.wire_length
        received = 0
        # Time that is spent waiting; what we do with the bytes is not the client's delay.
        waited, lately = 0.0, 0
        more = True
        while more:
            began = time.monotonic()
            try:
                async with asyncio.timeout(self._body_time - waited):
                    message = await self._receive()
            except TimeoutError as error:
                raise S3SelectError(
                    "RequestTimeout",
                    f"Of the body {received:,} bytes have come, and in {self._body_time:g} s fewer than "
                    f"{SLOWEST_BYTES:,} more.",
                ) from error
            if message["type"] != "http.request":
                raise _incomplete(received, announced)
            contents: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            received += len(contents)
            waited += time.monotonic() - began
            lately += len(contents)
            if lately >= SLOWEST_BYTES:
                waited, lately = 0.0, 0
            if announced is not None and (received > announced or (not more and received < announced)):
                raise _incomplete(received, announced)
            if contents:
                yield contents


class _Digests:
    """All digests that a body is checked against."""

    def __init__(self, expected: ExpectedBody) -> None:
        self._expected = expected
        self._sha256: Any = hashlib.sha256() if expected.sha256 is not None else None
        self._md5: Any = hashlib.md5(usedforsecurity=False) if expected.md5 is not None else None
        self._checksum = checksum_of(expected.algorithm) if expected.algorithm is not None else None
        everything: Sequence[RunningChecksum | Any | None] = (self._sha256, self._md5, self._checksum)
        self.running = [digest for digest in everything if digest is not None]

    def update(self, piece: bytes) -> None:
        """Take *piece* in."""
        for digest in self.running:
            digest.update(piece)

    def verified(self, trailers: Sequence[tuple[str, str]]) -> dict[str, str]:
        """The checksums that were sent, which hold, as all other digests do.

        Raises:
            S3SelectError: ``XAmzContentSHA256Mismatch``, ``BadDigest``, ``MalformedTrailerError``.
        """
        expected = self._expected
        if self._sha256 is not None and self._sha256.hexdigest() != expected.sha256:
            raise S3SelectError(
                "XAmzContentSHA256Mismatch",
                f"The SHA-256 of the body is {self._sha256.hexdigest()}, and x-amz-content-sha256 says "
                f"{expected.sha256}.",
            )
        if self._md5 is not None and self._md5.hexdigest() != expected.md5:
            raise S3SelectError(
                "BadDigest",
                f"The MD5 of the body is {self._md5.hexdigest()}, and Content-MD5 is the base64 text of "
                f"{expected.md5}.",
            )
        sent = self._sent_checksum(trailers)
        if expected.algorithm is None or sent is None or self._checksum is None:
            return {}
        if decoded_checksum(expected.algorithm, sent) != self._checksum.digest():
            raise S3SelectError(
                "BadDigest",
                f"The {expected.algorithm} of the body is {self._checksum.digest_base64()}, and {sent} was "
                "sent with it.",
            )
        return {expected.algorithm: self._checksum.digest_base64()}

    def _sent_checksum(self, trailers: Sequence[tuple[str, str]]) -> str | None:
        """The checksum from the header or the trailer; the trailer has what was announced and no more."""
        expected = self._expected
        announced = f"x-amz-checksum-{expected.algorithm}".lower() if expected.in_trailer else None
        names = [name for name, _ in trailers]
        if names != ([announced] if announced is not None else []):
            raise S3SelectError(
                "MalformedTrailerError",
                f"The trailer has {', '.join(names)[:80] or 'no header'}, and x-amz-trailer announces "
                f"{announced or 'none'}.",
            )
        if announced is None or expected.algorithm is None:
            return expected.checksum
        value = trailers[0][1]
        if decoded_checksum(expected.algorithm, value) is None:
            raise S3SelectError(
                "MalformedTrailerError", f"The value of {announced} in the trailer, {value[:80]!r}, is none."
            )
        return value


def _incomplete(received: int, announced: int | None) -> S3SelectError:
    length = f"Content-Length says {announced:,}" if announced is not None else "its end is missing"
    return S3SelectError("IncompleteBody", f"The body ended after {received:,} bytes, and {length}.")
