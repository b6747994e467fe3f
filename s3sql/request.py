"""One S3 Select request, every member decided: what the rest of the program is told to do.

In: member values in their final meaning (an absent element has become its default, an empty
``FieldDelimiter`` the NUL character).  Out: frozen dataclasses that cannot hold a request S3 Select
would refuse; what depends on the object (its size, whether it really is GZIP) is checked by the scan.

Each class checks its members in the order in which the AWS S3 API Reference ("SelectObjectContent",
CSVInput, CSVOutput, JSONInput, JSONOutput, ScanRange) lists their rules, so that a request with several
faults always gets the same code.  Choices where AWS documents no rule are marked with "Choice".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from s3sql.dialects import S3_SELECT, Dialect
from s3sql.errors import S3SelectError

Compression: TypeAlias = Literal["NONE", "GZIP", "BZIP2"]
FileHeaderInfo: TypeAlias = Literal["NONE", "USE", "IGNORE"]
JsonType: TypeAlias = Literal["DOCUMENT", "LINES"]
QuoteFields: TypeAlias = Literal["ALWAYS", "ASNEEDED"]


@dataclass(frozen=True, slots=True)
class CsvInput:
    r"""How to read a CSV object.

    ``record_delimiter`` is one or two characters; None (the element was absent) accepts ``\n`` and
    ``\r\n``, mixed too.  An empty ``comments`` or ``quote_character`` switches that feature off.  A
    character is one Unicode code point.

    Raises:
        S3SelectError: ``InvalidFileHeaderInfo``; ``InvalidRequestParameter`` for a wrong length or a field
            delimiter equal to the quote, the comment character or the record delimiter (Choice);
            ``MissingRequiredParameter`` for an empty record delimiter.
    """

    file_header_info: FileHeaderInfo = "NONE"
    comments: str = "#"
    quote_character: str = '"'
    quote_escape_character: str = '"'
    record_delimiter: str | None = None
    field_delimiter: str = ","
    allow_quoted_record_delimiter: bool = False

    def __post_init__(self) -> None:
        if self.file_header_info not in ("NONE", "USE", "IGNORE"):
            raise S3SelectError(
                "InvalidFileHeaderInfo",
                f"FileHeaderInfo is {_shown(self.file_header_info)}; it must be NONE, USE or IGNORE.",
            )
        _check_optional_character("Comments", self.comments, off="comments")
        _check_optional_character("QuoteCharacter", self.quote_character, off="quoting")
        _check_character("QuoteEscapeCharacter", self.quote_escape_character)
        _check_character("FieldDelimiter", self.field_delimiter)
        if self.record_delimiter is not None:
            _check_not_empty("RecordDelimiter", self.record_delimiter)
            if len(self.record_delimiter) > 2:
                raise _wrong_length("RecordDelimiter", self.record_delimiter, "one or two characters")
        self._check_field_delimiter_is_distinct()

    def _check_field_delimiter_is_distinct(self) -> None:
        """Refuse a field delimiter that also is another special character (Choice)."""
        in_effect = "\n" if self.record_delimiter is None else self.record_delimiter
        for name, value in (
            ("QuoteCharacter", self.quote_character),
            ("Comments", self.comments),
            ("RecordDelimiter", in_effect),
        ):
            if self.field_delimiter == value:
                raise S3SelectError(
                    "InvalidRequestParameter",
                    f"FieldDelimiter and {name} are both {_shown(value)}; they must be different.",
                )


@dataclass(frozen=True, slots=True)
class JsonInput:
    """How to read a JSON object: both types read a sequence of JSON values, one row each.

    Raises:
        S3SelectError: ``InvalidJsonType``.
    """

    type: JsonType

    def __post_init__(self) -> None:
        if self.type not in ("DOCUMENT", "LINES"):
            raise S3SelectError(
                "InvalidJsonType", f"The JSON Type is {_shown(self.type)}; it must be DOCUMENT or LINES."
            )


@dataclass(frozen=True, slots=True)
class ParquetInput:
    """How to read a Parquet object; the format has no options."""


@dataclass(frozen=True, slots=True)
class RegisteredInput:
    """An input format that the program has registered (:mod:`s3sql.extend`); not on the wire."""

    name: str


@dataclass(frozen=True, slots=True)
class CsvOutput:
    """How to write records as CSV.

    Both delimiters are strings of any length (Choice) of at least one character; an empty
    ``quote_character`` switches quoting off.

    Raises:
        S3SelectError: ``InvalidQuoteFields``; ``InvalidRequestParameter`` for a wrong length;
            ``MissingRequiredParameter`` for an empty record delimiter (Choice).
    """

    quote_fields: QuoteFields = "ASNEEDED"
    quote_character: str = '"'
    quote_escape_character: str = '"'
    record_delimiter: str = "\n"
    field_delimiter: str = ","

    def __post_init__(self) -> None:
        if self.quote_fields not in ("ALWAYS", "ASNEEDED"):
            raise S3SelectError(
                "InvalidQuoteFields",
                f"QuoteFields is {_shown(self.quote_fields)}; it must be ALWAYS or ASNEEDED.",
            )
        _check_optional_character("QuoteCharacter", self.quote_character, off="quoting")
        _check_character("QuoteEscapeCharacter", self.quote_escape_character)
        if not self.field_delimiter:
            raise _wrong_length("FieldDelimiter", self.field_delimiter, "at least one character")
        _check_not_empty("RecordDelimiter", self.record_delimiter)


@dataclass(frozen=True, slots=True)
class JsonOutput:
    """How to write records as JSON objects: each is followed by ``record_delimiter``, the last one too.

    Raises:
        S3SelectError: ``MissingRequiredParameter`` for an empty record delimiter (Choice).
    """

    record_delimiter: str = "\n"

    def __post_init__(self) -> None:
        _check_not_empty("RecordDelimiter", self.record_delimiter)


@dataclass(frozen=True, slots=True)
class ScanRange:
    """The part of the object whose records are read, in bytes from 0; a record counts where it begins.

    ``start`` and ``end``: both inclusive.  ``start`` alone: to the end of the object.  ``end`` alone:
    the **last** ``end`` bytes of the object.  That a start lies within the object is checked by the scan.

    Raises:
        S3SelectError: ``InvalidScanRange`` for neither (Choice), a negative value, a start after the end,
            or an ``end`` of 0 alone (Choice).
    """

    start: int | None
    end: int | None

    def __post_init__(self) -> None:
        if self.start is None and self.end is None:
            raise S3SelectError("InvalidScanRange", "The ScanRange is empty; give Start, End or both.")
        for name, value in (("Start", self.start), ("End", self.end)):
            if value is not None and value < 0:
                raise S3SelectError(
                    "InvalidScanRange", f"The ScanRange {name} is {value}; it must not be negative."
                )
        if self.start is not None and self.end is not None and self.start > self.end:
            raise S3SelectError(
                "InvalidScanRange", f"The ScanRange Start, {self.start}, lies after its End, {self.end}."
            )
        if self.start is None and self.end == 0:
            raise S3SelectError(
                "InvalidScanRange",
                "The ScanRange asks for the last 0 bytes of the object (End without Start); give at least 1.",
            )


@dataclass(frozen=True, slots=True)
class RegisteredOutput:
    """An output format that the program has registered, likewise."""

    name: str


InputFormat: TypeAlias = CsvInput | JsonInput | ParquetInput | RegisteredInput
OutputFormat: TypeAlias = CsvOutput | JsonOutput | RegisteredOutput


@dataclass(frozen=True, slots=True)
class SelectRequest:
    """A request of S3 Select that is known to be well formed; the SQL text has not been looked at.

    ``dialect`` is that of the text.

    Raises:
        S3SelectError: as :func:`check_expression` and :func:`check_compression`, and
            ``UnsupportedScanRangeInput`` for a scan range on an input that cannot be entered in its middle.
    """

    expression: str
    input: InputFormat
    output: OutputFormat
    compression: Compression = "NONE"
    progress: bool = False
    scan_range: ScanRange | None = None
    dialect: Dialect = S3_SELECT

    def __post_init__(self) -> None:
        check_expression(self.expression, self.dialect)
        check_compression(self.compression, type(self.input))
        if self.scan_range is not None:
            self._check_scan_range_is_possible()

    def _check_scan_range_is_possible(self) -> None:
        if self.compression != "NONE":
            raise _no_scan_range(f"CompressionType {self.compression}")
        if isinstance(self.input, CsvInput) and self.input.allow_quoted_record_delimiter:
            raise _no_scan_range("CSV with AllowQuotedRecordDelimiter")
        if isinstance(self.input, JsonInput) and self.input.type == "DOCUMENT":
            raise _no_scan_range("JSON of Type DOCUMENT")
        if isinstance(self.input, RegisteredInput):
            raise _no_scan_range(f"the input format {self.input.name}")


def check_expression(expression: str, dialect: Dialect = S3_SELECT) -> None:
    """Check the length of the SQL text.

    Raises:
        S3SelectError: ``MissingRequiredParameter`` when it is empty, ``ExpressionTooLong`` above what
            *dialect* allows: 256 KiB of UTF-8 (AWS S3 User Guide, "Requirements and limits"), or 128 KiB.
    """
    _check_not_empty("Expression", expression)
    size = len(expression.encode("utf-8", "surrogatepass"))
    if size > dialect.expression_bytes:
        raise S3SelectError(
            "ExpressionTooLong",
            f"The SQL expression is {size:,} bytes long; the most is {dialect.expression_bytes:,} bytes.",
        )


def check_compression(compression: str, input_format: type[InputFormat]) -> None:
    """Check that *compression* exists and that *input_format* can have it.

    Raises:
        S3SelectError: ``InvalidCompressionFormat`` for an unknown name, ``InvalidRequestParameter`` for a
            compressed Parquet object (Choice), since Parquet compresses inside.
    """
    if compression not in ("NONE", "GZIP", "BZIP2"):
        raise S3SelectError(
            "InvalidCompressionFormat",
            f"CompressionType is {_shown(compression)}; it must be NONE, GZIP or BZIP2.",
        )
    if input_format is ParquetInput and compression != "NONE":
        raise S3SelectError(
            "InvalidRequestParameter",
            f"CompressionType {compression} cannot be used with Parquet, which compresses its own columns; "
            "leave it out or send NONE.",
            hint=f"a Parquet file within {compression} is decompressed before it is queried",
        )


def missing_parameter(name: str) -> S3SelectError:
    """The error for a required element that is absent or empty, in AWS's words."""
    return S3SelectError(
        "MissingRequiredParameter",
        f"{name} is required. Please check the service documentation and try again.",
    )


#: Characters people write with a backslash and a letter, which S3 Select takes as two characters.
_ESCAPES = {r"\n": "a line feed", r"\r": "a carriage return", r"\t": "a tab", r"\0": "the NUL character"}


def _check_character(name: str, value: str) -> None:
    if len(value) != 1:
        raise _wrong_length(name, value, "one character")


def _check_optional_character(name: str, value: str, *, off: str) -> None:
    if len(value) > 1:
        raise _wrong_length(name, value, f"one character, or empty for no {off}")


def _check_not_empty(name: str, value: str) -> None:
    if not value:
        raise missing_parameter(name)


def _wrong_length(name: str, value: str, allowed: str) -> S3SelectError:
    message = f"{name} is {_shown(value)}, {len(value)} characters; it must be {allowed}."
    if value in _ESCAPES:
        message += (
            " A backslash and a letter are taken as these two characters: "
            f"for {_ESCAPES[value]} send the character itself."
        )
    elif value == r"\\":
        message += " A doubled backslash is taken as two characters: send a single one."
    elif value.startswith(r"\u"):
        message += " A backslash sequence is taken as it stands: send the character itself."
    return S3SelectError("InvalidRequestParameter", message)


def _no_scan_range(what: str) -> S3SelectError:
    return S3SelectError(
        "UnsupportedScanRangeInput",
        f"ScanRange cannot be used with {what}; it needs uncompressed CSV without quoted record delimiters, "
        "uncompressed JSON of Type LINES, or Parquet.",
    )


def _shown(value: str) -> str:
    """*value* in quotes for a message, control characters escaped, cut when it is long."""
    cut = value if len(value) <= 40 else value[:40] + "…"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
    return f"'{shown}'"
