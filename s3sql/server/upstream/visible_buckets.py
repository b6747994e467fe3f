"""An upstream's list of buckets, cut down to those that a caller may see.

In: the document of ``ListBuckets`` and a predicate.  Out: the same document without the other buckets, all
other bytes unchanged.

    <Buckets>|<Bucket><Name>kept</Name></Bucket>|<Bucket><Name>secret</Name></Bucket>|</Buckets>
                                                └──────── cut out ────────────────┘

A page may hold fewer buckets than were asked for, or none; its continuation token leads on all the same.
Source: AWS S3 API Reference, "ListBuckets".
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from xml.parsers import expat

from s3sql.errors import S3SelectError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_BUCKET = ["ListAllMyBucketsResult", "Buckets", "Bucket"]


def without_hidden(document: bytes, visible: Callable[[str], bool]) -> bytes:
    """*document* without the buckets that are not *visible*.

    Raises:
        S3SelectError: ``ServiceUnavailable`` when it is no list of buckets that can be read.
    """
    cutter = _Cutter(document, visible)
    try:
        return cutter.cut()
    except (expat.ExpatError, ValueError) as error:
        raise S3SelectError(
            "ServiceUnavailable",
            "The store behind the endpoint sent a list of buckets that could not be read.",
            status=503,
        ) from error


class _Cutter:
    """Notes where each bucket that is hidden begins and ends."""

    def __init__(self, document: bytes, visible: Callable[[str], bool]) -> None:
        self._document = document
        self._visible = visible
        self._path: list[str] = []
        self._name = ""
        self._begin = 0
        self._kept = 0
        self._pieces: list[bytes] = []
        # Whatever the document says of itself: positions are those of bytes, and S3 sends UTF-8.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.CharacterDataHandler = self._text
        self._parser.EndElementHandler = self._end

    def cut(self) -> bytes:
        """The document without what is to be cut out."""
        if self._document.startswith(_UTF_16):
            raise ValueError("another encoding")
        self._parser.Parse(self._document, True)
        return b"".join([*self._pieces, self._document[self._kept :]])

    def _doctype(self, *_: object) -> None:
        raise ValueError("a document type")

    def _start(self, name: str, _: object) -> None:
        self._path.append(name.rpartition(":")[2])
        if self._path[0] != _BUCKET[0]:
            raise ValueError("another document")
        if self._path == _BUCKET:
            self._begin = self._parser.CurrentByteIndex
            self._name = ""

    def _text(self, text: str) -> None:
        if self._path == [*_BUCKET, "Name"]:
            self._name += text

    def _end(self, _: str) -> None:
        if self._path == _BUCKET and not self._visible(self._name):
            end = self._parser.CurrentByteIndex
            if self._document.startswith(b"</", end):
                end = self._document.index(b">", end) + 1
            self._pieces.append(self._document[self._kept : self._begin])
            self._kept = end
        self._path.pop()
