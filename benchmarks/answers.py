"""Whether two engines gave the same answer.

In: the file with the CSV an engine wrote, or its single value.  Out: an :class:`Answer`.

Rows are compared as a multiset of lines, byte for byte: an engine may give them in any order. Numbers of
aggregates are compared by value, to nine digits, because binary floats are allowed to the peers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """``value``: of a query that has one. Else its rows, its bytes, and the sum of the rows' hashes."""

    value: float | None = None
    rows: int = 0
    size: int = 0
    digest: int = 0

    def equals(self, other: Answer) -> bool:
        if self.value is not None and other.value is not None:
            return math.isclose(self.value, other.value, rel_tol=1e-9)
        return self == other

    def __str__(self) -> str:
        return f"{self.value}" if self.value is not None else f"{self.rows:,} rows, {self.size:,} bytes"


def of_value(value: str) -> Answer:
    return Answer(value=float(value))


def of_files(target: Path) -> Answer:
    """The answer in the file *target* and those that have its name and more; they are deleted."""
    rows = size = digest = 0
    for path in sorted(target.parent.glob(f"{target.name}*")):
        with path.open("rb", buffering=1 << 20) as file:
            for line in file:
                rows += 1
                size += len(line)
                # Python's hash of bytes is SipHash with this process's random key: 64 bits, summed because
                # the order does not count.
                digest += hash(line)
        path.unlink()
    return Answer(rows=rows, size=size, digest=digest % (1 << 64))
