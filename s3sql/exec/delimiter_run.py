"""Record delimiters of two equal characters: where in the middle of a text they can be counted from.

In: a byte source and an offset.  Out: an offset at or a little before it. In a run of the character every two
are a delimiter, counted from the run's beginning, so which of them belong together is told by what comes
before, however long it is:

    a;;;;;b      records: a, none, and one that begins with ;
     ^ ^ ^
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

#: Most bytes of a run that are looked at together.
_CHUNK_BYTES = 1 << 20


class ByteSource(Protocol):
    """A text that can be read from any offset on."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the text ends or cannot be read on."""
        ...


def counted_from(source: ByteSource, begin: int, character: bytes) -> int:
    """A place from which delimiters of two *character* can be counted, so that those at *begin* are found.

    It is at most four characters before *begin*; all delimiters that end at or behind *begin* lie behind it.
    """
    size = len(character)
    first = max(begin - size, 0)
    text = _read(source, first, begin + size - 1 - first)
    for end in range(max(begin, size), begin + size):
        if text[end - size - first : end - first] == character:
            run = _run_start(source, end, character)
            pairs = (begin - run) // (2 * size)
            return run + 2 * size * max(pairs - 1, 0)
    return begin


def _run_start(source: ByteSource, end: int, character: bytes) -> int:
    """Where the run of *character* that ends at *end* begins."""
    size = len(character)
    length = 64 * size
    while end >= size:
        length = min(length, end // size * size)
        characters = np.frombuffer(_read(source, end - length, length), np.uint8).reshape(-1, size)
        other = np.flatnonzero((characters != np.frombuffer(character, np.uint8)).any(axis=1))
        if len(other):
            return end - length + (int(other[-1]) + 1) * size
        end -= length
        length = min(2 * length, _CHUNK_BYTES // size * size)
    return end


def _read(source: ByteSource, offset: int, length: int) -> bytes:
    """*length* bytes from *offset* on; fewer where the text ends."""
    found = bytearray(length)
    filled = 0
    while filled < length:
        read = source.read_into(memoryview(found)[filled:], offset + filled)
        if not read:
            break
        filled += read
    return bytes(found[:filled])
