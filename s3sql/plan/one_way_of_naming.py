"""The rule that a query names all columns of a CSV object by number, or all by their headers.

In: the names of the object's rows.  Out: the same names, with an error for the first reference that goes the
other way than one before it.

Source: AWS S3 User Guide, earlier editions, "Querying archived objects"; the code is ours (Choice).
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.plan.expr import Expr
from s3sql.plan.names import CsvNames, Reference


class OneWayOfNaming:
    """The names of one query over a CSV object; it remembers the first reference to a column."""

    def __init__(self, names: CsvNames) -> None:
        self._names = names
        self._first: tuple[bool, Reference] | None = None

    def row(self) -> Expr:
        """The row itself."""
        return self._names.row()

    def bind(self, reference: Reference) -> Expr:
        """As :meth:`s3sql.plan.names.CsvNames.bind`.

        Raises :class:`S3SelectError` ``UnsupportedSqlStructure`` for a second way of naming.
        """
        bound = self._names.bind(reference)
        by_number = self._names.by_number(reference)
        if by_number is None or self._names.schema.empty:
            return bound
        if self._first is None:
            self._first = by_number, reference
        elif self._first[0] != by_number:
            ways = ("its number", "its header") if by_number else ("its header", "its number")
            raise S3SelectError(
                "UnsupportedSqlStructure",
                f"The column at {reference.position} is named by {ways[0]}, the one at "
                f"{self._first[1].position} by {ways[1]}; a query on an archived object names all columns "
                "in one way.",
                position=reference.position,
            )
        return bound
