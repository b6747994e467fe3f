"""``python -m benchmarks``: s3sql against DuckDB, Polars, DataFusion and chDB, with two threads and with one.

In: options.  Out: Markdown on standard output, and a JSON file with every sample in the cache directory,
written anew after each query. benchmarks/README.md tells the method.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import documents, machine, plot, report
from benchmarks.engines import ENGINES, MEASURED, OURS
from benchmarks.events import KINDS
from benchmarks.inputs import input_path, part_path
from benchmarks.measure import QueryResult, Worker, WrongAnswerError, measure, measure_memory
from benchmarks.queries import BY_NAME, QUERIES, Query

_QUICK_ROWS = 500_000
_QUICK_EVENTS = 250_000

#: Those of ``--quick`` that are measured with one thread too.
_QUICK_ALONE = ("filter", "json-flat")
_SMALL_ROWS = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 1 if an engine gave another answer than ours."""
    chosen = options(arguments)
    started = time.monotonic()
    samples = chosen.samples or (3 if chosen.quick else 5)
    todo = work(chosen)
    names = sorted({query.input for query, _ in todo})
    files = {name: input_path(name, _rows(chosen, name)) for name in names}
    small = {name: input_path(name, _SMALL_ROWS) for name in names}
    # A part of a small file would tell nothing of the large one, and without the runs for memory nobody would
    # compare the answers of the whole file.
    parts = (
        {} if chosen.rows or chosen.quick or chosen.no_memory else {name: part_path(name) for name in names}
    )
    for path in (*files.values(), *parts.values()):
        machine.warm_page_cache(path)
    run: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine.description(),
        "samples": samples,
        "rows": chosen.rows or ("quick" if chosen.quick else None),
        "bytes": {path.name: path.stat().st_size for path in files.values()},
        "load_before": machine.load_average(),
    }
    workers: dict[int, list[Worker]] = {threads: [] for _, threads in todo}
    results: list[QueryResult] = []
    written: Path | None = None
    try:
        for threads, those in workers.items():
            those += (Worker(engine, threads) for engine in chosen.engines)
        run["versions"] = {worker.engine: worker.version for worker in next(iter(workers.values()))}
        for query, threads in todo:
            name = query.input
            result = measure(query, files[name], workers[threads], samples, parts.get(name))
            result.threads = threads
            if not chosen.no_memory:
                looked_at = OURS if chosen.quick else None
                measure_memory(result, files[name], small[name], threads, looked_at)
            results.append(result)
            run["load_after"] = machine.load_average()
            run["minutes"] = round((time.monotonic() - started) / 60, 1)
            written = documents.write(report.document(run, results), written)
            print(_progress(result), file=sys.stderr, flush=True)
    except WrongAnswerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        for worker in (worker for those in workers.values() for worker in those):
            worker.close()
    print(report.markdown(report.document(run, results)))
    if written:
        two = [result for result in results if result.threads > 1] or results
        picture = written.with_suffix(".svg")
        picture.write_text(plot.svg(two, f"s3sql against the fastest peer, {two[0].threads} threads"))
    print(f"\nEvery sample: {written}")
    return 0


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a smaller file, fewer samples and queries")
    parser.add_argument("--query", action="append", choices=BY_NAME, metavar="NAME", help="; ".join(BY_NAME))
    parser.add_argument(
        "--engines",
        type=_engines,
        default=list(MEASURED),
        help=f"separated by commas; of {', '.join(ENGINES)}",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        action="append",
        help="of each engine; may be given twice (2 and 1; with 1 only some queries, unless they are named)",
    )
    parser.add_argument("--samples", type=_positive, help="of each engine and query (5; 3 with --quick)")
    parser.add_argument("--rows", type=_positive, help="of each file")
    parser.add_argument("--no-memory", action="store_true", help="leave the runs in fresh processes out")
    return parser.parse_args(arguments)


def _engines(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no engine {unknown[0]!r}; there are {', '.join(ENGINES)}")
    return names


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def work(chosen: argparse.Namespace) -> list[tuple[Query, int]]:
    """The queries, each with its numbers of threads."""
    queries = [BY_NAME[name] for name in chosen.query or ()] or [
        query for query in QUERIES if query.quick or not chosen.quick
    ]
    return [
        (query, threads)
        for query in queries
        for threads in chosen.threads or (2, 1)
        if threads > 1 or chosen.query or (query.name in _QUICK_ALONE if chosen.quick else query.one_thread)
    ]


def _rows(chosen: argparse.Namespace, name: str) -> int | None:
    """Of the file of an input; None for all that are measured."""
    if chosen.rows or not chosen.quick:
        return chosen.rows
    return _QUICK_EVENTS if name in KINDS else _QUICK_ROWS


def _progress(result: QueryResult) -> str:
    speeds = ", ".join(f"{found.engine} {report.speed(result, found):,.0f}" for found in result.engines)
    ratio = "" if result.ratio is None else f"; ratio {result.ratio:.2f}"
    return f"{result.query.name}: {speeds} MB/s{ratio}; {result.threads} threads"


if __name__ == "__main__":
    sys.exit(main())
