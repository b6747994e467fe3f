"""What columns of Parquet need beside what Arrow does.

Instants are taken apart, times of day and lists written, text is checked, a dictionary looked through.

In: the buffers of Arrow arrays.  Out: the payloads of :mod:`s3sql.types`.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BYTES,
    BYTES_OUT,
    INT32,
    INT32S,
    INT32S_OUT,
    INT64,
    INT64S,
    INT64S_OUT,
    UINT8,
    UINT8S,
    UINT8S_OUT,
    VOID,
    inlined,
    kernel,
)
from s3sql.kernels.json_strings import copy_forward
from s3sql.kernels.simd import at, put
from s3sql.kernels.utf8 import first_invalid_utf8

#: Precisions of :class:`s3sql.payloads.Timestamps`: three, six and nine digits of a second's fraction.
_MILLISECONDS, _MICROSECONDS, _NANOSECONDS = 7, 10, 13


@inlined
def _split(values: Any, per_second: Any, seconds: Any, nanoseconds: Any, precision: Any) -> None:
    for row in range(values.size):
        value = at(values, row)
        second = value // per_second
        fraction = (value - second * per_second) * (INT64(1_000_000_000) // per_second)
        put(seconds, row, second)
        put(nanoseconds, row, INT32(fraction))
        shown = _MILLISECONDS
        if fraction % 1_000 != 0:
            shown = _NANOSECONDS
        elif fraction % 1_000_000 != 0:
            shown = _MICROSECONDS
        put(precision, row, UINT8(shown))


@kernel(VOID(INT64S, INT64, INT64S_OUT, INT32S_OUT, UINT8S_OUT))
def split_instants(values: Any, per_second: Any, seconds: Any, nanoseconds: Any, precision: Any) -> None:
    """Instants since 1970, *per_second* of them a second, as seconds, nanoseconds and precision.

    *per_second* is 10 to the 3rd, 6th or 9th. The precision is milliseconds, or finer where the value is.
    """
    if per_second == 1_000:
        _split(values, INT64(1_000), seconds, nanoseconds, precision)
    elif per_second == 1_000_000:
        _split(values, INT64(1_000_000), seconds, nanoseconds, precision)
    else:
        _split(values, INT64(1_000_000_000), seconds, nanoseconds, precision)


@inlined
def _put_pair(out: Any, position: Any, number: Any) -> None:
    """Two decimal digits."""
    put(out, position, UINT8(48 + number // 10))
    put(out, position + 1, UINT8(48 + number % 10))


@kernel(VOID(INT64S, INT64, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def write_times(values: Any, unit: Any, out: Any, starts: Any, ends: Any) -> None:
    """Times of day as ``HH:MM:SS.fff``, six or nine digits of the fraction where it has as many.

    *values* are in *unit* nanoseconds; *out* has 18 bytes for each. A value outside the day gives some time
    or other.
    """
    for row in range(values.size):
        position = INT64(18 * row)
        put(starts, row, INT32(position))
        nanoseconds = at(values, row) % (INT64(86_400_000_000_000) // unit) * unit
        seconds = nanoseconds // INT64(1_000_000_000)
        fraction = nanoseconds - seconds * INT64(1_000_000_000)
        minutes = seconds // 60
        _put_pair(out, position, minutes // 60)
        put(out, position + 2, UINT8(58))
        _put_pair(out, position + 3, minutes % 60)
        put(out, position + 5, UINT8(58))
        _put_pair(out, position + 6, seconds % 60)
        put(out, position + 8, UINT8(46))
        _put_pair(out, position + 9, fraction // 10_000_000)
        _put_pair(out, position + 11, fraction // 100_000 % 100)
        _put_pair(out, position + 13, fraction // 1_000 % 100)
        _put_pair(out, position + 15, fraction // 10 % 100)
        put(out, position + 17, UINT8(48 + fraction % 10))
        width = 18
        if fraction % 1_000_000 == 0:
            width = 12
        elif fraction % 1_000 == 0:
            width = 15
        put(ends, row, INT32(position + width))


@kernel(INT64(BYTES, INT64, INT64))
def longest_entry(page: Any, size: Any, count: Any) -> Any:
    """The length of the longest of *count* texts, each behind its length in four bytes.

    -1 if they do not lie in the first *size* bytes. Source: Apache Parquet, Encodings.md (PLAIN).
    """
    longest = INT64(0)
    position = INT64(0)
    for _ in range(count):
        if position + 4 > size:
            return INT64(-1)
        length = INT64(0)
        for place in range(4):
            length |= INT64(at(page, position + place)) << INT64(8 * place)
        position += 4 + length
        if position > size:
            return INT64(-1)
        longest = max(longest, length)
    return longest


@kernel(INT64(INT32S, UINT8S, INT32S_OUT, INT64S_OUT, INT64S_OUT))
def first_rows(codes: Any, known: Any, numbers: Any, rows: Any, numbered: Any) -> Any:
    """Number the values that occur, in the order of their first rows; how many there are.

    *codes* tell values apart; *known* is empty if all rows have one, else nonzero for those that do, and the
    others have one value of their own. *numbers* has an entry for each code and one more, all of them -1.
    ``rows[n]`` becomes the first row of value number n, ``numbered[row]`` the number of its value.
    """
    count = 0
    last = numbers.size - 1
    for row in range(codes.size):
        code = INT64(at(codes, row))
        if known.size != 0 and at(known, row) == UINT8(0):
            code = last
        number = INT64(at(numbers, code))
        if number < 0:
            number = count
            put(numbers, code, INT32(number))
            put(rows, number, INT64(row))
            count += 1
        put(numbered, row, number)
    return count


@kernel(VOID(BYTES, INT32S, INT32S, UINT8S_OUT))
def mark_invalid_utf8(buffer: Any, starts: Any, ends: Any, invalid: Any) -> None:
    """``invalid[i]`` becomes 1 where slice i is no well-formed UTF-8, else 0."""
    for row in range(starts.size):
        wrong = first_invalid_utf8(buffer, INT64(at(starts, row)), INT64(at(ends, row)))
        put(invalid, row, UINT8(0 if wrong < 0 else 1))


@inlined
def _put_value(out: Any, position: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Write a value, ``null`` for the empty text; where it ends."""
    if start < end:
        return copy_forward(out, position, buffer, start, end)
    put(out, position, UINT8(110))
    put(out, position + 1, UINT8(117))
    put(out, position + 2, UINT8(108))
    put(out, position + 3, UINT8(108))
    return position + 4


@kernel(VOID(BYTES, INT32S, INT32S, BYTES, INT32S, INT32S, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def entries(
    keys: Any,
    key_starts: Any,
    key_ends: Any,
    buffer: Any,
    value_starts: Any,
    value_ends: Any,
    out: Any,
    starts: Any,
    ends: Any,
) -> None:
    """Each key, a colon and its value, ``null`` for an empty one; *out* has five bytes more for each."""
    position = INT64(0)
    for row in range(starts.size):
        put(starts, row, INT32(position))
        start, end = INT64(at(key_starts, row)), INT64(at(key_ends, row))
        position = copy_forward(out, position, keys, start, end)
        put(out, position, UINT8(58))
        start, end = INT64(at(value_starts, row)), INT64(at(value_ends, row))
        position = _put_value(out, position + 1, buffer, start, end)
        put(ends, row, INT32(position))


@kernel(VOID(BYTES, INT32S, INT32S, INT64S, UINT8S, UINT8, UINT8, BYTES_OUT, INT32S_OUT, INT32S_OUT))
def bracketed(
    buffer: Any,
    item_starts: Any,
    item_ends: Any,
    offsets: Any,
    known: Any,
    opening: Any,
    closing: Any,
    out: Any,
    starts: Any,
    ends: Any,
) -> None:
    """The items ``offsets[i]`` to ``offsets[i + 1]`` of each row with commas between two brackets.

    A row that is not ``known`` has the empty text, and an item with the empty text is ``null``. *out* has
    room for the items, five bytes beside each, and two brackets for each row.
    """
    position = INT64(0)
    for row in range(starts.size):
        put(starts, row, INT32(position))
        if at(known, row) != UINT8(0):
            put(out, position, opening)
            position += 1
            first = at(offsets, row)
            for item in range(first, at(offsets, row + 1)):
                if item > first:
                    put(out, position, UINT8(44))
                    position += 1
                start, end = INT64(at(item_starts, item)), INT64(at(item_ends, item))
                position = _put_value(out, position, buffer, start, end)
            put(out, position, closing)
            position += 1
        put(ends, row, INT32(position))
