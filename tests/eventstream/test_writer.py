from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.eventstream.messages import MAX_RECORDS_BYTES, Event
from s3sql.eventstream.reader import read_events
from s3sql.eventstream.writer import Chunk, Chunks, events, frame_buffers, frames
from s3sql.limits import MAX_FRAME_BYTES


def chunk(*records: bytes, scanned: int = 0, processed: int = 0) -> Chunk:
    ends = np.cumsum([len(record) for record in records], dtype=np.int32)
    return Chunk(b"".join(records), ends, scanned, processed)


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pace(self, items: Sequence[Chunk | None], seconds: float) -> Chunks:
        """*items*, each after *seconds*, the first one at once."""
        for number, item in enumerate(items):
            self.now += seconds if number else 0
            yield item


def failing(items: Sequence[Chunk | None], error: Exception) -> Chunks:
    yield from items
    raise error


def collected(stream: Iterator[Event]) -> tuple[list[Event], S3SelectError | None]:
    found = []
    try:
        for event in stream:
            found.append(event)
    except S3SelectError as error:
        return found, error
    return found, None


def payloads(found: Sequence[Event]) -> list[bytes]:
    return [event["Records"]["Payload"] for event in found if "Records" in event]


def kinds(found: Sequence[Event]) -> list[str]:
    return [next(iter(event)) for event in found]


def test_a_small_answer_is_records_stats_end() -> None:
    items = [chunk(b"1\n", b"2\n", scanned=5, processed=7), chunk(b"3\n", scanned=9, processed=12)]
    assert list(events(iter(items))) == [
        {"Records": {"Payload": b"1\n2\n3\n"}},
        {"Stats": {"Details": {"BytesScanned": 9, "BytesProcessed": 12, "BytesReturned": 6}}},
        {"End": {}},
    ]


def test_no_rows_are_stats_end() -> None:
    assert kinds(list(events(iter([chunk(scanned=3, processed=3)])))) == ["Stats", "End"]
    assert next(events(iter([]))) == {
        "Stats": {"Details": {"BytesScanned": 0, "BytesProcessed": 0, "BytesReturned": 0}}
    }


records = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.integers(1, 400_000).map(lambda size: b"x" * (size - 1) + b"\n"),
    st.integers(1, 100_000).map(lambda size: "€".encode() * size + b"\n"),
    st.sampled_from([MAX_RECORDS_BYTES - 1, MAX_RECORDS_BYTES, MAX_RECORDS_BYTES + 1]).map(
        lambda n: b"y" * n
    ),
)


@given(st.lists(st.lists(records, max_size=6), max_size=4), st.booleans())
def test_buffers_are_the_frames_and_hold_the_output_itself(
    written: list[list[bytes]], progress: bool
) -> None:
    chunks = [chunk(*part) for part in written]
    found = list(frame_buffers(iter(chunks), progress=progress))
    assert [b"".join(buffers) for buffers in found] == list(frames(iter(chunks), progress=progress))
    parts = [part for buffers in found for part in buffers if isinstance(part, memoryview)]
    assert sum(map(len, parts)) == sum(len(record) for part in written for record in part)
    outputs = [memoryview(made.payload).obj for made in chunks]
    assert all(any(part.obj is output for output in outputs) for part in parts), "not a copy"


@given(st.lists(st.lists(records, max_size=6), max_size=4))
def test_frames_hold_whole_records_and_lose_nothing(written: list[list[bytes]]) -> None:
    sent = list(frames(iter([chunk(*part) for part in written])))
    assert max(map(len, sent)) <= MAX_FRAME_BYTES
    found = list(read_events(sent))
    output = b"".join(record for part in written for record in part)
    assert b"".join(payloads(found)) == output
    assert found[-2]["Stats"]["Details"]["BytesReturned"] == len(output)
    assert all(payloads(found))
    # A border within a record is only where the record is longer than a frame.
    ends = np.cumsum([len(record) for part in written for record in part] or [0])
    border = 0
    for payload in payloads(found):
        border += len(payload)
        following = int(ends.searchsorted(border))
        if ends[following] != border:
            assert ends[following] - (ends[following - 1] if following else 0) > MAX_RECORDS_BYTES


@given(st.lists(st.integers(1, 150_000), min_size=1, max_size=6))
def test_no_frame_is_smaller_than_it_must_be(sizes: list[int]) -> None:
    found = payloads(list(events(iter([chunk(b"x" * size) for size in sizes]))))
    for one, following in pairwise(found):
        assert len(one) + len(following) > MAX_RECORDS_BYTES


def test_records_that_just_fit_fill_a_frame() -> None:
    half = b"x" * (MAX_RECORDS_BYTES // 2)
    rest = b"y" * (MAX_RECORDS_BYTES - len(half))
    found = payloads(list(events(iter([chunk(half, rest, b"z"), chunk(half, rest), chunk(b"z")]))))
    assert [len(payload) for payload in found] == [MAX_RECORDS_BYTES, len(half) + 1, len(rest) + 1]


def test_a_long_record_is_cut_between_characters() -> None:
    record = ("x" + "€" * 100_000 + "\n").encode()
    found = payloads(list(events(iter([chunk(b"a\n", record, b"b\n")]))))
    assert [payload.decode()[-1] for payload in found] == ["\n", "€", "€", "\n"]
    assert found[0] == b"a\n"
    assert found[-1].endswith("€\nb\n".encode())


def test_numpy_and_64_bit_offsets_are_taken() -> None:
    payload = np.frombuffer(b"ab\ncd\n", dtype=np.uint8)
    item = Chunk(memoryview(payload), np.array([3, 6], dtype=np.int64), 1, 1)
    assert payloads(list(events(iter([item])))) == [b"ab\ncd\n"]


@given(
    st.lists(st.one_of(st.none(), st.lists(records, max_size=3)), max_size=6),
    st.booleans(),
    st.floats(0.1, 3),
    st.booleans(),
)
def test_both_forms_of_an_answer_are_the_same(
    written: list[list[bytes] | None], progress: bool, seconds: float, fails: bool
) -> None:
    items = [None if part is None else chunk(*part, scanned=3, processed=4) for part in written]

    def source(clock: Clock) -> Chunks:
        yield None
        yield from clock.pace(items, seconds)
        if fails:
            raise S3SelectError("CastFailed", "row 3: ü")

    one, other = Clock(), Clock()
    on_the_wire = list(frames(source(one), progress=progress, clock=one))
    in_process = collected(events(source(other), progress=progress, clock=other))
    read_back = collected(read_events(on_the_wire))
    assert read_back[0] == in_process[0]
    assert str(read_back[1]) == str(in_process[1])
    decoder = EventStreamBuffer()
    for frame in on_the_wire:
        decoder.add_data(frame)
    types = [message.headers.get(":event-type", "error") for message in decoder]
    assert types == kinds(in_process[0]) + (["error"] if fails else [])


def test_silence_brings_cont_after_a_second_and_not_before() -> None:
    clock = Clock()
    found = kinds(list(events(clock.pace([None] * 13, 0.25), clock=clock)))
    assert found == ["Cont", "Cont", "Cont", "Stats", "End"]
    assert kinds(list(events(clock.pace([None] * 4, 0.25), clock=clock))) == ["Stats", "End"]


def test_no_cont_for_those_who_cannot_read_it() -> None:
    clock = Clock()
    assert kinds(list(events(clock.pace([None] * 9, 1), keep_alive=False, clock=clock))) == ["Stats", "End"]


def test_finished_records_wait_half_a_second_at_most() -> None:
    clock = Clock()
    found = list(events(clock.pace([chunk(b"1\n"), None, None, None, chunk(b"2\n")], 0.25), clock=clock))
    assert payloads(found) == [b"1\n", b"2\n"]
    assert kinds(found) == ["Records", "Records", "Stats", "End"]


def test_slow_chunks_without_a_heartbeat_are_sent_too() -> None:
    clock = Clock()
    found = events(clock.pace([chunk(b"%d\n" % number) for number in range(9)], 0.2), clock=clock)
    assert payloads(list(found)) == [b"0\n1\n2\n3\n", b"4\n5\n6\n7\n", b"8\n"]


def test_records_are_sent_rather_than_cont() -> None:
    clock = Clock()
    found = kinds(list(events(clock.pace([None, None, None, chunk(b"1\n"), None], 0.3), clock=clock)))
    assert found == ["Records", "Stats", "End"]


def test_a_slow_client_is_no_silence() -> None:
    clock = Clock()
    found = []
    for event in events(iter([chunk(b"x" * MAX_RECORDS_BYTES, b"y\n"), None, chunk(b"z\n")]), clock=clock):
        found.append(event)
        clock.now += 60
    assert kinds(found) == ["Records", "Records", "Stats", "End"]
    assert payloads(found)[1] == b"y\nz\n"


def test_progress_comes_every_second_and_before_stats() -> None:
    clock = Clock()
    items = [chunk(b"1\n", scanned=10, processed=20), *[None] * 8, chunk(scanned=30, processed=40)]
    found = list(events(clock.pace(items, 0.25), progress=True, clock=clock))
    assert kinds(found) == ["Records", "Progress", "Progress", "Progress", "Stats", "End"]
    assert [event["Progress"]["Details"] for event in found if "Progress" in event] == [
        {"BytesScanned": 10, "BytesProcessed": 20, "BytesReturned": 2},
        {"BytesScanned": 10, "BytesProcessed": 20, "BytesReturned": 2},
        {"BytesScanned": 30, "BytesProcessed": 40, "BytesReturned": 2},
    ]


def test_an_error_comes_after_the_records_before_it() -> None:
    found, error = collected(events(failing([chunk(b"1\n")], S3SelectError("CastFailed", "row 2"))))
    assert found == [{"Records": {"Payload": b"1\n"}}]
    assert error is not None
    assert (error.code, error.message) == ("CastFailed", "row 2")
    assert len(list(frames(failing([None], S3SelectError("CastFailed"))))) == 1


def test_an_unexpected_exception_is_an_internal_error_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found, error = collected(events(failing([chunk(b"1\n")], ZeroDivisionError("secret"))))
    assert payloads(found) == [b"1\n"]
    assert error is not None
    assert (error.code, "secret" in error.message) == ("InternalError", False)
    assert "secret" in caplog.text


@pytest.mark.parametrize("error", [S3SelectError("MissingHeaders"), ZeroDivisionError()])
def test_what_the_first_step_raises_comes_before_the_stream(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        frames(failing([], error))
    assert caught.value is error


def test_closing_the_stream_closes_its_source() -> None:
    closed = []

    def source() -> Chunks:
        try:
            while True:
                yield chunk(b"x" * MAX_RECORDS_BYTES)
        finally:
            closed.append(True)

    unread = frames(source())
    unread.close()
    read = events(source())
    next(read)
    read.close()
    assert closed == [True, True]
