"""The result for people and for programs.

In: the results of all queries.  Out: a JSON document with every single sample, and Markdown made of such a
document.

A document has ``runs``, each with its time, machine and settings, and ``queries``, each with the number of
its run. Those of several runs can be merged: a query that was measured twice with the same number of threads
is in the merged document as it was measured last.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.answers import Answer
from benchmarks.measure import EngineResult, QueryResult
from benchmarks.queries import BY_NAME

#: Cores kept busy by others from which on a line is marked.
_DISTURBED = 0.15


def document(run: dict[str, Any], results: Sequence[QueryResult]) -> dict[str, Any]:
    """Everything that was measured in one run."""
    return {"program": "compare", "runs": [run], "queries": [_described(result) for result in results]}


def merged(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One document of several, in the order of the queries; of the same measurement the latest counts.

    Raises:
        ValueError: a query was measured on files of different sizes.
    """
    runs: list[dict[str, Any]] = []
    latest: dict[tuple[str, int], dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    for one in sorted(documents, key=lambda one: str(one["runs"][0]["started"])):
        for query in one["queries"]:
            if sizes.setdefault(query["name"], query["input_bytes"]) != query["input_bytes"]:
                raise ValueError(f"{query['name']} was measured on files of different sizes")
            latest[query["name"], query["threads"]] = query | {"run": query["run"] + len(runs)}
        runs += one["runs"]
    places = list(BY_NAME)
    ordered = sorted(latest, key=lambda key: (places.index(key[0]), -key[1]))
    return {"program": "compare", "runs": runs, "queries": [latest[key] for key in ordered]}


def results_of(document: dict[str, Any]) -> list[QueryResult]:
    """The results that *document* holds, of the queries that there still are."""
    return [_result(entry) for entry in document["queries"] if entry["name"] in BY_NAME]


def markdown(document: dict[str, Any]) -> str:
    """For each number of threads two tables: one line a query, and one line a query and engine."""
    results = results_of(document)
    lines = _head(document["runs"])
    for threads in sorted({result.threads for result in results}, reverse=True):
        those = [result for result in results if result.threads == threads]
        lines += [f"## {threads} thread{'s' if threads > 1 else ''}", "", *_ratios(those), ""]
        lines += [*_details(those), ""]
    return "\n".join([*lines, *_workers(results)]).rstrip("\n")


def speed(result: QueryResult, found: EngineResult) -> float:
    """Decimal MB of input per second."""
    return result.size / found.median / 1e6


def workers_factor(results: Sequence[QueryResult], name: str) -> float | None:
    """How many times faster ours is with two threads than with one; None if it was not measured with both."""
    ours = {result.threads: result.ours for result in results if result.query.name == name}
    one, two = ours.get(1), ours.get(2)
    return None if one is None or two is None else one.median / two.median


def _described(result: QueryResult) -> dict[str, Any]:
    return {
        "name": result.query.name,
        "sql": result.query.sql,
        "threads": result.threads,
        "run": result.run,
        "input_bytes": result.size,
        "answer": asdict(result.answer),
        "ratio": result.ratio,
        "round_ratios": list(result.round_ratios),
        "target": result.query.target,
        "other_load": result.other_load,
        "skipped": result.skipped,
        "engines": [asdict(found) | {"median": found.median} for found in result.engines],
    }


def _result(entry: dict[str, Any]) -> QueryResult:
    engines = [
        EngineResult(**{name: value for name, value in found.items() if name != "median"})
        for found in entry["engines"]
    ]
    return QueryResult(
        BY_NAME[entry["name"]],
        entry["input_bytes"],
        Answer(**entry["answer"]),
        engines,
        entry["other_load"],
        entry["skipped"],
        entry["threads"],
        entry["run"],
    )


def _head(runs: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for run in runs:
        versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
        machine = run["machine"]
        system = f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}"
        load = f"load average before: {run['load_before']}, after: {run['load_after']}"
        lines += [
            f"{run['started']}: {versions}; {run['samples']} samples",
            "",
            f"{machine['processor']}, {system}, commit {machine['commit']}; {load}",
            "",
        ]
    return lines


def _ratios(results: Sequence[QueryResult]) -> list[str]:
    engines = list(dict.fromkeys(found.engine for result in results for found in result.engines))
    lines = [
        f"| MB/s of input | {' | '.join(engines)} | ratio to the fastest peer | in single rounds | target |",
        "|---" * (len(engines) + 4) + "|",
    ]
    for result in results:
        found = {of.engine: f"{speed(result, of):,.0f}" for of in result.engines}
        speeds = " | ".join(found.get(engine, "–") for engine in engines)
        disturbed = result.other_load is not None and result.other_load > _DISTURBED
        mark = " \\*" if disturbed else ""
        lines.append(f"| {result.query.title}{mark} | {speeds} | {_compared(result)} | {_target(result)} |")
    for result in results:
        lines += [f"\n{result.query.name}: no {name}: {why}" for name, why in result.skipped.items()]
    if any((result.other_load or 0) > _DISTURBED for result in results):
        lines += ["", f"\\* other processes kept more than {_DISTURBED} cores busy meanwhile"]
    return lines


def _compared(result: QueryResult) -> str:
    if result.ratio is None or result.fastest_peer is None:
        return "– | –"
    single = result.round_ratios
    return f"**{result.ratio:.2f}** ({result.fastest_peer.engine}) | {min(single):.2f} – {max(single):.2f}"


def _target(result: QueryResult) -> str:
    if result.ratio is None:
        return f"{result.query.target:g}"
    return f"{result.query.target:g} {'met' if result.ratio >= result.query.target else 'missed'}"


def _details(results: Sequence[QueryResult]) -> list[str]:
    lines = [
        "| query | engine | fastest variant (of) | median ms (min – max) | CPU ms | peak MB | idle MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for found in result.engines:
            low, median, high = (
                f"{seconds * 1e3:,.0f}" for seconds in (min(found.seconds), found.median, max(found.seconds))
            )
            lines.append(
                f"| {result.query.name} | {found.engine} | {found.variant} (of {len(found.tried)}) "
                f"| {median} ({low} – {high}) | {statistics.median(found.cpu) * 1e3:,.0f} "
                f"| {_mb(found.peak_mb)} | {_mb(found.idle_mb)} |"
            )
    return lines


def _workers(results: Sequence[QueryResult]) -> list[str]:
    """What the second thread brings, of ours."""
    names = list(dict.fromkeys(result.query.name for result in results))
    factors = {name: workers_factor(results, name) for name in names}
    found = [f"| {name} | {factor:.2f} |" for name, factor in factors.items() if factor is not None]
    return ["| query | ours, 2 threads against 1 |", "|---|---|", *found] if found else []


def _mb(amount: float) -> str:
    return f"{amount:,.0f}" if amount else "–"
