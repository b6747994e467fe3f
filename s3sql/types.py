"""SQL kinds and the columns that hold values of them.

In: arrays made by kernels and formats.  Out: :class:`Column`, what every operator takes and returns.

S3 Select is dynamically typed: two rows of one JSON path may be an int and a string, null or absent.
A column therefore has one *kind* when all rows agree, else a tag per row, and one payload per kind
present. A payload is as long as the column; its entry counts only in rows of its kind, so operators
run once per kind over whole arrays and never gather or scatter:

    tags      INT  STRING  INT  NULL           kind  INT
    INT       [ 7,   ?,     9,   ?]            INT   [7, 8, 9]
    STRING    [ ?,  "x",    ?,   ?]

Payloads: BOOL, INT and FLOAT numpy arrays; STRING, and LIST and STRUCT as compact JSON, :class:`Text`;
DECIMAL :class:`Decimals`; TIMESTAMP :class:`Timestamps`. NULL and MISSING have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from s3sql.coded import Coded
from s3sql.late_payloads import LatePayloads
from s3sql.payloads import (
    Decimals,
    Int32s,
    Mask,
    Payload,
    Rows,
    Text,
    Timestamps,
    interleave_payload,
    take_payload,
)
from s3sql.timestamp import Timestamp


class Kind(IntEnum):
    """The dynamic type of one value. ``kind >= Kind.BOOL`` means the value is known.

    Beside an array of tags a member is made a plain int: numpy compares bytes with that, but 64-bit integers
    with an enumeration, which takes ten times as long.
    """

    MISSING = 0
    NULL = 1
    BOOL = 2
    INT = 3
    FLOAT = 4
    DECIMAL = 5
    STRING = 6
    TIMESTAMP = 7
    LIST = 8
    STRUCT = 9


NUMBERS = frozenset({Kind.INT, Kind.FLOAT, Kind.DECIMAL})


class Column:
    """*length* values. ``kind`` is set when all rows are of one kind, else ``tags`` names each row's.

    ``spelling`` is the source text of JSON numbers taken over unchanged (``4.0``, ``1e3``): only
    output looks at it, and every computation loses it. ``coded`` are the same rows as numbers of the entries
    of a dictionary, if they came so; a computation loses that too.
    """

    __slots__ = ("coded", "kind", "length", "parts", "spelling", "tags")

    def __init__(
        self,
        length: int,
        kind: Kind | None,
        tags: NDArray[np.uint8] | None,
        parts: Mapping[Kind, Payload],
        spelling: Text | None = None,
        coded: Coded | None = None,
    ) -> None:
        self.length = length
        self.kind = kind
        self.tags = tags
        self.parts = parts
        self.spelling = spelling
        self.coded = coded

    @classmethod
    def of(cls, kind: Kind, payload: Payload) -> Self:
        """A column of one known kind."""
        return cls(len(payload), kind, None, {kind: payload})

    @classmethod
    def tagged(
        cls,
        tags: NDArray[np.uint8],
        parts: Mapping[Kind, Payload],
        spelling: Text | None = None,
        coded: Coded | None = None,
    ) -> Self:
        """A column of mixed kinds; one that turns out uniform is stored so."""
        if len(tags) and bool((tags == tags[0]).all()):
            kind = Kind(int(tags[0]))
            if isinstance(parts, LatePayloads):
                return cls(len(tags), kind, None, parts.only(kind), spelling, coded)
            return cls(len(tags), kind, None, {k: p for k, p in parts.items() if k == kind}, spelling, coded)
        return cls(len(tags), None, tags, parts, spelling, coded)

    @classmethod
    def of_codes(cls, coded: Coded) -> Self:
        """The rows that *coded* tells. Payloads are gathered when they are asked for."""
        entries, codes, kind = coded.entries.column, coded.codes, coded.entries.kind
        parts = LatePayloads({part: _gathered(payload, codes) for part, payload in entries.parts.items()})
        if kind is None or coded.nulls:
            return cls.tagged(entries.tag_array()[codes], parts, None, coded)
        return cls(len(codes), kind, None, parts.only(kind), None, coded)

    @classmethod
    def unknown(cls, kind: Kind, length: int) -> Self:
        """*length* times NULL or MISSING."""
        return cls(length, kind, None, {})

    @classmethod
    def interleave(cls, length: int, pieces: Sequence[tuple[Rows, Column]]) -> Column:
        """One column from pieces: value i of a piece goes to row ``rows[i]``; other rows are NULL.

        Rows of different pieces do not meet. Spellings are lost.
        """
        tags = np.full(length, Kind.NULL, np.uint8)
        shares: dict[Kind, list[tuple[Rows, Payload]]] = {}
        for rows, column in pieces:
            tags[rows] = column.tag_array()
            for kind, payload in column.parts.items():
                shares.setdefault(kind, []).append((rows, payload))
        return cls.tagged(tags, {kind: interleave_payload(length, share) for kind, share in shares.items()})

    def computed(self) -> Column:
        """The same values as those of a computation: without spelling and codes, every payload made."""
        return Column(self.length, self.kind, self.tags, dict(self.parts))

    def tag_array(self) -> NDArray[np.uint8]:
        """The kind of every row."""
        if self.tags is not None:
            return self.tags
        return np.full(self.length, self.kind, np.uint8)

    def mask(self, kind: Kind) -> Mask:
        """Which rows are of *kind*."""
        if self.tags is None:
            return np.full(self.length, self.kind == kind, np.bool_)
        found: Mask = self.tags == int(kind)
        return found

    def known(self) -> Mask:
        """Which rows are neither NULL nor MISSING."""
        if self.tags is None:
            return np.full(self.length, self.kind is not None and self.kind >= Kind.BOOL, np.bool_)
        return self.tags >= int(Kind.BOOL)

    def kinds(self) -> frozenset[Kind]:
        """The kinds that occur."""
        if self.tags is None:
            return frozenset() if self.kind is None or not self.length else frozenset({self.kind})
        return frozenset(Kind(int(tag)) for tag in np.unique(self.tags))

    def take(self, rows: Rows) -> Column:
        """The values of the given rows, in that order."""
        parts: Mapping[Kind, Payload]
        if isinstance(self.parts, LatePayloads):
            parts = self.parts.take(rows)
        else:
            parts = {kind: take_payload(payload, rows) for kind, payload in self.parts.items()}
        spelling = None if self.spelling is None else self.spelling.take(rows)
        coded = None if self.coded is None else self.coded.take(rows)
        if self.tags is None:
            return Column(len(rows), self.kind, None, parts, spelling, coded)
        return Column.tagged(self.tags[rows], parts, spelling, coded)

    def text(self) -> Text:
        """The payload of the STRING rows."""
        payload = self.parts[Kind.STRING]
        assert isinstance(payload, Text)
        return payload

    def array(self, kind: Kind) -> NDArray[Any]:
        """The payload of the BOOL, INT or FLOAT rows."""
        payload = self.parts[kind]
        assert isinstance(payload, np.ndarray)
        return payload

    def decimals(self) -> Decimals:
        """The payload of the DECIMAL rows."""
        payload = self.parts[Kind.DECIMAL]
        assert isinstance(payload, Decimals)
        return payload

    def to_python(self) -> list[object]:
        """Every value as a Python object, lists and structs as JSON text; NULL is None, MISSING ``...``."""
        return [self.value(row) for row in range(self.length)]

    def value(self, row: int) -> object:
        """One value as a Python object; for tests, messages and rare rows."""
        kind = self.kind if self.tags is None else Kind(int(self.tags[row]))
        if kind is None or kind == Kind.MISSING:
            return ...
        if kind == Kind.NULL:
            return None
        payload = self.parts[kind]
        if isinstance(payload, Text):
            return payload.buffer[payload.starts[row] : payload.ends[row]].tobytes().decode()
        if isinstance(payload, Decimals):
            return payload.value(row)
        if isinstance(payload, Timestamps):
            fields = (payload.seconds, payload.nanoseconds, payload.precision, payload.offset)
            return Timestamp(*(int(field[row]) for field in fields))
        return payload[row].item()

    def __len__(self) -> int:
        return self.length


def _gathered(payload: Payload, codes: Int32s) -> Callable[[Rows | None], Payload]:
    """What makes the payload of some rows, None for all: those that *codes* number."""
    return lambda rows: take_payload(payload, (codes if rows is None else codes[rows]).astype(np.intp))
