from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from s3sql.server.settings import Limits
from tests.server.objects.errors import refused
from tests.server.objects.raw import Caller
from tests.server.serving import client_of, serving, settings_for

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(range(32))}
SOURCE_KEY = {f"CopySource{name}": value for name, value in KEY.items()}

SAID: dict[str, Any] = {
    "ContentType": "text/csv",
    "Metadata": {"a": "1"},
    "CacheControl": "no-cache",
    "WebsiteRedirectLocation": "/there",
    "StorageClass": "STANDARD_IA",
    "Tagging": "t=1",
}


@pytest.fixture
def source(s3: Any, bucket: str) -> dict[str, str]:
    """Where an object is that was said much of."""
    at = {"Bucket": bucket, "Key": "a b/é+c"}
    s3.put_object(**at, Body=b"body" * 1000, **SAID)
    return at


def tags(s3: Any, bucket: str, key: str) -> dict[str, str]:
    found = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_a_copy_takes_over_metadata_and_tags(s3: Any, bucket: str, source: dict[str, str]) -> None:
    s3.create_bucket(Bucket=f"{bucket}-other")
    result = s3.copy_object(Bucket=f"{bucket}-other", Key="copy", CopySource=source)["CopyObjectResult"]
    original, copy = s3.head_object(**source), s3.get_object(Bucket=f"{bucket}-other", Key="copy")
    assert copy["Body"].read() == b"body" * 1000
    assert (copy["ETag"], result["ETag"]) == (original["ETag"], original["ETag"])
    assert result["LastModified"] == copy["LastModified"]
    for name in ("ContentType", "Metadata", "CacheControl"):
        assert copy[name] == SAID[name]
    assert tags(s3, f"{bucket}-other", "copy") == {"t": "1"}
    # These are never the source's.
    assert "WebsiteRedirectLocation" not in copy
    assert "StorageClass" not in copy


def test_directives_replace(s3: Any, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(
        Bucket=bucket,
        Key="copy",
        CopySource=source,
        MetadataDirective="REPLACE",
        TaggingDirective="REPLACE",
        Metadata={"b": "2"},
        Tagging="u=2",
        StorageClass="GLACIER_IR",
        WebsiteRedirectLocation="/elsewhere",
    )
    copy = s3.head_object(Bucket=bucket, Key="copy")
    assert copy["Metadata"] == {"b": "2"}
    assert copy["ContentType"] == "binary/octet-stream"
    assert "CacheControl" not in copy
    assert (copy["StorageClass"], copy["WebsiteRedirectLocation"]) == ("GLACIER_IR", "/elsewhere")
    assert tags(s3, bucket, "copy") == {"u": "2"}


def test_an_object_is_copied_onto_itself_only_with_a_change(
    s3: Any, bucket: str, source: dict[str, str]
) -> None:
    for nothing in (
        {"StorageClass": "STANDARD_IA"},
        {"StorageClass": "STANDARD_IA", "TaggingDirective": "REPLACE"},
    ):
        with refused("InvalidRequest", 400, "trying to copy an object to itself without changing"):
            s3.copy_object(**source, CopySource=source, **nothing)
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"new": "1"})
    assert s3.head_object(**source)["Metadata"] == {"new": "1"}
    s3.copy_object(**source, CopySource=source, StorageClass="ONEZONE_IA")
    assert s3.head_object(**source)["StorageClass"] == "ONEZONE_IA"
    s3.copy_object(**source, CopySource=source, StorageClass="ONEZONE_IA", **KEY)
    got = s3.get_object(**source, **KEY)
    assert (got["Body"].read(), got["Metadata"]) == (b"body" * 1000, {"new": "1"})


def test_keys_of_customers_on_both_sides(s3: Any, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "secret"}
    s3.put_object(**at, Body=b"secret", **KEY)
    with refused("InvalidRequest"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=at)
    opened = s3.copy_object(Bucket=bucket, Key="opened", CopySource=at, **SOURCE_KEY)
    assert "SSECustomerKeyMD5" not in opened
    assert s3.get_object(Bucket=bucket, Key="opened")["Body"].read() == b"secret"
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(32)}
    closed = s3.copy_object(Bucket=bucket, Key="closed", CopySource=at, **SOURCE_KEY, **other)
    assert closed["SSECustomerAlgorithm"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="closed", **other)["Body"].read() == b"secret"


def test_checksums_of_copies(s3: Any, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "k"}
    put = s3.put_object(**at, Body=b"x" * 100, ChecksumAlgorithm="SHA1")
    same = s3.copy_object(Bucket=bucket, Key="same", CopySource=at)["CopyObjectResult"]
    assert (same["ChecksumSHA1"], same["ChecksumType"]) == (put["ChecksumSHA1"], "FULL_OBJECT")
    other = s3.copy_object(Bucket=bucket, Key="other", CopySource=at, ChecksumAlgorithm="SHA256")
    head = s3.head_object(Bucket=bucket, Key="other", ChecksumMode="ENABLED")
    assert other["CopyObjectResult"]["ChecksumSHA256"] == head["ChecksumSHA256"]
    assert "ChecksumSHA1" not in head


def test_conditions_on_the_source_and_on_the_copy(s3: Any, bucket: str, source: dict[str, str]) -> None:
    head = s3.head_object(**source)
    to = {"Bucket": bucket, "Key": "copy", "CopySource": source}
    for failing in (
        {"CopySourceIfMatch": '"x"'},
        {"CopySourceIfNoneMatch": head["ETag"]},
        {"CopySourceIfModifiedSince": head["LastModified"]},
        {"CopySourceIfUnmodifiedSince": head["LastModified"] - timedelta(seconds=1)},
    ):
        with refused("PreconditionFailed", 412, "x-amz-copy-source-if-"):
            s3.copy_object(**to, **failing)
    s3.copy_object(**to, CopySourceIfMatch=head["ETag"], IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.copy_object(**to, IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.copy_object(**to, IfMatch='"x"')


def test_sources_that_cannot_be_copied(s3: Any, caller: Caller, bucket: str, source: dict[str, str]) -> None:
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "none"})
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": "not-there", "Key": "none"})
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket="not-there", Key="c", CopySource=source)
    with refused("NoSuchVersion", 404):
        s3.copy_object(Bucket=bucket, Key="c", CopySource={**source, "VersionId": "v1"})
    s3.copy_object(Bucket=bucket, Key="c", CopySource={**source, "VersionId": "null"})
    for wrong in ("", "/", "bucket", "/bucket/"):
        answer = caller("PUT", f"/{bucket}/c", {"x-amz-copy-source": wrong})
        assert (answer.status, answer.code) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-amz-metadata-directive": "KEEP"}, "InvalidArgument"),
        ({"x-amz-tagging-directive": "copy"}, "InvalidArgument"),
        ({"x-amz-checksum-algorithm": "MD5"}, "InvalidRequest"),
        ({"x-amz-storage-class": "COLD"}, "InvalidStorageClass"),
        ({"x-amz-acl": "public-read"}, "NotImplemented"),
    ],
)
def test_wrong_headers(s3: Any, caller: Caller, bucket: str, headers: dict[str, str], code: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = caller("PUT", f"/{bucket}/copy", {"x-amz-copy-source": f"{bucket}/k", **headers})
    assert answer.code == code, answer.body
    assert caller("HEAD", f"/{bucket}/copy").status == 404


def test_a_copy_in_pieces_is_the_whole_object(s3: Any, bucket: str) -> None:
    body = b"".join(hashlib.sha256(bytes([n])).digest() * 4096 for n in range(24)) + b"end"
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_the_largest_source(tmp_path: Path) -> None:
    (tmp_path / "aaa").mkdir()
    (tmp_path / "aaa" / "k").write_bytes(b"x" * 1001)
    limits = Limits(object_bytes=1000)
    with (
        serving(settings_for(tmp_path, limits=limits)) as url,
        refused("InvalidRequest", 400, "maximum allowable size for a copy source: 1000"),
    ):
        client_of(url).copy_object(Bucket="aaa", Key="c", CopySource="aaa/k")
