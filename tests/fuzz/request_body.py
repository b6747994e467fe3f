"""Target ``request``: the XML body of a request."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from s3sql.errors import S3SelectError
from s3sql.request_xml import MEMBERS, NAMESPACE, ROOTS, Schema, parse_request, render_request
from tests.fuzz.draws import Draws

WORDS: tuple[str, ...] = (
    *("<Expression>", "</Expression>", "<ExpressionType>SQL</ExpressionType>", "<CSV>", "</CSV>", "<JSON/>"),
    *(
        "<InputSerialization>",
        "<OutputSerialization>",
        "<ScanRange><Start>1</Start></ScanRange>",
        "<Parquet/>",
    ),
    *(
        "<RecordDelimiter>",
        "&#13;",
        "&#10;",
        "&amp;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?xml ",
        "<!DOCTYPE",
    ),
    *(NAMESPACE, *ROOTS),
)

_TEXTS = (
    "",
    "SQL",
    "SELECT * FROM S3Object",
    ",",
    "\n",
    "\r\n",
    '"',
    "USE",
    "LINES",
    "GZIP",
    "true",
    "0",
    "-1",
)


def check(data: bytes) -> None:
    """A body is refused or means what another XML parser reads; members survive being written and read."""
    draws = Draws(data)
    if draws.flag():
        members = _drawn(draws, MEMBERS)
        try:
            body = render_request(members)
        except S3SelectError as error:
            assert error.code == "MalformedXML", error.code
            return
        ElementTree.fromstring(body)
    else:
        body = draws.rest()
    try:
        request = parse_request(body)
    except S3SelectError as error:
        assert error.code != "InternalError", error.message
        return
    assert parse_request(body) == request
    try:
        root = ElementTree.fromstring(body.strip(b" \t\r\n"))
    except ElementTree.ParseError:
        # It writes names as {namespace}name and refuses this character in a namespace.
        assert b"}" in body
        return
    texts = [child.text or "" for child in root if child.tag.rpartition("}")[2] == "Expression"]
    assert [_lines(text) for text in texts] == [_lines(request.expression)]


def _lines(text: str) -> str:
    """A literal CR LF is a line feed to an XML parser, and stays what it is to ours."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _drawn(draws: Draws, schema: Schema) -> dict[str, Any]:
    """Some of the members, with right values and wrong ones."""
    members: dict[str, Any] = {}
    for name, below in schema.items():
        chosen = draws.byte()
        if chosen % 3 == 2:
            continue
        if below is not None:
            members[name] = _drawn(draws, below)
        elif chosen % 2:
            members[name] = draws.take(draws.below(8)).decode("utf-8", "surrogateescape")
        else:
            members[name] = draws.pick((*_TEXTS, True, 5))
    return members
