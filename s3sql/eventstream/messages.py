"""The kinds of messages S3 Select sends, each as bytes for the wire and as boto3's event dictionary.

    ( Records | Cont | Progress )*  Stats  End      success
    ( Records | Cont | Progress )*  Failure         failure after the stream has begun

Headers stand in the order AWS sends them; ``:content-type`` is never left out, since the AWS SDK for
Rust insists on it.  Source: AWS S3 API Reference, "SelectObjectContent", appendix "Response".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from s3sql.errors import S3SelectError
from s3sql.eventstream.frame import OVERHEAD, Buffer, encode_headers, encode_message, message_buffers
from s3sql.limits import MAX_FRAME_BYTES

#: One event in boto3's shape, such as ``{"Records": {"Payload": b"1,2\n"}}``.
Event: TypeAlias = dict[str, Any]


def _event_headers(event_type: str, content_type: str | None = None) -> bytes:
    headers = [(":message-type", "event"), (":event-type", event_type)]
    if content_type:
        headers.insert(1, (":content-type", content_type))
    return encode_headers(headers)


_RECORDS: Final = _event_headers("Records", "application/octet-stream")
_STATS: Final = _event_headers("Stats", "text/xml")
_PROGRESS: Final = _event_headers("Progress", "text/xml")
_CONT: Final = encode_message(_event_headers("Cont"))
_END: Final = encode_message(_event_headers("End"))

#: Most payload bytes of a Records message, so that its frame keeps to ``MAX_FRAME_BYTES``.
MAX_RECORDS_BYTES: Final = MAX_FRAME_BYTES - OVERHEAD - len(_RECORDS)


@dataclass(frozen=True, slots=True)
class Records:
    """Output bytes, in parts that follow each other; at least one byte."""

    parts: Sequence[Buffer]

    def frame(self) -> bytes:
        """The message for the wire."""
        return encode_message(_RECORDS, self.parts)

    def buffers(self) -> tuple[Buffer, ...]:
        """The message for the wire in buffers that follow each other; the output bytes are not copied."""
        return message_buffers(_RECORDS, self.parts)

    def event(self) -> Event:
        """The message in boto3's shape."""
        return {"Records": {"Payload": b"".join(self.parts)}}


@dataclass(frozen=True, slots=True)
class Counters:
    """Running totals in bytes: of the object read, of the object after decompression, of records sent."""

    scanned: int
    processed: int
    returned: int

    def _xml(self, name: str) -> bytes:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><{name}><BytesScanned>{self.scanned}</BytesScanned>'
            f"<BytesProcessed>{self.processed}</BytesProcessed>"
            f"<BytesReturned>{self.returned}</BytesReturned></{name}>"
        ).encode()

    def _details(self) -> dict[str, dict[str, int]]:
        return {
            "Details": {
                "BytesScanned": self.scanned,
                "BytesProcessed": self.processed,
                "BytesReturned": self.returned,
            }
        }


@dataclass(frozen=True, slots=True)
class Progress(Counters):
    """How far the query is; only sent when asked for."""

    def frame(self) -> bytes:
        """The message for the wire."""
        return encode_message(_PROGRESS, (self._xml("Progress"),))

    def event(self) -> Event:
        """The message in boto3's shape."""
        return {"Progress": self._details()}


@dataclass(frozen=True, slots=True)
class Stats(Counters):
    """The totals of a query that has succeeded."""

    def frame(self) -> bytes:
        """The message for the wire."""
        return encode_message(_STATS, (self._xml("Stats"),))

    def event(self) -> Event:
        """The message in boto3's shape."""
        return {"Stats": self._details()}


@dataclass(frozen=True, slots=True)
class Cont:
    """Nothing to send yet: keeps the connection alive."""

    def frame(self) -> bytes:
        """The message for the wire."""
        return _CONT

    def event(self) -> Event:
        """The message in boto3's shape."""
        return {"Cont": {}}


@dataclass(frozen=True, slots=True)
class End:
    """The last message of a complete answer."""

    def frame(self) -> bytes:
        """The message for the wire."""
        return _END

    def event(self) -> Event:
        """The message in boto3's shape."""
        return {"End": {}}


@dataclass(frozen=True, slots=True)
class Failure:
    """The last message of an answer that could not be completed; ``error`` never leaves the process."""

    code: str
    message: str
    error: S3SelectError | None = field(default=None, compare=False, repr=False)

    def frame(self) -> bytes:
        """The message for the wire."""
        return encode_message(
            encode_headers(
                [(":message-type", "error"), (":error-code", self.code), (":error-message", self.message)]
            )
        )

    def event(self) -> Event:
        """Raise the failure: boto3 has no event for it.

        Raises:
            S3SelectError: always: ``error``, else one with the code and message of the failure.
        """
        raise self.error or S3SelectError(self.code, self.message)


Message: TypeAlias = Records | Progress | Stats | Cont | End | Failure
