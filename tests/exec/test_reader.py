from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.errors import S3SelectError
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.reader import MorselReader
from s3sql.formats.base import Morsel
from s3sql.request import CsvInput
from tests.exec.lines import Source, csv_format, fails_at, reader_of


def taken(reader: MorselReader, pool: BufferPool) -> list[tuple[Morsel, bytes]]:
    """All morsels with their bytes."""
    found = []
    while (morsel := reader.next(wait=True)) is not None:
        found.append((morsel, morsel.buffer.array[: morsel.length].tobytes()))
        pool.give(morsel.buffer)
    assert reader.ended
    assert pool._taken == 0
    return found


lines = st.lists(st.integers(0, 60), max_size=80).map(lambda sizes: b"".join(b"x" * n + b"\n" for n in sizes))


@given(lines, st.binary(max_size=0) | st.just(b"last"), st.integers(64, 300), st.integers(64, 500))
def test_morsels_are_the_text_cut_at_record_ends(text: bytes, last: bytes, first: int, size: int) -> None:
    pool, source = BufferPool(), Source(text + last)
    morsels = taken(reader_of(source, pool, first=first, size=size), pool)
    assert b"".join(contents for _, contents in morsels) == source.text
    place = 0
    for number, (morsel, contents) in enumerate(morsels):
        assert morsel.start == place
        assert not morsel.uncut
        assert morsel.length <= size
        assert contents.endswith(b"\n") or number == len(morsels) - 1
        place += morsel.length
    # Forward, without gaps, each byte once: what is left over from a morsel is carried to the next.
    assert [offset for offset, _ in source.reads] == [
        sum(count for _, count in source.reads[:number]) for number in range(len(source.reads))
    ]


def test_the_first_morsel_is_small_and_the_next_ones_double() -> None:
    pool = BufferPool()
    morsels = taken(reader_of(Source(b"x\n" * 2000), pool, first=100, size=800), pool)
    lengths = [morsel.length for morsel, _ in morsels]
    assert lengths[:5] == [100, 200, 400, 800, 800]
    assert lengths[-1] <= 800
    assert sum(lengths) == 4000


def test_a_record_longer_than_a_first_morsel_is_read_on() -> None:
    pool = BufferPool()
    morsels = taken(reader_of(Source(b"x" * 150 + b"\n" + b"y\n" * 10), pool, first=64, size=1024), pool)
    assert morsels[0][1].startswith(b"x" * 150 + b"\n")


def test_without_a_record_end_a_morsel_is_not_cut() -> None:
    pool, source = BufferPool(), Source(b"x" * 10_000)
    reader = reader_of(source, pool, size=512)
    morsel = reader.next(wait=True)
    assert morsel is not None
    assert (morsel.length, morsel.uncut, morsel.at_end) == (512, True, False)
    assert sum(count for _, count in source.reads) == 512
    pool.give(morsel.buffer)


def test_a_restart_goes_on_at_the_offset_and_does_not_cut() -> None:
    pool = BufferPool()
    text = b"".join(b"%03d\n" % number for number in range(200))
    reader = reader_of(Source(text), pool, first=64, size=128)
    for _ in range(3):
        morsel = reader.next(wait=True)
        assert morsel is not None
        pool.give(morsel.buffer)
    reader.restart(40)
    assert reader.position == 40
    morsel = reader.next(wait=True)
    assert morsel is not None
    assert (morsel.start, morsel.length, morsel.uncut) == (40, 128, True)
    assert morsel.buffer.array[:4].tobytes() == b"010\n"
    pool.give(morsel.buffer)
    # The reader of the morsel says where its last record ends.
    reader.restart(40 + 124)
    rest = taken(reader, pool)
    assert b"".join(contents for _, contents in rest) == text[164:]
    assert [morsel.uncut for morsel, _ in rest][:2] == [True, False]


@pytest.mark.parametrize("begin", range(1, 13))
def test_a_span_begins_and_ends_at_record_ends(begin: int) -> None:
    text = b"aa\nbbb\nc\nd\n"
    ends = [0, 3, 7, 9, 11]
    for stop in range(begin + 1, 13):
        pool = BufferPool()
        reader = reader_of(Source(text), pool, begin=begin, stop=stop, aligned=False)
        got = b"".join(contents[: morsel.stop] for morsel, contents in taken(reader, pool))
        first = next((end for end in ends if end >= begin), 11)
        last = next((end for end in ends if end >= stop), 11)
        assert got == text[first:last], (begin, stop)


def test_a_span_that_ends_before_it_begins_is_empty() -> None:
    # A scan range within the header line.
    pool, source = BufferPool(), Source(b"a,b\n1,2\n")
    assert taken(reader_of(source, pool, begin=4, stop=3), pool) == []
    assert taken(reader_of(source, pool, begin=4, stop=4), pool) == []
    assert source.reads == []


def test_the_record_before_a_span_may_be_longer_than_a_morsel() -> None:
    pool = BufferPool()
    text = b"x" * 5000 + b"\r\nabc\r\n"
    for begin in (1, 600, 4990, 4999, 5000, 5001):
        reader = reader_of(
            Source(text), pool, inputs=CsvInput(record_delimiter="\r\n"), begin=begin, aligned=False, size=512
        )
        assert [contents for _, contents in taken(reader, pool)] == [b"abc\r\n"]


def test_no_buffer_no_morsel() -> None:
    pool = BufferPool(csv_format().room(256) + PADDING)
    reader = reader_of(Source(b"x\n" * 1000), pool)
    morsel = reader.next(wait=False)
    assert morsel is not None
    assert reader.next(wait=False) is None
    assert not reader.ended
    pool.give(morsel.buffer)
    assert reader.next(wait=False) is not None


def test_a_read_that_fails_leaves_no_buffer_out() -> None:
    pool = BufferPool()
    reader = reader_of(Source(b"x\n" * 1000, fails_at(64)), pool)
    morsel = reader.next(wait=True)
    assert morsel is not None
    pool.give(morsel.buffer)
    with pytest.raises(S3SelectError, match="away"):
        reader.next(wait=True)
    assert pool._taken == 0
    with pytest.raises(S3SelectError, match="away"):
        reader_of(Source(b"x\n" * 1000, fails_at(64)), pool, begin=100, aligned=False)
    assert pool._taken == 0


def test_a_span_is_read_forward_and_little_behind_it() -> None:
    pool, source = BufferPool(), Source(b"x" * 99 + b"\n" + b"abcdefg\n" * 20_000)
    reader = reader_of(source, pool, begin=50, stop=16_100, aligned=False, first=4096, size=65_536)
    got = b"".join(contents for _, contents in taken(reader, pool))
    assert got == b"abcdefg\n" * 2000
    offsets = [offset for offset, _ in source.reads]
    counts = [count for _, count in source.reads]
    # From the byte before the span on, each byte once.
    assert offsets == [49 + sum(counts[:number]) for number in range(len(counts))]
    assert 49 + sum(counts) <= 16_100 + 4096


@pytest.mark.parametrize("place", [90, 100, 101, 107, 108, 200])
def test_a_fault_while_the_span_is_looked_for_is_no_end(place: int) -> None:
    class Short(Source):
        def read_into(self, buffer: memoryview, offset: int) -> int:
            if offset >= place:
                raise S3SelectError("ServiceUnavailable", "The store is away.", status=503)
            return super().read_into(buffer[: place - offset], offset)

    pool, source = BufferPool(), Short(b"x" * 99 + b"\n" + b"abcdefg\n" * 50)
    if place < 100:
        with pytest.raises(S3SelectError, match="away"):
            reader_of(source, pool, begin=50, aligned=False)
        return
    reader = reader_of(source, pool, begin=50, stop=108, aligned=False)
    if place == 100:
        with pytest.raises(S3SelectError, match="away"):
            taken(reader, pool)
        return
    ((morsel, contents),) = taken(reader, pool)
    assert (morsel.fault is None) == (place >= 108)
    assert contents == (b"abcdefg\n" if place >= 108 else b"abcdefg\n"[: place - 100])
