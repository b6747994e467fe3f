"""Many structs of Thrift's compact protocol at once: a Parquet footer has two for each column chunk.

In: the bytes of a footer, which may be anything, and places of structs in it.  Out: the kinds and values of
their first fields, one level deep.

Every byte is looked at once a call, and nesting is limited, so time is in proportion to the bytes; what is
refused is refused by :mod:`s3sql.formats.parquet_thrift` for the same reason. Source: Apache Thrift, compact
protocol.
"""

from __future__ import annotations

from typing import Any

from s3sql.kernels.compile import (
    BOOL,
    BYTES,
    BYTES_OUT,
    INT64,
    INT64S_OUT,
    UINT64,
    called,
    inlined,
    kernel,
)
from s3sql.kernels.simd import at, put

#: Fields of a struct that are told: those with the numbers 1 to 12.
FIELDS = 12

#: Places of the work area; behind them is the stack of what is being skipped, two entries to a level.
FAULT_PLACE, FAULT_KIND, FAULT_DEPTH, _STACK = range(4)
MAX_DEPTH = 32
WORK_SIZE = _STACK + 2 * MAX_DEPTH + 4

#: Instead of a place: the struct behind the one before; and none, which has no fields.
NEXT, NONE = -1, -2

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

#: A struct on the stack; a list is 16 times the values that are to come, and their kind.
_OPEN_STRUCT = -1


@inlined
def _number_end(text: Any, place: Any, end: Any) -> Any:
    """Where the number at *place* ends; -1 if it has more than 64 bits or is not within *end*."""
    for length in range(1, 11):
        if place + length > end:
            return INT64(-1)
        byte = at(text, place + length - 1)
        if byte < 128:
            return INT64(-1) if length == 10 and byte > 1 else place + length
    return INT64(-1)


@inlined
def _unsigned(text: Any, place: Any, end: Any) -> Any:
    value = UINT64(0)
    for index in range(end - place):
        value |= (UINT64(at(text, place + index)) & UINT64(127)) << UINT64(7 * index)
    return value


@inlined
def _integer(text: Any, place: Any, end: Any) -> Any:
    value = _unsigned(text, place, end)
    return INT64(value >> UINT64(1)) ^ -INT64(value & UINT64(1))


@inlined
def _refuse(work: Any, place: Any, kind: Any, depth: Any) -> Any:
    """Note the value that is refused."""
    put(work, FAULT_PLACE, INT64(place))
    put(work, FAULT_KIND, INT64(kind))
    put(work, FAULT_DEPTH, INT64(depth))
    return INT64(-1)


@called
def _skip(text: Any, place: Any, end: Any, kind: Any, depth: Any, work: Any) -> Any:
    """Where the value of this *kind* ends; -1 if it is refused."""
    top = INT64(_STACK)
    while True:
        if _I16 <= kind <= _I64:
            after = _number_end(text, place, end)
            if after < 0:
                return _refuse(work, place, kind, depth)
            place = after
        elif kind == _BINARY:
            after = _number_end(text, place, end)
            if after < 0 or _unsigned(text, place, after) > UINT64(end - after):
                return _refuse(work, place, kind, depth)
            place = after + INT64(_unsigned(text, place, after))
        elif kind == _BYTE:
            place += 1
        elif kind == _DOUBLE:
            place += 8
        elif kind == _STRUCT or kind == _LIST or kind == _SET:
            if depth >= MAX_DEPTH or (kind != _STRUCT and place >= end):
                return _refuse(work, place, kind, depth)
            frame = INT64(_OPEN_STRUCT)
            if kind != _STRUCT:
                begin = place
                header = INT64(at(text, place))
                place += 1
                size, element = UINT64(header >> 4), header & 15
                if size == UINT64(15):
                    after = _number_end(text, place, end)
                    if after < 0:
                        return _refuse(work, begin, kind, depth)
                    size = _unsigned(text, place, after)
                    place = after
                if size > UINT64(end - place):
                    return _refuse(work, begin, kind, depth)
                # In a list a truth value takes a byte.
                element = INT64(_BYTE) if element == _TRUE or element == _FALSE else element
                frame = INT64(size) << 4 | element
            depth += 1
            put(work, top, frame)
            top += 1
        elif kind != _TRUE and kind != _FALSE:
            return _refuse(work, place, kind, depth)
        while True:
            if top == _STACK:
                return place
            frame = at(work, top - 1)
            if frame >= 16:
                put(work, top - 1, frame - 16)
                kind = frame & 15
                if kind != _STRUCT:
                    break
                # The depth has been looked at for the list.
                put(work, top, INT64(_OPEN_STRUCT))
                top += 1
            elif frame >= 0:
                top -= 1
                depth -= 1
            else:
                if place >= end:
                    return _refuse(work, end, _BYTE, depth)
                header = INT64(at(text, place))
                place += 1
                kind = header & 15
                if kind == 0:
                    top -= 1
                    if top == _STACK or at(work, top - 1) < 0:
                        depth -= 1
                    continue
                if header >> 4 == 0:
                    after = _number_end(text, place, end)
                    if after < 0:
                        return _refuse(work, place, _I64, depth)
                    place = after
                break


@kernel(BOOL(BYTES, INT64, INT64S_OUT, BYTES_OUT, INT64S_OUT, INT64S_OUT))
def read_structs(text: Any, end: Any, places: Any, kinds: Any, values: Any, work: Any) -> Any:
    """Read the structs at *places*; False if one is refused: *work* then says which value of it.

    *places* may be :data:`NEXT` and :data:`NONE`; they are filled in where they are not. A field of *kinds*
    is 0 where a struct has no such field, the last one counts where it has two. A value is the number, 1 or 0
    for truth, or the place of what is no number.
    """
    place = INT64(0)
    for index in range(places.size):
        first = index * FIELDS
        for slot in range(FIELDS):
            put(kinds, first + slot, 0)
        if at(places, index) == NONE:
            continue
        if at(places, index) != NEXT:
            place = at(places, index)
        put(places, index, place)
        number = INT64(0)
        while True:
            if place >= end:
                _refuse(work, end, _BYTE, 0)
                return False
            header = INT64(at(text, place))
            place += 1
            kind = header & 15
            if kind == 0:
                break
            if header >> 4:
                number += header >> 4
            else:
                after = _number_end(text, place, end)
                if after < 0:
                    _refuse(work, place, _I64, 0)
                    return False
                number = _integer(text, place, after)
                place = after
            begin = place
            place = _skip(text, begin, end, kind, INT64(0), work)
            if place < 0:
                return False
            if 1 <= number <= FIELDS:
                value = begin
                if _I16 <= kind <= _I64:
                    value = _integer(text, begin, place)
                elif kind == _BYTE:
                    # Whatever follows is refused if there is no such byte.
                    value = INT64(at(text, min(begin, end - 1)))
                elif kind == _TRUE or kind == _FALSE:
                    value = INT64(1) if kind == _TRUE else INT64(0)
                put(kinds, first + number - 1, kind)
                put(values, first + number - 1, value)
    return True
