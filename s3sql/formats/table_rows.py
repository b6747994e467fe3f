"""Rows of a registered format: a piece is decoded by the worker that needs it.

In: a :class:`TableMorsel`.  Out: the batches of :mod:`s3sql.formats.parquet`, whose columns are Arrow arrays
too.
"""

from __future__ import annotations

from typing import Any

from s3sql.errors import S3SelectError
from s3sql.formats.base import MorselRows
from s3sql.formats.parquet import ParquetReading
from s3sql.formats.parquet_morsel import ParquetMorsel
from s3sql.formats.scratch import Scratch
from s3sql.formats.table_opening import TableOpening
from s3sql.formats.tables import Piece
from s3sql.plan.logical import Plan


class TableMorsel:
    """A piece of an object: the bytes ``[start, start + length)`` that were read for it.

    ``piece`` is None behind the last one, for the bytes that tell where the object ends, and in a morsel that
    was given back. ``rows`` is the piece decoded, once a worker has done that.
    """

    __slots__ = ("at_end", "fault", "length", "piece", "reserved", "rows", "start")

    def __init__(self, start: int, length: int, piece: Piece | None, reserved: int, *, at_end: bool) -> None:
        self.start = start
        self.length = length
        self.piece = piece
        #: Bytes of memory that it counts for.
        self.reserved = reserved
        self.at_end = at_end
        self.rows: ParquetMorsel | None = None
        self.fault: S3SelectError | None = None

    def give_up(self) -> None:
        """Let go of the rows."""
        self.piece = self.rows = None


class TableReading:
    """How workers read morsels of a registered format."""

    def __init__(self, opening: TableOpening, plan: Plan) -> None:
        self._opening = opening
        self._columns = opening.columns(plan)
        self._rows = ParquetReading(opening.schema, plan)

    @property
    def names(self) -> tuple[str, ...]:
        """No row is written as a whole: the binder names its columns."""
        return ()

    def rows(self, morsel: TableMorsel, scratch: Scratch) -> MorselRows:
        """The rows of the morsel.

        Raises:
            S3SelectError: the piece cannot be decoded.
        """
        if morsel.rows is None:
            nothing: tuple[int, dict[int, Any]] = (0, {})
            piece = morsel.piece
            count, columns = nothing if piece is None else self._opening.decoded(piece, self._columns)
            morsel.rows = ParquetMorsel(morsel.start, morsel.length, count, columns, at_end=morsel.at_end)
        return self._rows.rows(morsel.rows, scratch)

    def lasting(self, morsel: TableMorsel) -> TableMorsel:
        """The same morsel with the rows that were decoded."""
        again = TableMorsel(morsel.start, morsel.length, morsel.piece, 0, at_end=morsel.at_end)
        again.rows = morsel.rows
        return again
