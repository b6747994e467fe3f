from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from s3sql.errors import S3SelectError
from s3sql.request import (
    CsvInput,
    CsvOutput,
    JsonInput,
    JsonOutput,
    ParquetInput,
    ScanRange,
    SelectRequest,
)


def refusal(build: Callable[[], object]) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        build()
    return caught.value


def request(**members: Any) -> SelectRequest:
    return SelectRequest(
        **{"expression": "SELECT * FROM S3Object", "input": CsvInput(), "output": CsvOutput(), **members}
    )


def test_defaults_are_those_of_the_api_reference() -> None:
    assert dataclasses.asdict(CsvInput()) == {
        "file_header_info": "NONE",
        "comments": "#",
        "quote_character": '"',
        "quote_escape_character": '"',
        "record_delimiter": None,
        "field_delimiter": ",",
        "allow_quoted_record_delimiter": False,
    }
    assert dataclasses.asdict(CsvOutput()) == {
        "quote_fields": "ASNEEDED",
        "quote_character": '"',
        "quote_escape_character": '"',
        "record_delimiter": "\n",
        "field_delimiter": ",",
    }
    assert JsonOutput().record_delimiter == "\n"
    assert request().compression == "NONE"
    assert request().scan_range is None
    assert request().progress is False


def test_a_request_is_immutable_and_can_be_sent_to_a_worker() -> None:
    whole = request(scan_range=ScanRange(1, 2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        whole.expression = "x"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert hash(whole) == hash(request(scan_range=ScanRange(1, 2)))


@pytest.mark.parametrize(
    ("build", "code", "part"),
    [
        (lambda: CsvInput(file_header_info="FIRST"), "InvalidFileHeaderInfo", "'FIRST'"),
        (lambda: CsvInput(comments="//"), "InvalidRequestParameter", "Comments is '//', 2 characters"),
        (lambda: CsvInput(quote_character="''"), "InvalidRequestParameter", "QuoteCharacter"),
        (lambda: CsvInput(quote_escape_character=""), "InvalidRequestParameter", "QuoteEscapeCharacter"),
        (lambda: CsvInput(quote_escape_character="\\\\"), "InvalidRequestParameter", "send a single one"),
        (lambda: CsvInput(field_delimiter=""), "InvalidRequestParameter", "FieldDelimiter"),
        (lambda: CsvInput(field_delimiter="||"), "InvalidRequestParameter", "FieldDelimiter is '||'"),
        (lambda: CsvInput(field_delimiter="\\t"), "InvalidRequestParameter", "for a tab send the character"),
        (lambda: CsvInput(field_delimiter="\\u0001"), "InvalidRequestParameter", "send the character itself"),
        (lambda: CsvInput(record_delimiter=""), "MissingRequiredParameter", "RecordDelimiter is required. "),
        (lambda: CsvInput(record_delimiter="\r\n\r"), "InvalidRequestParameter", "'\\r\\n\\r', 3 characters"),
        (
            lambda: CsvInput(field_delimiter='"'),
            "InvalidRequestParameter",
            "FieldDelimiter and QuoteCharacter",
        ),
        (lambda: CsvInput(field_delimiter="#"), "InvalidRequestParameter", "FieldDelimiter and Comments"),
        (
            lambda: CsvInput(field_delimiter="\n"),
            "InvalidRequestParameter",
            "and RecordDelimiter are both '\\n'",
        ),
        (
            lambda: CsvInput(field_delimiter="|", record_delimiter="|"),
            "InvalidRequestParameter",
            "FieldDelimiter and RecordDelimiter",
        ),
        (lambda: JsonInput("LIST"), "InvalidJsonType", "'LIST'"),
        (lambda: CsvOutput(quote_fields="NEVER"), "InvalidQuoteFields", "'NEVER'"),
        (lambda: CsvOutput(quote_character="ab"), "InvalidRequestParameter", "QuoteCharacter"),
        (lambda: CsvOutput(quote_escape_character="ab"), "InvalidRequestParameter", "QuoteEscapeCharacter"),
        (lambda: CsvOutput(field_delimiter=""), "InvalidRequestParameter", "FieldDelimiter"),
        (lambda: CsvOutput(record_delimiter=""), "MissingRequiredParameter", "RecordDelimiter is required."),
        (lambda: JsonOutput(record_delimiter=""), "MissingRequiredParameter", "RecordDelimiter is required."),
        (lambda: ScanRange(None, None), "InvalidScanRange", "give Start, End or both"),
        (lambda: ScanRange(-1, 5), "InvalidScanRange", "Start is -1"),
        (lambda: ScanRange(None, -5), "InvalidScanRange", "End is -5"),
        (lambda: ScanRange(6, 5), "InvalidScanRange", "6, lies after its End, 5"),
        (lambda: ScanRange(None, 0), "InvalidScanRange", "last 0 bytes"),
        (lambda: request(expression=""), "MissingRequiredParameter", "Expression is required. Please check"),
        (lambda: request(expression="é" * (128 * 1024) + "x"), "ExpressionTooLong", "262,145 bytes"),
        (lambda: request(compression="ZSTD"), "InvalidCompressionFormat", "'ZSTD'"),
        (
            lambda: request(input=ParquetInput(), compression="GZIP"),
            "InvalidRequestParameter",
            "cannot be used with Parquet",
        ),
        (
            lambda: request(compression="BZIP2", scan_range=ScanRange(0, 1)),
            "UnsupportedScanRangeInput",
            "CompressionType BZIP2",
        ),
        (
            lambda: request(input=CsvInput(allow_quoted_record_delimiter=True), scan_range=ScanRange(0, 1)),
            "UnsupportedScanRangeInput",
            "AllowQuotedRecordDelimiter",
        ),
        (
            lambda: request(input=JsonInput("DOCUMENT"), scan_range=ScanRange(0, 1)),
            "UnsupportedScanRangeInput",
            "DOCUMENT",
        ),
    ],
)
def test_a_wrong_member_is_refused_with_its_code(build: Any, code: str, part: str) -> None:
    error = refusal(build)
    assert (error.code, part in error.message) == (code, True), error.message


@pytest.mark.parametrize(
    "build",
    [
        lambda: CsvInput(comments="", quote_character=""),
        lambda: CsvInput(comments="\ufdd0", field_delimiter="\U0001f600"),
        lambda: CsvInput(comments='"'),
        lambda: CsvInput(field_delimiter="\0"),
        lambda: CsvInput(field_delimiter="\n", record_delimiter="\r\n"),
        lambda: CsvInput(record_delimiter=r"\n"),
        lambda: CsvInput(record_delimiter='"', quote_escape_character="\\"),
        lambda: CsvOutput(field_delimiter="<=>", record_delimiter="--\n--", quote_character=""),
        lambda: ScanRange(0, 0),
        lambda: ScanRange(None, 1),
        lambda: ScanRange(7, None),
        lambda: request(expression="x" * 256 * 1024),
        lambda: request(scan_range=ScanRange(0, 1)),
        lambda: request(input=JsonInput("LINES"), scan_range=ScanRange(0, 1)),
        lambda: request(input=ParquetInput(), scan_range=ScanRange(0, 1)),
    ],
)
def test_what_the_rules_allow_is_accepted(build: Any) -> None:
    build()


def test_the_first_wrong_member_in_the_order_of_the_reference_decides() -> None:
    assert refusal(lambda: CsvInput(file_header_info="X", comments="ab")).code == "InvalidFileHeaderInfo"  # type: ignore[arg-type]
    assert (
        refusal(lambda: CsvInput(field_delimiter="ab", record_delimiter="")).code == "InvalidRequestParameter"
    )
    assert refusal(lambda: request(expression="", compression="X")).code == "MissingRequiredParameter"
