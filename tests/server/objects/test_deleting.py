from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.server.objects.errors import refused
from tests.server.objects.raw import Answer, Caller


def keys(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def deletion(caller: Caller, bucket: str, body: str) -> Answer:
    digest = base64.b64encode(hashlib.md5(body.encode()).digest()).decode()
    return caller("POST", f"/{bucket}?delete", {"Content-MD5": digest}, body.encode())


def test_an_object_is_deleted_once_and_that_is_no_error_twice(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for _ in range(2):
        assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert keys(s3, bucket) == []
    with refused("NoSuchBucket", 404):
        s3.delete_object(Bucket="not-there", Key="k")


def test_conditional_deletion(s3: Any, caller: Caller, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**at, Body=b"x")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.delete_object(**at, IfMatch='"x"')
    with refused("NoSuchVersion", 404):
        s3.delete_object(**at, VersionId="v1")
    answer = caller("DELETE", f"/{bucket}/k", {"x-amz-if-match-size": "1"})
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert keys(s3, bucket) == ["k"]
    s3.delete_object(**at, IfMatch=etag, VersionId="null")
    assert keys(s3, bucket) == []


def test_many_objects_at_once(s3: Any, bucket: str) -> None:
    wanted = ["a", "b/c", "é €", "x&<y>", "a\rb", "none"]
    for key in (*wanted[:-1], "stays"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in wanted]})
    assert [entry["Key"] for entry in answer["Deleted"]] == wanted
    assert "Errors" not in answer
    assert keys(s3, bucket) == ["stays"]


def test_each_failure_is_told_beside_the_rest(s3: Any, bucket: str) -> None:
    etags = {key: s3.put_object(Bucket=bucket, Key=key, Body=key.encode())["ETag"] for key in "abcd"}
    objects = [
        {"Key": "a", "ETag": etags["a"]},
        {"Key": "b", "ETag": '"other"'},
        {"Key": "c", "VersionId": "v1"},
        {"Key": "d", "Size": 1},
        {"Key": "k" * 1025},
        {"Key": "e", "VersionId": "null"},
    ]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    assert "Deleted" not in answer
    assert [(error["Key"][:1], error["Code"]) for error in answer["Errors"]] == [
        ("b", "PreconditionFailed"),
        ("c", "NoSuchVersion"),
        ("d", "NotImplemented"),
        ("k", "KeyTooLongError"),
    ]
    assert all(error["Message"] for error in answer["Errors"])
    assert keys(s3, bucket) == ["b", "c", "d"]


def objects(count: int) -> str:
    return "".join(f"<Object><Key>{number}</Key></Object>" for number in range(count))


def test_a_thousand_at_once(caller: Caller, bucket: str) -> None:
    assert deletion(caller, bucket, f"<Delete>{objects(1000)}<Quiet>true</Quiet></Delete>").status == 200


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        (f"<Delete>{objects(1001)}</Delete>", "MalformedXML", "1,001 objects; it can name 1 to 1,000"),
        ("<Delete/>", "MalformedXML", "0 objects"),
        ("<Delete><Object/></Delete>", "MalformedXML", "an Object without a Key"),
        ("<Delete><Object><Key/></Object></Delete>", "MalformedXML", "an Object without a Key"),
        (f"<Delete>{objects(1)}<Quiet>maybe</Quiet></Delete>", "MalformedXML", "Quiet is 'maybe'"),
        (f"<Delete>{objects(1)}", "MalformedXML", "not well formed"),
        (f"<Remove>{objects(1)}</Remove>", "MalformedXML", "The root element is 'Remove'"),
        ("<Delete><Object><Key>0</Key><Key>1</Key></Object></Delete>", "MalformedXML", "more than one Key"),
        (f"<!DOCTYPE a []><Delete>{objects(1)}</Delete>", "MalformedXML", "document type declaration"),
        ("", "MissingRequestBodyError", "Delete document"),
    ],
)
def test_a_wrong_document_deletes_nothing(
    s3: Any, caller: Caller, bucket: str, body: str, code: str, part: str
) -> None:
    s3.put_object(Bucket=bucket, Key="0", Body=b"x")
    answer = deletion(caller, bucket, body)
    assert (answer.status, answer.code, part in answer.message) == (400, code, True), answer.body
    assert keys(s3, bucket) == ["0"]


def test_a_document_that_is_too_long_is_refused_before_it_comes(caller: Caller, bucket: str) -> None:
    headers = {"Content-Length": str((8 << 20) + 1), "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    answer = caller("POST", f"/{bucket}?delete", headers)
    assert (answer.status, answer.code) == (400, "MaxMessageLengthExceeded")
    assert "8,388,609 bytes long; the most is 8,388,608" in answer.message


def test_the_document_needs_a_digest(s3: Any, caller: Caller, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="0", Body=b"x")
    body = f"<Delete>{objects(1)}</Delete>".encode()
    for headers in ({}, {"x-amz-checksum-algorithm": "CRC32"}):
        answer = caller("POST", f"/{bucket}?delete", headers, body)
        assert (answer.status, answer.code) == (400, "InvalidRequest")
        assert "Content-MD5 OR x-amz-checksum-" in answer.message
    assert keys(s3, bucket) == ["0"]


def test_a_bucket_that_is_not_there(s3: Any) -> None:
    with refused("NoSuchBucket", 404):
        s3.delete_objects(Bucket="not-there", Delete={"Objects": [{"Key": "k"}]})
