"""S3 objects read in parallel ranges: the same bytes and the same errors as by one request, and no more held.

The endpoint is a server of ours that is late, breaks bodies at any byte, knows no ranges, or changes the
object.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import random
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import s3sql
from benchmarks.slow_store import SlowStore
from s3sql.buffers import MEMORY
from s3sql.errors import S3SelectError
from s3sql.exec.parquet_prefetch import _Announced
from s3sql.formats.parquet_groups import RowGroup
from s3sql.stores import pace
from s3sql.stores.s3 import S3Store
from s3sql.stores.s3.object import S3Object

MIB = 1 << 20
CONTENTS = random.Random(7).randbytes(12 * MIB)

#: Seconds before each body, so that whoever reads waits.
LATENCY = 0.03


@dataclass
class Endpoint:
    """An endpoint whose bodies come late and may break at *breaks*, offsets in the object, each once."""

    contents: bytes = CONTENTS
    breaks: set[int] = field(default_factory=set)
    knows_ranges: bool = True
    etag: str = "one"
    #: Changes the object when so many requests have been answered.
    changes_after: int | None = None
    refuses_after: int | None = None
    silent_after: int | None = None
    checksum: str = ""
    delay: float = LATENCY
    requests: list[str | None] = field(default_factory=list)
    under_way: int = 0
    awake: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.requests.append(request.headers.get("Range"))
            number = len(self.requests)
            self.under_way += 1
        try:
            self._answer(request, number)
        finally:
            with self.lock:
                self.under_way -= 1

    def _answer(self, request: BaseHTTPRequestHandler, number: int) -> None:
        if self.silent_after is not None and number > self.silent_after:
            self.awake.wait(300)
            request.close_connection = True
            return
        if self.changes_after is not None and number > self.changes_after:
            self.etag = "two"
        if self.refuses_after is not None and number > self.refuses_after:
            self.head(request, 403, 0, {})
            return
        if request.headers.get("If-Match", f'"{self.etag}"') != f'"{self.etag}"':
            self.head(request, 412, 0, {})
            return
        asked = request.headers.get("Range") if self.knows_ranges else None
        start, last = 0, len(self.contents) - 1
        if asked is not None:
            start, last = (int(end or len(self.contents) - 1) for end in asked[6:].split("-"))
        headers = {"ETag": f'"{self.etag}"'}
        if asked is not None:
            headers["Content-Range"] = f"bytes {start}-{last}/{len(self.contents)}"
        elif self.checksum:
            headers["x-amz-checksum-crc32"] = self.checksum
        self.head(request, 200 if asked is None else 206, last + 1 - start, headers)
        time.sleep(self.delay)
        place = start
        while place <= last:
            end = min(place + 200_000, last + 1)
            with self.lock:
                cut = min((at for at in self.breaks if place <= at < end), default=None)
                if cut is not None:
                    self.breaks.discard(cut)
                    end = cut
            request.wfile.write(self.contents[place:end])
            if cut is not None:
                request.wfile.flush()
                request.connection.shutdown(socket.SHUT_RDWR)
                return
            place = end
            # No connection is faster than 200 MB/s.
            time.sleep(0.001)

    @staticmethod
    def head(request: BaseHTTPRequestHandler, status: int, length: int, headers: dict[str, str]) -> None:
        request.send_response(status)
        for name, text in {**headers, "Content-Length": str(length)}.items():
            request.send_header(name, text)
        request.end_headers()


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                self.server.endpoint.answer(self)  # type: ignore[attr-defined]
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client_of(url: str, config: botocore.config.Config) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


@pytest.fixture(scope="module")
def store(server: ThreadingHTTPServer) -> Iterator[S3Store]:
    config = botocore.config.Config(
        retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"}, read_timeout=30
    )
    client = client_of(f"http://127.0.0.1:{server.server_port}", config)
    yield S3Store(client)
    client.close()


@pytest.fixture
def endpoint(server: ThreadingHTTPServer) -> Endpoint:
    server.endpoint = endpoint = Endpoint()  # type: ignore[attr-defined]
    return endpoint


#: What a slow reader is told from a slow connection by.
THRESHOLDS = pace._SLOW, pace._FAST


@pytest.fixture(scope="module", autouse=True)
def every_reader_waits() -> Iterator[None]:
    """However fast this machine is at the moment, a connection counts as slower than its reader."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pace, "_SLOW", 0.0)
        patched.setattr(pace, "_FAST", 1e15)
        yield


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert until(lambda: MEMORY.spare == 0)
    assert not [thread for thread in threading.enumerate() if thread.name == "s3sql-read-ahead"]


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    return condition()


def read_on(opened: S3Object, offset: int, step: int, end: int) -> bytes:
    found = bytearray()
    buffer = memoryview(bytearray(step))
    while offset + len(found) < end:
        count = opened.read_into(buffer, offset + len(found))
        found += buffer[:count]
        if count < step:
            break
    return bytes(found)


def refusal(ask: Callable[[], object]) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        ask()
    return caught.value


#: Each example takes a tenth of a second or more, so a failing one is not made smaller for long.
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    step=st.integers(40_000, 3 * MIB),
    offset=st.one_of(st.just(0), st.integers(0, len(CONTENTS))),
    breaks=st.sets(st.integers(1, len(CONTENTS) - 1), max_size=5),
)
def test_parallel_ranges_are_one_read(
    server: ThreadingHTTPServer, store: S3Store, step: int, offset: int, breaks: set[int]
) -> None:
    server.endpoint = endpoint = Endpoint(breaks=breaks, delay=0.01)  # type: ignore[attr-defined]
    with store.open("bucket", "key") as opened:
        assert read_on(opened, offset, step, len(CONTENTS)) == CONTENTS[offset:]
        assert opened.read(offset, 1000) == CONTENTS[offset : offset + 1000]
    assert all(asked is None or asked.startswith("bytes=") for asked in endpoint.requests)


def test_a_reader_that_waits_gets_ever_more_ranges(endpoint: Endpoint, store: S3Store) -> None:
    with store.open("bucket", "key") as opened:
        assert read_on(opened, 0, 1 << 18, len(CONTENTS)) == CONTENTS
    ends = [given[6:].split("-") for given in endpoint.requests if given]
    asked = [(int(first), int(last or len(CONTENTS) - 1)) for first, last in ends]
    assert endpoint.requests[0] is None
    assert len(asked) >= 4
    # Without gaps and overlaps, from the border on.
    asked.sort()
    assert asked[0][0] == 2 * MIB
    assert all(first[1] + 1 == second[0] for first, second in itertools.pairwise(asked))
    assert asked[-1][1] == len(CONTENTS) - 1


def test_a_small_object_and_a_small_part_take_one_request(endpoint: Endpoint, store: S3Store) -> None:
    with store.open("bucket", "key") as opened:
        assert read_on(opened, 0, 1 << 17, MIB) == CONTENTS[:MIB]
        assert endpoint.requests == [None]
    endpoint.contents = CONTENTS[: 4 * MIB]
    with store.open("bucket", "key") as opened:
        assert read_on(opened, 0, 1 << 17, 4 * MIB) == CONTENTS[: 4 * MIB]
    assert endpoint.requests == [None, None]


def test_a_reader_that_is_slow_itself_needs_no_ranges(
    endpoint: Endpoint, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_SLOW", THRESHOLDS[0])
    monkeypatch.setattr(pace, "_FAST", THRESHOLDS[1])
    endpoint.delay = 0
    with store.open("bucket", "key") as opened:
        buffer = memoryview(bytearray(MIB))
        for offset in range(0, 8 * MIB, MIB):
            assert opened.read_into(buffer, offset) == MIB
            time.sleep(0.15)
    assert endpoint.requests == [None]


def test_an_object_that_changes_between_ranges_is_an_error(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.changes_after = 3
    with store.open("bucket", "key") as opened:
        found = bytearray()
        buffer = memoryview(bytearray(1 << 18))

        def read() -> None:
            while count := opened.read_into(buffer, len(found)):
                found.extend(buffer[:count])

        error = refusal(read)
    assert (error.code, error.status) == ("PreconditionFailed", 412)
    assert "s3://bucket/key was changed" in error.message
    # What had come before was that of the one version.
    assert len(found) >= 2 * MIB
    assert found == CONTENTS[: len(found)]


def test_an_endpoint_that_knows_no_ranges_is_read_by_the_first_request(
    endpoint: Endpoint, store: S3Store
) -> None:
    endpoint.knows_ranges = False
    with store.open("bucket", "key") as opened:
        assert read_on(opened, 0, 1 << 18, len(CONTENTS)) == CONTENTS
        first = len(endpoint.requests)
        assert 2 <= first <= 10
        assert opened.read(0, 10) == CONTENTS[:10]


def test_ranges_that_are_refused_leave_the_first_request(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.refuses_after = 1
    with store.open("bucket", "key") as opened:
        assert read_on(opened, 0, 1 << 18, len(CONTENTS)) == CONTENTS


def test_a_refusal_behind_the_border_is_told_where_it_is_reached(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.refuses_after = 4
    found = bytearray()
    buffer = memoryview(bytearray(1 << 18))
    with store.open("bucket", "key") as opened:

        def read() -> None:
            while count := opened.read_into(buffer, len(found)):
                found.extend(buffer[:count])

        assert refusal(read).code == "AccessDenied"
    assert len(found) >= 2 * MIB
    assert found == CONTENTS[: len(found)]


def test_a_range_that_breaks_too_often_is_an_error(endpoint: Endpoint, store: S3Store) -> None:
    class Always(set[int]):
        def discard(self, at: int) -> None:
            pass

    endpoint.breaks = Always({6 * MIB})
    with store.open("bucket", "key") as opened:
        error = refusal(lambda: read_on(opened, 0, 1 << 18, len(CONTENTS)))
    assert error.code == "InternalError"
    assert f"at byte {6 * MIB:,}" in error.message


def test_the_checksum_of_the_object_is_verified_over_ranges_too(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.checksum = base64.b64encode(zlib.crc32(CONTENTS).to_bytes(4, "big")).decode()
    with store.open("bucket", "key") as opened:
        assert read_on(opened, 0, 1 << 18, len(CONTENTS)) == CONTENTS
    assert len(endpoint.requests) > 2
    endpoint.contents = CONTENTS[:-1] + bytes([CONTENTS[-1] ^ 1])
    with store.open("bucket", "key") as opened:
        assert refusal(lambda: read_on(opened, 0, 1 << 18, len(CONTENTS))).code == "BadDigest"


def test_closing_in_the_middle_leaves_no_thread_and_no_request(endpoint: Endpoint, store: S3Store) -> None:
    opened = store.open("bucket", "key")
    assert read_on(opened, 0, 1 << 18, 4 * MIB) == CONTENTS[: 4 * MIB]
    opened.close()
    assert MEMORY.spare == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "s3sql-read-ahead"]
    assert until(lambda: endpoint.under_way == 0)


def test_an_interruption_wakes_a_reader_of_silent_ranges(endpoint: Endpoint, store: S3Store) -> None:
    endpoint.silent_after = 2
    with store.open("bucket", "key") as opened:
        threading.Timer(0.5, opened.interrupt).start()
        error = refusal(lambda: read_on(opened, 0, 1 << 18, len(CONTENTS)))
        assert "given up" in error.message
        assert endpoint.under_way, "the endpoint is silent still"
    # Who waits for the head of an answer is not woken but by the endpoint, or by boto3's time-out.
    endpoint.awake.set()


def test_memory_is_bounded_with_a_slow_reader(
    endpoint: Endpoint, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MEMORY, "limit", 8 * MIB)
    most = 0
    with store.open("bucket", "key") as opened:
        buffer = memoryview(bytearray(1 << 18))
        for offset in range(0, len(CONTENTS), 1 << 18):
            count = opened.read_into(buffer, offset)
            assert buffer[:count] == CONTENTS[offset : offset + count]
            most = max(most, MEMORY.spare)
            if offset > 3 * MIB:
                time.sleep(0.01)
    assert 0 < most <= 3 * MIB
    assert len(endpoint.requests) > 2


def test_announced_ranges_are_fetched_together_and_read_in_any_order(
    endpoint: Endpoint, store: S3Store
) -> None:
    ranges = [(MIB, MIB + 1000), (5 * MIB, 5 * MIB + 5000), (9 * MIB, 9 * MIB + 300)]
    with store.open("bucket", "key") as opened:
        opened.prefetch(ranges)
        for start, end in reversed(ranges):
            found = memoryview(bytearray(end - start))
            assert opened.read_range_into(found, start) == end - start
            assert found == CONTENTS[start:end]
        assert len(endpoint.requests) == 4
        # Part of it, and beyond it: the rest is asked for.
        found = memoryview(bytearray(900))
        assert opened.read_range_into(found, MIB + 500) == 900
        assert found == CONTENTS[MIB + 500 : MIB + 1400]
        assert len(endpoint.requests) == 5
        found = memoryview(bytearray(1000))
        assert opened.read_range_into(found, len(CONTENTS) - 400) == 400
        assert found[:400] == CONTENTS[-400:]
    assert until(lambda: endpoint.under_way == 0)


@settings(max_examples=15, deadline=None)
@given(
    announced=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=6),
    read=st.lists(st.tuples(st.integers(0, 46), st.integers(1, 9)), min_size=1, max_size=6),
    breaks=st.sets(st.integers(1, 46_000), max_size=3),
)
def test_reading_is_the_same_whatever_was_announced(
    server: ThreadingHTTPServer,
    store: S3Store,
    announced: list[tuple[int, int]],
    read: list[tuple[int, int]],
    breaks: set[int],
) -> None:
    server.endpoint = Endpoint(breaks=breaks, delay=0)  # type: ignore[attr-defined]
    with store.open("bucket", "key") as opened:
        opened.prefetch([(start * 1000, (start + length) * 1000) for start, length in announced])
        for start, length in read:
            found = memoryview(bytearray(length * 777))
            assert opened.read_range_into(found, start * 999) == len(found)
            assert found == CONTENTS[start * 999 : start * 999 + len(found)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    bucket = root / "bucket"
    bucket.mkdir()
    draw = np.random.default_rng(3)
    rows = 400_000
    table = pa.table(
        {
            "id": pa.array(np.arange(rows)),
            "price": pa.array(draw.integers(0, 10_000, rows)),
            "note": pa.array([f"n{number * 7919 % 100_003}" for number in range(rows)]),
        }
    )
    pq.write_table(table, bucket / "t.parquet", row_group_size=40_000, compression="none")
    text = "".join(f"{number},{number * 31 % 977},text {number}\n" for number in range(rows))
    (bucket / "t.csv").write_text(text)
    (bucket / "t.csv.gz").write_bytes(gzip.compress(text.encode(), 1))
    (bucket / "empty.csv").write_bytes(b"")
    return root


@pytest.fixture
def slow(folder: Path) -> Iterator[tuple[SlowStore, Any]]:
    far = SlowStore(folder, 0.02, 100e6)
    config = botocore.config.Config(s3={"addressing_style": "path"})
    client = client_of(far.url, config)
    yield far, client
    client.close()
    assert until(lambda: far.connections == 0)
    far.close()


def payload(result: s3sql.Result) -> bytes:
    return b"".join(event["Records"]["Payload"] for event in result.events() if "Records" in event)


@pytest.mark.parametrize(
    ("key", "query", "options"),
    [
        ("t.csv", "SELECT COUNT(*), SUM(CAST(s._2 AS INT)) FROM S3Object s", {}),
        ("t.csv", "SELECT s._3 FROM S3Object s WHERE s._2 = '976'", {}),
        ("t.csv", "SELECT s._1 FROM S3Object s", {"scan_range": (3_000_000, 8_500_000)}),
        ("t.csv", "SELECT * FROM S3Object s LIMIT 10", {}),
        ("t.csv.gz", "SELECT s._1 FROM S3Object s WHERE s._2 = '976'", {}),
        ("empty.csv", "SELECT COUNT(*) FROM S3Object s", {}),
        ("t.parquet", "SELECT SUM(s.price) FROM S3Object s", {}),
        ("t.parquet", "SELECT s.id, s.note FROM S3Object s WHERE s.price < 20", {}),
        ("t.parquet", "SELECT * FROM S3Object s LIMIT 5", {}),
        ("t.parquet", "SELECT * FROM S3Object s", {}),
    ],
)
def test_a_query_of_a_far_object_answers_as_of_a_near_one(
    slow: tuple[SlowStore, Any], folder: Path, key: str, query: str, options: dict[str, Any]
) -> None:
    far, client = slow
    near = payload(s3sql.query(query, folder / "bucket" / key, **options))
    assert payload(s3sql.query(query, f"s3://bucket/{key}", client=client, **options)) == near
    if "LIMIT 10" in query or key == "empty.csv":
        assert len(far.requests) == 1
    if key == "t.csv" and "COUNT" in query:
        assert len(far.requests) > 4


def test_a_query_that_is_left_closes_its_connections(slow: tuple[SlowStore, Any]) -> None:
    far, client = slow
    events = s3sql.query("SELECT * FROM S3Object", "s3://bucket/t.csv", client=client).events()
    taken = 0
    for event in events:
        taken += len(event.get("Records", {}).get("Payload", b""))
        if taken > 6_000_000:
            break
    events.close()
    assert MEMORY.spare == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "s3sql-read-ahead"]
    assert far.requests


def ranges_of(group: RowGroup, leaves: list[int]) -> list[tuple[int, int]]:
    announced = _Announced()
    announced.add(group, leaves)
    return announced.ranges


def test_chunks_near_each_other_come_by_one_request(folder: Path) -> None:
    from s3sql.formats.parquet_file import ParquetSource
    from s3sql.formats.parquet_footer import read_footer
    from s3sql.formats.parquet_groups import row_groups
    from s3sql.stores.local import open_path

    with open_path(folder / "bucket" / "t.parquet") as opened:
        source = ParquetSource(opened)
        group = row_groups(read_footer(source), source.size)[1]
    chunks = [(chunk.begin, chunk.begin + chunk.size) for chunk in group.columns]
    assert ranges_of(group, [0]) == [chunks[0]]
    assert ranges_of(group, [1, 0]) == [(chunks[0][0], chunks[1][1])]
    assert chunks[2][0] - chunks[0][1] < 512 << 10
    assert ranges_of(group, [0, 2]) == [(chunks[0][0], chunks[2][1])]


def test_the_numbers_of_the_pace_are_those_that_the_tests_here_build_on() -> None:
    assert pace._BEGIN_BYTES == MIB
    assert pace._WORTH_BYTES == 4 * MIB
