from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql.buffers import PADDING
from s3sql.errors import S3SelectError
from s3sql.exec import pipeline
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.pipeline import Pipeline
from s3sql.exec.reader import MorselReader
from s3sql.formats.base import Morsel
from s3sql.formats.scratch import Scratch
from s3sql.request import CsvInput
from tests.exec.lines import Source, csv_format, fails_at, reader_of, slow
from tests.scans import worker_count

TEXT = b"".join(b"%05d\n" % number for number in range(2000))


@dataclass(frozen=True)
class Copied:
    """What the work of these tests gives: the bytes of the morsel it has consumed."""

    contents: bytes
    consumed: int
    failed: bool = False


def copied(morsel: Morsel, scratch: Scratch) -> Copied:
    contents = morsel.buffer.array[: morsel.length].tobytes()
    if morsel.fault is not None:
        # The store broke: what is whole counts, and nothing comes behind it.
        contents = contents[: contents.rfind(b"\n") + 1]
        return Copied(contents, len(contents), failed=True)
    return Copied(contents, morsel.length)


def whole_records(morsel: Morsel, scratch: Scratch) -> Copied:
    """As the reader of a format: consumed up to the end of the last whole record."""
    contents = morsel.buffer.array[: morsel.length].tobytes()
    consumed = morsel.length if morsel.at_end else contents.rfind(b"\n") + 1
    return Copied(contents[:consumed], consumed)


class Counting:
    """A work that counts how often it runs and at how many places at once."""

    def __init__(self, work: Callable[[Morsel, Scratch], Copied] = copied, seconds: float = 0.0) -> None:
        self.starts: list[int] = []
        self.now = 0
        self._work = work
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self, morsel: Morsel, scratch: Scratch) -> Copied:
        with self._lock:
            self.starts.append(morsel.start)
            self.now += 1
        try:
            # Later morsels are sometimes ready before older ones.
            time.sleep(self._seconds * (1 + morsel.start % 3))
            return self._work(morsel, scratch)
        finally:
            with self._lock:
                self.now -= 1


@pytest.fixture
def pool() -> Iterator[BufferPool]:
    """A pool whose buffers have all come back when the test ends."""
    made = BufferPool()
    yield made
    assert made._taken == 0


def results(scan: Pipeline[Copied]) -> list[tuple[int, bytes]]:
    return [(found[0].start, found[1].contents) for found in scan.results() if found is not None]


@settings(max_examples=20)
@given(st.integers(64, 700), st.sampled_from([1, 2, 5]), st.sampled_from([0.0, 0.0005]))
def test_results_come_in_object_order(size: int, workers: int, seconds: float) -> None:
    pool = BufferPool()
    with worker_count(workers):
        found = results(Pipeline(reader_of(Source(TEXT), pool, size=size), Counting(seconds=seconds)))
    assert b"".join(contents for _, contents in found) == TEXT
    assert [start for start, _ in found] == sorted(start for start, _ in found)
    assert pool._taken == 0


def test_the_window_is_bounded_while_the_caller_rests(pool: BufferPool) -> None:
    work = Counting()
    with worker_count(2):
        scan = Pipeline(reader_of(Source(TEXT), pool), work).results()
        next(scan)
        next(scan)
        time.sleep(0.1)
        # Two given out; five may wait for the caller, one of which he has taken.
        assert len(work.starts) <= 2 + 5
        scan.close()


def test_nothing_is_read_behind_a_morsel_that_ends_within_a_record(pool: BufferPool) -> None:
    # Its work decides where the next record starts, so that what lies behind would be read in vain.
    head = b"00000\n" * 50
    source = Source(head + b"x" * 10_000)
    furthest: list[int] = []

    def work(morsel: Morsel, scratch: Scratch) -> Copied:
        if b"x" * 256 not in morsel.buffer.array[: morsel.length].tobytes():
            return copied(morsel, scratch)
        time.sleep(0.05)
        furthest.append(max(offset + count for offset, count in source.reads))
        return Copied(b"", 0, failed=True)

    with worker_count(3):
        found = results(Pipeline(reader_of(source, pool), work))
    assert b"".join(contents for _, contents in found) == head
    assert furthest == [len(head) + 256]
    assert max(offset + count for offset, count in source.reads) == len(head) + 256


@pytest.mark.parametrize("taken", [1, 2, 3, 10])
def test_closing_early_leaves_nothing_behind(pool: BufferPool, taken: int) -> None:
    source, work = Source(TEXT), Counting(seconds=0.002)
    with worker_count(3):
        scan = Pipeline(reader_of(source, pool), work).results()
        for _ in range(taken):
            next(scan)
        scan.close()
        assert work.now == 0
        assert pool._taken == 0
        reads = len(source.reads)
        time.sleep(0.02)
        assert len(source.reads) == reads


def test_a_generator_that_was_never_started_holds_nothing(pool: BufferPool) -> None:
    Pipeline(reader_of(Source(TEXT), pool), copied).results().close()


def test_a_row_that_failed_is_the_end(pool: BufferPool) -> None:
    def work(morsel: Morsel, scratch: Scratch) -> Copied:
        found = copied(morsel, scratch)
        return Copied(found.contents, found.consumed, failed=b"01000\n" in found.contents)

    found = results(Pipeline(reader_of(Source(TEXT), pool), Counting(work, 0.0005)))
    assert b"01000\n" in found[-1][1]
    together = b"".join(contents for _, contents in found)
    assert TEXT.startswith(together)
    assert len(together) < len(TEXT)


def test_an_error_of_the_work_comes_behind_older_results(pool: BufferPool) -> None:
    def work(morsel: Morsel, scratch: Scratch) -> Copied:
        if morsel.start > 5000:
            raise MemoryError("no room")
        return copied(morsel, scratch)

    scan = Pipeline(reader_of(Source(TEXT), pool), Counting(work, 0.0005)).results()
    seen: list[Morsel] = []
    with pytest.raises(MemoryError):
        seen.extend(found[0] for found in scan if found is not None)
    assert [morsel.start for morsel in seen] == [sum(m.length for m in seen[:n]) for n in range(len(seen))]
    assert sum(morsel.length for morsel in seen) > 5000


@pytest.mark.parametrize("place", [1, 64, 300, 5000, 11_000])
def test_a_broken_store_comes_behind_the_rows_before(pool: BufferPool, place: int) -> None:
    source = Source(TEXT, fails_at(place))
    found = list(Pipeline(reader_of(source, pool), Counting(seconds=0.001)).results())
    rows = [result for result in found if result is not None]
    assert rows[-1][1].failed
    read = sum(count for _, count in source.reads)
    assert b"".join(result.contents for _, result in rows) == TEXT[: read - read % 6]


def test_a_store_that_is_broken_from_the_start_is_an_error(pool: BufferPool) -> None:
    with pytest.raises(S3SelectError, match="away"):
        next(Pipeline(reader_of(Source(TEXT, fails_at(0)), pool), copied).results())


def test_a_slow_store_gives_heartbeats(pool: BufferPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "HEARTBEAT_SECONDS", 0.01)
    scan = Pipeline(reader_of(Source(TEXT[:1500], slow(0.05)), pool), copied).results()
    found = list(scan)
    assert found.count(None) >= 10
    assert b"".join(f[1].contents for f in found if f is not None) == TEXT[:1500]


def test_slow_work_gives_heartbeats(pool: BufferPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "HEARTBEAT_SECONDS", 0.01)
    scan = Pipeline(reader_of(Source(TEXT[:1500]), pool), Counting(seconds=0.03)).results()
    assert list(scan).count(None) >= 3


@settings(max_examples=20)
@given(st.integers(64, 300), st.sampled_from([1, 3]), st.data())
def test_a_wrong_cut_is_made_again(size: int, workers: int, data: st.DataObject) -> None:
    """Cuts at any semicolon, where only line ends end records."""
    pool = BufferPool()
    pieces = st.sampled_from([b"a;", b";", b"b\n", b"cc;d\n"])
    count = data.draw(st.integers(0, 300))
    text = b"".join(data.draw(st.lists(pieces, min_size=count, max_size=count)))
    text = b"\n".join(line[:40] for line in text.split(b"\n"))
    source = Source(text)
    reader = MorselReader(
        source,
        csv_format(CsvInput(record_delimiter=";")),
        pool,
        first_bytes=64,
        morsel_bytes=size,
    )
    with worker_count(workers):
        found = results(Pipeline(reader, whole_records))
    assert b"".join(contents for _, contents in found) == text
    assert pool._taken == 0


def test_without_buffers_the_query_goes_on_alone() -> None:
    # Room for one morsel, and for a while none at all: no thread may spin until there is one.
    pool = BufferPool(csv_format().room(256) + PADDING)
    submitted = 0
    submit = pipeline.submit

    def counted(*arguments: object) -> object:
        nonlocal submitted
        submitted += 1
        return submit(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "submit", counted)
        scan = Pipeline(reader_of(Source(TEXT), pool), copied).results()
        got = [next(scan)]
        # Another query takes all there is.
        theirs = pool.take(csv_format().room(256))
        assert theirs is not None
        threading.Timer(0.2, pool.give, [theirs]).start()
        begun = time.process_time()
        got.append(next(scan))
        assert time.process_time() - begun < 0.1
        assert submitted <= 2
        got += list(scan)
    assert b"".join(found[1].contents for found in got if found is not None) == TEXT


def test_the_collector_does_not_wait_for_work_under_way(pool: BufferPool) -> None:
    # A forgotten answer is found by the collector in any thread, in a worker too, with any lock held.
    go_on = threading.Event()

    def work(morsel: Morsel, scratch: Scratch) -> Copied:
        if morsel.start:
            go_on.wait(10)
        return copied(morsel, scratch)

    class Forgotten:
        def __init__(self) -> None:
            self.itself = self
            self.results = Pipeline(reader_of(Source(TEXT), pool), work).results()

    try:
        with worker_count(2):
            forgotten = Forgotten()
            assert next(forgotten.results) is not None
            assert next(forgotten.results) is None, "the workers have begun and wait"
            del forgotten
            collector = threading.Thread(target=gc.collect)
            collector.start()
            collector.join(5)
            assert not collector.is_alive()
            assert pool._taken > 0
            go_on.set()
            deadline = time.monotonic() + 5
            while pool._taken and time.monotonic() < deadline:
                time.sleep(0.01)
    finally:
        go_on.set()


def test_a_scan_goes_on_alone_when_no_thread_takes_work(pool: BufferPool) -> None:
    # So it is while the interpreter ends, also for a worker that wants another one to read on.
    submit, submitted = pipeline.submit, 0

    def refusing(*arguments: object) -> object:
        nonlocal submitted
        submitted += 1
        if submitted > 3:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")
        return submit(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "submit", refusing)
        found = results(Pipeline(reader_of(Source(TEXT), pool), Counting(seconds=0.001)))
        assert b"".join(contents for _, contents in found) == TEXT
        scan = Pipeline(reader_of(Source(TEXT), pool), copied).results()
        assert next(scan) is not None
        scan.close()
    assert submitted > 3
    assert pool._taken == 0
