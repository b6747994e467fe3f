"""Footers of Parquet in plain Python: one dictionary for each struct, one value at a time.

In: the bytes of a footer without its tail.  Out: what a query needs of it, or why it is refused.
"""

from __future__ import annotations

from typing import Any

from s3sql.formats.parquet_thrift import Struct, read_struct_and_end

TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")


def schema_and_groups(text: bytes) -> tuple[list[Struct], list[Struct]]:
    """The nodes of the schema and the row groups."""
    fields, _ = read_struct_and_end(text)
    schema, groups = (_structs(fields, number) for number in (2, 4))
    for node in schema:
        children = node.get(5, 0)
        if not isinstance(children, int) or children < 0:
            raise ValueError(f"a group of the schema has {children!r} children")
    return schema, groups


def row_group(fields: Struct, nodes: list[Struct], end: int) -> tuple[int, int, list[Struct]]:
    """Rows, first byte and column chunks of a row group of a file whose footer begins at *end*."""
    rows = _count(fields, 3, "rows")
    chunks = fields.get(1)
    if not isinstance(chunks, list) or len(chunks) != len(nodes):
        raise ValueError(f"it does not have a column chunk for each of {len(nodes)} leaf columns")
    found = [_chunk(chunk, node) for chunk, node in zip(chunks, nodes, strict=True)]
    for chunk in found if rows else ():
        if chunk["begin"] < 4 or chunk["begin"] + chunk["size"] > end:
            raise ValueError(
                f"its column {chunk['path']!r} has {chunk['size']:,} bytes at offset {chunk['begin']:,}, but "
                f"the column chunks of the file end at {end:,}"
            )
    return rows, min((chunk["begin"] for chunk in found), default=end), found


def _structs(fields: Struct, number: int) -> list[Struct]:
    found: Any = fields.get(number, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"its field {number} is no list of structs")
    return found


def _chunk(fields: Any, node: Struct) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise ValueError("a column chunk is no struct")
    if 1 in fields:
        raise ValueError("a column chunk is in another file")
    meta = fields.get(3)
    if 8 in fields or 9 in fields or not isinstance(meta, dict):
        raise ValueError("a column chunk is encrypted or not described")
    begin = _count(meta, 9, "bytes before its data")
    dictionary = meta.get(11)
    if isinstance(dictionary, int) and dictionary > 0 and not 0 < begin < dictionary:
        begin = dictionary
    physical, width = meta.get(1), node.get(2, 0)
    if physical != node.get(1) or not isinstance(physical, int) or not 0 <= physical < len(TYPES):
        raise ValueError(f"a column chunk has values of type {physical!r}, but its column of {node.get(1)!r}")
    encodings, path, statistics = meta.get(2), meta.get(3), meta.get(12)
    return {
        "begin": begin,
        "size": _count(meta, 7, "bytes"),
        "uncompressed": _count(meta, 6, "bytes before compression"),
        "values": _count(meta, 5, "values"),
        "codec": _count(meta, 4, "for its codec"),
        "physical": TYPES[physical],
        "width": max(width, 0) if isinstance(width, int) else 0,
        "encodings": {one for one in encodings if isinstance(one, int)}
        if isinstance(encodings, list)
        else set(),
        "path": ".".join(name.decode(errors="replace") for name in path if isinstance(name, bytes))
        if isinstance(path, list)
        else "",
        "statistics": statistics if isinstance(statistics, dict) else {},
    }


def _count(fields: Struct, number: int, what: str) -> int:
    found = fields.get(number)
    if not isinstance(found, int) or found < 0:
        raise ValueError(f"it has {found!r} {what}")
    return found
