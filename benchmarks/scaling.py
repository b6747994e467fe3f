"""``python -m benchmarks.scaling``: time and memory against the size of the object.

In: options.  Out: Markdown on standard output, and a JSON file in the cache directory.

Every query and size has a process of its own. It runs the query on 1,000 rows (*idle*: what is resident then,
with libraries and kernels loaded), then on the object (*peak*: the most that was ever resident), then as
often as samples are wanted. Time has to be proportional to the size, and the peak must not depend on it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import documents, machine
from benchmarks.inputs import input_path
from benchmarks.measure import Worker
from benchmarks.queries import BY_NAME, QUERIES
from benchmarks.sized import sized

#: Decimal MB of the objects whose time is taken.
SIZES = (10, 30, 100, 300, 1000, 2000)

#: The queries whose time is taken at every size.
TIMED = ("filter", "star", "json-flat", "parquet-project")

#: Sizes at which the memory of every query is looked at.
LARGE = (1000, 2000)

#: What a query may take besides the idle process, in MB.
ALLOWED_MB = 100

_SMALL_ROWS = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 1 if a query needs too much memory."""
    options = _parser().parse_args(arguments)
    run = documents.begin("scaling", threads=options.threads, samples=options.samples, rows=options.rows)
    results: list[dict[str, Any]] = []
    for name, size, timed in _work(options):
        with sized(name, size, options.rows) as path:
            machine.warm_page_cache(path)
            small = input_path(name, _SMALL_ROWS)
            for query in timed:
                samples = timed[query]
                found = {"query": query, "megabytes": path.stat().st_size / 1e6}
                found |= _measure(query, str(path), str(small), options.threads, samples)
                results.append(found)
                print(_progress(found), file=sys.stderr, flush=True)
    run["results"] = results
    print(markdown(run))
    print(f"\nEvery sample: {documents.finish(run)}")
    return int(any(found["peak_mb"] - found["idle_mb"] > ALLOWED_MB for found in results))


def _work(options: argparse.Namespace) -> list[tuple[str, float, dict[str, int]]]:
    """Inputs with sizes, and for each the queries and their samples: none for the memory alone."""
    found: dict[tuple[str, float], dict[str, int]] = {}
    chosen = options.query or list(BY_NAME)
    for query in QUERIES:
        if query.name not in chosen:
            continue
        timed = query.name in TIMED and not options.memory_only
        for size in options.megabytes or (SIZES if timed else LARGE):
            samples = options.samples if timed else 0
            found.setdefault((query.input, size), {})[query.name] = samples
    return [(name, size, timed) for (name, size), timed in sorted(found.items())]


def _measure(query: str, path: str, small: str, threads: int, samples: int) -> dict[str, Any]:
    worker = Worker("s3sql", threads)
    try:
        asked = {"query": query, "variant": "events", "target": None}
        worker.ask(path=small, **asked)
        idle = worker.ask()["resident"]
        first = worker.ask(path=path, **asked)["seconds"]
        peak = worker.ask()["peak"]
        seconds = [worker.ask(path=path, **asked)["seconds"] for _ in range(samples)]
    finally:
        worker.close()
    return {"idle_mb": idle, "peak_mb": peak, "first_seconds": first, "seconds": seconds}


def merged(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One document of several, the earliest first; of the same query and size the latest counts."""
    latest: dict[tuple[str, int], dict[str, Any]] = {}
    for document in documents:
        for found in document["results"]:
            before = latest.get((found["query"], round(found["megabytes"])))
            if before is None or found["seconds"] or not before["seconds"]:
                latest[found["query"], round(found["megabytes"])] = found
    places = list(BY_NAME)
    ordered = sorted(latest, key=lambda key: (places.index(key[0]), key[1]))
    return documents[-1] | {"results": [latest[key] for key in ordered]}


def markdown(run: dict[str, Any]) -> str:
    """A table of time, one line a query and size, and one of memory."""
    timed = [found for found in run["results"] if found["seconds"]]
    lines = []
    if timed:
        lines += ["| query | MB | median ms (min – max) | MB/s |", "|---|---|---|---|"]
        for found in timed:
            low, middle, high = (pick(found["seconds"]) * 1e3 for pick in (min, statistics.median, max))
            speed = found["megabytes"] / middle * 1e3
            lines.append(
                f"| {found['query']} | {found['megabytes']:,.0f} | {middle:,.1f} ({low:,.1f} – {high:,.1f}) "
                f"| {speed:,.0f} |"
            )
        lines.append("")
    lines += ["| query | MB | idle MB | peak MB | more than idle |", "|---|---|---|---|---|"]
    for found in run["results"]:
        more = found["peak_mb"] - found["idle_mb"]
        mark = f" **over {ALLOWED_MB}**" if more > ALLOWED_MB else ""
        lines.append(
            f"| {found['query']} | {found['megabytes']:,.0f} | {found['idle_mb']:,.0f} "
            f"| {found['peak_mb']:,.0f} | {more:,.0f}{mark} |"
        )
    return "\n".join(lines)


def _progress(found: dict[str, Any]) -> str:
    seconds = statistics.median(found["seconds"] or [found["first_seconds"]])
    return (
        f"{found['query']}, {found['megabytes']:,.0f} MB: {found['megabytes'] / seconds:,.0f} MB/s, "
        f"{found['peak_mb'] - found['idle_mb']:,.0f} MB more than idle"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--query", action="append", choices=BY_NAME, metavar="NAME", help="; ".join(BY_NAME))
    parser.add_argument("--megabytes", action="append", type=float, help="sizes, instead of the usual ones")
    parser.add_argument("--memory-only", action="store_true", help="take no times")
    parser.add_argument("--threads", type=int, default=2, help="of the engine (2)")
    parser.add_argument("--samples", type=int, default=5, help="of each timed query and size (5)")
    parser.add_argument("--rows", type=int, help="of the files that are repeated, instead of the full ones")
    return parser


if __name__ == "__main__":
    sys.exit(main())
