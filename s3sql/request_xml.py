"""The one parser of the body of ``SelectObjectContent``, and its counterpart that writes such a body.

In: the XML as it came over the wire, or as botocore serialised it in process.  Out: a
:class:`~s3sql.request.SelectRequest`.  Every way in goes through here, so that the endpoint, an enabled
boto3 client and the Python function give one answer to one request.

Rules, from the AWS S3 API Reference, "SelectObjectContent", and from what clients were seen to send:

* the root is ``SelectObjectContentRequest`` or ``SelectRequest``, in any or no namespace;
* children may come in any order, those unknown at their place are skipped, known ones come once (Choice);
* enumerations match in any case; booleans are ``true``, ``false``, ``1`` or ``0``, in any case;
* the text of delimiters is taken as sent: never trimmed, and a raw CR or CR LF stays one, although XML's
  rules for line ends would make it LF;
* an absent element and an empty one differ: an empty ``FieldDelimiter`` is the NUL character, an empty
  ``QuoteEscapeCharacter`` the default, an empty ``Comments`` or ``QuoteCharacter`` switches that off;
* XML 1.0 has no way to write control characters other than tab, LF and CR: they are ``MalformedXML``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, cast
from xml.parsers import expat

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

#: Largest body in bytes: the longest expression with every character escaped, and room for the rest.
MAX_BODY_BYTES: Final = 2 << 20

#: Deepest nesting of elements, unknown ones included; the request itself needs four.
MAX_DEPTH: Final = 32

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
ROOTS: Final = ("SelectObjectContentRequest", "SelectRequest")

#: Names of members at their places: None is text, a mapping an element with children.
Schema: TypeAlias = Mapping[str, "Schema | None"]

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


def parse_request(body: bytes) -> SelectRequest:
    """Read the XML body of a request.

    Raises:
        S3SelectError: ``EmptyRequestBody``, ``MaxMessageLengthExceeded`` (over :data:`MAX_BODY_BYTES`),
            ``MalformedXML``, or, in the order of the members in :data:`MEMBERS`, the code of the first
            member that is missing or wrong.
    """
    if not body:
        raise S3SelectError("EmptyRequestBody", "The request body is empty; it must be an XML document.")
    if len(body) > MAX_BODY_BYTES:
        raise S3SelectError(
            "MaxMessageLengthExceeded",
            f"The request body is {len(body):,} bytes long; the most is {MAX_BODY_BYTES:,} bytes.",
        )
    root = _ElementReader(body.lstrip(b" \t\r\n")).read()
    expression = root.required_text("Expression")
    check_expression(expression)
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


def _input(element: _Element) -> tuple[InputFormat, Compression]:
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


def _csv_input(element: _Element) -> CsvInput:
    csv = CsvInput(
        file_header_info=cast("FileHeaderInfo", element.enumeration("FileHeaderInfo", "NONE")),
        comments=element.text("Comments", "#"),
        quote_character=element.text("QuoteCharacter", '"'),
        quote_escape_character=element.text("QuoteEscapeCharacter", '"') or '"',
        field_delimiter=element.text("FieldDelimiter", ",") or "\0",
        record_delimiter=element.texts.get("RecordDelimiter"),
    )
    # Read after the others have been checked: that is the order of the members.
    return replace(csv, allow_quoted_record_delimiter=element.boolean("AllowQuotedRecordDelimiter"))


def _output(element: _Element) -> OutputFormat:
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


def _scan_range(element: _Element) -> ScanRange:
    return ScanRange(start=element.long("Start"), end=element.long("End"))


def _conflict(parent: str, given: list[str]) -> S3SelectError:
    return S3SelectError(
        "ObjectSerializationConflict", f"{parent} names several formats ({', '.join(given)}); give one."
    )


def _malformed(what: str) -> S3SelectError:
    return S3SelectError("MalformedXML", f"{what} Please check the service documentation and try again.")


@dataclass(slots=True)
class _Element:
    """The known children of one element, in two groups: those that are text and those with children."""

    texts: dict[str, str] = field(default_factory=dict)
    elements: dict[str, _Element] = field(default_factory=dict)

    def text(self, name: str, default: str) -> str:
        return self.texts.get(name, default)

    def required_text(self, name: str) -> str:
        text = self.texts.get(name, "")
        if not text.strip():
            raise missing_parameter(name)
        return text

    def element(self, name: str) -> _Element:
        return self.elements.get(name) or _Element()

    def required_element(self, name: str) -> _Element:
        if name not in self.elements:
            raise missing_parameter(name)
        return self.elements[name]

    def enumeration(self, name: str, default: str) -> str:
        return self.texts.get(name, default).strip().upper()

    def boolean(self, name: str) -> bool:
        text = self.texts.get(name, "false").strip()
        if text.lower() not in ("true", "false", "1", "0"):
            raise _malformed(f"{name} is {text!r}; it must be true or false.")
        return text.lower() in ("true", "1")

    def long(self, name: str) -> int | None:
        if name not in self.texts:
            return None
        text = self.texts[name].strip()
        if not re.fullmatch(r"[+-]?0*[0-9]{1,19}", text) or not -(2**63) <= int(text) < 2**63:
            raise _malformed(f"{name} is {text[:40]!r}; it must be a 64-bit integer.")
        return int(text)


class _ElementReader:
    """Builds the root :class:`_Element` from expat's events, keeping only what the schema knows."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._root = _Element()
        # One entry per open element that is known: its name, its schema, its element and its text.
        self._open: list[tuple[str, Schema | None, _Element, list[str]]] = []
        self._unknown_depth = 0
        self._parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def read(self) -> _Element:
        # Expat would follow the byte order mark of UTF-16 in spite of the encoding given.
        try:
            self._body.decode()
        except UnicodeDecodeError as error:
            raise _malformed(f"The XML is not in UTF-8, at byte {error.start:,}.") from error
        if b"\0" in self._body:
            raise _malformed(_control_character("The request body", "\0"))
        try:
            self._parser.Parse(self._body, True)
        except expat.ExpatError as error:
            raise self._not_well_formed(error) from error
        return self._root

    def _not_well_formed(self, error: expat.ExpatError) -> S3SelectError:
        at = self._parser.ErrorByteIndex
        found = self._body[at : at + 1]
        if found < b" " and found not in (b"", b"\t", b"\n", b"\r"):
            return _malformed(_control_character("The request body", found.decode()))
        reason = expat.errors.messages[error.code]
        return _malformed(
            f"The XML is not well formed: {reason} at line {error.lineno}, column {error.offset + 1}."
        )

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise _malformed(f"The XML is declared to be in {encoding[:40]!r}; it must be in UTF-8.")

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        raise _malformed("The XML has a document type declaration, which is not allowed.")

    def _start(self, qualified_name: str, attributes: dict[str, str]) -> None:
        name = qualified_name.rpartition(" ")[2]
        if self._unknown_depth + len(self._open) >= MAX_DEPTH:
            raise _malformed(f"The XML is nested more than {MAX_DEPTH} elements deep.")
        if not self._open:
            self._start_root(name)
            return
        parent_name, schema, parent, _ = self._open[-1]
        if schema is None:
            raise _malformed(f"{parent_name} holds the element {name[:40]!r}; it must be text.")
        if self._unknown_depth or name not in schema:
            self._unknown_depth += 1
            return
        if name in parent.texts or name in parent.elements:
            raise _malformed(f"{parent_name} holds more than one {name}.")
        element = _Element()
        if schema[name] is None:
            parent.texts[name] = ""
        else:
            parent.elements[name] = element
        self._open.append((name, schema[name], element, []))

    def _start_root(self, name: str) -> None:
        if name not in ROOTS:
            raise _malformed(f"The root element is {name[:40]!r}; it must be {ROOTS[0]}.")
        self._open.append((name, MEMBERS, self._root, []))

    def _end(self, qualified_name: str) -> None:
        if self._unknown_depth:
            self._unknown_depth -= 1
            return
        name, schema, _, text = self._open.pop()
        if schema is None:
            self._open[-1][2].texts[name] = "".join(text)

    def _characters(self, text: str) -> None:
        if self._unknown_depth:
            return
        _, schema, _, parts = self._open[-1]
        if schema is not None:
            return
        # Expat reports each line end by itself, as LF; a character reference begins with "&" in the body.
        if text == "\n":
            at = self._parser.CurrentByteIndex
            if self._body[at : at + 1] == b"\r":
                text = "\r\n" if self._body[at + 1 : at + 2] == b"\n" else "\r"
        parts.append(text)


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _control_character(where: str, character: str) -> str:
    return (
        f"{where} holds the character U+{ord(character):04X}, which XML 1.0 cannot carry. "
        "(An empty FieldDelimiter stands for U+0000.)"
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
    refused = _NOT_XML.search(value)
    if refused:
        raise _malformed(_control_character(path, refused.group()))
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\r", "&#13;")


def _wrong_member(message: str) -> S3SelectError:
    return S3SelectError("InvalidRequestParameter", message)
