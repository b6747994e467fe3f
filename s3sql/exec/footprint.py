"""How much text the evaluation of expressions can make of a row, and how many rows that allows at once.

In: bound expressions and the rows of a morsel.  Out: the ends of pieces of those rows. What a query makes of
a record can be many times its size: a long constant is repeated for every row, and ``_1 || _1`` doubles.
Buffers of text are addressed by 32 bits, and memory is finite, so rows are taken in pieces that make at most
:data:`PIECE_BYTES` of text. Nearly every query needs one piece for a morsel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from s3sql.plan.expr import Arithmetic, Call, Cast, CsvField, CsvRow, Expr, ListOf, Literal, RowPath, Sign
from s3sql.types import Int64s

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


@dataclass(frozen=True, slots=True)
class Footprint:
    """The most text made of one row: ``per_row`` bytes and ``per_byte`` for each byte of its record."""

    per_row: int
    per_byte: int

    @classmethod
    def of(
        cls, expressions: Iterable[Expr], per_row: int = 0, per_byte: int = 0, names: int = 0
    ) -> Footprint:
        """Of all *expressions* together; *names*: bytes of a CSV header's names, which a row repeats."""
        fields: Counter[object] = Counter()
        for expression in expressions:
            for node, factor in _factors(expression):
                if isinstance(node, Literal):
                    text = node.value if isinstance(node.value, str) else ""
                    per_row += factor * (len(text.encode()) + _NUMBER_BYTES)
                elif isinstance(node, CsvField):
                    fields[node.number] += factor
                elif isinstance(node, RowPath):
                    # Different members do not overlap; the rows themselves count beside them.
                    fields[node.steps[:1]] += factor
                    per_byte += 0 if node.steps else factor
                elif isinstance(node, CsvRow):
                    per_byte += factor * _MEMBER
                    per_row += factor * names
                elif isinstance(node, Arithmetic | Call | Cast | Sign):
                    per_row += factor * _NUMBER_BYTES
        return cls(per_row, per_byte + max(fields.values(), default=0))

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
    """Every node, and how often, at most, the bytes of its value appear in the whole expression's."""
    pending = [(expression, 1)]
    while pending:
        node, factor = pending.pop()
        yield node, factor
        within = factor
        if isinstance(node, Call) and node.function in ("LOWER", "UPPER"):
            within = factor * _OTHER_CASE
        for child in node.children():
            escaped = isinstance(node, ListOf) and not isinstance(child, ListOf)
            pending.append((child, within * _ESCAPED if escaped else within))
