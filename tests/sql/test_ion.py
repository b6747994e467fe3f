"""Ion scalars between backticks."""

from __future__ import annotations

import pytest

from s3sql.sql.ion import read


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


def test_a_timestamp_has_nine_digits_of_fraction_at_most() -> None:
    assert read("2017-01-02T03:04:05.123456789-23:59") is not None
    assert read("2017-01-02T03:04:05.1234567890-23:59") is None
    assert read("2017-01-02T03:04") is None
