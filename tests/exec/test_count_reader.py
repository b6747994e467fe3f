"""Files whose records are only counted, in morsels longer than any buffer."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sql import engine
from s3sql.exec import count_reader
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.count_reader import CountReader, Strides
from s3sql.formats import csv_counting
from s3sql.formats.base import Morsel
from s3sql.kernels import csv_count
from s3sql.request import CsvInput, CsvOutput, SelectRequest
from s3sql.stores.local import open_path
from tests.exec.lines import csv_format
from tests.scans import morsels_of, scan, worker_count

COUNT = "SELECT COUNT(*) FROM S3Object s"


@contextmanager
def small(piece: int = 64, first: int = 1000) -> Iterator[None]:
    """Pieces and first morsels of some bytes, so that a short text has many of them."""
    with (
        morsels_of(1 << 20, first=first),
        mock.patch.object(csv_counting, "PIECE_BYTES", piece),
        mock.patch.object(count_reader, "MOST_BYTES", 20 * first),
        mock.patch.object(count_reader, "LEAST_SHARE", first),
    ):
        yield


ordinary = st.lists(st.sampled_from([b"a,b\n", b"c\n", b"x" * 50 + b"\n", b"1,2,3,4\n"]), min_size=1).map(
    b"".join
)
strange = st.sampled_from(
    [
        b'"q"\n',
        b'"un\n',
        b"#c\n",
        b"\n",
        b"\r\n",
        b"a#\n",
        b"\xc3\xa9\n",
        b"\xff\n",
        b"y" * 300 + b"\n",
        b"\r",
    ]
)


@given(
    st.lists(st.tuples(ordinary, st.integers(1, 200), strange | st.just(b"")), max_size=4),
    st.sampled_from([b"", b"end", b'"end', b"\n"]),
    st.sampled_from(
        [CsvInput(), CsvInput(record_delimiter=";"), CsvInput(comments=""), CsvInput(file_header_info="USE")]
    ),
    st.sampled_from([1, 3]),
    st.none() | st.tuples(st.integers(0, 5000), st.integers(5001, 20_000)),
)
@settings(max_examples=120, deadline=None)
def test_a_file_has_as_many_records_as_its_text(
    parts: list[tuple[bytes, int, bytes]],
    end: bytes,
    inputs: CsvInput,
    workers: int,
    part: tuple[int, int] | None,
) -> None:
    text = b"".join(some * often + odd for some, often, odd in parts) + end
    if part is not None and part[0] >= len(text):
        part = None
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        with worker_count(workers), small(), open_path(file.name) as opened:
            assert scan(opened, COUNT, inputs, part=part) == scan(text, COUNT, inputs, part=part)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("odd", [b'"a"\n', b"\xc3\xa9,b\n", b"# c\n", b"\n", b"\r\n"])
@pytest.mark.parametrize("place", [0, 1, 0.5, 0.9])
def test_what_is_unusual_ends_long_morsels_and_nothing_else(
    tmp_path: Path, workers: int, odd: bytes, place: float
) -> None:
    lines = [b"abc,def\n"] * 40_000
    lines.insert(int(place * len(lines)) if place < 1 else len(lines), odd)
    path = tmp_path / "t.csv"
    path.write_bytes(b"".join(lines))
    with worker_count(workers), small(4096, 4096), open_path(path) as opened:
        found = scan(opened, COUNT)
    counted = 40_000 + (odd not in (b"# c\n", b"\n", b"\r\n"))
    assert found.records == [b'{"_1":%d}\n' % counted]


def test_a_record_that_fails_far_in_the_file_fails_the_query(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for odd, code in ((b"a,\xff\n", "InvalidTextEncoding"), (b"x" * 5000 + b"\n", "OverMaxRecordSize")):
        path.write_bytes(b"abc,def\n" * 60_000 + odd + b"abc,def\n" * 60_000)
        with worker_count(2), small(512, 20_000), morsels_of(40_000, longest=2000), open_path(path) as opened:
            found = scan(opened, COUNT)
        assert found.code == code
        assert not found.records


def test_totals_never_go_back(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = b"abc,def\n" * 30_000 + b'"a"\n' + b"abc,def\n" * 30_000
    path.write_bytes(text)
    with worker_count(2), small(4096, 4096), open_path(path) as opened:
        request = SelectRequest(COUNT, CsvInput(), CsvOutput())
        totals = [step.processed for step in engine.prepare(request, opened).records() if step is not None]
    assert totals == sorted(totals)
    assert totals[-1] == len(text)


def test_a_file_that_is_cut_while_it_is_counted_is_another_version(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"abc,def\n" * 100_000)
    counted = csv_count.count_records
    calls = 0

    def cut(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            os.truncate(path, 1000)
        return counted(*arguments)

    patched = mock.patch.object(csv_count, "count_records", cut)
    with worker_count(1), small(4096, 4096), open_path(path) as opened, patched:
        found = scan(opened, COUNT)
    assert calls >= 3
    assert found.code == "PreconditionFailed"


def test_a_query_that_is_given_up_counts_no_further(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"abc,def\n" * 200_000)
    counted = csv_count.count_records
    begun = threading.Event()
    calls = 0

    def noted(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        begun.set()
        return counted(*arguments)

    patched = mock.patch.object(csv_count, "count_records", noted)
    with worker_count(1), small(4096, 4096), open_path(path) as opened, patched:
        steps = engine.prepare(SelectRequest(COUNT, CsvInput(), CsvOutput()), opened).records()
        next(steps)
        assert begun.wait(10)
        steps.close()
        given_up = calls
    assert given_up == calls < 10


@contextmanager
def reader_of(path: Path, pool: BufferPool) -> Iterator[CountReader]:
    with open_path(path) as opened:
        yield CountReader(opened, csv_format(), pool, workers=2, first_bytes=4096, morsel_bytes=64 << 10)


def test_long_morsels_take_no_more_memory_than_a_piece(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"abc,def\n" * 1_000_000)
    morsels: list[Morsel] = []
    with reader_of(path, BufferPool(1 << 30)) as reader:
        while (morsel := reader.next(wait=True)) is not None:
            morsels.append(morsel)
    assert sum(morsel.length for morsel in morsels) == path.stat().st_size
    long = [morsel for morsel in morsels if morsel.long]
    assert max(morsel.length for morsel in long) > 1 << 20
    assert max(morsel.buffer.capacity for morsel in long) <= 2 * csv_counting.PIECE_BYTES
    assert not morsels[0].long
    assert morsels[-1].at_end


def test_without_memory_there_is_no_morsel_yet(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"abc,def\n" * 1_000_000)
    with reader_of(path, BufferPool(1)) as reader:
        first = reader.next(wait=True)
        assert first is not None
        assert reader.next(wait=False) is None
        reader.give_back(first)
        second = reader.next(wait=False)
    assert second is not None
    assert second.long


def test_strides_grow_while_they_are_quick_and_leave_a_share_to_everybody() -> None:
    clock = mock.Mock(side_effect=[0.0, 0.001, 0.002, 0.003, 0.1, 0.2, 0.23, 0.231])
    with mock.patch("time.perf_counter", clock):
        strides = Strides(1 << 20, 2)
        plenty = 1 << 40
        assert [strides.next(plenty) >> 20 for _ in range(6)] == [4, 16, 64, 32, 16, 16]
        assert strides.next(12 << 20) == 4 << 20
