"""Runs and packed bits against a reader in plain Python, on well-formed and on arbitrary bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.kernels.parquet_runs import SPACING, count_ones, index_runs, unpack, unpack_at, unpack_ones


def read(octets: bytes, width: int, count: int) -> list[int] | None:
    """The first *count* values; None if they are not there."""
    values: list[int] = []
    place = 0
    while len(values) < count:
        header = shift = 0
        for _ in range(5):
            if place >= len(octets):
                return None
            header |= (octets[place] & 127) << shift
            shift += 7
            place += 1
            if octets[place - 1] < 128:
                break
        else:
            return None
        length = header >> 1
        if not length:
            return None
        if header & 1:
            needed = min(8 * length, count - len(values))
            part = octets[place : place + length * width]
            if len(part) < length * width:
                return None
            bits = int.from_bytes(part, "little")
            values += [bits >> (number * width) & ((1 << width) - 1) for number in range(needed)]
            place += length * width
        else:
            size = -(-width // 8)
            if place + size > len(octets):
                return None
            value = int.from_bytes(octets[place : place + size], "little")
            values += [value] * min(length, count - len(values))
            place += size
    return values


def written(runs: list[tuple[bool, int, int]], width: int, seed: int) -> bytes:
    """Runs of (packed, groups or length, value)."""
    numbers = np.random.default_rng(seed)
    octets = bytearray()
    for packed, length, value in runs:
        header = length << 1 | packed
        while header > 127:
            octets.append(header & 127 | 128)
            header >>= 7
        octets.append(header)
        if packed:
            octets += numbers.bytes(length * width)
        else:
            octets += (value & ((1 << width) - 1)).to_bytes(-(-width // 8), "little")
    return bytes(octets)


RUNS = st.lists(
    st.tuples(st.booleans(), st.one_of(st.integers(1, 9), st.integers(60, 300)), st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=12,
)


def check(octets: bytes, width: int, count: int, first: int, places: list[int]) -> None:
    buffer = PaddedBuffer.copy_of(b"\xa5" * 3 + octets + b"\x5a" * 9).array
    noted = -(-count // SPACING)
    offsets, firsts = np.empty(noted, np.int32), np.empty(noted, np.int32)
    expected = read(octets, width, count)
    assert index_runs(buffer, 3, 3 + len(octets), width, count, offsets, firsts) == (expected is not None)
    if expected is None:
        return
    signed = np.array(expected, np.uint32).view(np.int32)
    run = first // SPACING
    out = np.full(count - first + 1, 7, np.int32)
    greatest = unpack(
        buffer, int(offsets[run]), int(firsts[run]), width, first, count - first, out[: count - first]
    )
    assert out[:-1].tolist() == signed[first:].tolist()
    assert out[-1] == 7
    assert greatest == (-1 if signed[first:].min(initial=0) < 0 else signed[first:].max(initial=0))
    chosen = np.array(sorted({place % count for place in places}), np.int64)
    run = int(chosen[0]) // SPACING
    out = np.empty(len(chosen), np.int32)
    unpack_at(buffer, int(offsets[run]), int(firsts[run]), width, chosen, out)
    assert out.tolist() == signed[chosen].tolist()


@settings(max_examples=300, deadline=None)
@given(RUNS, st.integers(0, 32), st.integers(0, 2**32), st.floats(0, 1), st.data())
def test_well_formed(
    runs: list[tuple[bool, int, int]], width: int, seed: int, share: float, data: st.DataObject
) -> None:
    total = sum(length * 8 if packed else length for packed, length, _ in runs)
    count = data.draw(st.integers(1, total))
    places = data.draw(st.lists(st.integers(0, 2**16), min_size=1, max_size=20))
    check(written(runs, width, seed), width, count, int(share * (count - 1)), places)


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=40),
    st.integers(0, 32),
    st.integers(1, 5000),
    st.lists(st.integers(0, 9999), min_size=1),
)
def test_any_bytes(octets: bytes, width: int, count: int, places: list[int]) -> None:
    check(octets, width, count, 0, places)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=40), RUNS.map(lambda runs: written(runs, 1, 5))), st.integers(1, 3000))
def test_ones(octets: bytes, count: int) -> None:
    buffer = PaddedBuffer.copy_of(b"\xff" + octets + b"\xff" * 9).array
    expected = read(octets, 1, count)
    if expected is not None and max(expected) > 1:
        expected = None
    ones = count_ones(buffer, 1, 1 + len(octets), count)

    assert ones == (-1 if expected is None else sum(expected))
    if expected is not None:
        out = np.full(count + 1, 9, np.uint8)
        assert unpack_ones(buffer, 1, count, out[:count]) == ones
        assert out.tolist() == [*expected, 9]


@pytest.mark.parametrize("width", range(33))
def test_every_width_from_every_place(width: int) -> None:
    octets = written([(True, 20, 0)], width, width)
    expected = read(octets, width, 160)
    assert expected is not None
    buffer = PaddedBuffer.copy_of(octets).array
    for first in range(0, 160, 7):
        for count in (1, 8, 9, 160 - first):
            count = min(count, 160 - first)
            out = np.empty(count, np.int32)
            unpack(buffer, 0, 0, width, first, count, out)
            assert out.view(np.uint32).tolist() == expected[first : first + count]
