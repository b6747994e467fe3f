"""The time of a query that its scan does not take.

In: a way to ask s3sql a query over an object of one morsel.  Out: seconds outside the scan, for each time it
is asked.

The scan is what cannot be known without the object: opening it (the system's open, and the header line or the
footer), choosing row groups by their statistics, reading its morsels, and taking each from bytes to written
records or to aggregate states. Outside is all else between the call and the last event: keywords, request,
name, parsing and planning or finding the plan, what is made of the plan for this query, the pipeline, the
result, the event stream, closing, and the clocks themselves.

The functions that are the scan are exchanged for timed ones here, from outside, so the engine has no hooks.
One that is renamed makes the benchmark fail. A morsel that is alone is worked on by the thread that asks, so
the times of the parts add up.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

#: The functions that are the scan: module, class if it is a method, and name. None calls another.
_SCAN: Final = (
    ("s3sql.api", None, "open_source"),
    ("s3sql.engine", None, "open_object"),
    ("s3sql.formats.parquet_opening", "ParquetOpening", "scan"),
    ("s3sql.exec.pipeline", "Pipeline", "_read"),
    ("s3sql.exec.task", "Task", "run"),
)


class _Clock:
    """Adds up the time in the functions that it is put around."""

    def __init__(self) -> None:
        self.nanoseconds = 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **keywords: Any) -> Any:
            begun = time.perf_counter_ns()
            try:
                return function(*arguments, **keywords)
            finally:
                self.nanoseconds += time.perf_counter_ns() - begun

        return timed


@contextmanager
def _timed_scan() -> Iterator[_Clock]:
    """A clock that runs while a function of the scan does."""
    clock = _Clock()
    replaced: list[tuple[Any, str, Any]] = []
    try:
        for module, owner, name in _SCAN:
            home: Any = import_module(module)
            home = home if owner is None else getattr(home, owner)
            function = getattr(home, name)
            replaced.append((home, name, function))
            setattr(home, name, clock.around(function))
        yield clock
    finally:
        for home, name, function in replaced:
            setattr(home, name, function)


def outside_scan(ask: Callable[[str], None], texts: list[str]) -> list[float]:
    """The seconds outside the scan of each of the queries *texts*, asked in this order."""
    seconds = []
    with _timed_scan() as clock:
        for text in texts:
            before, start = clock.nanoseconds, time.perf_counter_ns()
            ask(text)
            whole = time.perf_counter_ns() - start
            seconds.append((whole - (clock.nanoseconds - before)) / 1e9)
    return seconds
