"""``python -m benchmarks``: s3sql against DuckDB, Polars and DataFusion.

In: options.  Out: Markdown on standard output, and a JSON file with every sample in the cache directory.
benchmarks/README.md tells the method.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.engines import ENGINES
from benchmarks.inputs import input_path
from benchmarks.lineitem import cache_directory
from benchmarks.measure import QueryResult, Worker, WrongAnswerError, measure, measure_memory
from benchmarks.queries import BY_NAME, QUERIES, Query

_QUICK_ROWS = 600_000
_SMALL_ROWS = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 1 if an engine gave another answer than ours."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    queries = _queries(options)
    rows = options.rows or (_QUICK_ROWS if options.quick else None)
    samples = options.samples or (3 if options.quick else 5)
    files = {name: input_path(name, rows) for name in sorted({query.input for query in queries})}
    small = {name: input_path(name, _SMALL_ROWS) for name in files}
    for path in files.values():
        machine.warm_page_cache(path)
    run: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine.description(),
        "threads": options.threads,
        "samples": samples,
        "rows": rows,
        "bytes": {path.name: path.stat().st_size for path in files.values()},
        "load_before": machine.load_average(),
    }
    workers = [Worker(engine, options.threads) for engine in options.engines]
    results: list[QueryResult] = []
    try:
        run["versions"] = {worker.engine: worker.version for worker in workers}
        for query in queries:
            result = measure(query, files[query.input], workers, samples)
            if not options.no_memory:
                measure_memory(result, files[query.input], small[query.input], options.threads)
            results.append(result)
            print(_progress(result), file=sys.stderr, flush=True)
    except WrongAnswerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        for worker in workers:
            worker.close()
    run["load_after"] = machine.load_average()
    run["minutes"] = round((time.monotonic() - started) / 60, 1)
    print(report.markdown(run, results))
    print(f"\nEvery sample: {_write(run, results)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a smaller file, fewer samples and queries")
    parser.add_argument("--query", action="append", choices=BY_NAME, metavar="NAME", help="; ".join(BY_NAME))
    parser.add_argument(
        "--engines",
        type=_engines,
        default=["s3sql", "duckdb", "polars", "datafusion"],
        help=f"separated by commas; of {', '.join(ENGINES)}",
    )
    parser.add_argument("--threads", type=_positive, default=2, help="of each engine (2)")
    parser.add_argument("--samples", type=_positive, help="of each engine and query (5; 3 with --quick)")
    parser.add_argument("--rows", type=_positive, help=f"of each file ({_QUICK_ROWS} with --quick)")
    parser.add_argument("--no-memory", action="store_true", help="leave the runs in fresh processes out")
    return parser


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


def _queries(options: argparse.Namespace) -> list[Query]:
    if options.query:
        return [BY_NAME[name] for name in options.query]
    return [query for query in QUERIES if query.quick or not options.quick]


def _progress(result: QueryResult) -> str:
    speeds = ", ".join(f"{found.engine} {report.speed(result, found):,.0f}" for found in result.engines)
    ratio = "" if result.ratio is None else f"; ratio {result.ratio:.2f}"
    return f"{result.query.name}: {speeds} MB/s{ratio}"


def _write(run: dict[str, Any], results: Sequence[QueryResult]) -> Path:
    path = cache_directory() / f"result-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(report.document(run, results), indent=1) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
