"""``python -m benchmarks.endpoint``: what HTTP costs, and how soon the first record comes.

In: options.  Out: Markdown on standard output: the same queries asked in process and through an endpoint on
this machine by boto3, taking turns; and the time to the first record of ``LIMIT 10`` on an object of a
gigabyte, the endpoint and its caches being warm. The client's share is in all figures: it decodes the stream.
What it needs for the same answer alone, recorded and sent by a process that does nothing else, is the column
"boto3 alone".
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import documents, machine
from benchmarks.engines.endpoint import client_of, select_events, start
from benchmarks.inputs import input_path
from benchmarks.measure import Worker, measure
from benchmarks.queries import BY_NAME

#: Queries whose answers are small, middling and as large as the object.
_QUERIES = ("filter", "project", "star")

#: Rows of an object of a gigabyte.
_GIGABYTE_ROWS = 8_000_000

_LIMITED = replace(BY_NAME["star"], sql="SELECT * FROM S3Object LIMIT 10")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    options = _parser().parse_args(arguments)
    run = documents.begin("endpoint", threads=options.threads, samples=options.samples, rows=options.rows)
    run["queries"] = []
    print(
        "| query | in process | endpoint | boto3 alone | endpoint / in process | in single rounds "
        "| endpoint / boto3 alone |\n|---|---|---|---|---|---|---|"
    )
    workers = [Worker(engine, options.threads) for engine in ("client", "endpoint", "canned")]
    try:
        for name in _QUERIES:
            path = input_path(BY_NAME[name].input, options.rows)
            machine.warm_page_cache(path)
            result = measure(BY_NAME[name], path, workers, options.samples)
            ours, whole, alone = result.engines
            rounds = [a / b for a, b in zip(ours.seconds, whole.seconds, strict=True)]
            speeds = [result.size / found.median / 1e6 for found in (ours, whole, alone)]
            run["queries"].append(
                {
                    "name": name,
                    "bytes": result.size,
                    "in_process": ours.seconds,
                    "endpoint": whole.seconds,
                    "ratio": speeds[1] / speeds[0],
                }
            )
            print(
                f"| {name} | {speeds[0]:,.0f} MB/s | {speeds[1]:,.0f} MB/s | {speeds[2]:,.0f} MB/s "
                f"| {speeds[1] / speeds[0]:.2f} | {min(rounds):.2f} to {max(rounds):.2f} "
                f"| {speeds[1] / speeds[2]:.2f} |",
                flush=True,
            )
    finally:
        for worker in workers:
            worker.close()
    path = input_path("lineitem", 2 * options.rows if options.rows else _GIGABYTE_ROWS)
    first, whole = _latencies(path, options.samples * 4)
    print(
        f"\nFirst record of LIMIT 10 on {path.stat().st_size / 1e9:.2f} GB, warm: median "
        f"{statistics.median(first):.1f} ms, {min(first):.1f} to {max(first):.1f}; "
        f"the whole answer {statistics.median(whole):.1f} ms."
    )
    run["first_record_ms"] = first
    print(f"\nEvery sample: {documents.finish(run)}")
    return 0


def _latencies(path: Path, samples: int) -> tuple[list[float], list[float]]:
    """Milliseconds to the first Records event and to the end of the answer."""
    client = client_of(start(path.parent.parent))
    first, whole = [], []
    for number in range(samples + 3):
        began = time.perf_counter()
        arrived = None
        for event in select_events(client, _LIMITED, path):
            if "Records" in event and arrived is None:
                arrived = time.perf_counter()
        ended = time.perf_counter()
        assert arrived is not None
        if number >= 3:
            first.append((arrived - began) * 1e3)
            whole.append((ended - began) * 1e3)
    return first, whole


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.endpoint", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--threads", type=int, default=2, help="of the engine (2)")
    parser.add_argument("--samples", type=int, default=5, help="of each query (5)")
    parser.add_argument("--rows", type=int, help="of the file, instead of 4,800,000")
    return parser


if __name__ == "__main__":
    sys.exit(main())
