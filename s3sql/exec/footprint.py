"""How much text the evaluation of expressions can make of a row, and how many rows that allows at once.

In: bound expressions and the rows of a morsel.  Out: the ends of pieces of those rows. What a query makes of
a record can be many times its size: a long constant is repeated for every row, and ``_1 || _1`` doubles.
Buffers of text are addressed by 32 bits, and memory is finite, so rows are taken in pieces that make at most
:data:`PIECE_BYTES` of text. Nearly every query needs one piece for a morsel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from s3sql.payloads import Int64s
from s3sql.plan.expr import CsvField, CsvRow, Expr, ListOf, Literal, ParquetField, RowPath, StructOf
from s3sql.plan.operators import (
    Arithmetic,
    Between,
    Call,
    Cast,
    Compare,
    Concat,
    In,
    InCollection,
    IsKind,
    Like,
    Sign,
)

#: Most bytes of text, before the serializer's escapes, made of one piece.
PIECE_BYTES = 128 << 20

#: Bytes of a number's text, quotes and commas included; larger than that are rare.
_NUMBER_BYTES = 48
#: JSON's longest escape, of one byte: ``\\u0001``.
_ESCAPED = 6
#: A field of a row of CSV as a member of a struct, ``"_1048576":"",``, for one byte of the record.
_MEMBER = 16
#: What changing the case can make of a byte: U+0390 becomes three characters.
_OTHER_CASE = 3
#: What TO_STRING can make of a letter of its pattern: ``n`` has nine digits.
_PATTERN = 9
#: What tells where a text that ``||`` makes begins and ends.
_OFFSET_BYTES = 8

#: Operators that make no text of their operands.
_LOOKING = (Arithmetic, Between, Compare, In, InCollection, IsKind, Like, Sign)
#: What they make no text of.
_NUMBERS = (Arithmetic, Literal, Sign)
#: What gives a number, or a text no longer than one and its operands.
_NUMBER_LONG = (Arithmetic, Call, Cast, Sign)
#: What writes its operands with escapes.
_CONTAINERS = (ListOf, StructOf)


@dataclass(frozen=True, slots=True)
class Footprint:
    """The most text made of one row: ``per_row`` bytes and ``per_byte`` for each byte of its record.

    ``columns``: the fields of the record whose bytes count.
    """

    per_row: int
    per_byte: int
    columns: frozenset[object] = frozenset()

    @classmethod
    def of(
        cls, expressions: Iterable[Expr], per_row: int = 0, per_byte: int = 0, names: int = 0
    ) -> Footprint:
        """Of all *expressions* together; *names*: bytes of a CSV header's names, which a row repeats."""
        fields: dict[object, int] = {}
        for expression in expressions:
            for node, factor in _factors(expression):
                if isinstance(node, Literal):
                    text = node.value if isinstance(node.value, str) else ""
                    per_row += factor * (len(text.encode()) + _NUMBER_BYTES)
                elif isinstance(node, CsvField):
                    fields[node.number] = fields.get(node.number, 0) + factor
                elif isinstance(node, ParquetField):
                    fields[node.number] = fields.get(node.number, 0) + factor
                    per_row += factor * _NUMBER_BYTES
                elif isinstance(node, StructOf):
                    per_row += factor * sum(_ESCAPED * len(name.encode()) + 4 for name in node.names)
                elif isinstance(node, RowPath):
                    # Different members do not overlap; the rows themselves count beside them.
                    member = node.steps[:1]
                    fields[member] = fields.get(member, 0) + factor
                    per_byte += 0 if node.steps else factor
                elif isinstance(node, CsvRow):
                    per_byte += factor * _MEMBER
                    per_row += factor * names
                elif isinstance(node, Concat):
                    per_row += factor * _OFFSET_BYTES
                elif isinstance(node, _NUMBER_LONG):
                    per_row += factor * _NUMBER_BYTES
        return cls(per_row, per_byte + max(fields.values(), default=0), frozenset(fields))

    def pieces(self, starts: Int64s, ends: Int64s) -> Iterator[tuple[int, int]]:
        """Bounds of the pieces, at least one row each, of rows whose records have these bounds."""
        count, begin = len(starts), 0
        made = ends * self.per_byte + np.arange(1, count + 1) * self.per_row
        while begin < count:
            spent = int(starts[begin]) * self.per_byte + begin * self.per_row
            end = int(np.searchsorted(made, spent + PIECE_BYTES, side="right"))
            end = max(end, begin + 1)
            yield begin, end
            begin = end

    def fits(self, rows: int, length: int) -> bool:
        """Whether *rows* of *length* bytes together are one piece."""
        return rows * self.per_row + length * self.per_byte <= PIECE_BYTES


def _factors(expression: Expr) -> Iterator[tuple[Expr, int]]:
    """Every node, and how often, at most, the bytes of its value appear in the whole expression's.

    Never, where an operator only looks at a number or a constant: no text is made of those.
    """
    pending = [(expression, 1, True)]
    while pending:
        node, factor, written = pending.pop()
        yield node, factor if written else 0
        within = factor
        if isinstance(node, Call) and node.function in ("LOWER", "UPPER"):
            within = factor * _OTHER_CASE
        elif isinstance(node, Call) and node.function == "TO_STRING":
            within = factor * _PATTERN
        looks, contains = isinstance(node, _LOOKING), isinstance(node, _CONTAINERS)
        for child in node.children():
            escaped = contains and not isinstance(child, ListOf)
            seen_only = looks and isinstance(child, _NUMBERS)
            pending.append((child, within * _ESCAPED if escaped else within, not seen_only))
