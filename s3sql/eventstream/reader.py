"""A response stream of S3 Select read back: bytes in, boto3's event dictionaries out.

In: the bytes of a response body, whole or in pieces of any size.  Out: the events in order, after every
length and both checksums of each message have been checked.  A stream without End is an error, since
only End says that the answer is complete.  Source: AWS S3 API Reference, "SelectObjectContent", appendix
"Response".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree import ElementTree

from s3sql.errors import S3SelectError
from s3sql.eventstream.frame import CHECKSUM, LENGTHS, OVERHEAD, STRING, Buffer, crc32
from s3sql.eventstream.messages import Event

#: Most bytes of headers and of payload in a message of the format; other AWS readers have the same bounds.
MAX_HEADERS_BYTES: Final = 128 << 10
MAX_PAYLOAD_BYTES: Final = 24 << 20

_PRELUDE_BYTES: Final = 12


class BrokenStreamError(ValueError):
    """The bytes are not a complete, undamaged answer; says what is wrong and at which byte (from 0)."""


def read_events(body: Buffer | Iterable[Buffer]) -> Iterator[Event]:
    """The events of the response *body* in boto3's shapes, End included.

    Raises:
        S3SelectError: an error message in the stream, after the events before it.
        BrokenStreamError: damage, bytes after End, or no End.
    """
    pieces = [body] if isinstance(body, bytes | bytearray | memoryview) else body
    finished = False
    for offset, headers, payload in _messages(pieces):
        if finished:
            raise BrokenStreamError(f"a message follows End, at byte {offset:,}")
        if headers.get(":message-type") == "error":
            raise S3SelectError(headers.get(":error-code", "InternalError"), headers.get(":error-message"))
        event_type = headers.get(":event-type")
        if event_type == "Records":
            yield {"Records": {"Payload": payload}}
        elif event_type in ("Stats", "Progress"):
            yield {event_type: {"Details": _details(payload, offset)}}
        elif event_type in ("Cont", "End"):
            yield {event_type: {}}
            finished = event_type == "End"
        else:
            raise BrokenStreamError(f"the message at byte {offset:,} is of the unknown type {event_type!r}")
    if not finished:
        raise BrokenStreamError("the stream stops without End: the answer is incomplete")


def _details(payload: bytes, offset: int) -> dict[str, int]:
    try:
        root = ElementTree.fromstring(payload)
        return {child.tag.rpartition("}")[2]: int(child.text or "") for child in root}
    except (ElementTree.ParseError, ValueError) as error:
        raise BrokenStreamError(f"the counters of the message at byte {offset:,} are not readable") from error


def _messages(pieces: Iterable[Buffer]) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """Offset, headers and payload of each message."""
    waiting = bytearray()
    offset = 0
    for piece in pieces:
        waiting += piece
        start = 0
        while len(waiting) - start >= _PRELUDE_BYTES:
            total, headers_length = _checked_lengths(waiting[start : start + _PRELUDE_BYTES], offset)
            if len(waiting) - start < total:
                break
            message = bytes(memoryview(waiting)[start : start + total])
            if crc32(memoryview(message)[:-4]) != CHECKSUM.unpack_from(message, total - 4)[0]:
                raise BrokenStreamError(f"the checksum of the message at byte {offset:,} does not match")
            headers_end = _PRELUDE_BYTES + headers_length
            headers = _headers(message[_PRELUDE_BYTES:headers_end], offset)
            yield offset, headers, message[headers_end:-4]
            start += total
            offset += total
        del waiting[:start]
    if waiting:
        raise BrokenStreamError(f"the stream stops within the message at byte {offset:,}")


def _checked_lengths(prelude: bytearray, offset: int) -> tuple[int, int]:
    total, headers_length = LENGTHS.unpack_from(prelude)
    if crc32(prelude[:8]) != CHECKSUM.unpack_from(prelude, 8)[0]:
        raise BrokenStreamError(
            f"the checksum of the lengths of the message at byte {offset:,} does not match"
        )
    payload_length = total - headers_length - OVERHEAD
    if headers_length > MAX_HEADERS_BYTES or not 0 <= payload_length <= MAX_PAYLOAD_BYTES:
        raise BrokenStreamError(
            f"the message at byte {offset:,} claims {total:,} bytes, {headers_length:,} of them headers"
        )
    return total, headers_length


def _headers(encoded: bytes, offset: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(encoded):
            name_end = at + 1 + encoded[at]
            name = encoded[at + 1 : name_end].decode("ascii")
            if encoded[name_end] != STRING:
                raise BrokenStreamError(
                    f"the header {name} of the message at byte {offset:,} is not a string"
                )
            value_start = name_end + 3
            at = value_start + int.from_bytes(encoded[name_end + 1 : value_start], "big")
            if at > len(encoded) or name in headers:
                raise BrokenStreamError(f"the headers of the message at byte {offset:,} are not readable")
            headers[name] = encoded[value_start:at].decode("utf-8")
    except (IndexError, UnicodeDecodeError) as error:
        raise BrokenStreamError(f"the headers of the message at byte {offset:,} are not readable") from error
    return headers
