"""The paths of a JSON object.

In: its first records as a query writes them.  Out: a :class:`~s3sql.describe.description.ColumnDescription`
for each path, and the first rows as a table.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from s3sql.api import query
from s3sql.describe.description import ColumnDescription
from s3sql.describe.naming import ROW, Naming, shown
from s3sql.describe.survey import Survey
from s3sql.errors import S3SelectError
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.serialize.arrow_schema import Mixed

#: The select items that give the first rows: each where a table cannot have what the one before gives.
_ITEMS: tuple[tuple[str, Mixed], ...] = (
    (f"r.{ROW}.*", "error"),
    (f"r.{ROW}.*", "json"),
    (f"r.{ROW}", "json"),
)


def json_columns(records: Sequence[bytes], most: int) -> tuple[tuple[ColumnDescription, ...], list[str]]:
    """The paths of *records*, each of which is an object with the record as its only member; and notes."""
    survey = Survey(most)
    prefix, suffix = f'{{"{ROW}":'.encode(), b"}\n"
    for number, record in enumerate(records):
        # Of what a FROM path does not find, the record is empty.
        if record.startswith(prefix):
            survey.add(number, record.removeprefix(prefix).removesuffix(suffix))
    found = list(survey.paths())
    naming = Naming(path for path, _ in found)
    columns = []
    for path, seen in found:
        if not path and all(kind in ("struct", "list") for kind in seen.kinds):
            continue
        columns.append(
            ColumnDescription(
                shown(path) if path else "_1",
                None,
                tuple(seen.kinds),
                naming.sql(path),
                seen.records / len(records),
                tuple(seen.examples),
                "" if path else "the record itself, where it is no object",
            )
        )
    return tuple(columns), list(survey.notes)


def json_rows(records: Sequence[bytes], *, wide: bool) -> pa.Table:
    """The first rows as ``SELECT *`` gives them; as JSON text where a table cannot have that.

    ``wide``: there are so many columns that each row is one.
    """
    text = b"".join(record for record in records if len(record) <= MAX_RECORD_BYTES)
    for items, mixed in _ITEMS[2 if wide else 0 :]:
        try:
            with query(f"SELECT {items} FROM S3Object r", text, input_format="json", mixed=mixed) as result:
                return result.to_arrow()
        except S3SelectError as error:
            if error.code not in ("CastFailed", "AmbiguousFieldName"):
                raise
    raise AssertionError("JSON text can have everything")
