"""The system's library of Zstandard: a context for each thread, and pages of Parquet with it and without."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import weakref
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import PaddedBuffer
from s3sql.formats import parquet_pages, parquet_whole_chunks, zstandard
from s3sql.formats.parquet_memory import Memory, PageMemory, Slice
from s3sql.formats.zstandard import zstandard_library
from s3sql.kernels.parquet_chunk import ZSTANDARD
from tests.formats.parquet_files import parquet, without_zstandard_library
from tests.formats.test_parquet_values import TYPES, assert_same, values_of

MAGIC = b"\x28\xb5\x2f\xfd"

needs_library = pytest.mark.skipif(
    zstandard_library() is None, reason="the system has no library of Zstandard"
)


@needs_library
def test_every_thread_has_a_context_that_is_freed_with_it() -> None:
    found: list[Any] = []

    def look() -> None:
        addresses = zstandard_library()
        assert addresses is not None
        assert zstandard_library() is addresses
        context = zstandard._of_thread.context
        assert context is not None
        freed: list[int] = []
        context._free = freed.append
        found.append((addresses.tolist(), weakref.ref(context), freed))

    look()
    zstandard._of_thread.context = None
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=lambda: (look(), barrier.wait())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({function for (function, _), _, _ in found}) == 1
    (_, one), (_, other) = found[1][0], found[2][0]
    assert one != other
    for (_, context), kept, freed in found:
        assert kept() is None
        assert freed == [context]


class Functions(SimpleNamespace):
    """A library of any version."""

    def __init__(self, version: int) -> None:
        names = ("ZSTD_createDCtx", "ZSTD_freeDCtx", "ZSTD_decompressDCtx")
        super().__init__(**{name: mock.Mock() for name in names})
        self.ZSTD_versionNumber = mock.Mock(return_value=version)


@pytest.mark.parametrize("version", [10_399, 10_400])
def test_an_old_version_is_none(version: int) -> None:
    with mock.patch.object(zstandard.ctypes, "CDLL", return_value=Functions(version)):
        found = zstandard._library.__wrapped__()
    assert (found is None) == (version < 10_400)


def test_a_library_that_is_missing_or_something_else() -> None:
    with mock.patch.object(zstandard.ctypes, "CDLL", mock.Mock(side_effect=OSError)):
        assert zstandard._library.__wrapped__() is None
    with mock.patch.object(zstandard, "_NAMES", {sys.platform: ("libm.so.6", "libc.so.6")}):
        assert zstandard._library.__wrapped__() is None
    with mock.patch.object(zstandard, "_NAMES", {}):
        assert zstandard._library.__wrapped__() is None
    with (
        mock.patch.object(zstandard, "_library", return_value=None),
        mock.patch.object(zstandard, "_of_thread", zstandard._OfThread()),
    ):
        assert zstandard_library() is None


def test_no_context() -> None:
    library = Functions(10_500)
    library.ZSTD_createDCtx.return_value = None
    with pytest.raises(MemoryError):
        zstandard._Context(library)
    # Which it allows.
    library.ZSTD_freeDCtx.assert_called_once_with(None)


def test_it_is_not_loaded_before_it_is_needed() -> None:
    """Nor is it looked for by a program, as ``ctypes.util.find_library`` does."""
    code = """
import subprocess, sys
def refused(*args, **kwargs): raise AssertionError(args)
import s3sql, numpy
import s3sql.formats.parquet_parts
from s3sql.formats import zstandard
assert zstandard._library.cache_info().currsize == 0
subprocess.Popen = refused
zstandard.zstandard_library()
assert "ctypes.util" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# --- pages of Parquet -------------------------------------------------------------------------------------


def pages_one_by_one() -> Any:
    """A mock of the function that decompresses a single page, where ranges of pages are decoded."""
    return mock.patch.object(parquet_whole_chunks, "decompressed", wraps=parquet_pages.decompressed)


@needs_library
def test_pages_of_a_range_are_decompressed_by_one_call() -> None:
    contents = parquet({"c": range(9000)}, compression="zstd", use_dictionary=False, data_page_size=1000)
    with pages_one_by_one() as calls:
        found = values_of(contents, 0, 9000)
    assert calls.call_count == 0
    with pages_one_by_one() as calls, without_zstandard_library():
        assert_same(values_of(contents, 0, 9000), found)
    assert calls.call_count == 9


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_values_without_the_library(data: st.DataObject) -> None:
    type_, strategy = data.draw(st.sampled_from(TYPES))
    distinct = data.draw(st.lists(strategy, min_size=1, max_size=300, unique_by=repr))
    chosen = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    count = data.draw(st.integers(1, 3000))
    values = [distinct[number] for number in chosen.integers(0, len(distinct), count)]
    if data.draw(st.booleans()):
        values[count // 2] = None
    contents = parquet(
        pa.table([pa.array(values, type_)], names=["c"]),
        compression="zstd",
        dictionary_pagesize_limit=data.draw(st.sampled_from([64, 1 << 20])),
        data_page_size=data.draw(st.sampled_from([1, 500, 1 << 20])),
        data_page_version=data.draw(st.sampled_from(["1.0", "2.0"])),
        write_batch_size=data.draw(st.sampled_from([7, 100])),
    )
    rows = data.draw(st.sampled_from([None, 1, 3, 60]))
    some = None if rows is None else range(0, count, rows)
    step = data.draw(st.sampled_from([count, -(-count // 3)]))
    with without_zstandard_library():
        expected = values_of(contents, 0, step, some)
    assert_same(values_of(contents, 0, step, some), expected)


@pytest.mark.parametrize("coded", [False, True])
def test_headers_that_tell_otherwise(coded: bool) -> None:
    """Those of frames: what they begin with, and how many bytes come of them."""
    values = [row % 300 for row in range(2000)]
    contents = parquet({"c": values}, compression="zstd", data_page_size=700, use_dictionary=coded)
    frames = [found.start() for found in re.finditer(re.escape(MAGIC), contents)]
    assert len(frames) > 1
    seen = set()
    for frame in frames:
        for place in range(frame, frame + 7):
            damaged = bytearray(contents)
            damaged[place] ^= 4
            with without_zstandard_library():
                expected = values_of(bytes(damaged), 0, 2000)
            assert_same(values_of(bytes(damaged), 0, 2000), expected)
            seen.add(len(expected))
    assert 2 in seen


def test_a_page_of_two_frames_or_of_one_that_is_skipped() -> None:
    """Valid all the same; only the length in the header of the page would have to be another."""
    frame = pa.Codec("zstd").compress(bytes(range(100)), asbytes=True)
    other = pa.Codec("zstd").compress(bytes(90), asbytes=True)
    skipped = b"\x50\x2a\x4d\x18\x05\0\0\0ababa"
    memory = PageMemory()
    for stored, size, taken in (
        (frame + other, 190, True),
        (frame + skipped, 100, True),
        (skipped + frame, 100, False),
        (frame + b"\0", 100, False),
        (frame + other, 100, False),
        (b"", 5, False),
    ):
        octets = PaddedBuffer.copy_of(stored).array
        page = Slice(Memory(octets, None), 0, len(stored))
        if zstandard_library() is not None:
            _check_page(page, size, memory, taken=taken)
        if taken:
            with without_zstandard_library():
                _check_page(page, size, memory, taken=True)


def _check_page(page: Slice, size: int, memory: PageMemory, *, taken: bool) -> None:
    if not taken:
        with pytest.raises(parquet_pages.Unfamiliar):
            parquet_pages.decompressed(page, size, ZSTANDARD, memory)
        return
    found = parquet_pages.decompressed(page, size, ZSTANDARD, memory)
    expected = (bytes(range(100)) + bytes(90))[:size]
    assert found.array[found.start : found.end].tobytes() == expected
