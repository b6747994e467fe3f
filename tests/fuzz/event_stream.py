"""Target ``stream``: a response body, by the first byte raw, of frames with right checksums, or our own."""

from __future__ import annotations

import numpy as np
from botocore.eventstream import EventStreamBuffer, ParserError

from s3sql.errors import S3SelectError
from s3sql.eventstream.frame import encode_headers, encode_message
from s3sql.eventstream.reader import BrokenStreamError, read_events
from s3sql.eventstream.writer import Chunk, frames
from tests.fuzz.draws import Draws

WORDS: tuple[str, ...] = (
    *(":message-type", ":event-type", ":content-type", ":error-code", ":error-message", "event", "error"),
    *("Records", "Stats", "Progress", "Cont", "End", "<Stats><BytesScanned>1</BytesScanned></Stats>"),
)

_NAMES = (":event-type", ":message-type", ":content-type", ":error-code", ":error-message", "x")
_VALUES = ("Records", "event", "End", "Stats", "Progress", "Cont", "error", "InternalError", "", "é")


def check(data: bytes) -> None:
    """The events do not depend on the pieces that the body comes in; damage is told as such."""
    draws = Draws(data)
    match draws.below(3):
        case 0:
            size = 1 + draws.byte()
            _check_reading(draws.rest(), size)
        case 1:
            size = 1 + draws.byte()
            body = b""
            while not draws.over:
                body += _frame(draws)
            _check_reading(body, size)
        case _:
            _check_round_trip(draws)


def _frame(draws: Draws) -> bytes:
    headers = b""
    for _ in range(draws.below(4)):
        headers += encode_headers([(draws.pick(_NAMES), draws.pick(_VALUES))])
    if draws.below(8) == 7:
        headers += draws.take(draws.below(16))
    return encode_message(headers, [draws.take(draws.byte())])


def _check_reading(body: bytes, size: int) -> None:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    whole = _events(body)
    assert _events(pieces) == whole
    events, fault = whole
    if fault is None:
        theirs = [message.payload for message in _messages_of_botocore(body)]
        ours = [event["Records"]["Payload"] for event in events if "Records" in event]
        assert [payload for payload in ours if payload not in theirs] == []
        assert "End" in events[-1]


def _events(body: bytes | list[bytes]) -> tuple[list[dict[str, dict[str, object]]], str | None]:
    """The events, and what ended them too early."""
    events: list[dict[str, dict[str, object]]] = []
    try:
        for event in read_events(body):
            events.append(dict(event))  # type: ignore[call-overload]
    except (S3SelectError, BrokenStreamError) as error:
        return events, str(error)
    return events, None


def _messages_of_botocore(body: bytes) -> list[object]:
    buffer = EventStreamBuffer()
    buffer.add_data(body)
    try:
        return list(buffer)
    except ParserError as error:
        raise AssertionError("botocore cannot read what we can") from error


def _check_round_trip(draws: Draws) -> None:
    """Records that the writer was given come back, in order and whole."""
    chunks: list[Chunk | None] = []
    payload = b""
    total = 0
    while not draws.over:
        lengths = [draws.byte() for _ in range(draws.below(5))]
        if draws.below(16) == 15:
            chunks.append(None)
            continue
        if lengths and draws.below(32) == 31:
            lengths[0] *= 1000
        text = b"".join((draws.take(1) or b"x") * length for length in lengths)
        ends = np.cumsum(np.array(lengths, np.int64)) if lengths else np.zeros(0, np.int64)
        total += len(text)
        chunks.append(Chunk(text, ends, total, total))
        payload += text
    events = list(read_events(frames(iter(chunks))))
    found = b"".join(event["Records"]["Payload"] for event in events if "Records" in event)
    assert found == payload
    assert [name for event in events for name in event][-2:] == ["Stats", "End"]
