"""What the statistics of a column chunk tell of its values.

In: a column chunk of the footer and its node of the schema.  Out: :class:`Bounds`.

Minimum and maximum are taken as bounds only, since those of texts may be cut short, and only of kinds whose
order Parquet and SQL share. NaN is in no statistics.
Source: Apache Parquet, parquet.thrift (Statistics, ColumnOrder, LogicalType) and LogicalTypes.md.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from s3sql.formats.parquet_groups import ColumnChunk
from s3sql.formats.parquet_thrift import Struct
from s3sql.functions.numbers import CONTEXT
from s3sql.types import Kind

_FORMATS = {"BOOLEAN": "<?", "INT32": "<i", "INT64": "<q", "FLOAT": "<f", "DOUBLE": "<d"}

#: Fields of Statistics; the older pair is in the order of signed numbers, whatever the column holds.
_MAX, _MIN, _NULL_COUNT, _MAX_VALUE, _MIN_VALUE = 1, 2, 3, 5, 6

#: Fields of SchemaElement.
_CONVERTED, _SCALE, _LOGICAL = 6, 7, 10
#: Members of LogicalType, and numbers of ConvertedType.
_LOGICAL_DECIMAL, _LOGICAL_TIMESTAMP, _LOGICAL_INTEGER = 5, 8, 10
_CONVERTED_UNITS = {9: 10**6, 10: 10**3}
_CONVERTED_UNSIGNED = range(11, 15)

#: Nanoseconds of the members of TimeUnit.
_UNITS = {1: 10**6, 2: 10**3, 3: 1}
_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of the values of a column chunk.

    ``low`` and ``high``: no value is below or above; of ``kind``, None where they are not known. Texts are
    UTF-8, timestamps nanoseconds since 1970. ``nulls`` and ``known``: whether there may be NULLs, and values.
    """

    kind: Kind | None = None
    low: Any = None
    high: Any = None
    nulls: bool = True
    known: bool = True


def column_bounds(chunk: ColumnChunk, node: Struct, form: str) -> Bounds:
    """The bounds of a scalar column; *form* is that of :class:`s3sql.plan.schema.ParquetType`."""
    nulls, raw = nulls_and_ends(chunk)
    has_nulls, has_values = nulls != 0, nulls is None or nulls < chunk.values
    kind = None if raw is None else _KINDS.get(form)
    if kind is None or raw is None:
        return Bounds(nulls=has_nulls, known=has_values)
    ends = [_value(end, node, form) for end in raw]
    if None in ends or not ends[0] <= ends[1]:
        return Bounds(nulls=has_nulls, known=has_values)
    return Bounds(kind, ends[0], ends[1], nulls=has_nulls, known=has_values)


_KINDS = {
    "bool": Kind.BOOL,
    "int": Kind.INT,
    "float": Kind.FLOAT,
    "decimal": Kind.DECIMAL,
    "text": Kind.STRING,
    "date": Kind.TIMESTAMP,
    "timestamp": Kind.TIMESTAMP,
}


def nulls_and_ends(chunk: ColumnChunk) -> tuple[int | None, tuple[Any, Any] | None]:
    """The number of NULLs, and least and greatest value as the physical type has them.

    None where one is not told.
    """
    statistics = chunk.statistics
    count = statistics.get(_NULL_COUNT)
    nulls = count if isinstance(count, int) and 0 <= count <= chunk.values else None
    return nulls, _ends(chunk, statistics)


def _ends(chunk: ColumnChunk, statistics: Struct) -> tuple[Any, Any] | None:
    found = [statistics.get(field) for field in (_MIN_VALUE, _MAX_VALUE)]
    if None in found and chunk.physical in ("INT32", "INT64"):
        found = [statistics.get(field) for field in (_MIN, _MAX)]
    if chunk.physical == "BYTE_ARRAY":
        low, high = found
        return (low, high) if isinstance(low, bytes) and isinstance(high, bytes) else None
    layout = _FORMATS.get(chunk.physical)
    if layout is None:
        return None
    size = struct.calcsize(layout)
    if not all(isinstance(end, bytes) and len(end) == size for end in found):
        return None
    low, high = (struct.unpack(layout, end)[0] for end in found if isinstance(end, bytes))
    return low, high


def _value(raw: Any, node: Struct, form: str) -> Any:
    """A raw value as :class:`Bounds` has it, None if its order is not that of SQL."""
    match form:
        case "bool" | "text":
            return raw
        case "float":
            return None if raw != raw else raw
        case "int":
            return raw if _is_signed(node) else None
        case "decimal":
            scale = _member(node, _LOGICAL_DECIMAL).get(1, node.get(_SCALE, 0))
            if not isinstance(raw, int) or not isinstance(scale, int) or not 0 <= scale <= _MOST_DIGITS:
                return None
            return Decimal(raw).scaleb(-scale, CONTEXT)
        case "date":
            return raw * _DAY
    unit = _unit(node)
    return None if unit is None or not isinstance(raw, int) else raw * unit


#: Digits of the longest integer that a decimal is stored as.
_MOST_DIGITS = 19


def _member(node: Struct, number: int) -> Struct:
    """One member of the logical type, empty if it is another."""
    logical = node.get(_LOGICAL)
    member = logical.get(number) if isinstance(logical, dict) else None
    return member if isinstance(member, dict) else {}


def _is_signed(node: Struct) -> bool:
    signed = bool(_member(node, _LOGICAL_INTEGER).get(2, True))
    return signed and node.get(_CONVERTED) not in _CONVERTED_UNSIGNED


def _unit(node: Struct) -> int | None:
    """Nanoseconds of one unit of a timestamp."""
    unit = _member(node, _LOGICAL_TIMESTAMP).get(2)
    if isinstance(unit, dict) and len(unit) == 1:
        return _UNITS.get(next(iter(unit)))
    converted = node.get(_CONVERTED)
    return _CONVERTED_UNITS.get(converted) if isinstance(converted, int) else None
