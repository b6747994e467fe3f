"""A Parquet file, written from front to end: a pipe will do.

In: record batches of results.  Out: row groups, and the footer.

Batches are put together to row groups of a useful size; one group is held in memory at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from s3sql.cli.outputs.columns import OneSchema
from s3sql.cli.outputs.counted import CountedSink
from s3sql.cli.outputs.writer import Sink
from s3sql.errors import S3SelectError

if TYPE_CHECKING:
    from s3sql.result import Result

#: A row group is written when it has one of these.
GROUP_ROWS = 1 << 17
GROUP_BYTES = 32 << 20


class ParquetWriter:
    """Writes the file; without :meth:`finish` it has no footer, and no reader takes it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = CountedSink(sink)
        self._file: Any = None
        self._columns = OneSchema()
        self._held: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0

    def write(self, result: Result, title: str = "") -> None:
        """Write the batches of *result* in row groups; the last group waits for more rows."""
        with self._sink.taking():
            for batch in self._columns.batches(result):
                self._begin()
                self._held.append(batch)
                self._rows += batch.num_rows
                self._bytes += batch.nbytes
                if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
                    self._write_group()

    def finish(self) -> None:
        """Write the last row group and the footer.

        Raises:
            S3SelectError: no result had rows or columns.
        """
        with self._sink.taking():
            self._begin()
            if self._held:
                self._write_group()
            if self._file is not None:
                self._file.close()
            self._sink.flush()

    def _begin(self) -> None:
        """Begin the file, once its columns are known."""
        schema = self._columns.schema
        if self._file is not None or schema is None:
            return
        if not schema.names:
            raise S3SelectError(
                "UnsupportedParquetType",
                "The rows have no columns, and a Parquet file must have one.",
                hint="write csv or jsonl",
            )
        self._file = pq.ParquetWriter(self._sink.file(), schema)

    def _write_group(self) -> None:
        table = pa.Table.from_batches(self._held, self._columns.schema)
        self._file.write_table(table, row_group_size=max(1, table.num_rows))
        self._held, self._rows, self._bytes = [], 0, 0
