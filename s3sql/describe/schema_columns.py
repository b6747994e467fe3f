"""The columns of an object that has a schema: Parquet, and formats that a program has registered.

In: the schema, and the first rows of the columns that can be read.  Out: a
:class:`~s3sql.describe.description.ColumnDescription` for each column and for what is within it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa

from s3sql.describe.description import ColumnDescription
from s3sql.describe.examples import distinct
from s3sql.describe.naming import Naming, Path, shown
from s3sql.describe.survey import Survey
from s3sql.formats.parquet_schema import kinds_of
from s3sql.plan.schema import ParquetColumn, ParquetSchema, ParquetType
from s3sql.types import Kind

#: Most levels within a column.
_DEEPEST = 32


def readable(schema: ParquetSchema, most: int) -> dict[int, str]:
    """The columns that a query can select, by number from 0, at most so many; and how it writes them.

    A type may have no kind in SQL, and a name that several columns have exactly is none's.
    """
    naming = Naming((column.name,) for column in schema.columns)
    times = Counter(column.name for column in schema.columns)
    found: dict[int, str] = {}
    for number, column in enumerate(schema.columns):
        if column.refusal is None and times[column.name] == 1 and column.name and len(found) < most:
            found[number] = naming.sql((column.name,))
    return found


def schema_columns(
    schema: ParquetSchema, rows: pa.Table, of_column: Mapping[int, int], most: int
) -> tuple[tuple[ColumnDescription, ...], list[str]]:
    """The columns of *schema* and what is within them, at most so many; and notes.

    *rows*: the first rows; column n of the schema is number ``of_column[n]`` of them, if it could be read.
    """
    paths = [
        (number, path, type_)
        for number, column in enumerate(schema.columns)
        for path, type_ in _paths(column, most)
    ]
    naming = Naming(path for _, path, _ in paths)
    survey = _survey(schema, rows, of_column, most)
    columns = []
    for number, path, type_ in paths[:most]:
        column = schema.columns[number]
        top = len(path) == 1
        present, examples = 0.0, tuple[str, ...]()
        if number in of_column and rows.num_rows and (type_.form in _NESTED or not top):
            seen = survey.at(path)
            present, examples = seen.records / rows.num_rows, tuple(seen.examples)
        elif number in of_column and rows.num_rows:
            values = rows.column(of_column[number])
            present = 1 - values.null_count / rows.num_rows
            examples = distinct(_text(value) for value in values[:100].to_pylist() if value is not None)
        columns.append(
            ColumnDescription(
                shown(path),
                number + 1 if top else None,
                _kinds(column.kinds if top else kinds_of(type_)),
                naming.sql(path),
                present,
                examples,
                _note(column, schema) if top else "",
            )
        )
    notes = list(survey.notes)
    if len(paths) > most:
        notes.append(f"the first {most:,} of {len(paths):,} columns and fields are described")
    return tuple(columns), notes


_NESTED = frozenset(("list", "struct", "map", "repeated"))


def _paths(column: ParquetColumn, most: int) -> Iterator[tuple[Path, ParquetType]]:
    """The column and what is within it, each below what it belongs to."""
    pending: list[tuple[Path, ParquetType]] = [((column.name,), column.type)]
    count = 0
    while pending and count <= most:
        path, type_ = pending.pop()
        yield path, type_
        count += 1
        # A repeated field stands for its last value.
        held = type_.children[0] if type_.form == "repeated" else type_
        if len(path) > _DEEPEST or column.refusal is not None:
            continue
        if held.form == "struct":
            within = zip(held.names, held.children, strict=True)
            pending.extend(reversed([((*path, name), child) for name, child in within]))
        elif held.form == "list":
            pending.append(((*path, None), held.children[0]))


def _survey(schema: ParquetSchema, rows: pa.Table, of_column: Mapping[int, int], most: int) -> Survey:
    """What is within the columns of *rows* whose values are JSON text."""
    survey = Survey(most)
    for number, place in of_column.items():
        column = schema.columns[number]
        if column.type.form in _NESTED and pa.types.is_string(rows.schema.field(place).type):
            for row, text in enumerate(rows.column(place).to_pylist()):
                if text is not None:
                    survey.add(row, text, (column.name,))
    return survey


def _kinds(kinds: frozenset[Kind]) -> tuple[str, ...]:
    return tuple(kind.name.lower() for kind in sorted(kinds))


def _note(column: ParquetColumn, schema: ParquetSchema) -> str:
    if column.refusal is not None:
        return f"{column.refusal[0]}: no query can read it"
    alike = sum(other.name == column.name for other in schema.columns)
    if alike > 1:
        return f"{alike:,} columns have this name, so no query can name it"
    return "" if column.name else "it has no name, so no query can name it"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
