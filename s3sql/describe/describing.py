"""Opening an object, looking at its beginning, and telling what is there.

In: a source, and what the caller has said of it.  Out: a :class:`~s3sql.describe.description.Description`.

What is wrong with the object behind the first records does not keep these from being described: it becomes a
note. Memory and time do not grow with the object, and the number of columns is bounded, however many it has.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from s3sql import engine
from s3sql.api import request_of_keywords
from s3sql.describe.csv_columns import csv_columns, csv_rows
from s3sql.describe.description import Description
from s3sql.describe.json_columns import json_columns, json_rows
from s3sql.describe.naming import ROW
from s3sql.describe.row_groups import MOST_GROUPS, describe_row_groups
from s3sql.describe.schema_columns import readable, schema_columns
from s3sql.errors import S3SelectError
from s3sql.exec.readers import Opening
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_records import first_records
from s3sql.formats.parquet_opening import ParquetOpening
from s3sql.limits import MAX_RECORD_BYTES
from s3sql.plan.at_most import at_most
from s3sql.plan.cache import PLANS
from s3sql.plan.schema import CsvSchema, ParquetSchema
from s3sql.request import CsvInput, SelectRequest
from s3sql.result import Result
from s3sql.serialize.base import OutputMember, Records
from s3sql.serialize.output import serializer_for
from s3sql.sniffer import Sniffed
from s3sql.sniffer.beginning import Beginning, text_beginning
from s3sql.sniffer.names import name_of
from s3sql.sniffer.sniffing import sniff
from s3sql.stores.base import StoredObject
from s3sql.stores.reread import RereadObject, rereadable
from s3sql.stores.sources import Source, is_stored, open_source
from s3sql.stores.timed import Deadline, TimedObject

if TYPE_CHECKING:
    from s3sql.stores.s3 import S3Client

#: Most records and bytes of text that are looked at; most columns that are described.
MOST_RECORDS, MOST_BYTES, MOST_COLUMNS = 1000, 1 << 20, 1000

#: Text in which a header line and a record must lie, of which each may be as long as a record may be.
_LONG_BYTES = 2 * MAX_RECORD_BYTES + 1024

#: Most bytes of the arrays of the first rows of Parquet.
_MOST_ARRAY_BYTES = 16 << 20

_CONVERT = "convert the object first, for example with iconv -f LATIN1 -t UTF-8"


def describe(
    source: Source,
    *,
    rows: int = 10,
    input_format: str | None = None,
    compression_type: str | None = None,
    file_header_info: str | None = None,
    comments: str | None = None,
    quote_character: str | None = None,
    quote_escape_character: str | None = None,
    record_delimiter: str | None = None,
    field_delimiter: str | None = None,
    allow_quoted_record_delimiter: bool | None = None,
    json_type: str | None = None,
    sse_customer_algorithm: str | None = None,
    sse_customer_key: str | bytes | None = None,
    sse_customer_key_md5: str | None = None,
    expected_bucket_owner: str | None = None,
    timeout: float | None = None,
    client: S3Client | None = None,
    endpoint_url: str | None = None,
    region_name: str | None = None,
    profile_name: str | None = None,
) -> Description:
    """Tell what an object holds: its columns, how a query names them, its first rows, its row groups.

    At most a thousand records are read, and of CSV and JSON about a mebibyte of text.

    Args:
        source: as :func:`s3sql.query` takes it.
        rows: how many rows to show, at most 1,000.
        input_format: as :func:`s3sql.query` takes it, like all that follow; what is not said is guessed, as
            with ``guess=True``.
        compression_type: likewise.
        file_header_info: likewise.
        comments: likewise.
        quote_character: likewise.
        quote_escape_character: likewise.
        record_delimiter: likewise.
        field_delimiter: likewise.
        allow_quoted_record_delimiter: likewise.
        json_type: likewise.
        sse_customer_algorithm: likewise.
        sse_customer_key: likewise.
        sse_customer_key_md5: likewise.
        expected_bucket_owner: likewise.
        timeout: seconds from now until the description must be there.
        client: likewise.
        endpoint_url: likewise.
        region_name: likewise.
        profile_name: likewise.

    Raises:
        S3SelectError: the object cannot be opened, or not even its first record can be read.
        TimeoutError: the time-out has passed.
        ValueError: a keyword has no such value, or keywords contradict each other.
        TypeError: *source* is none.
    """
    spoken: dict[str, Any] = {
        "input_format": input_format,
        "compression_type": compression_type,
        "file_header_info": file_header_info,
        "comments": comments,
        "quote_character": quote_character,
        "quote_escape_character": quote_escape_character,
        "record_delimiter": record_delimiter,
        "field_delimiter": field_delimiter,
        "allow_quoted_record_delimiter": allow_quoted_record_delimiter,
        "json_type": json_type,
    }
    opened: StoredObject | None = source if is_stored(source) else None
    try:
        if not isinstance(rows, int) or isinstance(rows, bool) or not 0 <= rows <= MOST_RECORDS:
            raise ValueError(f"rows is {rows!r}; it must be a number from 0 to {MOST_RECORDS:,}")
        deadline = None if timeout is None else Deadline(timeout)
        opened = open_source(
            source,
            client=client,
            endpoint_url=endpoint_url,
            region_name=region_name,
            profile_name=profile_name,
            sse_customer_algorithm=sse_customer_algorithm,
            sse_customer_key=sse_customer_key,
            sse_customer_key_md5=sse_customer_key_md5,
            expected_bucket_owner=expected_bucket_owner,
        )
        if deadline is not None:
            opened = TimedObject(opened, deadline)
        opened = rereadable(opened)
        name = name_of(source)
        sniffed = sniff(opened, name, spoken)
        title = source if isinstance(source, str) else name
        return _Describing(opened, os.fspath(title), sniffed, spoken, rows).description()
    finally:
        if opened is not None:
            opened.close()


class _Describing:
    """One object, open and sniffed."""

    def __init__(
        self, opened: StoredObject, name: str, sniffed: Sniffed, spoken: dict[str, Any], rows: int
    ) -> None:
        self._opened = opened
        self._name = name
        self._sniffed = sniffed
        self._keywords = {**spoken, **sniffed.keywords()}
        self._rows = rows

    def description(self) -> Description:
        """What is there."""
        form = self._sniffed.input_format.value
        if form == "csv":
            return self._csv()
        return self._json() if form == "json" else self._with_schema()

    def _request(self, sql: str, output_format: str | None = None) -> SelectRequest:
        return request_of_keywords(sql, self._keywords, {"output_format": output_format})

    def _beginning(self, request: SelectRequest, size: int) -> Beginning:
        return text_beginning(self._opened, request.compression, size)

    # --- CSV ----------------------------------------------------------------------------------------------

    def _csv(self) -> Description:
        request = self._request("SELECT * FROM S3Object")
        csv = cast("CsvInput", request.input)
        dialect = CsvDialect.of(csv)
        heading = csv.file_header_info != "NONE"
        for size in (MOST_BYTES, _LONG_BYTES):
            text = self._beginning(request, size)
            records = first_records(text.text, dialect, at_end=text.whole, most=MOST_RECORDS + heading)
            if text.whole or len(records) > heading:
                break
        failure = records.failure(dialect, text.offset) or text.fault
        if failure is not None and (failure.code == "InvalidTextEncoding" or len(records) <= heading):
            if failure.code == "InvalidTextEncoding" and failure.hint is None:
                failure.hint = _CONVERT
            raise failure
        if not len(records):
            schema = CsvSchema(csv.file_header_info, None, empty=True)
        else:
            header = records.fields(0) if csv.file_header_info == "USE" else None
            schema = CsvSchema(csv.file_header_info, header)
        begin = min(int(heading), len(records))
        columns, count = csv_columns(records, schema, begin, MOST_COLUMNS)
        notes = [] if failure is None else [_behind(len(records) - begin, failure)]
        if count > len(columns):
            notes.append(f"the first {len(columns):,} of {count:,} columns are described")
        table = csv_rows(records, schema, begin, self._rows, MOST_COLUMNS)
        return self._described(columns, table, len(records) - begin, notes=notes)

    # --- JSON ---------------------------------------------------------------------------------------------

    def _json(self) -> Description:
        request = self._request(f"SELECT {ROW} FROM S3Object {ROW}", "json")
        beginning = self._beginning(request, MOST_BYTES >> 2).text.lstrip(b" \t\r\n")
        from_path = "S3Object[*][*]" if beginning.startswith(b"[") else "S3Object"
        request = replace(request, expression=f"SELECT {ROW} FROM {from_path} {ROW}")
        records, failure = _first_records(engine.prepare(request, self._opened, limit=MOST_RECORDS))
        if failure is not None and not records:
            raise failure
        columns, notes = json_columns(records, MOST_COLUMNS)
        if failure is not None:
            notes.append(_behind(len(records), failure))
        table = json_rows(records[: self._rows], wide=len(columns) >= MOST_COLUMNS)
        return self._described(columns, table, len(records), from_path=from_path, notes=notes)

    # --- Parquet, and other formats with a schema -----------------------------------------------------------

    def _with_schema(self) -> Description:
        request = self._request("SELECT COUNT(*) FROM S3Object")
        opening = engine.prepare(request, self._opened).opening
        try:
            schema = opening.schema
            assert isinstance(schema, ParquetSchema), "what is neither CSV nor JSON has columns"
            groups = describe_row_groups(opening) if isinstance(opening, ParquetOpening) else None
            named = readable(schema, MOST_COLUMNS)
            table, failure = self._first_rows(request, opening, named)
        finally:
            opening.close()
        notes: list[str] = []
        if failure is not None and not table.num_rows:
            # What fails most often is bytes that are no text; the other columns can be read all the same.
            sure = {number: sql for number, sql in named.items() if not schema.columns[number].may_fail}
            if 0 < len(sure) < len(named):
                named, (table, _) = sure, self._first_rows(request, None, sure)
        if failure is not None:
            notes.append(f"a query that selects all columns fails: {failure}")
        places = {number: place for place, number in enumerate(named)} if table.num_columns else {}
        columns, more = schema_columns(schema, table, places, MOST_COLUMNS)
        if groups is not None and len(groups) == MOST_GROUPS:
            notes.append(f"at most {MOST_GROUPS:,} row groups are described")
        return self._described(
            columns, table.slice(0, self._rows), table.num_rows, row_groups=groups, notes=[*more, *notes]
        )

    def _first_rows(
        self, request: SelectRequest, opening: Opening | None, named: Mapping[int, str]
    ) -> tuple[pa.Table, S3SelectError | None]:
        """The first rows of the columns that *named* writes, and what failed behind them."""
        if not named:
            return pa.table({}), None
        request = replace(request, expression=f"SELECT {', '.join(named.values())} FROM S3Object {ROW}")
        batches: list[pa.RecordBatch] = []
        size = 0
        try:
            if opening is None:
                opening = engine.prepare(request, self._opened).opening
            plan = at_most(PLANS.plan(request.expression, opening.schema), MOST_RECORDS)
            with Result(engine.Query(request, _Lent(self._opened), opening, plan)) as result:
                for batch in result:
                    batches.append(batch)
                    size += batch.nbytes
                    if size >= _MOST_ARRAY_BYTES:
                        break
                schema = result.schema
        except S3SelectError as error:
            return (pa.Table.from_batches(batches) if batches else pa.table({})), error
        return pa.Table.from_batches(batches, schema=schema), None

    def _described(
        self, columns: Any, table: pa.Table, seen: int, *, notes: list[str], **more: Any
    ) -> Description:
        return Description(
            self._name, self._opened.size, self._sniffed, columns, table, seen, notes=tuple(notes), **more
        )


class _Lent(RereadObject):
    """An object that is not closed with what reads it."""

    def close(self) -> None:
        """Nothing: who lent it will."""


def _first_records(query: engine.Query) -> tuple[list[bytes], S3SelectError | None]:
    """The first records as they are serialised, of about a mebibyte of text, and what failed behind them."""
    writer = serializer_for(query.request.output)

    def sink(members: list[OutputMember], length: int) -> Records:
        return writer.serialize(members, length)

    found: list[bytes] = []
    # Not as records of an answer, whose limit the name of the only member would use up.
    steps = query.steps(sink, None, Records.first, writer.delimiters)
    try:
        for step in steps:
            if step is None:
                continue
            if step.output is not None:
                payload, begin = step.output.payload.tobytes(), 0
                for end in step.output.ends.tolist():
                    found.append(payload[begin:end])
                    begin = end
            if step.error is not None or step.processed >= MOST_BYTES:
                return found, step.error
    except S3SelectError as error:
        return found, error
    finally:
        steps.close()
    return found, None


def _behind(records: int, failure: S3SelectError) -> str:
    """A note of what is wrong behind the records that are described."""
    first = "record" if records == 1 else f"{records:,} records"
    return f"a query fails behind the first {first}: {failure}"
