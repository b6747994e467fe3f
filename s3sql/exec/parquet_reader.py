"""The serial end of the pipeline for Parquet: row groups are divided into morsels.

In: what a query reads of a file.  Out: morsels in the order of the rows, each of so many rows as fit in
:data:`_MOST_BYTES`. Which rows come together follows from the footer alone. Nothing is read here: workers
decode what they need.
"""

from __future__ import annotations

from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.parquet_prefetch import ParquetPrefetch
from s3sql.formats.parquet_groups import DELTA_BYTE_ARRAY
from s3sql.formats.parquet_morsel import ParquetMorsel
from s3sql.formats.parquet_opening import GroupShare, ParquetScan
from s3sql.formats.parquet_parts import ColumnDecoding, GroupParts

#: Most rows of a morsel, and bytes before compression. In memory a value takes more than in the file, and its
#: text more again.
_MOST_ROWS = 128 << 10
_MOST_BYTES = 3 << 20
#: The same where there is no text. What a morsel costs besides its rows is Python, of which one thread runs.
_MOST_NUMBER_ROWS = 256 << 10
_MOST_NUMBER_BYTES = 8 << 20

#: Bytes that a value takes in memory at least; runs of equal values are shorter in the file.
_VALUE_BYTES = 8

_NUMBER_TYPES = frozenset({"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "FIXED_LEN_BYTE_ARRAY"})

#: Rows of a step where texts are kept as what they differ by from the one before, which may be little.
_DELTA_ROWS = 1 << 10


class ParquetReader:
    """Hands out the rows of *scan*. Not thread-safe, but for :meth:`give_back`."""

    begins_together = True

    def __init__(self, scan: ParquetScan, pool: BufferPool) -> None:
        self._scan = scan
        self._pool = pool
        self._decoding = ColumnDecoding(scan.contents, scan.early, scan.late, scan.plan, scan.limit)
        self._prefetch = ParquetPrefetch(scan)
        self._remaining = scan.limit
        self._place = 0
        self._row = 0
        self._part = 0
        self._step = 0
        self._parts: GroupParts | None = None
        self._stopped = False

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
        if self._place == len(self._scan.shares):
            last = self._scan.shares[-1:]
            return last[0].start + last[0].length if last else self._scan.begin
        return self._offset(self._scan.shares[self._place], self._row)

    @property
    def ended(self) -> bool:
        """Whether there are no more morsels."""
        enough = self._remaining is not None and self._remaining <= 0
        return self._stopped or enough or self._place == len(self._scan.shares)

    def stop(self) -> None:
        """Read no more."""
        self._stopped = True

    def restart(self, offset: int) -> None:
        """Never needed: the rows of a morsel are known before it is handed out."""
        raise AssertionError(f"a morsel of Parquet was not consumed up to {offset}")

    def note_records(self, count: int, length: int) -> None:
        """Nothing to learn: the footer tells how many rows a row group has."""

    def next(self, *, wait: bool) -> ParquetMorsel | None:
        """The next morsel, to be given back; None behind the last one, or without *wait* for want of memory.

        Raises:
            S3SelectError: ``SlowDown``; what fetching ahead raises.
        """
        if self.ended:
            return None
        share = self._scan.shares[self._place]
        if self._row == 0:
            self._step = self._step_of(share)
        count = min(self._step, share.group.rows - self._row)
        start, end = (self._offset(share, row) for row in (self._row, self._row + count))
        if wait:
            self._pool.reserve_first(end - start)
        elif not self._pool.reserve(end - start):
            return None
        try:
            parts, part = self._parts_of(share), self._part
        except BaseException:
            self._pool.release(end - start)
            raise
        self._go_on(share, count)
        self._prefetch.begin(share.group)
        return ParquetMorsel(start, end - start, count, {}, at_end=self.ended, parts=parts, part=part)

    def give_back(self, morsel: ParquetMorsel) -> None:
        """Nobody works on *morsel* any more."""
        assert morsel.group is not None
        self._prefetch.end(morsel.group)
        morsel.give_up()
        self._pool.release(morsel.length)

    def _parts_of(self, share: GroupShare) -> GroupParts:
        """The columns of a row group, opened at its first row."""
        if self._parts is None:
            self._prefetch.late_needed = self._decoding.late_needed
            self._prefetch.advise(self._place)
            self._parts = GroupParts(self._decoding, share.group, self._step)
        return self._parts

    def _go_on(self, share: GroupShare, count: int) -> None:
        """Stand behind the *count* rows that were read of *share*."""
        self._row += count
        self._part += 1
        if self._remaining is not None:
            self._remaining -= count
        if self._row == share.group.rows:
            self._place += 1
            self._row = self._part = 0
            self._parts = None

    def _step_of(self, share: GroupShare) -> int:
        """Rows of a morsel in this row group."""
        group, contents = share.group, self._scan.contents
        numbers = (*self._scan.early, *self._scan.late)
        chunks = [group.columns[leaf] for number in numbers for leaf in contents.leaves(number)]
        width = sum(
            max(chunk.uncompressed // group.rows, chunk.width, _VALUE_BYTES * chunk.values // group.rows)
            for chunk in chunks
        )
        most_rows, most_bytes = _MOST_ROWS, _MOST_BYTES
        if all(chunk.physical in _NUMBER_TYPES for chunk in chunks):
            most_rows, most_bytes = _MOST_NUMBER_ROWS, _MOST_NUMBER_BYTES
        rows = max(1, min(most_rows, most_bytes // max(width, 1)))
        # Morsels of one size: a short one at the end costs nearly as much as a long one.
        rows = -(-group.rows // -(-group.rows // rows))
        if any(DELTA_BYTE_ARRAY in chunk.encodings for chunk in chunks):
            rows = min(rows, _DELTA_ROWS)
        return rows if self._remaining is None else max(1, min(rows, self._remaining))

    def _offset(self, share: GroupShare, row: int) -> int:
        """Bytes processed before *row* of a row group."""
        return share.start + share.length * row // share.group.rows
