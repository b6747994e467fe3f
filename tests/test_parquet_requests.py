"""Which bytes of a Parquet object behind an endpoint are asked for: those of the columns read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pytest
from moto import mock_aws

import s3sql
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import RowGroup, row_groups
from s3sql.stores.memory import BytesObject
from s3sql.stores.timed import Deadline, TimedObject
from tests.formats.parquet_files import parquet

#: The end of the object that is read for its footer.
TAIL_BYTES = 64 << 10


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        yield client


class Requests:
    """The ranges, first byte and last, that were asked for of an object behind *client*."""

    def __init__(self, client: Any, contents: bytes) -> None:
        self.ranges: list[tuple[int, int] | None] = []
        self.sizes: list[int] = []
        client.put_object(Bucket="bucket", Key="t.parquet", Body=contents)
        client.meta.events.register("before-call.s3.GetObject", self._asked)
        client.meta.events.register("after-call.s3.GetObject", self._answered)
        self._client = client

    def _asked(self, params: Any, **_: object) -> None:
        asked = params["headers"].get("Range")
        first, _, last = (asked or "").removeprefix("bytes=").partition("-")
        self.ranges.append(None if asked is None else (int(first), int(last or -1)))

    def _answered(self, parsed: Any, **_: object) -> None:
        self.sizes.append(parsed["ContentLength"])

    def rows(self, sql: str, **options: Any) -> list[dict[str, Any]]:
        result = s3sql.query(sql, "s3://bucket/t.parquet", client=self._client, **options)
        found: list[dict[str, Any]] = result.to_arrow().to_pylist()
        return found


def wide_file(rows: int, row_group_size: int) -> tuple[bytes, list[RowGroup]]:
    """Ten columns of doubles, eight bytes a value in the file."""
    columns = {f"c{number}": np.arange(rows) * 0.5 + number for number in range(10)}
    contents = parquet(
        pa.table(columns), row_group_size=row_group_size, use_dictionary=False, compression="none"
    )
    return contents, row_groups(read_footer(ParquetSource(BytesObject(contents))), len(contents))


@pytest.mark.parametrize("options", [{}, {"timeout": 60}])
def test_a_projection_of_one_column_asks_for_no_other(client: Any, options: dict[str, Any]) -> None:
    contents, groups = wide_file(50_000, 25_000)
    requests = Requests(client, contents)
    assert requests.rows("SELECT SUM(c3) AS s FROM S3Object", **options) == [
        {"s": sum(range(50_000)) / 2 + 150_000}
    ]
    whole, tail, *others = requests.ranges
    assert whole is None
    assert tail == (len(contents) - TAIL_BYTES, -1)
    chunks = [group.columns[3] for group in groups]
    # Both may be asked for at once.
    assert sorted(filter(None, others)) == [(chunk.begin, chunk.begin + chunk.size - 1) for chunk in chunks]
    assert len(others) == len(chunks)
    assert sum(requests.sizes[1:]) == TAIL_BYTES + sum(chunk.size for chunk in chunks)


def test_columns_read_side_by_side_take_a_request_each(client: Any) -> None:
    contents, groups = wide_file(400_000, 400_000)
    requests = Requests(client, contents)
    found = requests.rows("SELECT SUM(c1) AS a, SUM(c8) AS b FROM S3Object")
    assert found[0]["b"] - found[0]["a"] == 7 * 400_000
    # Arrow goes on with either column in turns, and each is three megabytes.
    chunks = [groups[0].columns[number] for number in (1, 8)]
    assert sorted(filter(None, requests.ranges[2:])) == [
        (chunk.begin, chunk.begin + chunk.size - 1) for chunk in chunks
    ]


def test_a_long_column_takes_as_many_requests_as_it_has_pieces(client: Any) -> None:
    contents, groups = wide_file(1_200_000, 1_200_000)
    requests = Requests(client, contents)
    requests.rows("SELECT MAX(c9) AS m FROM S3Object")
    chunk = groups[0].columns[9]
    ranges = sorted(asked for asked in requests.ranges[2:] if asked is not None)
    assert 2 <= len(ranges) <= 3
    assert ranges[0][0] == chunk.begin
    assert ranges[-1][1] == chunk.begin + chunk.size - 1
    assert sum(last - first + 1 for first, last in ranges) == chunk.size


def test_what_no_row_needs_is_not_asked_for(client: Any) -> None:
    contents, groups = wide_file(50_000, 25_000)
    requests = Requests(client, contents)
    # The first row group has no row for the query by its statistics, the second none when it is read.
    assert requests.rows("SELECT c9 FROM S3Object WHERE c2 > 12502.1 AND c2 < 12502.4") == []
    chunk = groups[1].columns[2]
    assert requests.ranges[2:] == [(chunk.begin, chunk.begin + chunk.size - 1)]


def test_an_object_in_memory_is_no_matter_of_requests() -> None:
    timed = TimedObject(BytesObject(b"0123456789"), Deadline(60))
    assert timed.request_bytes == 0
    found = memoryview(bytearray(4))
    assert timed.read_range_into(found, 8) == 2
    assert found[:2] == b"89"
