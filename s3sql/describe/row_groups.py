"""The row groups of a Parquet file, as its footer tells of them.

In: a Parquet object that is open.  Out: a :class:`~s3sql.describe.description.RowGroupDescription` for each
row group.

Nothing but the footer is read. The statistics are taken as bounds, as a query takes them
(:mod:`s3sql.formats.parquet_statistics`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from s3sql.describe.description import ColumnStatistics, RowGroupDescription
from s3sql.describe.examples import cut
from s3sql.formats.parquet_groups import RowGroup, codec_name
from s3sql.formats.parquet_opening import ParquetOpening
from s3sql.formats.parquet_statistics import column_bounds, nulls_and_ends
from s3sql.timestamp import Timestamp
from s3sql.types import Kind

#: Most row groups that are described, most whose statistics are, and most columns of each.
MOST_GROUPS, _MOST_WITH_STATISTICS, _MOST_COLUMNS = 10_000, 1000, 100

_NESTED = frozenset(("list", "repeated", "struct", "map", "refused", "null"))

#: The precision of nanoseconds.
_NANOSECONDS = 13


def describe_row_groups(opening: ParquetOpening) -> tuple[RowGroupDescription, ...]:
    """The first :data:`MOST_GROUPS` row groups of the file."""
    return tuple(
        RowGroupDescription(
            group.rows,
            group.begin,
            sum(chunk.size for chunk in group.columns),
            sum(chunk.uncompressed for chunk in group.columns),
            tuple(dict.fromkeys(codec_name(chunk.codec) for chunk in group.columns)),
            tuple(_statistics(opening, group)) if number < _MOST_WITH_STATISTICS else (),
        )
        for number, group in enumerate(opening.groups[:MOST_GROUPS])
    )


def _statistics(opening: ParquetOpening, group: RowGroup) -> Iterator[ColumnStatistics]:
    """What the footer tells of the columns that are no lists, structs or maps."""
    footer = opening.footer
    firsts = accumulate(footer.leaves, initial=0)
    columns = zip(opening.schema.columns[:_MOST_COLUMNS], firsts, strict=False)
    for column, leaf in columns:
        if column.type.form in _NESTED:
            continue
        chunk = group.columns[leaf]
        bounds = column_bounds(chunk, footer.nodes[leaf], column.type.form)
        low, high = (None if end is None else _text(bounds.kind, end) for end in (bounds.low, bounds.high))
        yield ColumnStatistics(column.name, nulls_and_ends(chunk)[0], low, high)


def _text(kind: Kind | None, value: Any) -> str | None:
    """A bound as text; None for a moment that no timestamp is."""
    if kind == Kind.BOOL:
        return "true" if value else "false"
    if kind == Kind.STRING:
        return cut(value.decode(errors="backslashreplace"))
    if kind != Kind.TIMESTAMP:
        return str(value)
    seconds, nanoseconds = divmod(value, 1_000_000_000)
    try:
        return str(Timestamp(seconds, nanoseconds, _NANOSECONDS if nanoseconds else 4, 0))
    except (OverflowError, ValueError):
        return None
