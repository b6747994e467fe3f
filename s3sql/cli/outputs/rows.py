"""A page of records as an Arrow table, every value with the text that S3 Select writes for it.

In: lines of JSON, few enough to be shown.  Out: a table, its columns in the order in which they first occur.

S3 Select is dynamically typed, so a column is what its values on this page are: integers, numbers, booleans
or texts; where they are of several kinds, lists or objects, it is their JSON. A number keeps its digits:
``1.50`` is not ``1.5``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import pyarrow as pa

#: A column: its name, and whether it is the first, second … of that name.
Key: TypeAlias = tuple[str, int]


class _Digits(str):
    """A number that is no 64-bit integer, as it was written."""

    __slots__ = ()


def page_of(lines: Sequence[bytes]) -> pa.Table:
    """The records *lines* as a table; a record without a column has NULL there."""
    columns: dict[Key, list[Any]] = {}
    for row, line in enumerate(lines):
        seen: dict[str, int] = {}
        for name, value in _DECODER.decode(line.decode("utf-8", "replace")):
            number = seen[name] = seen.get(name, -1) + 1
            column = columns.setdefault((name, number), [])
            column.extend([None] * (row - len(column)))
            column.append(value)
    for column in columns.values():
        column.extend([None] * (len(lines) - len(column)))
    arrays = [_array(column) for column in columns.values()]
    if not arrays:
        return pa.table({"": pa.nulls(len(lines))}).select([])
    return pa.Table.from_arrays(arrays, names=[name for name, _ in columns])


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object, in order; S3 Select writes one name twice if it is asked to."""


def _integer(digits: str) -> int | _Digits:
    return int(digits) if len(digits) < 19 else _Digits(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_Object, parse_float=_Digits, parse_int=_integer)


def _array(values: list[Any]) -> pa.Array[Any]:
    """The values of one column in the narrowest type that loses nothing of their text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return pa.array(values, pa.int64())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {_Digits} and all(value is None or repr(float(value)) == value for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds <= {int, _Digits} and kinds:
        scales = {_scale(value) for value in values if value is not None}
        if len(scales) == 1 and None not in scales:
            return pa.array([None if value is None else Decimal(value) for value in values])
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if kinds <= {str}:
        return pa.array(values, pa.string())
    return pa.array([None if value is None else _json(value) for value in values], pa.string())


def _scale(number: int | _Digits) -> int | None:
    """The digits behind the point; None for a number that no decimal of Arrow is."""
    text = str(number)
    if "e" in text.lower() or "n" in text.lower() or sum(map(str.isdigit, text)) > 38:
        return None
    return len(text.partition(".")[2])


def _json(value: Any) -> str:
    """*value* as JSON again, numbers as they were."""
    if isinstance(value, _Digits):
        return str(value)
    if isinstance(value, _Object):
        return f"{{{','.join(f'{_json(name)}:{_json(member)}' for name, member in value)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_json, value))}]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
