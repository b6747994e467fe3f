from __future__ import annotations

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.address import Address, parse_address

DOMAINS = ("localhost", "s3.example.com")


def address(path: bytes, query: bytes = b"", host: str = "127.0.0.1:9000") -> Address:
    return parse_address(host, path, query, DOMAINS)


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        (b"/", None, None),
        (b"/b", "b", None),
        (b"/b/", "b", None),
        (b"/b/k", "b", "k"),
        (b"/b//k", "b", "/k"),
        (b"/b/a/../k", "b", "a/../k"),
        (b"/b/a%2Fb", "b", "a/b"),
        (b"/b/a%252Fb", "b", "a%2Fb"),
        (b"/b/%2e%2e/%2E", "b", "../."),
        (b"/b/a+b%20c", "b", "a+b c"),
        (b"/b/%00", "b", "\0"),
        (b"/%2e%2e/k", "..", "k"),
        ("/b/grün".encode(), "b", "grün"),
        (b"/b/%C3%BC", "b", "ü"),
    ],
)
def test_a_path_is_decoded_once(path: bytes, bucket: str | None, key: str | None) -> None:
    found = address(path)
    assert (found.bucket, found.key, found.virtual_host) == (bucket, key, False)


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("bucket.localhost:9000", b"/k", "bucket", "k"),
        ("bucket.localhost", b"/", "bucket", None),
        ("a.b.s3.EXAMPLE.com", b"/x/y", "a.b", "x/y"),
        ("localhost:9000", b"/bucket/k", "bucket", "k"),
        (".localhost", b"/bucket/k", "bucket", "k"),
        ("[::1]:9000", b"/bucket/k", "bucket", "k"),
        ("other.org", b"/bucket/k", "bucket", "k"),
    ],
)
def test_a_sub_domain_is_a_bucket(host: str, path: bytes, bucket: str, key: str | None) -> None:
    found = address(path, host=host)
    assert (found.bucket, found.key) == (bucket, key)


def test_parameters_may_lack_a_value() -> None:
    found = address(b"/b/k", b"select&select-type=2&prefix=a%2Bb+c&&x=")
    assert found.parameters == {"select": "", "select-type": "2", "prefix": "a+b c", "x": ""}


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (b"*", b"", "InvalidURI"),
        (b"//k", b"", "InvalidURI"),
        (b"/b/%ff", b"", "InvalidURI"),
        (b"/b", b"prefix=%ff", "InvalidURI"),
        (b"/b/k", b"uploadId=1&uploadId=2", "InvalidArgument"),
        (b"/b/k", b"upload%49d=1&uploadId=2", "InvalidArgument"),
        (b"/b/" + b"k" * 1025, b"", "KeyTooLongError"),
        (b"/b/" + b"%C3%BC" * 513, b"", "KeyTooLongError"),
    ],
)
def test_what_is_no_address_is_refused(path: bytes, query: bytes, code: str) -> None:
    with pytest.raises(S3SelectError) as raised:
        address(path, query)
    assert raised.value.code == code


def test_the_resource_is_the_path_of_path_style() -> None:
    assert address(b"/k", host="bucket.localhost").resource == "/bucket/k"
    assert address(b"/").resource == "/"
