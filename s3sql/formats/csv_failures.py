"""CSV: how the failure of a record is told.

In: a place in the object's text.  Out: errors of S3 Select.
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.formats.csv_dialect import CsvDialect
from s3sql.kernels import csv_general
from s3sql.limits import MAX_RECORD_BYTES


def invalid_encoding(place: int) -> S3SelectError:
    """The error for the byte at *place*, an offset in the object's text, which is not UTF-8."""
    return S3SelectError(
        "InvalidTextEncoding",
        f"UTF-8 encoding is required. The text encoding error was found near byte {place:,}.",
    )


def too_long(place: int) -> S3SelectError:
    """The error for the record that starts at *place*."""
    return S3SelectError(
        "OverMaxRecordSize",
        f"The record that starts at byte {place:,} is longer than {MAX_RECORD_BYTES:,} bytes, the most a "
        "record may have. Check RecordDelimiter and QuoteCharacter.",
    )


def general_failure(status: int, place: int, dialect: CsvDialect) -> S3SelectError:
    """The error for the way the general pass ended, *place* being an offset in the object's text."""
    if status == csv_general.RECORD_TOO_LONG:
        return too_long(place)
    if status == csv_general.DELIMITER_IN_QUOTES:
        return S3SelectError(
            "CSVEscapingRecordDelimiter",
            f"A quoted field still open at byte {place:,} contains the record delimiter. Set "
            "AllowQuotedRecordDelimiter to TRUE if quoted fields may span lines.",
        )
    return S3SelectError(
        "CSVUnescapedQuote",
        f"The object ends at byte {place:,} inside an open quote ({dialect.quote.decode()}). Close the "
        "quote, or set QuoteCharacter to what the object uses.",
    )
