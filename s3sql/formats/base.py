"""What an input format is: a serial cutter of morsels and a worker-side reader of rows.

In: the bytes of an object.  Out: batches of rows. The cutter only has to find plausible ends quickly; the
reader says how many bytes it really consumed, and the pipeline goes on from there. So a wrong cut costs
time, never rows:

    cut here:        |---- morsel 0 ----|---- morsel 1 ----|-- …
    consumed:        |-------------|                              morsel 1 is thrown away and cut again
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.batch import Batch
from s3sql.formats.scratch import Scratch
from s3sql.payloads import Int32s, Int64s


class AnyMorsel(Protocol):
    """What every morsel tells, of text or of columns that are decoded already.

    ``start`` and ``length``: which bytes of all that the query processes it stands for.
    """

    @property
    def start(self) -> int:
        """The first byte."""
        ...

    @property
    def length(self) -> int:
        """Their number."""
        ...

    @property
    def at_end(self) -> bool:
        """Whether there is nothing behind it."""
        ...

    @property
    def fault(self) -> S3SelectError | None:
        """Why there is nothing behind it, as the failure of the record that would follow."""
        ...


AMorsel = TypeVar("AMorsel", bound=AnyMorsel)


@dataclass(frozen=True, slots=True)
class Morsel:
    """A block of an object's text that starts at a record start.

    ``buffer`` holds it at ``[0, length)``; ``start`` is the offset of its first byte in the text; the first
    ``lead`` bytes are not the text's own but those of :meth:`Format.lead`, and ``start`` lies so many bytes
    before it. ``at_end``: the object ends with it. ``uncut``: it ends anywhere, not at a plausible record
    end. ``stop``: records that start at or behind this offset in the morsel belong to another scan range.
    ``fault``: the object cannot be read on behind it, which is the failure of the record that follows the
    last complete one. ``fetch(target, offset)`` reads the text from an offset in the morsel on, if it is
    still to be read; None if the buffer holds it already. ``file``: a descriptor of the file that has the
    text at ``start``, if it is still to be read and there is one; whoever reads that calls :meth:`check`.
    ``long``: the buffer is too small for it, and its records are only to be counted, from ``file``.
    """

    buffer: PaddedBuffer
    length: int
    start: int
    at_end: bool
    uncut: bool = False
    stop: int | None = None
    fault: S3SelectError | None = None
    lead: int = 0
    fetch: Callable[[memoryview, int], None] | None = None
    file: int | None = None
    long: bool = False

    def check(self) -> None:
        """Raise what a read would have raised if ``file`` was not what it is taken for while it was read."""
        if self.fetch is not None:
            self.fetch(memoryview(bytearray()), 0)

    def read(self, begin: int, end: int) -> None:
        """Have the text from *begin* to *end*, offsets in the morsel, in the buffer."""
        if self.fetch is not None and begin < end:
            self.fetch(self.buffer.array.data[begin:end], begin)


@dataclass(frozen=True, slots=True)
class MorselRows:
    """The rows of a morsel: those of ``batch`` may end in a failure already reported to it.

    ``consumed``: bytes up to the end of the last complete record; the next morsel starts there.
    ``record_starts``: gives the offset in the morsel of the record each row comes from; to be called while
    the batch is valid. ``records``: how many records the rows were chosen from; None: one for each row.
    """

    batch: Batch
    consumed: int
    record_starts: Callable[[], Int32s]
    records: int | None = None

    @property
    def record_count(self) -> int:
        """The number of records that were read."""
        return self.batch.length if self.records is None else self.records

    def record_start(self, row: int) -> int:
        """Where the record of *row* starts; the row behind the last one fails where reading ended."""
        starts = self.record_starts()
        return int(starts[row]) if row < len(starts) else self.consumed

    def byte_count(self, batch: Batch, length: int, columns: frozenset[object]) -> int:
        """The most bytes that *columns* have in all rows of *batch* together; *length* is the morsel's."""
        return length

    def bounds(self, batch: Batch, length: int, columns: frozenset[object]) -> tuple[Int64s, Int64s]:
        """Where the record of every row begins and the next record does; several rows may have one record.

        Between them lie the bytes of *columns* in these rows, and maybe more.
        """
        starts = self.record_starts()
        begins = np.append(starts, length).astype(np.int64)
        begin = begins[batch.rows]
        return begin, begins[np.searchsorted(starts, begin, side="right")]


class Reading(Protocol[AMorsel]):
    """How workers read morsels of one kind. Thread-safe: workers share it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a header line, which every whole row repeats; empty where there is none."""
        ...

    def rows(self, morsel: AMorsel, scratch: Scratch) -> MorselRows:
        """Read a morsel. What it returns is valid until *scratch* is used again."""
        ...

    def lasting(self, morsel: AMorsel) -> AMorsel:
        """The same morsel, to be read again when this one has been given back."""
        ...


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

    def lead(self, buffer: PaddedBuffer, end: int) -> bytes:
        """What is put before a text that begins at the cut *end*, so that it can be read alone."""
        ...

    def span_end(self, buffer: PaddedBuffer, stop: int, length: int) -> int:
        """Where the records that start before *stop* end, or -1 if not within ``buffer[:length]``.

        *stop* may be negative. The buffer begins with a morsel. For scan ranges.
        """
        ...

    @property
    def shares_lines(self) -> bool:
        """Whether several records may be between two boundaries; a range has all of them or none."""
        ...

    @property
    def boundary_margin(self) -> int:
        """Bytes before a scan range's start that must be seen to tell whether a record starts there."""
        ...

    @property
    def repeated_character(self) -> bytes:
        """The character of which two are a record delimiter; empty for any other delimiter.

        Then a buffer in which a boundary is looked for begins where delimiters can be counted from.
        """
        ...

    def rows(self, morsel: Morsel, scratch: Scratch) -> MorselRows:
        """Read a morsel. What it returns is valid until *scratch* is used again."""
        ...


@runtime_checkable
class CutByEnd(Protocol):
    """What a format may have besides if a morsel need not be seen from its beginning to be cut.

    Its morsels may come unread, so :meth:`Format.rows` has them read (:meth:`Morsel.read`).
    """

    @property
    def cut_by_end(self) -> bool:
        """Whether :meth:`Format.cut` finds the same end in the last bytes of a morsel as in all of it."""


@runtime_checkable
class Counting(Protocol):
    """What a format may have besides if records can be counted without being read."""

    @property
    def room_to_count(self) -> int | None:
        """Bytes of capacity that a buffer needs for a long morsel; None if it could not be counted."""

    def count(self, morsel: Morsel) -> Counted | None:
        """The morsel's records, if none of them fails; None if that is not known.

        Of a long morsel, which is in no buffer, those up to what is to be read to be counted, and never None.
        """


@dataclass(frozen=True, slots=True)
class Counted:
    """How many ``records`` are in the first ``consumed`` bytes of a morsel, which end where one ends."""

    records: int
    consumed: int


class TextReading:
    """How workers read morsels of text."""

    def __init__(self, form: Format) -> None:
        self._format = form
        # What isinstance says, without its cost in every small query.
        self._counting: Counting | None = form if hasattr(form, "count") else None  # type: ignore[assignment]
        self.names = form.names
        self.rows = form.rows

    def count(self, morsel: Morsel) -> Counted | None:
        """The records of a morsel, if they are known without being read; see :meth:`Counting.count`."""
        if self._counting is None or morsel.fault is not None or morsel.lead:
            return None
        return self._counting.count(morsel)

    def lasting(self, morsel: Morsel) -> Morsel:
        """The same morsel in a buffer of its own."""
        buffer = PaddedBuffer.empty(self._format.room(morsel.length))
        buffer.array[: morsel.length] = morsel.buffer.array[: morsel.length]
        return replace(morsel, buffer=buffer, fetch=None, file=None)
