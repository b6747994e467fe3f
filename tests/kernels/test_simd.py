"""Every mask and bit operation against plain Python."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from s3sql.kernels import simd
from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    INT32S,
    INT64,
    INT64S_OUT,
    UINT8,
    UINT64,
    VOID,
    kernel,
)

ALL = (1 << 64) - 1


@kernel(UINT64(BYTES, INT64, UINT8))
def byte_mask(buffer, offset, byte):
    return simd.byte_mask(buffer, offset, byte)


@kernel(UINT64(BYTES, INT64, UINT8))
def less_than_mask(buffer, offset, byte):
    return simd.less_than_mask(buffer, offset, byte)


@kernel(INT64(BYTES, INT64, BYTES, INT64))
def first_difference(buffer, offset, other, other_offset):
    return simd.first_difference(buffer, offset, other, other_offset)


@kernel(UINT64(BYTES, INT64))
def high_bit_mask(buffer, offset):
    return simd.high_bit_mask(buffer, offset)


@kernel(INT64(BYTES, INT64, UINT8, UINT8, UINT8))
def count_ordinary(buffer, offset, byte, apart, least):
    return simd.count_ordinary(buffer, offset, byte, apart, least)


@kernel(UINT64(BYTES, INT64))
def load64(buffer, offset):
    return simd.load64(buffer, offset)


@kernel(VOID(BYTES_OUT, INT64, UINT64))
def store64(buffer, offset, word):
    simd.store64(buffer, offset, word)


@kernel(VOID(UINT64, INT64, INT64S_OUT))
def counts(mask, number, out):
    out[0] = simd.trailing_zeros(mask)
    out[1] = simd.leading_zeros(mask)
    out[2] = simd.popcount(mask)
    out[3] = simd.trailing_zeros(simd.select_bit(mask, number))


@kernel(UINT64(UINT64))
def prefix_xor(mask):
    return simd.prefix_xor(mask)


@kernel(UINT64(UINT64, INT64))
def select_bit(mask, number):
    return simd.select_bit(mask, number)


@kernel(UINT64(INT64))
def low_bits(count):
    return simd.low_bits(count)


@kernel(INT64(INT32S, INT64))
def at(column, index):
    return simd.at(column, index)


@kernel(VOID(INT64S_OUT, INT64, INT64))
def put(column, index, value):
    simd.put(column, index, value)


@kernel(VOID(BYTES_OUT, INT64, BYTES, INT64))
def copy32(target, target_offset, source, source_offset):
    simd.copy32(target, target_offset, source, source_offset)


@kernel(VOID(BYTES_OUT, INT64, BYTES, INT64))
def copy64(target, target_offset, source, source_offset):
    simd.copy64(target, target_offset, source, source_offset)


def random_bytes(seed: int, size: int = 400) -> np.ndarray:
    """Few different values, so that masks have many bits."""
    source = random.Random(seed)
    values = [source.randrange(256) for _ in range(4)] + [0, 127, 128, 255]
    return np.array([source.choice(values) for _ in range(size)], dtype=np.uint8)


def random_words() -> list[int]:
    source = random.Random(7)
    edges = [0, 1, 1 << 63, ALL, ALL - 1, 0x5555555555555555]
    return edges + [source.getrandbits(64) & source.getrandbits(64) for _ in range(200)]


def bits(flags: list[bool]) -> int:
    return sum(1 << position for position, flag in enumerate(flags) if flag)


@pytest.mark.parametrize("seed", range(4))
def test_masks_agree_with_a_loop(seed):
    buffer = random_bytes(seed)
    other = np.roll(buffer, 1)
    for offset in (0, 1, 7, 63, 64, 100, len(buffer) - 64):
        window = [int(byte) for byte in buffer[offset : offset + 64]]
        assert high_bit_mask(buffer, offset) == bits([byte >= 128 for byte in window])
        for alike in (0, 1, 31, 32, 40):
            other[3 : 3 + alike] = buffer[offset : offset + alike]
            other[3 + alike] = buffer[offset + alike] ^ np.uint8(128)
            assert first_difference(buffer, offset, other, 3) == min(alike, 32)
        for byte in (0, 1, 32, 127, 128, 255, window[5]):
            assert byte_mask(buffer, offset, byte) == bits([found == byte for found in window])
            assert less_than_mask(buffer, offset, byte) == bits([found < byte for found in window])


@pytest.mark.parametrize("place", [0, 1, 62, 63, 64, 128, 200, 254, 255])
def test_one_byte_of_256_is_enough_to_be_seen(place):
    buffer = np.full(512, ord("a"), np.uint8)
    buffer[:100] = ord("#")
    buffer[357:] = ord('"')
    assert count_ordinary(buffer, 100, 10, 34, 36) == 0
    for found, wanted in (
        (10, 1),
        (34, -1),
        (35, 0),
        (13, 0),
        (128, -1),
        (255, -1),
        (98, 0),
        (0, 0),
        (127, 0),
    ):
        buffer[100 + place] = found
        assert count_ordinary(buffer, 100, 10, 34, 36) == wanted
    buffer[100 + place] = 10
    for behind, wanted in ((36, 1), (35, -1), (10, -1), (13, -1), (0, -1)):
        buffer[101 + place] = behind
        assert count_ordinary(buffer, 100, 10, 34, 36) == wanted
    assert count_ordinary(buffer, 100, 10, 34, 0) == 1


def test_bit_counts():
    out = np.zeros(4, dtype=np.int64)
    for word in random_words():
        counts(word, 0, out)
        trailing = (word & -word).bit_length() - 1 if word else 64
        assert list(out) == [trailing, 64 - word.bit_length(), word.bit_count(), trailing]


def test_select_bit_finds_every_set_bit_and_nothing_beyond():
    for word in random_words():
        positions = [position for position in range(64) if word >> position & 1]
        for number in range(64):
            expected = 1 << positions[number] if number < len(positions) else 0
            assert select_bit(word, number) == expected


def test_prefix_xor_is_the_running_parity():
    for word in random_words():
        expected = bits([(word & ((2 << position) - 1)).bit_count() % 2 == 1 for position in range(64)])
        assert prefix_xor(word) == expected


def test_low_bits_has_no_undefined_shift():
    for count in range(65):
        assert low_bits(count) == (1 << count) - 1
    assert low_bits(65) == low_bits(128) == low_bits(1 << 40) == ALL
    assert low_bits(-1) == low_bits(-64) == 0


def test_words_are_little_endian_and_unaligned():
    buffer = random_bytes(9)
    for offset in range(20):
        assert load64(buffer, offset) == int.from_bytes(buffer[offset : offset + 8].tobytes(), "little")
    for offset in (0, 3, 64):
        copied = buffer.copy()
        store64(copied, offset, 0x0102030405060708)
        assert copied[offset : offset + 8].tolist() == [8, 7, 6, 5, 4, 3, 2, 1]
        copied[offset : offset + 8] = buffer[offset : offset + 8]
        assert np.array_equal(copied, buffer)


@pytest.mark.parametrize(("copy", "width"), [(copy32, 32), (copy64, 64)])
def test_copies_write_their_width_and_no_more(copy, width):
    source = random_bytes(3)
    for source_offset, target_offset in ((0, 0), (1, 2), (17, 130)):
        target = random_bytes(4)
        expected = target.copy()
        expected[target_offset : target_offset + width] = source[source_offset : source_offset + width]
        copy(target, target_offset, source, source_offset)
        assert np.array_equal(target, expected)
    moved = source.copy()
    copy(moved, 1, moved, 0)
    assert np.array_equal(moved[1 : 1 + width], source[:width])


def test_at_follows_strides_and_put_writes():
    column = np.arange(-50, 50, dtype=np.int32)
    for view in (column, column[::3], column[::-1], np.broadcast_to(np.int32(-7), 10)):
        assert [at(view, index) for index in range(len(view))] == view.tolist()
    written = np.zeros(5, dtype=np.int64)
    put(written, 3, -9)
    assert written.tolist() == [0, 0, 0, -9, 0]


def test_every_intrinsic_is_right_on_the_oldest_cpu(tmp_path):
    """Without pdep, pclmulqdq and AVX: this file once more in a process that compiles for plain x86-64."""
    if (
        "NUMBA_CPU_NAME" in os.environ
        or not sys.platform.startswith("linux")
        or os.uname().machine != "x86_64"
    ):
        pytest.skip("only from a native run on x86-64")
    target = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "", "S3SQL_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    run = subprocess.run(command, env=os.environ | target, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
