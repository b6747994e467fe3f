"""One program: takes the steps that it knows and prints what each answered.

In: the path of the JSON file, as the first argument.  Out: lines of JSON (:mod:`tests.interop`).

Only the standard library is here: the programs run where s3sql is not installed.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Steps: TypeAlias = Mapping[str, Callable[[], dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Given:
    """What the JSON file says; ``folder`` holds the objects, ``scratch`` is empty and the program's own."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str
    bucket: str
    folder: Path
    scratch: Path
    plain: str
    content_type: str
    metadata: dict[str, str]
    large: str
    part_bytes: int
    range: tuple[int, int]
    selects: dict[str, dict[str, Any]]
    steps: list[str]

    @property
    def small_objects(self) -> dict[str, Path]:
        """The files that are put whole, by key, but for the one that is put with its content type."""
        return {
            key: path
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and (key := str(path.relative_to(self.folder))) not in (self.large, self.plain)
        }


def given() -> Given:
    """What this program is asked to do."""
    members = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder, scratch = Path(members.pop("folder")), Path(members.pop("scratch"))
    return Given(folder=folder, scratch=scratch, **members)


def take(client: str, version: str, asked: list[str], steps: Steps) -> None:
    """Take the steps that are both *asked* for and known."""
    _tell({"client": client, "version": version})
    for name in asked:
        if name not in steps:
            continue
        try:
            _tell({"step": name, "answer": steps[name]()})
        except Exception:
            _tell({"step": name, "failed": traceback.format_exc()[-2000:]})


def _tell(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()
