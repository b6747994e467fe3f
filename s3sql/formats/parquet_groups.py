"""The row groups of a Parquet file as far as its footer tells: where they are, and whether they may be read.

In: a footer.  Out: a :class:`RowGroup` for each, whose column chunks lie within the file.

Source of the rules: AWS S3 User Guide, "Filtering and retrieving data" (row groups of at most 512 MB, codecs)
and AWS S3 API Reference, ScanRange. Choices: 512 MB are mebibytes; a row group that is too large fails the
query before its first row; every codec that Arrow has is read, which is an extension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_footer import Footer
from s3sql.formats.parquet_thrift import Struct
from s3sql.limits import MAX_ROW_GROUP_BYTES

_Codec: TypeAlias = Literal["snappy", "gzip", "brotli", "lz4", "zstd", "lz4_raw"]

#: The codecs by their numbers, as Arrow names them.
CODECS: dict[int, _Codec] = {1: "snappy", 2: "gzip", 4: "brotli", 5: "lz4", 6: "zstd", 7: "lz4_raw"}
UNCOMPRESSED = 0
_NAMES = ("UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW")

#: Encodings by their numbers.
PLAIN_DICTIONARY, DELTA_BYTE_ARRAY, RLE_DICTIONARY = 2, 7, 8

#: Physical types in the order of their numbers.
_TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")

#: Bytes of the magic number before the first column chunk.
_FIRST_OFFSET = 4


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """The values of one leaf column in one row group: ``begin`` and ``size`` are bytes of the file.

    ``width``: bytes of a value of FIXED_LEN_BYTE_ARRAY. ``statistics`` as parquet.thrift has them, empty if
    there are none.
    """

    begin: int
    size: int
    uncompressed: int
    values: int
    codec: int
    encodings: frozenset[int]
    physical: str
    path: str
    width: int
    statistics: Struct


@dataclass(frozen=True, slots=True)
class RowGroup:
    """``number`` in the file; ``columns`` are the leaf columns in the order of the schema."""

    number: int
    rows: int
    begin: int
    columns: tuple[ColumnChunk, ...]


def row_groups(footer: Footer, size: int) -> list[RowGroup]:
    """All row groups of a file of *size* bytes.

    Raises:
        S3SelectError: ``ParquetParsingError`` for one whose bytes are not within the file.
    """
    found: list[RowGroup] = []
    for number in range(len(footer.groups)):
        try:
            found.append(_row_group(footer, number, size - footer.size))
        except ValueError as error:
            raise S3SelectError(
                "ParquetParsingError", f"Row group {number} of the Parquet file cannot be read: {error}."
            ) from None
    return found


def check_size(group: RowGroup) -> None:
    """See that *group* is not too large.

    Raises:
        S3SelectError: ``OverMaxParquetBlockSize``.
    """
    total = sum(chunk.uncompressed for chunk in group.columns)
    if total > MAX_ROW_GROUP_BYTES:
        raise S3SelectError(
            "OverMaxParquetBlockSize",
            f"Row group {group.number} of the Parquet file has {total:,} bytes before compression; at most "
            f"{MAX_ROW_GROUP_BYTES:,} can be read. Write the file with smaller row groups.",
        )


def _row_group(footer: Footer, number: int, end: int) -> RowGroup:
    """Row group *number* of a file whose footer begins at *end*."""
    fields = footer.groups[number]
    rows = _count(fields, 3, "rows")
    chunks = fields.get(1)
    if not isinstance(chunks, list) or len(chunks) != len(footer.nodes):
        raise ValueError(f"it does not have a column chunk for each of {len(footer.nodes)} leaf columns")
    columns = tuple(_chunk(chunk, node) for chunk, node in zip(chunks, footer.nodes, strict=True))
    for chunk in columns:
        # Nothing is read of a row group without rows.
        if not rows:
            break
        if chunk.begin < _FIRST_OFFSET or chunk.begin + chunk.size > end:
            raise ValueError(
                f"its column {chunk.path!r} has {chunk.size:,} bytes at offset {chunk.begin:,}, but the "
                f"column chunks of the file end at {end:,}"
            )
    return RowGroup(number, rows, min((chunk.begin for chunk in columns), default=end), columns)


def _chunk(fields: Any, node: Struct) -> ColumnChunk:
    """A column chunk by ``ColumnChunk`` and ``SchemaElement`` of parquet.thrift.

    Raises:
        ValueError: it is encrypted, in another file, or described by values that cannot be.
    """
    if not isinstance(fields, dict):
        raise ValueError("a column chunk is no struct")
    if 1 in fields:
        raise ValueError("a column chunk is in another file")
    meta = fields.get(3)
    if 8 in fields or 9 in fields or not isinstance(meta, dict):
        raise ValueError("a column chunk is encrypted or not described")
    path = meta.get(3)
    names = path if isinstance(path, list) else []
    begin = _count(meta, 9, "bytes before its data")
    dictionary = meta.get(11)
    # Some writers note 0 where there is no dictionary, or no other page.
    if isinstance(dictionary, int) and dictionary > 0 and not 0 < begin < dictionary:
        begin = dictionary
    physical = meta.get(1)
    encodings, statistics = meta.get(2), meta.get(12)
    if physical != node.get(1) or not isinstance(physical, int) or not 0 <= physical < len(_TYPES):
        raise ValueError(f"a column chunk has values of type {physical!r}, but its column of {node.get(1)!r}")
    width = node.get(2, 0)
    return ColumnChunk(
        begin,
        _count(meta, 7, "bytes"),
        _count(meta, 6, "bytes before compression"),
        _count(meta, 5, "values"),
        _count(meta, 4, "for its codec"),
        frozenset(one for one in encodings if isinstance(one, int))
        if isinstance(encodings, list)
        else frozenset(),
        _TYPES[physical],
        ".".join(name.decode(errors="replace") for name in names if isinstance(name, bytes)),
        max(width, 0) if isinstance(width, int) else 0,
        statistics if isinstance(statistics, dict) else {},
    )


def _count(fields: Struct, number: int, what: str) -> int:
    found = fields.get(number)
    if not isinstance(found, int) or found < 0:
        raise ValueError(f"it has {found!r} {what}")
    return found


def codec_name(number: int) -> str:
    """A codec as parquet.thrift calls it."""
    return _NAMES[number] if number < len(_NAMES) else f"codec number {number}"


def check_codecs(groups: Sequence[RowGroup], leaves: Sequence[int]) -> None:
    """See that the leaf columns that a query reads can be decompressed.

    Raises:
        S3SelectError: ``ParquetUnsupportedCompressionCodec``.
    """
    for chunk in (group.columns[leaf] for group in groups for leaf in leaves):
        codec = CODECS.get(chunk.codec)
        if chunk.codec != UNCOMPRESSED and (codec is None or not pa.Codec.is_available(codec)):
            name = codec_name(chunk.codec)
            raise S3SelectError(
                "ParquetUnsupportedCompressionCodec",
                f"The column {chunk.path!r} of the Parquet file is compressed with {name}. "
                "Write it with Snappy, GZIP, ZSTD or without compression.",
            )
