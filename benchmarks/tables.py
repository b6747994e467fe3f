"""``python -m benchmarks.tables RESULT.json …``: what the documentation says of speed, made of measurements.

In: documents that the programs here have written, or if no file is named, those in the cache directory that
measured this commit on the full files; those of one program are merged, the latest counting. Out: Markdown on
standard output, and with ``--plot`` an SVG.

    --targets     each target, what was measured, and whether it was met
    --docs        the table of docs/performance.md
    --readme      that of README.md
    --all         all tables of all programs
    --json FILE   the merged documents in one file, which is read again like those it was made of
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import documents, kernels, latency, plot, report, scaling, targets
from benchmarks.measure import QueryResult
from benchmarks.report import results_of, speed, workers_factor

#: The names of the peers as they write them themselves.
NAMES = {"duckdb": "DuckDB", "polars": "Polars", "datafusion": "DataFusion", "chdb": "chDB"}

#: The lines of the documentation's table, by the name of the query.
TITLES = {
    "filter": "CSV: filter, 2 % of the rows, all columns",
    "project": "CSV: projection, 15 % of the rows, 2 columns",
    "sum": "CSV: `SUM` of a product under 3 conditions",
    "like": "CSV: `LIKE '%word%'`, 9 % of the rows, 2 columns",
    "like-rare": "CSV: `LIKE` with three words, 3 rows of 100,000",
    "count": "CSV: `COUNT(*)`",
    "star": "CSV: `SELECT *`, written anew",
    "quoted-filter": "quoted CSV: filter, 2 % of the rows, all columns",
    "quoted-star": "quoted CSV: `SELECT *`, written anew",
    "gzip-filter": "CSV in GZIP: filter",
    "json-flat": "JSON lines: flat filter",
    "json-nested": "JSON lines: nested path and element of a list",
    "json-mixed": "JSON lines: mixed types",
    "parquet-project": "Parquet: filter and project",
    "parquet-text": "Parquet: `=` and `LIKE` of text",
    "parquet-sum": "Parquet: `SUM`",
    "parquet-star": "Parquet: `SELECT *` to CSV",
    "parquet-count": "Parquet: `COUNT(*)`",
    "zstd-project": "Parquet in Zstandard: filter and project",
    "zstd-sum": "Parquet in Zstandard: `SUM`",
    "zstd-star": "Parquet in Zstandard: `SELECT *` to CSV",
}

#: Those of README.md.
README = ("filter", "sum", "count", "json-flat", "json-nested", "parquet-project")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print; 2 if files do not fit together."""
    options = _parser().parse_args(arguments)
    try:
        found = [document for path in options.files for document in documents.read(path)]
        merged_ones = merged(found if options.files else documents.of_this_commit())
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    compared = next((one for one in merged_ones if one["program"] == "compare"), None)
    results = results_of(compared) if compared else []
    parts = []
    if options.targets or not (options.docs or options.readme or options.all):
        parts.append(targets.markdown(merged_ones))
    if options.docs:
        parts.append(table(results, list(TITLES)))
    if options.readme:
        parts.append(table(results, list(README), short=True))
    if options.all:
        parts += [targets.markdown(merged_ones), *(_whole(document) for document in merged_ones)]
    print("\n\n".join(part for part in parts if part))
    if options.plot:
        two = [result for result in results if result.threads == 2 and result.query.name in TITLES]
        options.plot.write_text(plot.svg(two, "s3sql against the fastest peer, 2 threads"))
    if options.json:
        options.json.write_text(json.dumps(merged_ones, indent=1) + "\n")
    return 0


def merged(pieces: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One document a program.

    Raises:
        ValueError: they are of objects of different sizes.
    """
    by_program: dict[str, list[dict[str, Any]]] = {}
    for document in pieces:
        by_program.setdefault(document["program"], []).append(document)
    merge = {"compare": report.merged, "scaling": scaling.merged, "latency": latency.merged}
    return [
        merge.get(program, _latest)(sorted(those, key=_started))
        for program, those in sorted(by_program.items())
    ]


def table(results: Sequence[QueryResult], names: Sequence[str], *, short: bool = False) -> str:
    """Ours and the fastest peer with two threads; unless *short*, also what one thread does."""
    lines = [
        "| query | s3sql | fastest peer | ratio |"
        + ("" if short else " ratio, 1 thread | 2 threads against 1 |")
    ]
    lines.append("|---" * (4 if short else 6) + "|")
    measured = {(result.query.name, result.threads): result for result in results}
    for name in names:
        result = measured.get((name, 2))
        if result is None or result.ours is None or result.fastest_peer is None or result.ratio is None:
            continue
        peer = result.fastest_peer
        line = f"| {TITLES[name]} | {speed(result, result.ours):,.0f} "
        line += f"| {NAMES[peer.engine]} {speed(result, peer):,.0f} | {result.ratio:.1f} |"
        if not short:
            one = measured.get((name, 1))
            alone = "–" if one is None or one.ratio is None else f"{one.ratio:.1f}"
            factor = workers_factor(results, name)
            line += f" {alone} | {'–' if factor is None else f'{factor:.1f}'} |"
        lines.append(line)
    return "\n".join(lines)


def _whole(document: dict[str, Any]) -> str:
    programs = {
        "compare": report.markdown,
        "scaling": scaling.markdown,
        "latency": latency.markdown,
        "kernels": kernels.markdown,
    }
    write = programs.get(document["program"])
    return "" if write is None else f"# {document['program']}\n\n{write(document)}"


def _latest(pieces: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return pieces[-1]


def _started(document: dict[str, Any]) -> str:
    return str(document.get("started") or document["runs"][-1]["started"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tables", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="RESULT.json")
    for name, text in (
        ("targets", "each target, and whether it was met; this alone if nothing else is asked for"),
        ("docs", "the table of docs/performance.md"),
        ("readme", "the table of README.md"),
        ("all", "all tables of all programs"),
    ):
        parser.add_argument(f"--{name}", action="store_true", help=text)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the ratios as an SVG")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the merged documents")
    return parser


if __name__ == "__main__":
    sys.exit(main())
