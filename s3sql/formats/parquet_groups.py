"""The row groups of a Parquet file as far as its footer tells: where they are, and whether they may be read.

In: a footer.  Out: a :class:`RowGroup` for each, whose column chunks lie within the file.

Source of the rules: AWS S3 User Guide, "Filtering and retrieving data" (row groups of at most 512 MB, codecs)
and AWS S3 API Reference, ScanRange. Choices: 512 MB are mebibytes; a row group that is too large fails the
query before its first row; every codec that Arrow has is read, which is an extension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_footer import Footer
from s3sql.formats.parquet_structs import NEXT, NONE, Structs
from s3sql.formats.parquet_thrift import KIND_LIST, KIND_STRUCT, Struct, read_struct_at, read_value
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


#: Column chunks that are looked at together: enough that numpy's calls do not count.
_CHUNKS_AT_ONCE = 1 << 14

#: Columns of what is kept of each column chunk; the last ones are places in the footer, 0 for none.
_BEGIN, _SIZE, _UNCOMPRESSED, _VALUES, _CODEC, _PHYSICAL, _WIDTH, _ENCODINGS, _PATH, _STATISTICS = range(10)
_COLUMNS = 10

#: A list of integers of 32 bits in Thrift: their kind, the size that stands for a longer one, and the
#: greatest byte that is a number by itself.
_KIND_I32, _LONG, _MOST_IN_A_BYTE = 5, 15, 127

_Int64s = NDArray[np.int64]
_Bools = NDArray[np.bool_]

#: Fields of RowGroup, and one of ColumnChunk.
_CHUNKS, _ROWS = 1, 3
_META = 3

#: What makes a column chunk unreadable: those of which it is true, and what is said of one of them.
_Check: TypeAlias = tuple[_Bools, Callable[[int], str]]


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """The values of one leaf column in one row group: ``begin`` and ``size`` are bytes of the file.

    ``width``: bytes of a value of FIXED_LEN_BYTE_ARRAY. The ``..._place`` are those of its other properties
    in ``footer``.
    """

    begin: int
    size: int
    uncompressed: int
    values: int
    codec: int
    physical: str
    width: int
    footer: bytes
    encodings_place: int
    path_place: int
    statistics_place: int

    @property
    def encodings(self) -> frozenset[int]:
        """The encodings of its pages by their numbers."""
        place = self.encodings_place
        if not place:
            return frozenset()
        # A list of less than 15 values; most are the same few in all column chunks of a file.
        short = _encodings(self.footer[place : place + 1 + (self.footer[place] >> 4)])
        if short is not None:
            return short
        found = read_value(self.footer, place, KIND_LIST)
        return frozenset(one for one in found if isinstance(one, int))

    @property
    def path(self) -> str:
        """The names of its column, from the outermost."""
        names = read_value(self.footer, self.path_place, KIND_LIST) if self.path_place else []
        return ".".join(name.decode(errors="replace") for name in names if isinstance(name, bytes))

    @property
    def statistics(self) -> Struct:
        """As parquet.thrift has them, empty if there are none."""
        return read_struct_at(self.footer, self.statistics_place) if self.statistics_place else {}


@lru_cache(256)
def _encodings(text: bytes) -> frozenset[int] | None:
    """The encodings in a list with these bytes, None if its size or one of them takes more than a byte."""
    header, *values = text
    if header & 15 != _KIND_I32 or header >> 4 == _LONG or max(values, default=0) > _MOST_IN_A_BYTE:
        return None
    return frozenset(value >> 1 ^ -(value & 1) for value in values)


class ColumnChunks(Sequence[ColumnChunk]):
    """The column chunks of a row group in the order of the schema; each is made when it is asked for."""

    __slots__ = ("_footer", "_rows")

    def __init__(self, footer: bytes, rows: _Int64s) -> None:
        self._footer = footer
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, leaf: int) -> ColumnChunk:  # type: ignore[override]
        """That of leaf column *leaf*."""
        begin, size, uncompressed, values, codec, physical, width, *places = self._rows[leaf].tolist()
        return ColumnChunk(
            begin, size, uncompressed, values, codec, _TYPES[physical], width, self._footer, *places
        )

    def __iter__(self) -> Iterator[ColumnChunk]:
        return (self[leaf] for leaf in range(len(self)))

    def sizes(self, leaves: Sequence[int]) -> tuple[int, int]:
        """Bytes of those of some leaf columns before compression, and as they are stored."""
        rows = self._rows[leaves]
        # Not numpy's sum: a lying footer may have more bytes than 64 bits hold.
        return sum(rows[:, _UNCOMPRESSED].tolist()), sum(rows[:, _SIZE].tolist())

    def codecs(self, leaves: Sequence[int]) -> list[int]:
        """The codec of each of some leaf columns."""
        codecs: list[int] = self._rows[leaves, _CODEC].tolist()
        return codecs

    @property
    def uncompressed(self) -> int:
        """Bytes of all of them before compression."""
        # Not numpy's sum: a lying footer may have more bytes than 64 bits hold.
        return sum(self._rows[:, _UNCOMPRESSED].tolist())


@dataclass(frozen=True, slots=True)
class RowGroup:
    """``number`` in the file; ``columns`` are the leaf columns in the order of the schema."""

    number: int
    rows: int
    begin: int
    columns: ColumnChunks


def row_groups(footer: Footer, size: int) -> list[RowGroup]:
    """All row groups of a file of *size* bytes.

    Raises:
        S3SelectError: ``ParquetParsingError`` for one whose bytes are not within the file.
    """
    found: list[RowGroup] = []
    step = max(1, _CHUNKS_AT_ONCE // max(len(footer.nodes), 1))
    for first in range(0, len(footer.groups), step):
        found += _row_groups(footer, range(first, min(first + step, len(footer.groups))), size - footer.size)
    return found


def check_size(group: RowGroup) -> None:
    """See that *group* is not too large.

    Raises:
        S3SelectError: ``OverMaxParquetBlockSize``.
    """
    total = group.columns.uncompressed
    if total > MAX_ROW_GROUP_BYTES:
        raise S3SelectError(
            "OverMaxParquetBlockSize",
            f"Row group {group.number} of the Parquet file has {total:,} bytes before compression; at most "
            f"{MAX_ROW_GROUP_BYTES:,} can be read. Write the file with smaller row groups.",
        )


def _row_groups(footer: Footer, numbers: range, end: int) -> list[RowGroup]:
    """Some row groups of a file whose footer begins at *end*; raises as :func:`row_groups`."""
    leaves, places = len(footer.nodes), list[int]()
    refused: ValueError | None = None
    for number in numbers:
        try:
            places.append(_first_chunk(footer, number))
        except ValueError as error:
            refused = error
            break
    count = len(places)
    starts = np.full((count, leaves), NEXT, np.int64)
    starts[:, :1] = np.array(places, np.int64)[:, None]
    columns, checks = _columns(Structs.at(footer.text, starts.reshape(-1)), footer.nodes, count)
    rows = footer.groups.integers(_ROWS)[numbers.start : numbers.start + count]
    # Nothing is read of a row group without rows.
    outside = (columns[:, _BEGIN] < _FIRST_OFFSET) | (columns[:, _BEGIN] > end - columns[:, _SIZE])
    outside &= np.repeat(rows > 0, leaves)
    wrong = np.logical_or.reduce([where for where, _ in checks])
    for group in range(count) if (wrong | outside).any() else ():
        chunks = slice(group * leaves, (group + 1) * leaves)
        if wrong[chunks].any():
            chunk = chunks.start + int(wrong[chunks].argmax())
            raise _unreadable(numbers[group], next(tell(chunk) for where, tell in checks if where[chunk]))
        if outside[chunks].any():
            one = ColumnChunks(footer.text, columns[chunks])[int(outside[chunks].argmax())]
            raise _unreadable(
                numbers[group],
                f"its column {one.path!r} has {one.size:,} bytes at offset {one.begin:,}, but the column "
                f"chunks of the file end at {end:,}",
            )
    if refused is not None:
        raise _unreadable(numbers[count], str(refused))
    shaped = columns.reshape(count, leaves, _COLUMNS)
    begins = shaped[:, :, _BEGIN].min(axis=1) if leaves else np.full(count, end)
    return [
        RowGroup(number, row_count, begin, ColumnChunks(footer.text, one))
        for number, row_count, begin, one in zip(numbers, rows.tolist(), begins.tolist(), shaped, strict=True)
    ]


def _unreadable(number: int, why: str) -> S3SelectError:
    return S3SelectError(
        "ParquetParsingError", f"Row group {number} of the Parquet file cannot be read: {why}."
    )


def _first_chunk(footer: Footer, number: int) -> int:
    """Where the column chunks of row group *number* begin in the footer.

    Raises:
        ValueError: it does not tell its rows, or has not a column chunk for each leaf column.
    """
    groups, leaves = footer.groups, len(footer.nodes)
    rows = groups.value(number, _ROWS)
    if not isinstance(rows, int) or rows < 0:
        raise ValueError(f"it has {rows!r} rows")
    header = groups.list_header(number, _CHUNKS)
    if header is None or header[0] != leaves:
        raise ValueError(f"it does not have a column chunk for each of {leaves} leaf columns")
    _, kind, place = header
    if leaves and kind != KIND_STRUCT:
        raise ValueError("a column chunk is no struct")
    return place


def _columns(chunks: Structs, nodes: Structs, groups: int) -> tuple[_Int64s, list[_Check]]:
    """What is kept of column chunks, by ``ColumnChunk`` and ``SchemaElement`` of parquet.thrift.

    With it the checks of what cannot be read: it is encrypted, in another file, or described by values that
    cannot be. They are made in this order.
    """
    metas = Structs.at(chunks.text, chunks.structs(_META, NONE))
    begins, dictionaries = metas.integers(9), metas.integers(11)
    # Some writers note 0 where there is no dictionary, or no other page.
    from_dictionary = (dictionaries > 0) & ~((begins > 0) & (begins < dictionaries))
    physical, declared = metas.integers(1), np.tile(nodes.integers(1), groups)
    columns = np.empty((len(chunks), _COLUMNS), np.int64)
    for place, numbers in {
        _BEGIN: np.where(from_dictionary, dictionaries, begins),
        _SIZE: metas.integers(7),
        _UNCOMPRESSED: metas.integers(6),
        _VALUES: metas.integers(5),
        _CODEC: metas.integers(4),
        _PHYSICAL: physical,
        _WIDTH: np.tile(np.maximum(nodes.integers(2), 0), groups),
        _ENCODINGS: metas.lists(2),
        _PATH: metas.lists(3),
        _STATISTICS: metas.structs(12, 0),
    }.items():
        columns[:, place] = numbers

    def types(chunk: int) -> str:
        found, expected = metas.value(chunk, 1), nodes.value(chunk % len(nodes), 1)
        return f"a column chunk has values of type {found!r}, but its column of {expected!r}"

    def count(number: int, what: str) -> _Check:
        return metas.integers(number) < 0, lambda chunk: f"it has {metas.value(chunk, number)!r} {what}"

    return columns, [
        (chunks.has(1), lambda _: "a column chunk is in another file"),
        (
            chunks.has(8) | chunks.has(9) | (chunks.structs(_META, NONE) == NONE),
            lambda _: "a column chunk is encrypted or not described",
        ),
        count(9, "bytes before its data"),
        ((physical != declared) | (physical < 0) | (physical >= len(_TYPES)), types),
        count(7, "bytes"),
        count(6, "bytes before compression"),
        count(5, "values"),
        count(4, "for its codec"),
    ]


def codec_name(number: int) -> str:
    """A codec as parquet.thrift calls it."""
    return _NAMES[number] if number < len(_NAMES) else f"codec number {number}"


@cache
def _is_available(codec: _Codec) -> bool:
    return bool(pa.Codec.is_available(codec))


def check_codecs(groups: Sequence[RowGroup], leaves: Sequence[int]) -> None:
    """See that the leaf columns that a query reads can be decompressed.

    Raises:
        S3SelectError: ``ParquetUnsupportedCompressionCodec``.
    """
    readable = {UNCOMPRESSED} | {number for number, codec in CODECS.items() if _is_available(codec)}
    for group in groups:
        codecs = group.columns.codecs(leaves)
        if readable.issuperset(codecs):
            continue
        place = next(place for place, codec in enumerate(codecs) if codec not in readable)
        path, name = group.columns[leaves[place]].path, codec_name(codecs[place])
        raise S3SelectError(
            "ParquetUnsupportedCompressionCodec",
            f"The column {path!r} of the Parquet file is compressed with {name}. "
            "Write it with Snappy, GZIP, ZSTD or without compression.",
        )
