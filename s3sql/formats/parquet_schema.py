"""The schema of a Parquet file in terms of SQL: which kinds its columns have and how they are read.

In: the footer as Arrow has read it, and its row groups.  Out: a
:class:`~s3sql.plan.schema.ParquetSchema`. The types are those of Parquet; what a writer has noted about its
own Arrow types in the metadata does not count.

Source of the rules: AWS S3 User Guide, Data types ("Parquet"); Apache Parquet, LogicalTypes.md. Nested
structs, maps, INT96, TIME and UUID are an extension: AWS documents lists only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s3sql.formats.parquet_groups import RowGroup
from s3sql.formats.parquet_paths import LIST, MAP_SIDE, is_repeated
from s3sql.formats.parquet_statistics import nulls_and_ends
from s3sql.plan.schema import ParquetColumn, ParquetForm, ParquetSchema, ParquetType
from s3sql.types import Kind

#: The kinds of each form that decides them by itself.
_KINDS: dict[ParquetForm, frozenset[Kind]] = {
    "null": frozenset(),
    "bool": frozenset({Kind.BOOL}),
    "int": frozenset({Kind.INT}),
    "uint64": frozenset({Kind.INT, Kind.DECIMAL}),
    "float": frozenset({Kind.FLOAT}),
    "decimal": frozenset({Kind.DECIMAL}),
    "text": frozenset({Kind.STRING}),
    "bytes": frozenset({Kind.STRING}),
    "uuid": frozenset({Kind.STRING}),
    "time": frozenset({Kind.STRING}),
    "date": frozenset({Kind.TIMESTAMP}),
    "timestamp": frozenset({Kind.TIMESTAMP}),
    "list": frozenset({Kind.LIST}),
    "struct": frozenset({Kind.STRUCT}),
    "refused": frozenset(),
}

#: The forms of logical types, whatever the physical type; ``Null`` is what Parquet calls UNKNOWN.
_LOGICAL: dict[str, ParquetForm] = {
    "String": "text",
    "Enum": "text",
    "JSON": "text",
    "BSON": "bytes",
    "Decimal": "decimal",
    "Date": "date",
    "Time": "time",
    "Timestamp": "timestamp",
    "UUID": "uuid",
    "Float16": "float",
    "Null": "null",
}

#: The forms of physical types without a logical one.
_PHYSICAL: dict[str, ParquetForm] = {
    "BOOLEAN": "bool",
    "INT32": "int",
    "INT64": "int",
    "INT96": "timestamp",
    "FLOAT": "float",
    "DOUBLE": "float",
    "BYTE_ARRAY": "bytes",
    "FIXED_LEN_BYTE_ARRAY": "bytes",
}

#: The first instant of year 1 and the first of year 10000, in seconds since 1970.
FIRST_SECOND, END_SECOND = -62_135_596_800, 253_402_300_800
_DAY = 86_400
#: Deepest nesting of a column; what reads it goes down level by level.
_MAX_DEPTH = 100

#: The unit in which INT96 is read: in nanoseconds, 64 bits would silently end in 2262.
INT96_UNIT = "us"

#: The types of leaves, each one object.
_LEAF_TYPES: dict[ParquetForm, ParquetType] = {form: ParquetType(form) for form in _KINDS}

#: The longest name of a column that is kept beyond its query.
_SHARED_NAME = 256

_UNITS = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}


def parquet_schema(
    metadata: pq.FileMetaData, arrow_schema: pa.Schema, groups: Sequence[RowGroup]
) -> ParquetSchema:
    """The schema of the file with this footer; *arrow_schema* is the same schema as Arrow reads it.

    A column of a type that SQL has nothing for, or with such a type within, has a refusal.
    """
    leaves = _Leaves(metadata, groups)
    return ParquetSchema(tuple(_column(field, leaves) for field in arrow_schema))


def kinds_of(type_: ParquetType) -> frozenset[Kind]:
    """The kinds that a value of this type may have besides NULL."""
    if type_.form == "repeated":
        return kinds_of(type_.children[0])
    if type_.form == "map":
        return frozenset({Kind.STRUCT if has_text_keys(type_) else Kind.LIST})
    return _KINDS[type_.form]


def has_text_keys(type_: ParquetType) -> bool:
    """Whether a map is a struct of its entries: its keys are text. Else it is a list of structs."""
    return kinds_of(type_.children[0]) == {Kind.STRING}


class _Leaves:
    """The leaf columns of a file in schema order, each with what it says about its values."""

    def __init__(self, metadata: pq.FileMetaData, groups: Sequence[RowGroup]) -> None:
        self._columns = metadata.schema
        self._groups = groups
        self._next = 0
        self._has_variants = "(Variant" in str(metadata.schema)
        self.may_fail = False
        self.refused: str | None = None

    def start(self) -> None:
        """Begin a top-level column."""
        self.may_fail = False
        self.refused = None

    def path(self) -> str:
        """The dotted path of the next leaf; empty behind the last one."""
        return str(self._columns.column(self._next).path) if self._next < len(self._columns) else ""

    def refuse(self, what: str) -> ParquetType:
        """Remember that the column at hand holds *what*."""
        self.refused = self.refused or what
        return ParquetType("refused")

    def is_variant(self, type_: pa.DataType) -> bool:
        """Whether a struct is a VARIANT: two binary fields of these names in a file that has variants."""
        names = [type_.field(i).name for i in range(type_.num_fields)] if pa.types.is_struct(type_) else []
        return self._has_variants and names[:2] == ["metadata", "value"]

    def take(self) -> ParquetType:
        """The type of the next leaf."""
        number, self._next = self._next, self._next + 1
        leaf = self._columns.column(number)
        form, bounds, name = _leaf_type(leaf.physical_type, leaf.logical_type.to_json())
        if form is None:
            return self.refuse(f"{leaf.path!r} is {name.upper()} on {leaf.physical_type}")
        if form == "bytes" or (form in ("date", "time", "timestamp") and not self._within(number, bounds)):
            self.may_fail = True
        return _LEAF_TYPES[form]

    def _within(self, number: int, bounds: tuple[int, int] | None) -> bool:
        """Whether the statistics tell that every value of the leaf is within *bounds*, end exclusive."""
        if bounds is None:
            return False
        for group in self._groups:
            chunk = group.columns[number]
            nulls, raw = nulls_and_ends(chunk)
            if chunk.values == (nulls or 0):
                continue
            if raw is None or not bounds[0] <= raw[0] <= raw[1] < bounds[1]:
                return False
        return True


@lru_cache(256)
def _leaf_type(physical: str, logical_type: str) -> tuple[ParquetForm | None, tuple[int, int] | None, str]:
    """How a leaf is read, the raw values that SQL can show, and the name of its logical type, told as JSON.

    No form if SQL has nothing for its type; no bounds if the raw values are no integers.
    """
    logical = json.loads(logical_type)
    form = _form(physical, logical)
    return form, None if form is None else _bounds(form, physical, logical), logical["Type"]


def _form(physical: str, logical: dict[str, Any]) -> ParquetForm | None:
    """How a leaf is read; None if SQL has nothing for its type."""
    name = logical["Type"]
    if name == "Int":
        return "uint64" if logical["bitWidth"] == 64 and not logical["isSigned"] else "int"
    return _PHYSICAL.get(physical) if name == "None" else _LOGICAL.get(name)


def _bounds(form: ParquetForm, physical: str, details: dict[str, Any]) -> tuple[int, int] | None:
    """The raw values that SQL can show, end exclusive; None if the raw values are no integers."""
    if form == "date":
        return FIRST_SECOND // _DAY, END_SECOND // _DAY
    unit = _UNITS.get(str(details.get("timeUnit")))
    if unit is None or physical == "INT96":
        return None
    return (0, _DAY * unit) if form == "time" else (FIRST_SECOND * unit, END_SECOND * unit)


def _column(field: pa.Field[Any], leaves: _Leaves) -> ParquetColumn:
    leaves.start()
    type_ = _type(field.type, leaves, (field.name,))
    refusal = None
    if leaves.refused is not None:
        refusal = (
            "UnsupportedParquetType",
            f"The query reads the Parquet column {field.name!r}, but {leaves.refused}, which no SQL type "
            "stands for. Name the columns to be read in the select list.",
        )
    kinds = frozenset[Kind]() if refusal else kinds_of(type_)
    nullable = field.nullable or type_.form == "repeated"
    if refusal or type_.children or len(field.name) > _SHARED_NAME:
        return ParquetColumn(field.name, kinds, nullable, refusal, type_, leaves.may_fail)
    return _shared_column(field.name, kinds, nullable, type_, leaves.may_fail)


@lru_cache(1024)
def _shared_column(
    name: str, kinds: frozenset[Kind], nullable: bool, type_: ParquetType, may_fail: bool
) -> ParquetColumn:
    """One object for all columns that are the same: schemas of them are compared in no time."""
    return ParquetColumn(name, kinds, nullable, None, type_, may_fail)


def _type(type_: pa.DataType, leaves: _Leaves, above: tuple[str | int, ...]) -> ParquetType:
    """The type of a field; *above* is the way to it, its own name at the end: see :func:`is_repeated`."""
    type_ = _nested_storage(type_)
    if len(above) > _MAX_DEPTH:
        for _ in range(_leaf_count(type_)):
            leaves.take()
        return leaves.refuse(f"it is nested deeper than {_MAX_DEPTH} levels")
    if isinstance(type_, pa.MapType):
        sides = tuple(_type(side, leaves, (*above, MAP_SIDE)) for side in (type_.key_type, type_.item_type))
        return ParquetType("map", sides)
    if pa.types.is_struct(type_):
        fields = [type_.field(number) for number in range(type_.num_fields)]
        variant = leaves.is_variant(type_)
        children = tuple(_type(field.type, leaves, (*above, field.name)) for field in fields)
        if variant:
            return leaves.refuse("it is VARIANT")
        if not fields:
            return leaves.refuse("it has a group without fields")
        return ParquetType("struct", children, tuple(field.name for field in fields))
    if _is_list(type_):
        repeated = is_repeated(leaves.path(), above, list(_below(type_.field(0).type)))
        element = _type(type_.field(0).type, leaves, (*above, LIST))
        return ParquetType("repeated" if repeated else "list", (element,))
    return leaves.take()


def _nested_storage(type_: pa.DataType) -> pa.DataType:
    """What a type of an Arrow extension consists of, if it has several leaves."""
    if isinstance(type_, pa.BaseExtensionType) and type_.storage_type.num_fields:
        return type_.storage_type
    return type_


def _is_list(type_: pa.DataType) -> bool:
    return (
        pa.types.is_list(type_)
        or pa.types.is_large_list(type_)
        or pa.types.is_fixed_size_list(type_)
        or pa.types.is_list_view(type_)
        or pa.types.is_large_list_view(type_)
    )


def _below(type_: pa.DataType) -> Iterator[str | int]:
    """The way from an element of a list to its first leaf."""
    while True:
        type_ = _nested_storage(type_)
        if isinstance(type_, pa.MapType):
            yield MAP_SIDE
            type_ = type_.key_type
        elif pa.types.is_struct(type_) and type_.num_fields:
            yield type_.field(0).name
            type_ = type_.field(0).type
        elif _is_list(type_):
            yield LIST
            type_ = type_.field(0).type
        else:
            return


def _leaf_count(type_: pa.DataType) -> int:
    pending, count = [type_], 0
    while pending:
        found = _nested_storage(pending.pop())
        if isinstance(found, pa.MapType):
            pending += [found.key_type, found.item_type]
        elif _is_list(found):
            pending.append(found.field(0).type)
        elif pa.types.is_struct(found):
            pending += [found.field(number).type for number in range(found.num_fields)]
        else:
            count += 1
    return count
