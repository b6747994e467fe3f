"""A small table as lines of plain text.

In: heads and rows of cells.  Out: lines in which the columns stand below each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from s3sql.display.error_text import printable

#: The widest cell; the last one of a row may be longer.
_WIDEST = 40


def plain_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; numbers are aligned to the right."""
    cells = [tuple(map(_cut, row[:-1])) + tuple(row[-1:]) for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    numeric = [all(map(_is_number, column)) for column in zip(*cells, strict=True)] or [False] * len(heads)
    numeric[-1] = False
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in (heads, *cells)
    ]


def visible(text: str) -> str:
    """*text* with what cannot be seen escaped, so that it cannot break a line either."""
    return printable(text).replace("\n", r"\n")


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else f"{cell[: _WIDEST - 1]}…"


def _is_number(cell: str) -> bool:
    return cell.lstrip("<>").rstrip("%").replace(",", "").isdecimal()
