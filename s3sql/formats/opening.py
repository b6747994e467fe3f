"""Opening an object: what its beginning says, and which part of it a query scans.

In: a request and an open object.  Out: a :class:`TextOpening`: the schema for the binder, the format for the
workers and the span for the reader.

Source of the rules: AWS S3 API Reference, CSVInput (FileHeaderInfo) and ScanRange. Both ends of a scan range
count; End alone is the last so many bytes (:func:`bounds`); which records lie in it is found by
:mod:`s3sql.exec.reader`. Choices: a byte order mark at the start is dropped; the header line of the object
counts for every scan range.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Protocol

from s3sql.errors import S3SelectError
from s3sql.formats.base import Format
from s3sql.formats.csv import CsvFormat
from s3sql.formats.csv_bounds import field_bounds
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.formats.csv_header import FirstRecord, first_record
from s3sql.formats.decompressed_text import DecompressedText
from s3sql.formats.json_array import JsonArrayFormat
from s3sql.formats.json_format import JsonFormat
from s3sql.formats.json_layout import Slots
from s3sql.limits import MORSEL_BYTES
from s3sql.plan.derived import Derived
from s3sql.plan.expr import Elements, RowPath
from s3sql.plan.logical import Plan
from s3sql.plan.schema import CsvSchema, JsonSchema, Schema
from s3sql.plan.traverse import parts, scan_of
from s3sql.request import CsvInput, JsonInput, ScanRange, SelectRequest

#: Bytes read at first to find the header line; a longer one is looked for in twice as many.
_HEADER_BYTES = 64 << 10


class ByteSource(Protocol):
    """The text of an object, after decompression."""

    @property
    def size(self) -> int | None:
        """Bytes of text; None until known, at the latest when a read has met the end."""
        ...

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; fewer bytes only where the text ends or cannot be read on.

        There, the next read gives none, or raises what keeps the text from going on.
        """
        ...

    def read(self, offset: int, length: int) -> bytes:
        """At most *length* bytes from *offset* on, fewer only as with :meth:`read_into`."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a text to scan: from *begin*, records that start before *stop* (None: all).

    ``aligned``: a record starts at *begin*; else the first one at or behind it is to be found.
    """

    begin: int
    stop: int | None
    aligned: bool


def _slots(plan: Plan) -> Slots:
    """The slots of the paths from a row of JSON that *plan* names, in an order that is always the same."""
    return Slots(sorted({part.steps for part in parts(plan) if isinstance(part, RowPath)}, key=repr))


_SLOTS = Derived(_slots)
_FIELD_BOUNDS = Derived(field_bounds)


class TextOpening:
    """A text whose beginning has been looked at."""

    def __init__(self, request: SelectRequest, source: ByteSource) -> None:
        self._request = request
        self._source = source
        codec = request.compression
        # A stream cannot go back, so the text that may be asked for again is kept as for a compressed object.
        direct = codec == "NONE" and source.size is not None
        self._sequential = None if direct else DecompressedText(source, codec)
        self.text: ByteSource = self._sequential or source
        self._header: FirstRecord | None = None
        self._first = 0
        self.schema: Schema = JsonSchema()
        self.empty_schema: Schema = self.schema
        self._dialect: CsvDialect | None = None
        if isinstance(request.input, CsvInput):
            self._open_csv(request.input)
        self.span = self._span()

    def _open_csv(self, csv: CsvInput) -> None:
        self._dialect = CsvDialect.of(csv)
        if self.text.read(0, len(BOM_UTF8)) == BOM_UTF8:
            self._first = len(BOM_UTF8)
        mode = csv.file_header_info
        self.empty_schema = CsvSchema(mode, None, empty=True)
        if mode == "NONE":
            self.schema = CsvSchema("NONE")
            return
        self._header = self._find_first()
        if self._header is None:
            self.schema = self.empty_schema
            return
        self._first = self._header.end
        self.schema = CsvSchema(mode, self._header.fields if mode == "USE" else None)

    def _find_first(self) -> FirstRecord | None:
        """The first record of a CSV text, or None if there is none."""
        assert self._dialect is not None
        size = _HEADER_BYTES
        while True:
            beginning = self.text.read(self._first, size)
            short = len(beginning) < size
            at_end = short and self.text.size is not None
            found = first_record(beginning, at_end, self._dialect, self._first)
            if found is not None or at_end:
                return found
            if short:
                # The text cannot be read on, for a reason that is raised here.
                self.text.read(self._first + len(beginning), 1)
            if size > MORSEL_BYTES:
                # Blank lines and comments only, so far: on behind the last line end.
                self._first += max(beginning.rfind(self._dialect.record[-1:]), 0) + 1
                if self._sequential is not None:
                    self._sequential.advance(self._first)
                size = _HEADER_BYTES
            size *= 2

    def without_records(self) -> bool:
        """Whether a CSV text holds no record at all."""
        return self._dialect is not None and self.first_record() is None

    def first_record(self) -> tuple[str, ...] | None:
        """The fields of the first record of a CSV text, header or not; None if there is none."""
        if self._dialect is None:
            return None
        found = self._header or self._find_first()
        return None if found is None else found.fields

    def is_first(self, offset: int) -> bool:
        """Whether the text, a byte order mark and a header left out, begins at *offset*."""
        return offset == self._first

    def found(self, plan: Plan) -> dict[str, object]:
        """Nothing: what is left out of a text is left out by the plan."""
        return {}

    def form(self, plan: Plan) -> Format:
        """The format for the workers, reading what *plan* needs."""
        scan = scan_of(plan)
        if isinstance(self._request.input, JsonInput):
            ranged = bool(scan.path) and isinstance(scan.path[0], Elements)
            return (JsonArrayFormat if ranged else JsonFormat)(self._request.input, scan.path, _SLOTS(plan))
        assert self._dialect is not None
        names = self._header.fields if self._header is not None and self._uses_names() else ()
        return CsvFormat(
            self._dialect,
            scan.columns or (),
            names,
            scan.required_literal,
            scan.late_columns,
            _FIELD_BOUNDS(plan),
        )

    def _uses_names(self) -> bool:
        return isinstance(self.schema, CsvSchema) and self.schema.header is not None

    def _span(self) -> Span:
        """The span of the scan range, or the whole text behind the header."""
        chosen = self._request.scan_range
        if chosen is None:
            return Span(self._first, None, aligned=True)
        dialect = self._dialect
        if dialect is not None and dialect.quote and dialect.record == 2 * dialect.quote:
            raise S3SelectError(
                "UnsupportedScanRangeInput",
                f"A ScanRange cannot be used with the RecordDelimiter {dialect.record.decode()!r} and the "
                f"QuoteCharacter {dialect.quote.decode()!r}, because what a run of them means depends on all "
                "that is before it. Query the whole object.",
            )
        start, end = bounds(chosen, self.text.size)
        stop = None if end is None else end + 1
        if start <= self._first:
            return Span(self._first, stop, aligned=True)
        return Span(start, stop, aligned=False)

    def totals(self, end: int) -> tuple[int, int]:
        """BytesScanned and BytesProcessed when the text before *end* is done with: it is not read again."""
        scanned = None if self._sequential is None else self._sequential.advance(end)
        if scanned is not None and self._request.compression != "NONE":
            return scanned, end
        chosen = self._request.scan_range
        begin = 0 if chosen is None else self.span.begin if self.span.begin > self._first else 0
        processed = max(end - begin, 0)
        return processed, processed

    def bytes_to_scan(self) -> int | None:
        """BytesScanned when all has been read, about: a scan range ends with a record; None while unknown."""
        size = self._source.size
        if size is None or self._request.compression != "NONE" or self._request.scan_range is None:
            return size
        stop = size if self.span.stop is None else min(self.span.stop, size)
        return max(stop - (self.span.begin if self.span.begin > self._first else 0), 0)

    def close(self) -> None:
        """Read no more of the object, which stays the caller's to close."""
        if self._sequential is not None:
            self._sequential.close()


def bounds(chosen: ScanRange, size: int | None) -> tuple[int, int | None]:
    """First and last byte of a scan range, both inclusive; None: to the end.

    Raises:
        S3SelectError: ``InvalidScanRange`` when it starts beyond the object, ``UnsupportedScanRangeInput``
            when it counts from the end of a stream.
    """
    if chosen.start is None:
        if size is None:
            raise S3SelectError(
                "UnsupportedScanRangeInput",
                "A ScanRange with End alone counts from the end of the object, but the length of this stream "
                "is not known. Give a Start.",
            )
        assert chosen.end is not None
        return max(size - chosen.end, 0), None
    if size is not None and chosen.start >= max(size, 1):
        raise S3SelectError(
            "InvalidScanRange",
            f"The ScanRange starts at byte {chosen.start:,}, but the object has {size:,} bytes.",
        )
    return chosen.start, chosen.end


def open_text(request: SelectRequest, source: ByteSource) -> TextOpening:
    """Look at the beginning of the object.

    Raises:
        S3SelectError: the scan range does not fit the object, or the header line cannot be read.
    """
    return TextOpening(request, source)
