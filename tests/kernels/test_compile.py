"""@kernel and @inlined: laziness, threads, and what a parameter accepts."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from s3sql.kernels.compile import BYTES, INT64, INT64S, INT64S_OUT, VOID, Kernel, inlined, kernel


@inlined
def doubled(value):
    return value * 2


@kernel(INT64(BYTES, INT64))
def last_doubled(buffer, size):
    return doubled(buffer[size - 1])


@kernel(VOID(INT64S, INT64S_OUT))
def copied(values, out):
    for row in range(len(values)):
        out[row] = values[row]


@kernel(INT64(BYTES, INT64))
def calls_a_kernel(buffer, size):
    return last_doubled(buffer, size) + 1


def test_nothing_is_compiled_before_the_first_call():
    @kernel(INT64(INT64))
    def unused(value):
        return value

    assert isinstance(unused, Kernel)
    assert not unused.ready
    assert unused(3) == 3
    assert unused.ready


def test_a_kernel_that_captures_variables_is_refused():
    added = 2
    with pytest.raises(TypeError, match="captures variables"):

        @kernel(INT64(INT64))
        def plus(value):
            return value + added


def test_parts_and_kernels_can_be_called_by_kernels():
    buffer = np.array([1, 2, 21], dtype=np.uint8)
    assert last_doubled(buffer, 3) == 42
    assert calls_a_kernel(buffer, 3) == 43


def test_threads_may_make_the_first_call_at_once():
    @kernel(INT64(INT64S))
    def total(values):
        result = 0
        for row in range(len(values)):
            result += values[row]
        return result

    barrier, answers = threading.Barrier(4), []

    def call():
        barrier.wait()
        answers.append(total(np.arange(100)))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [4950] * 4


def test_what_a_parameter_accepts():
    out = np.zeros(3, dtype=np.int64)
    fixed = np.arange(3)
    fixed.flags.writeable = False
    for values in (
        np.arange(3),
        fixed,
        np.arange(6)[::2],
        np.arange(3)[::-1],
        np.broadcast_to(np.int64(5), 3),
    ):
        copied(values, out)
        assert out.tolist() == values.tolist()
    with pytest.raises(TypeError, match="No matching definition"):
        copied(np.arange(3, dtype=np.int32), out)
    with pytest.raises(TypeError, match="No matching definition"):
        copied(fixed, fixed)
    with pytest.raises(TypeError, match="No matching definition"):
        copied(fixed, np.zeros(6, dtype=np.int64)[::2])
    with pytest.raises(TypeError, match="No matching definition"):
        last_doubled(np.zeros(8, dtype=np.uint8)[::2], 4)
