"""Output records as Arrow columns.

In: the members of the output record, or whole CSV records.  Out: a :class:`Piece`: one Arrow array for each
output column of these rows, in its natural type. Which type the column has in the whole result is for
:mod:`s3sql.serialize.arrow_schema`.

``*`` and ``path.*`` give a column for each member name that occurs, named as JSON output names it. A name
that one record has twice is ``AmbiguousFieldName``: a column has one value a row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from s3sql.errors import S3SelectError
from s3sql.formats.csv import CsvBatch, member_names
from s3sql.formats.json_block import JsonBlock, block_of
from s3sql.formats.json_columns import column_of
from s3sql.kernels import json_paths, json_tape
from s3sql.payloads import Int32s, Int64s, Mask, Rows, Text
from s3sql.serialize.arrow_arrays import Values, json_values_of, string_array, values_of
from s3sql.serialize.base import Member, OutputMember, SpreadMembers
from s3sql.types import Column, Kind

#: An output column: the number of its select item, from 0, and its name.
Key: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """The columns of ``length`` output records; a column that is not there is null in all of them."""

    columns: dict[Key, Values]
    length: int

    def first(self, count: int) -> Piece:
        """The first *count* records."""
        return Piece({key: values.first(count) for key, values in self.columns.items()}, count)


class ArrowSink:
    """Makes pieces in worker threads; ``json_items`` are the select items whose values become JSON text."""

    def __init__(self, json_items: Collection[int] = ()) -> None:
        self._json_items = frozenset(json_items)

    def piece(self, members: Sequence[OutputMember], length: int) -> Piece:
        """The columns of *length* records with these members."""
        columns: dict[Key, Values] = {}
        # How many members each record has so far, for the names of values that have none.
        counts = np.zeros(length, np.int64)
        for number, member in enumerate(members):
            if isinstance(member, Member):
                columns[number, member.name] = self._values(number, member.column)
                counts += member.column.tag_array() != Kind.MISSING
                continue
            for name, column in _spread(member, counts).items():
                columns[number, name] = self._values(number, column)
        return Piece(columns, length)

    def _values(self, number: int, column: Column) -> Values:
        return json_values_of(column) if number in self._json_items else values_of(column)

    def whole_rows(self, batch: CsvBatch) -> Piece:
        """The columns of whole CSV records: the header's, and ``_N`` as far as some record reaches."""
        fields = batch.fields
        counts = np.diff(fields.first)
        width = int(counts.max(initial=0))
        names = column_names(batch.names, max(width, len(batch.names)))
        columns: dict[Key, Values] = {}
        for number, name in enumerate(names[:width]):
            present = counts > number
            # Where a record ends before the column any place will do.
            places = fields.first[:-1] + np.minimum(number, counts - 1)
            text = Text(fields.buffer, fields.starts[places], fields.ends[places])
            columns[0, name] = Values(string_array(text, present), {Kind.STRING: int(np.argmax(present))})
        for name in names[width:]:
            columns[0, name] = Values(pa.nulls(batch.length))
        return Piece(columns, batch.length)


def column_names(header: Sequence[str], count: int) -> list[str]:
    """Names of *count* columns of whole CSV records: those of JSON output, but each name once.

    A second column of one name is called by its number.
    """
    names: dict[str, None] = {}
    for number, name in enumerate(member_names(tuple(header), count), 1):
        unique = f"_{number}" if name in names else name
        while unique in names:
            unique += "_"
        names[unique] = None
    return list(names)


def first_records(piece: Piece, count: int) -> Piece:
    """The first *count* records of *piece*."""
    return piece.first(count)


def _spread(member: SpreadMembers, counts: Int64s) -> dict[str, Column]:
    """The columns of all members; *counts* is moved on by the members of each record."""
    column = member.column
    pieces: dict[str, list[tuple[Rows, Column]]] = {}
    before = counts.copy()
    apart = [Kind.MISSING, Kind.STRUCT]
    for name, rows, values in _struct_members(column, counts):
        pieces.setdefault(name, []).append((rows, values))
    if not member.whole_row:
        apart.append(Kind.LIST)
        for name, rows, values in _list_elements(column, before, counts):
            pieces.setdefault(name, []).append((rows, values))
    alone = np.flatnonzero(~np.isin(column.tag_array(), apart))
    counts[alone] += 1
    for number in np.unique(before[alone]).tolist():
        rows = alone[before[alone] == number]
        pieces.setdefault(f"_{number + 1}", []).append((rows, column.take(rows)))
    return {name: _joined(column.length, found) for name, found in pieces.items()}


def _joined(length: int, pieces: list[tuple[Rows, Column]]) -> Column:
    rows, column = pieces[0]
    if len(rows) == length:
        return column
    return Column.interleave(length, pieces)


def _struct_members(column: Column, counts: Int64s) -> Iterator[tuple[str, Rows, Column]]:
    """The name, the rows and the values of every member of the structs."""
    rows, block = _block(column, Kind.STRUCT)
    if not len(rows):
        return
    nodes, owners, sizes = _children(block, Kind.STRUCT)
    counts[rows] += sizes
    if not len(nodes):
        return
    names, numbers = _names(block, nodes)
    order = np.argsort(numbers, kind="stable")
    bounds = np.cumsum(np.bincount(numbers, minlength=len(names)))[:-1]
    for name, places in zip(names, np.split(order, bounds), strict=True):
        found = owners[places]
        repeated = np.flatnonzero(found[1:] == found[:-1])
        if len(repeated):
            raise S3SelectError(
                "AmbiguousFieldName",
                f"A record has more than one member {name!r}, and a column has one value a row. "
                "Read the result as events, or name the members in the select list.",
            )
        yield name, rows[found], column_of(block, nodes[places], _raise)


def _list_elements(column: Column, before: Int64s, counts: Int64s) -> Iterator[tuple[str, Rows, Column]]:
    """The name ``_N``, the rows and the values of the elements of the lists."""
    rows, block = _block(column, Kind.LIST)
    if not len(rows):
        return
    nodes, owners, sizes = _children(block, Kind.LIST)
    counts[rows] += sizes
    begins = np.cumsum(sizes) - sizes
    numbers = before[rows][owners] + np.arange(len(nodes)) - begins[owners] + 1
    for number in np.unique(numbers).tolist():
        places = np.flatnonzero(numbers == number)
        yield f"_{number}", rows[owners[places]], column_of(block, nodes[places], _raise)


def _block(column: Column, kind: Kind) -> tuple[Rows, JsonBlock]:
    """The rows of *kind* and their values, parsed again."""
    rows = np.flatnonzero(column.mask(kind))
    text = column.parts[kind] if len(rows) else Text.constant("", 0)
    assert isinstance(text, Text)
    return rows, block_of(text.take(rows))


def _children(block: JsonBlock, kind: Kind) -> tuple[Int32s, Int64s, Int64s]:
    """The tape numbers of all members or elements, the value each belongs to, and how many each has."""
    sizes = np.empty(len(block.roots), np.int64)
    total = json_paths.count_children(block.tape, block.roots, int(kind), sizes)
    nodes = np.empty(total, np.int32)
    owners = np.empty(total, np.int64)
    json_paths.list_children(block.tape, block.roots, int(kind), sizes, 0, nodes, owners)
    return nodes, owners, sizes


def _names(block: JsonBlock, nodes: Int32s) -> tuple[list[str], Rows]:
    """The different names of members, in the order in which they first occur, and which one each has."""
    entries = block.tape[: block.tape.size // json_tape.WIDTH * json_tape.WIDTH].reshape(-1, json_tape.WIDTH)
    found = entries[nodes]
    spelled = Text(
        block.buffer,
        np.ascontiguousarray(found[:, json_tape.NAME_START]),
        np.ascontiguousarray(found[:, json_tape.NAME_END]),
    )
    encoded = string_array(spelled).dictionary_encode()
    names: dict[str, int] = {}
    numbers = [
        names.setdefault(_decoded(name), len(names))
        for name in encoded.dictionary.to_pylist()
        if name is not None
    ]
    return list(names), np.array(numbers, np.intp)[encoded.indices.to_numpy()]


def _decoded(name: str) -> str:
    return str(json.loads(f'"{name}"')) if "\\" in name else name


def _raise(where: Mask, error: S3SelectError) -> None:
    raise error
