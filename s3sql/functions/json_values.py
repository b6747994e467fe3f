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
    if left == right:
        return True
    numbers: dict[object, int] = {}
    return _number_of(_parse(left), numbers) == _number_of(_parse(right), numbers)


def _number_of(value: object, numbers: dict[object, int]) -> int:
    """A number that only equal values share: *numbers* gives each new value the next one.

    From the leaves up and without recursion, since values may be nested deeper than Python's stack.
    """
    pending = [(value, False)]
    done: list[int] = []
    while pending:
        value, has_children_done = pending.pop()
        if not isinstance(value, list):
            done.append(numbers.setdefault((type(value), value), len(numbers)))
            continue
        if not has_children_done:
            pending.append((value, True))
            children = [child for _, child in value] if isinstance(value, _Struct) else value
            pending.extend((child, False) for child in reversed(children))
            continue
        first = len(done) - len(value)
        parts = done[first:]
        del done[first:]
        key: object = (list, tuple(parts))
        if isinstance(value, _Struct):
            names = (name for name, _ in value)
            key = (_Struct, tuple(sorted(zip(names, parts, strict=True))))
        done.append(numbers.setdefault(key, len(numbers)))
    return done[0]
