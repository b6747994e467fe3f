"""The measuring itself: choose each engine's fastest variant, check the answers, take turns, look at memory.

In: a query, its file, a worker process per engine.  Out: a :class:`QueryResult`.

1. Every variant of every engine runs once into a tmpfs file, and its answer must be the same as ours (this
   is the warm-up as well). Those not much slower than their engine's best run again as they will be
   measured; the fastest goes on.
2. The engines take turns, each round beginning with another one; the first round does not count.
3. One fresh process per engine runs the query once for its memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import answers, machine
from benchmarks.answers import Answer
from benchmarks.engines import OURS
from benchmarks.queries import Query

_ROOT = Path(__file__).resolve().parent.parent

#: A variant so much slower than its engine's best in the first run is not tried again.
_HOPELESS = 1.25


class WrongAnswerError(Exception):
    """An engine's answer is not the same as ours."""


class EngineError(Exception):
    """An engine could not do what it was asked for; the message is its own."""


class Worker:
    """An engine's process."""

    def __init__(self, engine: str, threads: int) -> None:
        self.engine = engine
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", engine, str(threads)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._answer()["version"]

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            EngineError: the engine failed.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise EngineError(f"{self.engine}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self.engine} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(slots=True)
class EngineResult:
    """What one engine needed for one query: seconds and processor seconds of every sample, MB of memory."""

    engine: str
    variant: str
    tried: dict[str, float | str]
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    idle_mb: float = 0
    peak_mb: float = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(slots=True)
class QueryResult:
    """All engines on one query.

    ``other_load``: cores that other processes kept busy meanwhile. ``skipped``: engines that cannot do the
    same work, and why.
    """

    query: Query
    size: int
    answer: Answer
    engines: list[EngineResult]
    other_load: float | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> EngineResult | None:
        return next((result for result in self.engines if result.engine in OURS), None)

    @property
    def fastest_peer(self) -> EngineResult | None:
        peers = [result for result in self.engines if result.engine not in OURS]
        return min(peers, key=lambda result: result.median, default=None)

    @property
    def ratio(self) -> float | None:
        """The fastest peer's median by ours."""
        if self.ours is None or self.fastest_peer is None:
            return None
        return self.fastest_peer.median / self.ours.median

    @property
    def round_ratios(self) -> Sequence[float]:
        """The same ratio in every single round."""
        if self.ours is None or self.fastest_peer is None:
            return ()
        pairs = zip(self.fastest_peer.seconds, self.ours.seconds, strict=True)
        return [peer / ours for peer, ours in pairs]


def measure(query: Query, path: Path, workers: Sequence[Worker], samples: int) -> QueryResult:
    """Run one query on all engines.

    Raises:
        WrongAnswerError: an engine, in any variant, does not give the answer of the first.
        EngineError: an engine can do it in no variant.
    """
    chosen: list[EngineResult] = []
    expected: Answer | None = None
    taking_part: list[Worker] = []
    skipped: dict[str, str] = {}
    for worker in workers:
        reason = worker.ask(query=query.name, path=str(path)).get("skipped")
        if reason is not None:
            skipped[worker.engine] = reason
            continue
        found, expected = _choose(query, path, worker, expected)
        chosen.append(found)
        taking_part.append(worker)
    assert expected is not None, "there is at least one engine"
    result = QueryResult(query, path.stat().st_size, expected, chosen, skipped=skipped)
    result.other_load = _take_turns(result, path, taking_part, samples)
    return result


def measure_memory(result: QueryResult, path: Path, small: Path, threads: int) -> None:
    """Run the query once more in fresh processes, for the memory they take.

    ``idle_mb`` is what a process holds after the same query on the file *small*: libraries and kernels are
    loaded, caches are filled.
    """
    for found in result.engines:
        worker = Worker(found.engine, threads)
        try:
            request = {"query": result.query.name, "variant": found.variant, "target": None}
            for file in (small, path):
                worker.ask(path=str(file), **request)
                if file is small:
                    found.idle_mb = worker.ask()["resident"]
            found.peak_mb = worker.ask()["peak"]
        finally:
            worker.close()


def _choose(query: Query, path: Path, worker: Worker, expected: Answer | None) -> tuple[EngineResult, Answer]:
    """The fastest variant of an engine, all of them checked."""
    asked = {"query": query.name, "path": str(path)}
    seconds: dict[str, float] = {}
    failed: dict[str, float | str] = {}
    for variant in worker.ask(**asked)["variants"]:
        target = _target(worker.engine)
        try:
            ran = worker.ask(**asked, variant=variant, target=str(target))
            answer = answers.of_value(ran["value"]) if query.single else answers.of_files(target)
        except EngineError as error:
            failed[variant] = str(error)
            print(f"{query.name}: {variant}: {error}", file=sys.stderr)
            continue
        finally:
            _remove(target)
        expected = expected or answer
        if not answer.equals(expected):
            raise WrongAnswerError(
                f"{query.name}: {worker.engine}, {variant}: {answer} instead of {expected}"
            )
        seconds[variant] = ran["seconds"]
    if not seconds or expected is None:
        raise EngineError(f"{query.name}: {worker.engine} can do it in no variant: {failed}")
    best = min(seconds.values())
    for variant in [name for name in seconds if seconds[name] < _HOPELESS * best] if len(seconds) > 1 else []:
        seconds[variant] = _run(query, path, worker, variant)["seconds"]
    tried: dict[str, float | str] = {**seconds, **failed}
    return EngineResult(worker.engine, min(seconds, key=lambda name: seconds[name]), tried), expected


def _take_turns(result: QueryResult, path: Path, workers: Sequence[Worker], samples: int) -> float | None:
    """Fill in the samples; returns how many cores others kept busy."""
    turns = list(zip(workers, result.engines, strict=True))
    elapsed = other = 0.0
    measurable = True
    for number in range(samples + 1):
        first = number % len(turns)
        for worker, found in turns[first:] + turns[:first]:
            before = machine.busy_seconds()
            ran = _run(result.query, path, worker, found.variant)
            after = machine.busy_seconds()
            if number == 0:
                continue
            found.seconds.append(ran["seconds"])
            found.cpu.append(ran["cpu"])
            elapsed += ran["seconds"]
            if before is None or after is None:
                measurable = False
            else:
                other += after - before - ran["cpu"]
    return max(0.0, other / elapsed) if measurable and elapsed else None


def _run(query: Query, path: Path, worker: Worker, variant: str) -> dict[str, Any]:
    """Run a variant as it is measured."""
    target = _target(worker.engine) if query.kept else None
    try:
        return worker.ask(query=query.name, path=str(path), variant=variant, target=target and str(target))
    finally:
        if target:
            _remove(target)


def _target(engine: str) -> Path:
    return machine.memory_directory() / f"s3sql-bench-{os.getpid()}-{engine}.csv"


def _remove(target: Path) -> None:
    for part in target.parent.glob(f"{target.name}*"):
        part.unlink()
