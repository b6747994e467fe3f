"""Compressed objects: stored bytes become text, piece by piece.

In: the bytes of an object and the CompressionType of the request.  Out: pieces of text of at most
:data:`PIECE_BYTES`, in order, so that memory stays bounded however much an object unpacks to.

Both formats are concatenations of members that can be read one by one::

    GZIP     | 1f 8b 08 … header | deflated text | CRC-32 | length |   RFC 1952, one member or many
    BZIP2    | BZh1 to BZh9 | blocks, each with its CRC | CRC |        one stream or many

Source of the rules: AWS S3 API Reference, InputSerialization (CompressionType). Choices: an object of no
bytes is a text of no bytes; zero bytes behind the last member are padding, as gzip(1) has it; anything else
there, a wrong checksum and a wrong length are ``TruncatedInput``, because rows may be missing, and so is an
object that ends inside a member. The text before such a fault counts: all of it when the object is cut
short, else all of it up to the piece in which the fault is found.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from typing import Literal, Protocol, TypeAlias, cast

from s3sql.errors import S3SelectError

try:
    from isal import isal_zlib as deflate
except ImportError:  # isal has no wheel for every platform; zlib takes about three times as long
    import zlib as deflate  # type: ignore[no-redef]

#: Most bytes of text in one piece.
PIECE_BYTES = 128 << 10

#: Bytes of the object read at a time.
_CHUNK_BYTES = 256 << 10

#: Most bytes a decompressor is given at a time: what it leaves, it copies.
_FEED_BYTES = 32 << 10

#: So far one can go back: a decompressor may have looked beyond the end of its member.
_BACK_BYTES = 64

#: A raw deflate stream: the header and the checksum around it are read here, so that a wrong checksum does
#: not cost the text before it.
_RAW_DEFLATE = -15

_INFLATE_ERROR: type[Exception] = cast("type[Exception]", deflate.error)

_GZIP_MAGIC = b"\x1f\x8b\x08"
_HAS_HEADER_CRC, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT = 0x02, 0x04, 0x08, 0x10
_RESERVED_FLAGS = 0xE0

_BZIP2_BLOCK = bytes.fromhex("314159265359")
_BZIP2_END = bytes.fromhex("177245385090")

Codec: TypeAlias = Literal["NONE", "GZIP", "BZIP2"]


class ByteSource(Protocol):
    """The stored bytes of an object."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the object ends."""
        ...


class CompressedBytes:
    """The stored bytes of an object, taken from the front. ``position``: offset of the next one."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        # The last bytes of the chunk before stand in front of the chunk.
        self._buffer = memoryview(bytearray(_BACK_BYTES + _CHUNK_BYTES))
        self._next = self._end = _BACK_BYTES
        self.position = 0

    def look(self, count: int) -> memoryview:
        """Some of the next *count* bytes; none only at the end of the object. Valid until the next look."""
        if self._next == self._end:
            self._buffer[:_BACK_BYTES] = bytes(self._buffer[self._end - _BACK_BYTES : self._end])
            read = self._source.read_into(self._buffer[_BACK_BYTES:], self.position)
            self._next, self._end = _BACK_BYTES, _BACK_BYTES + read
        return self._buffer[self._next : min(self._next + count, self._end)]

    def skip(self, count: int) -> None:
        """Go past *count* bytes of the last look, or back if negative, by :data:`_BACK_BYTES` at most."""
        self._next += count
        self.position += count

    def take(self, count: int) -> bytes:
        """The next *count* bytes, fewer only where the object ends."""
        taken = bytearray()
        while len(taken) < count:
            found = self.look(count - len(taken))
            if not found:
                break
            taken += found
            self.skip(len(found))
        return bytes(taken)


class Member(Protocol):
    """A member of a compressed object, whose first ``HEAD_BYTES`` have been taken and begin one."""

    HEAD_BYTES: int

    def __init__(self, head: bytes, compressed: CompressedBytes) -> None: ...

    @staticmethod
    def begins(head: bytes) -> bool:
        """Whether a member begins with *head*, which may be short where the object ends."""
        ...

    def decode(self) -> bytes:
        """The next piece of text; empty at the end of the member.

        Raises:
            S3SelectError: ``TruncatedInput``.
        """
        ...


class GzipMember:
    """A member of a GZIP object (RFC 1952)."""

    HEAD_BYTES = 10

    def __init__(self, head: bytes, compressed: CompressedBytes) -> None:
        """Read the rest of the header.

        Raises:
            S3SelectError: ``TruncatedInput`` when the object ends in it or its CRC is wrong.
        """
        self._compressed = compressed
        self._read_header(head)
        self._inflater = deflate.decompressobj(_RAW_DEFLATE)
        self._checksum = 0
        self._length = 0

    @staticmethod
    def begins(head: bytes) -> bool:
        """Whether the magic number, the method and the reserved flags are those of a member."""
        return _GZIP_MAGIC.startswith(head[:3]) and not (len(head) > 3 and head[3] & _RESERVED_FLAGS)

    def _read_header(self, head: bytes) -> None:
        """Go past the optional fields of the header."""
        flags = head[3]
        checksum = deflate.crc32(head)
        if flags & _HAS_EXTRA:
            length = _whole(self._compressed, 2, "GZIP")
            extra = _whole(self._compressed, int.from_bytes(length, "little"), "GZIP")
            checksum = deflate.crc32(extra, deflate.crc32(length, checksum))
        for flag in (_HAS_NAME, _HAS_COMMENT):
            if flags & flag:
                checksum = self._pass_text(checksum)
        if flags & _HAS_HEADER_CRC:
            stored = int.from_bytes(_whole(self._compressed, 2, "GZIP"), "little")
            if stored != checksum & 0xFFFF:
                raise _damaged("GZIP", self._compressed.position, "the header has another CRC")

    def _pass_text(self, checksum: int) -> int:
        """Go past a text that ends with a zero byte; return *checksum* with it added."""
        while True:
            found = bytes(self._compressed.look(_FEED_BYTES))
            if not found:
                raise _cut_short("GZIP", self._compressed.position)
            end = found.find(0) + 1
            part = found[: end or len(found)]
            checksum = deflate.crc32(part, checksum)
            self._compressed.skip(len(part))
            if end:
                return checksum

    def decode(self) -> bytes:
        """The next piece of text; empty at the end of the member, whose checksum is then verified.

        Raises:
            S3SelectError: ``TruncatedInput``.
        """
        inflater = self._inflater
        while not inflater.eof:
            fed = self._compressed.look(_FEED_BYTES)
            try:
                text: bytes = inflater.decompress(fed, PIECE_BYTES)
            except _INFLATE_ERROR as error:
                raise _damaged("GZIP", self._compressed.position, str(error)) from error
            # At the end, what isal took in its bit buffer comes back, be it of an earlier feed.
            left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            self._compressed.skip(len(fed) - len(left))
            if text:
                self._checksum = deflate.crc32(text, self._checksum)
                self._length += len(text)
                return text
            if not fed and not inflater.eof:
                raise _cut_short("GZIP", self._compressed.position)
        self._verify()
        return b""

    def _verify(self) -> None:
        """Compare the checksum and the length behind the deflated text with those of the text."""
        place = self._compressed.position
        trailer = _whole(self._compressed, 8, "GZIP")
        if int.from_bytes(trailer[:4], "little") != self._checksum:
            raise _damaged("GZIP", place, "the text before it has another CRC")
        if int.from_bytes(trailer[4:], "little") != self._length & 0xFFFFFFFF:
            raise _damaged("GZIP", place + 4, "the text before it has another length")


class Bzip2Member:
    """A stream of a BZIP2 object."""

    HEAD_BYTES = 10

    def __init__(self, head: bytes, compressed: CompressedBytes) -> None:
        self._compressed = compressed
        self._decompressor = bz2.BZ2Decompressor()
        # Too short for text: the magic numbers and nothing of the first block.
        self._decompressor.decompress(head)

    @staticmethod
    def begins(head: bytes) -> bool:
        """Whether the magic numbers of the stream and of its first block, or of its end, are there."""
        if not b"BZh".startswith(head[:3]) or head[3:4] not in b"123456789":
            return False
        return any(magic.startswith(head[4:]) for magic in (_BZIP2_BLOCK, _BZIP2_END))

    def decode(self) -> bytes:
        """The next piece of text; empty at the end of the stream.

        Raises:
            S3SelectError: ``TruncatedInput``.
        """
        decompressor = self._decompressor
        while not decompressor.eof:
            fed = self._compressed.look(_FEED_BYTES) if decompressor.needs_input else memoryview(b"")
            ended = decompressor.needs_input and not fed
            try:
                text = decompressor.decompress(fed, PIECE_BYTES)
            except (OSError, ValueError) as error:
                raise _damaged("BZIP2", self._compressed.position, str(error)) from error
            self._compressed.skip(len(fed) - len(decompressor.unused_data))
            if text:
                return text
            if ended and not decompressor.eof:
                raise _cut_short("BZIP2", self._compressed.position)
        return b""


_MEMBERS: dict[Codec, type[Member]] = {"GZIP": GzipMember, "BZIP2": Bzip2Member}


def decompress(compressed: CompressedBytes, codec: Codec) -> Iterator[bytes]:
    """The text of an object in pieces of 1 to :data:`PIECE_BYTES` bytes.

    Raises:
        S3SelectError: ``InvalidCompressionFormat`` when the object does not begin with a member,
            ``TruncatedInput`` when it ends in one, is damaged, or goes on with something else.
    """
    if codec == "NONE":
        while piece := compressed.take(PIECE_BYTES):
            yield piece
        return
    kind = _MEMBERS[codec]
    begun = False
    while compressed.look(1):
        place = compressed.position
        if begun and compressed.look(1)[0] == 0:
            _pass_padding(compressed, codec)
            return
        head = compressed.take(kind.HEAD_BYTES)
        if not kind.begins(head):
            raise _garbage(codec, place) if begun else _not_applicable(codec)
        if len(head) < kind.HEAD_BYTES:
            raise _cut_short(codec, compressed.position)
        member = kind(head, compressed)
        begun = True
        while text := member.decode():
            yield text


def _pass_padding(compressed: CompressedBytes, codec: Codec) -> None:
    """Go past the zero bytes up to the end of the object."""
    while found := bytes(compressed.look(_FEED_BYTES)):
        zeros = len(found) - len(found.lstrip(b"\0"))
        compressed.skip(zeros)
        if zeros < len(found):
            raise _garbage(codec, compressed.position)


def _whole(compressed: CompressedBytes, count: int, codec: Codec) -> bytes:
    """The next *count* bytes, all of them."""
    taken = compressed.take(count)
    if len(taken) < count:
        raise _cut_short(codec, compressed.position)
    return taken


def _not_applicable(codec: Codec) -> S3SelectError:
    return S3SelectError(
        "InvalidCompressionFormat",
        f"{codec} is not applicable to the queried object. Please correct the request and try again.",
    )


def _cut_short(codec: Codec, size: int) -> S3SelectError:
    return S3SelectError(
        "TruncatedInput",
        f"The {codec} data is cut short: the object ends at byte {size:,}, inside compressed data. Upload "
        "the whole object.",
    )


def _damaged(codec: Codec, place: int, reason: str) -> S3SelectError:
    return S3SelectError(
        "TruncatedInput",
        f"The {codec} data is damaged near byte {place:,} of the object: {reason}. Upload the object again.",
    )


def _garbage(codec: Codec, place: int) -> S3SelectError:
    return S3SelectError(
        "TruncatedInput",
        f"The {codec} data ends at byte {place:,}, but the object goes on with bytes that are neither "
        f"{codec} data nor zeros. Upload the object without them.",
    )
