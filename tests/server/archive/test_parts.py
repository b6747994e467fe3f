from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.eventstream.writer import Chunk
from s3sql.server.archive.parts import ResultParts


def chunk(*records: bytes) -> Chunk:
    ends = np.cumsum([len(record) for record in records], dtype=np.int64)
    return Chunk(b"".join(records), ends, 0, 0)


def cut(chunks: list[Chunk | None], most: int) -> list[bytes]:
    parts = ResultParts(iter(chunks), most)
    found = []
    while parts.more():
        found.append(b"".join(bytes(piece) for piece in parts.pieces()))
    return found


def test_parts_are_of_whole_records() -> None:
    assert cut([chunk(b"aaa", b"bb"), None, chunk(b"c", b"dddd", b"e"), chunk(), chunk(b"f")], 6) == [
        b"aaabbc",
        b"dddde" + b"f",
    ]


def test_a_record_that_is_too_long_is_a_part_of_its_own() -> None:
    assert cut([chunk(b"a", b"bbbbbbbb", b"c", b"d")], 3) == [b"a", b"bbbbbbbb", b"cd"]


@pytest.mark.parametrize("chunks", [[], [None], [chunk(), None, chunk()]])
def test_no_record_is_no_part(chunks: list[Chunk | None]) -> None:
    assert cut(chunks, 6) == []


def test_a_failure_comes_out_of_the_part_it_falls_in() -> None:
    def failing() -> Iterator[Chunk | None]:
        yield chunk(b"aaa")
        raise S3SelectError("CastFailed")

    parts = ResultParts(failing(), 100)
    assert parts.more()
    pieces = parts.pieces()
    assert bytes(next(pieces)) == b"aaa"
    with pytest.raises(S3SelectError, match="CastFailed"):
        next(pieces)


@given(
    st.lists(st.none() | st.lists(st.integers(1, 12), max_size=6), max_size=8),
    st.integers(1, 20),
)
def test_every_part_is_as_large_as_it_may_be(lengths: list[list[int] | None], most: int) -> None:
    letters = iter(range(10_000))
    records: list[bytes] = []
    chunks: list[Chunk | None] = []
    for run in lengths:
        made = None if run is None else [bytes([97 + next(letters) % 26]) * length for length in run]
        records += made or []
        chunks.append(None if made is None else chunk(*made))
    expected: list[bytes] = []
    for record in records:
        if expected and len(expected[-1]) + len(record) <= most:
            expected[-1] += record
        else:
            expected.append(record)
    assert cut(chunks, most) == expected
