"""Polars: ``scan_csv`` into ``sink_csv`` (streaming), or collected and written.

The number of threads is fixed when polars is imported; the worker sets POLARS_MAX_THREADS before that.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import polars as pl

from benchmarks.engines import CannotAnswerError, Variant
from benchmarks.engines.event_types import arrow_schema
from benchmarks.engines.schemas import Type, schemas, typed_columns
from benchmarks.queries import Query

_TYPES: dict[Type, Any] = {
    "text": pl.String,
    "int": pl.Int64,
    "decimal": pl.Decimal(12, 2),
    "double": pl.Float64,
    "date": pl.Date,
}
_MODES: tuple[Literal["streaming", "in-memory"], ...] = ("streaming", "in-memory")


class Polars:
    version = pl.__version__

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        if query.is_json:
            return _json_variants(query, path)
        if query.is_parquet:
            return _parquet_variants(query, path)
        found: dict[str, Variant] = {}
        for schema, columns in schemas(query).items():
            for amount in _amounts(schema, query):
                frame = _asked(query, _scan(query, path, columns), columns, amount)
                name = f"{schema} as double" if schema == "text" and amount == pl.Float64 else schema
                if query.single:
                    found |= {f"{name}, {mode}": partial(_value, frame, mode) for mode in _MODES}
                    continue
                found[f"{name}, sink"] = partial(_sink, frame, True)
                if schema == "text":
                    found[f"{name}, sink unordered"] = partial(_sink, frame, False)
                    found |= {f"{name}, {mode} collect": partial(_collect, frame, mode) for mode in _MODES}
        return found


def _json_variants(query: Query, path: Path) -> dict[str, Variant]:
    schema = arrow_schema(query)
    if schema is None:
        raise CannotAnswerError('a column has values of one type; as text 17 and "17" are the same')
    types = cast(pl.DataFrame, pl.from_arrow(schema.empty_table())).schema
    frame = _asked_of_json(query, pl.scan_ndjson(path, schema=types))
    found: dict[str, Variant] = {
        "json, sink": partial(_sink, frame, True),
        "json, sink unordered": partial(_sink, frame, False),
    }
    return found | {f"json, {mode} collect": partial(_collect, frame, mode) for mode in _MODES}


def _parquet_variants(query: Query, path: Path) -> dict[str, Variant]:
    columns = typed_columns()
    found: dict[str, Variant] = {}
    for amount in [None] if query.shape != "sum" else [pl.Decimal(12, 2), pl.Float64]:
        frame = _asked(query, pl.scan_parquet(path), columns, amount)
        name = "parquet as double" if amount == pl.Float64 else "parquet"
        if query.single:
            found |= {f"{name}, {mode}": partial(_value, frame, mode) for mode in _MODES}
            continue
        found[f"{name}, sink"] = partial(_sink, frame, True)
        found[f"{name}, sink unordered"] = partial(_sink, frame, False)
        found |= {f"{name}, {mode} collect": partial(_collect, frame, mode) for mode in _MODES}
    return found


def _asked_of_json(query: Query, frame: pl.LazyFrame) -> pl.LazyFrame:
    """*query* of JSON as expressions."""
    match query.shape:
        case "json-flat":
            found = (pl.col("status") == 500) & (pl.col("bytes") >= 50_000)
            return frame.filter(found).select("id", "host", "path")
        case "json-nested":
            item = pl.col("items").list.get(0, null_on_oob=True)
            code = pl.col("user").struct.field("address").struct.field("zip")
            found = (code < "05000") | (item.struct.field("count") > 49)
            return frame.filter(found).select("id", item.struct.field("sku"))
    raise ValueError(f"no expression for {query.shape}")


def _amounts(schema: str, query: Query) -> list[Any]:
    if query.shape != "sum":
        return [None]
    return {"text": [pl.Decimal(12, 2), pl.Float64], "typed": [pl.Decimal(12, 2)], "double": [pl.Float64]}[
        schema
    ]


def _scan(query: Query, path: Path, columns: dict[str, Type]) -> pl.LazyFrame:
    """The file as a lazy frame; without quotes in the file Polars is told so."""
    schema = {name: _TYPES[kind] for name, kind in columns.items()}
    return pl.scan_csv(path, has_header=False, schema=schema, quote_char='"' if query.quoted else None)


def _asked(query: Query, frame: pl.LazyFrame, columns: dict[str, Type], amount: Any) -> pl.LazyFrame:
    """*query* as expressions."""
    shipped = pl.col("l_shipdate")

    def day(text: str) -> pl.Expr:
        return pl.lit(text).str.to_date() if columns["l_shipdate"] == "date" else pl.lit(text)

    match query.shape:
        case "filter":
            return frame.filter(shipped < day("1992-02-20"))
        case "project":
            return frame.filter(shipped < day("1993-01-14")).select("l_orderkey", "l_extendedprice")
        case "sum":
            discount = pl.col("l_discount").cast(amount)
            low, high = (pl.lit(bound).cast(amount) for bound in ("0.05", "0.07"))
            return frame.filter(
                (shipped >= day("1994-01-01"))
                & (shipped < day("1995-01-01"))
                & discount.is_between(low, high)
                & (pl.col("l_quantity").cast(pl.Int32) < 24)
            ).select(_product_sum(pl.col("l_extendedprice").cast(amount), discount, amount))
        case "text":
            found = (pl.col("l_shipmode") == "AIR") & pl.col("l_comment").str.contains("pinto", literal=True)
            return frame.filter(found).select("l_orderkey", "l_comment")
        case "like":
            found = pl.col("l_comment").str.contains("pinto", literal=True)
            return frame.filter(found).select("l_orderkey", "l_comment")
        case "like-rare":
            return frame.filter(pl.col("l_comment").str.contains("unusual pinto beans", literal=True))
        case "count":
            return frame.select(pl.len())
        case "star":
            return frame
    raise ValueError(f"no expression for {query.shape}")


def _product_sum(price: pl.Expr, discount: pl.Expr, amount: Any) -> pl.Expr:
    if amount == pl.Float64:
        return (price * discount).sum()
    # A product of decimals keeps the larger scale of its factors in Polars; four places are needed here.
    wide = pl.Decimal(18, 4)
    return (price.cast(wide) * discount.cast(wide)).sum()


def _sink(frame: pl.LazyFrame, ordered: bool, target: Path | None) -> None:
    frame.sink_csv(target or "/dev/null", include_header=False, maintain_order=ordered, engine="streaming")


def _collect(frame: pl.LazyFrame, mode: Literal["streaming", "in-memory"], target: Path | None) -> None:
    frame.collect(engine=mode).write_csv(target or "/dev/null", include_header=False)


def _value(frame: pl.LazyFrame, mode: Literal["streaming", "in-memory"], target: Path | None) -> object:
    value: object = frame.collect(engine=mode).item()
    return value


def open_engine(threads: int) -> Polars:
    if pl.thread_pool_size() != threads:
        raise RuntimeError(f"polars runs {pl.thread_pool_size()} threads; set POLARS_MAX_THREADS={threads}")
    return Polars()
