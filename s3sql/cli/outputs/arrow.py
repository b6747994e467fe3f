"""An Arrow IPC stream.

In: record batches of results.  Out: their schema, the batches, the mark of the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from s3sql.cli.outputs.columns import OneSchema
from s3sql.cli.outputs.counted import CountedSink
from s3sql.cli.outputs.writer import Sink

if TYPE_CHECKING:
    from s3sql.result import Result


class ArrowWriter:
    """Writes the stream; its end is marked by :meth:`finish` only."""

    def __init__(self, sink: Sink) -> None:
        self._sink = CountedSink(sink)
        self._stream: Any = None
        self._columns = OneSchema()

    def write(self, result: Result, title: str = "") -> None:
        """Write the batches of *result*, one by one."""
        with self._sink.taking():
            for batch in self._columns.batches(result):
                self._begin()
                self._stream.write_batch(batch)
                self._sink.flush()

    def finish(self) -> None:
        """Mark the end."""
        with self._sink.taking():
            self._begin()
            if self._stream is not None:
                self._stream.close()
            self._sink.flush()

    def _begin(self) -> None:
        """Write the columns, once they are known."""
        if self._stream is None and self._columns.schema is not None:
            self._stream = pa.ipc.new_stream(self._sink.file(), self._columns.schema)
