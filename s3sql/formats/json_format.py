"""JSON input as a format: cutting a text into morsels and reading rows of values.

In: the type of JSON and the FROM path.  Out: batches of dynamically typed values.

LINES has one value per line, so a line end is a good place to cut; DOCUMENT has values anywhere. Either
way the reader of a morsel finds the values itself and says where the last one ended.
Source: AWS S3 API Reference, JSONInput.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.formats.base import Morsel, MorselRows
from s3sql.formats.batch import FirstFailure
from s3sql.formats.json import AnyBlock, Fitting, JsonBlock, batch_of, read_block
from s3sql.formats.json_layout import Slots
from s3sql.formats.json_paths import range_over
from s3sql.formats.scratch import Scratch
from s3sql.kernels import csv_cut
from s3sql.payloads import Int32s, Int64s
from s3sql.plan.expr import Elements, Members, Step
from s3sql.request import JsonInput

_LINE_END = np.frombuffer(b"\n", np.uint8)


class JsonFormat:
    """The JSON of one request; ``path`` is that of the plan's scan.

    ``lines``: its type is LINES.
    """

    #: A line may have several values.
    shares_lines = True

    def __init__(self, request: JsonInput, path: tuple[Step, ...], slots: Slots) -> None:
        """*slots*: of the paths from a row that expressions name; others are slower to find."""
        self.fitting = Fitting(slots)
        self.lines = request.type == "LINES"
        self.path = path

    @property
    def serial(self) -> bool:
        """A document may have line ends anywhere in its values."""
        return not self.lines

    @property
    def boundary_margin(self) -> int:
        """One line end."""
        return 1

    @property
    def repeated_character(self) -> bytes:
        """A line end is one character."""
        return b""

    @property
    def names(self) -> tuple[str, ...]:
        """JSON has no header."""
        return ()

    def room(self, length: int) -> int:
        """The morsel alone; decoded text is written elsewhere."""
        return length

    @property
    def cut_by_end(self) -> bool:
        """Whether the last line end is always tried."""
        return self.lines

    def cut(self, buffer: PaddedBuffer, length: int) -> int:
        """Behind the last line end."""
        return csv_cut.last_end(buffer.array, length, _LINE_END)

    def boundary(self, buffer: PaddedBuffer, begin: int, length: int) -> int:
        """Behind the first line end at or behind *begin*."""
        return csv_cut.first_end(buffer.array, begin, length, _LINE_END)

    def lead(self, buffer: PaddedBuffer, end: int) -> bytes:
        """Nothing: a morsel begins between two root values."""
        return b""

    def span_end(self, buffer: PaddedBuffer, stop: int, length: int) -> int:
        """The end of the last line that starts before *stop*."""
        return self.boundary(buffer, stop, length)

    def rows(self, morsel: Morsel, scratch: Scratch) -> MorselRows:
        """Parse the morsel and range over the FROM path."""
        unread = morsel.file is not None and morsel.stop is None
        if not unread:
            morsel.read(0, morsel.length)
        block = _within_span(self, morsel, scratch)
        if block is None:
            block = _parse(self, morsel, morsel.length, morsel.at_end, scratch, unread=unread)
        batch = batch_of(block, self.path, FirstFailure())
        if not isinstance(block, JsonBlock):
            return MorselRows(batch, block.consumed, cache(block.record_starts))
        starts = block.record_starts()
        parsed = block
        return MorselRows(batch, block.consumed, lambda: starts_of_rows(parsed, starts, self.path))


def _parse(
    form: JsonFormat, morsel: Morsel, length: int, at_end: bool, scratch: Scratch, *, unread: bool = False
) -> AnyBlock:
    return read_block(
        morsel.buffer,
        length,
        form.path,
        at_start=morsel.start == 0,
        at_end=at_end,
        scratch=scratch,
        base=morsel.start,
        fitting=form.fitting,
        unread=morsel if unread else None,
    )


def _within_span(form: JsonFormat, morsel: Morsel, scratch: Scratch) -> AnyBlock | None:
    """The records of a morsel that start before its stop; None if all of them do, as far as can be seen."""
    end = -1 if morsel.stop is None else form.boundary(morsel.buffer, morsel.stop, morsel.length)
    if end < 0:
        return None
    block = _parse(form, morsel, end, False, scratch)
    if block.failure is not None or block.complete:
        return block
    # The last value goes on behind the line on which the span ends.
    block = _parse(form, morsel, morsel.length, morsel.at_end, scratch)
    if block.consumed <= end:
        return block
    kept = int(np.searchsorted(block.record_starts(), end))
    return block.first(kept)


def starts_of_rows(block: JsonBlock, starts: Int32s, path: tuple[Step, ...]) -> Int32s:
    """Where the record of every row of ``FROM S3Object[*]<path>`` starts, *starts* being the records' own."""
    nodes = block.roots
    for step in path:
        found = range_over(replace(block, roots=nodes), (step,))
        if isinstance(step, Elements | Members):
            starts = starts[origins_of(nodes, found)]
        nodes = found
    return starts


def origins_of(nodes: Int32s, found: Int32s) -> Int64s:
    """The position in *nodes* of the value that each value *found* under a wildcard comes from.

    Values on the tape have ascending numbers, a value before those in it. One without any, ABSENT itself
    or AMBIGUOUS gives a single row that is negative as well.
    """
    present = found >= 0
    values = np.flatnonzero(nodes >= 0)
    origins = np.empty(len(found), np.int64)
    origins[present] = values[np.searchsorted(nodes[values], found[present], side="right") - 1]
    without = np.ones(len(nodes), np.bool_)
    without[origins[present]] = False
    origins[~present] = np.flatnonzero(without)
    return origins
