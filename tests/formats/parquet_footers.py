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
    """The schema of a file."""
    file = pq.ParquetFile(io.BytesIO(contents))
    footer = read_footer(ParquetSource(BytesObject(contents)))
    return parquet_schema(file.metadata, file.schema_arrow, row_groups(footer, len(contents)))


def file_of(*fields: Field) -> bytes:
    elements = [element for field in fields for element in _elements(field)]
    root = _struct({3: _int(0), 4: _binary("schema"), 5: _int(len(fields))})
    footer = _struct({1: _int(1), 2: _list([root, *elements]), 3: _long(0), 4: _list([])})
    return b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _elements(field: Field) -> list[bytes]:
    members = {3: _int(REPETITION[field.repetition]), 4: _binary(field.name)}
    if field.physical is not None:
        members[1] = _int(PHYSICAL[field.physical])
    if field.length:
        members[2] = _int(field.length)
    if field.children:
        members[5] = _int(len(field.children))
    if field.converted is not None:
        members[6] = _int(CONVERTED[field.converted])
    if field.precision:
        members |= {7: _int(field.scale), 8: _int(field.precision)}
    if field.logical is not None:
        version = {1: (3, b"\x01")} if field.logical == "VARIANT" else {}
        members[10] = (12, _struct({LOGICAL[field.logical]: (12, _struct(version))}))
    return [_struct(members)] + [element for child in field.children for element in _elements(child)]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _int(number: int) -> tuple[int, bytes]:
    return 5, _varint(number << 1)


def _long(number: int) -> tuple[int, bytes]:
    return 6, _varint(number << 1)


def _binary(text: str) -> tuple[int, bytes]:
    return 8, _varint(len(text.encode())) + text.encode()


def _list(structs: list[bytes]) -> tuple[int, bytes]:
    count = len(structs)
    head = bytes([count << 4 | 12]) if count < 15 else b"\xfc" + _varint(count)
    return 9, head + b"".join(structs)


def _struct(members: dict[int, tuple[int, bytes]]) -> bytes:
    out, last = b"", 0
    for number, (kind, encoded) in sorted(members.items()):
        step = number - last
        out += bytes([step << 4 | kind]) if step < 16 else bytes([kind]) + _varint(number << 1)
        out += encoded
        last = number
    return out + b"\x00"
