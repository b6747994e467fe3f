"""Which bytes of a Parquet object to fetch before they are read.

In: a scan and the row group it has come to.  Out: ranges of the object, those of the nearest groups first.

Column chunks that are stored near each other come by one request: the gap between them takes less time than
another answer. Late columns are fetched once a row group has needed them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from s3sql.formats.parquet_groups import RowGroup
from s3sql.formats.parquet_opening import ParquetScan

#: Bytes of row groups that are fetched ahead; the one after the current is in any case.
_AHEAD_BYTES: Final = 32 << 20

#: A gap that is fetched rather than left out, and the most of one request.
_GAP_BYTES: Final = 512 << 10
_REQUEST_BYTES: Final = 4 << 20


class ParquetPrefetch:
    """What *scan* has fetched ahead. ``late_needed``: whether late columns have been decoded so far."""

    def __init__(self, scan: ParquetScan) -> None:
        self._scan = scan
        self.late_needed = False

    def advise(self, place: int) -> None:
        """The scan has come to the row group number *place* of those it reads."""
        if self._scan.contents.source.prefetches:
            self._scan.contents.source.prefetch(list(self._ranges(place)))

    def _ranges(self, place: int) -> Iterator[tuple[int, int]]:
        scan = self._scan
        numbers = scan.early + scan.late if self.late_needed else scan.early
        leaves = [leaf for number in numbers for leaf in scan.contents.leaves(number)]
        total = 0
        for number, share in enumerate(scan.shares[place:]):
            if number > 1 and total >= _AHEAD_BYTES:
                return
            for start, end in ranges_of(share.group, leaves):
                total += end - start
                yield start, end


def ranges_of(group: RowGroup, leaves: list[int]) -> list[tuple[int, int]]:
    """The requests for the chunks of *leaves* in one row group: near ones together, large ones in parts."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted((group.columns[leaf].begin, _end(group, leaf)) for leaf in leaves):
        if joined and begin - joined[-1][1] <= _GAP_BYTES:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return [
        (start, min(start + _REQUEST_BYTES, end))
        for begin, end in joined
        for start in range(begin, end, _REQUEST_BYTES)
    ]


def _end(group: RowGroup, leaf: int) -> int:
    return group.columns[leaf].begin + group.columns[leaf].size
