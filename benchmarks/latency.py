"""``python -m benchmarks.latency``: what a query costs besides the scan.

In: options.  Out: Markdown on standard output, and a JSON file in the cache directory.

* ``import s3sql``: its time in a fresh process, and which large modules it loads.
* A query over an object of about a kilobyte, of CSV, JSON and Parquet: in a fresh process, with the compiled
  kernels of an earlier one, with those a wheel brings translated, and without any; in a process that has
  asked before, with a text that nobody has asked, and with the same, the whole query and what of it is
  outside the scan (:mod:`benchmarks.outside_scan`). DuckDB and Polars are asked the same.
* ``LIMIT 10`` of a large object in a process that has asked before: the time to the first record, and the
  bytes read.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from benchmarks import documents, machine
from benchmarks.inputs import input_path
from benchmarks.lineitem import COLUMNS
from benchmarks.queries import BY_NAME

_ROOT = Path(__file__).resolve().parent.parent

#: For each format the query that is asked, and the constant of which other texts are made.
SMALL = {
    "csv": ("project", "1993-01-14"),
    "json": ("json-flat", "50000"),
    "parquet": ("parquet-project", "1993-01-14"),
}

#: Rows of about a kilobyte; a Parquet file has a footer besides.
_ROWS = {"csv": 8, "json": 5, "parquet": 8}

#: What LIMIT 10 is asked of.
LIMITED = (
    "lineitem",
    "lineitem-quoted",
    "lineitem-gzip",
    "flat",
    "nested",
    "lineitem-snappy",
    "lineitem-zstd",
)

_ENGINES = ("s3sql", "duckdb", "polars")
_LIMIT = "SELECT * FROM S3Object LIMIT 10"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    options = _parser().parse_args(arguments)
    run = documents.begin("latency", samples=options.samples, repeats=options.repeats, rows=options.rows)
    run["small"] = small(options.engines, options.samples, options.repeats)
    if "s3sql" in options.engines:
        run["small"] += without_kernels(min(options.samples, 3), translated=True)
        run["small"] += without_kernels(min(options.samples, 3), translated=False)
    run["limit"] = (
        [] if options.no_limit else [limited(name, options.rows, options.repeats) for name in LIMITED]
    )
    print(markdown(run))
    print(f"\nEvery sample: {documents.finish(run)}")
    return 0


def small(
    engines: Sequence[str], samples: int, repeats: int, kinds: Sequence[str] = tuple(SMALL)
) -> list[dict[str, Any]]:
    """One entry an engine and format, of the *kinds*."""
    found = {(engine, kind): _entry(engine, kind, True) for kind in kinds for engine in engines}
    for sample in range(samples + 1):
        for (engine, kind), entry in found.items():
            last = sample == samples
            ran = _small(engine, kind, repeats if last else 0)
            # The first round fills the caches of kernels, of bytecode and of pages.
            if sample:
                for name in ("process", "import", "first"):
                    entry[name].append(ran[name])
            entry |= {name: ran[name] for name in ("again", "new", "again_outside", "new_outside", "loaded")}
        print(f"small queries, round {sample} of {samples}", file=sys.stderr, flush=True)
    return list(found.values())


def without_kernels(samples: int, *, translated: bool) -> list[dict[str, Any]]:
    """One entry a format, of processes that find no compiled kernels, or not even *translated* ones."""
    if translated:
        _require_translated()
    found = []
    with _as_cloned() if not translated else nullcontext(_ROOT) as root:
        for kind in SMALL:
            entry = _entry("s3sql", kind, False) | {"translated": translated}
            for _ in range(samples):
                with tempfile.TemporaryDirectory() as empty:
                    ran = _small("s3sql", kind, 0, empty, root)
                for name in ("process", "import", "first"):
                    entry[name].append(ran[name])
            found.append(entry)
            print(f"{kind} without kernels", file=sys.stderr, flush=True)
    return found


@contextmanager
def _as_cloned() -> Iterator[Path]:
    """A folder with the package as in a checkout that was just cloned, but with its bytecode."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("s3sql", "benchmarks"):
            shutil.copytree(_ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("bitcode"))
        compileall.compile_dir(folder, quiet=1)
        yield Path(folder)


def _require_translated() -> None:
    """End the program if this package is not what a wheel installs."""
    from s3sql.kernels.prebuilt import prebuilt
    from s3sql.kernels.warming import all_kernels

    if any(prebuilt(kernel.function, kernel.signature) is None for kernel in all_kernels().values()):
        sys.exit("the package lacks translated kernels, which a wheel has: make .venv/.translated")


def other_texts(sql: str, constant: str, count: int) -> list[str]:
    """*sql* and *count* texts, at most 672, that differ from it and from each other in *constant*."""
    assert constant in sql
    texts = [sql]
    for number in range(count):
        months, day = divmod(number, 28)
        year, month = divmod(months, 12)
        other = f"{1991 + year}-{month + 1:02}-{day + 1:02}" if "-" in constant else str(40_000 + number)
        texts.append(sql.replace(constant, other))
    return texts


def limited(name: str, rows: int | None, samples: int) -> dict[str, Any]:
    """The first ten records of the input *name*: seconds to the first of them and to the end, bytes read."""
    import s3sql

    path = input_path(name, rows)
    machine.warm_page_cache(path)
    options: dict[str, Any] = {"output_format": "csv"}
    if path.suffix == ".json":
        options["json_type"] = "LINES"
    entry: dict[str, Any] = {"input": name, "bytes": path.stat().st_size, "first": [], "whole": []}
    for sample in range(min(samples, 50) + 3):
        read = _bytes_read()
        start = time.perf_counter()
        arrived = None
        with s3sql.query(_LIMIT, path, **options) as result:
            for event in result.events():
                if "Records" in event and arrived is None:
                    arrived = time.perf_counter()
            scanned = result.stats.bytes_scanned
        ended = time.perf_counter()
        assert arrived is not None, "ten records are records"
        if sample >= 3:
            entry["first"].append(arrived - start)
            entry["whole"].append(ended - start)
            after = _bytes_read()
            entry["read"] = None if read is None or after is None else after - read
            entry["scanned"] = scanned
    print(f"LIMIT 10 of {name}", file=sys.stderr, flush=True)
    return entry


def merged(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One document of several, the earliest first; of the same measurement the latest counts."""
    small = {
        (found["engine"], found["format"], found["kept"], found.get("translated", True)): found
        for one in documents
        for found in one["small"]
    }
    limit = {found["input"]: found for one in documents for found in one["limit"]}
    return documents[-1] | {"small": list(small.values()), "limit": list(limit.values())}


def markdown(run: dict[str, Any]) -> str:
    """Three tables."""
    lines = []
    ours = [entry for entry in run["small"] if entry["engine"] == "s3sql"]
    if ours:
        imports = [seconds for entry in ours for seconds in entry["import"]]
        loaded = ", ".join(sorted({name for entry in ours for name in entry["loaded"]}))
        lines += [
            f"`import s3sql`: {_ms(imports)} ms; it loads {loaded or 'none of the large modules'}.",
            "",
        ]
    lines += [
        "| 1 KB of | engine | kernels | process to the first answer, ms | import | first query | new text "
        "| outside the scan | same text | outside the scan |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in run["small"]:
        kernels = "kept" if entry["kept"] else "translated" if entry.get("translated", True) else "none"
        kernels = kernels if entry["engine"] == "s3sql" else "–"
        lines.append(
            f"| {entry['format']} | {entry['engine']} | {kernels} | {_ms(entry['process'])} "
            f"| {_ms(entry['import'])} | {_ms(entry['first'])} | {_ms(entry['new'], 2)} "
            f"| {_ms(entry.get('new_outside', ()), 2)} | {_ms(entry['again'], 2)} "
            f"| {_ms(entry.get('again_outside', ()), 3)} |"
        )
    if run["limit"]:
        lines += ["", "| LIMIT 10 of | MB | first record, ms | whole answer, ms | read, KB | scanned, KB |"]
        lines += ["|---|---|---|---|---|---|"]
    for entry in run["limit"]:
        read = "–" if entry["read"] is None else f"{entry['read'] / 1e3:,.0f}"
        lines.append(
            f"| {entry['input']} | {entry['bytes'] / 1e6:,.0f} | {_ms(entry['first'], 1)} "
            f"| {_ms(entry['whole'], 1)} | {read} | {entry['scanned'] / 1e3:,.0f} |"
        )
    return "\n".join(lines)


def _ms(seconds: Sequence[float], digits: int = 0) -> str:
    if not seconds:
        return "–"
    low, middle, high = (f"{pick(seconds) * 1e3:,.{digits}f}" for pick in (min, statistics.median, max))
    return f"{middle} ({low} – {high})"


def _entry(engine: str, kind: str, kept: bool) -> dict[str, Any]:
    times: dict[str, Any] = {name: [] for name in ("process", "import", "first", "again", "new")}
    return {"engine": engine, "format": kind, "kept": kept, "loaded": [], **times}


def _small(
    engine: str, kind: str, repeats: int, kernels: str | None = None, root: Path = _ROOT
) -> dict[str, Any]:
    """Ask in a fresh process with the package in *root*; *kernels*: the directory of its compiled kernels."""
    name, constant = SMALL[kind]
    query = BY_NAME[name]
    sql = query.sql if engine == "s3sql" else query.peer_sql
    request = {
        "engine": engine,
        "format": kind,
        "path": str(input_path(query.input, _ROWS[kind])),
        "columns": COLUMNS,
        "texts": other_texts(sql, constant, 2 * repeats if engine == "s3sql" else 0),
        "repeats": repeats,
    }
    # An installed package has its bytecode; compiling it in every process would be half of the first query.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Processes that it starts find the same package.
    environment = kept | {"PYTHONPATH": str(root)} | ({"S3SQL_CACHE_DIR": kernels} if kernels else {})
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.small", json.dumps(request | {"began": time.monotonic()})],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def _bytes_read() -> int | None:
    """What this process has read from files, wherever the bytes came from; None where nothing tells it."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return int(dict(line.split(": ") for line in lines)["rchar"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--engines", type=lambda text: text.split(","), default=list(_ENGINES))
    parser.add_argument("--samples", type=int, default=7, help="fresh processes of each kind (7)")
    parser.add_argument("--repeats", type=int, default=200, help="of the query in one process (200)")
    parser.add_argument("--rows", type=int, help="of the large objects, instead of the full files")
    parser.add_argument("--no-limit", action="store_true", help="leave LIMIT 10 out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
