"""JSON input: rows of a parsed block.

In: bytes of a JSON object, cut anywhere between or inside root values (:func:`index_block`).  Out: batches.

Both types of JSON read a sequence of values with any white space or none between them; each root value is a
row, whatever its kind. The FROM path ranges over them. Source: AWS S3 API Reference, JSONInput; AWS S3 User
Guide, SELECT command.
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias

import numpy as np

from s3sql.buffers import PaddedBuffer
from s3sql.errors import S3SelectError
from s3sql.formats.base import Morsel
from s3sql.formats.batch import Batch, FirstFailure
from s3sql.formats.json_block import JsonBlock, index_block
from s3sql.formats.json_columns import column_of
from s3sql.formats.json_fitted import FittedBatch, FittedRecords, Fitting
from s3sql.formats.json_paths import range_over, value_at
from s3sql.formats.json_records import JsonRecords, RecordsBatch, index_records
from s3sql.formats.scratch import Scratch
from s3sql.kernels.json_paths import ABSENT, AMBIGUOUS
from s3sql.payloads import Int32s, Mask, Rows
from s3sql.plan.expr import Step
from s3sql.types import Column

__all__ = [
    "AnyBlock",
    "FittedRecords",
    "Fitting",
    "JsonBatch",
    "JsonBlock",
    "JsonRecords",
    "batch_of",
    "index_block",
    "read_block",
]

#: A block in whatever way it was read.
AnyBlock: TypeAlias = JsonBlock | JsonRecords | FittedRecords


def read_block(
    buffer: PaddedBuffer,
    length: int,
    path: tuple[Step, ...],
    *,
    at_start: bool,
    at_end: bool,
    scratch: Scratch,
    base: int = 0,
    fitting: Fitting | None = None,
    unread: Morsel | None = None,
) -> AnyBlock:
    """The root values in the first *length* bytes of *buffer*, for the rows of ``FROM S3Object[*]<path>``.

    Parameters as those of :func:`index_block`. Only marked where that is enough, or fitted to what *fitting*
    has learnt. ``unread``: the morsel, if its bytes are still to be fetched.

    Raises:
        S3SelectError: what fetching them raises.
    """
    if unread is not None and (path or fitting is None):
        unread.read(0, length)
    if not path:
        if fitting is not None:
            fitted = fitting.read(
                buffer, length, at_start=at_start, at_end=at_end, scratch=scratch, unread=unread
            )
            if fitted is not None:
                return fitted
        records = index_records(buffer, length, at_start=at_start, at_end=at_end, scratch=scratch)
        if records is not None:
            return records
    return index_block(buffer, length, at_start=at_start, at_end=at_end, scratch=scratch, base=base)


class JsonBatch(Batch):
    """Rows of a JSON object; ``nodes`` are their values on the block's tape."""

    def __init__(self, block: JsonBlock, nodes: Int32s, rows: Rows, failure: FirstFailure) -> None:
        super().__init__(rows, failure)
        self.block = block
        self.nodes = nodes

    @classmethod
    def of(cls, block: JsonBlock, path: tuple[Step, ...], failure: FirstFailure) -> JsonBatch:
        """The rows of ``FROM S3Object[*]<path>`` in *block*.

        Reports to *failure* the first row where a name of the path is ambiguous, and the block's own failure
        as that of the row behind the last one.
        """
        nodes = range_over(block, path)
        batch = cls(block, nodes, np.arange(len(nodes), dtype=np.intp), failure)
        if path:
            batch.fail(nodes == AMBIGUOUS, _ambiguous_path())
        if block.failure is not None:
            failure.report(len(nodes), block.failure)
        return batch

    def take(self, rows: Rows) -> JsonBatch:
        """The same morsel under a narrower selection."""
        return JsonBatch(self.block, self.nodes[rows], self.rows[rows], self.failure)

    def missing(self) -> Mask:
        """Which rows are MISSING, so that no aggregate counts them."""
        absent: Mask = self.nodes == ABSENT
        return absent

    def row(self) -> Column:
        """The rows themselves."""
        return column_of(self.block, self.nodes, self.fail)

    def path(self, steps: tuple[Step, ...]) -> Column:
        """The value at the path from each row; a list where the path has a wildcard."""
        return value_at(self.block, self.nodes, steps, self.fail)

    def field(self, number: int) -> NoReturn:
        """JSON has no numbered columns; the binder makes none."""
        raise TypeError(f"a row of JSON has no CSV field {number}")


def batch_of(block: AnyBlock, path: tuple[Step, ...], failure: FirstFailure) -> Batch:
    """The rows of ``FROM S3Object[*]<path>`` in *block*; one that is not parsed has no path."""
    if isinstance(block, FittedRecords):
        return FittedBatch.of(block, failure)
    if isinstance(block, JsonRecords):
        return RecordsBatch(block, block.roots, np.arange(len(block.roots), dtype=np.intp), failure)
    return JsonBatch.of(block, path, failure)


def _ambiguous_path() -> S3SelectError:
    return S3SelectError(
        "AmbiguousFieldName",
        "A name in the path of FROM is ambiguous: several members of one object match it. "
        "Put the name in double quotes if the members differ in letter case.",
    )
