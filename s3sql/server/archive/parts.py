"""The records of an answer, cut into the parts that become objects.

In: the chunks of a query.  Out: parts of whole records, each handed out piece by piece while it is read, so
that nothing of a part is ever held but the chunk it comes from.

    chunks    [aaa bb][c dddd e][f]        a letter: a byte of a record
    parts     [aaa bb c][dddd e f]         of at most six bytes here
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from s3sql.eventstream.writer import Chunk, Chunks


class ResultParts:
    """Parts of at most *most* bytes; a record that is longer than that is a part of its own."""

    def __init__(self, chunks: Chunks, most: int) -> None:
        self._chunks = chunks
        self._most = most
        self._held: Chunk | None = None

    def more(self) -> bool:
        """Whether there is another part; waits for its first record.

        Raises:
            S3SelectError: what the query fails with.
        """
        while self._held is None:
            chunk = next(self._chunks, ...)
            if chunk is ...:
                return False
            if chunk is not None and len(chunk.record_ends):
                self._held = chunk
        return True

    def pieces(self) -> Iterator[memoryview]:
        """The next part; it must be read to its end before there can be another.

        Raises:
            S3SelectError: what the query fails with.
        """
        room = self._most
        while self.more():
            assert self._held is not None
            payload, ends = memoryview(self._held.payload), self._held.record_ends
            fitting = int(np.searchsorted(ends, room, side="right"))
            if fitting == 0 and room < self._most:
                return
            cut = int(ends[max(fitting, 1) - 1])
            rest = ends[max(fitting, 1) :]
            yield payload[:cut]
            room -= cut
            if len(rest):
                scanned, processed = self._held.scanned, self._held.processed
                self._held = Chunk(payload[cut:], rest - cut, scanned, processed)
                return
            self._held = None
