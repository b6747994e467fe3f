"""The beginning of an object, as it is stored and as text.

In: an open object and its compression.  Out: a :class:`Beginning`.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass

from s3sql.errors import S3SelectError
from s3sql.formats.compression import Codec
from s3sql.formats.decompressed_text import DecompressedText
from s3sql.sniffer.magic import HEAD_BYTES
from s3sql.stores.base import StoredObject

#: Most bytes of text that are looked at. A stream keeps four times as many of its first bytes
#: (:data:`s3sql.stores.stream.REPLAY_BYTES`), and what is decompressed for them is less than that.
BEGINNING_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a text without its byte order mark; ``whole``: there are no others.

    ``offset``: where they begin in the text. ``fault``: what keeps a compressed text from going on.
    """

    text: bytes
    whole: bool
    offset: int = 0
    fault: S3SelectError | None = None


def stored_head(opened: StoredObject) -> bytes:
    """The first bytes of the object as they are stored."""
    return opened.read(0, HEAD_BYTES)


def text_beginning(opened: StoredObject, codec: Codec, size: int = BEGINNING_BYTES) -> Beginning:
    """The first *size* bytes of the object's text.

    Raises:
        S3SelectError: there is none, because the object is not in this compression or damaged, or reading it
            failed.
    """
    if codec == "NONE":
        text = opened.read(0, size)
        whole, fault = len(text) < size, None
    else:
        text, whole, fault = _decompressed(opened, codec, size)
    offset = len(BOM_UTF8) if text.startswith(BOM_UTF8) else 0
    return Beginning(text[offset:], whole, offset, fault)


def _decompressed(opened: StoredObject, codec: Codec, size: int) -> tuple[bytes, bool, S3SelectError | None]:
    """The first *size* bytes of the text, whether they are all, and the fault at which they end."""
    decompressed = DecompressedText(opened, codec)
    try:
        text = decompressed.read(0, size)
        if len(text) == size or decompressed.size is not None:
            return text, len(text) < size, None
        try:
            # There is a fault where the text ends before its end is known.
            decompressed.read(len(text), 1)
        except S3SelectError as fault:
            return text, False, fault
        return text, True, None
    finally:
        decompressed.close()
