from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from tests.server.objects.errors import refused
from tests.server.objects.raw import Caller

KEY = bytes(range(32))
ENCRYPTED = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_what_is_written_is_read(s3: Any, bucket: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert put["ChecksumCRC32"] == crc32(body)
    assert put["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert got["ETag"] == put["ETag"]
    assert got["ChecksumCRC32"] == crc32(body)


def test_everything_that_a_writer_says_is_told_to_readers(s3: Any, bucket: str) -> None:
    said: dict[str, Any] = {
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a b.csv"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
        "ContentType": "text/csv",
        "Metadata": {"a": "1", "long-name": "b c"},
        "WebsiteRedirectLocation": "/other",
        "StorageClass": "STANDARD_IA",
    }
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", **said, Tagging="t=1&u=2", Expires="2030-01-01T00:00:00Z"
    )
    for told in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: told[name] for name in said} == said
        assert told["ExpiresString"] == "Tue, 01 Jan 2030 00:00:00 GMT"
        assert told["TagCount"] == 2
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    again = s3.head_object(Bucket=bucket, Key="k")
    assert (again["Metadata"], again["ContentType"]) == ({}, "binary/octet-stream")
    assert not (said.keys() - {"Metadata", "ContentType"}) & again.keys()


@pytest.mark.parametrize(
    "key", ["a b", "a+b", "é/€", "a//b", "x/", "/x", "../x", "a/./b", "%2F", "&?#=", "\x01", "k" * 1024]
)
def test_keys_of_every_kind(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_metadata_that_is_not_plain(caller: Caller, bucket: str) -> None:
    assert caller("PUT", f"/{bucket}/k", {"x-amz-meta-city": "Zürich"}, b"x").status == 200
    found = caller("HEAD", f"/{bucket}/k").headers
    assert found["x-amz-meta-city"] == f"=?UTF-8?B?{base64.b64encode('Zürich'.encode()).decode()}?="


def test_the_framing_of_a_transfer_is_no_encoding_of_the_object(caller: Caller, s3: Any, bucket: str) -> None:
    framed = b"1\r\nx\r\n0\r\nx-amz-checksum-crc32:" + crc32(b"x").encode() + b"\r\n\r\n"
    headers = {
        "Content-Encoding": "aws-chunked,gzip",
        "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": "1",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    answer = caller("PUT", f"/{bucket}/k", headers, framed)
    assert (answer.status, answer.headers.get("x-amz-checksum-crc32")) == (200, crc32(b"x")), answer.body
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentEncoding"], head["ContentLength"]) == ("gzip", 1)


# Conditions


def test_conditional_writes(s3: Any, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "k"}
    with refused("NoSuchKey", 404):
        s3.put_object(**at, Body=b"0", IfMatch='"x"')
    first = s3.put_object(**at, Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(**at, Body=b"2", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(**at, Body=b"2", IfMatch='"x"')
    s3.put_object(**at, Body=b"3", IfMatch=first["ETag"])
    assert s3.get_object(**at)["Body"].read() == b"3"
    with refused("NotImplemented", 501, "it can only be *"):
        s3.put_object(**at, Body=b"4", IfNoneMatch='"x"')


# Encryption


def test_an_object_under_the_customers_key(s3: Any, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "k"}
    md5 = base64.b64encode(hashlib.md5(KEY).digest()).decode()
    put = s3.put_object(**at, Body=b"secret" * 1000, **ENCRYPTED)
    assert (put["SSECustomerAlgorithm"], put["SSECustomerKeyMD5"]) == ("AES256", md5)
    got = s3.get_object(**at, **ENCRYPTED, Range="bytes=3-8")
    assert (got["Body"].read(), got["SSECustomerKeyMD5"]) == (b"retsec", md5)
    assert s3.head_object(**at, **ENCRYPTED)["ContentLength"] == 6000
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(32)}
    with refused("InvalidRequest"):
        s3.get_object(**at)
    with refused("400"):
        s3.head_object(**at)
    with refused("AccessDenied", 403):
        s3.get_object(**at, **other)
    s3.put_object(**at, Body=b"open")
    with refused("InvalidRequest"):
        s3.get_object(**at, **ENCRYPTED)


# Refusals


@pytest.mark.parametrize(
    ("headers", "status", "code", "part"),
    [
        ({"x-amz-acl": "public-read"}, 501, "NotImplemented", "The header x-amz-acl is 'public-read'"),
        ({"x-amz-grant-full-control": "id=1"}, 501, "NotImplemented", "x-amz-grant-full-control"),
        ({"x-amz-server-side-encryption": "AES256"}, 501, "NotImplemented", "x-amz-server-side-encryption"),
        ({"x-amz-server-side-encryption": "aws:kms"}, 501, "NotImplemented", "'aws:kms'"),
        ({"x-amz-object-lock-mode": "GOVERNANCE"}, 501, "NotImplemented", "cannot be locked"),
        ({"x-amz-object-lock-legal-hold": "ON"}, 501, "NotImplemented", "or say OFF"),
        ({"x-amz-write-offset-bytes": "0"}, 501, "NotImplemented", "directory buckets"),
        ({"x-amz-storage-class": "COLD"}, 400, "InvalidStorageClass", "'COLD'; it must be one of STANDARD"),
        ({"x-amz-tagging": "a=1&a=2"}, 400, "InvalidArgument", "name twice"),
        ({"x-amz-tagging": "aws:a=1"}, 400, "InvalidTag", "begins with aws:"),
        ({"x-amz-meta-a": "v" * 2049}, 400, "MetadataTooLarge", "2,050 bytes; the most is 2,048"),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, 400, "InvalidArgument", "missing"),
        ({"Content-MD5": "AAAA"}, 400, "InvalidDigest", ""),
        ({"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "BadDigest", ""),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, 400, "BadDigest", "CRC32"),
        ({"x-amz-checksum-crc32": crc32(b"x"), "x-amz-checksum-sha1": "A" * 27 + "="}, 400, "InvalidRequest",
         "single x-amz-checksum-"),
    ],
)  # fmt: skip
def test_a_wrong_header_leaves_the_object_as_it_was(
    s3: Any, caller: Caller, bucket: str, headers: dict[str, str], status: int, code: str, part: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old", Metadata={"a": "old"})
    answer = caller("PUT", f"/{bucket}/k", headers, b"x")
    assert (answer.status, answer.code, part in answer.message) == (status, code, True), answer.body
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (b"old", {"a": "old"})


def test_harmless_headers_are_taken(caller: Caller, bucket: str) -> None:
    headers = {
        "x-amz-acl": "bucket-owner-full-control",
        "x-amz-object-lock-legal-hold": "OFF",
        "x-amz-server-side-encryption-bucket-key-enabled": "false",
        "x-amz-request-payer": "requester",
        "x-amz-meta-a": "v" * 2047,
        "x-amz-tagging": "",
        "x-amz-unknown": "1",
    }
    assert caller("PUT", f"/{bucket}/k?x-id=PutObject", headers, b"x").status == 200


def test_a_bucket_that_is_not_there(s3: Any) -> None:
    with refused("NoSuchBucket", 404):
        s3.put_object(Bucket="not-there", Key="k", Body=b"x" * 3_000_000)


def test_a_body_that_breaks_off_leaves_nothing(s3: Any, caller: Caller, bucket: str) -> None:
    answer = caller("PUT", f"/{bucket}/k", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, b"x" * 3_000_000)
    assert answer.code == "BadDigest"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
