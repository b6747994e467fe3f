"""The JSON documents of all the programs here: what was measured, where and when.

In: the name of a program and its results.  Out: a file in the cache directory.
"""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.lineitem import cache_directory


def begin(program: str, **settings: Any) -> dict[str, Any]:
    """A document with the time, the machine, its load, and the *settings* of the run."""
    return {
        "program": program,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine.description(),
        **settings,
        "load_before": machine.load_average(),
    }


def new_path(program: str) -> Path:
    """An empty new file in the cache directory, for the document of a run of *program*."""
    name = f"result-{program}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in itertools.count(1):
        path = cache_directory() / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path
    raise AssertionError("numbers do not end")


def write(document: dict[str, Any], path: Path | None = None) -> Path:
    """Write *document* to *path*, or to a new file in the cache directory; return its path."""
    path = path or new_path(document["program"])
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """The documents of a file: one, or a list of several; an unfinished run may have left none."""
    content = json.loads(path.read_text() or "[]")
    return content if isinstance(content, list) else [content]


def of_this_commit() -> list[dict[str, Any]]:
    """Those in the cache directory that measured the program as it is now on the full files."""
    commit = machine.description()["commit"]
    found = []
    for path in sorted(cache_directory().glob("result-*.json")):
        for document in read(path):
            if "program" not in document:
                continue
            run = document if "machine" in document else document["runs"][-1]
            if run["machine"]["commit"] == commit and run.get("rows") is None:
                found.append(document)
    return found


def finish(document: dict[str, Any]) -> Path:
    """Write a document that was begun, with the load as it is now; return its path."""
    document["load_after"] = machine.load_average()
    return write(document)
