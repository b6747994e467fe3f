"""One message of the event-stream format as bytes.

In: headers and a payload in parts.  Out: the message in buffers, the payload not copied, or as ``bytes``::

    total length T (4) | headers length H (4) | CRC of the 8 bytes before (4)
    headers (H) | payload (T - H - 16) | CRC of everything before (4)

All integers are big-endian; CRC is CRC-32 as in zlib.  Source: AWS S3 API Reference,
"SelectObjectContent", appendix "Response".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final, TypeAlias

try:
    from isal.isal_zlib import crc32 as crc32
except ImportError:  # isal has no wheel for every platform; zlib is 10 to 30 times slower, and always there
    from zlib import crc32 as crc32

Buffer: TypeAlias = bytes | bytearray | memoryview

#: Bytes of a message besides its headers and payload.
OVERHEAD: Final = 16

#: Most bytes of UTF-8 in the value of one header.
MAX_HEADER_VALUE_BYTES: Final = 65_535

#: The type byte of a header value that is a string, the only type S3 Select uses.
STRING: Final = 7

LENGTHS: Final = Struct(">II")
CHECKSUM: Final = Struct(">I")


def encode_headers(headers: Iterable[tuple[str, str]]) -> bytes:
    """The headers of a message, in the order given.

    A value longer than :data:`MAX_HEADER_VALUE_BYTES` is cut at the border of a character.
    """
    parts = []
    for name, value in headers:
        encoded_name = name.encode("ascii")
        encoded_value = _cut(value.encode("utf-8", "replace"))
        parts.append(bytes((len(encoded_name),)) + encoded_name)
        parts.append(bytes((STRING,)) + len(encoded_value).to_bytes(2, "big") + encoded_value)
    return b"".join(parts)


def encode_message(headers: bytes, payload: Sequence[Buffer] = ()) -> bytes:
    """One message with the encoded *headers* and a payload made of parts that follow each other."""
    return b"".join(message_buffers(headers, payload))


def message_buffers(headers: bytes, payload: Sequence[Buffer]) -> tuple[Buffer, ...]:
    """The same in buffers that follow each other, those of *payload* among them."""
    payload_length = sum(map(len, payload))
    lengths = LENGTHS.pack(OVERHEAD + len(headers) + payload_length, len(headers))
    head = lengths + CHECKSUM.pack(crc32(lengths)) + headers
    checksum = crc32(head)
    for part in payload:
        checksum = crc32(part, checksum)
    return (head, *payload, CHECKSUM.pack(checksum))


def _cut(value: bytes) -> bytes:
    if len(value) <= MAX_HEADER_VALUE_BYTES:
        return value
    return value[: character_start(value, MAX_HEADER_VALUE_BYTES)]


def character_start(text: Buffer, offset: int) -> int:
    """The largest offset not above *offset* at which a character of the UTF-8 *text* starts.

    *offset* lies inside *text*.  Bytes that are not UTF-8 are given up on after three, the most that can
    belong to one character.
    """
    for start in range(offset, max(offset - 4, -1), -1):
        if text[start] & 0xC0 != 0x80:
            return start
    return offset
