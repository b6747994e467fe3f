from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.keys import (
    check_key,
    check_new_bucket_name,
    is_bucket_name,
    is_folded,
    segments_of,
)


@pytest.mark.parametrize("name", ["abc", "a.b-c.d", "0-0", "a" * 63, "1.2.3", "1.2.3.4a"])
def test_a_name_for_a_new_bucket(name: str) -> None:
    check_new_bucket_name(name)
    assert is_bucket_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "0 characters"),
        ("ab", "2 characters"),
        ("a" * 64, "64 characters"),
        ("Abc", "lower-case"),
        ("a_b", "lower-case"),
        ("abc-", "begins and ends"),
        (".abc", "begins and ends"),
        ("a/b", "lower-case"),
        ("../../etc", "lower-case"),
        ("abc\n", "lower-case"),
        ("abc\0", "lower-case"),
        ("ab\N{LATIN SMALL LETTER E WITH ACUTE}", "lower-case"),
        ("a..b", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--abc", "itself"),
        ("abc--ol-s3", "itself"),
        ("abc--x-s3", "itself"),
    ],
)
def test_a_name_for_no_new_bucket(name: str, reason: str) -> None:
    with pytest.raises(S3SelectError, match=reason) as caught:
        check_new_bucket_name(name)
    assert (caught.value.code, caught.value.status) == ("InvalidBucketName", 400)


@pytest.mark.parametrize("name", ["Data", "my_data", "a", "x" * 255, "a..b"])
def test_a_folder_may_have_a_name_that_buckets_had_once(name: str) -> None:
    assert is_bucket_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".s3sql", ".git", "a/b", "a\0", "a b", "x" * 256, "a\n", "\u00e9"]
)
def test_no_bucket_has_such_a_name(name: str) -> None:
    assert not is_bucket_name(name)


@pytest.mark.parametrize(
    "key", ["a", "a/b/c.csv", "...", "a" * 255, " ", "~", "-rf", "a\\b", "\u00e9", "\U0001f600/x"]
)
def test_a_key_with_a_path_of_its_own(key: str) -> None:
    assert segments_of(key) == key.split("/")


@pytest.mark.parametrize(
    "key",
    [
        "/a", "a/", "a//b", "/", ".", "..", "a/./b", "../a", "a/..", "a\0b", "a\nb", "\x7f", "a" * 256,
        "\u00e9" * 128, ".s3sql", "a/.s3sql-x", ".s3sql/catalogue.sqlite",
    ],
)  # fmt: skip
def test_a_hidden_key(key: str) -> None:
    assert segments_of(key) is None


@given(st.text())
def test_segments_lead_downwards(key: str) -> None:
    segments = segments_of(key)
    if segments is not None:
        assert "/".join(segments) == key
        assert not {"", ".", ".."} & set(segments)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "InvalidArgument"),
        ("\ud800", "InvalidArgument"),
        ("a" * 1025, "KeyTooLongError"),
        ("\u20ac" * 342, "KeyTooLongError"),
    ],
)
def test_what_is_no_key(key: str, code: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        check_key(key)
    assert (caught.value.code, caught.value.status) == (code, 400)


def test_the_longest_key() -> None:
    check_key("a" * 1024)


@pytest.mark.parametrize(
    ("segment", "folded"), [("a", True), ("A", False), ("\u00e9", True), ("e\u0301", False)]
)
def test_the_form_that_stands_for_all(segment: str, folded: bool) -> None:
    assert is_folded(segment) is folded
