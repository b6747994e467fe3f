"""The dictionary of a column chunk: its page is read and decompressed once, by the first that needs an entry.

In: the dictionary page of a column chunk.  Out: its entries as they are stored, and as an Arrow array.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.buffers import PADDING, Bytes
from s3sql.formats.parquet_chunk_pages import ChunkPages
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_memory import PageMemory, Slice
from s3sql.formats.parquet_pages import Unfamiliar, text_begins
from s3sql.formats.parquet_whole_chunks import WholeChunk
from s3sql.kernels import parquet_plain as plain
from s3sql.payloads import Int32s

Array: TypeAlias = "pa.Array[Any]"

#: Bytes of the longest number that kernels read.
_ALIGNED = 8


@dataclass(frozen=True, slots=True)
class Entries:
    """``count`` entries: ``stored`` if they are no texts, else slices of ``contents`` between ``offsets``.

    ``page``: the memory that ``stored`` is part of, with room behind it.
    """

    count: int
    stored: NDArray[Any]
    contents: Bytes
    offsets: Int32s
    page: Slice


class ChunkDictionary:
    """The dictionary of *pages*. Thread-safe. ``whole``: the column chunk, once it is in memory."""

    def __init__(self, pages: ChunkPages, layout: ValueLayout, memory: PageMemory) -> None:
        self._pages = pages
        self._memory = memory
        self.whole: WholeChunk | None = None
        self._layout = layout
        self._lock = threading.Lock()
        self._entries: Entries | None = None
        self._array: Array | None = None

    def entries(self) -> Entries:
        """The entries.

        Raises:
            Unfamiliar: see :mod:`s3sql.formats.parquet_pages`.
            Exception: what reading the object raises.
        """
        # A second thread waits for the first: to decompress the page is most of the work.
        with self._lock:
            if self._entries is None:
                self._entries = self._made()
            return self._entries

    def array(self) -> Array:
        """The entries as Arrow has them; raises as :meth:`entries`."""
        entries = self.entries()
        with self._lock:
            if self._array is None:
                if self._layout.storage == "texts":
                    self._array = self._layout.texts(entries.contents, entries.offsets, None)
                else:
                    # Arrow keeps it for longer than the page is kept.
                    self._array = self._layout.array(entries.stored.copy())
            return self._array

    def _made(self) -> Entries:
        layout = self._layout
        if self.whole is not None:
            count, contents = self.whole.dictionary(self._memory)
        else:
            head, contents = self._pages.dictionary()
            count = head.values
        if layout.storage == "texts":
            begins = text_begins(contents, count)
            texts, offsets = copied_texts([(contents.array, begins[:-1], begins[1:] - 4)], count)
            return Entries(count, np.empty(0, np.uint8), texts, offsets, contents)
        size = count * layout.width
        if layout.storage == "bits" or contents.end - contents.start < size:
            raise Unfamiliar
        octets = contents.array[contents.start : contents.start + size]
        if contents.start % _ALIGNED or layout.storage == "octets":
            stored = layout.empty(count)
            stored.reshape(-1).view(np.uint8)[:] = octets
        else:
            stored = octets.view(layout.empty(0).dtype)
        return Entries(count, stored, np.empty(0, np.uint8), np.zeros(1, np.int32), contents)


def copied_texts(slices: Sequence[tuple[Bytes, Int32s, Int32s]], length: int) -> tuple[Bytes, Int32s]:
    """Slices of some contents one behind the other, and where each begins; *length* of them in all."""
    size = sum(int((ends - begins).sum(dtype=np.int64)) for _, begins, ends in slices)
    out, offsets = np.empty(size + PADDING, np.uint8), np.empty(length + 1, np.int32)
    position = row = 0
    for contents, begins, ends in slices:
        count = len(begins)
        position = plain.copy_texts(contents, begins, ends, out, position, offsets[row : row + count])
        row += count
    offsets[length] = position
    return out, offsets
