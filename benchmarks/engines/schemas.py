"""What the peers are told about the columns.

In: a query.  Out: for each promising schema the columns' types. No engine has to guess: a sniffer would read
the file's beginning twice.

text    every column is text: nothing to parse, nothing to format
date    the ship date is parsed, because it is compared; the rest is text
typed   every column has its type; amounts are DECIMAL(12,2)
double  as typed, but amounts are binary floats

The last two are for queries whose answer is one number: where rows come out, parsing a value only to write it
back as it was cannot pay.
"""

from __future__ import annotations

from typing import Literal

from benchmarks.lineitem import COLUMNS
from benchmarks.queries import Query

Type = Literal["text", "int", "decimal", "double", "date"]

_INTS = frozenset({"l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity"})
_AMOUNTS = frozenset({"l_extendedprice", "l_discount", "l_tax"})
_DATES = frozenset({"l_shipdate", "l_commitdate", "l_receiptdate"})


def schemas(query: Query) -> dict[str, dict[str, Type]]:
    """The schemas worth trying for *query*, by name."""
    found: dict[str, dict[str, Type]] = {"text": dict.fromkeys(COLUMNS, "text")}
    if query.shape in ("star", "count") or query.shape.startswith("like"):
        return found
    if query.single:
        found["typed"] = typed_columns()
        found["double"] = {name: _double(name) for name in COLUMNS}
    else:
        found["date"] = {name: "date" if name == "l_shipdate" else "text" for name in COLUMNS}
    return found


def typed_columns() -> dict[str, Type]:
    """Every column by its type, as in Parquet."""
    return {name: _typed(name) for name in COLUMNS}


def _typed(name: str) -> Type:
    if name in _INTS:
        return "int"
    if name in _AMOUNTS:
        return "decimal"
    return "date" if name in _DATES else "text"


def _double(name: str) -> Type:
    return "double" if name in _AMOUNTS else _typed(name)


def amount_types(schema: str, query: Query) -> tuple[str, ...]:
    """What amounts are cast to: nothing but the one that the schema has, or both where it has text."""
    if query.shape != "sum":
        return ("",)
    return {"text": ("DECIMAL(12,2)", "DOUBLE"), "typed": ("DECIMAL(12,2)",), "double": ("DOUBLE",)}[schema]
