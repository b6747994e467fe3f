"""Reading ahead against bodies that are slow, silent, broken, or never there; and what it may hold."""

from __future__ import annotations

import gc
import itertools
import mmap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import ByteBudget
from s3sql.errors import S3SelectError
from s3sql.stores import read_ahead
from s3sql.stores.pace import Pace
from s3sql.stores.read_ahead import ReadAhead

CONTENTS = bytes(range(251)) * 400


def refused() -> S3SelectError:
    return S3SelectError("SlowDown", "no", status=503)


@dataclass
class Remote:
    """An object whose bodies give *step* bytes at a time, and break at the offsets *breaks*."""

    step: int = 1000
    breaks: frozenset[int] = frozenset()
    gate: threading.Event | None = None
    opened: list[tuple[int, int]] = field(default_factory=list)
    open_now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def body(self, start: int, end: int) -> RemoteBody:
        return RemoteBody(self, start, end)


class RemoteBody:
    def __init__(self, remote: Remote, start: int, end: int) -> None:
        self.remote, self.place, self.end = remote, start, end
        self.interrupted = threading.Event()
        self.counted = False

    def open(self) -> None:
        with self.remote.lock:
            self.remote.opened.append((self.place, self.end))
            self.remote.open_now += 1
            self.counted = True
        self._wait()
        if self.place in self.remote.breaks:
            raise refused()

    def read_into(self, buffer: memoryview) -> int:
        self._wait()
        count = min(self.remote.step, len(buffer), self.end - self.place)
        if any(self.place < at < self.place + count for at in self.remote.breaks):
            raise refused()
        buffer[:count] = CONTENTS[self.place : self.place + count]
        self.place += count
        return count

    def _wait(self) -> None:
        gate = self.remote.gate
        while gate is not None and not gate.wait(0.002):
            if self.interrupted.is_set():
                raise refused()

    def interrupt(self) -> None:
        self.interrupted.set()

    def close(self) -> None:
        with self.remote.lock:
            self.remote.open_now -= self.counted
            self.counted = False


def pieces(size: int, end: int = len(CONTENTS)) -> list[tuple[int, int]]:
    return [(start, min(start + size, end)) for start in range(0, end, size)]


def read_all(ahead: ReadAhead, step: int) -> bytes:
    """What is to be had from the front on, *step* bytes at a time."""
    found = bytearray()
    buffer = memoryview(bytearray(step))
    while count := ahead.read_into(buffer, len(found)):
        found += buffer[:count]
        ahead.drop_before(len(found))
    return bytes(found)


def of_ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "s3sql-read-ahead"]


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    return condition()


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(500, 30_000),
    step=st.integers(1, 9000),
    given_at_a_time=st.integers(300, 9000),
    connections=st.integers(1, 7),
    budget=st.integers(20_000, 400_000),
    breaks=st.frozensets(st.integers(0, len(CONTENTS)), max_size=2),
)
def test_what_comes_is_the_object_up_to_the_first_byte_that_does_not(
    size: int, step: int, given_at_a_time: int, connections: int, budget: int, breaks: frozenset[int]
) -> None:
    remote, memory = Remote(given_at_a_time, breaks), ByteBudget(budget)
    ahead = ReadAhead(remote.body, connections, memory)
    ahead.plan(pieces(size))
    found = read_all(ahead, max(step, 200))
    assert found == CONTENTS[: len(found)]
    if not breaks and size <= budget * 3 // 8:
        assert len(found) == len(CONTENTS)
        assert sorted(remote.opened) == pieces(size)
    ahead.close()
    assert until(lambda: memory.spare == 0)
    assert remote.open_now == 0
    assert not of_ours()


def test_no_more_is_held_than_granted_however_slowly_it_is_read() -> None:
    remote, memory = Remote(), ByteBudget(80_000)
    ahead = ReadAhead(remote.body, 20, memory)
    ahead.plan(pieces(5000))
    assert until(lambda: len(remote.opened) == 6 and remote.open_now == 0)
    time.sleep(0.05)
    assert memory.spare == 30_000, "three eighths"
    assert not of_ours(), "who waits for memory is no thread"
    buffer = memoryview(bytearray(5000))
    assert ahead.read_into(buffer, 0) > 0
    ahead.drop_before(5000)
    assert until(lambda: len(remote.opened) == 7)
    assert memory.spare == 30_000
    ahead.close()
    assert memory.spare == 0


def test_two_share_the_spare_memory() -> None:
    remote, memory = Remote(), ByteBudget(80_000)
    first, second = ReadAhead(remote.body, 20, memory), ReadAhead(remote.body, 20, memory)
    first.plan(pieces(5000))
    second.plan(pieces(5000))
    assert until(lambda: len(remote.opened) == 6)
    assert (first._held, second._held) == (15_000, 15_000)
    second.close()
    first.plan([])
    assert first._held == 30_000
    first.close()
    assert memory.spare == 0


def test_spare_memory_is_not_granted_while_it_is_needed() -> None:
    remote, memory = Remote(), ByteBudget(80_000)
    assert memory.take(78_000, 0)
    ahead = ReadAhead(remote.body, 4, memory)
    ahead.plan(pieces(5000))
    assert ahead.read_into(memoryview(bytearray(10)), 0) == 0
    assert not remote.opened
    memory.give(78_000)
    assert ahead.read_into(memoryview(bytearray(10)), 0) == 10
    assert memory.take(100_000, 0), "who needs memory is granted it, if he comes alone"
    memory.give(100_000)
    ahead.close()


def test_closing_ends_who_waits_for_an_answer() -> None:
    remote, memory = Remote(gate=threading.Event()), ByteBudget(1 << 20)
    ahead = ReadAhead(remote.body, 4, memory)
    ahead.plan(pieces(5000))
    assert until(lambda: len(remote.opened) == 4)
    ahead.close()
    assert (remote.open_now, memory.spare, of_ours()) == (0, 0, [])
    ahead.close()
    assert ahead.read_into(memoryview(bytearray(10)), 0) == 0


def test_what_is_forgotten_gives_its_memory_back() -> None:
    remote, memory = Remote(), ByteBudget(1 << 20)
    ahead = ReadAhead(remote.body, 4, memory)
    ahead.plan(pieces(5000))
    assert until(lambda: memory.spare > 0 and not of_ours())
    del ahead
    gc.collect()
    assert memory.spare == 0
    assert memory._sharers == 0


@pytest.mark.parametrize("ask", ["read", "answered"])
def test_an_interruption_wakes_the_reader(ask: str) -> None:
    remote = Remote(gate=threading.Event())
    ahead = ReadAhead(remote.body, 2, ByteBudget(1 << 20))
    ahead.plan(pieces(5000))
    threading.Timer(0.05, ahead.interrupt).start()
    buffer = memoryview(bytearray(10))
    assert not (ahead.read_into(buffer, 0) if ask == "read" else ahead.answered(0))
    ahead.close()
    assert not of_ours()


def test_a_piece_that_fails_is_the_last_that_is_asked_for() -> None:
    remote = Remote(breaks=frozenset({5000}))
    ahead = ReadAhead(remote.body, 1, ByteBudget(1 << 20))
    ahead.plan(pieces(5000))
    assert read_all(ahead, 1000) == CONTENTS[:5000]
    assert ahead.failed
    assert remote.opened == [(0, 5000), (5000, 10_000)]
    ahead.close()


def test_a_new_plan_keeps_what_it_shares_with_the_old_one() -> None:
    remote, memory = Remote(), ByteBudget(1 << 20)
    ahead = ReadAhead(remote.body, 3, memory)
    ahead.keep([(0, 100), (200, 300), (50_000, 50_500)])
    buffer = memoryview(bytearray(1000))
    assert ahead.read_into(buffer, 250) == 50
    ahead.keep([(200, 300), (1000, 2000)])
    assert ahead.read_into(buffer, 250) == 50
    assert buffer[:50] == CONTENTS[250:300]
    assert ahead.read_into(buffer, 0) == 0
    assert until(lambda: memory.spare == 1100)
    assert ahead.read_into(buffer, 1500) > 0
    assert remote.opened.count((200, 300)) == 1
    ahead.close()


def test_a_dropped_piece_under_way_is_ended_and_harms_no_other() -> None:
    remote = Remote(gate=threading.Event())
    ahead = ReadAhead(remote.body, 2, ByteBudget(1 << 20))
    ahead.keep([(0, 100), (200, 300)])
    assert until(lambda: len(remote.opened) == 2)
    ahead.keep([(200, 300), (400, 500)])
    assert until(lambda: (400, 500) in remote.opened)
    assert remote.gate is not None
    remote.gate.set()
    buffer = memoryview(bytearray(1000))
    assert ahead.read_into(buffer, 400) == 100
    assert ahead.read_into(buffer, 200) == 100
    assert not ahead.failed
    ahead.close()


def test_a_thread_that_does_not_start_is_a_piece_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: object) -> None:
        raise RuntimeError("can't start new thread")

    memory = ByteBudget(1 << 20)
    ahead = ReadAhead(Remote().body, 2, memory)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        ahead.plan(pieces(5000))
    assert ahead.read_into(memoryview(bytearray(10)), 0) == 0
    assert ahead.failed
    ahead.close()
    assert memory.spare == 0


MIB = 1 << 20


@pytest.mark.parametrize("granted", [0, 2])
def test_memory_that_is_not_to_be_had_is_a_piece_that_fails(
    monkeypatch: pytest.MonkeyPatch, granted: int
) -> None:
    """Whether the reader asks for it or a thread that has come to the end of its piece."""
    given = itertools.count()

    def refusing(place: int, size: int) -> mmap.mmap:
        if next(given) >= granted:
            raise OSError(12, "Cannot allocate memory")
        return mmap.mmap(place, size)

    monkeypatch.setattr(read_ahead, "mmap", SimpleNamespace(mmap=refusing))
    budget = ByteBudget(1 << 20)
    remote = Remote()
    ahead = ReadAhead(remote.body, 1, budget)
    ahead.plan(pieces(10_000))
    buffer = memoryview(bytearray(10_000))
    found = 0
    while (count := ahead.read_into(buffer, found)) > 0:
        assert buffer[:count] == CONTENTS[found : found + count]
        found += count
    assert found == 10_000 * granted
    assert ahead.failed
    assert until(lambda: not of_ours())
    ahead.close()
    assert budget.spare == 0


def test_the_pace_begins_small_and_grows_while_the_reader_starves() -> None:
    pace = Pace(0, 8)
    pace.note(MIB - 1, 1.0)
    assert not pace.is_slow, "too little has been read"
    pace.note(1, 1.0)
    assert pace.is_slow
    assert pace.border(MIB) == 2 * MIB
    position, asked, most = MIB, 2 * MIB, 0
    distances = []
    while asked < 400 * MIB:
        for start, end in pace.pieces(position, asked, 400 * MIB):
            assert start == asked
            assert MIB <= end - start <= 9 * MIB
            asked = end
        distances.append(asked - position)
        most = max(most, asked - position)
        position += MIB
        pace.starved(position)
        assert asked - position <= 2 * position + 8 * MIB, "never far more than what has been read"
    assert most <= 56 * MIB
    assert distances[0] <= 2 * MIB
    assert max(distances[:40]) >= 40 * MIB


def test_a_reader_slower_than_its_connection_has_nothing_asked_for_ahead() -> None:
    pace = Pace(0, 8)
    pace.note(MIB, 0.004)
    time.sleep(0.4)
    pace.note(MIB, 0.02)
    assert not pace.is_slow


def test_a_fast_connection_is_left_alone() -> None:
    pace = Pace(0, 8)
    pace.note(MIB, 0.002)
    assert not pace.is_slow


def test_after_a_failure_for_good_nothing_is_asked_for_again() -> None:
    pace = Pace(0, 8)
    pace.restart(5, for_good=True)
    pace.restart(7)
    pace.note(8 * MIB, 9.0)
    assert not pace.is_slow
