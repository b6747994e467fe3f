"""How the body of a request goes on to the upstream.

In: a body that the endpoint decodes and verifies while it comes.  Out: what the upstream is told of it, and
the bytes as they go over the wire.

    the client sent            the upstream gets
    a body                     the same bytes, and the digest that the client gave or UNSIGNED-PAYLOAD
    chunks                     over TLS the bytes and UNSIGNED-PAYLOAD, else chunks signed anew
    chunks with a trailer      over TLS chunks without signatures, else chunks signed anew; the same trailer

The last piece of a body comes only after all its digests have been verified, so that a wrong body never gets
to its announced length upstream and nothing of it is stored. Chunks are sent because a trailer cannot go
without them, and because without TLS their signatures are all that protects the bytes.

Source: AWS S3 API Reference, "Signature calculations for the Authorization header: transferring payload in
multiple chunks" and the same with trailing headers.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from typing import Protocol

from starlette.datastructures import Headers

from s3sql.checksums import ALGORITHMS, DIGEST_BYTES, ChecksumAlgorithm
from s3sql.server.bodies.announced import AWS_CHUNKED, stored_content_encoding
from s3sql.server.exchange import Body, S3Request
from s3sql.server.signatures.chunks import TRAILER_SIGNATURE, ChunkSignatures
from s3sql.server.signatures.content_sha256 import (
    PAYLOADS,
    STREAMING_SIGNED,
    STREAMING_SIGNED_TRAILER,
    STREAMING_UNSIGNED_TRAILER,
    UNSIGNED_PAYLOAD,
)
from s3sql.server.signatures.signing import EMPTY_SHA256

#: Bytes of each chunk but the last; S3 asks for 8 KiB at least.
CHUNK_BYTES = 64 << 10

#: Operations of these methods take no body, and what comes all the same is not sent on.
_BODILESS = ("GET", "HEAD", "DELETE")

#: Operations whose body is the object, so that its length must be said even if it is 0.
_OBJECTS = ("PutObject", "UploadPart")

_CHUNK_SIGNATURE = ";chunk-signature="
_SIGNATURE_LENGTH = 64


class ForwardedBody(Protocol):
    """A body on its way to the upstream."""

    @property
    def content_sha256(self) -> str:
        """What ``x-amz-content-sha256`` says of it."""
        ...

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers that describe it and say where it ends."""
        ...

    def encoded(self, signatures: ChunkSignatures) -> AsyncGenerator[bytes, None]:
        """The bytes to send, once; *signatures* are those of chunks, behind that of the request.

        Raises:
            S3SelectError: as :meth:`s3sql.server.exchange.Body.chunks`.
        """
        ...


def forwarded_body(request: S3Request, *, secure: bool) -> ForwardedBody:
    """The body of *request* for an upstream that is reached over TLS (*secure*) or not."""
    if request.method in _BODILESS:
        return NoBody([])
    length = request.body.length
    if length is None and request.operation not in _OBJECTS:
        # A request that says nothing of a body has none.
        return NoBody([("content-length", "0")])
    sent = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    if sent not in PAYLOADS or sent == UNSIGNED_PAYLOAD:
        as_sent = ",".join(request.headers.getlist("content-encoding")) or None
        return PlainBody(request.body.chunks(), length or 0, sent, as_sent)
    coding = stored_content_encoding(request.headers)
    trailer = _trailer(request.headers)
    if secure and trailer is None:
        return PlainBody(request.body.chunks(), length or 0, UNSIGNED_PAYLOAD, coding)
    return ChunkedBody(request.body, length or 0, trailer, coding, signed=not secure)


def read_body(request: S3Request, contents: bytes) -> ForwardedBody:
    """The body of *request* that has been read, and verified, already."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield contents

    digest = hashlib.sha256(contents).hexdigest()
    plain = PlainBody(pieces(), len(contents), digest, stored_content_encoding(request.headers))
    trailer = _trailer(request.headers)
    if trailer is not None:
        plain.headers.append((_header_of(trailer), request.body.checksums[trailer]))
    return plain


class NoBody:
    """No body, and the *headers* that say so if any are needed."""

    content_sha256 = EMPTY_SHA256

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        self.headers = headers

    async def encoded(self, signatures: ChunkSignatures) -> AsyncGenerator[bytes, None]:
        """Nothing."""
        return
        yield


class PlainBody:
    """Bytes as they are."""

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        length: int,
        content_sha256: str,
        coding: str | None,
    ) -> None:
        self.content_sha256 = content_sha256
        self.headers = _headers(length, coding)
        self._pieces = pieces

    async def encoded(self, signatures: ChunkSignatures) -> AsyncGenerator[bytes, None]:
        """The bytes."""
        try:
            async for piece in self._pieces:
                yield piece
        finally:
            await self._pieces.aclose()


class ChunkedBody:
    """Bytes in chunks of aws-chunked, *signed* or not, and the checksum of *trailer* behind them."""

    def __init__(
        self,
        body: Body,
        length: int,
        trailer: ChecksumAlgorithm | None,
        coding: str | None,
        *,
        signed: bool,
    ) -> None:
        self._body = body
        self._trailer = trailer
        self._signed = signed
        if not signed:
            self.content_sha256 = STREAMING_UNSIGNED_TRAILER
        else:
            self.content_sha256 = STREAMING_SIGNED if trailer is None else STREAMING_SIGNED_TRAILER
        coding = AWS_CHUNKED if coding is None else f"{AWS_CHUNKED},{coding}"
        self.headers = _headers(self._encoded_length(length), coding)
        self.headers.append(("x-amz-decoded-content-length", str(length)))
        if trailer is not None:
            self.headers.append(("x-amz-trailer", _header_of(trailer)))

    async def encoded(self, signatures: ChunkSignatures) -> AsyncGenerator[bytes, None]:
        """The chunks, and what comes behind them."""
        waiting = bytearray()
        pieces = self._body.chunks()
        try:
            async for piece in pieces:
                waiting += piece
                while len(waiting) >= CHUNK_BYTES:
                    yield self._chunk(bytes(waiting[:CHUNK_BYTES]), signatures)
                    del waiting[:CHUNK_BYTES]
        finally:
            await pieces.aclose()
        if waiting:
            yield self._chunk(bytes(waiting), signatures)
        yield self._end(signatures)

    def _chunk(self, contents: bytes, signatures: ChunkSignatures) -> bytes:
        return b"".join((self._head(contents, signatures), contents, b"\r\n"))

    def _head(self, contents: bytes, signatures: ChunkSignatures) -> bytes:
        head = f"{len(contents):x}"
        if self._signed:
            head += _CHUNK_SIGNATURE + signatures.of_chunk(hashlib.sha256(contents).hexdigest())
        return f"{head}\r\n".encode()

    def _end(self, signatures: ChunkSignatures) -> bytes:
        """The empty chunk and the trailer."""
        lines: list[tuple[str, str]] = []
        last = self._head(b"", signatures)
        if self._trailer is not None:
            lines.append((_header_of(self._trailer), self._body.checksums[self._trailer]))
            if self._signed:
                lines.append((TRAILER_SIGNATURE, signatures.of_trailer(lines)))
        return b"".join((last, *(f"{name}:{value}\r\n".encode() for name, value in lines), b"\r\n"))

    def _encoded_length(self, length: int) -> int:
        """The bytes that *length* bytes become, trailer included."""
        full, rest = divmod(length, CHUNK_BYTES)
        total = sum(
            count * self._chunk_length(size) for count, size in ((full, CHUNK_BYTES), (1, rest)) if size
        )
        # The empty chunk ends behind the trailer.
        total += self._chunk_length(0)
        if self._trailer is not None:
            digest = (DIGEST_BYTES[self._trailer] + 2) // 3 * 4
            total += len(f"{_header_of(self._trailer)}:\r\n") + digest
            if self._signed:
                total += len(f"{TRAILER_SIGNATURE}:\r\n") + _SIGNATURE_LENGTH
        return total

    def _chunk_length(self, size: int) -> int:
        signature = len(_CHUNK_SIGNATURE) + _SIGNATURE_LENGTH if self._signed else 0
        return len(f"{size:x}\r\n\r\n") + signature + size


def _headers(length: int, coding: str | None) -> list[tuple[str, str]]:
    headers = [("content-length", str(length))]
    if coding is not None:
        headers.append(("content-encoding", coding))
    return headers


def _trailer(headers: Headers) -> ChecksumAlgorithm | None:
    """The checksum that the trailer of a body brings."""
    announced = headers.get("x-amz-trailer", "").strip(" ,").lower()
    return next((algorithm for algorithm in ALGORITHMS if _header_of(algorithm) == announced), None)


def _header_of(algorithm: ChecksumAlgorithm) -> str:
    return f"x-amz-checksum-{algorithm.lower()}"
