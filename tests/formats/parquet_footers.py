"""Parquet files without rows, of any schema: what Arrow's writer has no Arrow type for.

In: a tree of fields.  Out: the bytes of a file.  Source: Apache Parquet, parquet.thrift; Apache Thrift,
compact protocol.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import pyarrow.parquet as pq

from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_footer import read_footer
from s3sql.formats.parquet_groups import row_groups
from s3sql.formats.parquet_schema import parquet_schema
from s3sql.plan.schema import ParquetSchema
from s3sql.stores.memory import BytesObject
from tests.formats.parquet_thrift import binary, int32, int64, struct, structs, with_tail

PHYSICAL = {
    "BOOLEAN": 0, "INT32": 1, "INT64": 2, "INT96": 3, "FLOAT": 4, "DOUBLE": 5, "BYTE_ARRAY": 6, "FLBA": 7,
}  # fmt: skip
CONVERTED = {
    "UTF8": 0, "MAP": 1, "MAP_KEY_VALUE": 2, "LIST": 3, "ENUM": 4, "DECIMAL": 5, "DATE": 6, "TIME_MILLIS": 7,
    "TIME_MICROS": 8, "TIMESTAMP_MILLIS": 9, "TIMESTAMP_MICROS": 10, "UINT_8": 11, "UINT_16": 12,
    "UINT_32": 13, "UINT_64": 14, "INT_8": 15, "INT_16": 16, "INT_32": 17, "INT_64": 18, "JSON": 19,
    "BSON": 20, "INTERVAL": 21,
}  # fmt: skip
LOGICAL = {"VARIANT": 16, "GEOMETRY": 17, "GEOGRAPHY": 18}
REPETITION = {"required": 0, "optional": 1, "repeated": 2}


@dataclass(frozen=True)
class Field:
    """A field of a schema: a leaf of a physical type, or a group with children."""

    name: str
    physical: str | None = None
    converted: str | None = None
    children: tuple[Field, ...] = ()
    repetition: str = "optional"
    length: int = 0
    logical: str | None = None
    precision: int = 0
    scale: int = 0


def schema_of(*fields: Field) -> ParquetSchema:
    return schema_in(file_of(*fields))


def schema_in(contents: bytes) -> ParquetSchema:
    """The schema of a file, which is that of the footer alone."""
    file = pq.ParquetFile(io.BytesIO(contents), coerce_int96_timestamp_unit="us")
    footer = read_footer(ParquetSource(BytesObject(contents)))
    groups = row_groups(footer, len(contents))
    found = parquet_schema(footer.metadata, footer.metadata.schema.to_arrow_schema(), groups)
    assert found == parquet_schema(file.metadata, file.schema_arrow, groups)
    return found


def file_of(*fields: Field) -> bytes:
    elements = [element for field in fields for element in _elements(field)]
    root = struct({3: int32(0), 4: binary(b"schema"), 5: int32(len(fields))})
    footer = struct({1: int32(1), 2: structs([root, *elements]), 3: int64(0), 4: structs([])})
    return with_tail(footer)


def _elements(field: Field) -> list[bytes]:
    members = {3: int32(REPETITION[field.repetition]), 4: binary(field.name.encode())}
    if field.physical is not None:
        members[1] = int32(PHYSICAL[field.physical])
    if field.length:
        members[2] = int32(field.length)
    if field.children:
        members[5] = int32(len(field.children))
    if field.converted is not None:
        members[6] = int32(CONVERTED[field.converted])
    if field.precision:
        members |= {7: int32(field.scale), 8: int32(field.precision)}
    if field.logical is not None:
        version = {1: (3, b"\x01")} if field.logical == "VARIANT" else {}
        members[10] = (12, struct({LOGICAL[field.logical]: (12, struct(version))}))
    return [struct(members)] + [element for child in field.children for element in _elements(child)]
