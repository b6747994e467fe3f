from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.eventstream.frame import encode_headers, encode_message
from s3sql.eventstream.messages import Cont, End, Failure, Message, Progress, Records, Stats
from s3sql.eventstream.reader import BrokenStreamError, read_events

ANSWER: list[Message] = [
    Records([b"1,2\n"]),
    Cont(),
    Progress(1, 2, 3),
    Records([b"3\n"]),
    Stats(4, 5, 6),
    End(),
]
WIRE = b"".join(message.frame() for message in ANSWER)
EVENTS = [
    {"Records": {"Payload": b"1,2\n"}},
    {"Cont": {}},
    {"Progress": {"Details": {"BytesScanned": 1, "BytesProcessed": 2, "BytesReturned": 3}}},
    {"Records": {"Payload": b"3\n"}},
    {"Stats": {"Details": {"BytesScanned": 4, "BytesProcessed": 5, "BytesReturned": 6}}},
    {"End": {}},
]


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("size", [1, 2, 11, 12, 13, 57, 100, 10_000])
def test_pieces_of_any_size_give_the_same_events(size: int) -> None:
    assert list(read_events(cut(WIRE, size))) == EVENTS


def test_a_whole_body_may_be_any_buffer() -> None:
    for body in (WIRE, bytearray(WIRE), memoryview(WIRE)):
        assert list(read_events(body)) == EVENTS


@given(st.integers(0, len(WIRE) - 1))
def test_a_body_cut_short_is_broken(length: int) -> None:
    with pytest.raises(BrokenStreamError, match="the stream stops"):
        list(read_events(WIRE[:length]))


@given(st.integers(0, len(WIRE) - 1), st.integers(0, 7))
def test_a_changed_bit_is_found(offset: int, bit: int) -> None:
    damaged = bytearray(WIRE)
    damaged[offset] ^= 1 << bit
    with pytest.raises(BrokenStreamError):
        list(read_events(damaged))


def test_an_error_message_is_raised_after_the_events_before_it() -> None:
    stream = read_events(Records([b"1\n"]).frame() + Failure("CastFailed", "zeile 2: ü").frame())
    assert next(stream) == {"Records": {"Payload": b"1\n"}}
    with pytest.raises(S3SelectError) as caught:
        next(stream)
    assert (caught.value.code, caught.value.message) == ("CastFailed", "zeile 2: ü")


def test_nothing_may_follow_end() -> None:
    with pytest.raises(BrokenStreamError, match=rf"a message follows End, at byte {len(WIRE)}"):
        list(read_events(WIRE + Cont().frame()))
    with pytest.raises(BrokenStreamError, match="within the message"):
        list(read_events(WIRE + b"\r\n"))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (encode_message(encode_headers([(":event-type", "Rows")])), "unknown type 'Rows'"),
        (encode_message(encode_headers([])), "unknown type None"),
        (encode_message(encode_headers([(":event-type", "End")] * 2)), "headers of the message"),
        (encode_message(b"\x01a\x00"), "header a of the message at byte 0 is not a string"),
        (encode_message(b"\x01a\x07\x00\x05ab"), "headers of the message"),
        (encode_message(b"\x09ab"), "headers of the message"),
        (encode_message(b"\x01a\x07\x00\x01\xff"), "headers of the message"),
        (encode_message(encode_headers([(":event-type", "Stats")]), [b"<Stats>"]), "counters"),
        (encode_message(encode_headers([(":event-type", "Stats")]), [b"<S><B>x</B></S>"]), "counters"),
        (encode_message(b"x" * 140_000), "claims 140,016 bytes, 140,000 of them headers"),
    ],
)
def test_what_is_not_an_answer_is_refused(message: bytes, reason: str) -> None:
    with pytest.raises(BrokenStreamError, match=reason):
        list(read_events(message))


def test_indented_counters_of_other_servers_are_read() -> None:
    payload = b"<?xml version='1.0'?>\n<Stats xmlns='u'>\n  <BytesScanned> 7\n</BytesScanned>\n</Stats>"
    headers = encode_headers([(":message-type", "event"), (":event-type", "Stats")])
    stream = read_events(encode_message(headers, [payload]) + End().frame())
    assert next(stream) == {"Stats": {"Details": {"BytesScanned": 7}}}
