"""Rows as a table in a terminal.

In: an Arrow table of a few rows.  Out: lines of text of at most so many columns. Where not all columns fit,
the long ones are cut, and then those in the middle left out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from s3sql.display.amounts import count_text
from s3sql.display.cells import Cell, cells, flush_right, type_name, visible
from s3sql.display.footer import footer_text

__all__ = ["footer_text", "rendered", "table_text"]

#: What a column of the table may be cut down to, before columns are left out; more for the sake of its name.
_LEAST_WIDTH, _LEAST_NAME = 8, 14

#: The least width of a table, and what stands for none.
_LEAST_TABLE = 24
_ENDLESS = 1 << 20

#: What the frame takes for each column, and once.
_FRAME_OF_COLUMN, _FRAME = 3, 1


def table_text(
    table: pa.Table,
    *,
    width: int | None,
    total_rows: int | None = None,
    colour: bool = False,
    max_cell: int = 60,
) -> str:
    """*table* with a frame, the names of its columns and their types.

    Args:
        table: all rows are shown.
        width: columns of the terminal; None for as many as it takes.
        total_rows: of the result that the table is the beginning of.
        colour: whether escape sequences may be used.
        max_cell: most characters of a value.
    """
    more = 0 if total_rows is None else total_rows - table.num_rows
    below = f"… {count_text(more)} more {'row' if more == 1 else 'rows'}" if more > 0 else ""
    if not table.num_columns:
        return "\n".join(
            line for line in (f"{count_text(table.num_rows, 'row')} without columns", below) if line
        )
    columns = [_Column.of(table, number, max_cell) for number in _candidates(table, width)]
    room = _ENDLESS if width is None else max(width, _LEAST_TABLE)
    kept, widths = _fitting(columns, room, table.num_columns - len(columns))
    drawn = Table(box=box.ROUNDED, show_edge=True, pad_edge=True, padding=(0, 1))
    for place, wide in zip(kept, widths, strict=True):
        if place is None:
            drawn.add_column(Text("…"), no_wrap=True, width=wide)
            continue
        column = columns[place]
        drawn.add_column(
            column.header(),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=wide,
        )
    for row in range(table.num_rows):
        drawn.add_row(*(Text("…") if place is None else columns[place].text(row) for place in kept))
    lines = [line.rstrip() for line in rendered(drawn, room, colour=colour).splitlines()]
    return "\n".join([*lines, *([below] if below else [])])


class _Column:
    """One column of the table, as it is shown."""

    def __init__(self, name: str, type_: str, shown: Sequence[Cell], *, right: bool) -> None:
        self.name, self.type, self.cells, self.right = name, type_, shown, right
        named = cell_len(name)
        self.width = max(1, named, cell_len(type_), *(cell_len(cell.text) for cell in shown))
        self.least = min(self.width, max(_LEAST_WIDTH, min(named, _LEAST_NAME)))

    @classmethod
    def of(cls, table: pa.Table, number: int, max_cell: int) -> _Column:
        field = table.schema.field(number)
        shown = cells(table.column(number), max_cell)
        name = visible(field.name if len(field.name) <= max_cell else f"{field.name[:max_cell]}…")
        return cls(name, type_name(field.type), shown, right=flush_right(field.type, shown))

    def header(self) -> Text:
        return Text.assemble((self.name, "bold"), "\n", (self.type, "dim"))

    def text(self, row: int) -> Text:
        cell = self.cells[row]
        return Text(cell.text, style="dim italic" if cell.is_null else "")


def _candidates(table: pa.Table, width: int | None) -> list[int]:
    """The columns that could be shown: of very many, no more than fit if each were as narrow as can be."""
    count = table.num_columns
    most = count if width is None else max(width, _LEAST_TABLE) // (_FRAME_OF_COLUMN + 1) + 2
    if count <= most:
        return list(range(count))
    return [*range(most - most // 2), *range(count - most // 2, count)]


def _fitting(columns: Sequence[_Column], room: int, left_out: int) -> tuple[list[int | None], list[int]]:
    """The columns that fit into *room*, None where some are left out, and how wide each is.

    ``left_out``: how many have been left out in the middle already.
    """
    count = len(columns)
    for kept in range(count, 0, -1):
        places: list[int | None] = list(range(count))
        if kept < count or left_out:
            places = [*range(kept - kept // 2), None, *range(count - kept // 2, count)]
        inside = room - _FRAME - _FRAME_OF_COLUMN * len(places)
        needed = [
            (1, 1) if place is None else (columns[place].least, columns[place].width) for place in places
        ]
        if sum(least for least, _ in needed) <= inside:
            return places, _widths(needed, inside)
    places = [0] if count == 1 and not left_out else [0, None]
    return places, [_LEAST_WIDTH, 1][: len(places)]


def _widths(needed: Sequence[tuple[int, int]], inside: int) -> list[int]:
    """How wide each column is, of what it takes at least and at most, so that all fit *inside*.

    Those are cut that are wider than the others.
    """
    widest = min(max(wide for _, wide in needed), inside)
    while True:
        widths = [max(least, min(wide, widest)) for least, wide in needed]
        if sum(widths) <= inside:
            return widths
        widest -= 1


def rendered(renderable: RenderableType, width: int, *, colour: bool) -> str:
    """What rich makes of *renderable* in so many columns, as text."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        # In a kernel rich would show what it draws, besides writing it.
        force_jupyter=False,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()
