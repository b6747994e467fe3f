"""The serial end of the pipeline for registered formats: pieces become morsels.

In: an opened object and a plan.  Out: its pieces in order, each with the bytes that were read for it. A
record batch with many rows is handed out in several morsels; what a worker decodes is as long as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from s3sql.exec.buffer_pool import BufferPool
from s3sql.formats.table_opening import TableOpening
from s3sql.formats.table_rows import TableMorsel
from s3sql.formats.tables import Piece
from s3sql.plan.logical import Plan

#: Most rows and bytes of a morsel made of a record batch.
_MOST_ROWS = 64 << 10
_MOST_BYTES = 3 << 19


class TableReader:
    """Hands out the pieces that *plan* reads. Not thread-safe, but for :meth:`give_back`."""

    #: A format is asked for no more than is wanted.
    begins_together = False

    def __init__(self, opening: TableOpening, plan: Plan, pool: BufferPool) -> None:
        self._opening = opening
        self._columns = opening.columns(plan)
        self._pool = pool
        self._position = 0
        self._shares: Iterator[TableMorsel] = iter(())
        # Read already, while there was no memory for it.
        self._waiting: TableMorsel | None = None
        self._ended = False

    @property
    def serial(self) -> bool:
        """What is read ahead is never thrown away."""
        return False

    @property
    def uncut(self) -> bool:
        """A morsel ends with a row."""
        return False

    @property
    def position(self) -> int:
        """Bytes processed before the next morsel."""
        return self._position

    @property
    def ended(self) -> bool:
        """Whether there are no more morsels."""
        return self._ended and self._waiting is None

    def stop(self) -> None:
        """Read no more."""
        self._ended = True
        self._waiting = None

    def restart(self, offset: int) -> None:
        """Never needed: a morsel is consumed as a whole."""
        raise AssertionError(f"a morsel of a table was not consumed up to {offset}")

    def note_records(self, count: int, length: int) -> None:
        """Nothing to learn: the format decides how much a piece holds."""

    def next(self, *, wait: bool) -> TableMorsel | None:
        """The next morsel, to be given back; None behind the last one, or without *wait* for want of memory.

        Raises:
            S3SelectError: ``SlowDown``; the object cannot be read on.
        """
        if self._waiting is None and not self._ended:
            self._waiting = self._read()
        morsel = self._waiting
        if morsel is None:
            return None
        if wait:
            self._pool.reserve_first(morsel.reserved)
        elif not self._pool.reserve(morsel.reserved):
            return None
        self._waiting = None
        self._position = morsel.start + morsel.length
        return morsel

    def give_back(self, morsel: TableMorsel) -> None:
        """Nobody works on *morsel* any more."""
        morsel.give_up()
        self._pool.release(morsel.reserved)

    def _read(self) -> TableMorsel | None:
        """The next morsel; None where there is nothing left, not even bytes."""
        share = next(self._shares, None)
        if share is not None:
            return share
        piece = self._opening.next_piece(self._columns)
        start, length = self._position, self._opening.position - self._position
        if piece is None:
            self._ended = True
            return TableMorsel(start, length, None, 0, at_end=True) if length else None
        self._shares = _shares(piece, start, length)
        return next(self._shares)


def _shares(piece: Piece, start: int, length: int) -> Iterator[TableMorsel]:
    """The morsels of a piece, which share its bytes as they share its rows."""
    if not isinstance(piece, pa.RecordBatch):
        yield TableMorsel(start, length, piece, length, at_end=False)
        return
    rows, size = piece.num_rows, piece.nbytes
    step = max(1, min(_MOST_ROWS, rows * _MOST_BYTES // max(size, 1)))
    for first in range(0, max(rows, 1), step):
        begin, end = (length * min(row, rows) // max(rows, 1) for row in (first, first + step))
        end = length if first + step >= rows else end
        part = piece.slice(first, step)
        yield TableMorsel(
            start + begin, end - begin, part, size * part.num_rows // max(rows, 1), at_end=False
        )
