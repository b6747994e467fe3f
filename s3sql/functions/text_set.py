"""Sets of texts to look up columns in: the literals of an IN.

In: strings, then columns of text.  Out: which texts are among them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from s3sql.kernels import compare as kernels
from s3sql.types import Mask, Text


class TextSet:
    """Texts to look others up in: an open hash table that a kernel probes."""

    __slots__ = ("_bits", "_slots", "_texts", "_words")

    def __init__(self, strings: tuple[str, ...]) -> None:
        self._texts = texts = Text.of(dict.fromkeys(strings))
        self._bits = max(2, len(self._texts).bit_length() + 1)
        self._slots = np.full(1 << self._bits, kernels.EMPTY, np.int32)
        self._words = np.array(
            [int.from_bytes(string[:8].ljust(8, b"\0"), "little") for string in self._texts.to_bytes()],
            np.uint64,
        )
        for number in range(len(self._texts)):
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
