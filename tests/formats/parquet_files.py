"""Parquet files for tests: written by Arrow, or bytes of a footer that no writer would write."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import s3sql

MAGIC = b"PAR1"


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


def varint(value: int) -> bytes:
    """A number in Thrift's compact protocol, seven bits in a byte."""
    text = b""
    while value > 127:
        text += bytes([value & 127 | 128])
        value >>= 7
    return text + bytes([value])


def node(name: bytes, children: int = 0) -> bytes:
    """A node of a schema: an optional INT32, or a group of *children*."""
    below = b"\x15" + varint(2 * children) if children else b""
    kind = b"" if children else b"\x15\x02"
    repetition = (b"\x25" if kind else b"\x35") + b"\x02"
    return kind + repetition + b"\x18" + varint(len(name)) + name + below + b"\x00"


def file_of_schema(nodes: list[bytes]) -> bytes:
    """A file without rows whose schema has these nodes."""
    footer = b"\x15\x02" + b"\x19\xfc" + varint(len(nodes)) + b"".join(nodes)
    footer += b"\x16\x00" + b"\x19\x0c" + b"\x00"
    return MAGIC + footer + len(footer).to_bytes(4, "little") + MAGIC
