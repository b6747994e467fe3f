"""``python -m benchmarks.concurrency``: many small queries at a time, and a large one beside them.

In: options.  Out: Markdown on standard output: requests a second and the times that a half and a hundredth of
them take longer than, for queries of an object of a kilobyte, by so many connections at a time: through the
endpoint by raw HTTP (signed once, kept alive), the same beside a scan of a large object, by boto3, and in
process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import s3sql
from benchmarks.engines.client import input_serialization
from benchmarks.engines.endpoint import client_of, select_events, start
from benchmarks.inputs import input_path
from benchmarks.queries import BY_NAME
from benchmarks.raw_requests import Connection, signed_request

#: A query that is answered by one record of a small object.
_SMALL = replace(BY_NAME["star"], sql="SELECT s._1, s._2 FROM S3Object s WHERE s._1 = '7'")
_LARGE = replace(BY_NAME["filter"], sql="SELECT COUNT(*) FROM S3Object s WHERE s._16 LIKE '%never there%'")

#: Asks once.
_Ask = Callable[[], object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    options = _parser().parse_args(arguments)
    print("| way | connections | requests/s | median | 99 % |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bucket" / "small.csv"
        path.parent.mkdir()
        path.write_text("".join(f"{number},text {number:04}\n" for number in range(80)))
        url = start(Path(folder))
        client = client_of(url)
        request = signed_request(client, _SMALL, path)

        def raw() -> _Ask:
            connection = Connection(url)
            return lambda: connection.ask(request)

        def boto3() -> _Ask:
            return lambda: list(select_events(client, _SMALL, path))

        own = s3sql.client(Path(folder))

        def in_process() -> _Ask:
            return lambda: list(
                own.select_object_content(
                    Bucket="bucket",
                    Key="small.csv",
                    Expression=_SMALL.sql,
                    ExpressionType="SQL",
                    InputSerialization=input_serialization(_SMALL),
                    OutputSerialization={"CSV": {}},
                )["Payload"]
            )

        def query() -> _Ask:
            return lambda: list(s3sql.query(_SMALL.sql, path).events())

        for number in options.connections:
            _report("endpoint, raw HTTP", number, _load(raw, number, options.seconds))
        _report("endpoint, boto3", 1, _load(boto3, 1, options.seconds))
        _report("in process, client()", 1, _load(in_process, 1, options.seconds))
        _report("in process, query()", 1, _load(query, 1, options.seconds))
        _report("in process, query()", 8, _load(query, 8, options.seconds))
        _beside_a_scan(path, request, options)
    return 0


def _beside_a_scan(path: Path, request: bytes, options: argparse.Namespace) -> None:
    """The same queries while a large object is scanned again and again."""
    large = input_path("lineitem", options.rows)
    url = start(large.parent.parent)
    small = large.parent / "lineitem-small.csv"
    small.write_bytes(path.read_bytes())
    client = client_of(url)
    asked, scanned = signed_request(client, _SMALL, small), signed_request(client, _LARGE, large)

    def raw() -> _Ask:
        connection = Connection(url)
        return lambda: connection.ask(asked)

    _load(raw, 8, 0.5)
    ended = threading.Event()
    scans: list[float] = []

    def scan() -> None:
        connection = Connection(url)
        while not ended.is_set():
            began = time.perf_counter()
            connection.ask(scanned)
            scans.append(time.perf_counter() - began)

    alone = Connection(url)
    alone.ask(scanned)
    began = time.perf_counter()
    alone.ask(scanned)
    undisturbed = time.perf_counter() - began
    scanning = threading.Thread(target=scan)
    scanning.start()
    for number in (1, 8):
        _report("endpoint, raw HTTP, beside a scan", number, _load(raw, number, options.seconds))
    ended.set()
    scanning.join()
    small.unlink()
    print(
        f"\nThe scan takes {undisturbed:.2f} s alone, {sum(scans) / len(scans):.2f} s on average beside them."
    )


def _load(way: Callable[[], _Ask], number: int, seconds: float) -> tuple[float, list[float]]:
    """Requests a second, and the seconds that each took, of *number* at a time."""
    took: list[float] = []
    end = [0.0]
    ready = threading.Barrier(number + 1)

    def work() -> None:
        ask, own = way(), list[float]()
        ask()
        ready.wait()
        while (began := time.perf_counter()) < end[0]:
            ask()
            own.append(time.perf_counter() - began)
        took.extend(own)

    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    end[0] = time.perf_counter() + seconds + 60
    ready.wait()
    began = time.perf_counter()
    end[0] = began + seconds
    for thread in threads:
        thread.join()
    return len(took) / (time.perf_counter() - began), sorted(took)


def _report(way: str, number: int, result: tuple[float, list[float]]) -> None:
    rate, took = result
    middle, late = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"| {way} | {number} | {rate:,.0f} | {middle * 1e3:.1f} ms | {late * 1e3:.1f} ms |", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.concurrency", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement (5)")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 8, 32], help="at a time (1 8 32)")
    parser.add_argument("--rows", type=int, help="of the large object, instead of 4,800,000")
    return parser


if __name__ == "__main__":
    sys.exit(main())
