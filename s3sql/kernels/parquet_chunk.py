"""All pages of a column chunk that a range of rows lies in, decoded by one call.

In: the bytes of a column chunk.  Out: a table of its data pages, and then numbers of entries or values of a
range of rows.

Calls from Python are what a page costs most, as pages have some ten thousand rows only. So here is what
nearly all column chunks are made of: data pages of version 1 without a NULL, of numbers of a dictionary's
entries and, behind these, of values of one width. Anything else is refused, and is looked at page by page
(:mod:`s3sql.formats.parquet_pages`), by the same rules.

Source: Apache Parquet, Data Pages and Encodings.md.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    DENSE_INT64S,
    INT32,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8S,
    called,
    kernel,
)
from s3sql.kernels.parquet_header import (
    ENCODING,
    HEADER,
    LEVEL_ENCODING,
    REPETITION_ENCODING,
    SIZE,
    STORED_SIZE,
    TYPE,
    VALUES,
    number_between,
    read_page_header,
)
from s3sql.kernels.parquet_runs import count_ones, header_end, repeated_value, unpack_packed
from s3sql.kernels.simd import at, copy32, load64, low_bits, put
from s3sql.kernels.snappy import decompress_snappy
from s3sql.kernels.zstandard import decompress_zstandard

#: Places in a row of the table of pages: where the bytes of a page begin, how many there are, and how many
#: without compression; its first row and how many it has; its encoding.
PAGE_BODY, PAGE_STORED, PAGE_SIZE, PAGE_FIRST, PAGE_VALUES, PAGE_ENCODING = range(6)
PAGE_WIDTH = 6

#: Places in what is told of a column chunk: where the bytes of its dictionary begin, -1 if there is none, how
#: many there are, and how many without compression; its entries and their encoding; how many rows come before
#: the first that has no number of an entry; and whether none with such a number comes behind it.
(
    DICTIONARY_BODY, DICTIONARY_STORED, DICTIONARY_SIZE, DICTIONARY_ENTRIES, DICTIONARY_ENCODING, CODED_ROWS,
    IN_ORDER,
) = range(7)  # fmt: skip
FACTS = 7

_DATA_PAGE, _DATA_HEADER = 0, 5
_DICTIONARY_PAGE, _DICTIONARY_HEADER = 2, 7
PLAIN, _PLAIN_DICTIONARY, _RLE, _RLE_DICTIONARY = 0, 2, 3, 8
MOST_BITS = 32

#: The codecs that are undone here, by their numbers.
SNAPPY, ZSTANDARD = 1, 6


@kernel(INT64(BYTES, INT64, INT64, INT64, INT64, INT64, INT64, INT64S_OUT, INT64S_OUT, INT64S_OUT))
def index_pages(
    buffer: Any,
    start: Any,
    end: Any,
    rows: Any,
    most_bytes: Any,
    most_values: Any,
    most_pages: Any,
    fields: Any,
    table: Any,
    facts: Any,
) -> Any:
    """Describe the data pages of a column chunk of *rows* rows in *table*; how many there are.

    -1 if they are not all of the kind that :func:`decode_pages` takes, or are more or larger than allowed.
    *fields*: room for those of one header; *facts*: for what is told of the whole. Bodies are counted from
    *start*.
    """
    position, row, count, dictionaries = INT64(start), INT64(0), INT64(0), INT64(0)
    put(facts, DICTIONARY_BODY, INT64(-1))
    put(facts, CODED_ROWS, INT64(rows))
    put(facts, IN_ORDER, INT64(1))
    while row < rows:
        body = INT64(read_page_header(buffer, position, end, fields))
        if body < 0:
            return INT64(-1)
        size, stored, values = at(fields, SIZE), at(fields, STORED_SIZE), at(fields, VALUES)
        if size < 0 or size > most_bytes or stored < 0 or stored > min(most_bytes, end - body):
            return INT64(-1)
        position = body + stored
        encoding = at(fields, ENCODING)
        if at(fields, TYPE) == _DICTIONARY_PAGE:
            if count or dictionaries or at(fields, HEADER) != _DICTIONARY_HEADER:
                return INT64(-1)
            dictionaries += 1
            put(facts, DICTIONARY_BODY, body - start)
            put(facts, DICTIONARY_STORED, stored)
            put(facts, DICTIONARY_SIZE, size)
            put(facts, DICTIONARY_ENTRIES, values)
            put(facts, DICTIONARY_ENCODING, encoding)
            continue
        if at(fields, TYPE) != _DATA_PAGE or at(fields, HEADER) != _DATA_HEADER:
            return INT64(-1)
        if encoding != PLAIN and encoding != _PLAIN_DICTIONARY and encoding != _RLE_DICTIONARY:
            return INT64(-1)
        if at(fields, LEVEL_ENCODING) != _RLE or at(fields, REPETITION_ENCODING) < 0:
            return INT64(-1)
        if values < 1 or values > min(most_values, rows - row) or count >= most_pages:
            return INT64(-1)
        place = count * PAGE_WIDTH
        put(table, place + PAGE_BODY, body - start)
        put(table, place + PAGE_STORED, stored)
        put(table, place + PAGE_SIZE, size)
        put(table, place + PAGE_FIRST, row)
        put(table, place + PAGE_VALUES, values)
        put(table, place + PAGE_ENCODING, encoding)
        if encoding == PLAIN:
            put(facts, CODED_ROWS, min(at(facts, CODED_ROWS), row))
        elif at(facts, CODED_ROWS) < row:
            put(facts, IN_ORDER, INT64(0))
        row += values
        count += 1
    return count


@called
def _values_begin(page: Any, size: Any, values: Any) -> Any:
    """Where the values begin behind levels that tell of no NULL; -1 if these tell otherwise, or nothing."""
    if size < 4:
        return INT64(-1)
    length = INT64(load64(page, 0) & low_bits(32))
    if length > size - 4 or count_ones(page, 4, 4 + length, values) != values:
        return INT64(-1)
    return 4 + length


@called
def open_page(
    buffer: Any, base: Any, table: Any, place: Any, codec: Any, library: Any, optional: Any, page: Any
) -> Any:
    """Put the contents of the page at *place* of *table* to *page*; where its values begin there.

    Otherwise as :func:`decode_pages`. -1 if the page is out of order or has a NULL.
    """
    body, stored = base + at(table, place + PAGE_BODY), at(table, place + PAGE_STORED)
    size = at(table, place + PAGE_SIZE)
    if codec == SNAPPY:
        if decompress_snappy(buffer, body, body + stored, page, size) == 0:
            return INT64(-1)
    elif codec == ZSTANDARD:
        if decompress_zstandard(buffer, body, body + stored, page, size, library) == 0:
            return INT64(-1)
    else:
        if size != stored:
            return INT64(-1)
        for copied in range(0, size, 32):
            copy32(page, copied, buffer, body + copied)
    return INT64(0) if optional == 0 else INT64(_values_begin(page, size, at(table, place + PAGE_VALUES)))


@called
def _unpack_codes(
    page: Any, start: Any, end: Any, width: Any, values: Any, low: Any, high: Any, codes: Any, shift: Any
) -> Any:
    """Put values ``[low, high)`` of a page's *values* to ``codes``, number n to place n + *shift*.

    The greatest of them; -1 if one has 32 bits, or the bytes are not so many values.
    """
    position, value = INT64(start), INT64(0)
    while value < values:
        begin = position
        position = header_end(page, begin, end)
        if position < 0:
            return INT64(-1)
        header = number_between(page, begin, position)
        length = header >> 1
        if length == 0:
            return INT64(-1)
        used = (width + 7) // 8 if header & 1 == 0 else length * width
        if header & 1 != 0:
            length *= 8
        if used > end - position:
            return INT64(-1)
        skipped = max(INT64(0), low - value)
        taken = min(length, high - value) - skipped
        if taken > 0:
            first = value + skipped + shift
            if header & 1 == 0:
                repeated = INT32(repeated_value(page, position, width))
                for place in range(first, first + taken):
                    put(codes, place, repeated)
            else:
                unpack_packed(page, position, width, skipped, taken, codes, first)
        position += used
        value += length
    greatest, least = INT32(0), INT32(0)
    for place in range(low + shift, high + shift):
        greatest = max(greatest, at(codes, place))
        least = min(least, at(codes, place))
    return INT64(-1) if least < 0 else INT64(greatest)


@kernel(
    INT64(
        BYTES, INT64, INT64S, UINT8S, INT64, INT64, INT64, DENSE_INT64S, INT64, INT64, BYTES_OUT, INT32S_OUT,
        BYTES_OUT,
    )
)  # fmt: skip
def decode_pages(
    buffer: Any,
    base: Any,
    table: Any,
    wanted: Any,
    begin: Any,
    end: Any,
    codec: Any,
    library: Any,
    optional: Any,
    width: Any,
    page: Any,
    codes: Any,
    values: Any,
) -> Any:
    """Decode the rows ``[begin, end)`` of those pages of *table* that are *wanted*.

    The first row goes to the first place: numbers of entries to *codes*, other values, of *width* bytes, to
    *values*; both are padded, and so is *page*, the room for one without compression. Bodies are counted from
    *base*, and compressed by *codec*; *library*: of Zstandard (:mod:`s3sql.kernels.zstandard`). The greatest
    number of an entry; -1 if a page is out of order or has a NULL.
    """
    greatest = INT64(0)
    for number in range(wanted.size):
        place = number * PAGE_WIDTH
        first, rows = at(table, place + PAGE_FIRST), at(table, place + PAGE_VALUES)
        low, high = max(begin - first, INT64(0)), min(end - first, rows)
        if at(wanted, number) == 0 or low >= high:
            continue
        position = INT64(open_page(buffer, base, table, place, codec, library, optional, page))
        if position < 0:
            return INT64(-1)
        size = at(table, place + PAGE_SIZE)
        if at(table, place + PAGE_ENCODING) == PLAIN:
            if width == 0 or size - position < rows * width:
                return INT64(-1)
            source, target = position + low * width, (first + low - begin) * width
            for copied in range(0, (high - low) * width, 32):
                copy32(values, target + copied, page, source + copied)
            continue
        if position >= size or at(page, position) > MOST_BITS:
            return INT64(-1)
        bits = INT64(at(page, position))
        found = INT64(_unpack_codes(page, position + 1, size, bits, rows, low, high, codes, first - begin))
        if found < 0:
            return INT64(-1)
        greatest = max(greatest, found)
    return greatest
