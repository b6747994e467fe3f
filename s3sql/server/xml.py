"""Writes the XML documents of S3's replies.

In: a root's name and its members in their order.  Out: the document, in S3's namespace.

    document("ListPartsResult", [("Bucket", "b"), ("Part", [("PartNumber", 1)]), ("Part", [("PartNumber",
    2)])])

Text that XML 1.0 cannot carry, such as a key with a control character, is written as a character reference,
as S3 does, although a strict parser refuses that too: who has such keys asks for ``encoding-type=url``.
Source: AWS S3 API Reference, "ListObjectsV2".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import quote

from s3sql.request_xml import NAMESPACE
from s3sql.server.exchange import Reply
from s3sql.xml_elements import NOT_XML

#: What a member may be; None leaves it out, and a sequence of members is an element that holds them.
Content: TypeAlias = "str | int | datetime | Members | None"
Members: TypeAlias = "Sequence[tuple[str, Content]]"

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_TO_ESCAPE = re.compile(f'[&<>"\r]|{NOT_XML.pattern}')


def document(root: str, members: Members | str) -> bytes:
    """The document of that *root*, in UTF-8."""
    content = _content(members)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{content}</{root}>'.encode()


def document_reply(root: str, members: Members | str, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """A reply with such a document."""
    return Reply(200, [("Content-Type", "application/xml"), *headers], document(root, members))


def iso_date(moment: datetime) -> str:
    """A moment as S3's documents have it: in UTC, with milliseconds that are always 0.

    An object's time is known to the second everywhere, so that HEAD and listings agree.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def url_encoded(text: str) -> str:
    """*text* as it stands in a listing of ``encoding-type=url``.

    A blank is ``%20``, which those read who take ``+`` for a blank and those who do not.
    """
    return quote(text, safe="/")


def _content(content: Content) -> str:
    if isinstance(content, str):
        return _TO_ESCAPE.sub(_reference, content)
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, int):
        return str(content)
    if isinstance(content, datetime):
        return iso_date(content)
    if content is None:
        return ""
    return "".join(f"<{name}>{_content(inner)}</{name}>" for name, inner in content if inner is not None)


def _reference(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPED.get(character) or f"&#x{ord(character):x};"
