"""A sink as a file that Arrow writes: it asks for its position, which a pipe does not have.

In: bytes.  Out: the same bytes in the sink, counted.

Arrow's writers write the end of a file when they are thrown away, too, as after an error. So bytes are taken
only while somebody says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from s3sql.cli.outputs.writer import Sink


class CountedSink:
    """*sink*, and how many bytes it has taken; closing it leaves the sink open.

    What is written outside of :meth:`taking` is lost.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._written = 0
        self._taking = False
        self.closed = False

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Pass on what is written until this is left."""
        self._taking = True
        try:
            yield
        finally:
            self._taking = False

    def write(self, data: Any) -> int:
        """Take all of *data*."""
        view = memoryview(data)
        if self._taking:
            self._sink.write(view)
        self._written += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """The number of bytes taken."""
        return self._written

    def flush(self) -> None:
        """Pass on what is buffered."""
        if self._taking:
            self._sink.flush()

    def close(self) -> None:
        """Take no more."""
        self.closed = True

    def file(self) -> pa.NativeFile:
        """This sink in the form in which Arrow writes it."""
        file: Any = self
        return pa.PythonFile(file, mode="w")
