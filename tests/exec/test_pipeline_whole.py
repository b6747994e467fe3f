"""Scans of which all morsels are wanted: workers begin beside the first one, and nothing else changes."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import s3sql
from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.exec import pipeline
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.pipeline import Pipeline
from s3sql.exec.reader import MorselReader
from s3sql.formats.base import Morsel
from s3sql.formats.scratch import Scratch
from s3sql.request import CsvInput
from tests.exec.lines import Source, csv_format, fails_at, reader_of
from tests.exec.test_pipeline import TEXT, Copied, Counting, copied, results, whole_records
from tests.scans import worker_count


@pytest.fixture
def pool() -> Iterator[BufferPool]:
    """A pool whose buffers have all come back when the test ends."""
    made = BufferPool()
    yield made
    assert made._taken == 0


def test_the_second_morsel_does_not_wait_for_the_first(pool: BufferPool) -> None:
    begun = threading.Event()

    def work(morsel: Morsel, scratch: Scratch) -> Copied:
        if morsel.start:
            begun.set()
        elif not begun.wait(60):
            raise TimeoutError("nobody works on the second morsel")
        return copied(morsel, scratch)

    with worker_count(2):
        found = results(Pipeline(reader_of(Source(TEXT), pool), work, whole=True))
    assert b"".join(contents for _, contents in found) == TEXT


def test_one_morsel_needs_no_thread(pool: BufferPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "submit", lambda *_: pytest.fail("a thread was asked for"))
    scan = Pipeline(reader_of(Source(TEXT[:60]), pool), copied, whole=True)
    assert results(scan) == [(0, TEXT[:60])]


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(64, 700),
    workers=st.sampled_from([1, 2, 5]),
    seconds=st.sampled_from([0.0, 0.0005]),
    failing=st.one_of(st.none(), st.integers(0, 1999)),
    taken=st.one_of(st.none(), st.integers(1, 5)),
)
def test_results_are_those_of_a_scan_that_begins_alone(
    size: int, workers: int, seconds: float, failing: int | None, taken: int | None
) -> None:
    line = b"" if failing is None else b"%05d\n" % failing

    def work(morsel: Morsel, scratch: Scratch) -> Copied:
        found = copied(morsel, scratch)
        return Copied(found.contents, found.consumed, failed=bool(line) and line in found.contents)

    def ran(*, whole: bool) -> list[tuple[int, bytes]]:
        pool, counting = BufferPool(), Counting(work, seconds)
        scan = Pipeline(reader_of(Source(TEXT), pool, size=size), counting, whole=whole).results()
        found: list[tuple[int, bytes]] = []
        for one in scan:
            if one is not None:
                found.append((one[0].start, one[1].contents))
            if taken is not None and len(found) >= taken:
                break
        scan.close()
        assert counting.now == 0
        assert pool._taken == 0
        return found

    with worker_count(workers):
        assert ran(whole=True) == ran(whole=False)


@settings(max_examples=20, deadline=None)
@given(st.integers(64, 300), st.sampled_from([1, 3]), st.data())
def test_a_wrong_cut_of_the_first_morsel_is_made_again(size: int, workers: int, data: st.DataObject) -> None:
    """Cuts at any semicolon, where only line ends end records: what was begun beside it is dropped."""
    pieces = st.sampled_from([b"a;", b";", b"b\n", b"cc;d\n"])
    text = b"".join(data.draw(st.lists(pieces, min_size=50, max_size=300)))
    text = b"\n".join(line[:40] for line in text.split(b"\n"))
    pool = BufferPool()
    form = csv_format(CsvInput(record_delimiter=";"))
    reader = MorselReader(Source(text), form, pool, first_bytes=64, morsel_bytes=size)
    with worker_count(workers):
        found = results(Pipeline(reader, whole_records, whole=True))
    assert b"".join(contents for _, contents in found) == text
    assert pool._taken == 0


def test_an_error_of_the_first_work_waits_for_the_others(pool: BufferPool) -> None:
    work = Counting(seconds=0.002)

    def failing(morsel: Morsel, scratch: Scratch) -> Copied:
        if not morsel.start:
            raise MemoryError("no room")
        return work(morsel, scratch)

    with worker_count(3), pytest.raises(MemoryError):
        list(Pipeline(reader_of(Source(TEXT), pool), failing, whole=True).results())
    assert work.now == 0


@pytest.mark.parametrize("place", [1, 64, 300, 5000])
def test_a_store_that_breaks_meanwhile_is_told_behind_the_rows_before(pool: BufferPool, place: int) -> None:
    source = Source(TEXT, fails_at(place))
    scan = Pipeline(reader_of(source, pool), Counting(seconds=0.001), whole=True)
    rows = [result for result in scan.results() if result is not None]
    assert rows[-1][1].failed
    read = sum(count for _, count in source.reads)
    assert b"".join(result.contents for _, result in rows) == TEXT[: read - read % 6]


def test_a_store_that_is_broken_from_the_start_is_an_error(pool: BufferPool) -> None:
    with pytest.raises(S3SelectError, match="away"):
        next(Pipeline(reader_of(Source(TEXT, fails_at(0)), pool), copied, whole=True).results())


@pytest.mark.parametrize(
    ("query", "form", "whole"),
    [
        ("SELECT a FROM S3Object s WHERE s.a > 5", "parquet", True),
        ("SELECT SUM(a) FROM S3Object", "parquet", True),
        ("SELECT a FROM S3Object s WHERE s.a > 5 LIMIT 3", "parquet", False),
        ("SELECT * FROM S3Object", "csv", False),
    ],
)
def test_what_may_need_one_morsel_begins_with_one(
    query: str, form: str, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": range(100)}), file, row_group_size=10)
    asked: list[bool] = []

    class Noted(Pipeline[Any, Any]):
        def __init__(self, *arguments: Any, whole: bool) -> None:
            asked.append(whole)
            super().__init__(*arguments, whole=whole)

    monkeypatch.setattr(engine, "Pipeline", Noted)
    contents = file.getvalue() if form == "parquet" else b"1\n2\n"
    list(s3sql.query(query, contents, input_format=form).events())
    assert asked == [whole]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_rows_of_parquet_come_in_order_up_to_the_first_that_fails(workers: int) -> None:
    numbers = list(range(4000))
    file = io.BytesIO()
    pq.write_table(pa.table({"a": numbers, "t": [str(n) for n in numbers]}), file, row_group_size=100)
    with worker_count(workers):
        for failing in (0, 99, 100, 1234, 3999):
            query = f"SELECT a FROM S3Object s WHERE 1 / (s.a - {failing}) < 2"
            with s3sql.query(query, file.getvalue(), input_format="parquet", mixed="json") as result:
                seen: list[int] = []
                with pytest.raises(S3SelectError):
                    seen.extend(int(row) for batch in result for row in batch.column(0).to_pylist())
            assert seen == numbers[:failing]
