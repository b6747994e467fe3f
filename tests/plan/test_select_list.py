from __future__ import annotations

from s3sql.plan.expr import (
    CsvField,
    ListOf,
    Literal,
    Members,
    Name,
    NullAsMissing,
    ParquetField,
    PathOf,
    RowPath,
    StructOf,
)
from s3sql.plan.logical import Item, Spread
from s3sql.plan.select_list import as_item, spread_items, spread_of
from s3sql.types import Kind

ONE = Literal(Kind.INT, 1)
A, ALL = Name("a"), Members()


def test_a_spread_is_of_what_stands_before_the_wildcard() -> None:
    assert spread_of(RowPath((A, ALL))) == Spread(RowPath((A,)), whole_row=False)
    assert spread_of(PathOf(ListOf((ONE,)), (A, ALL))) == Spread(
        PathOf(ListOf((ONE,)), (A,)), whole_row=False
    )
    assert spread_of(PathOf(StructOf(("x",), (ONE,)), (ALL,))) == Spread(
        StructOf(("x",), (ONE,)), whole_row=False
    )


def test_a_row_of_known_columns_is_spread_at_once() -> None:
    row = StructOf(("x", "y"), (ONE, CsvField(3)))
    assert spread_items(Spread(row, whole_row=True)) == (Item("x", ONE), Item("y", CsvField(3)))
    unknown = Spread(RowPath(()), whole_row=True)
    assert spread_items(unknown) == (unknown,)


def test_only_of_a_bare_column_of_parquet_null_is_left_out() -> None:
    nullable = ParquetField(0, frozenset({Kind.INT, Kind.NULL}))
    assert as_item(nullable) == NullAsMissing(nullable)
    never_null = ParquetField(0, frozenset({Kind.INT}))
    assert as_item(never_null) is never_null
    assert as_item(CsvField(0)) == CsvField(0)
