"""Files told by their first bytes: what s3sql reads, and what only looks as if it could.

In: the first bytes of an object or of its text.  Out: a compression, a yes or no, or the name of a format
that is not read.

Sources: RFC 1952 (GZIP), the first block of a BZIP2 stream, Apache Parquet's file format; the magic numbers
of the formats that are refused are those of their specifications.
"""

from __future__ import annotations

from typing import Literal

from s3sql.formats.compression import Bzip2Member, GzipMember

#: So many bytes are enough for everything here.
HEAD_BYTES = 64

_PARQUET = b"PAR1"

#: Formats that are refused by name rather than read as CSV: first bytes, name, what to do.
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b\x08", "compressed with GZIP", "Say so, or leave the compression to be guessed"),
    (b"\x28\xb5\x2f\xfd", "Zstandard", "Decompress it first: zstd -dc FILE"),
    (b"\xfd7zXZ\x00", "xz", "Decompress it first: xz -dc FILE"),
    (b"\x04\x22\x4d\x18", "LZ4", "Decompress it first: lz4 -dc FILE"),
    (b"\xff\x06\x00\x00sNaPpY", "framed Snappy", "Decompress it first"),
    (b"PK\x03\x04", "ZIP (or an Excel workbook)", "Unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook", "Save the sheet as CSV"),
    (b"Obj\x01", "Avro", "Write it as Parquet or JSON lines"),
    (b"ORC", "ORC", "Write it as Parquet"),
    (b"ARROW1", "Arrow IPC", "Write it as Parquet"),
    (b"SQLite format 3\x00", "an SQLite database", "Export its table as CSV"),
    (b"%PDF-", "PDF", "Save its tables as CSV"),
    (b"\x89PNG\r\n", "a PNG image", "Query a table"),
    (b"\xff\xd8\xff", "a JPEG image", "Query a table"),
    (b"PARE", "encrypted Parquet", "Write it without Parquet encryption"),
)

#: Byte order marks of texts that are not UTF-8.
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_BLANKS = b"\t\n\r"


def compression_of(head: bytes) -> Literal["NONE", "GZIP", "BZIP2"]:
    """The compression in which an object that begins with *head* is, beyond doubt."""
    if len(head) >= 3 and GzipMember.begins(head[: GzipMember.HEAD_BYTES]):
        return "GZIP"
    if len(head) >= Bzip2Member.HEAD_BYTES and Bzip2Member.begins(head[: Bzip2Member.HEAD_BYTES]):
        return "BZIP2"
    return "NONE"


def is_parquet(head: bytes) -> bool:
    """Whether *head* begins a Parquet file, and not a text that happens to begin with the same letters."""
    return head.startswith(_PARQUET) and _has_control(head[4:16])


def other_format(head: bytes) -> tuple[str, str] | None:
    """Name of a format that is not read, and what to do; None for texts."""
    for magic, name, advice in _OTHERS:
        # A text may begin with these letters; then no byte behind them is one that texts do not have.
        if head.startswith(magic) and (_has_control(head) or name == "PDF"):
            return name, advice
    if head.startswith(_UTF_16):
        return "text in UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8 FILE"
    if 0 in head:
        return "binary", "Write it as CSV, JSON or Parquet"
    return None


def _has_control(part: bytes) -> bool:
    """Whether *part* has a byte that no text has: a control character, or one that begins no UTF-8."""
    return any((byte < 32 and byte not in _BLANKS) or byte == 127 or byte >= 0xF8 for byte in part)
