"""Ion scalars between backticks."""

from __future__ import annotations

import pytest

from s3sql.sql.ion import is_timestamp, read


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2010T", "TIMESTAMP", "2010T"),
        (" 2010-02T ", "TIMESTAMP", "2010-02T"),
        ("2010", "INT", "2010"),
        ("-5", "INT", "-5"),
        ("1_000", "INT", "1000"),
        ("0xff", "INT", "255"),
        ("-0b101", "INT", "-5"),
        ("1.50", "DECIMAL", "1.50"),
        ("1.", "DECIMAL", "1."),
        ("15d-1", "DECIMAL", "15e-1"),
        ("1e0", "FLOAT", "1e0"),
        ("nan", "FLOAT", "nan"),
        ("-inf", "FLOAT", "-inf"),
        ("true", "BOOL", "true"),
        ("TRUE", "STRING", "TRUE"),
        ("null", "NULL", ""),
        ("null.timestamp", "NULL", ""),
        ("foo", "STRING", "foo"),
        ("'a b'", "STRING", "a b"),
        ('""', "STRING", ""),
        (r'"\x41\u00e9\U0001F600\n\"\'\\\/"', "STRING", "Aé😀\n\"'\\/"),
        (r'"\uD83D\uDE00"', "STRING", "😀"),
        ('"a\\\nb"', "STRING", "ab"),
    ],
)
def test_scalar(text: str, kind: str, value: str) -> None:
    read_value = read(text)
    assert read_value is not None
    assert (read_value.kind, read_value.text) == (kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "[1]", "{a:1}", "(a b)", "a::1", "01", "1__0", "+1", "0x", "0b2", "1e", "1d", ".5", "a b",
        "null.foo",
        '"a', '"a"b"', '"\\q"', r'"\uD83D"', r'"\U00110000"', '"a\nb"', "'''long'''", "2010-13T",
        "0x" + "f" * 5000, "{{aGk=}}",
    ],
)  # fmt: skip
def test_no_scalar(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0001T", "9999-12T", "2012-02-29", "2012-02-29T", "2017-01-02T03:04Z", "2017-01-02T03:04+07:08",
        "2017-01-02T03:04-00:00", "2017-01-02T23:59:59Z", "2017-01-02T03:04:05.123456789012-23:59",
    ],
)  # fmt: skip
def test_timestamp(text: str) -> None:
    assert is_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "0000T", "10000T", "2010", "2010-1T", "2010-00T", "2010-13T", "2010-01", "2011-02-29",
        "2010-04-31T", "2010-01-01TZ",
        "2010-01-01T03:04", "2010-01-01T3:04Z", "2010-01-01T24:00Z", "2010-01-01T03:60Z",
        "2010-01-01T03:04:60Z",
        "2010-01-01T03:04:05.Z", "2010-01-01T03:04:05,1Z", "2010-01-01T03Z", "2010-01-01 03:04Z",
        "2010-01-01T03:04z",
        "2010-01-01T03:04+24:00", "2010-01-01T03:04+01:60", "2010-01-01T03:04+0100", "2010T ", "２０１０T",
    ],
)  # fmt: skip
def test_no_timestamp(text: str) -> None:
    assert not is_timestamp(text)
