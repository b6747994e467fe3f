"""Parquet files for tests: written by Arrow, or bytes of a footer that no writer would write."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq

import s3sql
from s3sql.formats import parquet_pages, parquet_whole_chunks
from tests.formats.parquet_thrift import MAGIC, Member, binary, int32, int64, struct, structs, with_tail


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


@contextmanager
def without_zstandard_library() -> Iterator[None]:
    """As on a system that has none: Arrow's own decompresses pages."""
    with (
        mock.patch.object(parquet_pages, "zstandard_library", return_value=None),
        mock.patch.object(parquet_whole_chunks, "zstandard_library", return_value=None),
    ):
        yield


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


def file_of_long_pages(pages: int, size: int, *, told: int) -> bytes:
    """A file of the INT32 column c, a gzip page of *size* bytes for each row, all but four of them of no use.

    ``told``: bytes before compression, by the footer.
    """
    # Types of elements: a number, a text.
    encodings: Member = (9, b"\x15\x00")
    path: Member = (9, b"\x18\x01c")
    body = gzip.compress((7).to_bytes(4, "little") + bytes(size - 4))
    described = struct({1: int32(1), 2: int32(0), 3: int32(3), 4: int32(3)})
    header = struct({1: int32(0), 2: int32(size), 3: int32(len(body)), 5: (12, described)})
    contents = (header + body) * pages
    told_of_chunk = {
        1: int32(1), 2: encodings, 3: path, 4: int32(2), 5: int64(pages), 6: int64(told),
        7: int64(len(contents)), 9: int64(len(MAGIC)),
    }  # fmt: skip
    chunk = struct({2: int64(len(MAGIC)), 3: (12, struct(told_of_chunk))})
    group = struct({1: structs([chunk]), 2: int64(told), 3: int64(pages)})
    nodes = [struct({4: binary(b"root"), 5: int32(1)}), struct({1: int32(1), 3: int32(0), 4: binary(b"c")})]
    footer = struct({1: int32(1), 2: structs(nodes), 3: int64(pages), 4: structs([group])})
    return MAGIC + contents + with_tail(footer)[len(MAGIC) :]
