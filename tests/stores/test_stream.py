from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.stores.stream import REPLAY_BYTES, SeekableObject, StreamObject, open_file


class Dripping(io.RawIOBase):
    """A stream that cannot seek and gives at most *step* bytes at a time."""

    def __init__(self, contents: bytes, step: int) -> None:
        self.rest = contents
        self.step = step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        piece = self.rest[: min(self.step, len(buffer))]
        self.rest = self.rest[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


class OnlyRead:
    """The least there can be."""

    def __init__(self, *pieces: object) -> None:
        self.pieces = list(pieces)

    def read(self, size: int) -> object:
        return self.pieces.pop(0) if self.pieces else b""


def test_a_file_starts_where_it_stands() -> None:
    file = io.BytesIO(b"skip0123456789")
    file.seek(4)
    opened = open_file(file)
    assert isinstance(opened, SeekableObject)
    assert opened.size == 10
    assert opened.read(8, 9) == b"89"
    assert opened.read(0, 2) == b"01"
    opened.close()
    assert not file.closed


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match='mode "rb"'):
        open_file(io.StringIO("a,b"))
    with (tmp_path / "x").open("w+") as file, pytest.raises(TypeError, match='mode "rb"'):
        open_file(file)


def test_an_overwrite_of_an_open_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"0123456789")
    os.utime(path, ns=(0, 1_000_000_000))
    with path.open("rb") as file:
        opened = open_file(file)
        assert opened.read(0, 5) == b"01234"
        path.write_bytes(b"abcdefghij")
        with pytest.raises(S3SelectError, match=r"x\.csv was changed") as caught:
            opened.read(5, 5)
    assert caught.value.code == "PreconditionFailed"


def test_the_size_of_a_stream_is_known_at_its_end() -> None:
    opened = open_file(Dripping(b"0123456789", 3))
    assert isinstance(opened, StreamObject)
    assert opened.size is None
    assert opened.read(0, 10) == b"0123456789"
    assert opened.read(10, 10) == b""
    assert opened.size == 10


def test_a_stream_skips_forward() -> None:
    opened = open_file(Dripping(bytes(range(256)) * 4, 100))
    assert opened.read(1000, 50) == bytes(range(1000 % 256, 256))
    assert opened.size == 1024
    assert open_file(Dripping(b"abc", 1)).read(100, 5) == b""


def test_the_beginning_of_a_stream_can_be_read_again() -> None:
    contents = os.urandom(REPLAY_BYTES + 5000)
    opened = open_file(Dripping(contents, 1 << 16))
    assert opened.read(0, 100) == contents[:100]
    assert opened.read(0, 2000) == contents[:2000]
    assert opened.read(1000, REPLAY_BYTES) == contents[1000 : 1000 + REPLAY_BYTES]
    assert opened.read(0, REPLAY_BYTES) == contents[:REPLAY_BYTES]
    with pytest.raises(
        S3SelectError, match=r"goes back to byte 1,048,576 .* read to byte 1,049,576"
    ) as caught:
        opened.read(0, REPLAY_BYTES + 1)
    assert caught.value.code == "InvalidRequest"
    assert opened.read(REPLAY_BYTES + 1000, 9999) == contents[REPLAY_BYTES + 1000 :]


@given(
    contents=st.binary(max_size=200),
    step=st.integers(1, 50),
    reads=st.lists(st.tuples(st.integers(0, 250), st.integers(0, 100)), max_size=8),
)
def test_a_short_stream_reads_like_its_bytes(
    contents: bytes, step: int, reads: list[tuple[int, int]]
) -> None:
    opened = open_file(Dripping(contents, step))
    for offset, length in reads:
        assert opened.read(offset, length) == contents[offset : offset + length]


def test_read_alone_is_enough() -> None:
    opened = open_file(OnlyRead(b"01", bytearray(b"2"), b"345"))
    assert opened.read(0, 6) == b"012345"


@pytest.mark.parametrize(
    ("piece", "error", "text"),
    [
        ("text", TypeError, "returns text"),
        (b"too many bytes", ValueError, "returned 14 bytes"),
        (None, BlockingIOError, "blocking"),
    ],
)
def test_a_source_that_breaks_its_contract(piece: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        open_file(OnlyRead(piece)).read(0, 5)


def test_an_exception_of_the_source_is_its_own() -> None:
    class Failing(OnlyRead):
        def read(self, size: int) -> object:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        open_file(Failing()).read(0, 1)
