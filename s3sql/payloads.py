"""Payloads: the values of one kind in a column, as arrays.

In: arrays made by kernels and formats.  Out: :class:`Text`, :class:`Decimals`, :class:`Timestamps`; BOOL, INT
and FLOAT are plain numpy arrays. All are as long as their column (:mod:`s3sql.types`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes
from s3sql.timestamp import UNKNOWN_OFFSET

Rows: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]
Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]


def repeated(one: NDArray[Any], length: int) -> NDArray[Any]:
    """The only entry of *one*, *length* times: what ``np.broadcast_to`` does, in a tenth of the time."""
    array: NDArray[Any] = np.ndarray(length, one.dtype, one, strides=(0,))
    array.flags.writeable = False
    return array


_first_rows: Rows = np.arange(1 << 18)
_first_rows.flags.writeable = False


def all_rows(count: int) -> Rows:
    """The numbers of *count* rows, to be read only: those of most morsels are written but once."""
    return _first_rows[:count] if count <= len(_first_rows) else np.arange(count)


def _taken(array: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """The values of the given rows; of an array of one value repeated, that value again."""
    if array.strides == (0,) and len(array):
        return repeated(array[:1], len(rows))
    return array[rows]


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
        starts = _scatter_array(self.starts, rows, length)
        return Text(self.buffer, starts, _scatter_array(self.ends, rows, length), self.excludes)

    def to_bytes(self) -> list[bytes]:
        """Every string as bytes; for tests, messages and rare rows."""
        contents = self.buffer.tobytes() if len(self) else b""
        return [contents[s:e] for s, e in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]

    def __len__(self) -> int:
        return len(self.starts)


class Decimals:
    """n decimals ``mantissa * 10 ** -scale``, each with a scale of its own: 1.50 and 1.5 print differently.

    At most 38 significant digits, so a mantissa is ``high * 2**64 + low`` with *low* taken as unsigned: two's
    complement in 128 bits. ``high`` is None when every row fits 64 bits; *low* then is the mantissa.
    """

    __slots__ = ("high", "low", "scale")

    def __init__(self, low: Int64s, scale: Int32s, high: Int64s | None = None) -> None:
        self.low = low
        self.scale = scale
        self.high = high

    @classmethod
    def of_halves(cls, low: Int64s, scale: Int32s, high: Int64s) -> Self:
        """As the constructor; *high* is dropped when every row fits 64 bits."""
        if bool((high == low >> 63).all()):
            return cls(low, scale)
        return cls(low, scale, high)

    @classmethod
    def of_words(cls, words: Int64s, scale: int) -> Self:
        """The rows of a (n, 2) array, the low half first, all of one scale: Arrow's decimal128."""
        scales = np.broadcast_to(np.int32(scale), len(words))
        return cls.of_halves(words[:, 0], scales, words[:, 1])

    @classmethod
    def of(cls, values: Sequence[Decimal | None]) -> Self:
        """The given finite decimals; None where the row is not a decimal."""
        unscaled, scale = [0] * len(values), np.zeros(len(values), np.int32)
        for row, value in enumerate(values):
            if value is None:
                continue
            sign, digits, exponent = value.as_tuple()
            assert isinstance(exponent, int), "a SQL decimal is finite"
            scale[row] = -exponent
            unscaled[row] = int("".join(map(str, digits))) * (-1 if sign else 1)
        words = b"".join(number.to_bytes(16, "little", signed=True) for number in unscaled)
        halves = np.frombuffer(words, np.int64).reshape(-1, 2).copy()
        return cls.of_halves(halves[:, 0].copy(), scale, halves[:, 1].copy())

    def high_half(self) -> Int64s:
        """``high`` of every row, the extension of the sign where it is None."""
        return self.low >> 63 if self.high is None else self.high

    def take(self, rows: Rows) -> Decimals:
        """The decimals of the given rows, in that order."""
        high = None if self.high is None else _taken(self.high, rows)
        return Decimals(_taken(self.low, rows), _taken(self.scale, rows), high)

    def scatter(self, rows: Rows, length: int) -> Decimals:
        """*length* decimals: row ``rows[i]`` is decimal i, the others are 0."""
        high = None if self.high is None else _scatter_array(self.high, rows, length)
        low = _scatter_array(self.low, rows, length)
        return Decimals(low, _scatter_array(self.scale, rows, length), high)

    def value(self, row: int) -> Decimal:
        """Decimal number *row*, exactly, with its scale; for tests, messages and rare rows."""
        mantissa = int(self.low[row])
        if self.high is not None:
            mantissa = (int(self.high[row]) << 64) + (mantissa & 0xFFFF_FFFF_FFFF_FFFF)
        digits = tuple(map(int, str(abs(mantissa))))
        return Decimal((int(mantissa < 0), digits, -int(self.scale[row])))

    def __len__(self) -> int:
        return len(self.low)


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

    UNKNOWN_OFFSET = UNKNOWN_OFFSET

    def take(self, rows: Rows) -> Timestamps:
        """The timestamps of the given rows, in that order."""
        fields = (self.seconds, self.nanoseconds, self.precision, self.offset)
        return Timestamps(*(_taken(field, rows) for field in fields))

    def scatter(self, rows: Rows, length: int) -> Timestamps:
        """*length* timestamps: row ``rows[i]`` is timestamp i, the others mean nothing."""
        fields = (self.seconds, self.nanoseconds, self.precision, self.offset)
        return Timestamps(*(_scatter_array(field, rows, length) for field in fields))

    def __len__(self) -> int:
        return len(self.seconds)


Payload: TypeAlias = NDArray[Any] | Text | Decimals | Timestamps


def take_payload(payload: Payload, rows: Rows) -> Payload:
    """The payload of the given rows, in that order."""
    if isinstance(payload, np.ndarray):
        return payload[rows]
    return payload.take(rows)


def _scatter_array(array: NDArray[Any], rows: Rows, length: int) -> NDArray[Any]:
    scattered = np.zeros(length, array.dtype)
    scattered[rows] = array
    return scattered


def interleave_payload(length: int, share: Sequence[tuple[Rows, Payload]]) -> Payload:
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
        high = None
        if any(d.high is not None for d in decimals):
            high = np.concatenate([d.high_half() for d in decimals])
        low = np.concatenate([d.low for d in decimals])
        return Decimals(low, np.concatenate([d.scale for d in decimals]), high)
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
