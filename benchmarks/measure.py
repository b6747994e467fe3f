"""The measuring itself: choose each engine's fastest variant, check the answers, take turns, look at memory.

In: a query, its file, a worker process per engine.  Out: a :class:`QueryResult`.

1. Every variant of every engine runs once into a tmpfs file, on a part of the rows if there is a file of
   these, and its answer must be the same as ours. Those not much slower than their engine's best run again as
   they will be measured, on the whole file; the fastest goes on.
2. The engines take turns, each round beginning with another one; the first round does not count.
3. One fresh process per engine runs the query once for its memory, and its answer is compared once more.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Container, Sequence
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

#: As many variants of an engine run on the whole file before one is chosen.
_FINALISTS = 3


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
    """What one engine needed for one query: seconds and processor seconds of every sample, MB of memory.

    ``tried``: seconds of its variants where they were compared, or why one failed. ``finalists``: seconds on
    the whole file of those that came close.
    """

    engine: str
    variant: str
    tried: dict[str, float | str]
    finalists: dict[str, float] = field(default_factory=dict)
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
    same work, and why. ``run``: which of the runs of a merged document it is from.
    """

    query: Query
    size: int
    answer: Answer
    engines: list[EngineResult]
    other_load: float | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    threads: int = 2
    run: int = 0

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


def measure(
    query: Query, path: Path, workers: Sequence[Worker], samples: int, part: Path | None = None
) -> QueryResult:
    """Run one query on all engines; their variants are tried on the file *part*, if there is one.

    A peer that fails in every variant is left out, with what it said.

    Raises:
        WrongAnswerError: an engine, in any variant, does not give the answer of the first.
        EngineError: ours can do it in no variant.
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
        try:
            found, expected = _choose(query, path, worker, expected, part)
        except EngineError as error:
            if worker.engine in OURS:
                raise
            skipped[worker.engine] = str(error)
            continue
        chosen.append(found)
        taking_part.append(worker)
    assert expected is not None, "there is at least one engine"
    result = QueryResult(query, path.stat().st_size, expected, chosen, skipped=skipped)
    result.other_load = _take_turns(result, path, taking_part, samples)
    return result


def measure_memory(
    result: QueryResult, path: Path, small: Path, threads: int, engines: Container[str] | None = None
) -> None:
    """Run the query once more in fresh processes, for the memory they take; compare the answers.

    *engines*: those of them alone.

    ``idle_mb`` is what a process holds after the same query on the file *small*: libraries and kernels are
    loaded, caches are filled.

    Raises:
        WrongAnswerError: an engine does not give the answer of the first.
    """
    expected: Answer | None = None
    for found in result.engines:
        if engines is not None and found.engine not in engines:
            continue
        worker = Worker(found.engine, threads)
        try:
            worker.ask(query=result.query.name, path=str(small), variant=found.variant, target=None)
            found.idle_mb = worker.ask()["resident"]
            expected = _checked(result.query, path, worker, found.variant, expected)[1]
            found.peak_mb = worker.ask()["peak"]
        finally:
            worker.close()
    result.answer = expected or result.answer


def _choose(
    query: Query, path: Path, worker: Worker, expected: Answer | None, part: Path | None
) -> tuple[EngineResult, Answer]:
    """The fastest variant of an engine, all of them checked."""
    seconds: dict[str, float] = {}
    failed: dict[str, float | str] = {}
    trial = part or path
    for variant in worker.ask(query=query.name, path=str(trial))["variants"]:
        try:
            seconds[variant], expected = _checked(query, trial, worker, variant, expected)
        except EngineError as error:
            failed[variant] = str(error)
            print(f"{query.name}: {variant}: {error}", file=sys.stderr)
    if not seconds or expected is None:
        raise EngineError(f"{query.name}: {worker.engine} can do it in no variant: {failed}")
    fastest = sorted(seconds, key=lambda name: seconds[name])[:_FINALISTS]
    finalists = [name for name in fastest if seconds[name] < _HOPELESS * seconds[fastest[0]]]
    found = EngineResult(worker.engine, finalists[0], {**seconds, **failed})
    if len(finalists) > 1:
        found.finalists = {name: _run(query, path, worker, name)["seconds"] for name in finalists}
        found.variant = min(finalists, key=lambda name: found.finalists[name])
    return found, expected


def _checked(
    query: Query, path: Path, worker: Worker, variant: str, expected: Answer | None
) -> tuple[float, Answer]:
    """Run a variant for its answer, which is to be the *expected* one; gives its seconds and that answer."""
    target = _target(worker.engine)
    try:
        ran = worker.ask(query=query.name, path=str(path), variant=variant, target=str(target))
        answer = answers.of_value(ran["value"]) if query.single else answers.of_files(target)
    finally:
        _remove(target)
    if expected is not None and not answer.equals(expected):
        raise WrongAnswerError(f"{query.name}: {worker.engine}, {variant}: {answer} instead of {expected}")
    return ran["seconds"], expected or answer


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
