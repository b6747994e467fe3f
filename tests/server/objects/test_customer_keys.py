from __future__ import annotations

import base64
import hashlib

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.objects.customer_keys import customer_key, customer_key_headers, source_customer_key
from tests.server.objects.requests import request

SECRET = bytes(range(32))
KEY = base64.b64encode(SECRET).decode()
MD5 = base64.b64encode(hashlib.md5(SECRET).digest()).decode()
PREFIX = "x-amz-server-side-encryption-customer-"
SOURCE_PREFIX = "x-amz-copy-source-server-side-encryption-customer-"


def headers(algorithm: str | None = "AES256", key: str | None = KEY, md5: str | None = MD5) -> dict[str, str]:
    given = {"algorithm": algorithm, "key": key, "key-MD5": md5}
    return {f"{PREFIX}{name}": value for name, value in given.items() if value is not None}


def test_the_three_headers_are_a_key() -> None:
    found = customer_key(request(headers()))
    assert found is not None
    assert (found.key, found.md5) == (SECRET, MD5)
    assert KEY not in repr(found)
    assert repr(SECRET) not in repr(found)


def test_without_them_there_is_none() -> None:
    assert customer_key(request({"x-amz-server-side-encryption": "AES256"})) is None
    assert source_customer_key(request(headers())) is None


def test_a_copy_has_two_keys() -> None:
    source = {name.replace(PREFIX, SOURCE_PREFIX): value for name, value in headers().items()}
    found = source_customer_key(request(source))
    assert found is not None
    assert found.key == SECRET
    assert customer_key(request(source)) is None


@pytest.mark.parametrize(
    ("given", "code", "part"),
    [
        (headers(algorithm=None), "InvalidArgument", "customer-algorithm is missing"),
        (headers(key=None), "InvalidArgument", "customer-key is missing"),
        (headers(md5=None), "InvalidArgument", "customer-key-md5 is missing"),
        (headers(algorithm="aws:kms"), "InvalidEncryptionAlgorithmError", "'aws:kms'; it must be AES256"),
        (headers(algorithm="aes256"), "InvalidEncryptionAlgorithmError", "'aes256'"),
        (headers(key=KEY[:-8] + "AA=="), "InvalidArgument", "base64 text of 32 bytes"),
        (headers(key="no base64 \xff"), "InvalidArgument", "base64 text of 32 bytes"),
        (headers(key=""), "InvalidArgument", "base64 text of 32 bytes"),
        (headers(md5=base64.b64encode(b"x" * 16).decode()), "InvalidArgument", "did not match the hash"),
        (headers(md5="!"), "InvalidArgument", "did not match the hash"),
        (headers(md5=""), "InvalidArgument", "did not match the hash"),
    ],
)
def test_a_wrong_key_is_refused(given: dict[str, str], code: str, part: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        customer_key(request(given))
    assert (caught.value.code, part in caught.value.message) == (code, True), caught.value.message
    assert KEY not in caught.value.message


def test_a_key_in_the_clear_is_taken_from_this_machine_only() -> None:
    assert customer_key(request(headers(), secure=False, local=True)) is not None
    with pytest.raises(S3SelectError, match="secure connection") as caught:
        customer_key(request(headers(), secure=False))
    assert caught.value.code == "InvalidRequest"


def test_the_reply_names_the_key_by_its_md5() -> None:
    assert customer_key_headers(None) == []
    assert customer_key_headers(MD5) == [(f"{PREFIX}algorithm", "AES256"), (f"{PREFIX}key-MD5", MD5)]
