"""What an input may cost: two seconds a kilobyte, and half a gibibyte of memory more than any before it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

SECONDS_PER_KB = 2.0
MOST_BYTES = 512 << 20

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class TooSlowError(Exception):
    """An input took too long, twice: the first time kernels may have been compiled."""


class TooMuchMemoryError(Exception):
    """An input took too much memory."""


def within_budget(check: Callable[[bytes], None], data: bytes) -> None:
    """Check *data*; what it costs above the budget is a finding too."""
    allowed = SECONDS_PER_KB * max(1.0, len(data) / 1024)
    before = _peak()
    spent = _seconds(check, data)
    if spent > allowed and (again := _seconds(check, data)) > allowed:
        raise TooSlowError(f"{len(data):,} bytes took {spent:.1f} s, then {again:.1f} s")
    grown = _peak() - before
    if grown > MOST_BYTES:
        raise TooMuchMemoryError(f"{len(data):,} bytes took {grown >> 20:,} MiB")


def _seconds(check: Callable[[bytes], None], data: bytes) -> float:
    """Seconds on the clock, or of the processors if those are fewer: others may use them as well."""
    started, worked = time.monotonic(), time.process_time()
    check(data)
    return min(time.monotonic() - started, time.process_time() - worked)


def _peak() -> int:
    """The most bytes this process ever had in memory; 0 on Windows, where nothing tells."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _PEAK_UNIT
