"""DataFusion: ``write_csv``, or its stream of record batches through pyarrow's CSV writer.

Its own writer insists on a real file (``/dev/null`` is refused), so those variants write to tmpfs even where
the others may forget the bytes; the variants with pyarrow's writer do not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import datafusion
import pyarrow as pa
import pyarrow.csv

from benchmarks.engines import CannotAnswerError, Variant
from benchmarks.engines.duckdb import write_arrow
from benchmarks.engines.event_types import arrow_schema
from benchmarks.engines.schemas import amount_types, schemas
from benchmarks.machine import memory_directory
from benchmarks.queries import EVENTS, PRODUCTS, TABLE, Query

_SCRATCH = memory_directory() / f"s3sql-bench-datafusion-{os.getpid()}.csv"


class DataFusion:
    version = datafusion.__version__

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        """``view``: text is read as Arrow's string views; tried where all columns are text."""
        if query.is_json:
            return self._json_variants(query, path)
        if query.is_parquet:
            return self._parquet_variants(query, path)
        found: dict[str, Variant] = {}
        for schema, columns in schemas(query).items():
            for text in (pa.string(), pa.string_view()) if schema == "text" else (pa.string(),):
                types = {"text": text, "int": pa.int64(), "decimal": pa.decimal128(12, 2)}
                types |= {"double": pa.float64(), "date": pa.date32()}
                context = self._context()
                columns_schema = pa.schema([(column, types[kind]) for column, kind in columns.items()])
                compression = {}
                if path.suffix == ".gz":
                    compression = {"file_compression_type": "gzip", "file_extension": ".csv.gz"}
                context.register_csv(TABLE, path, schema=columns_schema, has_header=False, **compression)
                kind = "view" if text == pa.string_view() else ""
                for money in amount_types(schema, query):
                    sql = query.peer_sql.format(money=money)
                    name = f"{schema} {kind}".strip()
                    if query.single:
                        name += " as double" if money == "DOUBLE" and schema == "text" else ""
                        found[name] = partial(_value, context, sql)
                        continue
                    found[f"{name}, write_csv"] = partial(_write, context, sql)
                    if schema == "text" and not kind and not query.quoted:
                        found["text, stream, pyarrow's writer"] = partial(_stream, context, sql)
                        found["text, streams, pyarrow's writers"] = partial(_streams, context, sql)
        return found

    def _json_variants(self, query: Query, path: Path) -> dict[str, Variant]:
        schema = arrow_schema(query)
        if schema is None:
            raise CannotAnswerError("a column has values of one type")
        context = self._context()
        context.register_json(EVENTS, path, schema=schema)
        return {
            "json, write_csv": partial(_write, context, query.peer_sql),
            "json, stream, pyarrow's writer": partial(_stream, context, query.peer_sql),
            "json, streams, pyarrow's writers": partial(_streams, context, query.peer_sql),
        }

    def _parquet_variants(self, query: Query, path: Path) -> dict[str, Variant]:
        """``late``: columns that the filter does not read are decoded for the rows it leaves."""
        found: dict[str, Variant] = {}
        for late in ("false", "true") if "WHERE" in query.peer_sql else ("false",):
            for view in ("false", "true"):
                context = self._context(
                    pushdown_filters=late, reorder_filters=late, schema_force_view_types=view
                )
                context.register_parquet(TABLE, path)
                kind = ("parquet" + " view" * (view == "true") + " late" * (late == "true")).strip()
                if query.single:
                    products = PRODUCTS if query.shape == "sum" else {"": ""}
                    for name, product in products.items():
                        sql = query.peer_sql.format(product=product)
                        found[f"{kind} {name}".strip()] = partial(_value, context, sql)
                    continue
                found[f"{kind}, write_csv"] = partial(_write, context, query.peer_sql)
                if view == "false":
                    found[f"{kind}, stream, pyarrow's writer"] = partial(_stream, context, query.peer_sql)
                    found[f"{kind}, streams, pyarrow's writers"] = partial(_streams, context, query.peer_sql)
        return found

    def _context(self, **parquet: str) -> Any:
        config = datafusion.SessionConfig().with_target_partitions(self._threads)
        # A column is text of the kind its schema says, and no copies are made in between.
        config = config.set("datafusion.sql_parser.map_string_types_to_utf8view", "false")
        for name, value in parquet.items():
            config = config.set(f"datafusion.execution.parquet.{name}", value)
        return datafusion.SessionContext(config)


def _write(context: Any, sql: str, target: Path | None) -> None:
    try:
        context.sql(sql).write_csv(target or _SCRATCH)
    finally:
        if target is None:
            _SCRATCH.unlink(missing_ok=True)


def _stream(context: Any, sql: str, target: Path | None) -> None:
    frame = context.sql(sql)
    write_arrow(frame.schema(), _batches(frame.execute_stream()), target)


def _streams(context: Any, sql: str, target: Path | None) -> None:
    """Each partition is written by a thread of its own, into a file of its own."""
    frame = context.sql(sql)
    schema = frame.schema()
    streams = frame.execute_stream_partitioned()
    parts = [target and target.with_name(f"{target.name}-{number}") for number in range(len(streams))]
    with ThreadPoolExecutor(len(streams)) as executor:
        list(executor.map(lambda stream, part: write_arrow(schema, _batches(stream), part), streams, parts))


def _batches(stream: Any) -> Iterator[pa.RecordBatch]:
    for batch in stream:
        yield batch.to_pyarrow()


def _value(context: Any, sql: str, target: Path | None) -> object:
    return context.sql(sql).collect()[0].column(0)[0].as_py()


def open_engine(threads: int) -> DataFusion:
    return DataFusion(threads)
