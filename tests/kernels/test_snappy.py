"""Snappy against the library that Arrow has of it."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.kernels.snappy import decompress_snappy
from tests.formats.parquet_thrift import varint

SNAPPY = pa.Codec("snappy")


def decompressed(stored: bytes, size: int) -> bytes | None:
    source = PaddedBuffer.copy_of(b"\x04" + stored + b"\x01" * 70).array
    out = np.full(size + 2 * PADDING, 0xA5, np.uint8)
    found = decompress_snappy(source, 1, 1 + len(stored), out[: size + PADDING], size)
    assert (out[size + PADDING :] == 0xA5).all()
    return out[:size].tobytes() if found else None


def by_arrow(stored: bytes, size: int) -> bytes | None:
    length = shift = 0
    for byte in stored[:5]:
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    if length != size:
        return None
    try:
        found: bytes = SNAPPY.decompress(stored, size, asbytes=True)
    except (OSError, pa.ArrowInvalid):
        return None
    return found


#: Contents with copies of every length from every distance.
CONTENTS = st.one_of(
    st.binary(max_size=300),
    st.lists(st.tuples(st.binary(min_size=1, max_size=70), st.integers(1, 40)), max_size=12).map(
        lambda pieces: b"".join(piece * count for piece, count in pieces)
    ),
    st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).integers(0, 999, 400).tobytes()),
)


@settings(max_examples=300, deadline=None)
@given(CONTENTS)
def test_what_was_compressed(contents: bytes) -> None:
    stored = SNAPPY.compress(contents, asbytes=True)
    assert decompressed(stored, len(contents)) == contents
    assert decompressed(stored, len(contents) + 1) is None


def test_much_that_repeats_from_afar() -> None:
    chosen = random.Random(3)
    words = [chosen.randbytes(chosen.randrange(1, 90)) for _ in range(2000)]
    contents = b"".join(chosen.choice(words) for _ in range(30_000))
    assert decompressed(SNAPPY.compress(contents, asbytes=True), len(contents)) == contents
    blank = bytes(1 << 20)
    assert decompressed(SNAPPY.compress(blank, asbytes=True), len(blank)) == blank


@settings(max_examples=600, deadline=None)
@given(CONTENTS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_damaged(contents: bytes, chosen: random.Random, count: int) -> None:
    damaged = bytearray(SNAPPY.compress(contents, asbytes=True))
    for _ in range(count):
        place = chosen.randrange(len(damaged))
        damaged[place] = chosen.choice([damaged[place] ^ 1 << chosen.randrange(8), chosen.randrange(256)])
    damaged = damaged[: chosen.choice([len(damaged), chosen.randrange(len(damaged) + 1)])]
    assert decompressed(bytes(damaged), len(contents)) == by_arrow(bytes(damaged), len(contents))


@settings(max_examples=600, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 300))
def test_any_bytes(octets: bytes, size: int) -> None:
    for stored in (octets, bytes([size & 127]) + octets if size < 128 else octets):
        assert decompressed(stored, size) == by_arrow(stored, size)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, int]:
    """Short literals, each with a copy behind it, and how many bytes come of them; some are out of order."""
    stored, size = bytearray(), 0
    for _ in range(draw(st.integers(1, 30))):
        literal = draw(st.binary(min_size=1, max_size=5))
        stored += bytes([len(literal) - 1 << 2]) + literal
        size += len(literal)
        kind, offset = (
            draw(st.integers(1, 3)),
            draw(st.integers(0, 20) | st.integers(max(size - 2, 0), size + 1)),
        )
        length = draw(st.integers(4, 11) if kind == 1 else st.integers(1, 12))
        if kind == 1:
            stored += bytes([offset >> 8 << 5 | length - 4 << 2 | 1, offset & 255])
        else:
            stored += bytes([length - 1 << 2 | kind]) + offset.to_bytes(2 if kind == 2 else 4, "little")
        size += length
    return bytes(stored), size


@settings(max_examples=1000, deadline=None)
@given(pairs(), st.integers(-1, 1), st.integers(0, 9))
def test_short_literals_and_the_copies_behind_them(found: tuple[bytes, int], more: int, missing: int) -> None:
    stored, size = found
    size = max(size + more, 0)
    for octets in (stored, stored[:-missing]):
        stream = varint(size) + octets
        assert decompressed(stream, size) == by_arrow(stream, size)


def test_numbers_of_every_size() -> None:
    chosen = np.random.default_rng(5)
    for bits in (1, 7, 9, 15, 17, 23, 25, 40, 63):
        for dtype in (np.int64, np.int32):
            contents = chosen.integers(0, 1 << min(bits, np.iinfo(dtype).bits - 1), 40_000, dtype).tobytes()
            assert decompressed(SNAPPY.compress(contents, asbytes=True), len(contents)) == contents


@pytest.mark.parametrize("tag", [3, 7, 255])
def test_copies_with_offsets_of_four_bytes(tag: int) -> None:
    length = (tag >> 2) + 1
    stored = varint(70 + length) + bytes([60 << 2, 69]) + bytes(range(70)) + bytes([tag, 66, 0, 0, 0])
    contents = bytes(range(70))
    for _ in range(length):
        contents += contents[-66:-65]
    assert decompressed(stored, 70 + length) == contents == by_arrow(stored, 70 + length)
