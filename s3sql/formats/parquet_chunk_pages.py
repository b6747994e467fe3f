"""One column chunk: its pages, found as far as rows are asked for, and kept as long as others will be.

In: a column chunk and the source of its bytes.  Out: pages, and the dictionary. Any number of threads ask for
different rows at once: headers are read under one lock, a page is made ready under its own, by the first that
needs it.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from s3sql.formats.parquet_file import ParquetSource
from s3sql.formats.parquet_groups import PLAIN_DICTIONARY, ColumnChunk
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_memory import PageMemory, Slice
from s3sql.formats.parquet_pages import (
    DICTIONARY_PAGE,
    MOST_RANGE_BYTES,
    PLAIN,
    Page,
    PageHead,
    Unfamiliar,
    decompressed,
    page_head,
)
from s3sql.kernels.parquet_header import FIELDS, read_page_header
from s3sql.payloads import Int64s

#: Whether any of the rows from one to before another is wanted.
Wanted: TypeAlias = Callable[[int, int], bool]

#: Bytes in which most headers of pages end, and the longest one; statistics of texts are in it.
_HEADER_BYTES, _MOST_HEADER_BYTES = 1 << 10, 1 << 20


class _Kept:
    """A page while rows of it are wanted: its bytes, and then the page itself."""

    __slots__ = ("lock", "page", "stored")

    def __init__(self, stored: Slice | None) -> None:
        self.lock = threading.Lock()
        self.stored = stored
        self.page: Page | None = None


class ChunkPages:
    """The pages of *chunk*, which has *rows* rows. Thread-safe."""

    def __init__(
        self,
        source: ParquetSource,
        chunk: ColumnChunk,
        layout: ValueLayout,
        rows: int,
        piece: int,
        memory: PageMemory,
        most_pages: int,
    ) -> None:
        """``piece``: bytes to read at a time; ``most_pages``: with more the column chunk is left to Arrow."""
        self._chunk = chunk
        self._layout = layout
        self._rows = rows
        self.most_pages = most_pages
        self._memory = memory
        self._bytes = _ChunkBytes(source, chunk, piece, memory)
        self._lock = threading.Lock()
        self._heads: list[PageHead] = []
        self._next = chunk.begin
        self._contents_bytes = 0
        self._fields = np.empty(FIELDS, np.int64)
        self._kept: dict[int, _Kept] = {}
        self._dictionary_head: PageHead | None = None
        self._dictionary: Slice | None = None

    def whole(self) -> Slice:
        """All bytes of the column chunk, which stay in memory; what is asked for later is read from there.

        Raises:
            Exception: what reading the object raises.
        """
        with self._lock:
            return self._bytes.read(self._chunk.begin, self._chunk.size)

    def pages(self, begin: int, end: int, wanted: Wanted) -> list[Page]:
        """The pages that hold rows ``[begin, end)``, but for those of which none of these rows is wanted.

        Raises:
            Unfamiliar: see :mod:`s3sql.formats.parquet_pages`.
            Exception: what reading the object raises.
        """
        found: list[tuple[PageHead, _Kept]] = []
        with self._lock:
            self._find(begin, end, wanted)
            number = bisect_right(self._heads, begin, key=lambda head: head.first) - 1
            while number < len(self._heads) and self._heads[number].first < end:
                head = self._heads[number]
                if wanted(max(head.first, begin), min(head.end, end)):
                    found.append((head, self._kept.setdefault(number, _Kept(None))))
                number += 1
        if sum(head.size for head, _ in found) > MOST_RANGE_BYTES:
            raise Unfamiliar
        return [self._ready(head, kept) for head, kept in found]

    def dictionary(self) -> tuple[PageHead, Slice]:
        """The head of the dictionary page and its contents, to be asked for once; raises as :meth:`pages`."""
        with self._lock:
            self._find(0, 1, _all)
            head, stored, self._dictionary = self._dictionary_head, self._dictionary, None
        if head is None or stored is None or head.encoding not in (PLAIN, PLAIN_DICTIONARY):
            raise Unfamiliar
        return head, decompressed(stored, head.size, self._chunk.codec, self._memory)

    def release(self, wanted: Wanted) -> None:
        """Let go of the pages of which no row is wanted any more."""
        with self._lock:
            for number in list(self._kept):
                head = self._heads[number]
                if not wanted(head.first, head.end):
                    del self._kept[number]

    def _ready(self, head: PageHead, kept: _Kept) -> Page:
        with kept.lock:
            if kept.page is None:
                stored = kept.stored
                if stored is None:
                    with self._lock:
                        stored = self._bytes.read(head.body, head.stored)
                kept.page = Page(head, stored, self._chunk.codec, self._layout, self._memory)
                kept.stored = None
            return kept.page

    def _find(self, begin: int, end: int, wanted: Wanted) -> None:
        """Read headers until the rows before *end* have their pages, and the bytes of those that are wanted.

        Called under the lock.
        """
        row = self._heads[-1].end if self._heads else 0
        while row < end:
            fields = self._fields
            body = self._bytes.read_header(self._next, fields)
            head = page_head(fields, body, row)
            self._next = body + head.stored
            self._contents_bytes += head.size
            if self._next > self._chunk.begin + self._chunk.size:
                raise Unfamiliar
            # What the footer tells has been held against the limits.
            if self._contents_bytes > self._chunk.uncompressed:
                raise Unfamiliar
            if head.type == DICTIONARY_PAGE:
                if self._heads or self._dictionary_head is not None:
                    raise Unfamiliar
                self._dictionary_head = head
                self._dictionary = self._bytes.read(body, head.stored)
                continue
            if head.end > self._rows or len(self._heads) >= self.most_pages:
                raise Unfamiliar
            if head.end > begin and wanted(max(head.first, begin), min(head.end, end)):
                self._kept[len(self._heads)] = _Kept(self._bytes.read(body, head.stored))
            self._heads.append(head)
            row = head.end


def _all(begin: int, end: int) -> bool:
    return True


class _ChunkBytes:
    """The bytes of a column chunk, read in pieces."""

    def __init__(self, source: ParquetSource, chunk: ColumnChunk, piece: int, memory: PageMemory) -> None:
        self._source = source
        self._end = chunk.begin + chunk.size
        self._piece_bytes = piece
        self._memory = memory
        self._piece = Slice(memory.take(0), 0, 0)
        self._begin = chunk.begin

    def read(self, offset: int, length: int) -> Slice:
        """The *length* bytes from *offset* on; what lies behind those read last is read with more to come.

        Raises:
            Unfamiliar: they are not in the column chunk.
        """
        if offset + length > self._end:
            raise Unfamiliar
        if offset < self._begin:
            return self._part(self._read(offset, length, None), 0, length)
        begin, end = offset - self._begin, self._piece.end
        if begin + length > end:
            # What is there of it is not read again.
            there = Slice(self._piece.memory, begin, end) if begin < end else None
            known = max(end - begin, 0)
            ahead = min(max(length - known, self._piece_bytes), self._end - offset - known)
            self._piece, self._begin, begin = self._read(offset, ahead, there), offset, 0
        return self._part(self._piece, begin, length)

    def _read(self, offset: int, length: int, there: Slice | None) -> Slice:
        """What is *there* of the bytes from *offset* on, and so many behind."""
        known = 0 if there is None else there.end - there.start
        memory = self._memory.take(known + length)
        if there is not None:
            memory.array[:known] = there.array[there.start : there.end]
        found = self._source.read_into(memory.array[known : known + length].data, offset + known)
        return Slice(memory, 0, known + found)

    def _part(self, piece: Slice, begin: int, length: int) -> Slice:
        if begin + length > piece.end:
            raise Unfamiliar
        return Slice(piece.memory, begin, begin + length)

    def read_header(self, offset: int, fields: Int64s) -> int:
        """Read the header of a page at *offset* into *fields*; where it ends.

        Raises:
            Unfamiliar: there is none, or one of more than :data:`_MOST_HEADER_BYTES`.
        """
        length = 0
        while length < min(_MOST_HEADER_BYTES, self._end - offset):
            # What is there already; most headers are.
            rest = self._begin + self._piece.end - offset
            length = (
                rest if rest > 0 and not length else min(max(2 * length, _HEADER_BYTES), self._end - offset)
            )
            found = self.read(offset, length)
            end = int(read_page_header(found.array, found.start, found.end, fields))
            if end >= 0:
                return offset + end - found.start
        raise Unfamiliar
