"""The one parser of the body of ``SelectObjectContent``, and its counterpart that writes such a body.

In: the XML as it came over the wire, or as botocore serialised it in process.  Out: a
:class:`~s3sql.request.SelectRequest`.  Every way in goes through here, so that the endpoint, an enabled
boto3 client and the Python function give one answer to one request.

Rules, from the AWS S3 API Reference, "SelectObjectContent", and from what clients were seen to send:

* the root is ``SelectObjectContentRequest`` or ``SelectRequest``, in any or no namespace;
* enumerations match in any case; booleans are ``true``, ``false``, ``1`` or ``0``, in any case;
* the text of delimiters is taken as sent, as :mod:`s3sql.xml_elements` says of all text;
* an absent element and an empty one differ: an empty ``FieldDelimiter`` is the NUL character, an empty
  ``QuoteEscapeCharacter`` the default, an empty ``Comments`` or ``QuoteCharacter`` switches that off.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from s3sql.dialects import S3_SELECT, Dialect
from s3sql.errors import S3SelectError
from s3sql.request import (
    Compression,
    CsvInput,
    CsvOutput,
    FileHeaderInfo,
    InputFormat,
    JsonInput,
    JsonOutput,
    JsonType,
    OutputFormat,
    ParquetInput,
    QuoteFields,
    ScanRange,
    SelectRequest,
    check_compression,
    check_expression,
    missing_parameter,
)
from s3sql.xml_elements import NOT_XML, Document, Element, Schema, not_xml, read_document

#: Largest body in bytes: the longest expression with every character escaped, and room for the rest.
MAX_BODY_BYTES: Final = 2 << 20

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
ROOTS: Final = ("SelectObjectContentRequest", "SelectRequest")

MEMBERS: Final[Schema] = {
    "Expression": None,
    "ExpressionType": None,
    "RequestProgress": {"Enabled": None},
    "InputSerialization": {
        "CompressionType": None,
        "CSV": {
            "FileHeaderInfo": None,
            "Comments": None,
            "QuoteCharacter": None,
            "QuoteEscapeCharacter": None,
            "FieldDelimiter": None,
            "RecordDelimiter": None,
            "AllowQuotedRecordDelimiter": None,
        },
        "JSON": {"Type": None},
        "Parquet": {},
    },
    "OutputSerialization": {
        "CSV": {
            "QuoteFields": None,
            "QuoteCharacter": None,
            "QuoteEscapeCharacter": None,
            "FieldDelimiter": None,
            "RecordDelimiter": None,
        },
        "JSON": {"RecordDelimiter": None},
    },
    "ScanRange": {"Start": None, "End": None},
}

_ADVICE: Final = " (An empty FieldDelimiter stands for U+0000.)"

#: Bodies of up to so many bytes are remembered.
_SMALL_BYTES: Final = 4 << 10

_DOCUMENT: Final = Document(ROOTS, MEMBERS, max_bytes=MAX_BODY_BYTES, advice=_ADVICE)


def parse_request(body: bytes) -> SelectRequest:
    """Read the XML body of a request.

    Raises:
        S3SelectError: ``EmptyRequestBody``, ``MaxMessageLengthExceeded`` (over :data:`MAX_BODY_BYTES`),
            ``MalformedXML``, or, in the order of the members in :data:`MEMBERS`, the code of the first
            member that is missing or wrong.
    """
    if not body:
        raise S3SelectError("EmptyRequestBody", "The request body is empty; it must be an XML document.")
    return _parsed_small(bytes(body)) if len(body) <= _SMALL_BYTES else _parsed(body)


def _parsed(body: bytes) -> SelectRequest:
    return request_of(read_document(body, _DOCUMENT))


#: The same request comes again and again, for one object after the other or one range of it after the other.
_parsed_small: Final = functools.lru_cache(maxsize=256)(_parsed)


def request_of(root: Element, dialect: Dialect = S3_SELECT) -> SelectRequest:
    """The request whose members, some of :data:`MEMBERS`, *root* has; its SQL is of *dialect*.

    Raises:
        S3SelectError: as :func:`parse_request` for the members.
    """
    expression = root.required_text("Expression")
    check_expression(expression, dialect)
    if root.required_text("ExpressionType").strip().upper() != "SQL":
        raise S3SelectError(
            "InvalidExpressionType", f"ExpressionType is {root.texts['ExpressionType']!r}; it must be SQL."
        )
    progress = root.element("RequestProgress").boolean("Enabled")
    input_format, compression = _input(root.required_element("InputSerialization"))
    return SelectRequest(
        expression=expression,
        input=input_format,
        output=_output(root.required_element("OutputSerialization")),
        compression=compression,
        progress=progress,
        scan_range=_scan_range(root.element("ScanRange")) if "ScanRange" in root.elements else None,
        dialect=dialect,
    )


def render_request(members: Mapping[str, Any]) -> bytes:
    """The XML body for members in boto3's shapes (``Expression``, ``InputSerialization`` ...).

    The body is what boto3 would send, except that a CR is written as a character reference, so that no
    XML parser on the way can lose it.

    Raises:
        S3SelectError: ``InvalidRequestParameter`` for a member that does not exist or is of a wrong type,
            ``MalformedXML`` for text with control characters that XML 1.0 cannot carry; whether the values
            are right is for :func:`parse_request` to say.
    """
    return f'<{ROOTS[0]} xmlns="{NAMESPACE}">{_rendered(members, MEMBERS, "")}</{ROOTS[0]}>'.encode()


def _input(element: Element) -> tuple[InputFormat, Compression]:
    formats: dict[str, type[InputFormat]] = {"CSV": CsvInput, "JSON": JsonInput, "Parquet": ParquetInput}
    given = [name for name in formats if name in element.elements]
    if not given:
        raise S3SelectError(
            "InvalidDataSource", "InputSerialization names no format; give one of CSV, JSON and Parquet."
        )
    if len(given) > 1:
        raise _conflict("InputSerialization", given)
    compression = element.enumeration("CompressionType", "NONE")
    check_compression(compression, formats[given[0]])
    format_element = element.elements[given[0]]
    if given[0] == "CSV":
        return _csv_input(format_element), cast("Compression", compression)
    if given[0] == "JSON":
        format_element.required_text("Type")
        json_type = format_element.enumeration("Type", "")
        return JsonInput(cast("JsonType", json_type)), cast("Compression", compression)
    return ParquetInput(), cast("Compression", compression)


def _csv_input(element: Element) -> CsvInput:
    csv = CsvInput(
        file_header_info=cast("FileHeaderInfo", element.enumeration("FileHeaderInfo", "NONE")),
        comments=element.text("Comments", "#"),
        quote_character=element.text("QuoteCharacter", '"'),
        quote_escape_character=element.text("QuoteEscapeCharacter", '"') or '"',
        field_delimiter=element.text("FieldDelimiter", ",") or "\0",
        record_delimiter=element.texts.get("RecordDelimiter"),
    )
    # Read after the others have been checked: that is the order of the members.
    allowed = element.boolean("AllowQuotedRecordDelimiter")
    return replace(csv, allow_quoted_record_delimiter=True) if allowed else csv


def _output(element: Element) -> OutputFormat:
    formats = ["CSV", "JSON"]
    given = [name for name in formats if name in element.elements]
    if not given:
        raise missing_parameter("OutputSerialization")
    if len(given) > 1:
        raise _conflict("OutputSerialization", given)
    format_element = element.elements[given[0]]
    if given[0] == "JSON":
        return JsonOutput(record_delimiter=format_element.text("RecordDelimiter", "\n"))
    return CsvOutput(
        quote_fields=cast("QuoteFields", format_element.enumeration("QuoteFields", "ASNEEDED")),
        quote_character=format_element.text("QuoteCharacter", '"'),
        quote_escape_character=format_element.text("QuoteEscapeCharacter", '"') or '"',
        field_delimiter=format_element.text("FieldDelimiter", ",") or "\0",
        record_delimiter=format_element.text("RecordDelimiter", "\n"),
    )


def _scan_range(element: Element) -> ScanRange:
    return ScanRange(start=element.long("Start"), end=element.long("End"))


def _conflict(parent: str, given: list[str]) -> S3SelectError:
    return S3SelectError(
        "ObjectSerializationConflict", f"{parent} names several formats ({', '.join(given)}); give one."
    )


def _rendered(members: Mapping[str, Any], schema: Schema, parent: str) -> str:
    parts = []
    for name, value in members.items():
        path = f"{parent}{name}"
        if name not in schema:
            known = ", ".join(schema) or "none"
            raise _wrong_member(f"There is no member {path}; known there: {known}.")
        child_schema = schema[name]
        if child_schema is None:
            content = _rendered_text(value, path)
        elif isinstance(value, Mapping):
            content = _rendered(value, child_schema, f"{path}.")
        else:
            raise _wrong_member(f"{path} is a {type(value).__name__}; it must be a dictionary.")
        parts.append(f"<{name}>{content}</{name}>")
    return "".join(parts)


def _rendered_text(value: object, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise _wrong_member(f"{path} is a {type(value).__name__}; it must be text, a number or a boolean.")
    refused = NOT_XML.search(value)
    if refused:
        raise not_xml(path, refused.group(), _ADVICE)
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\r", "&#13;")


def _wrong_member(message: str) -> S3SelectError:
    return S3SelectError("InvalidRequestParameter", message)
