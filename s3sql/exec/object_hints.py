"""Advice that needs a look at the object: what its first line has.

In: an opened object and the error of a query over it.  Out: the same error, with a hint if there is one.  The
object is looked at again only when a query has failed.
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.exec.readers import Opening
from s3sql.formats.opening import TextOpening
from s3sql.plan.name_hints import header_hint
from s3sql.plan.schema import CsvSchema

#: Codes of values that a header line's names cause where numbers or timestamps are expected.
_OF_VALUES = frozenset({"CastFailed", "ValueParseFailure"})


def advise_on_name(opening: Opening, sql: str, error: S3SelectError) -> None:
    """Say where a name of *sql*, which no column has, stands in the first line of a CSV object."""
    if error.code != "InvalidColumnIndex" or not isinstance(opening, TextOpening):
        return
    schema, first_line = opening.schema, opening.first_record()
    if not isinstance(schema, CsvSchema) or first_line is None:
        return
    hint = header_hint(sql, error.position, schema.mode, first_line)
    if hint is not None:
        error.hint = hint


def advise_on_value(opening: Opening, error: S3SelectError, error_at: int) -> None:
    """Say that the row at *error_at* (see :class:`s3sql.exec.task.TaskResult`) may be a header line."""
    if error.code not in _OF_VALUES or not isinstance(opening, TextOpening):
        return
    schema = opening.schema
    if isinstance(schema, CsvSchema) and schema.mode == "NONE" and opening.is_first(error_at):
        else_hint = "" if error.hint is None else f"; if it is not, {error.hint}"
        error.hint = (
            "the value is in the first line: if that is a header, FileHeaderInfo USE takes names from it and "
            f"IGNORE skips it{else_hint}"
        )
