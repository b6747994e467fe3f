"""Every error code is caused here, by grammar/reject, or cannot be caused; and its channel is told.

Before the stream: an HTTP error, ``ClientError`` in boto3. In the stream: an error message behind the records
that were sent, ``EventStreamError``. What the request, the query's text or the beginning of the object tells
comes before the stream. What a record tells comes before the stream if the record starts in the first
mebibyte, else in it, with the same code.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

import s3sql
from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.limits import BEFORE_STREAM_BYTES
from s3sql.request_xml import parse_request
from s3sql.stores.memory import MemoryStore
from tests.answers import ask
from tests.formats.parquet_footers import Field, file_of

ERRORS: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent.parent / "grammar" / "errors.toml").read_text(encoding="utf-8")
)

CSV: dict[str, Any] = {"CSV": {}}
USE: dict[str, Any] = {"CSV": {"FileHeaderInfo": "USE"}}
LINES: dict[str, Any] = {"JSON": {"Type": "LINES"}}
PARQUET: dict[str, Any] = {"Parquet": {}}
GZIP: dict[str, Any] = {"CSV": {}, "CompressionType": "GZIP"}


def parquet(array: pa.Array, **options: Any) -> bytes:
    """A Parquet object of one column, ``a``."""
    out = io.BytesIO()
    pq.write_table(pa.table({"a": array}), out, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the stream would start before its first mebibyte is evaluated."""
    monkeypatch.setattr(engine, "BEFORE_STREAM_SECONDS", 60.0)


# ---- the request: before the stream, and before the object is touched


def request_xml(**parts: str) -> bytes:
    """The body of a request with some of its elements replaced; an empty one is left out."""
    elements = {
        "expression": "<Expression>SELECT * FROM S3Object</Expression>",
        "type": "<ExpressionType>SQL</ExpressionType>",
        "inputs": "<InputSerialization><CSV/></InputSerialization>",
        "outputs": "<OutputSerialization><CSV/></OutputSerialization>",
    }
    inside = "".join({**elements, **parts}.values())
    return f"<SelectObjectContentRequest>{inside}</SelectObjectContentRequest>".encode()


def inputs(text: str) -> bytes:
    return request_xml(inputs=f"<InputSerialization>{text}</InputSerialization>")


BODIES: list[tuple[str, bytes]] = [
    ("EmptyRequestBody", b""),
    ("MalformedXML", b"<SelectObjectContentRequest>"),
    ("MalformedXML", request_xml(range="<RequestProgress><Enabled>perhaps</Enabled></RequestProgress>")),
    ("MissingRequiredParameter", request_xml(expression="")),
    ("MissingRequiredParameter", request_xml(outputs="")),
    ("MissingRequiredParameter", inputs("<JSON/>")),
    ("ExpressionTooLong", request_xml(expression=f"<Expression>SELECT {'1' * 262_144}</Expression>")),
    ("InvalidExpressionType", request_xml(type="<ExpressionType>CQL</ExpressionType>")),
    ("InvalidDataSource", inputs("")),
    ("ObjectSerializationConflict", inputs("<CSV/><Parquet/>")),
    ("InvalidCompressionFormat", inputs("<CSV/><CompressionType>ZIP</CompressionType>")),
    ("InvalidFileHeaderInfo", inputs("<CSV><FileHeaderInfo>MAYBE</FileHeaderInfo></CSV>")),
    ("InvalidJsonType", inputs("<JSON><Type>ARRAY</Type></JSON>")),
    ("InvalidRequestParameter", inputs("<CSV><QuoteCharacter>ab</QuoteCharacter></CSV>")),
    (
        "InvalidQuoteFields",
        request_xml(
            outputs="<OutputSerialization><CSV><QuoteFields>SOME</QuoteFields></CSV></OutputSerialization>"
        ),
    ),
    ("InvalidScanRange", request_xml(range="<ScanRange><Start>5</Start><End>4</End></ScanRange>")),
]


@pytest.mark.parametrize(("code", "body"), BODIES, ids=[f"{n}-{code}" for n, (code, _) in enumerate(BODIES)])
def test_a_wrong_request_is_told_at_once(code: str, body: bytes) -> None:
    with pytest.raises(S3SelectError) as raised:
        parse_request(body)
    assert raised.value.code == code


INTERVALS = file_of(Field("a", "FLBA", "INTERVAL", length=12))

# ---- the query and the beginning of the object: before the stream


@dataclass(frozen=True)
class Case:
    """A query and an object that cause *code*."""

    code: str
    sql: str = "SELECT * FROM S3Object"
    contents: bytes | None = b"a,b\n1,2\n"
    inputs: dict[str, Any] = field(default_factory=lambda: CSV)
    outputs: dict[str, Any] = field(default_factory=lambda: CSV)
    scan_range: dict[str, int] | None = None

    def __str__(self) -> str:
        return f"{self.code}-{self.sql[:40]}"


BEFORE = [
    Case("NoSuchKey", contents=None),
    Case("InvalidScanRange", scan_range={"Start": 100, "End": 200}),
    Case(
        "UnsupportedScanRangeInput",
        contents=gzip.compress(b"a\n"),
        inputs=GZIP,
        scan_range={"Start": 0, "End": 1},
    ),
    Case("MultipleDataSourcesUnsupported", "SELECT * FROM S3Object, S3Object"),
    Case("InvalidCompressionFormat", inputs=GZIP),
    Case("InvalidColumnIndex", "SELECT s.name FROM S3Object s"),
    Case("MissingHeaders", "SELECT s.name FROM S3Object s", inputs=USE),
    Case("AmbiguousFieldName", "SELECT a FROM S3Object", b"a,A\n1,2\n", USE),
    Case("InvalidTableAlias", "SELECT t._1 FROM S3Object s"),
    Case("InvalidTableAlias", "SELECT * FROM people"),
    Case("InvalidKeyPath", "SELECT * FROM S3Object[*].a"),
    Case("InvalidKeyPath", "SELECT * FROM S3Object.a", b"{}", LINES),
    Case("ParquetParsingError", inputs=PARQUET),
    Case("ParquetParsingError", contents=parquet(pa.array([1, 2]))[:-9], inputs=PARQUET),
    Case("UnsupportedParquetType", "SELECT a FROM S3Object", INTERVALS, PARQUET),
    Case("EvaluatorBindingDoesNotExist", "SELECT b FROM S3Object", parquet(pa.array([1])), PARQUET),
    Case("MaxOperatorsExceeded", f"SELECT {'(' * 500}1{')' * 500} FROM S3Object"),
    Case("UnsupportedFunction", "SELECT nope(1) FROM S3Object"),
    Case("UnsupportedSqlOperation", "DELETE FROM S3Object"),
    Case("UnsupportedSqlStructure", "SELECT _1 FROM S3Object GROUP BY _1"),
    Case("UnsupportedSyntax", "SELECT {'a': 1} FROM S3Object"),
    Case("EvaluatorInvalidArguments", "SELECT COALESCE() FROM S3Object"),
    Case("EvaluatorNegativeLimit", "SELECT * FROM S3Object LIMIT -1"),
    Case("InvalidDataType", "SELECT CAST(_1 AS BLOB) FROM S3Object"),
    Case("LexerInvalidChar", "SELECT # FROM S3Object"),
]


@pytest.mark.parametrize("case", BEFORE, ids=str)
def test_before_the_stream(case: Case) -> None:
    answer = ask(case.contents, case.sql, case.inputs, case.outputs, case.scan_range)
    assert (answer.code, answer.in_stream) == (case.code, False), answer.message


# ---- records: before the stream or in it, by where they start


def rows(good: str, bad: str) -> Callable[[int], bytes]:
    """An object of *good* records with *bad* in it, behind so many bytes."""
    return lambda size: (good * (size // len(good) + 1) + bad + good).encode()


def text(bad: str) -> Callable[[int], bytes]:
    return rows("1,2\n", bad)


def values(bad: str) -> Callable[[int], bytes]:
    return rows('{"a":"1"}\n', bad)


def compressed(size: int) -> bytes:
    """A GZIP object that is cut short behind *size* bytes of text."""
    whole = gzip.compress(b"1,2\n" * (size // 4 + 4096), 0)
    return whole[:-2000]


def bzip2_cut(size: int) -> bytes:
    return bz2.compress(b"1,2\n" * (size // 4 + 4096)) + bz2.compress(bytes(range(256)) * 99)[:-30]


def parquet_text(size: int) -> bytes:
    """A column of bytes, one of which is no text."""
    good = [b"0123456789abcde" * 8] * (size // 120 + 1)
    return parquet(pa.array([*good, b"\xff", good[0]], pa.binary()), use_dictionary=False)


LONG = 1_048_577


@dataclass(frozen=True)
class RecordCase:
    """A query and a maker of objects whose bad record starts behind so many bytes."""

    code: str
    sql: str
    make: Callable[[int], bytes]
    inputs: dict[str, Any] = field(default_factory=lambda: CSV)
    outputs: dict[str, Any] = field(default_factory=lambda: CSV)

    def __str__(self) -> str:
        return f"{self.code}-{self.sql[:40]}"


PATTERN = "SELECT TO_TIMESTAMP('1', CASE s._1 WHEN '' THEN '{}' ELSE 'y' END) FROM S3Object s"

RECORDS = [
    RecordCase("AmbiguousFieldName", "SELECT s.a FROM S3Object s", values('{"a":1,"A":2}\n'), LINES),
    RecordCase("CSVEscapingRecordDelimiter", "SELECT _1 FROM S3Object", text('"x\ny",2\n')),
    RecordCase("CSVUnescapedQuote", "SELECT _1 FROM S3Object", lambda size: text('"x')(size)[:-4]),
    RecordCase("InvalidTextEncoding", "SELECT _1 FROM S3Object", lambda size: text("")(size) + b"\xff\n"),
    RecordCase(
        "InvalidTextEncoding", "SELECT s.a FROM S3Object s", lambda size: values("")(size) + b'"\xff"', LINES
    ),
    RecordCase("JSONParsingError", "SELECT s.a FROM S3Object s", values('{"a":tru}\n'), LINES),
    RecordCase("OverMaxRecordSize", "SELECT _1 FROM S3Object", text("x" * LONG + "\n")),
    RecordCase("OverMaxRecordSize", "SELECT s.a FROM S3Object s", values(f'"{"x" * LONG}"\n'), LINES),
    RecordCase("OverMaxRecordSize", "SELECT _1, _1, _1 FROM S3Object", text("x" * 400_000 + ",2\n")),
    RecordCase("ColumnTooLong", "SELECT _1 || _1 || _1 FROM S3Object", text("x" * 400_000 + ",2\n")),
    RecordCase(
        "ColumnTooLong",
        "SELECT _1 || _1 || _1 FROM S3Object",
        text("x" * 400_000 + ",2\n"),
        CSV,
        {"JSON": {}},
    ),
    RecordCase("OverMaxColumn", "SELECT * FROM S3Object", text("," * (LONG - 1) + "\n")),
    RecordCase("TruncatedInput", "SELECT _1 FROM S3Object", compressed, GZIP),
    RecordCase(
        "TruncatedInput", "SELECT _1 FROM S3Object", bzip2_cut, {"CSV": {}, "CompressionType": "BZIP2"}
    ),
    RecordCase("UnsupportedTypeForQuerying", "SELECT a FROM S3Object", parquet_text, PARQUET),
    RecordCase("CastFailed", "SELECT CAST(_1 AS INT) FROM S3Object", text("x,2\n")),
    RecordCase("InvalidCast", "SELECT CAST(s.a AS INT) FROM S3Object s", values('{"a":[1]}\n'), LINES),
    RecordCase("IntegerOverflow", "SELECT CAST(_1 AS INT) + 1 FROM S3Object", text(f"{2**63 - 1},2\n")),
    RecordCase("ExternalEvalException", "SELECT 1 / CAST(_1 AS INT) FROM S3Object", text("0,2\n")),
    RecordCase(
        "IllegalSqlFunctionArgument",
        "SELECT SUBSTRING('a', 1, CAST(_1 AS INT)) FROM S3Object",
        text("-1,2\n"),
    ),
    RecordCase(
        "IncorrectSqlFunctionArgumentType", "SELECT LOWER(s.a) FROM S3Object s", values('{"a":1}\n'), LINES
    ),
    RecordCase(
        "LikeInvalidInputs", "SELECT s.a FROM S3Object s WHERE s.a LIKE '%'", values('{"a":1}\n'), LINES
    ),
    RecordCase(
        "EvaluatorLikePatternInvalidEscapeSequence",
        "SELECT 'a' LIKE _1 ESCAPE '!' FROM S3Object",
        text("!a,2\n"),
    ),
    RecordCase("ValueParseFailure", "SELECT TO_TIMESTAMP(_1, 'y') FROM S3Object", text("x,2\n")),
    *(
        RecordCase(code, PATTERN.format(pattern), text(",2\n"))
        for code, pattern in {
            "EvaluatorInvalidTimestampFormatPattern": "M",
            "EvaluatorInvalidTimestampFormatPatternSymbol": "yQ",
            "EvaluatorInvalidTimestampFormatPatternSymbolForParsing": "yMMMMM",
            "EvaluatorInvalidTimestampFormatPatternToken": "y!",
            "EvaluatorTimestampFormatPatternDuplicateFields": "y y",
            "EvaluatorTimestampFormatPatternHourClockAmPmMismatch": "y M d h",
            "EvaluatorUnterminatedTimestampFormatPatternToken": "y''",
        }.items()
    ),
]


@pytest.mark.parametrize("case", RECORDS, ids=str)
def test_early_record_fails_before_the_stream(case: RecordCase) -> None:
    answer = ask(case.make(64), case.sql, case.inputs, case.outputs)
    assert (answer.code, answer.in_stream) == (case.code, False), answer.message
    assert answer.payload == b""


@pytest.mark.parametrize("case", RECORDS, ids=str)
def test_late_record_fails_in_the_stream(case: RecordCase) -> None:
    answer = ask(case.make(3 * BEFORE_STREAM_BYTES), case.sql, case.inputs, case.outputs)
    assert (answer.code, answer.in_stream) == (case.code, True), answer.message
    assert answer.payload


# ---- stores


def select(contents: bytes, **changes: Any) -> dict[str, Any]:
    client = s3sql.client(MemoryStore({"bucket": {"key": contents}}))
    members: dict[str, Any] = {
        "Bucket": "bucket",
        "Key": "key",
        "Expression": "SELECT * FROM S3Object",
        "ExpressionType": "SQL",
        "InputSerialization": CSV,
        "OutputSerialization": CSV,
    }
    return client.select_object_content(**members | changes)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("NoSuchBucket", {"Bucket": "nowhere"}),
        ("InvalidRequest", {"ExpectedBucketOwner": "123456789012"}),
    ],
)
def test_the_store_refuses_before_the_stream(code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as raised:
        select(b"a\n", **changes)
    assert raised.value.response["Error"]["Code"] == code


def test_a_key_that_is_too_long_is_refused_before_the_stream(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    with pytest.raises(ClientError) as raised:
        s3sql.client(str(tmp_path)).select_object_content(
            Bucket="bucket",
            Key="k" * 1025,
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization=CSV,
            OutputSerialization=CSV,
        )
    assert raised.value.response["Error"]["Code"] == "KeyTooLongError"


# ---- all codes

#: Codes whose test needs a store or a server that misbehaves, and is elsewhere.
ELSEWHERE = {
    "AccessDenied": "tests/stores/test_s3.py",
    "InternalError": "tests/test_client.py",
    "NotImplemented": "tests/stores/test_s3.py",
    "OverMaxParquetBlockSize": "tests/test_parquet.py",
    "ParquetUnsupportedCompressionCodec": "tests/test_parquet.py",
    "PreconditionFailed": "tests/stores/test_s3.py",
    "ServiceUnavailable": "tests/stores/test_s3.py",
    "SlowDown": "tests/exec/test_buffer_pool.py",
    "UnsupportedStorageClass": "tests/stores/test_s3.py",
}


def test_every_code_is_caused_or_has_a_reason_why_not() -> None:
    caused = {code for code, _ in BODIES} | {case.code for case in [*BEFORE, *RECORDS]} | set(ELSEWHERE)
    caused |= {"NoSuchBucket", "KeyTooLongError", "InvalidRequest"}
    caused |= {code for code, entry in ERRORS.items() if "example" in entry}  # by tests/grammar
    reasons = {code for code, entry in ERRORS.items() if {"unreachable", "endpoint"} & set(entry)}
    assert caused | reasons == set(ERRORS)
    assert not caused & reasons, "a code is caused that is said not to be"
    for code, file in ELSEWHERE.items():
        assert code in (Path(__file__).parent.parent / file).read_text(encoding="utf-8"), code


def test_status_and_message_of_an_error_before_the_stream() -> None:
    with pytest.raises(ClientError) as raised:
        select(b"a\n", Expression="SELECT CAST(_1 AS INT) FROM S3Object")
    response = json.loads(json.dumps(raised.value.response, default=str))
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "CAST" in response["Error"]["Message"] or "cast" in response["Error"]["Message"]
