from __future__ import annotations

import bz2
import gzip
import io
import random
import struct
import zlib
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.formats import compression
from s3sql.formats.compression import PIECE_BYTES, Codec, CompressedBytes, decompress
from s3sql.stores.memory import BytesObject

TEXT = b"id,name\n" + b"".join(b"%d,n\xc3\xa4me %d\n" % (n, n * n) for n in range(40))
CODECS: list[Codec] = ["GZIP", "BZIP2"]


def packed(text: bytes, codec: Codec) -> bytes:
    return gzip.compress(text, mtime=0) if codec == "GZIP" else bz2.compress(text)


def unpacked(stored: bytes, codec: Codec) -> tuple[bytes, S3SelectError | None]:
    """The text before the fault, and the fault."""
    pieces = []
    try:
        for piece in decompress(CompressedBytes(BytesObject(stored)), codec):
            assert 0 < len(piece) <= PIECE_BYTES
            pieces.append(piece)
    except S3SelectError as fault:
        return b"".join(pieces), fault
    return b"".join(pieces), None


def code(stored: bytes, codec: Codec) -> str | None:
    fault = unpacked(stored, codec)[1]
    return None if fault is None else fault.code


@pytest.mark.parametrize("codec", CODECS)
@given(members=st.lists(st.binary(max_size=2000), max_size=5), padding=st.integers(0, 3))
def test_members_are_concatenated(codec: Codec, members: list[bytes], padding: int) -> None:
    stored = b"".join(packed(member, codec) for member in members)
    zeros = bytes(512 * padding) if members else b""
    assert unpacked(stored + zeros, codec) == (b"".join(members), None)


@pytest.mark.parametrize("codec", CODECS)
def test_long_text_comes_in_pieces(codec: Codec) -> None:
    text = random.Random(1).randbytes(200_000) * 4
    assert unpacked(packed(text, codec) + packed(TEXT, codec), codec) == (text + TEXT, None)


def test_thousands_of_small_members() -> None:
    stored = b"".join(packed(b"%d\n" % n, "GZIP") for n in range(20_000))
    assert unpacked(stored, "GZIP") == (b"".join(b"%d\n" % n for n in range(20_000)), None)


@pytest.mark.parametrize("codec", CODECS)
@given(
    members=st.lists(st.binary(max_size=200), max_size=9),
    sizes=st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30)),
)
def test_members_may_end_anywhere_in_chunks_feeds_and_pieces(
    codec: Codec, members: list[bytes], sizes: tuple[int, int, int]
) -> None:
    stored = b"".join(packed(member, codec) for member in members)
    names = ("_CHUNK_BYTES", "_FEED_BYTES", "PIECE_BYTES")
    with mock.patch.multiple(compression, **dict(zip(names, sizes, strict=True))):
        assert unpacked(stored, codec) == (b"".join(members), None)


def header(flags: int, *, good: bool = True) -> bytes:
    """A GZIP header with the optional fields of *flags*."""
    fields = b"\x1f\x8b\x08" + bytes([flags]) + b"\x01\x02\x03\x04\x02\x03"
    fields += struct.pack("<H", 300) + bytes(range(256)) + bytes(44) if flags & 4 else b""
    fields += b"n\xe4me.csv\0" if flags & 8 else b""
    fields += b"x" * 70_000 + b"\0" if flags & 16 else b""
    if flags & 2:
        fields += struct.pack("<H", (zlib.crc32(fields) + (not good)) & 0xFFFF)
    return fields


@pytest.mark.parametrize("flags", range(32))
def test_every_optional_field_of_the_header_is_passed(flags: int) -> None:
    body = packed(TEXT, "GZIP")[10:]
    assert unpacked(header(flags) + body, "GZIP") == (TEXT, None)
    if flags & 2:
        _, fault = unpacked(header(flags, good=False) + body, "GZIP")
        assert fault is not None
        assert (fault.code, "another CRC" in fault.message) == ("TruncatedInput", True)


@pytest.mark.parametrize("codec", CODECS)
def test_an_object_of_no_bytes_is_a_text_of_no_bytes(codec: Codec) -> None:
    assert unpacked(b"", codec) == (b"", None)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    "stored",
    [
        b"a,b\n1,2\n",
        b"{}",
        b"\n",
        b"\x00" * 100,
        b"BZh1,BZh2,BZh3\n",
        b"BZh0" + bytes.fromhex("314159265359"),
        b"\x1f\x8b\x09\x00\x00\x00\x00\x00\x00\x00",
        b"\x1f\x8b\x08\x20\x00\x00\x00\x00\x00\x00\x03\x00",
        b"PAR1",
    ],
)
def test_what_is_not_compressed_is_told_in_the_words_of_the_service(codec: Codec, stored: bytes) -> None:
    text, fault = unpacked(stored, codec)
    assert fault is not None
    assert (text, fault.code, fault.message) == (
        b"",
        "InvalidCompressionFormat",
        f"{codec} is not applicable to the queried object. Please correct the request and try again.",
    )


@pytest.mark.parametrize("codec", CODECS)
def test_the_other_codec_is_not_applicable(codec: Codec) -> None:
    other: Codec = "BZIP2" if codec == "GZIP" else "GZIP"
    assert code(packed(TEXT, other), codec) == "InvalidCompressionFormat"


@pytest.mark.parametrize("codec", CODECS)
def test_cut_at_every_byte_gives_the_text_before_the_cut(codec: Codec) -> None:
    first, second = packed(TEXT, codec), packed(b"last\n", codec)
    stored = first + second
    lengths = []
    for size in range(1, len(stored)):
        text, fault = unpacked(stored[:size], codec)
        assert (TEXT + b"last\n").startswith(text)
        lengths.append(len(text))
        if size == len(first):
            assert (text, fault) == (TEXT, None)
            continue
        assert fault is not None
        assert (fault.code, f"byte {size:,}" in fault.message) == ("TruncatedInput", True), size
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(TEXT) + 5


@pytest.mark.parametrize("codec", CODECS)
def test_no_flipped_bit_goes_unnoticed(codec: Codec) -> None:
    stored = packed(TEXT, codec)
    harmless = 0
    for place in range(len(stored)):
        for bit in range(8):
            damaged = bytearray(stored)
            damaged[place] ^= 1 << bit
            text, fault = unpacked(bytes(damaged), codec)
            if fault is None:
                assert text == TEXT
                harmless += 1
            else:
                assert fault.code in ("TruncatedInput", "InvalidCompressionFormat")
    # Some bits say nothing that counts: the time, the system, the padding behind the last code.
    assert harmless < 64


def test_a_wrong_checksum_costs_no_text() -> None:
    stored = packed(TEXT, "GZIP")
    for place, reason in ((-8, "another CRC"), (-4, "another length")):
        damaged = bytearray(stored)
        damaged[place] ^= 1
        text, fault = unpacked(bytes(damaged), "GZIP")
        assert fault is not None
        assert (text, fault.code) == (TEXT, "TruncatedInput")
        assert f"byte {len(stored) + place:,} of the object: the text before it has {reason}" in fault.message


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("tail", [b"x", b"\n", b"\0\0\0x", bytes(70_000) + b"x", b"\x1f\x8b\x09" + bytes(9)])
def test_garbage_behind_the_last_member_is_an_error_behind_the_text(codec: Codec, tail: bytes) -> None:
    stored = packed(TEXT, codec)
    text, fault = unpacked(stored + tail, codec)
    assert fault is not None
    place = len(stored) + len(tail) - len(tail.lstrip(b"\0"))
    assert (text, fault.code) == (TEXT, "TruncatedInput")
    assert f"ends at byte {place:,}" in fault.message


def test_damage_inside_a_later_member_leaves_the_members_before_it() -> None:
    bad = bytearray(packed(TEXT, "GZIP"))
    bad[20] ^= 0xFF
    text, fault = unpacked(packed(TEXT, "GZIP") + bad, "GZIP")
    assert fault is not None
    assert (text[: len(TEXT)], fault.code) == (TEXT, "TruncatedInput")


def test_zlib_stands_in_for_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "deflate", zlib)
    monkeypatch.setattr(compression, "_INFLATE_ERROR", zlib.error)
    stored = packed(TEXT * 5000, "GZIP") + packed(TEXT, "GZIP")
    assert unpacked(stored, "GZIP") == (TEXT * 5001, None)
    assert code(stored[:-1], "GZIP") == "TruncatedInput"
    assert code(stored[:15] + b"\xff\xff" + stored[17:], "GZIP") == "TruncatedInput"


def test_what_gzip_itself_writes() -> None:
    stored = io.BytesIO()
    with gzip.GzipFile("name.csv", "wb", fileobj=stored) as file:
        file.write(TEXT)
        file.flush()
        file.write(TEXT)
    assert unpacked(stored.getvalue(), "GZIP") == (TEXT + TEXT, None)
