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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes

Rows: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]
Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]


class Kind(IntEnum):
    """The dynamic type of one value. ``kind >= Kind.BOOL`` means the value is known."""

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


class Text:
    """n strings of UTF-8 as slices of one padded buffer: string i is ``buffer[starts[i]:ends[i]]``.

    ``buffer`` is a whole padded allocation (see :mod:`s3sql.buffers`): 64 bytes may be read behind
    every slice. Slices may overlap and come in any order. ``excludes`` are bytes known to occur in no
    slice, so that a writer need not look for them.
    """

    __slots__ = ("buffer", "ends", "excludes", "starts")

    def __init__(
        self, buffer: Bytes, starts: Int32s, ends: Int32s, excludes: frozenset[int] = frozenset()
    ) -> None:
        self.buffer = buffer
        self.starts = starts
        self.ends = ends
        self.excludes = excludes

    @classmethod
    def of(cls, strings: Iterable[str | bytes]) -> Self:
        """The given strings, copied into one buffer."""
        encoded = [s.encode() if isinstance(s, str) else s for s in strings]
        ends = np.cumsum([len(s) for s in encoded], dtype=np.int32)
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1]
        return cls(np.frombuffer(b"".join(encoded) + bytes(PADDING), dtype=np.uint8), starts, ends)

    @classmethod
    def constant(cls, string: str | bytes, length: int) -> Self:
        """*length* times the same string."""
        encoded = string.encode() if isinstance(string, str) else string
        buffer = np.frombuffer(encoded + bytes(PADDING), dtype=np.uint8)
        return cls(buffer, np.zeros(length, np.int32), np.full(length, len(encoded), np.int32))

    def take(self, rows: Rows) -> Text:
        """The strings of the given rows, in that order; the buffer is shared."""
        return Text(self.buffer, self.starts[rows], self.ends[rows], self.excludes)

    def scatter(self, rows: Rows, length: int) -> Text:
        """*length* strings: row ``rows[i]`` is string i, the others are empty."""
        starts = np.zeros(length, np.int32)
        ends = np.zeros(length, np.int32)
        starts[rows] = self.starts
        ends[rows] = self.ends
        return Text(self.buffer, starts, ends, self.excludes)

    def to_bytes(self) -> list[bytes]:
        """Every string as bytes; for tests, messages and rare rows."""
        contents = self.buffer.tobytes() if len(self) else b""
        return [contents[s:e] for s, e in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]

    def __len__(self) -> int:
        return len(self.starts)


class Decimals:
    """n decimals ``mantissa * 10 ** -scale``, each with a scale of its own: 1.50 and 1.5 print differently.

    ``wide`` holds the decimals whose mantissa needs more than 64 bits, ``None`` in the other rows;
    the array itself is None when there are none. Up to 38 significant digits.
    """

    __slots__ = ("mantissa", "scale", "wide")

    def __init__(self, mantissa: Int64s, scale: Int32s, wide: NDArray[np.object_] | None = None) -> None:
        self.mantissa = mantissa
        self.scale = scale
        self.wide = wide

    @classmethod
    def of(cls, values: Sequence[Decimal | None]) -> Self:
        """The given finite decimals; None where the row is not a decimal."""
        mantissa = np.zeros(len(values), np.int64)
        scale = np.zeros(len(values), np.int32)
        wide: NDArray[np.object_] | None = None
        for row, value in enumerate(values):
            if value is None:
                continue
            sign, digits, exponent = value.as_tuple()
            unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
            assert isinstance(exponent, int), "a SQL decimal is finite"
            scale[row] = -exponent
            if -(2**63) <= unscaled < 2**63:
                mantissa[row] = unscaled
                continue
            wide = np.full(len(values), None, np.object_) if wide is None else wide
            wide[row] = value
        return cls(mantissa, scale, wide)

    def take(self, rows: Rows) -> Decimals:
        """The decimals of the given rows, in that order."""
        wide = None if self.wide is None else self.wide[rows]
        return Decimals(self.mantissa[rows], self.scale[rows], wide)

    def scatter(self, rows: Rows, length: int) -> Decimals:
        """*length* decimals: row ``rows[i]`` is decimal i, the others are 0."""
        mantissa = np.zeros(length, np.int64)
        scale = np.zeros(length, np.int32)
        mantissa[rows] = self.mantissa
        scale[rows] = self.scale
        if self.wide is None:
            return Decimals(mantissa, scale)
        wide = np.full(length, None, np.object_)
        wide[rows] = self.wide
        return Decimals(mantissa, scale, wide)

    def value(self, row: int) -> Decimal:
        """Decimal number *row*, exactly, with its scale."""
        if self.wide is not None and self.wide[row] is not None:
            wide: Decimal = self.wide[row]
            return wide
        mantissa = int(self.mantissa[row])
        digits = tuple(map(int, str(abs(mantissa))))
        return Decimal((int(mantissa < 0), digits, -int(self.scale[row])))

    def __len__(self) -> int:
        return len(self.mantissa)


@dataclass(frozen=True, slots=True)
class Timestamps:
    """n Ion timestamps: an instant, the precision it was written with, and the local offset.

    ``seconds`` since 1970-01-01T00:00Z and ``nanoseconds`` of that second; ``precision`` 0 year,
    1 month, 2 day, 3 minute, 4 second, 5 … 13 with 1 … 9 digits of fraction; ``offset`` minutes
    east of UTC, :attr:`UNKNOWN_OFFSET` for ``-00:00``.
    """

    seconds: Int64s
    nanoseconds: Int32s
    precision: NDArray[np.uint8]
    offset: NDArray[np.int16]

    UNKNOWN_OFFSET = -32768

    def take(self, rows: Rows) -> Timestamps:
        """The timestamps of the given rows, in that order."""
        return Timestamps(self.seconds[rows], self.nanoseconds[rows], self.precision[rows], self.offset[rows])

    def scatter(self, rows: Rows, length: int) -> Timestamps:
        """*length* timestamps: row ``rows[i]`` is timestamp i, the others mean nothing."""
        fields = (self.seconds, self.nanoseconds, self.precision, self.offset)
        return Timestamps(*(_scatter_array(field, rows, length) for field in fields))

    def __len__(self) -> int:
        return len(self.seconds)


Payload: TypeAlias = NDArray[Any] | Text | Decimals | Timestamps


class Column:
    """*length* values. ``kind`` is set when all rows are of one kind, else ``tags`` names each row's.

    ``spelling`` is the source text of JSON numbers taken over unchanged (``4.0``, ``1e3``): only
    output looks at it, and every computation loses it.
    """

    __slots__ = ("kind", "length", "parts", "spelling", "tags")

    def __init__(
        self,
        length: int,
        kind: Kind | None,
        tags: NDArray[np.uint8] | None,
        parts: Mapping[Kind, Payload],
        spelling: Text | None = None,
    ) -> None:
        self.length = length
        self.kind = kind
        self.tags = tags
        self.parts = parts
        self.spelling = spelling

    @classmethod
    def of(cls, kind: Kind, payload: Payload) -> Self:
        """A column of one known kind."""
        return cls(len(payload), kind, None, {kind: payload})

    @classmethod
    def tagged(
        cls, tags: NDArray[np.uint8], parts: Mapping[Kind, Payload], spelling: Text | None = None
    ) -> Self:
        """A column of mixed kinds; one that turns out uniform is stored so."""
        if len(tags) and bool((tags == tags[0]).all()):
            kind = Kind(int(tags[0]))
            return cls(len(tags), kind, None, {k: p for k, p in parts.items() if k == kind}, spelling)
        return cls(len(tags), None, tags, parts, spelling)

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
        return cls.tagged(tags, {kind: _interleave_payload(length, share) for kind, share in shares.items()})

    def tag_array(self) -> NDArray[np.uint8]:
        """The kind of every row."""
        if self.tags is not None:
            return self.tags
        return np.full(self.length, self.kind, np.uint8)

    def mask(self, kind: Kind) -> Mask:
        """Which rows are of *kind*."""
        if self.tags is None:
            return np.full(self.length, self.kind == kind, np.bool_)
        found: Mask = self.tags == kind
        return found

    def known(self) -> Mask:
        """Which rows are neither NULL nor MISSING."""
        if self.tags is None:
            return np.full(self.length, self.kind is not None and self.kind >= Kind.BOOL, np.bool_)
        return self.tags >= Kind.BOOL

    def kinds(self) -> frozenset[Kind]:
        """The kinds that occur."""
        if self.tags is None:
            return frozenset() if self.kind is None or not self.length else frozenset({self.kind})
        return frozenset(Kind(int(tag)) for tag in np.unique(self.tags))

    def take(self, rows: Rows) -> Column:
        """The values of the given rows, in that order."""
        parts = {kind: _take_payload(payload, rows) for kind, payload in self.parts.items()}
        spelling = None if self.spelling is None else self.spelling.take(rows)
        if self.tags is None:
            return Column(len(rows), self.kind, None, parts, spelling)
        return Column.tagged(self.tags[rows], parts, spelling)

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
            return tuple(
                int(f[row]) for f in (payload.seconds, payload.nanoseconds, payload.precision, payload.offset)
            )
        return payload[row].item()

    def __len__(self) -> int:
        return self.length


def _take_payload(payload: Payload, rows: Rows) -> Payload:
    if isinstance(payload, np.ndarray):
        return payload[rows]
    return payload.take(rows)


def _scatter_array(array: NDArray[Any], rows: Rows, length: int) -> NDArray[Any]:
    scattered = np.zeros(length, array.dtype)
    scattered[rows] = array
    return scattered


def _interleave_payload(length: int, share: Sequence[tuple[Rows, Payload]]) -> Payload:
    """Merge payloads of one kind; buffers of text are put one behind the other."""
    rows, first = share[0]
    if len(share) == 1:
        return (
            _scatter_array(first, rows, length)
            if isinstance(first, np.ndarray)
            else first.scatter(rows, length)
        )
    whole = np.concatenate([rows for rows, _ in share])
    payloads = [payload for _, payload in share]
    if isinstance(first, np.ndarray):
        return _scatter_array(np.concatenate(payloads), whole, length)  # type: ignore[arg-type]
    return _concatenate(payloads).scatter(whole, length)


def _concatenate(payloads: Sequence[Payload]) -> Text | Decimals | Timestamps:
    if all(isinstance(p, Text) for p in payloads):
        return _concatenate_text([p for p in payloads if isinstance(p, Text)])
    decimals = [p for p in payloads if isinstance(p, Decimals)]
    if decimals:
        wide = None
        if any(d.wide is not None for d in decimals):
            wide = np.concatenate(
                [np.full(len(d), None, np.object_) if d.wide is None else d.wide for d in decimals]
            )
        mantissa = np.concatenate([d.mantissa for d in decimals])
        return Decimals(mantissa, np.concatenate([d.scale for d in decimals]), wide)
    stamps = [p for p in payloads if isinstance(p, Timestamps)]
    return Timestamps(
        np.concatenate([t.seconds for t in stamps]),
        np.concatenate([t.nanoseconds for t in stamps]),
        np.concatenate([t.precision for t in stamps]),
        np.concatenate([t.offset for t in stamps]),
    )


def _concatenate_text(texts: Sequence[Text]) -> Text:
    """Texts one behind the other; texts over one buffer, the usual case in a morsel, share it."""
    if all(text.buffer is texts[0].buffer for text in texts):
        starts = np.concatenate([text.starts for text in texts])
        return Text(texts[0].buffer, starts, np.concatenate([text.ends for text in texts]))
    offsets = np.cumsum([0] + [text.buffer.size for text in texts[:-1]], dtype=np.int64).astype(np.int32)
    buffer = np.concatenate([text.buffer for text in texts])
    starts = np.concatenate([text.starts + base for text, base in zip(texts, offsets, strict=True)])
    ends = np.concatenate([text.ends + base for text, base in zip(texts, offsets, strict=True)])
    return Text(buffer, starts, ends)
