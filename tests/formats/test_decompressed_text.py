from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats.compression import PIECE_BYTES
from s3sql.formats.decompressed_text import AHEAD_BYTES, DecompressedText
from s3sql.limits import MORSEL_BYTES
from s3sql.stores.memory import BytesObject

TEXT = b"".join(b"%d,%d\n" % (n, n * n) for n in range(700_000))
STORED = gzip.compress(TEXT, 1)


@contextmanager
def opened(stored: bytes = STORED) -> Iterator[DecompressedText]:
    text = DecompressedText(BytesObject(stored), "GZIP")
    try:
        yield text
    finally:
        text.close()
        assert running() == []


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "s3sql-decompress"]


def read_into(text: DecompressedText, offset: int, length: int) -> bytes:
    buffer = bytearray(length)
    return bytes(buffer[: text.read_into(memoryview(buffer), offset)])


def read_all(text: DecompressedText) -> tuple[bytes, S3SelectError]:
    """The text before the fault, and the fault."""
    read = b""
    try:
        while True:
            found = read_into(text, len(read), 200_000)
            assert found, "the text ends without a fault"
            read += found
    except S3SelectError as fault:
        return read, fault


def test_reads_forward_to_the_end() -> None:
    with opened() as text:
        assert text.size is None
        read = b""
        while found := read_into(text, len(read), MORSEL_BYTES):
            read += found
        assert (read == TEXT, text.size) == (True, len(TEXT))
        assert read_into(text, len(TEXT), 1) == b""
        assert read_into(text, len(TEXT) + 9, 1) == b""
        assert text.advance(len(TEXT)) == len(STORED)


def test_the_first_morsel_needs_no_thread() -> None:
    with opened() as text:
        assert text.read(0, 1 << 20) == TEXT[: 1 << 20]
        assert running() == []
        assert read_into(text, 0, 128 << 10) == TEXT[: 128 << 10]
        assert running() == []
        assert read_into(text, 128 << 10, 256 << 10) == TEXT[128 << 10 : 384 << 10]
        assert len(running()) == 1


@given(
    reads=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 400_000), st.booleans()), max_size=12),
    begin=st.integers(0, 300_000),
)
def test_any_text_can_be_read_again(reads: list[tuple[float, int, bool]], begin: int) -> None:
    with opened() as text:
        assert read_into(text, begin, 300_000) == TEXT[begin : begin + 300_000]
        for share, length, advance in reads:
            offset = int(share * 1_500_000)
            assert read_into(text, offset, length) == TEXT[offset : offset + length]
            if advance:
                text.advance(offset + length)


def test_memory_is_bounded_by_what_is_read_and_not_given_up() -> None:
    class Counting(DecompressedText):
        most = 0

        def _decompress_piece(self) -> None:
            super()._decompress_piece()
            self.most = max(self.most, sum(len(piece.text) for piece in self._pieces))

    text = Counting(BytesObject(gzip.compress(bytes(64 << 20), 1)), "GZIP")
    position = 0
    try:
        while found := read_into(text, position, MORSEL_BYTES):
            position += len(found)
            text.advance(position)
    finally:
        text.close()
    assert position == 64 << 20
    assert text.most <= MORSEL_BYTES + AHEAD_BYTES + 2 * PIECE_BYTES


def test_decompresses_ahead_but_not_far() -> None:
    with opened(gzip.compress(bytes(64 << 20), 1)) as text:
        read_into(text, 0, MORSEL_BYTES)
        _until(lambda: text._end >= MORSEL_BYTES + AHEAD_BYTES)
        assert text._end <= MORSEL_BYTES + AHEAD_BYTES + PIECE_BYTES


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("nothing happened for five seconds")


def test_scanned_bytes_grow_with_the_text_and_end_with_the_object() -> None:
    stored = gzip.compress(TEXT, 1) + bytes(1000)
    with opened(stored) as text:
        totals = [0]
        position = 0
        while found := read_into(text, position, 300_000):
            position += len(found)
            totals.append(text.advance(position))
            # Again, and for text given up.
            assert text.advance(position) == totals[-1]
        assert totals == sorted(totals)
        assert 0 < totals[1] < len(stored) // 4
        assert totals[-1] == len(stored)


def test_a_text_that_ends_with_a_piece_needs_the_whole_object() -> None:
    stored = gzip.compress(b"x" * PIECE_BYTES) + bytes(100)
    with opened(stored) as text:
        assert read_into(text, 0, PIECE_BYTES) == b"x" * PIECE_BYTES
        assert text.advance(PIECE_BYTES) == len(stored)


@pytest.mark.parametrize("size", [100, len(STORED) // 2, len(STORED) - 3])
def test_a_fault_comes_behind_the_text_before_it(size: int) -> None:
    with opened(STORED[:size]) as text:
        read, fault = read_all(text)
        assert (fault.code, text.size) == ("TruncatedInput", None)
        assert TEXT.startswith(read)
        assert len(read) >= (len(TEXT) if size > len(STORED) - 8 else 1)
        # It stays where it is.
        assert read_into(text, len(read) - 1, 2) == read[-1:]
        with pytest.raises(S3SelectError):
            read_into(text, len(read), 1)


def test_closing_waits_for_no_reader_and_can_be_repeated() -> None:
    text = DecompressedText(BytesObject(gzip.compress(bytes(64 << 20), 1)), "GZIP")
    read_into(text, 0, 1 << 20)
    assert len(running()) == 1
    text.close()
    assert running() == []
    text.close()


def test_what_reading_the_object_raises_comes_behind_the_text() -> None:
    class Failing(BytesObject):
        def read_into(self, buffer: memoryview, offset: int) -> int:
            if offset > len(STORED) // 2:
                raise S3SelectError("ServiceUnavailable")
            return super().read_into(buffer, offset)

    text = DecompressedText(Failing(STORED), "GZIP")
    read, fault = read_all(text)
    text.close()
    assert fault.code == "ServiceUnavailable"
    assert len(read) > len(TEXT) // 3


def test_random_bytes_are_the_same_after_the_round_trip() -> None:
    contents = random.Random(7).randbytes(3_000_001)
    with opened(gzip.compress(contents)) as text:
        assert b"".join(read_into(text, n, 999_983) for n in range(0, 3_000_001, 999_983)) == contents
