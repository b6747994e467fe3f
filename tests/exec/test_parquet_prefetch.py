"""What is fetched ahead of a scan of Parquet is fetched once, whatever the workers are at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.config
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import s3sql
from benchmarks.slow_store import SlowStore
from s3sql.buffers import MEMORY
from s3sql.exec import parquet_prefetch
from s3sql.exec.parquet_prefetch import _Announced
from s3sql.formats import parquet_footer
from tests.stores.test_remote_reads import client_of, payload

GROUPS = 20
GROUP_ROWS = 6_000

QUERIES = {
    "all": "SELECT * FROM S3Object s",
    "early and late": "SELECT s.note, s.id FROM S3Object s WHERE s.price < 50",
    "late from the sixth group on": "SELECT s.id, s.note FROM S3Object s WHERE s.place >= 5",
    "early": "SELECT SUM(s.price) FROM S3Object s",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    (root / "bucket").mkdir()
    draw = np.random.default_rng(5)
    rows = GROUPS * GROUP_ROWS
    table = pa.table(
        {
            # A group whose smallest and largest tell nothing of it.
            "place": pa.array(np.where(np.arange(rows) % 2, -1, np.arange(rows) // GROUP_ROWS)),
            "price": pa.array(draw.integers(0, 10_000, rows)),
            "id": pa.array(np.arange(rows)),
            "note": pa.array([f"n{number * 7919 % 100_003}" for number in range(rows)]),
        }
    )
    pq.write_table(table, root / "bucket" / "t.parquet", row_group_size=GROUP_ROWS, write_statistics=False)
    return root


@pytest.fixture
def store(folder: Path) -> Iterator[tuple[SlowStore, Any]]:
    far = SlowStore(folder, 0.004)
    client = client_of(far.url, botocore.config.Config(s3={"addressing_style": "path"}))
    yield far, client
    client.close()
    far.close()


def fetched_twice(store: SlowStore, size: int) -> int:
    """Bytes below *size* for which a range was asked more than once."""
    times = np.zeros(size, np.int64)
    for _, asked in store.requests:
        # The first request is of the whole object, as it might be small.
        start, _, last = (asked or "").removeprefix("bytes=").partition("-")
        if start:
            times[int(start) : int(last) + 1 if last else size] += 1
    return int(np.maximum(times - 1, 0).sum())


@pytest.mark.parametrize("gap", [0, 512 << 10])
@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_no_byte_is_fetched_twice(
    store: tuple[SlowStore, Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    workers: int,
    gap: int,
) -> None:
    far, client = store
    file = folder / "bucket" / "t.parquet"
    monkeypatch.setattr(parquet_prefetch, "_GAP_BYTES", gap)
    monkeypatch.setenv("S3SQL_WORKERS", str(workers))
    answer = payload(s3sql.query(query, "s3://bucket/t.parquet", client=client))
    assert answer == payload(s3sql.query(query, file))
    # The end was read for the footer.
    assert fetched_twice(far, file.stat().st_size - parquet_footer._FIRST_BYTES) == 0
    assert MEMORY.spare == 0


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    calls=st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=4),
    gap=st.integers(0, 60),
    request_bytes=st.integers(1, 50),
)
def test_what_is_announced_of_a_row_group_has_every_chunk_and_no_byte_twice(
    sizes: list[int], calls: list[set[int]], gap: int, request_bytes: int
) -> None:
    ends = list(accumulate(sizes, initial=4))
    columns = [SimpleNamespace(begin=begin, size=size) for begin, size in zip(ends, sizes, strict=False)]
    group: Any = SimpleNamespace(columns=columns)
    announced = _Announced()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parquet_prefetch, "_GAP_BYTES", gap)
        patched.setattr(parquet_prefetch, "_REQUEST_BYTES", request_bytes)
        for call in calls:
            before = list(announced.ranges)
            announced.add(group, [leaf for leaf in call if leaf < len(columns)])
            assert announced.ranges[: len(before)] == before
    times = np.zeros(ends[-1], np.int64)
    for begin, end in announced.ranges:
        assert 0 < end - begin <= request_bytes
        times[begin:end] += 1
    assert times.max(initial=0) <= 1
    assert announced.size == times.sum()
    for leaf in set().union(*calls) & set(range(len(columns))):
        assert times[ends[leaf] : ends[leaf + 1]].all()
