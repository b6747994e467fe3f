"""Equality of lists and structs, which columns hold as compact JSON.

In: two JSON texts.  Out: whether they are equal values.

Source: PartiQL v0.1: lists are equal element by element, structs member by member in any order, numbers by
value, null equals null. Only for the rare rows whose texts differ.
"""

from __future__ import annotations

import json
from decimal import Decimal


class _Struct(list[tuple[str, object]]):
    """The members of a JSON object in document order, repeated names included."""


def _parse(text: bytes) -> object:
    """A JSON value with exact numbers: None, bool, Decimal, str, list, or an object's list of members."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_Struct)


def same_json(left: bytes, right: bytes) -> bool:
    """Whether two JSON texts are equal values: numbers by value, members in any order, null equals null."""
    return left == right or _same_value(_parse(left), _parse(right))


def _same_value(left: object, right: object) -> bool:
    """Whether two values of :func:`parse_json` are equal."""
    if type(left) is not type(right):
        return False
    if isinstance(left, _Struct) and isinstance(right, _Struct):
        return _same_members(left, right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same_value, left, right))
    return left == right


def _same_members(left: _Struct, right: _Struct) -> bool:
    if len(left) != len(right):
        return False
    remaining = list(right)
    for name, value in left:
        for number, (other_name, other_value) in enumerate(remaining):
            if name == other_name and _same_value(value, other_value):
                del remaining[number]
                break
        else:
            return False
    return True
