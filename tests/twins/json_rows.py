"""What the JSON kernels must find, in plain Python on the standard library's parser."""

from __future__ import annotations

import json
from collections.abc import Sequence

from s3sql.plan.expr import Elements, Index, Members, Name, Step

BLANKS = " \t\n\r"
#: What may stand right behind a number or literal.
BEHIND_SCALAR = BLANKS + '{}[],:"'
MISSING = ...


class Number(str):
    """A number by its spelling."""


class Struct(tuple):
    """(name, value) pairs in order."""


class AmbiguousError(Exception):
    """A name step met several members."""


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=Struct, parse_int=Number, parse_float=Number, parse_constant=_refuse
)


def rows_of(contents: bytes) -> tuple[list[object], bool]:
    """The root values before the first error, and whether there is none."""
    contents = contents.removeprefix(b"\xef\xbb\xbf")
    try:
        text, valid = contents.decode(), True
    except UnicodeDecodeError as error:
        text, valid = contents[: error.start].decode(), False
    rows: list[object] = []
    position = 0
    while True:
        while position < len(text) and text[position] in BLANKS:
            position += 1
        if position == len(text):
            return rows, valid
        try:
            value, position = _DECODER.raw_decode(text, position)
            compact(value).encode()  # fails for half a surrogate pair
        except ValueError:
            return rows, False
        if value is None or isinstance(value, bool | Number):
            behind = text[position : position + 1]
            if behind not in BEHIND_SCALAR or (not behind and not valid):
                return rows, False
        rows.append(value)


def compact(value: object) -> str:
    """The value as compact JSON in the spelling of our output."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Struct):
        return "{" + ",".join(f"{compact(n)}:{compact(v)}" for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def lower_ascii(name: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in name)


def step_into(value: object, step: Name | Index) -> object:
    """The member or element, or MISSING."""
    if isinstance(step, Index):
        return value[step.number] if isinstance(value, list) and step.number < len(value) else MISSING
    if not isinstance(value, Struct):
        return MISSING
    same = [
        v for n, v in value if n == step.name or (not step.exact and lower_ascii(n) == lower_ascii(step.name))
    ]
    if len(same) > 1:
        raise AmbiguousError
    return same[0] if same else MISSING


def spread(value: object, step: Elements | Members) -> list[object]:
    """The values under a wildcard."""
    if value is MISSING:
        return []
    if isinstance(step, Elements):
        return value if isinstance(value, list) else [value]
    return [v for _, v in value] if isinstance(value, Struct) else [value]


def range_over(roots: Sequence[object], steps: Sequence[Step]) -> list[object]:
    """The rows of a FROM path."""
    rows = list(roots)
    for step in steps:
        if isinstance(step, Elements | Members):
            rows = [found for value in rows for found in (spread(value, step) or [MISSING])]
        else:
            rows = [step_into(value, step) for value in rows]
    return rows


def value_at(value: object, steps: Sequence[Step]) -> object:
    """The value of a path in an expression; a list if the path has a wildcard."""
    values, several = [value], False
    for step in steps:
        if isinstance(step, Elements | Members):
            values, several = [found for value in values for found in spread(value, step)], True
        else:
            values = [step_into(value, step) for value in values]
    return [value for value in values if value is not MISSING] if several else values[0]
