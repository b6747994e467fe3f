"""Sealed runs: any range comes back, and nothing that was changed does."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.encryption import CHUNK_BYTES, Sealer, Unsealer, sealed_size
from tests.stores.embedded.objects import customer_key

SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]


def sealed(contents: bytes, pieces: int = 1 << 20, letter: str = "k") -> bytes:
    sealer = Sealer(customer_key(letter))
    chunks = [sealer.head()]
    for start in range(0, len(contents), pieces):
        chunks += sealer.update(contents[start : start + pieces])
    chunks.append(sealer.finish())
    return b"".join(chunks)


def unsealer(stored: bytes, sizes: Sequence[int], letter: str = "k") -> Unsealer:
    return Unsealer(customer_key(letter), sizes, lambda at, length: stored[at : at + length], "bucket/key")


def read(source: Unsealer, offset: int, length: int) -> bytes:
    buffer = bytearray(length)
    return bytes(buffer[: source.read_into(memoryview(buffer), offset)])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pieces", [1000, CHUNK_BYTES, 1 << 20])
def test_the_bytes_come_back(size: int, pieces: int) -> None:
    contents = os.urandom(size)
    stored = sealed(contents, pieces)
    assert len(stored) == sealed_size(size)
    if size > 100:
        assert contents[:100] not in stored
    assert read(unsealer(stored, [size]), 0, size + 10) == contents


@pytest.mark.parametrize("sizes", [[200_000], [70_000, 0, 1, 65_536, 130_000], [0]])
@given(offset=st.integers(0, 270_000), length=st.integers(0, 140_000))
def test_any_range_of_one_or_many_runs(sizes: list[int], offset: int, length: int) -> None:
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    contents = b"".join(parts)
    source = unsealer(b"".join(map(sealed, parts)), sizes)
    assert source.size == len(contents)
    assert read(source, offset, length) == contents[offset : offset + length]


def test_two_runs_of_the_same_bytes_differ() -> None:
    assert sealed(b"x" * 100) != sealed(b"x" * 100)


CONTENTS = bytes(range(256)) * 1024  # four chunks
STORED = sealed(CONTENTS)


def refused(stored: bytes, size: int = len(CONTENTS), letter: str = "k") -> None:
    with pytest.raises(S3SelectError, match="bucket/key are damaged") as caught:
        read(unsealer(stored, [size], letter), 0, size)
    assert caught.value.code == "BadDigest"


@given(place=st.integers(0, len(STORED) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_is_noticed(place: int, bit: int) -> None:
    damaged = bytearray(STORED)
    damaged[place] ^= 1 << bit
    refused(bytes(damaged))


def test_another_key_opens_nothing() -> None:
    refused(STORED, letter="x")


def test_a_lost_end_is_noticed() -> None:
    sealed_chunk = CHUNK_BYTES + 16
    for kept in (0, 8, 40, 41, len(STORED) - 1, len(STORED) - sealed_chunk):
        refused(STORED[:kept])
    # Cut at the end of a chunk, and the size in the catalogue with it.
    refused(STORED[:-sealed_chunk], len(CONTENTS) - CHUNK_BYTES)


def test_swapped_and_repeated_chunks_are_noticed() -> None:
    head, body = STORED[:40], STORED[40:]
    step = CHUNK_BYTES + 16
    chunks = [body[start : start + step] for start in range(0, len(body), step)]
    refused(head + b"".join([chunks[1], chunks[0], *chunks[2:]]))
    refused(head + b"".join([chunks[0], chunks[0], *chunks[2:]]))


def test_a_chunk_of_another_run_is_noticed() -> None:
    other = sealed(CONTENTS)
    step = CHUNK_BYTES + 16
    refused(STORED[: 40 + step] + other[40 + step : 40 + 2 * step] + STORED[40 + 2 * step :])


def test_a_damaged_chunk_does_not_spoil_the_others() -> None:
    damaged = bytearray(STORED)
    damaged[-1] ^= 1
    source = unsealer(bytes(damaged), [len(CONTENTS)])
    assert read(source, 0, 3 * CHUNK_BYTES) == CONTENTS[: 3 * CHUNK_BYTES]
    with pytest.raises(S3SelectError):
        read(source, 3 * CHUNK_BYTES, 1)


def test_ranges_within_a_chunk_decrypt_it_once() -> None:
    reads = []

    def read_at(offset: int, length: int) -> bytes:
        reads.append(offset)
        return STORED[offset : offset + length]

    source = Unsealer(customer_key(), [len(CONTENTS)], read_at, "bucket/key")
    assert b"".join(read(source, offset, 1000) for offset in range(0, 60_000, 1000)) == CONTENTS[:60_000]
    assert sorted(reads) == [0, 40]  # the head and one chunk
