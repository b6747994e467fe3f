"""JSON input as a format: cutting a text into morsels and reading rows of values.

In: the type of JSON and the FROM path.  Out: batches of dynamically typed values.

LINES has one value per line, so a line end is a good place to cut; DOCUMENT has values anywhere. Either
way the reader of a morsel finds the values itself and says where the last one ended.
Source: AWS S3 API Reference, JSONInput.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.formats.base import Morsel, MorselRows
from s3sql.formats.batch import FirstFailure
from s3sql.formats.json import JsonBatch, index_block
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_cut
from s3sql.plan.expr import Step
from s3sql.request import JsonInput

_LINE_END = np.frombuffer(b"\n", np.uint8)


class JsonFormat:
    """The JSON of one request; ``path`` is that of the plan's scan."""

    def __init__(self, request: JsonInput, path: tuple[Step, ...]) -> None:
        self._lines = request.type == "LINES"
        self._path = path

    @property
    def serial(self) -> bool:
        """A document may have line ends anywhere in its values."""
        return not self._lines

    @property
    def boundary_margin(self) -> int:
        """One line end."""
        return 1

    @property
    def names(self) -> tuple[str, ...]:
        """JSON has no header."""
        return ()

    def room(self, length: int) -> int:
        """The morsel alone; decoded text is written elsewhere."""
        return length

    def cut(self, buffer: PaddedBuffer, length: int) -> int:
        """Behind the last line end."""
        return csv_cut.last_end(buffer.array, 0, length, _LINE_END)

    def boundary(self, buffer: PaddedBuffer, begin: int, length: int) -> int:
        """Behind the first line end at or behind *begin*."""
        return csv_cut.first_end(buffer.array, 0, begin, length, _LINE_END)

    def rows(self, morsel: Morsel, scratch: Scratch) -> MorselRows:
        """Parse the morsel and range over the FROM path."""
        block = index_block(
            morsel.buffer,
            morsel.length,
            at_start=morsel.start == 0,
            at_end=morsel.at_end,
            scratch=scratch,
            base=morsel.start,
        )
        starts = block.record_starts()
        if morsel.stop is not None:
            kept = int(np.searchsorted(starts, morsel.stop))
            if kept < len(starts):
                block = replace(block, roots=block.roots[:kept], failure=None)
                starts = starts[:kept]
        batch = JsonBatch.of(block, self._path, FirstFailure())
        # With a path rows are no records any more; where one fails is told by its morsel.
        return MorselRows(batch, block.consumed, starts if not self._path else np.zeros(0, np.int32))
