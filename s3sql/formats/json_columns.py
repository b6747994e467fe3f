"""Columns of JSON values.

In: a block and the tape number of one value per row.  Out: a :class:`~s3sql.types.Column`.

A number without point and exponent that fits 64 bits is INT, any other DECIMAL (AWS S3 User Guide, Data
types); both keep their spelling. Strings and lists are slices of the block where they need no decoding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING
from s3sql.errors import S3SelectError
from s3sql.formats.json_block import JsonBlock, block_of
from s3sql.functions.numbers import decimals_of_text
from s3sql.functions.registry import Fail
from s3sql.kernels import json_paths, json_tape, json_text
from s3sql.kernels.json_ints import read_ints
from s3sql.late_payloads import LatePayloads
from s3sql.limits import MAX_JSON_DEPTH
from s3sql.payloads import Decimals, Int32s, Int64s, Payload, Rows, Text, take_payload
from s3sql.types import Column, Kind

#: The bytes that cannot stand in a JSON string as they are.
ESCAPED_BYTES = frozenset({*range(32), ord('"'), ord("\\")})

_KINDS = (1 << len(Kind)) - 1
_NUMBERS = (1 << Kind.INT) | (1 << Kind.DECIMAL)


def column_of(block: JsonBlock, nodes: Int32s, fail: Fail) -> Column:
    """The values with the given tape numbers; ABSENT is MISSING, AMBIGUOUS, whose row has failed, NULL.

    Numbers are read when a computation asks for them; one with an exponent beyond 32 bits then fails its
    row, ``ExternalEvalException``.
    """
    length = len(nodes)
    tags = np.empty(length, np.uint8)
    source = Text(block.buffer, np.empty(length, np.int32), np.empty(length, np.int32))
    seen = json_paths.describe(block.tape, nodes, tags, source.starts, source.ends)

    def compact(rows: Rows) -> Text:
        return _compact(block, nodes[rows], source.take(rows))

    return column_of_values(source, tags, seen, None if block.compact else compact, fail)


def column_of_values(
    source: Text, tags: NDArray[np.uint8], seen: int, compact: Callable[[Rows], Text] | None, fail: Fail
) -> Column:
    """The values whose bytes *source* has, strings without quotes, and whose kinds *tags* has.

    ``seen``: which kinds occur, as :func:`s3sql.kernels.json_paths.describe` tells it. ``compact`` gives the
    compact JSON of lists and structs, by their rows; None if they are written so. Fails a row as
    :func:`column_of`.
    """
    length = len(tags)
    kinds = _kinds_among(seen & _KINDS)
    makers: dict[Kind, Callable[[Rows | None], Payload]] = {}
    for kind in kinds:
        if kind == Kind.BOOL:
            makers[kind] = _maker(source.buffer[source.starts] == ord("t"))
        elif kind == Kind.INT:
            makers[kind] = partial(_ints, source, tags)
        elif kind == Kind.DECIMAL:
            makers[kind] = partial(_decimals, source, tags, fail)
        elif kind == Kind.STRING:
            escaped = seen >> 8 & json_tape.ESCAPED
            makers[kind] = _maker(_decoded(source, tags) if escaped else _unescaped(source))
        elif kind >= Kind.LIST:
            makers[kind] = _maker(source) if compact is None else partial(_compacted, tags, kind, compact)
    parts = LatePayloads(makers)
    spelling = source if seen & _NUMBERS else None
    if len(kinds) == 1 and (not length or tags[0] == kinds[0]):
        return Column(length, kinds[0], None, parts, spelling)
    return Column.tagged(tags, parts, spelling)


@cache
def _kinds_among(seen: int) -> tuple[Kind, ...]:
    """The kinds whose bits are set."""
    return tuple(kind for kind in Kind if seen >> kind & 1)


def _maker(payload: Payload) -> Callable[[Rows | None], Payload]:
    """What gives a payload that is there already."""
    return lambda rows: payload if rows is None else take_payload(payload, rows)


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


def _ints(source: Text, tags: NDArray[np.uint8], rows: Rows | None) -> Int64s:
    if rows is not None:
        source, tags = source.take(rows), tags[rows]
    numbers = np.empty(len(source), np.int64)
    read_ints(source.buffer, source.starts, source.ends, tags, numbers)
    return numbers


def _decimals(source: Text, tags: NDArray[np.uint8], fail: Fail, rows: Rows | None) -> Decimals:
    """The decimals; one whose scale is impossible fails its row and is 0."""
    text = source if rows is None else source.take(rows)
    wanted = (tags if rows is None else tags[rows]) == int(Kind.DECIMAL)
    # The others are empty.
    text = Text(text.buffer, text.starts, np.where(wanted, text.ends, text.starts))
    decimals, valid = decimals_of_text(text)
    wrong = wanted & ~valid
    if not wrong.any():
        return decimals
    failed = np.zeros(len(tags), np.bool_)
    failed[np.flatnonzero(wrong) if rows is None else rows[wrong]] = True
    fail(failed, _exponent_too_large(text, int(np.argmax(wrong))))
    present = np.flatnonzero(~wrong)
    return decimals.take(present).scatter(present, len(text))


def _unescaped(source: Text) -> Text:
    """Strings without escapes, which cannot hold what JSON would have escaped."""
    return Text(source.buffer, source.starts, source.ends, ESCAPED_BYTES)


def _decoded(source: Text, tags: NDArray[np.uint8]) -> Text:
    rows = tags == int(Kind.STRING)
    room = _total(source.starts[rows], source.ends[rows])
    out = np.empty(room + PADDING, np.uint8)
    starts = np.empty(len(tags), np.int32)
    ends = np.empty(len(tags), np.int32)
    json_text.decode_strings(source.buffer, source.starts, source.ends, tags, out, starts, ends)
    return Text(out, starts, ends)


def _compacted(
    tags: NDArray[np.uint8], kind: Kind, compact: Callable[[Rows], Text], rows: Rows | None
) -> Text:
    """The values of *kind*, a list or struct, in *rows*, the empty text where one is not of it."""
    found = np.flatnonzero((tags if rows is None else tags[rows]) == int(kind))
    length = len(tags) if rows is None else len(rows)
    return compact(found if rows is None else rows[found]).scatter(found, length)


def _compact(block: JsonBlock, nodes: Int32s, source: Text) -> Text:
    """The compact JSON of *nodes*, lists and structs, whose bytes *source* has."""
    out = np.empty(_total(source.starts, source.ends) + PADDING, np.uint8)
    starts = np.empty(len(nodes), np.int32)
    ends = np.empty(len(nodes), np.int32)
    containers = np.empty(MAX_JSON_DEPTH, np.int32)
    json_text.compact_containers(block.buffer, block.tape, nodes, out, starts, ends, containers)
    return Text(out, starts, ends)


def compact_slices(source: Text) -> Text:
    """The compact JSON of the lists and structs whose bytes *source* has."""
    block = block_of(source)
    return _compact(block, block.roots, json_slices(block, block.roots))


def _total(starts: Int32s, ends: Int32s) -> int:
    return int((ends - starts).sum(dtype=np.int64))


def _exponent_too_large(source: Text, row: int) -> S3SelectError:
    spelling = source.buffer[source.starts[row] : source.ends[row]].tobytes().decode()
    shown = spelling if len(spelling) <= 40 else spelling[:40] + "…"
    return S3SelectError(
        "ExternalEvalException",
        f"The number {shown} has an exponent beyond the 32 bits that a decimal's scale may have.",
    )
