"""Queries run through the real engine on morsels of any size.

In: a request, an object's bytes and the size of its morsels.  Out: every output record, and the code of the
error behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.exec import count_reader, pipeline, reader, readers, workers
from s3sql.formats import csv_block, csv_header
from s3sql.request import (
    Compression,
    CsvInput,
    CsvOutput,
    JsonInput,
    JsonOutput,
    ParquetInput,
    ScanRange,
    SelectRequest,
)
from s3sql.serialize.base import Records
from s3sql.stores.base import StoredObject
from s3sql.stores.memory import BytesObject
from tests.twins import csv_rows


@dataclass(frozen=True)
class Scanned:
    """All output records, delimiters included, and the error that ended them."""

    records: list[bytes]
    code: str | None

    @property
    def payload(self) -> bytes:
        """The records as they are sent."""
        return b"".join(self.records)


@contextmanager
def morsels_of(size: int, first: int | None = None, longest: int | None = None) -> Iterator[None]:
    """Scans cut into morsels of *size* bytes, the first of *first*; *longest*: the limit of a CSV record.

    A morsel must be able to show that a record is too long: it needs about twice the limit.
    """

    class Cutter(reader.MorselReader):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "first_bytes": first or size, "morsel_bytes": size})

    class Counter(Cutter, count_reader.CountReader):
        pass

    with (
        mock.patch.object(readers, "MorselReader", Cutter),
        mock.patch.object(readers, "CountReader", Counter),
        mock.patch.object(count_reader, "MOST_BYTES", size),
        mock.patch.object(count_reader, "LEAST_SHARE", size),
    ):
        if longest is None:
            yield
            return
        with (
            mock.patch.object(csv_block, "MAX_RECORD_BYTES", longest),
            mock.patch.object(csv_header, "MAX_RECORD_BYTES", longest),
        ):
            yield


@contextmanager
def worker_count(count: int) -> Iterator[None]:
    """Scans by *count* threads of a pool of their own."""
    own = workers._Workers()
    counted: Callable[[], int] = lambda: count  # noqa: E731
    with (
        mock.patch.object(workers, "_workers", own),
        mock.patch.object(workers, "core_count", counted),
        mock.patch.object(pipeline, "core_count", counted),
    ):
        try:
            yield
        finally:
            if own.executor is not None:
                own.executor.shutdown()


def scan(
    contents: bytes | StoredObject,
    sql: str,
    inputs: CsvInput | JsonInput | ParquetInput | None = None,
    outputs: CsvOutput | JsonOutput | None = None,
    *,
    part: tuple[int | None, int | None] | None = None,
    compression: Compression = "NONE",
) -> Scanned:
    """Run a query; whatever fails, before a row or behind some, is the answer's code."""
    request = SelectRequest(
        sql,
        CsvInput() if inputs is None else inputs,
        JsonOutput() if outputs is None else outputs,
        compression=compression,
        scan_range=None if part is None else ScanRange(*part),
    )
    source = BytesObject(contents) if isinstance(contents, bytes) else contents
    records: list[bytes] = []
    try:
        for step in engine.prepare(request, source).records():
            if step is None:
                continue
            if step.output is not None:
                records += split(step.output)
            if step.error is not None:
                raise step.error
    except S3SelectError as error:
        return Scanned(records, error.code)
    return Scanned(records, None)


def split(output: Records) -> list[bytes]:
    """The bytes of each record."""
    payload = output.payload.tobytes()
    ends = output.ends.tolist()
    assert not ends or ends[-1] == len(payload), "bytes behind the last record"
    return [payload[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def csv_input(dialect: csv_rows.Dialect, **more: Any) -> CsvInput:
    """The request member for a dialect of the twin."""
    return CsvInput(
        field_delimiter=dialect.field,
        record_delimiter=None if dialect.bare_return else dialect.record,
        quote_character=dialect.quote,
        quote_escape_character=dialect.escape,
        comments=dialect.comment,
        allow_quoted_record_delimiter=dialect.allow,
        **more,
    )


def no_buffer_is_out() -> bool:
    """Whether every morsel buffer has been given back."""
    return engine._POOL._taken == 0
