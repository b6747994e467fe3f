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
from s3sql.formats.parquet_groups import UNCOMPRESSED, ColumnChunk
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_memory import PageMemory, Slice
from s3sql.formats.parquet_pages import (
    MOST_PAGE_BYTES,
    MOST_PAGE_VALUES,
    MOST_RANGE_BYTES,
    PLAIN,
    SNAPPY,
    decompressed,
)
from s3sql.kernels import parquet_chunk as kernels
from s3sql.kernels.parquet_header import FIELDS
from s3sql.payloads import Int32s, Int64s, Rows

#: Most data pages that are noted of a column chunk.
_MOST_PAGES = 1 << 10

#: Of so few rows to one that is wanted, all are decoded: more are mostly in pages of which none is.
_ROWS_TO_A_WANTED_ONE = 64


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


class WholeChunk:
    """A column chunk whose ``stored`` bytes are in memory. Thread-safe."""

    def __init__(self, stored: Slice, pages: Int64s, codec: int, layout: ValueLayout) -> None:
        self._stored = stored
        self._pages = pages
        self._codec = codec
        self._layout = layout
        firsts, last = pages[:, kernels.PAGE_FIRST], pages[-1]
        self._bounds = np.append(firsts, last[kernels.PAGE_FIRST] + last[kernels.PAGE_VALUES])
        plain = pages[:, kernels.PAGE_ENCODING] == PLAIN
        first_plain = int(np.argmax(plain)) if plain.any() else len(pages)
        #: The row behind the last one that has the number of an entry.
        self.coded_rows = int(self._bounds[first_plain])
        self.in_order = bool(plain[first_plain:].all())

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
        )
        if count < 1:
            return None
        pages = table[: count * kernels.PAGE_WIDTH].reshape(count, kernels.PAGE_WIDTH).copy()
        if int(pages[:, kernels.PAGE_SIZE].sum()) > chunk.uncompressed:
            return None
        # Bodies are counted from the first byte.
        pages[:, kernels.PAGE_BODY] -= stored.start
        whole = cls(stored, pages, chunk.codec, layout)
        return whole if whole.in_order else None

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
        first = int(self._bounds.searchsorted(begin, side="right")) - 1
        last = int(self._bounds.searchsorted(end))
        pages = self._pages[first:last]
        wanted = np.ones(len(pages), np.uint8)
        if rows is not None:
            places = rows.searchsorted(self._bounds[first : last + 1] - begin)
            wanted = (places[1:] > places[:-1]).view(np.uint8)
        codes = np.empty(length if coded else 0, np.int32)
        values = np.empty(length * layout.width + PADDING if coded < length else PADDING, np.uint8)
        if int(pages[:, kernels.PAGE_SIZE].sum()) > MOST_RANGE_BYTES:
            return None
        stored, pages, is_snappy = self._contents(pages, wanted, memory)
        room = memory.take(int(pages[:, kernels.PAGE_SIZE].max(initial=0)))
        greatest = kernels.decode_pages(
            stored.array,
            stored.start,
            pages.reshape(-1),
            wanted,
            begin,
            end,
            is_snappy,
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

    def _contents(
        self, pages: Int64s, wanted: NDArray[np.uint8], memory: PageMemory
    ) -> tuple[Slice, Int64s, int]:
        """Where the pages that are wanted lie, how, and whether Snappy is to be undone there."""
        if self._codec in (UNCOMPRESSED, SNAPPY):
            return self._stored, pages, int(self._codec == SNAPPY)
        pages = pages.copy()
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
        return Slice(whole, 0, int(sizes.sum())), pages, 0


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
