"""Zstandard by the system's library as kernels call it, against Python's calls of it, and Arrow's library."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING, PaddedBuffer
from s3sql.formats import zstandard
from s3sql.formats.zstandard import zstandard_library
from s3sql.kernels.zstandard import CONTEXT, decompress_zstandard
from tests.kernels.test_snappy import CONTENTS

pytestmark = pytest.mark.skipif(zstandard_library() is None, reason="the system has no library of Zstandard")

MAGIC = b"\x28\xb5\x2f\xfd"
LAST_RAW_BLOCK = 1
BLOCK = 128 << 10


def decompressed(stored: bytes, size: int) -> bytes | None:
    source = PaddedBuffer.copy_of(b"\x04" + stored + b"\x01" * 70).array
    out = np.full(size + 2 * PADDING, 0xA5, np.uint8)
    library = zstandard_library()
    assert library is not None
    found = decompress_zstandard(source, 1, 1 + len(stored), out[: size + PADDING], size, library)
    assert (out[size:] == 0xA5).all()
    return out[:size].tobytes() if found else None


def by_python(stored: bytes, size: int) -> bytes | None:
    """What the same library says of it."""
    library = zstandard_library()
    assert library is not None
    out = np.empty(size, np.uint8)
    source = np.frombuffer(stored + b"\0", np.uint8)
    function = zstandard._library().ZSTD_decompressDCtx
    made = function(int(library[CONTEXT]), out.ctypes.data, size, source.ctypes.data, len(stored))
    return out.tobytes() if made == size and stored.startswith(MAGIC) else None


def by_arrow(stored: bytes, size: int) -> bytes | None:
    try:
        found: bytes = pa.Codec("zstd").decompress(stored, size, asbytes=True)
    except (OSError, pa.ArrowInvalid):
        return None
    return found if len(found) == size else None


def check(stored: bytes, size: int) -> bytes | None:
    """What is made of it; see that the library says the same."""
    found = decompressed(stored, size)
    assert found == by_python(stored, size)
    return found


def compressed(contents: bytes, level: int = 3) -> bytes:
    found: bytes = pa.Codec("zstd", compression_level=level).compress(contents, asbytes=True)
    return found


def streamed(contents: bytes) -> bytes:
    """A frame that does not tell its size, as it was not known before."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        for start in range(0, len(contents), 50):
            stream.write(contents[start : start + 50])
    return bytes(sink.getvalue())


def raw_block(contents: bytes) -> bytes:
    return (len(contents) << 3 | LAST_RAW_BLOCK).to_bytes(3, "little") + contents


@settings(max_examples=300, deadline=None)
@given(CONTENTS, st.sampled_from([-5, 1, 3, 19]))
def test_what_was_compressed(contents: bytes, level: int) -> None:
    stored = compressed(contents, level)
    assert check(stored, len(contents)) == by_arrow(stored, len(contents)) == contents
    assert check(stored, len(contents) + 1) is None
    assert check(stored, max(len(contents) - 1, 0)) == (None if contents else b"")
    assert check(streamed(contents), len(contents)) == contents


@pytest.mark.parametrize("size", [0, 1, 255, 256, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, (1 << 20) + 7])
def test_blocks(size: int) -> None:
    chosen = np.random.default_rng(size)
    for contents in (
        chosen.bytes(size),
        bytes(size),
        chosen.integers(0, 900, size // 8 + 1).tobytes()[:size],
        (chosen.bytes(size // 2) + bytes(size))[:size],
    ):
        assert check(compressed(contents), size) == contents
        assert check(compressed(contents) + b"\0", size) is None


def test_frames_one_behind_the_other() -> None:
    one, two = b"one" * 50, b"two" * 70
    both = compressed(one) + streamed(two)
    assert check(both, len(one + two)) == by_arrow(both, len(one + two)) == one + two
    assert check(both, len(one)) is None
    skipped = b"\x50\x2a\x4d\x18\x05\0\0\0ababa"
    assert check(compressed(one) + skipped + compressed(two), len(one + two)) == one + two
    # What does not begin with contents is left to Arrow.
    assert check(skipped + compressed(one), len(one)) is None
    assert by_arrow(skipped + compressed(one), len(one)) == one
    assert check(skipped, 0) is None
    assert check(b"", 0) is None


def test_headers_by_hand() -> None:
    text = bytes(range(200))
    # Of one segment, whose size is one byte.
    assert check(MAGIC + b"\x20\xc8" + raw_block(text), 200) == text
    assert check(MAGIC + b"\x20\xc7" + raw_block(text), 200) is None
    assert check(MAGIC + b"\x20\xc8" + raw_block(text[:-1]), 200) is None
    assert check(MAGIC + b"\x20\xc8" + raw_block(text), 199) is None
    assert by_arrow(MAGIC + b"\x20\xc8" + raw_block(text), 200) == text
    # With the greatest window that there is: no memory is taken for it.
    assert check(MAGIC + b"\x00\xff" + raw_block(text), 200) in (text, None)
    # With the number of a dictionary that nobody has, and with zero, which is none.
    assert check(MAGIC + b"\x21\x07\xc8" + raw_block(text), 200) is None
    assert check(MAGIC + b"\x21\x00\xc8" + raw_block(text), 200) == text
    # A bit that is reserved, and a wrong checksum.
    assert check(MAGIC + b"\x28\xc8" + raw_block(text), 200) is None
    assert check(MAGIC + b"\x24\xc8" + raw_block(text) + b"\1\2\3\4", 200) is None
    # A header that is cut off, with the rest of it behind the end.
    for length in range(12):
        assert check((MAGIC + b"\x20\xc8" + raw_block(text))[:length], 200) is None
    # An older format.
    assert check(b"\x27" + (MAGIC + b"\x20\xc8" + raw_block(text))[1:], 200) is None


@settings(max_examples=600, deadline=None)
@given(CONTENTS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_damaged(contents: bytes, chosen: random.Random, count: int) -> None:
    """What comes of damage that is not seen may be another thing in every version, so Arrow is not asked."""
    damaged = bytearray(compressed(contents))
    for _ in range(count):
        place = chosen.randrange(len(damaged))
        damaged[place] = chosen.choice([damaged[place] ^ 1 << chosen.randrange(8), chosen.randrange(256)])
    damaged = damaged[: chosen.choice([len(damaged), chosen.randrange(len(damaged) + 1)])]
    check(bytes(damaged), len(contents))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 300))
def test_any_bytes(octets: bytes, size: int) -> None:
    for stored in (octets, MAGIC + octets):
        check(stored, size)


def test_after_damage_the_context_is_as_good_as_new() -> None:
    contents = bytes(range(256)) * 9
    stored = compressed(contents)
    for place in range(len(stored)):
        decompressed(stored[:place] + bytes([stored[place] ^ 0x55]) + stored[place + 1 :], len(contents))
        assert decompressed(stored, len(contents)) == contents


def test_threads() -> None:
    chosen = np.random.default_rng(1)
    contents = [np.cumsum(chosen.integers(0, 9 + number, 20_000)).tobytes() for number in range(40)]
    stored = [compressed(each) for each in contents]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(decompressed, stored * 3, [len(each) for each in contents] * 3)
        assert list(found) == contents * 3
