from __future__ import annotations

import zlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from s3sql.eventstream.frame import (
    MAX_HEADER_VALUE_BYTES,
    character_start,
    crc32,
    encode_headers,
    encode_message,
)
from s3sql.eventstream.messages import Cont, End, Failure, Message, Progress, Records, Stats

# AWS S3 API Reference, appendix "Response": layout; each vector was checked with botocore's decoder.
CONT = bytes.fromhex(
    "00000039 00000029 8ba19df2 0d3a6d6573736167652d74797065 07 0005 6576656e74"
    "0b3a6576656e742d74797065 07 0004 436f6e74 9c864a0d"
)
END = bytes.fromhex(
    "00000038 00000028 c1c684d4 0d3a6d6573736167652d74797065 07 0005 6576656e74"
    "0b3a6576656e742d74797065 07 0003 456e64 cf97d392"
)
RECORDS = bytes.fromhex(
    "00000069 00000055 ea016f2e 0d3a6d6573736167652d74797065 07 0005 6576656e74"
    "0d3a636f6e74656e742d74797065 07 0018 6170706c69636174696f6e2f6f637465742d73747265616d"
    "0b3a6576656e742d74797065 07 0007 5265636f726473 312c320a 144d8080"
)


@pytest.mark.parametrize(
    ("message", "golden"), [(Cont(), CONT), (End(), END), (Records([b"1,", memoryview(b"2\n")]), RECORDS)]
)
def test_golden_bytes(message: Message, golden: bytes) -> None:
    assert message.frame().hex() == golden.hex()


@pytest.mark.parametrize(
    ("message", "prelude", "checksum", "size"),
    [
        (Stats(12, 12, 4), "000000ea00000043e893103d", "2b46b62e", 234),
        (Progress(12, 12, 4), "000000f300000046f5091141", "bc21389d", 243),
        (
            Failure("CastFailed", "Attempt to convert from one data type to another failed."),
            "0000008900000079f00dc412",
            "1ae4d3b7",
            137,
        ),
    ],
)
def test_golden_checksums(message: Message, prelude: str, checksum: str, size: int) -> None:
    frame = message.frame()
    assert (frame[:12].hex(), frame[-4:].hex(), len(frame)) == (prelude, checksum, size)


def test_counters_are_one_line_of_xml() -> None:
    text = Stats(1, 22, 333).frame()[12 + 67 : -4].decode()
    assert text == (
        '<?xml version="1.0" encoding="UTF-8"?><Stats><BytesScanned>1</BytesScanned>'
        "<BytesProcessed>22</BytesProcessed><BytesReturned>333</BytesReturned></Stats>"
    )
    assert Progress(0, 0, 0).frame()[12 + 70 : -4].endswith(b"</Progress>")


@given(st.lists(st.binary(max_size=300), max_size=5), st.text(max_size=50))
def test_botocore_reads_what_is_encoded(parts: list[bytes], value: str) -> None:
    decoder = EventStreamBuffer()
    decoder.add_data(encode_message(encode_headers([(":a", value), (":b", "")]), parts))
    [message] = list(decoder)
    assert (message.headers, message.payload) == ({":a": value, ":b": ""}, b"".join(parts))


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_the_checksum_is_that_of_zlib(parts: list[bytes]) -> None:
    checksum = 0
    for part in parts:
        checksum = crc32(part, checksum)
    assert checksum == zlib.crc32(b"".join(parts))


def test_a_long_header_value_is_cut_between_characters() -> None:
    decoder = EventStreamBuffer()
    decoder.add_data(Failure("InternalError", "x" + "€" * 30_000).frame())
    [message] = list(decoder)
    text = message.headers[":error-message"]
    assert text == "x" + "€" * 21_844
    assert len(text.encode()) <= MAX_HEADER_VALUE_BYTES < len(text.encode()) + 3


@given(st.text(min_size=1, max_size=20), st.data())
def test_a_character_starts_where_it_is_said_to(text: str, draw: st.DataObject) -> None:
    encoded = text.encode()
    offset = draw.draw(st.integers(0, len(encoded) - 1))
    start = character_start(encoded, offset)
    assert offset - 3 <= start <= offset
    encoded[:start].decode()
    encoded[start:].decode()


def test_bytes_that_are_not_utf_8_are_cut_anywhere() -> None:
    assert character_start(b"\x80" * 9, 7) == 7
