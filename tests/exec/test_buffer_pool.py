from __future__ import annotations

import threading
import time

import pytest

from s3sql.buffers import PADDING, ByteBudget
from s3sql.errors import S3SelectError
from s3sql.exec import buffer_pool
from s3sql.exec.buffer_pool import BufferPool


def test_no_more_than_the_budget_is_out() -> None:
    pool = BufferPool(3 * (1000 + PADDING))
    out = [pool.take(1000) for _ in range(3)]
    assert None not in out
    assert pool.take(1) is None
    pool.give(out[0])  # type: ignore[arg-type]
    assert pool.take(1000) is not None
    assert pool.take(1) is None


def test_who_asks_alone_is_granted_any_size() -> None:
    pool = BufferPool(100)
    buffer = pool.take(10_000)
    assert buffer is not None
    assert buffer.capacity >= 10_000
    assert pool.take(1) is None
    pool.give(buffer)
    assert pool.take(1) is not None


def test_the_buffer_given_back_last_is_the_next() -> None:
    pool = BufferPool(10_000)
    first, second = pool.take(1000), pool.take(1000)
    assert first is not None
    assert second is not None
    pool.give(first)
    pool.give(second)
    assert pool.take(900) is second
    assert pool.take(900) is first


def test_a_larger_buffer_counts_with_its_own_size() -> None:
    pool = BufferPool(3000)
    large = pool.take(2000)
    assert large is not None
    pool.give(large)
    assert pool.take(10) is large
    assert pool.take(1500) is None


def test_what_lies_idle_stays_within_the_budget() -> None:
    pool = BufferPool(4000)
    for capacity in (500, 1000, 1500, 2000, 2500, 3000):
        buffer = pool.take(capacity)
        assert buffer is not None
        pool.give(buffer)
    assert sum(buffer.array.size for buffer in pool._free) <= 4000


def test_a_buffer_is_waited_for() -> None:
    pool = BufferPool(1000)
    buffer = pool.take(900)
    assert buffer is not None
    threading.Timer(0.05, pool.give, [buffer]).start()
    assert pool.take(900) is None
    assert pool.take(900, patience=10) is buffer


def test_who_waits_too_long_is_told_to_slow_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer_pool, "PATIENCE_SECONDS", 0.01)
    pool = BufferPool(1000)
    pool.take_first(900)
    with pytest.raises(S3SelectError) as raised:
        pool.take_first(900)
    assert raised.value.code == "SlowDown"
    assert raised.value.status == 503


def test_many_threads_share_one_budget() -> None:
    pool = BufferPool(5 * (100 + PADDING))
    out = 0
    most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal out, most
        for _ in range(50):
            buffer = pool.take_first(100)
            with lock:
                out += 1
                most = max(most, out)
            time.sleep(0)
            with lock:
                out -= 1
            pool.give(buffer)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 5
    assert pool._taken == 0


def test_bytes_that_live_elsewhere_count() -> None:
    pool = BufferPool(1000)
    assert pool.reserve(600)
    assert not pool.reserve(600)
    assert pool.take(600) is None
    pool.release(600)
    pool.reserve_first(1000)
    assert not pool.reserve(1)
    pool.release(1000)
    assert pool.reserve(5000), "whoever comes alone gets what he needs"


def test_what_is_held_to_be_sooner_leaves_less_for_others_and_never_nothing() -> None:
    budget = ByteBudget(8000)
    pool = BufferPool(shared=budget)
    budget.share()
    assert not budget.take_spare(3001, 0), "three eighths"
    assert budget.take_spare(3000, 0)
    assert pool.take(9000) is not None, "who needs memory and comes alone"
    assert pool.take(1) is None
    assert not budget.take_spare(1, 3000)
    budget.give_spare(3000)


def test_spare_bytes_that_are_given_back_wake_who_waits() -> None:
    budget = ByteBudget(8000)
    pool = BufferPool(shared=budget)
    budget.share()
    assert budget.take_spare(3000, 0)
    first = pool.take(3000)
    assert first is not None
    threading.Timer(0.05, budget.give_spare, [3000]).start()
    assert pool.take(3000) is None
    assert pool.take(3000, patience=10) is not None
    budget.leave()
