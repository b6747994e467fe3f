"""Memory for pages: used again, kept within a limit, and nobody else's after a fork."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest

from s3sql.buffers import PADDING
from s3sql.formats import parquet_memory
from s3sql.formats.parquet_memory import PageMemory


@pytest.fixture
def free():
    free = parquet_memory._FreeMemory()
    with mock.patch.object(parquet_memory, "_free", free):
        yield free


def kept_bytes(free) -> int:
    return sum(array.size for arrays in free.lists.values() for array in arrays)


@pytest.mark.parametrize("size", [0, 1, (32 << 10) - PADDING, 40_000, 1 << 20, (4 << 20) - PADDING, 5 << 20])
def test_there_is_room_behind(free, size):
    memory = PageMemory().take(size)
    assert memory.array.size >= size + PADDING
    assert memory.array.flags.writeable
    assert memory.array.flags.c_contiguous
    memory.array[:] = 7


def test_it_is_used_again_when_nobody_refers_to_it(free):
    memory = PageMemory()
    one = memory.take(100_000)
    address = one.array.ctypes.data
    other = memory.take(100_000)
    assert other.array.ctypes.data != address
    del one
    assert PageMemory().take(90_000).array.ctypes.data == address
    assert kept_bytes(free) == 128 << 10


def test_of_what_was_let_go_of_no_more_is_kept_than_allowed(free):
    memory = PageMemory()
    held = [memory.take(size) for size in (50_000, 900_000, 3_000_000) for _ in range(30)]
    del held
    assert 12 << 20 < kept_bytes(free) <= parquet_memory._KEPT_BYTES
    # What is smaller or larger is not kept at all.
    before = kept_bytes(free)
    memory.take(1000)
    memory.take(8 << 20)
    assert kept_bytes(free) == before


def test_threads_never_have_the_same(free):
    memory = PageMemory()

    def use(number: int) -> bool:
        for size in (40_000, 70_000, 40_000, 150_000) * 50:
            taken = memory.take(size)
            taken.array[::4096] = number
            if (taken.array[::4096] != number).any():
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(4)))


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_what_is_forked_has_memory_of_its_own():
    code = """
import os
from s3sql.formats.parquet_memory import PageMemory
memory = PageMemory().take(100_000)
memory.array[:] = 1
child = os.fork()
if not child:
    memory.array[:] = 2
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert (memory.array == 1).all()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have other rules")
def test_arrays_of_one_morsel_after_another_are_not_faulted_in_anew():
    code = """
import resource, sys
import numpy as np
from s3sql.formats.parquet_memory import PageMemory
if sys.argv[1] == "with":
    PageMemory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    for array in [np.empty(2 << 20, np.uint8) for _ in range(3)]:
        array[::1024] = 1
    del array
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize())
"""
    # Who tells glibc another threshold switches the rule off.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    faulted = [
        int(
            subprocess.run(
                [sys.executable, "-c", code, which], check=True, capture_output=True, env=plain
            ).stdout
        )
        for which in ("with", "without")
    ]
    # Those of the first; without it, of each.
    assert faulted[0] < 12 << 20, faulted
    assert faulted[1] > 3 * faulted[0], faulted
