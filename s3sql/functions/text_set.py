"""Sets of texts to look up columns in: the literals of an IN.

In: strings, then columns of text.  Out: which texts are among them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from s3sql.kernels import compare as kernels
from s3sql.payloads import Mask, Text

#: Up to so many literals are tried one after the other, those of at most eight bytes together.
_FEW = 8
_WORD = 8


class TextSet:
    """Texts to look others up in: a few one after the other, many in an open hash table."""

    __slots__ = ("_bits", "_lengths", "_slots", "_texts", "_words")

    def __init__(self, strings: tuple[str, ...]) -> None:
        encoded = {string.encode() for string in strings}
        self._texts = texts = Text.of(sorted(encoded, key=len))  # the short ones come first
        self._lengths = (texts.ends - texts.starts).astype(np.int64)
        self._words = np.array(
            [int.from_bytes(string[:_WORD].ljust(_WORD, b"\0"), "little") for string in texts.to_bytes()],
            np.uint64,
        )
        self._bits = max(2, len(texts).bit_length() + 1)
        self._slots = np.full(1 << self._bits, kernels.EMPTY, np.int32)
        for number in range(len(texts)):
            slot = kernels.hash_slot(texts.buffer, texts.starts, texts.ends, number, self._bits)
            while self._slots[slot] != kernels.EMPTY:
                slot = (slot + 1) % len(self._slots)
            self._slots[slot] = number

    @classmethod
    def of(cls, strings: tuple[str, ...]) -> TextSet:
        """The set of the given strings, kept from one morsel to the next."""
        return _cached_text_set(strings)

    def contains(self, text: Text) -> Mask:
        """Which of the given texts are in the set."""
        return self._try_each(text) if len(self._texts) <= _FEW else self._look_up(text)

    def _try_each(self, text: Text) -> Mask:
        found = np.empty(len(text), np.bool_)
        short = int(np.searchsorted(self._lengths, _WORD, side="right"))
        columns = (text.buffer, text.starts, text.ends)
        kernels.in_short_literals(*columns, self._words[:short], self._lengths[:short], found)
        equal = np.empty(len(text), np.bool_)
        for number in range(short, len(self._texts)):
            start, length = int(self._texts.starts[number]), int(self._lengths[number])
            kernels.equals_literal(*columns, self._texts.buffer, start, length, equal)
            found |= equal
        return found

    def _look_up(self, text: Text) -> Mask:
        found = np.empty(len(text), np.bool_)
        literals = self._texts
        kernels.in_literals(
            text.buffer,
            text.starts,
            text.ends,
            literals.buffer,
            literals.starts,
            literals.ends,
            self._words,
            self._slots,
            self._bits,
            found,
        )
        return found


@lru_cache(maxsize=64)
def _cached_text_set(strings: tuple[str, ...]) -> TextSet:
    return TextSet(strings)
