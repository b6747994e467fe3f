"""Numbers of single rows of a column chunk, whatever pages they lie in, and which of them lie in a range.

In: the bytes of a column chunk, the table of its pages and the entries of its dictionary.  Out: the numbers
of the rows asked for, all of 64 bits, or the rows whose numbers lie between two others.

Of a page only the values that are asked for are read. That its runs are in order is seen all the same, since
whether a page can be read at all must not depend on who asks for what.

Source: Apache Parquet, Data Pages and Encodings.md.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    DENSE_INT64S,
    INT32,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8S_OUT,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.parquet_chunk import (
    MOST_BITS,
    PAGE_ENCODING,
    PAGE_FIRST,
    PAGE_SIZE,
    PAGE_VALUES,
    PAGE_WIDTH,
    PLAIN,
    open_page,
)
from s3sql.kernels.parquet_header import number_between
from s3sql.kernels.parquet_runs import header_end, packed_value, repeated_value
from s3sql.kernels.simd import at, load64, put


@inlined
def _number(octets: Any, position: Any, width: Any) -> Any:
    """The number of *width* bytes, four or eight, at *position*."""
    word = INT64(load64(octets, position))
    return INT64(INT32(word)) if width == 4 else word


@called
def _entries_at(
    page: Any, start: Any, end: Any, bits: Any, values: Any, rows: Any, done: Any, before: Any, last: Any,
    entries: Any, first_entry: Any, count: Any, width: Any, numbers: Any,
) -> Any:  # fmt: skip
    """The entries of the rows from place *done* of *rows* to the row before *last*, to their places.

    Value number n of the page's *values* is that of row n + *before*. 0 if one is no entry, or if the bytes
    are not so many values.
    """
    position, value, place = INT64(start), INT64(0), INT64(done)
    while value < values:
        begin = position
        position = header_end(page, begin, end)
        if position < 0:
            return INT64(0)
        header = number_between(page, begin, position)
        length = header >> 1
        if length == 0:
            return INT64(0)
        used = (bits + 7) // 8 if header & 1 == 0 else length * bits
        if header & 1 != 0:
            length *= 8
        if used > end - position:
            return INT64(0)
        row_end = min(before + value + length, last)
        while place < rows.size and at(rows, place) < row_end:
            if header & 1 == 0:
                code = repeated_value(page, position, bits)
            else:
                code = packed_value(page, position, bits, at(rows, place) - before - value)
            if code >= count:
                return INT64(0)
            put(numbers, place, _number(entries, first_entry + code * width, width))
            place += 1
        position += used
        value += length
    return INT64(1)


@kernel(
    INT64(
        BYTES, INT64, INT64S, INT64, DENSE_INT64S, INT64, DENSE_INT64S, INT64, INT64, BYTES_OUT, BYTES, INT64,
        INT64, INT64S_OUT,
    )
)  # fmt: skip
def take_numbers(
    buffer: Any, base: Any, table: Any, begin: Any, rows: Any, codec: Any, library: Any, optional: Any,
    width: Any, page: Any, entries: Any, first_entry: Any, count: Any, numbers: Any,
) -> Any:  # fmt: skip
    """The numbers of *rows*, ascending and counted from row *begin*, of a column chunk.

    They are of *width* bytes, four or eight; *entries* has *count* of them from *first_entry* on. What else
    is taken is described at :func:`~s3sql.kernels.parquet_chunk.decode_pages`. 0 if a page in which a row
    lies is out of order or has a NULL, or if not all rows are in the pages of *table*.
    """
    done = INT64(0)
    for number in range(table.size // PAGE_WIDTH):
        place = number * PAGE_WIDTH
        before = at(table, place + PAGE_FIRST) - begin
        values = at(table, place + PAGE_VALUES)
        last = before + values
        if done >= rows.size:
            break
        if at(rows, done) < before:
            return INT64(0)
        if at(rows, done) >= last:
            continue
        position = INT64(open_page(buffer, base, table, place, codec, library, optional, page))
        if position < 0:
            return INT64(0)
        size = at(table, place + PAGE_SIZE)
        first = done
        while done < rows.size and at(rows, done) < last:
            done += 1
        if at(table, place + PAGE_ENCODING) == PLAIN:
            if size - position < values * width:
                return INT64(0)
            for row in range(first, done):
                put(numbers, row, _number(page, position + (at(rows, row) - before) * width, width))
            continue
        if position >= size or at(page, position) > MOST_BITS:
            return INT64(0)
        bits = INT64(at(page, position))
        position += 1
        if (
            _entries_at(
                page, position, size, bits, values, rows, first, before, last, entries, first_entry, count,
                width, numbers,
            )
            == 0
        ):  # fmt: skip
            return INT64(0)
    return INT64(1) if done == rows.size else INT64(0)


@kernel(INT64(DENSE_INT64S, INT64, INT64, INT64, INT64S_OUT))
def select_between(numbers: Any, low: Any, high: Any, first: Any, places: Any) -> Any:
    """The places of *numbers*, counted from *first* on, of those from *low* to *high*; how many there are."""
    count = INT64(0)
    for place in range(numbers.size):
        number = at(numbers, place)
        # Whether one is kept cannot be predicted: each is written, and the next one over it if it is not.
        put(places, count, first + place)
        count += INT64(low <= number) & INT64(number <= high)
    return count


@kernel(INT64(BYTES, INT64, INT64, INT64, INT64, INT64, INT64, INT64, UINT8S_OUT))
def entries_between(
    entries: Any, first_entry: Any, count: Any, width: Any, low: Any, high: Any, least: Any, most: Any,
    table: Any,
) -> Any:  # fmt: skip
    """Which of *count* entries are from *low* to *high*; 0 if one is not even from *least* to *most*."""
    within = INT64(1)
    for entry in range(count):
        number = _number(entries, first_entry + entry * width, width)
        within &= INT64(least <= number) & INT64(number <= most)
        put(table, entry, (low <= number) & (number <= high))
    return within
