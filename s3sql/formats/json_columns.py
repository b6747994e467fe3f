"""Columns of JSON values.

In: a block and the tape number of one value per row.  Out: a :class:`~s3sql.types.Column`.

A number without point and exponent that fits 64 bits is INT, any other DECIMAL (AWS S3 User Guide, Data
types); both keep their spelling. Strings and lists are slices of the block where they need no decoding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING
from s3sql.errors import S3SelectError
from s3sql.formats.json_block import JsonBlock
from s3sql.functions.numbers import decimals_of_text
from s3sql.functions.registry import Fail
from s3sql.kernels import json_paths, json_tape, json_text
from s3sql.kernels.numbers import parse_ints
from s3sql.limits import MAX_JSON_DEPTH
from s3sql.types import Column, Int32s, Int64s, Kind, Payload, Text

#: The bytes that cannot stand in a JSON string as they are.
ESCAPED_BYTES = frozenset({*range(32), ord('"'), ord("\\")})

_CONTAINERS = (1 << Kind.LIST) | (1 << Kind.STRUCT)
_NUMBERS = (1 << Kind.INT) | (1 << Kind.DECIMAL)


def column_of(block: JsonBlock, nodes: Int32s, fail: Fail) -> Column:
    """The values with the given tape numbers; ABSENT is MISSING, AMBIGUOUS, whose row has failed, NULL.

    Fails a row whose number has an exponent beyond 32 bits, ``ExternalEvalException``.
    """
    length = len(nodes)
    tags = np.empty(length, np.uint8)
    source = Text(block.buffer, np.empty(length, np.int32), np.empty(length, np.int32))
    seen = json_paths.describe(block.tape, nodes, tags, source.starts, source.ends)
    kinds = [kind for kind in Kind if seen >> kind & 1]
    parts: dict[Kind, Payload] = {}
    for kind in kinds:
        if kind == Kind.BOOL:
            parts[kind] = block.buffer[source.starts] == ord("t")
        elif kind == Kind.INT:
            parts[kind] = _ints(_only(source, tags, kind, len(kinds)))
        elif kind == Kind.DECIMAL:
            decimals, valid = decimals_of_text(_only(source, tags, kind, len(kinds)))
            wrong = ~valid & (tags == kind)
            if wrong.any():
                fail(wrong, _exponent_too_large(source, int(np.argmax(wrong))))
                tags[wrong] = Kind.NULL
            parts[kind] = decimals
        elif kind == Kind.STRING:
            escaped = seen >> 8 & json_tape.ESCAPED
            parts[kind] = _decoded(source, tags) if escaped else _unescaped(source)
    if seen & _CONTAINERS:
        compact = source if block.compact else _compact(block, nodes, source, tags)
        parts |= {kind: compact for kind in kinds if kind in (Kind.LIST, Kind.STRUCT)}
    spelling = source if seen & _NUMBERS else None
    if len(kinds) == 1 and (not length or tags[0] == kinds[0]):
        return Column(length, kinds[0], None, parts, spelling)
    return Column.tagged(tags, parts, spelling)


def collections_of(block: JsonBlock, nodes: Int32s, owners: Int64s, length: int) -> Column:
    """*length* lists: row i has the values whose entry in *owners* is i, absent ones left out.

    *owners* ascends.
    """
    offsets = np.searchsorted(owners, np.arange(length + 1)).astype(np.int64)
    present = nodes[nodes >= 0]
    slices = json_slices(block, present)
    # A comma for each value, two brackets for each row.
    room = _total(slices.starts, slices.ends) + len(present) + 2 * length
    starts = np.empty(length, np.int32)
    ends = np.empty(length, np.int32)
    out = np.empty(room + PADDING, np.uint8)
    containers = np.empty(MAX_JSON_DEPTH, np.int32)
    json_text.compact_collections(block.buffer, block.tape, nodes, offsets, out, starts, ends, containers)
    return Column.of(Kind.LIST, Text(out, starts, ends))


def json_slices(block: JsonBlock, nodes: Int32s) -> Text:
    """The bytes of the values as they stand in the block, strings with their quotes."""
    starts = np.empty(len(nodes), np.int32)
    ends = np.empty(len(nodes), np.int32)
    json_paths.source_slices(block.tape, nodes, starts, ends)
    return Text(block.buffer, starts, ends)


def _only(source: Text, tags: NDArray[np.uint8], kind: Kind, kinds: int) -> Text:
    """*source* with the empty text in the rows of other kinds than *kind*."""
    if kinds == 1:
        return source
    return Text(source.buffer, source.starts, np.where(tags == kind, source.ends, source.starts))


def _ints(source: Text) -> Int64s:
    numbers = np.empty(len(source), np.int64)
    status = np.empty(len(source), np.uint8)
    parse_ints(source.buffer, source.starts, source.ends, numbers, status)
    return numbers


def _unescaped(source: Text) -> Text:
    """Strings without escapes, which cannot hold what JSON would have escaped."""
    return Text(source.buffer, source.starts, source.ends, ESCAPED_BYTES)


def _decoded(source: Text, tags: NDArray[np.uint8]) -> Text:
    rows = tags == Kind.STRING
    room = _total(source.starts[rows], source.ends[rows])
    out = np.empty(room + PADDING, np.uint8)
    starts = np.empty(len(tags), np.int32)
    ends = np.empty(len(tags), np.int32)
    json_text.decode_strings(source.buffer, source.starts, source.ends, tags, out, starts, ends)
    return Text(out, starts, ends)


def _compact(block: JsonBlock, nodes: Int32s, source: Text, tags: NDArray[np.uint8]) -> Text:
    rows = tags >= Kind.LIST
    out = np.empty(_total(source.starts[rows], source.ends[rows]) + PADDING, np.uint8)
    starts = np.empty(len(nodes), np.int32)
    ends = np.empty(len(nodes), np.int32)
    containers = np.empty(MAX_JSON_DEPTH, np.int32)
    json_text.compact_containers(block.buffer, block.tape, nodes, out, starts, ends, containers)
    return Text(out, starts, ends)


def _total(starts: Int32s, ends: Int32s) -> int:
    return int((ends - starts).sum(dtype=np.int64))


def _exponent_too_large(source: Text, row: int) -> S3SelectError:
    spelling = source.buffer[source.starts[row] : source.ends[row]].tobytes().decode()
    shown = spelling if len(spelling) <= 40 else spelling[:40] + "…"
    return S3SelectError(
        "ExternalEvalException",
        f"The number {shown} has an exponent beyond the 32 bits that a decimal's scale may have.",
    )
