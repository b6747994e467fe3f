"""The schema of a table of one's own format in terms of SQL.

In: an Arrow schema.  Out: a :class:`~s3sql.plan.schema.ParquetSchema`, the schema of all objects that have
typed columns: an Arrow type is read as the Parquet type that Arrow would write it as.

Rules: see :mod:`s3sql.formats.parquet_schema`. Intervals, unions and run-ends have no SQL type; a query that
reads such a column is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from s3sql.formats.parquet_schema import kinds_of
from s3sql.plan.schema import ParquetColumn, ParquetForm, ParquetSchema, ParquetType
from s3sql.types import Kind

#: Deepest nesting of a column; what reads it goes down level by level.
_MAX_DEPTH = 100

#: How the values of a type without children are read; the first that holds decides.
_FORMS: tuple[tuple[Callable[[pa.DataType], bool], ParquetForm], ...] = (
    (pa.types.is_null, "null"),
    (pa.types.is_boolean, "bool"),
    (pa.types.is_uint64, "uint64"),
    (pa.types.is_integer, "int"),
    (pa.types.is_duration, "int"),
    (pa.types.is_floating, "float"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_string, "text"),
    (pa.types.is_large_string, "text"),
    (pa.types.is_string_view, "text"),
    (pa.types.is_binary, "bytes"),
    (pa.types.is_large_binary, "bytes"),
    (pa.types.is_binary_view, "bytes"),
    (pa.types.is_fixed_size_binary, "bytes"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_timestamp, "timestamp"),
)

_LISTS: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)

#: Forms of which single values can be such as no SQL value stands for.
_DOUBTFUL = frozenset({"bytes", "date", "time", "timestamp"})


def table_schema(schema: pa.Schema, name: str) -> ParquetSchema:
    """The schema of an object of the format *name*."""
    return ParquetSchema(tuple(_column(field, name) for field in schema), name)


def _column(field: pa.Field[Any], name: str) -> ParquetColumn:
    type_ = _type(field.type, 1)
    forms = _forms(type_)
    if "refused" in forms:
        refusal = (
            "UnsupportedTypeForQuerying",
            f"The query reads the column {field.name!r} of the {name} object, but no SQL type stands for its "
            f"type {field.type}. Name the columns to be read in the select list.",
        )
        return ParquetColumn(field.name, frozenset[Kind](), field.nullable, refusal, type_)
    return ParquetColumn(
        field.name, kinds_of(type_), field.nullable, None, type_, may_fail=bool(forms & _DOUBTFUL)
    )


def _type(type_: pa.DataType, depth: int) -> ParquetType:
    while isinstance(type_, pa.BaseExtensionType | pa.DictionaryType):
        type_ = type_.value_type if isinstance(type_, pa.DictionaryType) else type_.storage_type
    if depth > _MAX_DEPTH:
        return ParquetType("refused")
    if isinstance(type_, pa.MapType):
        return ParquetType("map", (_type(type_.key_type, depth + 1), _type(type_.item_type, depth + 1)))
    if isinstance(type_, pa.StructType):
        fields = [type_.field(number) for number in range(type_.num_fields)]
        children = tuple(_type(field.type, depth + 1) for field in fields)
        return ParquetType("struct", children, tuple(field.name for field in fields))
    if any(holds(type_) for holds in _LISTS):
        return ParquetType("list", (_type(type_.field(0).type, depth + 1),))
    return ParquetType(next((form for holds, form in _FORMS if holds(type_)), "refused"))


def _forms(type_: ParquetType) -> frozenset[str]:
    """The forms of a type and of what is within."""
    return frozenset({type_.form}).union(*(_forms(child) for child in type_.children))
