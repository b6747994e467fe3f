"""Parquet files for tests: written by Arrow, or bytes of a footer that no writer would write."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import s3sql
from tests.formats.parquet_thrift import MAGIC, binary, int32, int64, struct, structs, with_tail


def parquet(columns: dict[str, Any] | pa.Table, **options: Any) -> bytes:
    """A file with these columns."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def ask(sql: str, contents: Any, **options: Any) -> s3sql.Result:
    """The result of a query over a Parquet file."""
    return s3sql.query(sql, contents, input_format="parquet", **options)


def rows(sql: str, contents: Any, **options: Any) -> list[dict[str, Any]]:
    """All rows of a query over a Parquet file."""
    found: list[dict[str, Any]] = ask(sql, contents, **options).to_arrow().to_pylist()
    return found


def payload(sql: str, contents: Any, **options: Any) -> bytes:
    """All record bytes of a query over a Parquet file."""
    events = ask(sql, contents, **options).events()
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event)


def footer_of(contents: bytes) -> bytes:
    """The footer of a file, without its tail."""
    length = int.from_bytes(contents[-8:-4], "little")
    return contents[-8 - length : -8]


def with_footer(contents: bytes, footer: bytes) -> bytes:
    """The file with another footer."""
    length = int.from_bytes(contents[-8:-4], "little")
    return contents[: -8 - length] + footer + len(footer).to_bytes(4, "little") + MAGIC


def node(name: bytes, children: int = 0) -> bytes:
    """A node of a schema: an optional INT32, or a group of *children*."""
    members = {3: int32(1), 4: binary(name)}
    return struct(members | ({5: int32(children)} if children else {1: int32(1)}))


def file_of_schema(nodes: list[bytes]) -> bytes:
    """A file without rows whose schema has these nodes."""
    return with_tail(struct({1: int32(1), 2: structs(nodes), 3: int64(0), 4: structs([])}))
