"""The pages of a column chunk: found by their headers, read, decompressed and made ready to be taken from.

In: the bytes of a column chunk.  Out: a :class:`Page` for each data page, of which any values can be taken
without looking at the others, and nothing of which points outside its bytes.

What is not in perfect order, or is in an order that is rare, is :class:`Unfamiliar`: then Arrow decides what
the column chunk holds, and whether it holds anything. So no error is told here.

Source: Apache Parquet, Data Pages and Encodings.md.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from s3sql.buffers import Bytes
from s3sql.formats.parquet_groups import PLAIN_DICTIONARY, RLE_DICTIONARY, UNCOMPRESSED
from s3sql.formats.parquet_layouts import ValueLayout
from s3sql.formats.parquet_memory import PageMemory, Slice
from s3sql.formats.zstandard import zstandard_library
from s3sql.kernels.parquet_chunk import SNAPPY, ZSTANDARD
from s3sql.kernels.parquet_plain import index_texts
from s3sql.kernels.parquet_runs import SPACING, count_ones, index_runs, unpack_ones
from s3sql.kernels.snappy import decompress_snappy
from s3sql.kernels.zstandard import decompress_zstandard
from s3sql.payloads import Int32s, Int64s

#: The largest page that is decoded here, before compression and as it is stored: pages are kept as long as
#: rows of them are wanted. Writers make them of about a mebibyte.
MOST_PAGE_BYTES = 8 << 20
#: The most values of a page: a run of a few bytes may be any number of NULLs, and each takes a byte here.
MOST_PAGE_VALUES = 1 << 20
#: The most bytes of the pages of one range of rows, before compression: they are all there at once. A page
#: may be any number of times as long as its values.
MOST_RANGE_BYTES = 64 << 20

#: Encodings by their numbers.
PLAIN, RLE, BIT_PACKED = 0, 3, 4
_CODES = (PLAIN_DICTIONARY, RLE_DICTIONARY)

#: Types of pages.
DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = 0, 2, 3
#: The struct of the header that describes a page of each type.
_STRUCTS = {DATA_PAGE: 5, DICTIONARY_PAGE: 7, DATA_PAGE_V2: 8}

#: Codecs that are read as streams: what they make of too few bytes is told only there.
_STREAMS: dict[int, Literal["gzip", "brotli"]] = {2: "gzip", 4: "brotli"}
_MOST_CODE_BITS = 32

#: Where Arrow decompresses to: its own pools keep what they were given back, for each thread apart.
_POOL = pa.system_memory_pool()


class Unfamiliar(Exception):  # noqa: N818 - it is no error
    """A column chunk that is to be left to Arrow."""


class PageHead(NamedTuple):
    """A page as its header describes it.

    ``body``: where its ``stored`` bytes begin in the file; ``size``: of them before compression. ``values``
    from row number ``first`` of the row group on, or entries of a dictionary. ``level_bytes``: of the levels
    before the values in a page of version 2.
    """

    type: int
    body: int
    stored: int
    size: int
    values: int
    first: int
    encoding: int
    level_bytes: int
    nulls: int
    compressed: bool

    @property
    def end(self) -> int:
        """The row behind the last one."""
        return self.first + self.values


def page_head(fields: Int64s, body: int, first: int) -> PageHead:
    """The page whose header has these *fields* (:mod:`s3sql.kernels.parquet_header`).

    Raises:
        Unfamiliar: it is of another type, or its numbers cannot be.
    """
    type_, size, stored, values, encoding, level_encoding, *rest = fields.tolist()
    nulls, rows, level_bytes, repetition_bytes, compressed, struct, repetition_encoding = rest
    if _STRUCTS.get(type_) != struct or encoding < 0 or values < (type_ != DICTIONARY_PAGE):
        raise Unfamiliar
    if not (0 <= size <= MOST_PAGE_BYTES and 0 <= stored <= MOST_PAGE_BYTES) or values > MOST_PAGE_VALUES:
        raise Unfamiliar
    if type_ == DATA_PAGE and (level_encoding != RLE or repetition_encoding < 0):
        raise Unfamiliar
    if type_ == DATA_PAGE_V2 and (
        rows != values or repetition_bytes or not 0 <= level_bytes <= min(size, stored)
    ):
        raise Unfamiliar
    is_v2 = type_ == DATA_PAGE_V2
    return PageHead(
        type_, body, stored, size, values, first, encoding, level_bytes if is_v2 else 0,
        nulls if is_v2 else -1, not is_v2 or bool(compressed),
    )  # fmt: skip


class Page:
    """A data page that is ready to be taken from.

    ``known``: 0 for each row that is NULL, None if none is; values are stored for the others only, ``stored``
    of them. ``contents``: where they lie. ``codes``: they are numbers of a dictionary's entries, of ``bits``
    bits, with the runs that :func:`~s3sql.kernels.parquet_runs.index_runs` has noted. ``begins``: of texts,
    as :func:`~s3sql.kernels.parquet_plain.index_texts` tells. ``truths``: values of one bit, unpacked.
    """

    __slots__ = (
        "_marks", "begins", "bits", "codes", "contents", "first", "known", "offsets", "run_firsts", "stored",
        "truths",
    )  # fmt: skip

    def __init__(
        self, head: PageHead, stored: Slice, codec: int, layout: ValueLayout, memory: PageMemory
    ) -> None:
        """Raises :class:`Unfamiliar`."""
        levels, self.contents = _levels_and_values(head, stored, codec, memory, optional=layout.optional)
        self.first = head.first
        self.stored = head.values
        self.known: Bytes | None = None
        if levels is not None:
            self._read_levels(levels, head)
        self.codes = head.encoding in _CODES
        self.bits = 0
        if self.codes:
            self._index_codes()
        elif head.encoding == PLAIN or (head.encoding == RLE and layout.storage == "bits"):
            self._check_plain(layout, head.encoding)
        else:
            raise Unfamiliar

    def _read_levels(self, levels: Slice, head: PageHead) -> None:
        count = head.values
        self.stored = count_ones(levels.array, levels.start, levels.end, count)
        if self.stored < 0 or head.nulls not in (-1, count - self.stored):
            raise Unfamiliar
        if self.stored < count:
            self.known = np.empty(count, np.uint8)
            unpack_ones(levels.array, levels.start, count, self.known)
            whole = np.add.reduceat(self.known, np.arange(0, count, SPACING), dtype=np.int64)
            self._marks: Int64s = np.concatenate(([0], np.cumsum(whole)))

    def _index_codes(self) -> None:
        contents = self.contents
        if not self.stored:
            return
        if contents.start == contents.end:
            raise Unfamiliar
        self.bits = int(contents.array[contents.start])
        self.contents = contents = Slice(contents.memory, contents.start + 1, contents.end)
        noted = -(-self.stored // SPACING)
        self.offsets, self.run_firsts = np.empty(noted, np.int32), np.empty(noted, np.int32)
        if self.bits > _MOST_CODE_BITS or not index_runs(
            contents.array,
            contents.start,
            contents.end,
            self.bits,
            self.stored,
            self.offsets,
            self.run_firsts,
        ):
            raise Unfamiliar

    def _check_plain(self, layout: ValueLayout, encoding: int) -> None:
        contents = self.contents
        size = contents.end - contents.start
        if layout.storage == "texts":
            self.begins = text_begins(contents, self.stored)
        elif layout.storage == "bits":
            self.truths = _truths(contents, self.stored, encoding)
        elif size < self.stored * layout.width:
            raise Unfamiliar

    def stored_before(self, row: int) -> int:
        """How many values are stored for the rows of the page before *row* of it."""
        if self.known is None:
            return row
        noted = row // SPACING
        return int(self._marks[noted]) + int(np.count_nonzero(self.known[noted * SPACING : row]))

    def places(self, rows: Int64s) -> tuple[Int64s, Bytes | None]:
        """Which stored values those of *rows* of the page are, ascending, and which rows have one."""
        if self.known is None or not len(rows):
            return rows, None
        low, high = int(rows[0]), int(rows[-1]) + 1
        there = self.known[rows]
        counts = np.cumsum(self.known[low:high], dtype=np.int64) + (self.stored_before(low) - 1)
        return counts[rows[there.view(np.bool_)] - low], there


def text_begins(contents: Slice, count: int) -> Int32s:
    """As :func:`~s3sql.kernels.parquet_plain.index_texts`.

    Raises:
        Unfamiliar: there are fewer texts.
    """
    # Each takes four bytes at least, so memory is in proportion to them.
    if contents.end - contents.start < 4 * count:
        raise Unfamiliar
    begins = np.empty(count + 1, np.int32)
    if not index_texts(contents.array, contents.start, contents.end, count, begins):
        raise Unfamiliar
    return begins


def _truths(contents: Slice, count: int, encoding: int) -> Bytes:
    start, size = contents.start, contents.end - contents.start
    if encoding == PLAIN:
        used = -(-count // 8)
        if size < used:
            raise Unfamiliar
        return np.unpackbits(contents.array[start : start + used], count=count, bitorder="little")
    length = _length(contents)
    if count_ones(contents.array, start + 4, start + 4 + length, count) < 0:
        raise Unfamiliar
    truths = np.empty(count, np.uint8)
    unpack_ones(contents.array, start + 4, count, truths)
    return truths


def _length(contents: Slice) -> int:
    """The length before runs, which lie within the rest."""
    if contents.end - contents.start < 4:
        raise Unfamiliar
    length = int.from_bytes(contents.array[contents.start : contents.start + 4].data, "little")
    if length > contents.end - contents.start - 4:
        raise Unfamiliar
    return length


def _levels_and_values(
    head: PageHead, stored: Slice, codec: int, memory: PageMemory, *, optional: bool
) -> tuple[Slice | None, Slice]:
    if head.type == DATA_PAGE:
        page = decompressed(stored, head.size, codec, memory)
        if not optional:
            return None, page
        begin = page.start + 4
        end = begin + _length(page)
        return Slice(page.memory, begin, end), Slice(page.memory, end, page.end)
    if not optional and (head.level_bytes or head.nulls):
        raise Unfamiliar
    middle = stored.start + head.level_bytes
    levels, values = Slice(stored.memory, stored.start, middle), Slice(stored.memory, middle, stored.end)
    codec = codec if head.compressed else UNCOMPRESSED
    values = decompressed(values, head.size - head.level_bytes, codec, memory)
    return levels if optional else None, values


def decompressed(stored: Slice, size: int, codec: int, memory: PageMemory) -> Slice:
    """The *size* bytes that *stored* ones are without compression.

    Raises:
        Unfamiliar: they are not, or are more or fewer. Fewer would leave bytes of other things.
    """
    if codec == UNCOMPRESSED or (size == 0 and stored.start == stored.end):
        if stored.end - stored.start != size:
            raise Unfamiliar
        return stored
    page = memory.take(size)
    if codec == SNAPPY:
        if not decompress_snappy(stored.array, stored.start, stored.end, page.array, size):
            raise Unfamiliar
        return Slice(page, 0, size)
    library = zstandard_library() if codec == ZSTANDARD else None
    if library is not None:
        if not decompress_zstandard(stored.array, stored.start, stored.end, page.array, size, library):
            raise Unfamiliar
        return Slice(page, 0, size)
    contents: Any = stored.array[stored.start : stored.end]
    try:
        # Of these only Zstandard refuses to make fewer bytes than were asked for.
        found: Any = (
            pa.Codec("zstd").decompress(contents, size, memory_pool=_POOL)
            if codec == ZSTANDARD
            else pa.CompressedInputStream(pa.BufferReader(contents), _STREAMS[codec]).read(size + 1)
        )
    except (OSError, pa.ArrowException) as error:
        raise Unfamiliar from error
    if len(found) != size:
        raise Unfamiliar
    page.array[:size] = memoryview(found)
    return Slice(page, 0, size)
