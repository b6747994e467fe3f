"""The engines that are compared, each in the ways of asking it that could be its fastest.

In: a query and the path of its file.  Out: *variants*: named functions that run the query once. All variants
of an engine are tried on the full file, their answers are checked, and the fastest one is measured.

A variant takes the path of a tmpfs file to write its CSV to (or several files whose names start with it), or
None to hand the CSV over and forget it, and returns the value of a query that has a single one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from benchmarks.queries import Query

Variant = Callable[[Path | None], object]


class CannotAnswerError(Exception):
    """The engine has no way to do the same work; the message is the reason."""


class Engine(Protocol):
    """One engine in this process."""

    #: The version that is installed.
    version: str

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        """The ways to run *query* on the file *path*, by a name that says what is special.

        Raises:
            CannotAnswerError: there is none.
        """


#: In the order of the tables; the first is ours.  ``client`` is ours through the boto3 interface,
#: ``endpoint`` ours over HTTP, ``canned`` its recorded answers.
ENGINES = ("s3sql", "duckdb", "polars", "datafusion", "chdb", "client", "endpoint", "canned")
MEASURED = ("s3sql", "duckdb", "polars", "datafusion", "chdb")
OURS = frozenset({"s3sql", "client", "endpoint", "canned"})


def load(name: str, threads: int) -> Engine:
    """Import an engine and limit it to *threads* threads."""
    if name not in ENGINES:
        raise ValueError(f"there is no engine {name!r}; there are {', '.join(ENGINES)}")
    module = importlib.import_module(f"benchmarks.engines.{name}")
    engine: Engine = module.open_engine(threads)
    return engine
