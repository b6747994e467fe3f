"""A column chunk in memory, of which one call decodes the rows of a morsel.

In: the bytes of a column chunk.  Out: numbers of entries and stored values of a range of rows, or None where
its pages have to be looked at one by one: with NULLs, of version 2, or out of order.

Bytes are decompressed anew for each range of rows, into memory that stays in a core's cache; a range is many
pages long, so that only few pages are decompressed twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from s3sql.buffers import PADDING
from s3sql.formats.parquet_groups import PLAIN_DICTIONARY, UNCOMPRESSED, ColumnChunk
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_memory import PageMemory, Slice
from s3sql.formats.parquet_pages import (
    MOST_PAGE_BYTES,
    MOST_PAGE_VALUES,
    MOST_RANGE_BYTES,
    PLAIN,
    Unfamiliar,
    decompressed,
)
from s3sql.formats.zstandard import zstandard_library
from s3sql.kernels import parquet_chunk as kernels
from s3sql.kernels.parquet_header import FIELDS
from s3sql.kernels.parquet_numbers import take_numbers
from s3sql.payloads import Int32s, Int64s, Rows

#: Most data pages that are noted of a column chunk.
_MOST_PAGES = 1 << 10

#: Of so few rows to one that is wanted, all are decoded: more are mostly in pages of which none is.
_ROWS_TO_A_WANTED_ONE = 64

#: What kernels are told of a library that they do not call.
_NO_LIBRARY: Int64s = np.zeros(2, np.int64)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The rows of a range, or those wanted of them that ``rows`` counts from its first row.

    The first ``coded`` rows of the range have numbers of entries, ``codes``, of which ``greatest`` is the
    greatest; the others have stored ``values``, whose first ``coded`` mean nothing.
    """

    rows: Rows | None
    coded: int
    codes: Int32s
    greatest: int
    values: NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Contents:
    """Where the bytes of ``pages`` are ``stored``, and how they are compressed there.

    ``library``: see :mod:`s3sql.kernels.zstandard`.
    """

    stored: Slice
    pages: Int64s
    codec: int
    library: Int64s


class WholeChunk:
    """A column chunk whose ``stored`` bytes are in memory. Thread-safe."""

    def __init__(self, stored: Slice, pages: Int64s, facts: Int64s, codec: int, layout: ValueLayout) -> None:
        self._stored = stored
        self._pages = pages
        self._dictionary = facts[: kernels.CODED_ROWS].tolist()
        self._codec = codec
        self._layout = layout
        last = pages[-1]
        self.rows = int(last[kernels.PAGE_FIRST]) + int(last[kernels.PAGE_VALUES])
        #: The row behind the last one that has the number of an entry.
        self.coded_rows = int(facts[kernels.CODED_ROWS])
        # Of some ten numbers, as most column chunks have pages, numpy takes longer to add up than Python.
        sizes: list[int] = pages[:, kernels.PAGE_SIZE].tolist()
        #: Bytes of the largest page, and of all.
        self._room = max(sizes)
        self._size = sum(sizes)

    @classmethod
    def of(
        cls, stored: Slice, chunk: ColumnChunk, layout: ValueLayout, rows: int, most_pages: int
    ) -> Self | None:
        """The column chunk of *rows* rows with these bytes, None if its pages are to be looked at one by one.

        ``most_pages``: with more it is left to Arrow.
        """
        if layout.storage == "bits":
            return None
        most_pages = min(most_pages, _MOST_PAGES)
        table = np.empty(most_pages * kernels.PAGE_WIDTH, np.int64)
        facts = np.empty(kernels.FACTS, np.int64)
        count = kernels.index_pages(
            stored.array,
            stored.start,
            stored.end,
            rows,
            MOST_PAGE_BYTES,
            MOST_PAGE_VALUES,
            most_pages,
            np.empty(FIELDS, np.int64),
            table,
            facts,
        )
        if count < 1 or not facts[kernels.IN_ORDER]:
            return None
        pages = table[: count * kernels.PAGE_WIDTH].reshape(count, kernels.PAGE_WIDTH).copy()
        whole = cls(stored, pages, facts, chunk.codec, layout)
        return whole if whole._size <= chunk.uncompressed else None

    def dictionary(self, memory: PageMemory) -> tuple[int, Slice]:
        """How many entries the dictionary has, and their bytes.

        Raises:
            Unfamiliar: see :mod:`s3sql.formats.parquet_pages`.
        """
        body, stored, size, entries, encoding = self._dictionary
        if body < 0 or not 0 <= entries <= MOST_PAGE_VALUES or encoding not in (PLAIN, PLAIN_DICTIONARY):
            raise Unfamiliar
        start = self._stored.start + body
        return entries, decompressed(
            Slice(self._stored.memory, start, start + stored), size, self._codec, memory
        )

    def decode(self, begin: int, end: int, rows: Rows | None, memory: PageMemory) -> Decoded | None:
        """The rows ``[begin, end)``, or *rows*, ascending, which are counted from *begin*.

        None if their pages have to be looked at one by one.
        """
        layout, length = self._layout, end - begin
        if rows is not None and len(rows) * _ROWS_TO_A_WANTED_ONE < length:
            return None
        coded = min(max(self.coded_rows - begin, 0), length)
        if layout.storage == "texts" and coded < length:
            return None
        pages = self._pages_of(begin, end)
        codes = np.empty(length if coded else 0, np.int32)
        values = np.empty(length * layout.width + PADDING if coded < length else PADDING, np.uint8)
        if not self._fit(pages):
            return None
        contents = self._contents(pages, begin, rows, memory)
        room = memory.take(self._room)
        greatest = kernels.decode_pages(
            contents.stored.array,
            contents.stored.start,
            contents.pages.reshape(-1),
            _wanted(pages, begin, rows),
            begin,
            end,
            contents.codec,
            contents.library,
            int(layout.optional),
            layout.width,
            room.array,
            codes,
            values,
        )
        if greatest < 0:
            return None
        typed = _typed(values, layout, length if coded < length else 0)
        return Decoded(rows, coded, codes, int(greatest), typed)

    def numbers(
        self, begin: int, end: int, rows: Rows, entries: tuple[int, Slice] | None, memory: PageMemory
    ) -> Int64s | None:
        """The numbers, of four or eight bytes each, of *rows*, ascending, which are counted from *begin*.

        ``entries``: what :meth:`dictionary` gives, None if no page of the rows ``[begin, end)`` needs it.
        None if their pages have to be looked at one by one.
        """
        numbers = np.empty(len(rows), np.int64)
        pages = self._pages_of(begin, end)
        if not self._fit(pages):
            return None
        contents = self._contents(pages, begin, rows, memory)
        room = memory.take(self._room)
        count, page = entries or (0, Slice(room, 0, 0))
        is_fine = take_numbers(
            contents.stored.array,
            contents.stored.start,
            contents.pages.reshape(-1),
            begin,
            rows,
            contents.codec,
            contents.library,
            int(self._layout.optional),
            self._layout.width,
            room.array,
            page.array,
            page.start,
            count,
            numbers,
        )
        return numbers if is_fine else None

    def _pages_of(self, begin: int, end: int) -> Int64s:
        """The pages of the rows ``[begin, end)``."""
        if begin == 0 and end == self.rows:
            return self._pages
        firsts = self._pages[:, kernels.PAGE_FIRST]
        return self._pages[int(firsts.searchsorted(begin, side="right")) - 1 : int(firsts.searchsorted(end))]

    def _fit(self, pages: Int64s) -> bool:
        """Whether the contents of *pages* together are no more than is decompressed at a time."""
        return self._size <= MOST_RANGE_BYTES or int(pages[:, kernels.PAGE_SIZE].sum()) <= MOST_RANGE_BYTES

    def _contents(self, pages: Int64s, begin: int, rows: Rows | None, memory: PageMemory) -> _Contents:
        """What kernels make contents of *pages* from, if one of *rows* lies in them."""
        if self._codec in (UNCOMPRESSED, kernels.SNAPPY):
            return _Contents(self._stored, pages, self._codec, _NO_LIBRARY)
        library = zstandard_library() if self._codec == kernels.ZSTANDARD else None
        if library is not None:
            return _Contents(self._stored, pages, kernels.ZSTANDARD, library)
        wanted, pages = _wanted(pages, begin, rows), pages.copy()
        sizes = np.where(wanted, pages[:, kernels.PAGE_SIZE], 0)
        bodies = np.cumsum(sizes) - sizes
        whole = memory.take(int(sizes.sum()))
        for page, body in zip(np.flatnonzero(wanted).tolist(), bodies[wanted != 0].tolist(), strict=True):
            start = self._stored.start + int(pages[page, kernels.PAGE_BODY])
            end = start + int(pages[page, kernels.PAGE_STORED])
            size = int(sizes[page])
            found = decompressed(Slice(self._stored.memory, start, end), size, self._codec, memory)
            whole.array[body : body + size] = found.array[found.start : found.end]
        pages[:, kernels.PAGE_BODY], pages[:, kernels.PAGE_STORED] = bodies, sizes
        return _Contents(Slice(whole, 0, int(sizes.sum())), pages, UNCOMPRESSED, _NO_LIBRARY)


def _wanted(pages: Int64s, begin: int, rows: Rows | None) -> NDArray[np.uint8]:
    """In which *pages* one of *rows* lies, which are counted from *begin*; None for all."""
    if rows is None:
        return np.ones(len(pages), np.uint8)
    firsts = pages[:, kernels.PAGE_FIRST] - begin
    low, high = rows.searchsorted(firsts), rows.searchsorted(firsts + pages[:, kernels.PAGE_VALUES])
    return (high > low).view(np.uint8)


def _typed(octets: NDArray[np.uint8], layout: ValueLayout, length: int) -> NDArray[Any]:
    """The values of which these are the bytes."""
    used = octets[: length * layout.width]
    match layout.storage:
        case "words":
            return used.view(np.int32)
        case "long words":
            return used.view(np.int64)
        case "octets":
            return used.reshape(length, layout.width)
    return used
