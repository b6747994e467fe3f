"""The values of a column chunk as Arrow arrays: of a range of rows, or of some rows only.

In: the pages of a column chunk.  Out: an Arrow array. It is one of numbers of a dictionary's entries where
these are few compared with the rows asked for; what reads it then looks at each entry once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from s3sql.buffers import Bytes
from s3sql.formats.parquet_chunk_dictionary import ChunkDictionary, copied_texts
from s3sql.formats.parquet_chunk_pages import ChunkPages, Wanted
from s3sql.formats.parquet_groups import ColumnChunk
from s3sql.formats.parquet_layouts import ValueLayout, memory_of, null_count, validity
from s3sql.formats.parquet_memory import PageMemory
from s3sql.formats.parquet_numbers import ChunkNumbers
from s3sql.formats.parquet_pages import Page, Unfamiliar
from s3sql.formats.parquet_whole_chunks import Decoded, WholeChunk
from s3sql.kernels import parquet_plain as plain
from s3sql.kernels.parquet_runs import SPACING, unpack, unpack_at
from s3sql.payloads import Int32s, Int64s, Rows

Array: TypeAlias = "pa.Array[Any]"

#: With fewer rows to an entry of the dictionary than this, rows get their values.
_ROWS_TO_AN_ENTRY = 2

#: Of a row group in more parts than this, a few rows may be all that is asked for.
_PARTS_OF_A_GROUP = 16

#: Most bytes of texts of one array. A dictionary may make many times as many of a page.
_MOST_TEXT_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class _Share:
    """What one page gives: to ``[begin, end)`` of the result, the stored values of some rows.

    ``known``: 0 for each of these rows that is NULL, None if none is. The values are those from number
    ``first`` on, ``count`` of them, or those with the numbers ``places``.
    """

    page: Page
    begin: int
    end: int
    known: Bytes | None
    first: int
    count: int
    places: Int64s | None


class ChunkValues:
    """The values of a column chunk. Thread-safe."""

    def __init__(
        self,
        pages: ChunkPages,
        layout: ValueLayout,
        whole: ColumnChunk | None,
        rows: int,
        memory: PageMemory,
    ) -> None:
        """``whole``: the column chunk, of *rows* rows, if it is small enough to be read at once."""
        self._pages = pages
        self._layout = layout
        self._small = whole
        self._rows = rows
        self._memory = memory
        self._whole: WholeChunk | None = None
        self._lock = threading.Lock()
        self._dictionary = ChunkDictionary(pages, layout, memory)

    def release(self, wanted: Wanted) -> None:
        """Let go of what serves no row that is wanted."""
        self._pages.release(wanted)

    def take(self, begin: int, end: int, rows: Rows | None = None) -> Array:
        """The values of the rows ``[begin, end)``, or of *rows*, ascending, which are counted from *begin*.

        Raises:
            Unfamiliar: see :mod:`s3sql.formats.parquet_pages`.
            Exception: what reading the object raises.
        """
        whole = self._whole_chunk(begin, end)
        decoded = None if whole is None else whole.decode(begin, end, rows, self._memory)
        array = None if decoded is None else self._array_of(decoded)
        if array is not None:
            return array
        if rows is None:
            pages = self._pages.pages(begin, end, lambda first, last: first < last)
            length, shares = end - begin, [_range_share(page, begin, end) for page in pages]
        else:
            wanted = rows + begin

            def is_wanted(first: int, last: int) -> bool:
                return bool(wanted.searchsorted(first) < wanted.searchsorted(last))

            pages = self._pages.pages(begin, end, is_wanted)
            length, shares = len(rows), [_rows_share(page, wanted) for page in pages]
        known = _known(shares, length)
        coded = bool(shares) and all(share.page.codes for share in shares)
        if coded and 0 < self._dictionary.entries().count * _ROWS_TO_AN_ENTRY <= length:
            return self._codes(shares, length, known)
        if self._layout.storage == "texts":
            return self._texts(shares, length, known, coded=coded)
        stored = self._layout.empty(length)
        for share in shares:
            self._fill(stored[share.begin : share.end], share)
        return self._layout.array(stored, known)

    def numbers(self, begin: int, end: int) -> ChunkNumbers | None:
        """The column chunk as numbers, None if the pages of ``[begin, end)`` are to be looked at one by one.

        Only of a layout that has numbers. Raises what reading the object raises.
        """
        whole = self._whole_chunk(begin, end)
        return None if whole is None else ChunkNumbers(whole, self._dictionary, self._layout, self._memory)

    # --- one call for many pages ----------------------------------------------------------------------------

    def _whole_chunk(self, begin: int, end: int) -> WholeChunk | None:
        """The column chunk in memory, None if that is not worth while or its pages are not as usual."""
        with self._lock:
            if self._whole is None and self._small is not None:
                if (end - begin) * _PARTS_OF_A_GROUP < self._rows:
                    return None
                chunk, self._small = self._small, None
                stored, most_pages = self._pages.whole(), self._pages.most_pages
                self._whole = WholeChunk.of(stored, chunk, self._layout, self._rows, most_pages)
                self._dictionary.whole = self._whole
            return self._whole

    def _array_of(self, decoded: Decoded) -> Array | None:
        """The rows of *decoded*; None if too few rows share an entry and they are texts."""
        coded, rows = decoded.coded, decoded.rows
        values, codes = decoded.values, decoded.codes
        length = len(codes) or len(values)
        if coded and decoded.greatest >= self._dictionary.entries().count:
            return None
        if rows is not None:
            length, coded = len(rows), int(rows.searchsorted(coded))
            codes = codes[rows[:coded]]
        if coded == length and 0 < self._dictionary.entries().count * _ROWS_TO_AN_ENTRY <= length:
            return self._coded(codes, None)
        if self._layout.storage == "texts":
            return None
        if not coded:
            return self._layout.array(values if rows is None else values[rows])
        stored = self._layout.empty(length)
        self._take_entries(codes[:coded], stored[:coded])
        stored[coded:] = values[coded:] if rows is None else values[rows[coded:]]
        return self._layout.array(stored)

    # --- numbers of entries -------------------------------------------------------------------------------

    def _codes(self, shares: Sequence[_Share], length: int, known: Bytes | None) -> Array:
        codes = np.empty(length, np.int32)
        for share in shares:
            self._fill_codes(codes[share.begin : share.end], share)
        return self._coded(codes, known)

    def _coded(self, codes: Int32s, known: Bytes | None) -> Array:
        entries = self._dictionary.array()
        buffers = [validity(known), memory_of(codes)]
        indices = pa.Array.from_buffers(pa.int32(), len(codes), buffers, null_count(known))
        return pa.DictionaryArray.from_arrays(indices, entries, safe=False)

    def _fill_codes(self, out: Int32s, share: _Share) -> None:
        if share.known is None:
            self._stored_codes(out, share)
            return
        # A kernel looks at the value behind the last one.
        stored = np.zeros(share.count + 1, np.int32)
        self._stored_codes(stored[: share.count], share)
        plain.spread_words(share.known, stored, out)

    def _stored_codes(self, out: Int32s, share: _Share) -> None:
        """The numbers of entries that are stored.

        Raises:
            Unfamiliar: one is that of no entry.
        """
        if not share.count:
            return
        page = share.page
        contents = page.contents.array
        noted = share.first // SPACING
        offset, value = int(page.offsets[noted]), int(page.run_firsts[noted])
        if share.places is None:
            greatest = unpack(contents, offset, value, page.bits, share.first, share.count, out)
        else:
            greatest = unpack_at(contents, offset, value, page.bits, share.places, out)
        if not 0 <= greatest < self._dictionary.entries().count:
            raise Unfamiliar

    # --- values of one width ------------------------------------------------------------------------------

    def _fill(self, out: NDArray[Any], share: _Share) -> None:
        if share.known is None:
            self._stored_values(out, share)
            return
        stored = self._layout.empty(share.count + 1)
        stored[share.count :] = 0
        self._stored_values(stored[: share.count], share)
        match self._layout.storage:
            case "words":
                plain.spread_words(share.known, stored, out)
            case "long words":
                plain.spread_long_words(share.known, stored, out)
            case _:
                out[:] = 0
                out[share.known.view(np.bool_)] = stored[: share.count]

    def _stored_values(self, out: NDArray[Any], share: _Share) -> None:
        """The values that are stored."""
        page, storage, places = share.page, self._layout.storage, share.places
        if not share.count:
            return
        if page.codes:
            codes = np.empty(share.count, np.int32)
            self._stored_codes(codes, share)
            self._take_entries(codes, out)
        elif storage == "bits":
            out[:] = (
                page.truths[share.first : share.first + share.count]
                if places is None
                else page.truths[places]
            )
        elif places is None:
            _copy_range(page.contents.array, page.contents.start + share.first * self._layout.width, out)
        elif storage == "words":
            plain.words_at(page.contents.array, page.contents.start, places, out)
        elif storage == "long words":
            plain.long_words_at(page.contents.array, page.contents.start, places, out)
        else:
            start, width = page.contents.start, self._layout.width
            whole = page.contents.array[start : start + page.stored * width].reshape(page.stored, width)
            np.take(whole, places, axis=0, out=out, mode="clip")

    def _take_entries(self, codes: Int32s, out: NDArray[Any]) -> None:
        """The entries with these numbers."""
        entries = self._dictionary.entries().stored
        match self._layout.storage:
            case "words":
                plain.take_words(entries, codes, out)
            case "long words":
                plain.take_long_words(entries, codes, out)
            case _:
                np.take(entries, codes, axis=0, out=out, mode="clip")

    # --- texts --------------------------------------------------------------------------------------------

    def _texts(self, shares: Sequence[_Share], length: int, known: Bytes | None, *, coded: bool) -> Array:
        """Texts one behind the other, unless entries of a dictionary make too many bytes of them."""
        slices = [self._slices(share) for share in shares]
        size = sum(int((ends - begins).sum(dtype=np.int64)) for _, begins, ends in slices)
        if size > _MOST_TEXT_BYTES:
            if coded:
                return self._codes(shares, length, known)
            raise Unfamiliar
        contents, offsets = copied_texts(slices, length)
        return self._layout.texts(contents, offsets, known)

    def _slices(self, share: _Share) -> tuple[Bytes, Int32s, Int32s]:
        """Where the text of each row lies, nowhere for NULL."""
        page, places = share.page, share.places
        if page.codes:
            codes = np.empty(share.count, np.int32)
            self._stored_codes(codes, share)
            entries = self._dictionary.entries()
            contents, offsets = entries.contents, entries.offsets
            begins, ends = offsets[codes], offsets[1:][codes]
        elif places is None:
            contents, last = page.contents.array, share.first + share.count
            begins, ends = page.begins[share.first : last], page.begins[share.first + 1 : last + 1] - 4
        else:
            contents, begins, ends = page.contents.array, page.begins[places], page.begins[places + 1] - 4
        if share.known is None:
            return contents, begins, ends
        there = share.known.view(np.bool_)
        spread = np.zeros((2, len(there)), np.int32)
        spread[0, there], spread[1, there] = begins, ends
        return contents, spread[0], spread[1]


def _range_share(page: Page, begin: int, end: int) -> _Share:
    """What *page* gives of the rows ``[begin, end)``."""
    rows = page.stored if page.known is None else len(page.known)
    low, high = max(begin - page.first, 0), min(end - page.first, rows)
    place = page.first + low - begin
    if page.known is None:
        return _Share(page, place, place + high - low, None, low, high - low, None)
    first = page.stored_before(low)
    known = page.known[low:high]
    count = int(np.count_nonzero(known))
    return _Share(page, place, place + high - low, known if count < high - low else None, first, count, None)


def _rows_share(page: Page, wanted: Rows) -> _Share:
    """What *page* gives of the rows *wanted* of the row group."""
    rows = page.stored if page.known is None else len(page.known)
    low, high = int(wanted.searchsorted(page.first)), int(wanted.searchsorted(page.first + rows))
    places, known = page.places(wanted[low:high] - page.first)
    first = int(places[0]) if len(places) else 0
    return _Share(page, low, high, known if len(places) < high - low else None, first, len(places), places)


def _known(shares: Sequence[_Share], length: int) -> Bytes | None:
    """Which rows are not NULL, None if none is."""
    if all(share.known is None for share in shares):
        return None
    known = np.ones(length, np.uint8)
    for share in shares:
        if share.known is not None:
            known[share.begin : share.end] = share.known
    return known


def _copy_range(contents: Bytes, start: int, out: NDArray[Any]) -> None:
    """Fill *out* with the bytes from *start* on."""
    octets = out.reshape(-1).view(np.uint8)
    octets[:] = contents[start : start + octets.size]
