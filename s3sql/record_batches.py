"""The rows of a scan as Arrow record batches of one schema.

In: the steps of a scan, and what is known of its columns.  Out: record batches, in the order of the object.

The first rows can be looked at before: what has been read for that, or to fix the schema, is held and comes
first when the rows are taken. So no more is held than has been asked for, in whole morsels. Who wants all
rows in memory anyway has the schema fixed by all of them, so that no late one can fail to fit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence

import pyarrow as pa

from s3sql.engine import Query
from s3sql.exec.steps import Step
from s3sql.limits import BEFORE_STREAM_BYTES
from s3sql.plan.logical import Aggregate, Limit
from s3sql.serialize.arrow import Piece
from s3sql.serialize.arrow_schema import Layout, Outline
from s3sql.stats import Stats


class ArrowReader:
    """Pieces of a scan as record batches: looks ahead for the schema, then goes on.

    ``error`` is what ends the rows, to be raised behind them; ``begun`` says whether anything has been read,
    ``ended`` whether there is no more to read.
    """

    def __init__(
        self, query: Query, outline: Outline, steps: Generator[Step[Piece] | None, None, None], stats: Stats
    ) -> None:
        project = query.plan.source if isinstance(query.plan, Limit) else query.plan
        self._one_row = isinstance(project.source, Aggregate)
        self._query = query
        self._outline = outline
        self._steps = steps
        self._stats = stats
        # Read, and not yet in the layout.
        self._pieces: deque[Piece] = deque()
        # In the layout, and not yet taken.
        self._batches: deque[pa.RecordBatch] = deque()
        self._rows = 0
        self.error: Exception | None = None
        self.begun = False
        self.ended = False
        self.layout: Layout

    def look_ahead(self, *, whole: bool) -> None:
        """Read until the layout can be fixed; *whole*: if it depends on rows at all, by all of them.

        Raises:
            Exception: what ends the scan outside of a row, or a value that no layout can hold.
        """
        rows = held = 0
        while not self._outline.complete and not self.ended:
            step = self._next_step()
            if step is None:
                continue
            rows += step.rows
            if step.output is not None:
                self._pieces.append(step.output)
                held += step.output.length
            if whole:
                self._stats.rows = held
                continue
            # The one row of an aggregate query comes last.
            if not self._one_row and rows and step.processed >= BEFORE_STREAM_BYTES:
                break
        self.layout = self._outline.layout(list(self._pieces), ended=self.ended)

    @property
    def held(self) -> int:
        """How many rows have been read and not taken."""
        batches = sum(batch.num_rows for batch in self._batches)
        return batches + sum(piece.length for piece in self._pieces)

    def first(self, count: int) -> list[pa.RecordBatch]:
        """Record batches of the first *count* rows or a few more; fewer only where the rows end."""
        held = sum(batch.num_rows for batch in self._batches)
        while held < count and (batch := self._made()) is not None:
            self._batches.append(batch)
            held += batch.num_rows
        return list(self._batches)

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """The rows in the layout; an error is raised behind the rows before it."""
        given = 0
        while (batch := self._batches.popleft() if self._batches else self._made()) is not None:
            given += batch.num_rows
            # Rows that were held for the layout count already.
            self._stats.rows = max(self._stats.rows, given)
            self._stats.bytes_returned += batch.nbytes
            yield batch
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """End the scan."""
        self._steps.close()

    def _made(self) -> pa.RecordBatch | None:
        """The next record batch that has rows, None where there is none or an error is before it."""
        try:
            while (piece := self._pieces.popleft() if self._pieces else self._next_piece()) is not None:
                if piece.length:
                    batch = self.layout.batch(piece, self._rows)
                    self._rows += piece.length
                    return batch
        except Exception as error:
            self._pieces.clear()
            self._steps.close()
            self.ended = True
            self.error = error
        return None

    def _next_piece(self) -> Piece | None:
        while not self.ended:
            step = self._next_step()
            if step is not None and step.output is not None:
                return step.output
        return None

    def _next_step(self) -> Step[Piece] | None:
        """One step of the scan; None where nothing was ready, or it has ended."""
        self.begun = True
        step = next(self._steps, ...)
        if step is ...:
            self.ended = True
            return None
        if step is not None:
            self._stats.bytes_scanned, self._stats.bytes_processed = step.scanned, step.processed
            self._stats.bytes_total = self._query.bytes_to_scan()
            self.error = step.error
            self.ended = step.error is not None
        return step


def first_rows(batches: Sequence[pa.RecordBatch], schema: pa.Schema, count: int) -> pa.Table:
    """The first *count* rows of *batches*."""
    table = pa.Table.from_batches(batches, schema=schema)
    # A table without columns does not stop at its end by itself.
    return table.slice(0, min(count, table.num_rows))
