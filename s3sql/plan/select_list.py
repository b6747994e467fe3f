"""Items of the select list: what a wildcard stands for, and how a column of Parquet is one.

In: what was bound.  Out: items of the plan.

Source: AWS S3 User Guide, "SELECT command", SELECT list.
"""

from __future__ import annotations

from s3sql.plan.expr import Expr, NullAsMissing, ParquetField, PathOf, RowPath, StructOf
from s3sql.plan.logical import Item, Spread
from s3sql.types import Kind


def as_item(value: Expr) -> Expr:
    """*value* as an item of the select list: of a bare Parquet column, NULL is left out of the record."""
    if isinstance(value, ParquetField) and Kind.NULL in value.kinds:
        return NullAsMissing(value, position=value.position)
    return value


def spread_of(path: Expr) -> Spread:
    """The spread of what stands before the path's last step, which is ``.*``."""
    if isinstance(path, RowPath):
        base: Expr = RowPath(path.steps[:-1], position=path.position)
        return Spread(base, whole_row=False)
    assert isinstance(path, PathOf), "a path with a wildcard is bound as a path"
    if len(path.steps) > 1:
        return Spread(PathOf(path.base, path.steps[:-1], position=path.position), whole_row=False)
    return Spread(as_item(path.base), whole_row=False)


def spread_items(spread: Spread) -> tuple[Item | Spread, ...]:
    """The items of a *spread* of which the columns are known; otherwise what is known with each row."""
    row = spread.expression
    if not isinstance(row, StructOf):
        return (spread,)
    return tuple(Item(name, value) for name, value in zip(row.names, row.values, strict=True))
