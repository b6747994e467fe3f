"""Amounts as people read them: bytes, counts, seconds, and bytes a second.

In: a number.  Out: a few characters with a unit. Units of bytes are decimal, as storage is sold and
networks are measured.
"""

from __future__ import annotations

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_SHORT_TIMES = ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))


def count_text(count: int, noun: str = "") -> str:
    """``1,234``; with a *noun* ``1 row`` and ``1,234 rows``."""
    if not noun:
        return f"{count:,}"
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def bytes_text(count: int) -> str:
    """``999 B``, ``1.2 MB``, ``123 MB``."""
    amount = float(count)
    for unit in _BYTE_UNITS:
        # What would be rounded to a thousand is one of the next unit.
        if amount < 999.5 or unit == _BYTE_UNITS[-1]:
            return f"{count} B" if unit == "B" else f"{_rounded(amount)} {unit}"
        amount /= 1000
    raise AssertionError("the last unit takes every amount")


def seconds_text(seconds: float) -> str:
    """``12 µs``, ``1.2 ms``, ``3.4 s``, ``1 min 15 s``, ``2 h 5 min``."""
    if seconds < 59.95:
        for size, unit in _SHORT_TIMES:
            amount = max(seconds, 0.0) / size
            if amount < 999.5 or unit == "s":
                return f"{_rounded(amount)} {unit}" if seconds >= 1e-6 else "0 s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60} min"


def rate_text(count: int, seconds: float) -> str:
    """``1.2 GB/s``: *count* bytes in so many seconds; empty where no time has passed."""
    return f"{bytes_text(round(count / seconds))}/s" if seconds > 0 else ""


def _rounded(amount: float) -> str:
    """One decimal below a hundred, none from there on."""
    return f"{amount:.1f}" if amount < 99.95 else f"{amount:.0f}"
