"""Rows as a table in a notebook.

In: an Arrow table.  Out: HTML that needs nothing else, and has no script. Everything of the object is
escaped, column names too. It follows the page's theme, and a screen reader finds names, types and a
caption.
"""

from __future__ import annotations

from html import escape

import pyarrow as pa

from s3sql.display.amounts import bytes_text, count_text
from s3sql.display.cells import Cell, cells, flush_right, type_name, visible
from s3sql.display.footer import footer_text
from s3sql.display.html_style import NO_MATHEMATICS, TABLE_STYLE
from s3sql.stats import Stats

#: Characters of a value that are shown, and that are shown when the pointer rests on it.
_CELL_CHARACTERS = 200
_TITLE_CHARACTERS = 1000

#: Characters of a column's name that are shown.
_NAME_CHARACTERS = 120

_MOST_COLUMNS = 100


def table_html(
    table: pa.Table,
    *,
    total_rows: int | None,
    stats: Stats | None = None,
    limit: int = 20,
    sniffed: str = "",
    max_columns: int = _MOST_COLUMNS,
) -> str:
    """The first *limit* rows of *table*, with a footer.

    ``total_rows``: of the result the table is the beginning of; None while nobody knows. ``sniffed``: what
    was guessed of the object, in words.
    """
    # A table without columns does not stop at its end by itself.
    shown = table.slice(0, min(limit, table.num_rows))
    count = min(shown.num_columns, max_columns)
    names, types, columns = [], [], []
    for number in range(count):
        field, values = shown.schema.field(number), cells(shown.column(number), _TITLE_CHARACTERS)
        right = flush_right(field.type, values)
        names.append(_name(field.name, right=right))
        types.append(_type(field.type, right=right))
        columns.append([_value(cell, right=right) for cell in values])
    if count < shown.num_columns:
        more = f"{count_text(shown.num_columns - count)} more columns"
        names.append(f'<th scope="col" title="{more}">…</th>')
        types.append(f"<td>{more}</td>")
        columns.append(["<td>…</td>"] * shown.num_rows)
    rows = "".join(f"<tr>{''.join(row)}</tr>\n" for row in zip(*columns, strict=True))
    told = footer_text(stats, shown=shown.num_rows, total=total_rows, sniffed=sniffed)
    caption = f"{told.splitlines()[0]}; {count_text(shown.num_columns, 'column')}"
    if not columns:
        return _box(
            "", told, note="The rows have no columns." if shown.num_rows else "No rows and no columns."
        )
    return _box(
        f'<div class="s3sql-scroll" role="region" aria-label="Result" tabindex="0"><table>\n'
        f"<caption>{_text(caption)}</caption>\n"
        f"<thead><tr>{''.join(names)}</tr>\n"
        f'<tr class="s3sql-types">{"".join(types)}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table></div>",
        told,
    )


def note_html(note: str, told: str) -> str:
    """A box without rows: *note* says why, *told* is the footer."""
    return _box("", told, note=note)


def _box(body: str, told: str, note: str = "") -> str:
    lines = [f"<p>{_text(line)}</p>" for line in (note, *told.splitlines()) if line]
    return (
        f'<div class="s3sql-box {NO_MATHEMATICS}"><style>{TABLE_STYLE}</style>{body}\n{"".join(lines)}</div>'
    )


def _name(name: str, *, right: bool) -> str:
    shown = visible(name[:_NAME_CHARACTERS])
    title = ""
    if len(name) > _NAME_CHARACTERS:
        shown, title = f"{shown}…", f' title="{_text(name[:_TITLE_CHARACTERS])}"'
    return f'<th scope="col"{_align(right=right)}{title}>{escape(shown)}</th>'


def _type(type_: pa.DataType, *, right: bool) -> str:
    return f'<td{_align(right=right)} title="Arrow: {_text(str(type_))}">{_text(type_name(type_))}</td>'


def _value(cell: Cell, *, right: bool) -> str:
    if cell.is_null:
        return f'<td class="s3sql-null"{_align(right=right)}>NULL</td>'
    text, title = cell.text, ""
    if cell.size or len(text) > _CELL_CHARACTERS:
        size = f" ({bytes_text(cell.size)})" if cell.size else ""
        title = f' title="{escape(text)}{size}"'
        if len(text) > _CELL_CHARACTERS:
            text = f"{text[:_CELL_CHARACTERS].removesuffix('…')}…"
    return f"<td{_align(right=right)}{title}>{escape(text)}</td>"


def _align(*, right: bool) -> str:
    # Also where a page drops the style sheet, as for a notebook that is not trusted.
    return ' style="text-align: right"' if right else ""


def _text(text: str) -> str:
    return escape(visible(text))
