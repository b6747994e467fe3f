"""What the peers are told about the JSON: the types of the members that a query names, and of no others.

In: a query.  Out: an Arrow schema, or DuckDB's or ClickHouse's names of the same types.
"""

from __future__ import annotations

import pyarrow as pa

from benchmarks.queries import Query

_SCHEMAS = {
    "flat": pa.schema(
        [
            ("id", pa.int64()),
            ("status", pa.int64()),
            ("bytes", pa.int64()),
            ("host", pa.string()),
            ("path", pa.string()),
        ]
    ),
    "nested": pa.schema(
        [
            ("id", pa.int64()),
            ("user", pa.struct([("address", pa.struct([("zip", pa.string())]))])),
            ("items", pa.list_(pa.struct([("sku", pa.string()), ("count", pa.int64())]))),
        ]
    ),
}
_DUCKDB = {
    "flat": {"id": "BIGINT", "status": "BIGINT", "bytes": "BIGINT", "host": "VARCHAR", "path": "VARCHAR"},
    "nested": {
        "id": "BIGINT",
        "user": "STRUCT(address STRUCT(zip VARCHAR))",
        "items": "STRUCT(sku VARCHAR, count BIGINT)[]",
    },
    "mixed": {"id": "BIGINT", "user": "STRUCT(address STRUCT(city VARCHAR))", "value": "JSON"},
}

_CLICKHOUSE = {
    "flat": "id Int64, status Int64, bytes Int64, host String, path String",
    "nested": "id Int64, user Tuple(address Tuple(zip String)), items Array(Tuple(sku String, count Int64))",
    "mixed": "id Int64, user Tuple(address Tuple(city String)), value Dynamic",
}


def arrow_schema(query: Query) -> pa.Schema | None:
    """None where a member has values of several types, which Arrow has no column for."""
    return _SCHEMAS.get(query.input)


def duckdb_types(query: Query) -> dict[str, str]:
    return _DUCKDB[query.input]


def clickhouse_structure(query: Query) -> str:
    """As the third argument of its function ``file``."""
    return _CLICKHOUSE[query.input]
