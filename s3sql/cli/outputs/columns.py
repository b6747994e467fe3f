"""What the outputs made of Arrow columns share: the batches of results, and one schema for all of a file.

In: results.  Out: their record batches; advice in the words of the command line where a column has values of
several kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from s3sql.errors import S3SelectError

if TYPE_CHECKING:
    import pyarrow as pa

    from s3sql.result import Result

_ADVICE = "add --mixed json for JSON text in such columns, CAST them in the query, or write csv or jsonl"


def schema_of(result: Result) -> pa.Schema:
    """The schema of *result*; raises as :attr:`s3sql.result.Result.schema`."""
    try:
        return result.schema
    except S3SelectError as error:
        raise _advised(error) from error.__cause__


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The record batches of *result*; raises as iterating over it."""
    try:
        yield from result
    except S3SelectError as error:
        raise _advised(error) from error.__cause__


class OneSchema:
    """The columns of a file that several results go into: those of the first result with rows.

    A result without rows fits every file. Its own columns count if there are no rows at all.
    """

    def __init__(self) -> None:
        self._of_rows: pa.Schema | None = None
        self._without_rows: pa.Schema | None = None

    @property
    def schema(self) -> pa.Schema | None:
        """The columns; None before any result."""
        return self._of_rows if self._of_rows is not None else self._without_rows

    def batches(self, result: Result) -> Iterator[pa.RecordBatch]:
        """The batches of *result* that have rows; raises as iterating over it.

        Raises:
            S3SelectError: its columns are others than those of the file.
        """
        schema = schema_of(result)
        if self._without_rows is None or not self._without_rows.names:
            self._without_rows = schema
        for batch in batches(result):
            if batch.num_rows:
                self._check(schema)
                yield batch

    def _check(self, found: pa.Schema) -> None:
        first = self._of_rows = found if self._of_rows is None else self._of_rows
        if found.equals(first):
            return
        raise S3SelectError(
            "CastFailed",
            f"The columns here are {_listed(found)}; those of the first source are {_listed(first)}, and one "
            "file has the same columns throughout.",
            hint="CAST the columns in the query, or write csv, json or jsonl",
        )


def _listed(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema) or "none"


def _advised(error: S3SelectError) -> S3SelectError:
    """*error* without the words of the Python interface."""
    if error.code != "CastFailed" or "Pass schema=" not in error.message:
        return error
    message = error.message.partition(" Pass schema=")[0]
    return S3SelectError(error.code, message, position=error.position, hint=_ADVICE)
