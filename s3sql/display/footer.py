"""The line below a table: how many rows, what was read for them, and how long it took.

In: the numbers of a result.  Out: text for people, a second line for what was guessed of the object.
"""

from __future__ import annotations

from s3sql.display.amounts import bytes_text, count_text, seconds_text
from s3sql.stats import Stats


def footer_text(
    stats: Stats | None, *, shown: int | None = None, total: int | None = None, sniffed: str = ""
) -> str:
    """``20 of 1,234 rows · 31 MB scanned · 31 MB processed · 1.2 MB returned · 0.1 s``.

    Args:
        stats: of the query; None leaves everything out but the rows.
        shown: how many rows are above; None for all that were read.
        total: how many the result has; None while unknown.
        sniffed: what was guessed of the object, in words.
    """
    parts = [_rows(stats, shown, total)]
    if stats is not None:
        parts += [
            f"{bytes_text(stats.bytes_scanned)} scanned",
            f"{bytes_text(stats.bytes_processed)} processed",
        ]
        # Of rows that were only looked at nothing has been returned.
        if stats.rows or not shown:
            parts.append(f"{bytes_text(stats.bytes_returned)} returned")
        parts.append(seconds_text(stats.seconds))
    line = " · ".join(parts)
    return f"{line}\nread as {sniffed}" if sniffed else line


def _rows(stats: Stats | None, shown: int | None, total: int | None) -> str:
    if shown is None:
        return count_text(0 if stats is None else stats.rows, "row")
    if total is None:
        return f"the first {count_text(shown, 'row')}" if shown else "no row yet"
    if shown < total:
        return f"{count_text(shown)} of {count_text(total, 'row')}"
    return count_text(total, "row")
