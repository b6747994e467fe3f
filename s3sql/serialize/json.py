"""JSON output: one compact object per record.

In: the members of the output record as columns.  Out: ``{"a":1,"b":"x"}`` and the record delimiter, over and
over.

* MISSING members are left out, NULL is written; a row without members is ``{}``. Members of one name are all
  written.
* Numbers are spelled as in the object if they were taken over unchanged, else as CAST AS STRING does; NaN and
  Infinity are ``null`` (Choice). Timestamps are strings.
* Escapes: :mod:`s3sql.kernels.json_strings`.

Source of the rules: AWS S3 API Reference, JSONOutput; PartiQL v0.1 for ``*`` over values that are no structs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from s3sql.buffers import PADDING, Bytes, PaddedBuffer
from s3sql.formats.json_block import block_of
from s3sql.formats.json_columns import ESCAPED_BYTES, json_slices
from s3sql.functions.number_text import number_text
from s3sql.kernels import json_paths, write_json
from s3sql.payloads import Int32s, Int64s, Rows, Text
from s3sql.request import JsonOutput
from s3sql.serialize.base import Member, OutputMember, Records, SpreadMembers
from s3sql.types import Column, Kind

_UNNUMBERED = frozenset({Kind.STRUCT, Kind.MISSING})


@dataclass(frozen=True, slots=True)
class _Piece:
    """Values of one member in some rows: slice *row* of ``text`` for each of ``rows``.

    ``name``: None if the slices are whole members, names included. ``quoted``: they are strings' text.
    """

    rows: Rows
    text: Text
    name: str | None
    quoted: bool = False

    def prefix(self) -> PaddedBuffer:
        """What stands before the value: comma, name, colon and the quote of a string."""
        if self.name is None:
            return PaddedBuffer.copy_of(b",")
        name = json.dumps(self.name, ensure_ascii=False).encode()
        return PaddedBuffer.copy_of(b"," + name + (b':"' if self.quoted else b":"))


class JsonSerializer:
    """Writes records of JSON as the request's JSON output says."""

    def __init__(self, output: JsonOutput) -> None:
        self._delimiter = PaddedBuffer.copy_of(output.record_delimiter.encode())

    def serialize(self, members: Sequence[OutputMember], length: int) -> Records:
        """The records of *length* rows, in order."""
        pieces = list(_pieces_of(members, length))
        prefixes = [piece.prefix() for piece in pieces]
        inside = np.zeros(length, np.int64)
        escaped = [_measure(*pair, inside) for pair in zip(pieces, prefixes, strict=True)]
        ends = np.cumsum(inside + (2 + len(self._delimiter)))
        begins = np.zeros(length, np.int64)
        begins[1:] = ends[:-1]
        payload = np.empty((int(ends[-1]) if length else 0) + PADDING, np.uint8)
        positions = np.empty(length, np.int64)
        write_json.open_records(begins, payload, positions)
        for piece, prefix, lengths in zip(pieces, prefixes, escaped, strict=True):
            _write(piece, prefix, lengths, begins, ends, payload, positions)
        write_json.close_records(positions, self._delimiter.array, len(self._delimiter), payload)
        return Records(payload[: payload.size - PADDING], ends)


def _measure(piece: _Piece, prefix: PaddedBuffer, inside: Int64s) -> Int32s | None:
    """Add the piece to the lengths of its records; of strings, their lengths with escapes."""
    text = piece.text
    # The comma is counted by the kernel where there is one, the opening quote with the closing one.
    fixed = len(prefix) - 1
    if not piece.quoted:
        write_json.measure_raw(piece.rows, text.starts, text.ends, fixed, inside)
        return None
    escaped = np.empty(len(piece.rows), np.int32)
    if text.excludes >= ESCAPED_BYTES:
        write_json.measure_plain_strings(piece.rows, text.starts, text.ends, fixed - 1, inside, escaped)
    else:
        write_json.measure_strings(
            piece.rows, text.buffer, text.starts, text.ends, fixed - 1, inside, escaped
        )
    return escaped


def _write(
    piece: _Piece,
    prefix: PaddedBuffer,
    escaped: Int32s | None,
    begins: Int64s,
    ends: Int64s,
    payload: Bytes,
    positions: Int64s,
) -> None:
    text = piece.text
    where = (prefix.array, len(prefix), begins, ends, payload, positions)
    if escaped is None:
        write_json.write_raw(piece.rows, text.buffer, text.starts, text.ends, *where)
    else:
        write_json.write_strings(piece.rows, text.buffer, text.starts, text.ends, escaped, *where)


# --- members to pieces ------------------------------------------------------------------------------------


def _pieces_of(members: Sequence[OutputMember], length: int) -> Iterator[_Piece]:
    """The pieces of all members; pieces of one member are for different rows."""
    numbered = [
        number
        for number, member in enumerate(members)
        if isinstance(member, SpreadMembers) and not member.column.kinds() <= _UNNUMBERED
    ]
    last_numbered = max(numbered, default=-1)
    # How many members each record has so far; not counted when no name depends on it.
    counts = np.zeros(length, np.int64)
    for number, member in enumerate(members):
        if isinstance(member, Member):
            yield from _values(member.name, member.column, _all_or(member.column, None))
        else:
            yield from _spread(member, counts)
        if number < last_numbered:
            counts += _member_counts(member)


def _all_or(column: Column, kind: Kind | None) -> Rows:
    """The rows of *kind*, all rows for None."""
    if kind is None or column.kind == kind:
        return np.arange(column.length, dtype=np.intp)
    return np.flatnonzero(column.mask(kind))


def _values(name: str, column: Column, rows: Rows) -> Iterator[_Piece]:
    """The values in *rows*, each under *name*."""
    whole = len(rows) == column.length
    for kind in sorted(column.kinds()):
        chosen = _all_or(column, kind)
        if not whole:
            chosen = np.intersect1d(chosen, rows, assume_unique=True)
        if kind == Kind.MISSING or not len(chosen):
            continue
        if kind == Kind.NULL:
            yield _Piece(chosen, _nulls(column.length), name)
            continue
        text = _text(column, kind)
        if kind == Kind.FLOAT:
            finite = np.isfinite(column.array(kind)[chosen])
            if not finite.all():
                yield _Piece(chosen[~finite], _nulls(column.length), name)
                chosen = chosen[finite]
        yield _Piece(chosen, text, name, quoted=kind in (Kind.STRING, Kind.TIMESTAMP))


def _text(column: Column, kind: Kind) -> Text:
    if kind in (Kind.INT, Kind.DECIMAL) and column.spelling is not None:
        return column.spelling
    return number_text(Column.of(kind, column.parts[kind]))


_NULL = np.frombuffer(b"null" + bytes(PADDING), np.uint8)


def _nulls(length: int) -> Text:
    return Text(_NULL, np.broadcast_to(np.int32(0), length), np.broadcast_to(np.int32(4), length))


# --- spreads ----------------------------------------------------------------------------------------------


def _spread(member: SpreadMembers, counts: Int64s) -> Iterator[_Piece]:
    """The members of structs as they are, other values under ``_N``."""
    column = member.column
    kinds = column.kinds()
    if Kind.STRUCT in kinds:
        text = _containers(column, Kind.STRUCT)
        yield _Piece(_all_or(column, Kind.STRUCT), Text(text.buffer, text.starts + 1, text.ends - 1), None)
    apart = _UNNUMBERED
    if Kind.LIST in kinds and not member.whole_row:
        apart = _UNNUMBERED | {Kind.LIST}
        yield _elements(column, counts)
    single = kinds - apart
    if not single:
        return
    rows = np.flatnonzero(np.isin(column.tag_array(), [int(kind) for kind in single]))
    for number in np.unique(counts[rows]).tolist():
        yield from _values(f"_{number + 1}", column, rows[counts[rows] == number])


def _containers(column: Column, kind: Kind) -> Text:
    text = column.parts[kind]
    assert isinstance(text, Text)
    return text


def _elements(column: Column, counts: Int64s) -> _Piece:
    """The elements of the lists as numbered members."""
    rows = _all_or(column, Kind.LIST)
    block = block_of(_containers(column, Kind.LIST).take(rows))
    sizes = np.empty(len(rows), np.int64)
    total = json_paths.count_children(block.tape, block.roots, int(Kind.LIST), sizes)
    nodes = np.empty(total, np.int32)
    owners = np.empty(total, np.int64)
    json_paths.list_children(block.tape, block.roots, int(Kind.LIST), sizes, 0, nodes, owners)
    values = json_slices(block, nodes)
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    room = int((values.ends - values.starts).sum(dtype=np.int64)) + total * write_json.NUMBERED_NAME
    out = np.empty(room + PADDING, np.uint8)
    starts = np.empty(len(rows), np.int32)
    ends = np.empty(len(rows), np.int32)
    write_json.number_elements(
        values.buffer, values.starts, values.ends, offsets, counts[rows] + 1, out, starts, ends
    )
    return _Piece(rows, Text(out, starts, ends).scatter(rows, column.length), None)


def _member_counts(member: OutputMember) -> Int64s:
    """How many members *member* writes in each record."""
    column = member.column
    counts: Int64s = (column.tag_array() != int(Kind.MISSING)).astype(np.int64)
    if isinstance(member, Member):
        return counts
    for kind in (Kind.STRUCT, Kind.LIST):
        if kind not in column.kinds() or (kind == Kind.LIST and member.whole_row):
            continue
        rows = _all_or(column, kind)
        block = block_of(_containers(column, kind).take(rows))
        sizes = np.empty(len(rows), np.int64)
        json_paths.count_children(block.tape, block.roots, int(kind), sizes)
        counts[rows] = sizes
    return counts
