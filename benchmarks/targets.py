"""What was asked for and what was measured, line by line.

In: the documents of all programs (benchmarks/documents.py).  Out: a :class:`Row` for each target, and
Markdown.

A target that nobody has measured is told as such, and never as met.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import QueryResult
from benchmarks.queries import QUERIES, Query
from benchmarks.report import results_of, workers_factor
from benchmarks.scaling import ALLOWED_MB

#: The slowest object of those whose time grows in proportion has at least this share of the speed of the
#: fastest.
_LINEAR = 0.8

#: From this size on the time of a query is that of its scan, in MB.
_SCAN_MB = 100

#: Of the same query through an endpoint, its share of the speed in process.
_ENDPOINT = 0.6

#: What a second worker brings.
_WORKERS = 1.6

_Documents = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """One target. ``met``: None if it was not measured."""

    work: str
    target: str
    measured: str
    met: bool | None


def rows(documents: _Documents) -> list[Row]:
    """Every target, of at most one document a program."""
    by_program = {document["program"]: document for document in documents}
    compared = by_program.get("compare")
    results = results_of(compared) if compared else []
    latency = by_program.get("latency", {"small": [], "limit": []})
    scaling = by_program.get("scaling", {"results": []})["results"]
    return [
        *(_ratio(query, results) for query in QUERIES),
        *_endpoint(by_program.get("endpoint")),
        *_first_records(latency["limit"]),
        *_starts(latency["small"]),
        _memory(results, scaling),
        *_workers(results),
        *_linear(scaling),
    ]


def markdown(documents: _Documents) -> str:
    """A table of all targets."""
    lines = ["| work | target | measured | |", "|---|---|---|---|"]
    for row in rows(documents):
        verdict = {True: "met", False: "**missed**", None: "not measured"}[row.met]
        lines.append(f"| {row.work} | {row.target} | {row.measured} | {verdict} |")
    return "\n".join(lines)


def _ratio(query: Query, results: Sequence[QueryResult]) -> Row:
    target = f"≥ {query.target:g} × the fastest peer"
    for result in results:
        if result.query == query and result.threads == 2 and result.ratio and result.fastest_peer:
            single = result.round_ratios
            measured = (
                f"{result.ratio:.2f} × {result.fastest_peer.engine} ({min(single):.2f} – {max(single):.2f})"
            )
            return Row(query.title, target, measured, result.ratio >= query.target)
    return Row(query.title, target, "–", None)


def _endpoint(document: dict[str, Any] | None) -> Iterator[Row]:
    target = f"≥ {_ENDPOINT:g} × in process"
    if document is None:
        yield Row("HTTP endpoint to boto3", target, "–", None)
        return
    for entry in document["queries"]:
        measured = entry["ratio"]
        yield Row(
            f"HTTP endpoint to boto3: {entry['name']}", target, f"{measured:.2f} ×", measured >= _ENDPOINT
        )


def _first_records(limited: Sequence[dict[str, Any]]) -> Iterator[Row]:
    target = "< 20 ms, a few blocks read"
    if not limited:
        yield Row("first record of LIMIT 10, warm process", target, "–", None)
    for entry in limited:
        first = statistics.median(entry["first"]) * 1e3
        read = "" if entry["read"] is None else f", {entry['read'] / 1e6:,.1f} MB read"
        title = f"first record of LIMIT 10, {entry['input']}, {entry['bytes'] / 1e9:,.1f} GB"
        yield Row(title, target, f"{first:,.1f} ms{read}", first < 20)


def _starts(small: Sequence[dict[str, Any]]) -> Iterator[Row]:
    ours = [entry for entry in small if entry["engine"] == "s3sql"]
    kept = [entry for entry in ours if entry["kept"]]
    imports = [seconds for entry in ours for seconds in entry["import"]]
    loaded = ", ".join(sorted({name for entry in ours for name in entry["loaded"]}))
    if imports:
        seconds = statistics.median(imports)
        measured = f"{seconds:.3f} s; {loaded or 'none of the large modules'} loaded"
        fine = seconds < 0.15 and not loaded
        yield Row("import s3sql", "< 0.15 s, no large module", measured, fine)
    else:
        yield Row("import s3sql", "< 0.15 s, no large module", "–", None)
    # What a wheel installs: an empty cache, but translated kernels in the package.
    empty = [entry for entry in ours if not entry["kept"] and entry.get("translated", True)]
    yield _slowest("first query of a process, kernels kept", kept, ("import", "first"), 0.6)
    yield _slowest("first query of a process, no kernels kept", empty, ("import", "first"), 3)
    yield _slowest("1 KB query of a new text, warm process, outside the scan", kept, ("new_outside",), 0.005)
    yield _slowest(
        "1 KB query of a known text, warm process, outside the scan", kept, ("again_outside",), 0.0002
    )


def _slowest(title: str, entries: Sequence[dict[str, Any]], parts: Sequence[str], bound: float) -> Row:
    """The format that takes longest; the *parts* are added."""
    unit, factor = ("s", 1.0) if bound >= 0.1 else ("ms", 1e3)
    digits = 2 if bound * factor >= 0.5 else 3
    target = f"< {bound * factor:g} {unit}"
    found = {
        entry["format"]: sum(statistics.median(entry[part]) for part in parts)
        for entry in entries
        if all(entry.get(part) for part in parts)
    }
    if not found:
        return Row(title, target, "–", None)
    told = ", ".join(f"{kind} {seconds * factor:.{digits}f}" for kind, seconds in found.items())
    return Row(title, target, f"{told} {unit}", max(found.values()) < bound)


def _memory(results: Sequence[QueryResult], scaling: Sequence[dict[str, Any]]) -> Row:
    found = {
        f"{entry['query']} of {entry['megabytes'] / 1e3:,.1f} GB": entry["peak_mb"] - entry["idle_mb"]
        for entry in scaling
    }
    for result in results:
        ours = result.ours
        if ours is not None and ours.peak_mb:
            title = f"{result.query.name} of {result.size / 1e9:,.1f} GB, {result.threads} threads"
            found[title] = ours.peak_mb - ours.idle_mb
    target = f"the idle process + {ALLOWED_MB} MB, every query and size"
    if not found:
        return Row("memory", target, "–", None)
    worst = max(found, key=lambda title: found[title])
    measured = f"+ {found[worst]:,.0f} MB at most ({worst}), of {len(found)} queries and sizes"
    return Row("memory", target, measured, found[worst] <= ALLOWED_MB)


def _workers(results: Sequence[QueryResult]) -> Iterator[Row]:
    for query in QUERIES:
        if query.one_thread:
            factor = workers_factor(results, query.name)
            measured = "–" if factor is None else f"{factor:.2f} ×"
            met = None if factor is None else factor >= _WORKERS
            yield Row(f"2 workers against 1: {query.name}", f"≥ {_WORKERS:g} ×", measured, met)


def _linear(scaling: Sequence[dict[str, Any]]) -> Iterator[Row]:
    target = f"MB/s from {_SCAN_MB} MB on within {1 - _LINEAR:.0%} of the fastest"
    speeds: dict[str, dict[float, float]] = {}
    for entry in scaling:
        if entry["seconds"] and entry["megabytes"] > 0.9 * _SCAN_MB:
            speed = entry["megabytes"] / statistics.median(entry["seconds"])
            speeds.setdefault(entry["query"], {})[entry["megabytes"]] = speed
    if not speeds:
        yield Row("time in proportion to the size", target, "–", None)
    for name, found in speeds.items():
        measured = _listed(f"{size:,.0f} MB {found[size]:,.0f}" for size in sorted(found))
        fine = min(found.values()) >= _LINEAR * max(found.values())
        yield Row(f"time in proportion to the size: {name}", target, f"{measured} MB/s", fine)


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
