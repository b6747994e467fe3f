"""The header of a Parquet page, of which a large file has a hundred thousand.

In: bytes in which a header begins.  Out: those of its fields that a reader needs.

Source: Apache Parquet, parquet.thrift (PageHeader); Apache Thrift, compact protocol. A header that is written
in a way that no writer is known to use is refused here, and left to Arrow.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import BYTES, INT64, INT64S_OUT, inlined, kernel
from s3sql.kernels.simd import at, put

#: Places of the fields in the result. ``HEADER``: the number of the struct that describes the page.
TYPE, SIZE, STORED_SIZE, VALUES, ENCODING, LEVEL_ENCODING = range(6)
NULLS, ROWS, LEVEL_BYTES, REPETITION_BYTES, COMPRESSED, HEADER, REPETITION_ENCODING = range(6, 13)
FIELDS = 13

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 12

#: Structs within structs; statistics are on the second level.
_DEPTH = 3


@inlined
def _number_end(buffer: Any, position: Any, end: Any) -> Any:
    """Where the number at *position* ends; -1 if it is longer than nine bytes or not within *end*."""
    for length in range(1, 10):
        if position + length > end:
            return INT64(-1)
        if at(buffer, position + length - 1) < 128:
            return position + length
    return INT64(-1)


@inlined
def number_between(buffer: Any, position: Any, end: Any) -> Any:
    """The number from *position* to *end*, seven bits a byte, the lowest first."""
    value = INT64(0)
    for place in range(end - position):
        value |= (INT64(at(buffer, position + place)) & 127) << (7 * place)
    return value


@inlined
def _place(outer: Any, number: Any) -> Any:
    """The place of a field of the struct with the number *outer*, 0 for the header itself; -1 for none."""
    if outer == 0:
        return INT64(number - 1) if number <= 3 else INT64(-1)
    if number <= 1:
        return INT64(VALUES)
    if outer == 5 and number == 4:
        return INT64(REPETITION_ENCODING)
    if outer == 5:
        return INT64(ENCODING + number - 2) if number <= 3 else INT64(-1)
    if outer == 7:
        return INT64(ENCODING) if number == 2 else INT64(-1)
    if outer != 8 or number > 7:
        return INT64(-1)
    if number <= 3:
        return INT64(NULLS + number - 2)
    return INT64(ENCODING) if number == 4 else INT64(LEVEL_BYTES + number - 5)


@kernel(INT64(BYTES, INT64, INT64, INT64S_OUT))
def read_page_header(buffer: Any, start: Any, end: Any, fields: Any) -> Any:
    """Where the header at *start* ends; -1 if it does not end before *end*, or is refused.

    *fields* has -1 where the header has no such field; a page is compressed unless it says otherwise.
    """
    for place in range(FIELDS):
        put(fields, place, INT64(-1))
    put(fields, COMPRESSED, INT64(1))
    position, depth, number, outer, above = INT64(start), INT64(0), INT64(0), INT64(0), INT64(0)
    while position < end:
        byte = INT64(at(buffer, position))
        position += 1
        kind = byte & 15
        if kind == 0:
            if depth == 0:
                return position
            depth -= 1
            number, above = above & 255, above >> 8
            continue
        if byte >> 4 == 0:
            return INT64(-1)
        number += byte >> 4
        if number > 255:
            return INT64(-1)
        value = INT64(0)
        if kind == _STRUCT:
            depth += 1
            if depth > _DEPTH:
                return INT64(-1)
            if depth == 1:
                outer = number
                if number == 5 or number == 7 or number == 8:
                    if at(fields, HEADER) >= 0:
                        return INT64(-1)
                    put(fields, HEADER, number)
            number, above = INT64(0), above << 8 | number
            continue
        if kind == _TRUE or kind == _FALSE:
            value = INT64(1) if kind == _TRUE else INT64(0)
        elif kind == _BYTE:
            position += 1
        elif kind == _DOUBLE:
            position += 8
        elif _I16 <= kind <= _I64 or kind == _BINARY:
            begin = position
            position = _number_end(buffer, begin, end)
            if position < 0:
                return INT64(-1)
            value = number_between(buffer, begin, position)
            if kind == _BINARY:
                if value > end - position:
                    return INT64(-1)
                position += value
            else:
                value = (value >> 1) ^ -(value & 1)
        else:
            return INT64(-1)
        if depth <= 1:
            place = (
                INT64(-1)
                if depth == 1 and outer != 5 and outer != 7 and outer != 8
                else _place(outer if depth == 1 else INT64(0), number)
            )
            if place == COMPRESSED:
                if kind != _TRUE and kind != _FALSE:
                    return INT64(-1)
                put(fields, place, value)
            elif place >= 0:
                if kind != _I32:
                    return INT64(-1)
                put(fields, place, value)
    return INT64(-1)
