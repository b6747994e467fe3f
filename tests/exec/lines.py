"""Sources for tests of the reader and the pipeline: plain CSV, and stores that are slow or fail."""

from __future__ import annotations

import time
from collections.abc import Callable

from s3sql.errors import S3SelectError
from s3sql.exec.buffer_pool import BufferPool
from s3sql.exec.reader import MorselReader
from s3sql.formats.csv import CsvFormat
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.request import CsvInput


class Source:
    """A text that keeps count of how it was read; ``before(offset)`` runs before every read."""

    def __init__(self, text: bytes, before: Callable[[int], None] | None = None) -> None:
        self.text = text
        self.size = len(text)
        self.etag = "etag"
        self.reads: list[tuple[int, int]] = []
        self._before = before

    def read_into(self, buffer: memoryview, offset: int) -> int:
        if self._before is not None:
            self._before(offset)
        found = self.text[offset : offset + len(buffer)]
        buffer[: len(found)] = found
        self.reads.append((offset, len(found)))
        return len(found)

    def read(self, offset: int, length: int) -> bytes:
        return self.text[offset : offset + length]

    def close(self) -> None:
        pass


def fails_at(offset: int) -> Callable[[int], None]:
    """The store breaks when it is asked for what lies at or behind *offset*."""

    def before(start: int) -> None:
        if start >= offset:
            raise S3SelectError("ServiceUnavailable", "The store is away.", status=503)

    return before


def slow(seconds: float) -> Callable[[int], None]:
    """Every read takes a while."""
    return lambda offset: time.sleep(seconds)


def csv_format(inputs: CsvInput | None = None) -> CsvFormat:
    return CsvFormat(CsvDialect.of(inputs or CsvInput()), (0,))


def reader_of(
    source: Source,
    pool: BufferPool,
    *,
    inputs: CsvInput | None = None,
    begin: int = 0,
    stop: int | None = None,
    aligned: bool = True,
    first: int = 64,
    size: int = 256,
) -> MorselReader:
    return MorselReader(
        source,
        csv_format(inputs),
        pool,
        begin=begin,
        stop=stop,
        aligned=aligned,
        first_bytes=first,
        morsel_bytes=size,
    )
