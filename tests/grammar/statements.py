"""The statements of grammar/accept and grammar/reject, and of grammar/archive, as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

GRAMMAR = Path(__file__).parents[2] / "grammar"

#: The same for the dialect of queries on archived objects.
ARCHIVE = GRAMMAR / "archive"

_HEAD = re.compile(r"-- ([A-Z]\w+) (\d+):(\d+)")


class Rejected(NamedTuple):
    file: str
    sql: str
    code: str
    line: int
    column: int


def accepted(folder: Path = GRAMMAR) -> list[tuple[str, str]]:
    """(file, statement) for each line of each file that is no comment."""
    found = []
    for path in sorted((folder / "accept").glob("*.sql")):
        # Only \n ends a line here: VT and FF are blanks of the dialect.
        for line in path.read_bytes().decode("utf-8").split("\n"):
            if line and not line.startswith("-- "):
                found.append((path.name, line))
    return found


def rejected(folder: Path = GRAMMAR) -> list[Rejected]:
    """Each statement under its ``-- Code line:column``, which may have several lines."""
    found = []
    for path in sorted((folder / "reject").glob("*.sql")):
        head = None
        lines: list[str] = []
        for line in [*path.read_text(encoding="utf-8").split("\n"), "-- End 0:0"]:
            match = _HEAD.fullmatch(line)
            if match is None:
                lines.append(line)
                continue
            if head is not None:
                sql = "\n".join(lines).strip("\n")
                found.append(Rejected(path.name, sql, head[1], int(head[2]), int(head[3])))
            head, lines = match, []
    return found
