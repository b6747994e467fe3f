"""DuckDB: ``COPY (SELECT … FROM read_csv(…)) TO …``, with and without insertion order, or through Arrow."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv

from benchmarks.engines import Variant
from benchmarks.engines.event_types import duckdb_types
from benchmarks.engines.schemas import Type, amount_types, schemas
from benchmarks.queries import EVENTS, PRODUCTS, TABLE, Query

_TYPES = {"text": "VARCHAR", "int": "BIGINT", "decimal": "DECIMAL(12,2)", "double": "DOUBLE", "date": "DATE"}
_ORDERS = {"": True, "unordered": False}


class DuckDB:
    version = duckdb.__version__

    def __init__(self, threads: int) -> None:
        self._connection = duckdb.connect()
        self._connection.execute(f"SET threads = {threads}")

    def variants(self, query: Query, path: Path) -> dict[str, Variant]:
        if query.is_json:
            return self._json_variants(query, path)
        if query.is_parquet:
            return self._parquet_variants(query, path)
        found: dict[str, Variant] = {}
        for schema, columns in schemas(query).items():
            for money in amount_types(schema, query):
                sql = query.peer_sql.format(money=money).replace(TABLE, _scan(query, path, columns))
                name = f"{schema} {'as double' if money == 'DOUBLE' and schema == 'text' else ''}"
                if query.single:
                    found[name.strip()] = partial(self._value, sql)
                    continue
                for order, kept in _ORDERS.items():
                    found[f"{schema} {order}".strip()] = partial(self._copy, sql, kept)
                if schema == "text" and not query.quoted:
                    found["text, Arrow, pyarrow's writer"] = partial(self._arrow, sql)
        return found

    def _json_variants(self, query: Query, path: Path) -> dict[str, Variant]:
        types = duckdb_types(query)
        scan = f"read_json('{path}', format = 'newline_delimited', columns = {types!r})"
        sql = query.peer_sql.replace(f"FROM {EVENTS}", f"FROM {scan}")
        return {f"json {order}".strip(): partial(self._copy, sql, kept) for order, kept in _ORDERS.items()}

    def _parquet_variants(self, query: Query, path: Path) -> dict[str, Variant]:
        scanned = query.peer_sql.replace(f"FROM {TABLE}", f"FROM read_parquet('{path}')")
        if query.single:
            products = PRODUCTS if query.shape == "sum" else {"": ""}
            return {
                f"parquet {name}".strip(): partial(self._value, scanned.format(product=product))
                for name, product in products.items()
            }
        found: dict[str, Variant] = {
            f"parquet {order}".strip(): partial(self._copy, scanned, kept) for order, kept in _ORDERS.items()
        }
        return found | {"parquet, Arrow, pyarrow's writer": partial(self._arrow, scanned)}

    def _copy(self, sql: str, ordered: bool, target: Path | None) -> None:
        self._connection.execute(f"SET preserve_insertion_order = {ordered}")
        options = "FORMAT CSV, HEADER false, USE_TMP_FILE false"
        self._connection.execute(f"COPY ({sql}) TO '{target or '/dev/null'}' ({options})").fetchall()

    def _arrow(self, sql: str, target: Path | None) -> None:
        self._connection.execute("SET preserve_insertion_order = false")
        reader = self._connection.sql(sql).to_arrow_reader()
        write_arrow(reader.schema, reader, target)

    def _value(self, sql: str, target: Path | None) -> object:
        row = self._connection.execute(sql).fetchone()
        assert row is not None, "an aggregate query has a row"
        return row[0]


def _scan(query: Query, path: Path, columns: dict[str, Type]) -> str:
    """The file as a table; without quotes in the file DuckDB is told so."""
    described = ", ".join(f"'{name}': '{_TYPES[kind]}'" for name, kind in columns.items())
    quote = """quote = '"', escape = '"'""" if query.quoted else "quote = '', escape = ''"
    return (
        f"read_csv('{path}', auto_detect = false, header = false, delim = ',', new_line = '\\n', {quote}, "
        f"columns = {{{described}}})"
    )


def write_arrow(schema: pa.Schema, batches: object, target: Path | None) -> None:
    """Write record batches with pyarrow's CSV writer, which is fast but cannot quote only where needed."""
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    with pyarrow.csv.CSVWriter(str(target or "/dev/null"), schema, write_options=options) as writer:
        for batch in batches:  # type: ignore[attr-defined]
            writer.write_batch(batch)


def open_engine(threads: int) -> DuckDB:
    return DuckDB(threads)
