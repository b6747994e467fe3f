"""Target ``compressed``: the first byte chooses the codec and whether the rest is stored as it is or packed.

Packed bytes are cut into members by the second byte, and a third one damages the result.
"""

from __future__ import annotations

import bz2
import gzip
from typing import Literal

from s3sql.errors import S3SelectError
from s3sql.formats.compression import CompressedBytes, decompress
from s3sql.request import CsvInput, CsvOutput, JsonOutput, SelectRequest
from s3sql.stores.memory import BytesObject
from tests.fuzz.draws import Draws
from tests.fuzz.runs import answer, check_morsels

WORDS: tuple[str, ...] = ("\x1f", "BZh9", "BZh1", "1AY&SY", "\x17rE8P")

_PACKERS = {"GZIP": lambda part: gzip.compress(part, 6, mtime=0), "BZIP2": bz2.compress}
_UNPACKERS = {"GZIP": gzip.decompress, "BZIP2": bz2.decompress}
_CODES = {"InvalidCompressionFormat", "TruncatedInput"}

#: Text beyond this is not looked at: a kilobyte of bzip2 may hold gigabytes.
_MOST_TEXT = 4 << 20


def check(data: bytes) -> None:
    """The text is what the standard library makes of the bytes; the query has its rows, or the fault."""
    draws = Draws(data)
    codec: Literal["GZIP", "BZIP2"] = draws.pick(("GZIP", "BZIP2"))
    packed = draws.flag()
    if packed:
        length, damage = 1 + draws.byte(), draws.byte()
        text = draws.rest()
        stored = b"".join(_PACKERS[codec](text[at : at + length]) for at in range(0, len(text), length))
        if damage and stored:
            at = damage * len(stored) // 256
            stored = stored[:at] + bytes([stored[at] ^ damage]) + stored[at + 1 :]
    else:
        stored = draws.rest()
    found, code = _unpacked(stored, codec)
    if len(found) >= _MOST_TEXT:
        return
    if packed and not damage:
        assert (found, code) == (text, None)
    _check_library(stored, codec, found, code)
    _check_query(stored, codec, found, code)


def _unpacked(stored: bytes, codec: Literal["GZIP", "BZIP2"]) -> tuple[bytes, str | None]:
    """The text before a fault and the fault's code."""
    text = bytearray()
    try:
        for piece in decompress(CompressedBytes(BytesObject(stored)), codec):
            assert piece
            text += piece
            if len(text) >= _MOST_TEXT:
                break
    except S3SelectError as error:
        assert error.code in _CODES, error.code
        return bytes(text), error.code
    return bytes(text), None


def _check_library(stored: bytes, codec: Literal["GZIP", "BZIP2"], found: bytes, code: str | None) -> None:
    """What we can read the standard library can read, to the same text."""
    if code is None and stored:
        assert _UNPACKERS[codec](stored) == found


def _check_query(stored: bytes, codec: Literal["GZIP", "BZIP2"], text: bytes, code: str | None) -> None:
    """A query over the object has the rows of the text, and ends in the fault behind them."""
    sql = "SELECT * FROM S3Object"
    outputs = CsvOutput(quote_fields="ALWAYS") if len(stored) & 1 else JsonOutput()
    plain = answer(SelectRequest(sql, CsvInput(), outputs), text)
    usual = answer(SelectRequest(sql, CsvInput(), outputs, compression=codec), stored)
    check_morsels(SelectRequest(sql, CsvInput(), outputs, compression=codec), stored)
    if code is None:
        assert usual == plain, "the text"
    elif code == "InvalidCompressionFormat":
        assert usual == type(usual)([], code)
    else:
        # The record in which the text ends is not whole, and may be told by another code than the fault.
        assert usual.code is not None
        assert plain.records[: len(usual.records)] == usual.records, "the text before the fault"
