"""Thrift's compact protocol, as far as the footer of a Parquet file is written in it.

In: bytes that may be anything.  Out: structs as dictionaries by field number, or ``ValueError``. For what a
footer has many of there is :mod:`s3sql.formats.parquet_structs`.

Every value takes a byte at least and nesting is limited, so neither time nor memory is more than in
proportion to the bytes. Source: Apache Thrift, compact protocol.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from s3sql.kernels.thrift_structs import MAX_DEPTH

Struct: TypeAlias = dict[int, Any]

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

#: The kinds of values that consist of values.
KIND_LIST, KIND_SET, KIND_STRUCT = _LIST, _SET, _STRUCT


def read_struct_at(text: bytes, place: int) -> Struct:
    """The struct at *place* of a text that has been read before."""
    return _struct(text, place, 0)[0]


def read_struct_and_end(text: bytes) -> tuple[Struct, int]:
    """The struct at the beginning of *text* and the place behind it.

    Raises:
        ValueError: *text* is none, or ends within it.
    """
    try:
        return _struct(text, 0, 0)
    except IndexError:
        raise ValueError("it ends within a value") from None


def read_value(text: bytes, place: int, kind: int) -> Any:
    """The value of this *kind* at *place* of a text that has been read before."""
    return _value(text, place, kind, 0)[0]


def refusal(text: bytes, place: int, kind: int, depth: int) -> ValueError:
    """Why the value of this *kind* at *place* is refused, so many levels deep."""
    try:
        _value(text, place, kind, depth)
    except IndexError:
        return ValueError("it ends within a value")
    except ValueError as error:
        return error
    raise AssertionError(f"a value of type {kind} at {place} can be read")


def list_header(text: bytes, place: int) -> tuple[int, int, int]:
    """How many values the list at *place* has, of which kind, and where they begin.

    Raises:
        ValueError: there is no room for them.
    """
    header = text[place]
    place += 1
    size, kind = header >> 4, header & 15
    if size == 15:
        size, place = _unsigned(text, place)
    if size > len(text) - place:
        raise ValueError(f"it has a list of {size:,} values in {len(text) - place:,} bytes")
    # In a list a truth value takes a byte.
    return size, _BYTE if kind in (_TRUE, _FALSE) else kind, place


def _struct(text: bytes, place: int, depth: int) -> tuple[Struct, int]:
    """The struct at *place* and the place behind it."""
    fields: Struct = {}
    number, length = 0, len(text)
    while True:
        header = text[place]
        place += 1
        kind = header & 15
        if not kind:
            return fields, place
        if header >> 4:
            number += header >> 4
        else:
            number, place = _integer(text, place)
        # A footer may have a million values, nearly all of these two kinds and short: no calls for them.
        if _I16 <= kind <= _I64:
            byte = text[place]
            if byte < 128:
                fields[number] = (byte >> 1) ^ -(byte & 1)
                place += 1
                continue
        elif kind == _BINARY:
            size = text[place]
            if size < 128 and place + size < length:
                fields[number] = text[place + 1 : place + 1 + size]
                place += 1 + size
                continue
        fields[number], place = _value(text, place, kind, depth)


def _value(text: bytes, place: int, kind: int, depth: int) -> tuple[Any, int]:
    if _I16 <= kind <= _I64:
        return _integer(text, place)
    if kind == _BINARY:
        size, place = _unsigned(text, place)
        if size > len(text) - place:
            raise ValueError(f"it has a text of {size:,} bytes, of which {len(text) - place:,} are there")
        return text[place : place + size], place + size
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, place
    if kind in (_STRUCT, _LIST, _SET):
        if depth >= MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        return (_struct if kind == _STRUCT else _list)(text, place, depth + 1)
    if kind == _BYTE:
        return text[place], place + 1
    if kind == _DOUBLE:
        return text[place : place + 8], place + 8
    raise ValueError(f"it has a field of type {kind}, which Parquet does not use")


def _list(text: bytes, place: int, depth: int) -> tuple[list[Any], int]:
    size, kind, place = list_header(text, place)
    values = []
    for _ in range(size):
        # The depth has been looked at for the list.
        value, place = _struct(text, place, depth) if kind == _STRUCT else _value(text, place, kind, depth)
        values.append(value)
    return values, place


def _integer(text: bytes, place: int) -> tuple[int, int]:
    value, place = _unsigned(text, place)
    return (value >> 1) ^ -(value & 1), place


def _unsigned(text: bytes, place: int) -> tuple[int, int]:
    byte = text[place]
    place += 1
    value = byte & 127
    shift = 7
    while byte > 127:
        byte = text[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise ValueError("it has a number of more than ten bytes")
    if value >> 64:
        raise ValueError("it has a number of more than 64 bits")
    return value, place
