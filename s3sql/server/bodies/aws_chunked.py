r"""The aws-chunked framing of a body, taken off as the bytes come.

In: pieces of the body, cut anywhere.  Out: the bytes of the object, and at the end the trailers.

    400;chunk-signature=0055…\r\n        size in hexadecimal, and in a signed body the chunk's signature
    <1,024 bytes>\r\n
    0;chunk-signature=b6c6…\r\n          the last chunk is empty
    x-amz-checksum-crc32c:sOO8/Q==\r\n   trailers, if any were announced
    x-amz-trailer-signature:d81f…\r\n    behind signed chunks only
    \r\n

Chunks without signatures are handed on as they come. A signed chunk is kept until its signature has been
verified, so it may not be larger than :data:`MAX_SIGNED_CHUNK_BYTES`. The trailers end where the body ends;
their lines may end in LF alone, as some clients write them.

Source: AWS S3 API Reference, "Signature calculations for the Authorization header: transferring payload in
multiple chunks" and "Signature calculations for trailing headers". The codes are those S3 was seen to give:
``IncompleteBody`` for broken framing, ``MalformedTrailerError`` for trailers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from enum import Enum, auto

from s3sql.errors import S3SelectError
from s3sql.server.signatures.chunks import TRAILER_SIGNATURE, ChunkSignatures

#: Longest line before a chunk; a signed one has about 100 bytes.
MAX_LINE_BYTES = 256
#: Most bytes of trailers, line ends included.
MAX_TRAILER_BYTES = 16 << 10
#: Largest chunk that is signed, since it is kept in memory.
MAX_SIGNED_CHUNK_BYTES = 16 << 20

_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})", re.ASCII)
_SIGNED_SIZE = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})", re.ASCII)
_TRAILER = re.compile(r"([a-zA-Z0-9-]+):[ \t]*(.*?)[ \t]*", re.ASCII)


class _Expected(Enum):
    """What comes next."""

    LINE = auto()
    CONTENTS = auto()
    LINE_END = auto()
    TRAILERS = auto()


class AwsChunkedDecoder:
    """One body. *length* is how many bytes it must have once decoded.

    *signatures*: the chain that every chunk must be in; None for chunks without signatures.
    *signed_trailer*: whether the chain goes on over the trailers.
    """

    def __init__(
        self, length: int, signatures: ChunkSignatures | None = None, *, signed_trailer: bool = False
    ) -> None:
        self._length = length
        self._signatures = signatures
        self._signed_trailer = signed_trailer
        self._expected = _Expected.LINE
        self._buffer = bytearray()
        self._decoded = 0
        self._remaining = 0
        self._last = False
        self._signature = ""
        self._sha256 = hashlib.sha256()

    def decode(self, piece: bytes) -> Iterator[bytes]:
        """The object's bytes in the next *piece* of the body, as far as they can be handed out.

        Raises:
            S3SelectError: ``IncompleteBody`` for framing that is none or a length other than declared,
                ``InvalidRequest`` for a signed chunk that is too large, ``SignatureDoesNotMatch``,
                ``MalformedTrailerError``.
        """
        position = 0
        while position < len(piece):
            if self._expected is _Expected.CONTENTS:
                contents = piece[position : position + self._remaining]
                position += len(contents)
                yield from self._take(contents)
            elif self._expected is _Expected.TRAILERS:
                self._collect(piece[position:], MAX_TRAILER_BYTES)
                position = len(piece)
            else:
                end = piece.find(b"\n", position) + 1 or len(piece)
                self._collect(piece[position:end], MAX_LINE_BYTES)
                position = end
                if self._buffer.endswith(b"\n"):
                    line = self._line()
                    if self._expected is _Expected.LINE:
                        yield from self._begin_chunk(line)
                    else:
                        self._end_chunk(line)

    def finish(self) -> list[tuple[str, str]]:
        """The trailers, by their names in lower case, at the end of the body.

        Raises:
            S3SelectError: as :meth:`decode`.
        """
        if self._expected is not _Expected.TRAILERS:
            raise _broken(
                f"ends behind {self._decoded:,} decoded bytes, and the empty chunk that ends it is not there"
            )
        trailers = self._trailers()
        if not self._signed_trailer:
            return trailers
        assert self._signatures is not None
        signature = dict(trailers).get(TRAILER_SIGNATURE)
        if signature is None:
            raise _malformed(f"The trailer lacks {TRAILER_SIGNATURE}.")
        signed = [(name, value) for name, value in trailers if name != TRAILER_SIGNATURE]
        self._signatures.verify_trailer(signed, signature)
        return signed

    def _collect(self, contents: bytes, most: int) -> None:
        """Keep a line, or the trailers, of which the end is not there yet."""
        if len(self._buffer) + len(contents) > most:
            if self._expected is _Expected.TRAILERS:
                raise _malformed(f"The trailer is longer than {most:,} bytes.")
            raise _broken(f"has no line end within {most} bytes where a chunk begins or ends")
        self._buffer += contents

    def _line(self) -> bytes:
        line = bytes(self._buffer)
        self._buffer.clear()
        if not line.endswith(b"\r\n"):
            raise _broken(f"has {line[:60]!r} where a line must end in CR LF")
        return line[:-2]

    def _begin_chunk(self, line: bytes) -> Iterator[bytes]:
        matched = (_SIGNED_SIZE if self._signatures is not None else _SIZE).fullmatch(line)
        if matched is None:
            form = "SIZE;chunk-signature=SIGNATURE" if self._signatures is not None else "SIZE"
            raise _broken(f"has {line[:60]!r} where a chunk begins; it must be {form}, in hexadecimal")
        size = int(matched[1], 16)
        if self._decoded + size > self._length:
            raise _broken(
                f"has more decoded bytes than the {self._length:,} that x-amz-decoded-content-length says"
            )
        if self._signatures is not None:
            if size > MAX_SIGNED_CHUNK_BYTES:
                raise S3SelectError(
                    "InvalidRequest",
                    f"A signed chunk of the body has {size:,} bytes; the most is "
                    f"{MAX_SIGNED_CHUNK_BYTES:,}. Send smaller chunks.",
                )
            self._signature = matched[2].decode()
            self._sha256 = hashlib.sha256()
        self._last = size == 0
        self._remaining = size
        self._expected = _Expected.CONTENTS
        if self._last:
            yield from self._end_contents()

    def _take(self, contents: bytes) -> Iterator[bytes]:
        self._remaining -= len(contents)
        self._decoded += len(contents)
        if self._signatures is None:
            yield contents
        else:
            self._sha256.update(contents)
            self._buffer += contents
        if not self._remaining:
            yield from self._end_contents()

    def _end_contents(self) -> Iterator[bytes]:
        """The chunk, if it was kept; its last byte has come."""
        if self._signatures is not None:
            self._signatures.verify_chunk(self._sha256.hexdigest(), self._signature)
            if self._buffer:
                yield bytes(self._buffer)
                self._buffer = bytearray()
        if not self._last:
            self._expected = _Expected.LINE_END
            return
        if self._decoded != self._length:
            raise _broken(
                f"has {self._decoded:,} decoded bytes, and x-amz-decoded-content-length says {self._length:,}"
            )
        self._expected = _Expected.TRAILERS

    def _end_chunk(self, line: bytes) -> None:
        if line:
            raise _broken(f"has {line[:60]!r} where a chunk ends; its size must be that of its contents")
        self._expected = _Expected.LINE

    def _trailers(self) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for line in self._buffer.decode("latin-1").split("\n"):
            line = line.removesuffix("\r")
            if not line:
                continue
            matched = _TRAILER.fullmatch(line)
            if matched is None:
                raise _malformed(
                    f"The trailer has the line {line[:60]!r}; it must be a name, ':' and a value."
                )
            name = matched[1].lower()
            if name in found:
                raise _malformed(f"The trailer has {name[:60]} twice.")
            found[name] = matched[2]
        return list(found.items())


def _broken(what: str) -> S3SelectError:
    return S3SelectError("IncompleteBody", f"The aws-chunked body {what}.")


def _malformed(message: str) -> S3SelectError:
    return S3SelectError("MalformedTrailerError", message)
