"""A description of an object, as data and as text.

In: what was found of the object.  Out: dictionaries that ``json.dumps`` takes, and plain text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from s3sql.describe.plain_table import plain_table, visible
from s3sql.sniffer import Sniffed

if TYPE_CHECKING:
    import pyarrow as pa

#: Most columns and row groups in the text of a description.
_SHOWN_COLUMNS, _SHOWN_GROUPS = 200, 20


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """A column of CSV or Parquet, or a path of JSON.

    ``name``: of CSV the header's or ``_1``, of JSON the path, ``user.name`` or ``tags[*]``. ``position``:
    from 1; None within values. ``kinds``: of CSV what all its texts can be CAST to, of JSON those that were
    seen, of Parquet those of the schema; none where nothing was seen or nothing can be. ``sql``: how a query
    writes it, the rows being called ``s``; of the elements of a list the first one. ``present``: the share of
    the records seen that have it; an empty field of CSV and a NULL of Parquet are not there, a ``null`` of
    JSON is. ``examples``: three values at most, as text. ``note``: what a query should know of it.
    """

    name: str
    position: int | None
    kinds: tuple[str, ...]
    sql: str
    present: float
    examples: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What the footer tells of a column in a row group; ``minimum`` and ``maximum`` are bounds, as text.

    None where the footer does not tell it.
    """

    column: str
    nulls: int | None
    minimum: str | None
    maximum: str | None


@dataclass(frozen=True, slots=True)
class RowGroupDescription:
    """A row group of Parquet: ``bytes_stored`` are compressed, ``begin`` is the offset of the first one."""

    rows: int
    begin: int
    bytes_stored: int
    bytes_uncompressed: int
    codecs: tuple[str, ...]
    statistics: tuple[ColumnStatistics, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What :func:`s3sql.describe` found.

    ``size``: bytes as they are stored, None for a stream. ``first_rows``: as a query gives them.
    ``records_seen``: how many the rest is told from, a header line not counted. ``from_path``: what a query
    selects from: ``S3Object[*][*]`` where JSON is a list of the records. ``notes``: what was cut, and what is
    wrong with the object behind the records seen.
    """

    name: str
    size: int | None
    sniffed: Sniffed
    columns: tuple[ColumnDescription, ...]
    first_rows: pa.Table
    records_seen: int
    row_groups: tuple[RowGroupDescription, ...] | None = None
    from_path: str = "S3Object"
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as a dictionary that ``json.dumps`` takes."""
        sniffed = {name: choice for name, choice in asdict(self.sniffed).items() if choice is not None}
        groups = self.row_groups
        return {
            "name": self.name,
            "size": self.size,
            "sniffed": sniffed,
            "from_path": self.from_path,
            "records_seen": self.records_seen,
            "columns": [asdict(column) for column in self.columns],
            "first_rows": {
                "columns": self.first_rows.column_names,
                "rows": [list(map(_plain, row)) for row in _rows(self.first_rows)],
            },
            "row_groups": None if groups is None else [asdict(group) for group in groups],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        size = "" if self.size is None else f"{self.size:,} bytes"
        parts = [", ".join(filter(None, (visible(self.name), size))), str(self.sniffed)]
        parts += [f"FROM {self.from_path} s, {_count(self.records_seen, 'record')} seen", ""]
        parts += plain_table(_COLUMN_HEADS, map(_column_cells, self.columns[:_SHOWN_COLUMNS]))
        parts += _more(len(self.columns) - _SHOWN_COLUMNS, "column")
        if self.row_groups is not None:
            rows = sum(group.rows for group in self.row_groups)
            parts += ["", f"{_count(rows, 'row')} in {_count(len(self.row_groups), 'row group')}", ""]
            parts += plain_table(_GROUP_HEADS, map(_group_cells, self.row_groups[:_SHOWN_GROUPS]))
            parts += _more(len(self.row_groups) - _SHOWN_GROUPS, "row group")
        parts += [f"note: {note}" for note in self.notes]
        return "\n".join(parts).strip("\n")


_COLUMN_HEADS = ("column", "kind", "in SQL", "present", "examples")
_GROUP_HEADS = ("rows", "stored", "uncompressed", "codec")


def _column_cells(column: ColumnDescription) -> tuple[str, ...]:
    share = f"{column.present:.0%}"
    if share in ("0%", "100%") and column.present not in (0.0, 1.0):
        share = "<1%" if share == "0%" else ">99%"
    shown = column.note or ", ".join(map(visible, column.examples))
    return visible(column.name), "|".join(column.kinds) or "-", visible(column.sql), share, shown


def _group_cells(group: RowGroupDescription) -> tuple[str, ...]:
    sizes = (group.rows, group.bytes_stored, group.bytes_uncompressed)
    return (*(f"{size:,}" for size in sizes), ", ".join(group.codecs))


def _more(count: int, what: str) -> list[str]:
    return [f"… and {_count(count, f'more {what}')}"] if count > 0 else []


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in table.columns]
    return iter(zip(*columns, strict=True)) if columns else iter(() for _ in range(table.num_rows))


def _plain(value: Any) -> Any:
    """*value* as JSON has it: numbers that JSON lacks, decimals and timestamps are text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
