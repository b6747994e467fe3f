"""Which bytes of a Parquet object to fetch before they are read.

In: a scan and the row group it has come to.  Out: ranges of the object, those of the nearest groups first.

Column chunks that are stored near each other come by one request: the gap between them takes less time than
another answer. Late columns are fetched once a row group has needed them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from s3sql.formats.parquet_groups import RowGroup
from s3sql.formats.parquet_opening import GroupShare, ParquetScan

#: Bytes of row groups that are fetched ahead; the one after the current is in any case.
_AHEAD_BYTES: Final = 32 << 20

#: A gap that is fetched rather than left out, and the most of one request.
_GAP_BYTES: Final = 512 << 10
_REQUEST_BYTES: Final = 4 << 20


class ParquetPrefetch:
    """What *scan* has fetched ahead. ``late_needed``: whether late columns have been decoded so far.

    What has been announced of a row group is announced again, unchanged, until nobody works on the group:
    a range that is left out is given up, and one of other bounds is another range. Thread-safe, but for
    :meth:`advise`.
    """

    def __init__(self, scan: ParquetScan) -> None:
        self._scan = scan
        self.late_needed = False
        self._lock = threading.Lock()
        # By the number of the row group: the morsels that are worked on, and what was announced.
        self._at_work: dict[int, int] = {}
        self._announced: dict[int, _Announced] = {}

    def begin(self, group: RowGroup) -> None:
        """A morsel of *group* is handed out."""
        with self._lock:
            self._at_work[group.number] = self._at_work.get(group.number, 0) + 1

    def end(self, group: RowGroup) -> None:
        """It has been given back."""
        with self._lock:
            self._at_work[group.number] -= 1
            if not self._at_work[group.number]:
                del self._at_work[group.number]

    def advise(self, place: int) -> None:
        """The scan has come to the row group number *place* of its shares, and hands none of it out yet."""
        source, shares = self._scan.contents.source, self._scan.shares
        if not source.prefetches:
            return
        current = shares[place].group.number
        with self._lock:
            at_work = set(self._at_work)
        self._announced = {
            number: known
            for number, known in self._announced.items()
            if number >= current or number in at_work
        }
        self._announce(islice(shares, place, None))
        source.prefetch([one for number in sorted(self._announced) for one in self._announced[number].ranges])

    def _announce(self, shares: Iterable[GroupShare]) -> None:
        """Add what is to be fetched of the nearest of *shares*."""
        scan = self._scan
        columns = scan.early + scan.late if self.late_needed else scan.early
        leaves = [leaf for column in columns for leaf in scan.contents.leaves(column)]
        total = 0
        for ahead, share in enumerate(shares):
            if ahead > 1 and total >= _AHEAD_BYTES:
                return
            announced = self._announced.setdefault(share.group.number, _Announced())
            announced.add(share.group, leaves)
            total += announced.size


class _Announced:
    """The ``ranges`` of one row group that have been announced, and their ``size`` in bytes."""

    __slots__ = ("_leaves", "_spans", "ranges", "size")

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.size = 0
        self._leaves: set[int] = set()
        self._spans: list[tuple[int, int]] = []

    def add(self, group: RowGroup, leaves: Sequence[int]) -> None:
        """Add the chunks of *leaves* in *group*, but for what is announced: near ones together."""
        chunks = [_span(group, leaf) for leaf in leaves if leaf not in self._leaves]
        self._leaves.update(leaves)
        spans = _joined([chunk for chunk in chunks if not self._has(chunk)], self._spans)
        self._spans += spans
        self.ranges += _requests(spans)
        self.size += sum(end - begin for begin, end in spans)

    def _has(self, chunk: tuple[int, int]) -> bool:
        return any(begin <= chunk[0] and chunk[1] <= end for begin, end in self._spans)


def _span(group: RowGroup, leaf: int) -> tuple[int, int]:
    """Where the chunk of *leaf* begins and ends."""
    chunk = group.columns[leaf]
    return chunk.begin, chunk.begin + chunk.size


def _joined(spans: list[tuple[int, int]], apart: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """*spans* in their order, near ones together unless one of *apart* is between them."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        last = joined[-1][1] if joined else 0
        if joined and begin - last <= _GAP_BYTES and not any(last <= one < begin for one, _ in apart):
            joined[-1] = joined[-1][0], max(end, last)
        else:
            joined.append((begin, end))
    return joined


def _requests(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """*spans*, large ones in parts."""
    return [
        (start, min(start + _REQUEST_BYTES, end))
        for begin, end in spans
        for start in range(begin, end, _REQUEST_BYTES)
    ]
