"""The Arrow schema of a result, and the pieces of the result in it.

In: a plan, what the caller asks for, and the first pieces.  Out: a :class:`Layout`, fixed before the first
record batch, that turns every piece into one.

A column's type comes from the first of these that knows it: the caller's schema; the plan (CSV fields,
CAST, literals, tests, COUNT); the rows looked at before the first batch. A later row that does not fit is
an error that says what would work. With ``mixed="json"`` no row can fail: columns that neither of the
first two knows are JSON text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from s3sql.errors import S3SelectError
from s3sql.plan.expr import CsvRow
from s3sql.plan.kinds import UNKNOWN, Kinds, possible_kinds
from s3sql.plan.logical import Aggregate, Item, Limit, Plan, Project
from s3sql.serialize.arrow import Key, Piece, column_names
from s3sql.serialize.arrow_arrays import FAMILIES, MICROSECONDS, NANOSECONDS, Values
from s3sql.types import Kind

Type: TypeAlias = pa.DataType
AskedTypes: TypeAlias = pa.Schema | Mapping[str, Type]
Mixed: TypeAlias = Literal["error", "json"]

#: Types that hold every value of a kind; the scale of decimals depends on the values.
_TYPES: dict[Kind, Type] = {
    Kind.BOOL: pa.bool_(),
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.STRING: pa.string(),
    Kind.LIST: pa.string(),
    Kind.STRUCT: pa.string(),
}


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of a layout. ``family`` of the values it takes; None: whatever can be cast to its type."""

    key: Key
    type: Type
    family: str | None

    def cast(self, values: Values) -> pa.Array[Any] | None:
        """The values in the field's type, None if some of them do not fit."""
        array = values.array
        if self.family is not None and any(family != self.family for family in values.families()):
            return None
        if array.type == self.type:
            return array
        try:
            # To a double the nearest is as good as arithmetic's own conversion.
            cast: pa.Array[Any] = array.cast(self.type, safe=not pa.types.is_floating(self.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
        return cast

    def misfit(self, values: Values) -> int:
        """The first row, from 0, whose value does not fit; there must be one."""
        for family, row in values.families().items():
            if self.family not in (None, family):
                return row
        fitting, failing = 0, len(values.array)
        while failing - fitting > 1:
            middle = (fitting + failing) // 2
            if self.cast(values.first(middle)) is None:
                failing = middle
            else:
                fitting = middle
        return fitting


class Outline:
    """What is known of the output columns before any row is read.

    Args:
        plan: the query.
        header: the fields of a CSV object's header line; empty without one.
        schema: types by column name. A ``pyarrow.Schema`` also says which members of a ``*`` there are;
            others are left out.
        mixed: ``"json"`` for JSON text in every column whose type neither *schema* nor *plan* knows.

    Raises:
        ValueError: *schema* names a column that the query cannot have, or *mixed* is something else.
    """

    def __init__(
        self, plan: Plan, header: Sequence[str], schema: AskedTypes | None, mixed: Mixed = "error"
    ) -> None:
        if mixed not in ("error", "json"):
            raise ValueError(f"mixed is {mixed!r}; it is 'error' or 'json'")
        project = plan.source if isinstance(plan, Limit) else plan
        self._asked = dict(_types_by_name(schema))
        self._closed = isinstance(schema, pa.Schema)
        self._known: dict[Key, Type | None] = {}
        # Timestamps, of microseconds unless the rows show finer ones.
        self._timestamps: set[Key] = set()
        self._spreads: list[int] = []
        self.json_items: frozenset[int] = frozenset()
        self._add_items(project, header, mixed)
        self._add_asked()

    def _add_items(self, project: Project, header: Sequence[str], mixed: Mixed) -> None:
        calls = project.source.calls if isinstance(project.source, Aggregate) else ()
        json_items = set()
        for number, item in enumerate(project.items):
            if isinstance(item, Item):
                kinds = possible_kinds(item.expression, calls) - UNKNOWN
                known = self._known[number, item.name] = _planned(kinds)
                if kinds == {Kind.TIMESTAMP}:
                    self._timestamps.add((number, item.name))
                if known is None and mixed == "json" and item.name not in self._asked:
                    json_items.add(number)
                    self._known[number, item.name] = pa.string()
                continue
            self._spreads.append(number)
            if isinstance(item.expression, CsvRow):
                names = column_names(header, len(header))
                self._known.update({(number, name): pa.string() for name in names})
            elif mixed == "json":
                json_items.add(number)
        self.json_items = frozenset(json_items)

    def _add_asked(self) -> None:
        names = {name for _, name in self._known}
        others = [name for name in self._asked if name not in names]
        if others and not self._spreads:
            raise ValueError(
                f"schema names the column {others[0]!r}; the query has {', '.join(sorted(names))}"
            )
        for name in others:
            self._known[self._spreads[0], name] = self._asked[name]
        if self._closed:
            self._known = {
                key: known
                for key, known in self._known.items()
                if key[0] not in self._spreads or key[1] in self._asked
            }

    @property
    def complete(self) -> bool:
        """Whether the layout does not depend on any row."""
        open_ended = bool(self._spreads) and not self._closed
        return not open_ended and all(
            known is not None or name in self._asked for (_, name), known in self._known.items()
        )

    def layout(self, pieces: Sequence[Piece], *, ended: bool) -> Layout:
        """The columns and their types, after the first *pieces*; *ended*: there are no others.

        Raises :class:`S3SelectError` ``CastFailed`` where the values of a column have no type in common.
        """
        keys = dict.fromkeys(self._known)
        if not self._closed:
            keys.update(dict.fromkeys(key for piece in pieces for key in piece.columns))
        ordered = sorted(keys, key=lambda key: key[0])
        return Layout([self._field(key, pieces, ended) for key in ordered], self._closed)

    def _field(self, key: Key, pieces: Sequence[Piece], ended: bool) -> _Field:
        number, name = key
        if name in self._asked:
            return _Field(key, self._asked[name], None)
        known = self._known.get(key)
        if number in self.json_items:
            return _Field(key, pa.string(), None)
        first_row = 0
        kind: Type = MICROSECONDS if key in self._timestamps else pa.null()
        family: str | None = None
        for piece in pieces:
            values = piece.columns.get(key)
            if values is not None:
                for found, row in values.families().items():
                    if family not in (None, found):
                        raise _misfit(name, first_row + row, f"{found} behind {family}")
                    family = found
                kind = _common(kind, values.array.type)
            first_row += piece.length
        if known is not None:
            return _Field(key, known, family)
        if pa.types.is_null(kind) and not ended:
            # Text is what a column most often turns out to hold.
            return _Field(key, pa.string(), FAMILIES[Kind.STRING])
        return _Field(key, kind, family)


class Layout:
    """The columns of a result, each with its type."""

    def __init__(self, fields: Sequence[_Field], closed: bool) -> None:
        self._fields = tuple(fields)
        self._keys = frozenset(field.key for field in fields)
        self._closed = closed
        self.schema = pa.schema([pa.field(field.key[1], field.type) for field in fields])

    def batch(self, piece: Piece, first_row: int) -> pa.RecordBatch:
        """The record batch of *piece*, whose first record is number *first_row* (from 0) of the result.

        Raises :class:`S3SelectError` ``CastFailed`` naming the first row that does not fit.
        """
        if not self._closed:
            self._refuse_others(piece, first_row)
        arrays = []
        for field in self._fields:
            values = piece.columns.get(field.key, Values(pa.nulls(piece.length)))
            array = field.cast(values)
            if array is None:
                raise _misfit(field.key[1], first_row + field.misfit(values), _no_such(field.type))
            arrays.append(array)
        if arrays:
            return pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        # Rows without columns, as of a ``*`` over empty objects.
        return pa.RecordBatch.from_struct_array(
            pa.StructArray.from_buffers(pa.struct([]), piece.length, [None])  # type: ignore[arg-type]
        )

    def _refuse_others(self, piece: Piece, first_row: int) -> None:
        for key, values in piece.columns.items():
            if key not in self._keys and values.kinds:
                row = first_row + min(values.kinds.values()) + 1
                raise S3SelectError(
                    "CastFailed",
                    f"Row {row:,} of the result has the member {key[1]!r}, which no row had before the first "
                    "batch was given out. Pass schema=pyarrow.schema(...) with all columns, or name the "
                    "columns in the select list.",
                )


def _planned(kinds: Kinds) -> Type | None:
    """The type of known values of these kinds, if the plan alone determines it."""
    if not kinds:
        return pa.null()
    types = {_TYPES.get(kind) for kind in kinds}
    families = {FAMILIES.get(kind) for kind in kinds}
    return types.pop() if len(types) == len(families) == 1 else None


def _types_by_name(schema: AskedTypes | None) -> Mapping[str, Type]:
    if isinstance(schema, pa.Schema):
        return {field.name: field.type for field in schema}
    for name, type_ in (schema or {}).items():
        if not isinstance(type_, pa.DataType):
            raise TypeError(
                f"the schema's type of {name!r} is {type_!r}; it must be an Arrow type, as pyarrow.int64()"
            )
    return schema or {}


def _common(one: Type, other: Type) -> Type:
    """The type for both: of one family, since that has been checked."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_timestamp(one):
        return NANOSECONDS if NANOSECONDS in (one, other) else one
    if pa.types.is_floating(one) or pa.types.is_floating(other):
        return pa.float64()
    scales = [type_.scale if isinstance(type_, pa.Decimal128Type) else 0 for type_ in (one, other)]
    return pa.decimal128(38, max(scales))


def _no_such(asked: Type) -> str:
    """What a value is that does not fit a column of that type."""
    if not pa.types.is_decimal(asked):
        return f"no {asked}"
    digits = f"no {asked}, which has {asked.scale} digits behind the point as in the first rows"
    return f"{digits}; a CAST AS FLOAT in the query makes the column a double"


def _misfit(name: str, row: int, found: str) -> S3SelectError:
    return S3SelectError(
        "CastFailed",
        f"Row {row + 1:,} of the result does not fit the column {name!r}: {found}. Pass schema={{{name!r}: "
        "<an Arrow type>}, for example pyarrow.string(), or mixed='json' for JSON text.",
    )
