"""The columns of a CSV object.

In: its first records.  Out: a :class:`~s3sql.describe.description.ColumnDescription` for each column, and the
first rows as a table.

The fields of a column are CAST, all of them at once and by what CAST itself is made of
(:mod:`s3sql.functions.conversion`), to the kinds in question, the narrowest first.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from s3sql.describe.description import ColumnDescription
from s3sql.describe.examples import distinct
from s3sql.describe.naming import ROW, Naming
from s3sql.errors import S3SelectError
from s3sql.formats.csv_records import CsvRecords
from s3sql.functions.conversion import cast
from s3sql.payloads import Mask, Text
from s3sql.plan.schema import CsvSchema
from s3sql.types import Column, Kind

#: What texts are tried as, in this order.
_TRIED = (Kind.INT, Kind.DECIMAL, Kind.FLOAT, Kind.TIMESTAMP)
_TRUTHS = frozenset(("true", "false"))


def csv_columns(
    records: CsvRecords, schema: CsvSchema, begin: int, most: int
) -> tuple[tuple[ColumnDescription, ...], int]:
    """The first *most* columns of the records from *begin* on, and how many there are."""
    count = max([len(schema.header or ()), *records.counts()[begin:]])
    names = [schema.column_name(number) for number in range(min(count, most))]
    naming = Naming((name,) for name in schema.header or names)
    repeated = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    seen = len(records) - begin
    columns = []
    for number, name in enumerate(names):
        text, _ = records.column(number, begin)
        filled = text.take(np.flatnonzero(text.ends > text.starts))
        by_name = name in (schema.header or ()) and name not in repeated
        columns.append(
            ColumnDescription(
                name,
                number + 1,
                (_kind(filled).name.lower(),) if len(filled) else (),
                naming.sql((name,)) if by_name else f"{ROW}._{number + 1}",
                len(filled) / seen if seen else 0.0,
                distinct(_text(filled, row) for row in range(len(filled))),
                "" if name not in repeated else "several columns have this name",
            )
        )
    return tuple(columns), count


def csv_rows(records: CsvRecords, schema: CsvSchema, begin: int, count: int, most: int) -> pa.Table:
    """The *count* records from *begin* on, at most *most* columns of them."""
    rows = [records.fields(number, most) for number in range(begin, min(begin + count, len(records)))]
    width = max([min(len(schema.header or ()), most), *map(len, rows)])
    arrays = [
        pa.array([row[number] if number < len(row) else None for row in rows], pa.string())
        for number in range(width)
    ]
    return pa.Table.from_arrays(arrays, names=[schema.column_name(number) for number in range(width)])


def _kind(text: Text) -> Kind:
    """What all of *text* can be CAST to."""
    column = Column.of(Kind.STRING, text)
    if all(_text(text, row).lower() in _TRUTHS for row in range(len(text))):
        return Kind.BOOL
    return next((kind for kind in _TRIED if _can_be(column, kind)), Kind.STRING)


def _can_be(column: Column, kind: Kind) -> bool:
    failures: list[S3SelectError] = []

    def fail(where: Mask, error: S3SelectError) -> None:
        failures.append(error)

    cast(column, kind, fail)
    return not failures


def _text(text: Text, row: int) -> str:
    return text.buffer[text.starts[row] : text.ends[row]].tobytes().decode()
