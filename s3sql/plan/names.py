"""Names: what an identifier or path of the query means for one format.

In: a path that starts at a name, and the name of the row.  Out: a bound expression without names, or the
error that S3 Select has for a name that means nothing.

Three questions, in this order: is it the row itself (its alias, or the table before a step)?  A column
of it (CSV and Parquet: judged here, once, against the header or schema) or a member (JSON: row by row)?
Then which steps follow?  Unquoted names match in any case (of ASCII letters, which are all they can have),
quoted ones exactly; a name that matches several columns is ``AmbiguousFieldName`` (JSON members:
:mod:`s3sql.formats.json_paths`).

Source of the rules: AWS S3 User Guide, SELECT command ("FROM clause", "Case sensitivity"); the messages
are those that AWS sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Protocol

from s3sql.errors import Position, S3SelectError
from s3sql.limits import MAX_COLUMNS, MAX_RECORD_BYTES
from s3sql.plan.expr import (
    CsvField,
    CsvRow,
    Elements,
    Expr,
    Index,
    Literal,
    Members,
    Name,
    ParquetField,
    PathOf,
    RowPath,
    Step,
    StructOf,
)
from s3sql.plan.name_hints import alias_hint, column_hint, number_hint
from s3sql.plan.schema import CsvSchema, ParquetColumn, ParquetSchema
from s3sql.plan.select_list import as_item
from s3sql.sql import nodes
from s3sql.types import Kind

_NUMBERED = re.compile(r"_[1-9][0-9]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A path of the query that starts at a name; ``quoted`` tells how that name is compared."""

    name: str
    quoted: bool
    steps: tuple[nodes.Step, ...]
    position: Position | None

    def is_called(self, name: str) -> bool:
        """Whether the path starts at *name*."""
        return self.name == name if self.quoted else _folded(self.name) == _folded(name)

    def is_row(self, row_name: str, table: str) -> bool:
        """Whether the path starts at the row: at its name, or at that of the *table* followed by a step."""
        return self.is_called(row_name) or (bool(self.steps) and self.is_called(table))


class Names(Protocol):
    """The names of one object's rows."""

    def row(self) -> Expr:
        """The row itself."""
        ...

    def bind(self, reference: Reference) -> Expr:
        """What the path means; raises :class:`S3SelectError` where the format says it means nothing."""
        ...


def row_name(source: nodes.Source, table: str, *, implied_by_wildcard: str) -> str:
    """The name of the rows: the alias, else the last name of the FROM path.

    The *table* alone names itself; a path that ends in an index or a wildcard names its rows
    *implied_by_wildcard*.
    """
    if source.alias is not None:
        return str(source.alias.this)
    if not source.steps:
        return table
    last = source.steps[-1]
    return last.name if last.kind in ("name", "key") else implied_by_wildcard


def bound_steps(steps: Sequence[nodes.Step]) -> tuple[Step, ...]:
    """The steps of a path as the plan has them."""
    return tuple(_bound_step(step) for step in steps)


def _bound_step(step: nodes.Step) -> Step:
    if step.kind == "members":
        return Members()
    if step.kind == "elements":
        return Elements()
    if step.kind == "index":
        # No list that fits a record has an element there; so every number fits 32 bits.
        return Index(min(step.index, MAX_RECORD_BYTES))
    return Name(step.name, exact=step.quoted)


@dataclass(frozen=True, slots=True)
class JsonNames:
    """A name is the row or a member of it, which may be absent from any row."""

    row_name: str
    table: str

    def row(self) -> Expr:
        """The row itself."""
        return RowPath(())

    def bind(self, reference: Reference) -> Expr:
        """The path from the row; it never fails here."""
        steps = bound_steps(reference.steps)
        if not reference.is_row(self.row_name, self.table):
            steps = (Name(reference.name, exact=reference.quoted), *steps)
        return RowPath(steps, position=reference.position)


@dataclass(frozen=True)
class CsvNames:
    """A name is the row or a column, which must be known: ``_N`` always, a header name with mode USE."""

    row_name: str
    table: str
    schema: CsvSchema

    def row(self) -> Expr:
        """The row itself."""
        return CsvRow()

    def bind(self, reference: Reference) -> Expr:
        """The column, or MISSING where a step follows it.

        Raises :class:`S3SelectError` ``InvalidColumnIndex`` (no header names), ``MissingHeaders`` (not in
        the header), ``AmbiguousFieldName``, or ``InvalidTableAlias`` for an unknown name before a dot.
        """
        name, quoted, steps, position = reference.name, reference.quoted, reference.steps, reference.position
        alone = not steps
        if reference.is_row(self.row_name, self.table):
            if not steps:
                return CsvRow(position=position)
            if steps[0].kind not in ("name", "key"):
                return _stepped(CsvRow(position=position), steps)
            name, quoted, position = steps[0].name, steps[0].quoted, steps[0].position or position
            steps = steps[1:]
        elif self._is_unknown_qualifier(reference):
            raise _unknown_alias(reference, self.row_name, self.table)
        return _stepped(self._column(name, quoted, position, alone), steps)

    def by_number(self, reference: Reference) -> bool | None:
        """Whether the path names a column by its number and not by the header; None if it names no column."""
        name, quoted = reference.name, reference.quoted
        if reference.is_row(self.row_name, self.table):
            if not reference.steps or reference.steps[0].kind not in ("name", "key"):
                return None
            name, quoted = reference.steps[0].name, reference.steps[0].quoted
        return not self._in_header(name, quoted)

    def _is_unknown_qualifier(self, reference: Reference) -> bool:
        dotted = bool(reference.steps) and reference.steps[0].kind in ("name", "members")
        return dotted and not self.schema.empty and not self._matches(reference.name, reference.quoted)

    def _column(self, name: str, quoted: bool, position: Position | None, alone: bool) -> Expr:
        if self.schema.empty:
            return Literal(Kind.NULL, None, position=position)
        matches = self._matches(name, quoted)
        if not matches:
            raise self._no_column(name, position, may_be_text=quoted and alone)
        if len(matches) > 1:
            raise S3SelectError(
                "AmbiguousFieldName",
                f"The name {name!r} at {position} matches {len(matches)} columns of the header: "
                f"{', '.join(f'{self.schema.column_name(n)!r} (_{n + 1})' for n in matches[:5])}. "
                "Name one of them by its number.",
                position=position,
            )
        if matches[0] >= MAX_COLUMNS:
            # No record can have as many fields; so every column number fits 32 bits.
            return Literal(Kind.NULL, None, position=position)
        return CsvField(matches[0], position=position)

    def _no_column(self, name: str, position: Position | None, *, may_be_text: bool) -> S3SelectError:
        if self.schema.header is None:
            return S3SelectError(
                "InvalidColumnIndex",
                f"The column index at {position} is invalid. "
                "Please check the service documentation and try again.",
                position=position,
                hint=number_hint(name, self.schema),
            )
        return S3SelectError(
            "MissingHeaders",
            "Some headers in the query are missing from the file. Please check the file and try again.",
            position=position,
            hint=column_hint(name, self.schema.header, may_be_text=may_be_text),
        )

    def _matches(self, name: str, quoted: bool) -> Sequence[int]:
        """The numbers (from 0) of the columns that *name* can mean: header names come before ``_N``."""
        matches = self._in_header(name, quoted)
        if matches:
            return matches
        if not _NUMBERED.fullmatch(name):
            return ()
        return (int(name[1:]) - 1 if len(name) < 12 else MAX_COLUMNS,)

    def _in_header(self, name: str, quoted: bool) -> Sequence[int]:
        return self._exact.get(name, ()) if quoted else self._any_case.get(_folded(name), ())

    @cached_property
    def _exact(self) -> dict[str, list[int]]:
        return _numbers_by_name(self.schema.header or ())

    @cached_property
    def _any_case(self) -> dict[str, list[int]]:
        return _numbers_by_name([_folded(name) for name in self.schema.header or ()])


@dataclass(frozen=True)
class ParquetNames:
    """A name is the row or a column of the file's schema, which is known even if there are no rows."""

    row_name: str
    table: str
    schema: ParquetSchema

    def row(self) -> Expr:
        """The row itself: a struct of its columns, NULL ones left out.

        Raises :class:`S3SelectError` as :meth:`bind` does for a column that cannot be read.
        """
        return self._row(None)

    def bind(self, reference: Reference) -> Expr:
        """The column, or what the path finds in it; MISSING where it goes on from a scalar.

        Raises :class:`S3SelectError` ``EvaluatorBindingDoesNotExist`` (not in the schema),
        ``AmbiguousFieldName``, ``InvalidTableAlias`` for an unknown name before a dot, or what the schema
        says of a column that cannot be read.
        """
        name, quoted, steps, position = reference.name, reference.quoted, reference.steps, reference.position
        alone = not steps
        if reference.is_row(self.row_name, self.table):
            if not steps or steps[0].kind not in ("name", "key"):
                return _stepped(self._row(position), steps)
            name, quoted, position = steps[0].name, steps[0].quoted, steps[0].position or position
            steps = steps[1:]
        elif steps and steps[0].kind in ("name", "members") and not self._matches(name, quoted):
            raise _unknown_alias(reference, self.row_name, self.table)
        return _stepped(self._column(name, quoted, position, alone), steps)

    def _row(self, position: Position | None) -> Expr:
        values = tuple(
            as_item(self._field(number, column, position))
            for number, column in enumerate(self.schema.columns)
        )
        return StructOf(tuple(column.name for column in self.schema.columns), values, position=position)

    def _column(self, name: str, quoted: bool, position: Position | None, alone: bool) -> Expr:
        matches = self._matches(name, quoted)
        columns = self.schema.columns
        if not matches:
            known = {_folded(column.name): column.name for column in columns[:1000]}
            close = get_close_matches(_folded(name), known, n=1)
            guess = f" Did you mean {known[close[0]]!r}?" if close else ""
            raise S3SelectError(
                "EvaluatorBindingDoesNotExist",
                f"The column {name!r} at {position} does not exist in the {self.schema.title} schema.{guess}",
                position=position,
                hint=None if close else column_hint(name, list(known.values()), may_be_text=quoted and alone),
            )
        if len(matches) > 1:
            names = ", ".join(repr(columns[number].name) for number in matches[:5])
            raise S3SelectError(
                "AmbiguousFieldName",
                f"The name {name!r} at {position} matches {len(matches)} columns of the {self.schema.title} "
                f"schema: {names}. A name in double quotes matches its own letter case only.",
                position=position,
            )
        return self._field(matches[0], columns[matches[0]], position)

    def _field(self, number: int, column: ParquetColumn, position: Position | None) -> Expr:
        if column.refusal is not None:
            code, message = column.refusal
            raise S3SelectError(code, message, position=position)
        kinds = column.kinds | {Kind.NULL} if column.nullable else column.kinds
        return ParquetField(number, kinds, column.may_fail, position=position)

    def _matches(self, name: str, quoted: bool) -> Sequence[int]:
        return self._exact.get(name, ()) if quoted else self._any_case.get(_folded(name), ())

    @cached_property
    def _exact(self) -> dict[str, list[int]]:
        return _numbers_by_name(column.name for column in self.schema.columns)

    @cached_property
    def _any_case(self) -> dict[str, list[int]]:
        return _numbers_by_name(_folded(column.name) for column in self.schema.columns)


def _unknown_alias(reference: Reference, row_name: str, table: str) -> S3SelectError:
    step = "*" if reference.steps[0].is_wildcard else reference.steps[0].name
    return S3SelectError(
        "InvalidTableAlias",
        f"Invalid table alias is specified at {reference.position}. Please check the file and try again.",
        position=reference.position,
        hint=alias_hint(reference.name, step, row_name, table),
    )


def _numbers_by_name(header: Iterable[str]) -> dict[str, list[int]]:
    """The columns of each name; a column without a name is reached by its number alone."""
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(header):
        if name:
            numbers.setdefault(name, []).append(number)
    return numbers


def _folded(name: str) -> str:
    """*name* with its ASCII letters in lower case."""
    if name.isascii():
        return name.lower()
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _stepped(value: Expr, steps: Sequence[nodes.Step]) -> Expr:
    """The value after *steps*; a field of CSV and a scalar one of Parquet have no parts but by wildcard."""
    if not steps:
        return value
    has_parts = isinstance(value, ParquetField) and value.kinds & {Kind.LIST, Kind.STRUCT}
    if has_parts or any(step.is_wildcard for step in steps):
        return PathOf(value, bound_steps(steps), position=value.position)
    return Literal(Kind.MISSING, None, position=value.position)
