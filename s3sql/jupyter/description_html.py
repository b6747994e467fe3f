"""What an object holds, as a notebook shows it.

In: a :class:`~s3sql.describe.Description`.  Out: HTML without script, everything of the object escaped: the
columns, the first rows and, for Parquet, the row groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from s3sql.describe import ColumnDescription, Description
from s3sql.display.amounts import bytes_text, count_text
from s3sql.display.cells import visible
from s3sql.display.html_style import NO_MATHEMATICS, TABLE_STYLE
from s3sql.display.table_html import table_html

#: Characters of a cell that are shown.
_CELL_CHARACTERS = 200

#: More columns and row groups are not shown.
_MOST_COLUMNS, _MOST_GROUPS = 200, 20

_COLUMN_HEADS = ("column", "kind", "in SQL", "present", "examples")
_GROUP_HEADS = ("rows", "stored", "uncompressed", "codec")


def description_html(description: Description) -> str:
    """The whole description."""
    size = "" if description.size is None else f" · {bytes_text(description.size)}"
    seen = count_text(description.records_seen, "record")
    parts = [
        f"<p><b>{_text(description.name or 'source')}</b>{size} · {_text(str(description.sniffed))}</p>",
        f"<p><code>FROM {_text(description.from_path)} s</code> · {seen} seen</p>",
        _table(_COLUMN_HEADS, map(_column, description.columns[:_MOST_COLUMNS])),
        _left_out(len(description.columns) - _MOST_COLUMNS, "column"),
    ]
    groups = description.row_groups
    if groups is not None:
        rows = sum(group.rows for group in groups)
        parts.append(f"<p>{count_text(rows, 'row')} in {count_text(len(groups), 'row group')}</p>")
        shown = (
            (
                count_text(group.rows),
                bytes_text(group.bytes_stored),
                bytes_text(group.bytes_uncompressed),
                ", ".join(group.codecs),
            )
            for group in groups[:_MOST_GROUPS]
        )
        parts += [_table(_GROUP_HEADS, shown), _left_out(len(groups) - _MOST_GROUPS, "row group")]
    parts += [f"<p>note: {_text(note)}</p>" for note in description.notes]
    box = f'<div class="s3sql-box {NO_MATHEMATICS}"><style>{TABLE_STYLE}</style>{"".join(parts)}</div>'
    first_rows = description.first_rows
    if not first_rows.num_rows:
        return box
    return box + table_html(first_rows, total_rows=None, limit=first_rows.num_rows)


def _column(column: ColumnDescription) -> tuple[str, ...]:
    share = f"{column.present:.0%}"
    if share in ("0%", "100%") and column.present not in (0.0, 1.0):
        share = "<1%" if share == "0%" else ">99%"
    kinds = ", ".join(column.kinds) or "-"
    return column.name, kinds, column.sql, share, column.note or ", ".join(column.examples)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="s3sql-scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _left_out(count: int, noun: str) -> str:
    return f"<p>{count_text(count, f'more {noun}')}</p>" if count > 0 else ""


def _text(text: str) -> str:
    return escape(visible(text if len(text) <= _CELL_CHARACTERS else f"{text[:_CELL_CHARACTERS]}…"))
