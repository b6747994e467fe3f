"""The columns of a result as a chart sees them: numbers, times, or texts.

In: an Arrow table.  Out: a :class:`ChartColumn` for each column, found by name.

Columns of CSV are text, so a text column counts as numbers or as times if all its texts are: that is a
choice of s3sql's. Texts that stand for no value (:data:`NO_VALUE`) do not count against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Role: TypeAlias = Literal["number", "time", "text"]
Values: TypeAlias = "pa.ChunkedArray[Any]"

#: What files write where there is no number and no time.
NO_VALUE = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")

_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_TIME = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?$"
_ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$"
_MONTH = r"^\d{4}-\d\d$"

#: So many columns are named where one is not found.
_NAMED = 20

#: What Vega would take for part of a path, for an escape or for a quotation.
_UNSAFE = re.compile(r"[^\w \-:%$#@/()+*,;=&!?]")

#: What every object of JavaScript has: Vega finds that instead of a column, a title or a value.
_OF_EVERY_OBJECT = frozenset(
    {
        *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString"),
        *("toString", "valueOf", "__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__"),
        "__lookupSetter__",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class ChartColumn:
    """One column: ``name`` as people see it, ``field`` as the chart's data have it.

    ``values``: doubles or ints, timestamps in UTC, or texts; null where there is no value. ``zoned``: whether
    times are of a zone, and not of wherever they were written down.
    """

    name: str
    field: str
    role: Role
    values: Values
    zoned: bool = False

    @property
    def title(self) -> str:
        """The name, with the zone that its times are in."""
        return f"{self.name} (UTC)" if self.zoned else beside_objects(self.name)


def chart_columns(table: pa.Table) -> list[ChartColumn]:
    """Every column of *table*, in order."""
    fields: set[str] = set()
    return [
        _column(name, _field(name, fields), table.column(number))
        for number, name in enumerate(table.column_names)
    ]


def column_named(columns: list[ChartColumn], name: str) -> ChartColumn:
    """The first column of this name.

    Raises:
        ValueError: there is none; says which there are, and which may be meant.
    """
    for column in columns:
        if column.name == name:
            return column
    names = [column.name for column in columns]
    folded = {known.lower(): known for known in reversed(names)}
    near = get_close_matches(str(name).lower(), list(folded), n=1)
    meant = f"; did you mean {folded[near[0]]!r}?" if near else "."
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    raise ValueError(
        f"the result has no column {name!r}{meant} It has {', '.join(map(repr, names[:_NAMED]))}{more}."
    )


def beside_objects(text: str) -> str:
    """*text*, with a blank behind it where Vega would take it for something else."""
    return f"{text} " if text in _OF_EVERY_OBJECT else text


def _field(name: str, taken: set[str]) -> str:
    """*name* without the characters that mean something to Vega; no two columns have the same."""
    base = _UNSAFE.sub("_", name).strip() or "column"
    field = base = beside_objects(base)
    number = 2
    while field in taken:
        field = f"{base}_{number}"
        number += 1
    taken.add(field)
    return field


def _column(name: str, field: str, values: Values) -> ChartColumn:
    type_ = values.type
    if pa.types.is_integer(type_):
        return ChartColumn(name, field, "number", values)
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return ChartColumn(name, field, "number", _finite(values.cast(pa.float64())))
    if pa.types.is_timestamp(type_):
        return _times(name, field, values, zoned=type_.tz is not None)
    if pa.types.is_date(type_):
        return _times(name, field, values, zoned=False)
    if pa.types.is_boolean(type_) or pa.types.is_null(type_):
        return ChartColumn(name, field, "text", values.cast(pa.string()))
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return _of_texts(name, field, values.cast(pa.string()))
    texts = [None if value is None else str(value) for value in values.to_pylist()]
    return ChartColumn(name, field, "text", pa.chunked_array([pa.array(texts, pa.string())]))


def _of_texts(name: str, field: str, texts: Values) -> ChartColumn:
    """Texts as what they all are."""
    absent = pc.is_in(texts, value_set=pa.array(NO_VALUE))
    present = pc.if_else(absent, pa.scalar(None, pa.string()), texts)
    if present.null_count < len(present):
        if _all(present, _NUMBER):
            return ChartColumn(
                name, field, "number", _finite(pc.utf8_trim_whitespace(present).cast("double"))
            )
        for pattern, zone in ((_TIME, None), (_ZONED, "UTC"), (_MONTH, None)):
            if not _all(present, pattern):
                continue
            days = pc.binary_join_element_wise(present, "-01", "") if pattern == _MONTH else present
            try:
                moments = days.cast(pa.timestamp("ns" if _has_nanoseconds(days) else "us", zone))
            except pa.ArrowInvalid:
                # No such day, or a moment that the type does not reach.
                break
            return _times(name, field, moments, zoned=zone is not None)
    return ChartColumn(name, field, "text", texts)


def _all(texts: Values, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is True


def _has_nanoseconds(texts: Values) -> bool:
    return pc.any(pc.match_substring_regex(texts, r"\.\d{7}")).as_py() is True


def _times(name: str, field: str, values: Values, *, zoned: bool) -> ChartColumn:
    # What a chart can show of a moment are milliseconds.
    moments = values.cast(pa.timestamp("ms", "UTC" if zoned else None), safe=False)
    return ChartColumn(name, field, "time", moments, zoned)


def _finite(values: Values) -> Values:
    """*values* with null for what no axis has a place for."""
    finite: Values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type))
    return finite
