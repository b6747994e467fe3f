"""The footer of a Parquet file, checked before Arrow is given it.

In: the bytes of an object.  Out: Arrow's metadata, and what the query needs to know of the footer besides.

Of hostile metadata Arrow is asked for nothing but to decode. It reads the schema by recursion without a
limit, so that one of some ten thousand levels ends the process; and its Python classes end the process where
a column chunk is described in a way that its C++ classes refuse. So the footer is read here as well. Sources:
Apache Parquet, file format and parquet.thrift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from s3sql.errors import S3SelectError
from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_structs import NEXT, Structs
from s3sql.formats.parquet_thrift import KIND_STRUCT
from s3sql.limits import MAX_COLUMNS

#: Deepest schema; a list takes two levels or three of it.
MAX_SCHEMA_DEPTH = 2048

#: The longest footer; that of a million column chunks has about a tenth.
MAX_FOOTER_BYTES = 512 << 20

#: Fields of FileMetaData, and one of SchemaElement.
_SCHEMA, _ROW_GROUPS = 2, 4
_NUM_CHILDREN = 5

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"

#: Bytes behind the footer: its length and the magic number.
_TAIL_BYTES = 8

#: Bytes read at first; most footers are shorter.
_FIRST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Footer:
    """``size``: bytes of the footer with its tail. ``leaves``: leaf columns of each top-level field.

    ``nodes``: those of the schema that are leaf columns, and ``groups`` the row groups, as parquet.thrift has
    them: ``SchemaElement`` and ``RowGroup``. Both are in ``text``, the footer without its tail.
    """

    metadata: pq.FileMetaData
    size: int
    leaves: tuple[int, ...]
    text: bytes
    nodes: Structs
    groups: Structs


def read_footer(source: ParquetSource) -> Footer:
    """Read the footer and nothing else.

    Raises:
        S3SelectError: ``ParquetParsingError``; what reading the object raises.
    """
    return parse_footer(source, footer_text(source))


def footer_text(source: ParquetSource) -> bytes:
    """The bytes of the footer without its tail; raises as :func:`read_footer`."""
    if source.size < len(_MAGIC) + _TAIL_BYTES:
        raise _no_parquet(f"it has {source.size:,} bytes, and the shortest Parquet file has 12")
    read = min(source.size, _FIRST_BYTES)
    end = bytes(source.read(source.size - read, read))
    tail = end[-_TAIL_BYTES:]
    magic = tail[4:]
    if magic == _ENCRYPTED:
        raise S3SelectError(
            "ParquetParsingError",
            "The Parquet file is encrypted (its magic number is PARE), and S3 Select has no keys for it. "
            "Write it without Parquet encryption; server-side encryption is no obstacle.",
        )
    if magic != _MAGIC:
        raise _no_parquet(f"it ends in {magic!r}, not in PAR1")
    length = int.from_bytes(tail[:4], "little")
    if length > min(source.size - _TAIL_BYTES - len(_MAGIC), MAX_FOOTER_BYTES):
        raise S3SelectError(
            "ParquetParsingError",
            f"The Parquet file says that its footer has {length:,} bytes, but the file has {source.size:,} "
            f"bytes and a footer at most {MAX_FOOTER_BYTES:,}.",
        )
    size = length + _TAIL_BYTES
    if size > len(end):
        end = bytes(source.read(source.size - size, size))
    return end[-size:-_TAIL_BYTES]


def parse_footer(source: ParquetSource, text: bytes) -> Footer:
    """The footer with this *text*; raises as :func:`read_footer`."""
    with source.parsing("The footer"):
        fields = Structs.at(text, np.zeros(1, np.int64))
        schema, groups = (_structs(fields, number) for number in (_SCHEMA, _ROW_GROUPS))
        children = _children(schema)
        leaves = _leaf_counts(children)
        nodes = schema.take(np.flatnonzero([not count for count in children[1:]]) + 1)
        tail = len(text).to_bytes(4, "little") + _MAGIC
        metadata = pq.ParquetFile(pa.BufferReader(_MAGIC + text + tail)).metadata
        if metadata.num_columns != len(nodes) or metadata.num_row_groups != len(groups):
            raise ValueError("it can be read in two ways")
        return Footer(metadata, len(text) + _TAIL_BYTES, leaves, text, nodes, groups)


def _structs(fields: Structs, number: int) -> Structs:
    """The list of structs that is field *number* of the footer."""
    if not fields.has(number)[0]:
        return Structs.at(fields.text, np.zeros(0, np.int64))
    header = fields.list_header(0, number)
    if header is None or (header[0] and header[1] != KIND_STRUCT):
        raise ValueError(f"its field {number} is no list of structs")
    size, _, place = header
    if size > MAX_COLUMNS:
        raise ValueError(f"its field {number} has {size:,} entries; at most {MAX_COLUMNS:,} can be read")
    places = np.full(size, NEXT, np.int64)
    places[:1] = place
    return Structs.at(fields.text, places)


def _children(schema: Structs) -> list[int]:
    """The number of children of each node of the schema."""
    counts = np.where(schema.has(_NUM_CHILDREN), schema.integers(_NUM_CHILDREN), 0)
    wrong = counts < 0
    if wrong.any():
        found = schema.value(int(wrong.argmax()), _NUM_CHILDREN)
        raise ValueError(f"a group of the schema has {found!r} children")
    children: list[int] = counts.tolist()
    return children


def _no_parquet(why: str) -> S3SelectError:
    return S3SelectError(
        "ParquetParsingError", f"The object is no Parquet file: {why}. Check the input format of the request."
    )


def _leaf_counts(nodes: list[int]) -> tuple[int, ...]:
    """Leaf columns of each field below the root of a tree; *nodes*: children of each node, depth first.

    Raises:
        ValueError: the schema is nested too deeply or no tree.
    """
    counts: list[int] = []
    # Children still to come at each level.
    open_levels = nodes[:1]
    for children in nodes[1:]:
        while open_levels and not open_levels[-1]:
            open_levels.pop()
        if not open_levels:
            raise ValueError("the schema has more nodes than its groups have children")
        if len(open_levels) == 1:
            counts.append(0)
        open_levels[-1] -= 1
        counts[-1] += not children
        if children:
            open_levels.append(children)
            if len(open_levels) > MAX_SCHEMA_DEPTH:
                raise ValueError(f"the schema is nested more than {MAX_SCHEMA_DEPTH:,} levels deep")
    if any(open_levels):
        raise ValueError("the schema has fewer nodes than its groups have children")
    return tuple(counts)
