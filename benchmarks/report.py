"""The result for people and for programs.

In: the results of all queries.  Out: Markdown, and a JSON document with every single sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.measure import EngineResult, QueryResult

#: Cores kept busy by others from which on a line is marked.
_DISTURBED = 0.15


def markdown(run: dict[str, Any], results: Sequence[QueryResult]) -> str:
    """Two tables: one line a query, and one line a query and engine."""
    return "\n".join([*_head(run), *_ratios(run, results), "", *_details(run, results)])


def document(run: dict[str, Any], results: Sequence[QueryResult]) -> dict[str, Any]:
    """Everything that was measured."""
    return {
        **run,
        "queries": [
            {
                "name": result.query.name,
                "sql": result.query.sql,
                "input_bytes": result.size,
                "answer": str(result.answer),
                "ratio": result.ratio,
                "round_ratios": list(result.round_ratios),
                "target": result.query.target,
                "other_load": result.other_load,
                "skipped": result.skipped,
                "engines": [asdict(found) | {"median": found.median} for found in result.engines],
            }
            for result in results
        ],
    }


def speed(result: QueryResult, found: EngineResult) -> float:
    """Decimal MB of input per second."""
    return result.size / found.median / 1e6


def _head(run: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    machine = run["machine"]
    return [
        f"{versions}; {run['threads']} threads; {run['samples']} samples",
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
        f"commit {machine['commit']}; load average before: {run['load_before']}, after: {run['load_after']}",
        "",
    ]


def _ratios(run: dict[str, Any], results: Sequence[QueryResult]) -> list[str]:
    engines = list(run["versions"])
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


def _details(run: dict[str, Any], results: Sequence[QueryResult]) -> list[str]:
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
                f"| {median} ({low} – {high}) | {sum(found.cpu) / len(found.cpu) * 1e3:,.0f} "
                f"| {_mb(found.peak_mb)} | {_mb(found.idle_mb)} |"
            )
    return lines


def _mb(amount: float) -> str:
    return f"{amount:,.0f}" if amount else "–"
