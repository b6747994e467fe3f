"""Opening a Parquet object: what its footer says, and what of it a query reads.

In: a request and an open object.  Out: a :class:`ParquetOpening`: the schema for the binder and, when the
plan is known, the row groups and columns to read (:class:`ParquetScan`).

The bytes that a query processes are taken to be the footer and, of the row groups that the statistics do not
rule out, the column chunks that it names, as they are before compression; those it scans are the same as they
are stored. A column chunk that no row needed is counted all the same.

Source: AWS S3 API Reference, ScanRange: the row groups whose first byte lies in the range are read
completely.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from s3sql.formats.opening import bounds
from s3sql.formats.parquet_decoding import ParquetContents
from s3sql.formats.parquet_file import ByteSource, ParquetSource
from s3sql.formats.parquet_footer import Footer
from s3sql.formats.parquet_groups import RowGroup, check_codecs, check_size
from s3sql.formats.parquet_metadata import read_metadata
from s3sql.formats.parquet_pruning import selects_nothing
from s3sql.formats.parquet_statistics import Bounds, column_bounds
from s3sql.formats.parquet_thrift import Struct
from s3sql.plan.expr import Expr, ParquetField
from s3sql.plan.logical import Plan
from s3sql.plan.schema import ParquetSchema
from s3sql.plan.traverse import conjuncts_of, scan_of, walk
from s3sql.request import SelectRequest


@dataclass(frozen=True, slots=True)
class GroupShare:
    """A row group that a query reads: it stands for the bytes ``[start, start + length)`` it processes."""

    group: RowGroup
    start: int
    length: int
    #: Bytes of its column chunks as they are stored, and those of all row groups before it.
    stored: int
    stored_before: int


@dataclass(frozen=True, slots=True)
class ParquetScan:
    """What a query reads of a file.

    ``early``: numbers of the columns that the filter reads, or of all where there is no filter; ``late``: of
    the others. ``limit``: rows that are enough, None if all are needed. ``all_groups``: how many row groups
    there were before the statistics ruled some out.
    """

    plan: Plan
    contents: ParquetContents
    shares: tuple[GroupShare, ...]
    early: tuple[int, ...]
    late: tuple[int, ...]
    limit: int | None
    all_groups: int

    @property
    def begin(self) -> int:
        """Bytes processed before the first row: the footer."""
        return self.contents.footer.size


class ParquetOpening:
    """A Parquet object whose footer has been read."""

    def __init__(self, request: SelectRequest, source: ByteSource) -> None:
        """Raises as :func:`open_parquet`."""
        self._source = ParquetSource(source)
        try:
            metadata = read_metadata(self._source)
            self.schema: ParquetSchema = metadata.schema
            first, stop = 0, None
            if request.scan_range is not None:
                first, last = bounds(request.scan_range, self._source.size)
                stop = None if last is None else last + 1
            self._groups = [
                group
                for group in metadata.groups
                if first <= group.begin and (stop is None or group.begin < stop)
            ]
            for group in self._groups:
                check_size(group)
        except BaseException:
            self._source.close()
            raise
        self._contents = ParquetContents(self._source, metadata.footer, self.schema, metadata.layouts)
        self._scan: ParquetScan | None = None
        self._nodes: dict[int, Struct] = {}

    @property
    def footer(self) -> Footer:
        """The footer of the file."""
        return self._contents.footer

    @property
    def groups(self) -> Sequence[RowGroup]:
        """The row groups in the scan range."""
        return self._groups

    @property
    def empty_schema(self) -> ParquetSchema:
        """A file without rows has a schema all the same."""
        return self.schema

    def without_records(self) -> bool:
        """Never: names are resolved against the schema, whatever rows there are."""
        return False

    def scan(self, plan: Plan) -> ParquetScan:
        """What *plan* reads.

        Raises:
            S3SelectError: ``ParquetUnsupportedCompressionCodec``, ``ParquetParsingError``.
        """
        if self._scan is None:
            self._scan = self._scan_of(plan)
        return self._scan

    def found(self, plan: Plan) -> dict[str, object]:
        """How many row groups *plan* reads, of those in the scan range; raises as :meth:`scan`."""
        scan = self.scan(plan)
        return {"row groups": {"read": len(scan.shares), "all": scan.all_groups}}

    def _scan_of(self, plan: Plan) -> ParquetScan:
        scan = scan_of(plan)
        conjuncts = conjuncts_of(plan)
        columns = scan.columns or ()
        asked = {
            part.number for conjunct in conjuncts for part in walk(conjunct) if isinstance(part, ParquetField)
        }
        early = tuple(number for number in columns if number in asked or not asked)
        late = tuple(number for number in columns if number not in early)
        groups = [group for group in self._groups if group.rows and not self._rules_out(group, conjuncts)]
        leaves = [leaf for number in columns for leaf in self._contents.leaves(number)]
        check_codecs(groups, leaves)
        shares: list[GroupShare] = []
        start, stored_before = self._contents.footer.size, 0
        for group in groups:
            length, stored = group.columns.sizes(leaves)
            shares.append(GroupShare(group, start, length, stored, stored_before))
            start, stored_before = start + length, stored_before + stored
        return ParquetScan(plan, self._contents, tuple(shares), early, late, scan.limit, len(self._groups))

    def _rules_out(self, group: RowGroup, conjuncts: tuple[Expr, ...]) -> bool:
        """Whether the statistics tell that no row of *group* passes the filter."""

        @cache
        def bounds_of(number: int) -> Bounds | None:
            leaves = self._contents.leaves(number)
            form = self.schema.columns[number].type.form
            if len(leaves) != 1 or form in ("list", "repeated", "struct", "map"):
                return None
            (leaf,) = leaves
            if leaf not in self._nodes:
                self._nodes[leaf] = self._contents.footer.nodes[leaf]
            return column_bounds(group.columns[leaf], self._nodes[leaf], form)

        return selects_nothing(conjuncts, bounds_of)

    def totals(self, end: int) -> tuple[int, int]:
        """BytesScanned and BytesProcessed when everything before *end* has been processed."""
        footer = self._contents.footer.size
        shares = self._scan.shares if self._scan is not None else ()
        place = bisect_right(shares, end, key=lambda share: share.start) - 1
        if place < 0:
            return footer, max(end, footer)
        share = shares[place]
        stored = share.stored * (end - share.start) // share.length if share.length else share.stored
        return footer + share.stored_before + min(stored, share.stored), end

    def bytes_to_scan(self) -> int | None:
        """BytesScanned when all has been read: footer and chunks; None before the chunks are known."""
        if self._scan is None:
            return None
        return self._contents.footer.size + sum(share.stored for share in self._scan.shares)

    def close(self) -> None:
        """Read no more of the object, which stays the caller's to close."""
        self._source.close()


def open_parquet(request: SelectRequest, source: ByteSource) -> ParquetOpening:
    """Read the footer of the object.

    Raises:
        S3SelectError: ``ParquetParsingError``, ``OverMaxParquetBlockSize``, ``InvalidScanRange``; what
            reading the object raises.
    """
    return ParquetOpening(request, source)
