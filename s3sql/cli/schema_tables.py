"""A description of an object as tables at a terminal.

In: a :class:`~s3sql.describe.Description`.  Out: text with frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from s3sql.describe.plain_table import visible
from s3sql.display.amounts import bytes_text, count_text
from s3sql.display.error_text import printable
from s3sql.display.table_text import rendered

if TYPE_CHECKING:
    from s3sql.describe import ColumnDescription, Description

#: Most columns and row groups that are shown.
_COLUMNS, _GROUPS = 200, 20

#: A table of fewer characters has no room for what is in it.
_NARROW = 60


def draw(description: Description, width: int, *, colourful: bool) -> str:
    """The source, what it was taken for, its columns and its row groups."""
    parts: list[RenderableType] = [_head(description), Text(str(description.sniffed), "dim")]
    if description.columns:
        parts.append(_columns(description.columns))
    hidden = len(description.columns) - _COLUMNS
    if hidden > 0:
        parts.append(Text(f"and {count_text(hidden, 'more column')}", "dim"))
    parts.append(
        Text(f"FROM {description.from_path} s; {count_text(description.records_seen, 'record')} seen", "dim")
    )
    if description.row_groups is not None:
        parts.append(_row_groups(description))
    text = rendered(Group(*parts), max(width, _NARROW), colour=colourful)
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))


def _head(description: Description) -> Text:
    name = printable(description.name) or "standard input"
    size = "" if description.size is None else f"  {bytes_text(description.size)}"
    return Text.assemble((name, "bold"), size)


def _columns(columns: tuple[ColumnDescription, ...]) -> Table:
    table = Table(box=box.ROUNDED, header_style="bold")
    for title in ("column", "kind", "in SQL"):
        table.add_column(title, overflow="fold")
    table.add_column("present", justify="right")
    table.add_column("examples", overflow="fold", ratio=1)
    for column in columns[:_COLUMNS]:
        examples = column.note or ", ".join(column.examples)
        table.add_row(
            Text(visible(column.name)),
            Text("|".join(column.kinds) or "-"),
            Text(visible(column.sql), "cyan"),
            _share(column.present),
            Text(visible(examples)),
        )
    return table


def _row_groups(description: Description) -> Table:
    groups = description.row_groups or ()
    rows = sum(group.rows for group in groups)
    title = f"{count_text(rows, 'row')} in {count_text(len(groups), 'row group')}"
    table = Table(box=box.ROUNDED, header_style="bold", title=title, title_justify="left", title_style="dim")
    for heading in ("rows", "stored", "uncompressed"):
        table.add_column(heading, justify="right")
    table.add_column("codec")
    for group in groups[:_GROUPS]:
        table.add_row(
            count_text(group.rows),
            bytes_text(group.bytes_stored),
            bytes_text(group.bytes_uncompressed),
            ", ".join(group.codecs),
        )
    if len(groups) > _GROUPS:
        table.add_row("...", "", "", f"{count_text(len(groups) - _GROUPS)} more")
    return table


def _share(present: float) -> str:
    """A share that is neither none nor all never looks as if it were."""
    if 0 < present < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= present < 1 else f"{present:.0%}"
