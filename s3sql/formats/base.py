"""What an input format is: a serial cutter of morsels and a worker-side reader of rows.

In: the bytes of an object.  Out: batches of rows. The cutter only has to find plausible ends quickly; the
reader says how many bytes it really consumed, and the pipeline goes on from there. So a wrong cut costs
time, never rows:

    cut here:        |---- morsel 0 ----|---- morsel 1 ----|-- …
    consumed:        |-------------|                              morsel 1 is thrown away and cut again
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.batch import Batch
from s3sql.formats.scratch import Scratch
from s3sql.types import Int32s


@dataclass(frozen=True, slots=True)
class Morsel:
    """A block of an object's text that starts at a record start.

    ``buffer`` holds it at ``[0, length)``; ``start`` is the offset of its first byte in the text;
    ``at_end``: the object ends with it. ``uncut``: it ends anywhere, not at a plausible record end.
    ``stop``: records that start at or behind this offset in the morsel belong to another scan range.
    ``fault``: the object cannot be read on behind it, which is the failure of the record that follows the
    last complete one.
    """

    buffer: PaddedBuffer
    length: int
    start: int
    at_end: bool
    uncut: bool = False
    stop: int | None = None
    fault: S3SelectError | None = None


@dataclass(frozen=True, slots=True)
class MorselRows:
    """The rows of a morsel: those of ``batch`` may end in a failure already reported to it.

    ``consumed``: bytes up to the end of the last complete record; the next morsel starts there.
    ``record_starts``: the offset in the morsel of the record each row comes from.
    """

    batch: Batch
    consumed: int
    record_starts: Int32s

    def record_start(self, row: int) -> int:
        """Where the record of *row* starts; the row behind the last one fails where reading ended."""
        return int(self.record_starts[row]) if row < len(self.record_starts) else self.consumed


class Format(Protocol):
    """One input format with the settings of one request. Thread-safe: workers share it."""

    @property
    def serial(self) -> bool:
        """Whether a cut is right only by luck, so that reading ahead is of no use."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a header line, which every whole row repeats; empty where there is none."""
        ...

    def room(self, length: int) -> int:
        """Bytes of capacity that a buffer needs for a morsel of *length* bytes and what is decoded of it."""
        ...

    def cut(self, buffer: PaddedBuffer, length: int) -> int:
        """The end of the last record that seems to end within ``buffer[:length]``, or 0."""
        ...

    def boundary(self, buffer: PaddedBuffer, begin: int, length: int) -> int:
        """The first record end at or behind *begin*, or -1 if there is none within ``buffer[:length]``.

        A record whose delimiter ends exactly at *begin* counts. For scan ranges.
        """
        ...

    @property
    def boundary_margin(self) -> int:
        """Bytes before a scan range's start that must be seen to tell whether a record starts there."""
        ...

    def rows(self, morsel: Morsel, scratch: Scratch) -> MorselRows:
        """Read a morsel. What it returns is valid until *scratch* is used again."""
        ...
