from __future__ import annotations

from contextlib import suppress
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from s3sql.request_xml import MAX_BODY_BYTES, parse_request, render_request

ADVICE = "Please check the service documentation and try again."


def body(
    *,
    expression: str = "<Expression>SELECT 1</Expression>",
    expression_type: str = "<ExpressionType>SQL</ExpressionType>",
    input: str = "<CSV/>",
    output: str = "<CSV/>",
    rest: str = "",
) -> bytes:
    return (
        f"<SelectObjectContentRequest>{expression}{expression_type}{rest}"
        f"<InputSerialization>{input}</InputSerialization>"
        f"<OutputSerialization>{output}</OutputSerialization></SelectObjectContentRequest>"
    ).encode()


def members(**changes: Any) -> dict[str, Any]:
    return {
        "Expression": "SELECT 1",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
        **changes,
    }


def refusal(xml: bytes) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        parse_request(xml)
    return caught.value


def csv_input(xml: str) -> CsvInput:
    found = parse_request(body(input=f"<CSV>{xml}</CSV>")).input
    assert isinstance(found, CsvInput)
    return found


# What the clients send


def test_the_body_of_boto3() -> None:
    xml = (
        b'<SelectObjectContentRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Expression>select s._1 from s3object s where s._2 &lt; 'a&amp;b'</Expression>"
        b"<ExpressionType>SQL</ExpressionType>"
        b"<InputSerialization><JSON><Type>LINES</Type></JSON></InputSerialization>"
        b"<OutputSerialization><JSON /></OutputSerialization></SelectObjectContentRequest>"
    )
    assert parse_request(xml) == SelectRequest(
        "select s._1 from s3object s where s._2 < 'a&b'", JsonInput("LINES"), JsonOutput()
    )


def test_the_body_of_other_sdks() -> None:
    xml = (
        b'\r\n <?xml version="1.0" encoding="UTF-8" ?>\r\n<SelectRequest xmlns="u">\r\n'
        b"  <Expression>SELECT &apos;x&apos;</Expression>\r\n  <ExpressionType> sql\r\n</ExpressionType>\r\n"
        b"  <RequestProgress>\r\n<Enabled>FALSE</Enabled></RequestProgress>\r\n"
        b"<OutputSerialization><CSV><RecordDelimiter>&#x0D;&#x0A;</RecordDelimiter></CSV>"
        b"</OutputSerialization>\r\n<InputSerialization><CompressionType>gzip</CompressionType>"
        b"<JSON><Type>Document</Type></JSON></InputSerialization></SelectRequest>\r\n"
    )
    assert parse_request(xml) == SelectRequest(
        "SELECT 'x'", JsonInput("DOCUMENT"), CsvOutput(record_delimiter="\r\n"), compression="GZIP"
    )


def test_every_member() -> None:
    xml = body(
        rest="<RequestProgress><Enabled>1</Enabled></RequestProgress><ScanRange><Start>1</Start><End>20</End>"
        "</ScanRange>",
        input="<CompressionType>NONE</CompressionType><CSV><FileHeaderInfo>Use</FileHeaderInfo>"
        "<Comments>%</Comments><QuoteCharacter>'</QuoteCharacter><QuoteEscapeCharacter>\\</QuoteEscapeCharacter>"
        "<FieldDelimiter>\t</FieldDelimiter><RecordDelimiter>\r\n</RecordDelimiter>"
        "<AllowQuotedRecordDelimiter>false</AllowQuotedRecordDelimiter></CSV>",
        output="<CSV><QuoteFields>always</QuoteFields><QuoteCharacter>'</QuoteCharacter>"
        "<QuoteEscapeCharacter>\\</QuoteEscapeCharacter><FieldDelimiter>; </FieldDelimiter>"
        "<RecordDelimiter>--\n</RecordDelimiter></CSV>",
    )
    assert parse_request(xml) == SelectRequest(
        "SELECT 1",
        CsvInput("USE", "%", "'", "\\", "\r\n", "\t"),
        CsvOutput("ALWAYS", "'", "\\", "--\n", "; "),
        progress=True,
        scan_range=ScanRange(1, 20),
    )


def test_empty_format_elements_are_all_defaults() -> None:
    assert parse_request(body()) == SelectRequest("SELECT 1", CsvInput(), CsvOutput())
    assert parse_request(body(input="<Parquet/>", output="<JSON></JSON>")) == SelectRequest(
        "SELECT 1", ParquetInput(), JsonOutput()
    )


@pytest.mark.parametrize(
    "xml",
    [
        b"\xef\xbb\xbf" + body(),
        body().replace(b"SelectObjectContentRequest>", b"x:SelectRequest>").replace(b"<x:", b"<x:", 1),
        body() + b"\r\n<!-- \r -->\r\n<?php \r ?>\r",
        b'<?xml version="1.0" encoding="us-ascii"\r\n?>\r<!-- a -->\r' + body(),
        body().replace(b"<CSV/>", b"<CSV\r\n a='\r'\r/>"),
        body(rest="<Unknown a='b'><Expression>x</Expression><CSV/><CSV/>text</Unknown>"),
        body(rest="<RequestProgress><ScanRange><Start>x</Start></ScanRange></RequestProgress>"),
        body(expression="<Expression><![CDATA[SELECT]]><!-- c --> <?p?>1</Expression>"),
        body(output="<CSV/><Arrow/>"),
    ],
)
def test_forms_that_mean_the_same(xml: bytes) -> None:
    if b"x:SelectRequest" in xml:
        xml = xml.replace(b"<x:SelectRequest>", b'<x:SelectRequest xmlns:x="any">')
    assert parse_request(xml) == parse_request(body())


# The text of delimiters


@pytest.mark.parametrize(
    "sent", ["\r\n", "\r", "\n", "\n\r", "\r\r", "|", " ", "\t", "\\n", "€", "\U0001f600"]
)
@pytest.mark.parametrize("form", ["raw", "reference", "cdata", "after a comment"])
def test_delimiters_are_taken_as_sent(sent: str, form: str) -> None:
    written = {
        "raw": sent,
        "reference": "".join(f"&#{ord(c)};" for c in sent),
        "cdata": f"<![CDATA[{sent}]]>",
        "after a comment": f"<!--\r-->{sent}",
    }[form]
    assert csv_input(f"<RecordDelimiter>{written}</RecordDelimiter>").record_delimiter == sent


@given(st.text(st.sampled_from("\r\n &<>]x€\t'\"#;13"), max_size=12))
def test_text_is_never_changed(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    xml = body(expression=f"\r<Expression>x{escaped}</Expression>\r\n")
    assert parse_request(xml).expression == "x" + text


def test_absent_and_empty_differ() -> None:
    assert csv_input("").record_delimiter is None
    assert csv_input("<FieldDelimiter/>").field_delimiter == "\0"
    assert csv_input("<QuoteCharacter></QuoteCharacter>").quote_character == ""
    assert csv_input("<Comments/>").comments == ""
    assert csv_input("<QuoteEscapeCharacter/>").quote_escape_character == '"'
    error = refusal(body(input="<CSV><RecordDelimiter/></CSV>"))
    assert (error.code, error.message) == (
        "MissingRequiredParameter",
        f"RecordDelimiter is required. {ADVICE}",
    )
    output = parse_request(
        body(output="<CSV><FieldDelimiter/><QuoteCharacter/><QuoteEscapeCharacter/></CSV>")
    ).output
    assert output == CsvOutput(field_delimiter="\0", quote_character="")


# Refusals

_SCAN = "<ScanRange><Start>{}</Start></ScanRange>"


@pytest.mark.parametrize(
    ("xml", "code", "part"),
    [
        (b"", "EmptyRequestBody", "empty"),
        (body(rest="x" * MAX_BODY_BYTES), "MaxMessageLengthExceeded", "2,097,152"),
        (body(expression="<Expression>" + "x" * 262_145 + "</Expression>"), "ExpressionTooLong", "262,145"),
        (body(expression=""), "MissingRequiredParameter", f"Expression is required. {ADVICE}"),
        (body(expression="<Expression/>"), "MissingRequiredParameter", "Expression is required."),
        (body(expression_type=""), "MissingRequiredParameter", "ExpressionType is required."),
        (body(expression_type="<ExpressionType>CQL</ExpressionType>"), "InvalidExpressionType", "'CQL'"),
        (body(rest="<RequestProgress><Enabled>yes</Enabled></RequestProgress>"), "MalformedXML", "'yes'"),
        (body().replace(b"InputSerialization>", b"In>"), "MissingRequiredParameter", "InputSerialization is"),
        (body().replace(b"OutputSerialization>", b"Out>"), "MissingRequiredParameter", "OutputSer"),
        (body(input=""), "InvalidDataSource", "InputSerialization"),
        (body(input="<Avro/>"), "InvalidDataSource", "InputSerialization"),
        (body(input="<CSV/><JSON><Type>LINES</Type></JSON>"), "ObjectSerializationConflict", "CSV, JSON"),
        (body(input="<CSV/><CompressionType>ZIP</CompressionType>"), "InvalidCompressionFormat", "'ZIP'"),
        (body(input="<CompressionType>GZIP</CompressionType><Parquet/>"), "InvalidRequestParameter", "Parq"),
        (body(input="<CSV><FileHeaderInfo>YES</FileHeaderInfo></CSV>"), "InvalidFileHeaderInfo", "'YES'"),
        (body(input=r"<CSV><FieldDelimiter>\t</FieldDelimiter></CSV>"), "InvalidRequestParameter", "a tab"),
        (body(input="<CSV><AllowQuotedRecordDelimiter>2</AllowQuotedRecordDelimiter></CSV>"),
         "MalformedXML", "'2'"),
        (body(input="<JSON/>"), "MissingRequiredParameter", f"Type is required. {ADVICE}"),
        (body(input="<JSON><Type/></JSON>"), "MissingRequiredParameter", "Type is required."),
        (body(input="<JSON><Type>LIST</Type></JSON>"), "InvalidJsonType", "'LIST'"),
        (body(output=""), "MissingRequiredParameter", "OutputSerialization is required."),
        (body(output="<CSV/><JSON/>"), "ObjectSerializationConflict", "CSV, JSON"),
        (body(output="<CSV><QuoteFields>NO</QuoteFields></CSV>"), "InvalidQuoteFields", "'NO'"),
        (body(output="<JSON><RecordDelimiter/></JSON>"), "MissingRequiredParameter", "RecordDelimiter is"),
        (body(rest="<ScanRange/>"), "InvalidScanRange", "empty"),
        (body(rest=_SCAN.format("-1")), "InvalidScanRange", "Start is -1"),
        (body(rest=_SCAN.format("")), "MalformedXML", "Start is ''"),
        (body(rest=_SCAN.format("1.5")), "MalformedXML", "Start is '1.5'"),
        (body(rest=_SCAN.format("٣")), "MalformedXML", "64-bit integer"),
        (body(rest=_SCAN.format(2**63)), "MalformedXML", "64-bit integer"),
        (body(rest=_SCAN.format("9" * 100_000)), "MalformedXML", "64-bit integer"),
        (body(rest=_SCAN.format(1), input="<CSV/><CompressionType>GZIP</CompressionType>"),
         "UnsupportedScanRangeInput", "GZIP"),
    ],
)  # fmt: skip
def test_a_wrong_member_is_refused(xml: bytes, code: str, part: str) -> None:
    error = refusal(xml)
    assert (error.code, part in error.message) == (code, True), error.message


@pytest.mark.parametrize(
    ("xml", "part"),
    [
        (b"   ", "no element found"),
        (b"{}", "not well formed: not well-formed"),
        (body()[:-5], "not well formed"),
        (body() + body(), "junk after document element"),
        (b"<SelectRequest/><SelectRequest/>", "junk"),
        (b"<Delete/>", "The root element is 'Delete'"),
        (body(rest="<x:y/>"), "unbound prefix"),
        (body(rest="<a b='1' b='1'/>"), "duplicate attribute"),
        (body(rest="&nbsp;"), "undefined entity"),
        (body(rest="&#1;"), "reference to invalid character"),
        (body(rest="&#xD800;"), "reference to invalid character"),
        (body(rest="\x01"), "the character U+0001, which XML 1.0 cannot carry. (An empty FieldDelimiter"),
        (body(rest="\0"), "the character U+0000"),
        (body().replace(b"SELECT", b"\xff"), "not in UTF-8, at byte 40"),
        (body().decode().encode("utf-16"), "not in UTF-8"),
        (body().decode().encode("utf-16-le"), "the character U+0000"),
        (b'<?xml version="1.0" encoding="latin1"?>' + body(), "declared to be in 'latin1'"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]>' + body(), "document type declaration"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + body(), "document type declaration"),
        (b"<SelectRequest>" + b"<a>" * 500_000, "nested more than 32 elements deep"),
        (body(expression="<Expression>a<b/>c</Expression>"), "Expression holds the element 'b'"),
        (body(rest="<Expression>x</Expression>"), "holds more than one Expression"),
        (body(input="<CSV/><CSV/>"), "InputSerialization holds more than one CSV"),
    ],
)
def test_what_is_not_the_xml_of_a_request_is_malformed(xml: bytes, part: str) -> None:
    error = refusal(xml)
    assert (error.code, part in error.message) == ("MalformedXML", True), error.message
    assert error.message.endswith(ADVICE)
    assert error.status == 400


@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_body_brings_another_exception(noise: bytes, at: int) -> None:
    xml = body()
    for candidate in (noise, xml[:at] + noise + xml[at:], xml[:at] + noise):
        with suppress(S3SelectError):
            parse_request(candidate)


# Rendering


def botocore_body(request_members: dict[str, Any]) -> bytes:
    client = boto3.client("s3")
    bodies: list[bytes] = []

    def keep(params: dict[str, Any], **_: object) -> Any:
        bodies.append(params["body"])
        raise StopIteration

    client.meta.events.register("before-call.s3.SelectObjectContent", keep)
    with pytest.raises(StopIteration):
        client.select_object_content(Bucket="b", Key="k", **request_members)
    return bodies[0]


EVERY_MEMBER = members(
    Expression="SELECT * FROM S3Object s WHERE s._1 <> 'a&b' \r\n AND s._2 > 3",
    RequestProgress={"Enabled": True},
    InputSerialization={
        "CompressionType": "NONE",
        "CSV": {
            "FileHeaderInfo": "USE",
            "Comments": "\ufdd0",
            "QuoteCharacter": "'",
            "QuoteEscapeCharacter": "\\",
            "FieldDelimiter": "",
            "RecordDelimiter": "\r\n",
            "AllowQuotedRecordDelimiter": False,
        },
    },
    OutputSerialization={"JSON": {"RecordDelimiter": "\r"}},
    ScanRange={"Start": 0, "End": 2**40},
)


@pytest.mark.parametrize(
    "request_members",
    [
        members(),
        EVERY_MEMBER,
        members(InputSerialization={"Parquet": {}}, ScanRange={"End": 5}),
        members(InputSerialization={"JSON": {"Type": "LINES"}, "CompressionType": "BZIP2"}),
    ],
)
def test_rendering_is_what_boto3_sends_but_for_cr(request_members: dict[str, Any]) -> None:
    rendered, sent = render_request(request_members), botocore_body(request_members)
    assert parse_request(rendered) == parse_request(sent)
    assert b"\r" not in rendered
    assert rendered.replace(b"&#13;", b"\r") == sent.replace(b" />", b"/>").replace(
        b"<CSV/>", b"<CSV></CSV>"
    ).replace(b"<Parquet/>", b"<Parquet></Parquet>").replace(
        b"<FieldDelimiter/>", b"<FieldDelimiter></FieldDelimiter>"
    )


def test_rendering_keeps_every_member() -> None:
    assert parse_request(render_request(EVERY_MEMBER)) == SelectRequest(
        "SELECT * FROM S3Object s WHERE s._1 <> 'a&b' \r\n AND s._2 > 3",
        CsvInput("USE", "\ufdd0", "'", "\\", "\r\n", "\0"),
        JsonOutput("\r"),
        progress=True,
        scan_range=ScanRange(0, 2**40),
    )


@pytest.mark.parametrize(
    ("request_members", "code", "part"),
    [
        (members(Expresion="x"), "InvalidRequestParameter", "no member Expresion; known there: Expression, "),
        (
            members(InputSerialization={"CSV": {"Delimiter": ","}}),
            "InvalidRequestParameter",
            "no member InputSerialization.CSV.Delimiter",
        ),
        (members(InputSerialization={"Parquet": {"x": 1}}), "InvalidRequestParameter", "known there: none"),
        (members(InputSerialization="CSV"), "InvalidRequestParameter", "must be a dictionary"),
        (members(Expression=b"x"), "InvalidRequestParameter", "Expression is a bytes; it must be text"),
        (members(Expression="a\x01b"), "MalformedXML", "Expression holds the character U+0001"),
        (members(Expression="\ud800"), "MalformedXML", "U+D800"),
        (
            members(InputSerialization={"CSV": {"FieldDelimiter": "\0"}}),
            "MalformedXML",
            "InputSerialization.CSV.FieldDelimiter holds the character U+0000, which XML 1.0 cannot carry. (",
        ),
    ],
)
def test_members_that_cannot_be_rendered(request_members: dict[str, Any], code: str, part: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        render_request(request_members)
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message


def test_a_body_that_comes_again_is_the_same_request_and_the_same_refusal() -> None:
    xml = render_request(members())
    assert parse_request(xml) == parse_request(bytes(bytearray(xml)))
    assert parse_request(xml) != parse_request(render_request(members(Expression="SELECT 1 FROM S3Object")))
    for _ in range(2):
        assert refusal(b"<no").code == "MalformedXML"
    long = render_request(members(Expression=f"SELECT '{'x' * 5000}' FROM S3Object"))
    assert parse_request(long) == parse_request(long)
    assert parse_request(long).expression != parse_request(xml).expression
