from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.access import ANONYMOUS, CopySource, authorise, copy_source
from s3sql.server.address import Address
from s3sql.server.settings import Credentials, Key, Settings, Upstream
from s3sql.server.signatures.signing import Scope, SigningKey
from s3sql.server.signatures.sigv4 import Authenticated

ACCOUNT = "123456789012"
READER = Key(Credentials("READER", "r"), {"logs-*": "read", "shared": "readwrite", "drop": "write"})
OWNER = Key(Credentials("OWNER", "o"))
OBJECT = Address("logs-2026", "k")


def sender(key: Key) -> Authenticated:
    return Authenticated(
        key, "UNSIGNED-PAYLOAD", False, SigningKey(Scope("20130524", "us-east-1"), b""), "", ""
    )


def pass_(
    operation: str,
    address: Address = OBJECT,
    key: Key | None = READER,
    headers: dict[str, str] | None = None,
    **settings: Any,
) -> None:
    authorise(
        Settings(keys=(READER, OWNER), account=ACCOUNT, **settings),
        sender(key) if key is not None else None,
        operation,
        address,
        Headers(headers or {}),
    )


def refusal(*arguments: Any, **options: Any) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        pass_(*arguments, **options)
    return caught.value


def denied(*arguments: Any, **options: Any) -> str:
    error = refusal(*arguments, **options)
    assert (error.code, error.status) == ("AccessDenied", 403)
    return error.message


# ---- keys


@pytest.mark.parametrize(
    "operation", ["GetObject", "HeadObject", "ListObjectsV2", "SelectObjectContent", "ListParts"]
)
def test_who_may_read_reads(operation: str) -> None:
    pass_(operation)
    pass_(operation, Address("shared", "k"))
    assert "'READER' may not read the bucket 'drop'" in denied(operation, Address("drop", "k"))
    assert operation in denied(operation, Address("other", "k"))


@pytest.mark.parametrize(
    "operation",
    [
        *("PutObject", "DeleteObject", "DeleteObjects", "CreateBucket", "DeleteBucket", "PostObject"),
        *("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"),
        *("PutObjectTagging", "PutBucketPolicy", "WhateverComesNext"),
    ],
)
def test_who_may_read_does_not_write(operation: str) -> None:
    denied(operation)
    pass_(operation, Address("shared", "k"))
    pass_(operation, Address("drop", "k"))
    pass_(operation, key=OWNER)


@pytest.mark.parametrize("bucket", ["logs", "LOGS-2026", "xlogs-2026", "Shared", "shared2"])
def test_a_pattern_matches_the_whole_name_in_its_case(bucket: str) -> None:
    denied("GetObject", Address(bucket, "k"))


@pytest.mark.parametrize(
    "bucket", ["other/logs-1", "logs-1/x", "logs-1\n", "logs-ü", "l" * 256, " ", "logs-1\0"]
)
@pytest.mark.parametrize("key", [READER, OWNER])
def test_what_is_no_name_of_a_bucket_matches_no_pattern(bucket: str, key: Key) -> None:
    assert refusal("GetObject", Address(bucket, "k"), key).code == "InvalidBucketName"


def test_every_key_may_ask_for_the_buckets() -> None:
    pass_("ListBuckets", Address())


@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy"])
def test_a_copy_reads_its_source(operation: str) -> None:
    pass_(operation, Address("shared", "k"), headers={"x-amz-copy-source": "/logs-1/k"})
    pass_(operation, Address("drop", "k"), headers={"x-amz-copy-source": "shared/k"})
    source = {"x-amz-copy-source": "drop/k"}
    assert "may not read the bucket 'drop'" in denied(operation, Address("shared", "k"), headers=source)
    source = {"x-amz-copy-source": "%64rop%2Fk"}
    denied(operation, Address("shared", "k"), headers=source)
    denied(operation, headers={"x-amz-copy-source": "shared/k"})
    assert refusal(operation, Address("shared", "k")).code == "InvalidArgument"


# ---- anonymous


def test_nothing_is_allowed_to_strangers_by_default() -> None:
    for operation in ANONYMOUS["select"] | {"PutObject", "ListBuckets"}:
        denied(operation, key=None)


def test_strangers_read_if_they_may() -> None:
    for operation in (
        "GetObject",
        "HeadObject",
        "ListObjects",
        "ListObjectsV2",
        "HeadBucket",
        "GetBucketLocation",
    ):
        pass_(operation, key=None, anonymous="read")
        pass_(operation, key=None, anonymous="select")


def test_strangers_select_only_if_that_is_said() -> None:
    assert "SelectObjectContent" in denied("SelectObjectContent", key=None, anonymous="read")
    pass_("SelectObjectContent", key=None, anonymous="select")


@pytest.mark.parametrize(
    "operation",
    [
        "PutObject",
        "CopyObject",
        "DeleteObject",
        "RestoreObject",
        "ListBuckets",
        "GetObjectTagging",
        "ListParts",
    ],
)
def test_strangers_never_do_more(operation: str) -> None:
    denied(operation, key=None, anonymous="select")


def test_strangers_do_not_choose_headers() -> None:
    address = Address("b", "k", {"response-content-type": "text/html"})
    assert refusal("GetObject", address, None, anonymous="read").code == "InvalidRequest"
    pass_("GetObject", address, OWNER)


# ---- owners


@pytest.mark.parametrize("name", ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"])
def test_the_expected_owner(name: str) -> None:
    pass_("GetObject", headers={name: ACCOUNT})
    assert "999999999999" in denied("GetObject", headers={name: "999999999999"})
    for value in ("", "12345678901", "1234567890123", "12345678901x", "１23456789012", f"{ACCOUNT}\n"):
        headers = Headers(raw=[(name.encode(), value.encode())])
        with pytest.raises(S3SelectError) as caught:
            authorise(Settings(keys=(), account=ACCOUNT), sender(OWNER), "GetObject", OBJECT, headers)
        assert caught.value.code == "InvalidBucketOwnerAWSAccountID"


def test_the_owner_of_an_upstreams_bucket_is_the_upstreams_to_know() -> None:
    pass_("GetObject", headers={"x-amz-expected-bucket-owner": "x"}, upstream=Upstream("http://upstream"))


def test_permission_comes_before_the_owner() -> None:
    denied("PutObject", headers={"x-amz-expected-bucket-owner": "x"})


# ---- sources of copies


def source(value: bytes | str) -> CopySource:
    raw = value if isinstance(value, bytes) else value.encode()
    return copy_source(Headers(raw=[(b"x-amz-copy-source", raw)]))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("b/k", ("b", "k", None)),
        ("/b/k", ("b", "k", None)),
        ("b/a/b//c", ("b", "a/b//c", None)),
        ("b//k", ("b", "/k", None)),
        ("b%2Fa%2Fb", ("b", "a/b", None)),
        ("%2Fb%2Fk", ("b", "k", None)),
        ("b/a%2520b", ("b", "a%20b", None)),
        ("b/a+b%2Bc", ("b", "a b+c", None)),
        ("b/gr%C3%BCn", ("b", "grün", None)),
        ("b/grün", ("b", "grün", None)),
        ("b/../../etc/passwd", ("b", "../../etc/passwd", None)),
        ("b/k?versionId=null", ("b", "k", "null")),
        ("b/k%3FversionId=1", ("b", "k?versionId=1", None)),
        ("b/k?versionId=a%2Fb", ("b", "k", "a/b")),
        ("b/k?other=1", ("b", "k?other=1", None)),
    ],
)
def test_the_source_of_a_copy(value: str, found: tuple[str, str, str | None]) -> None:
    assert source(value) == found


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "InvalidArgument"),
        ("/", "InvalidArgument"),
        ("b", "InvalidArgument"),
        ("b/", "InvalidArgument"),
        ("//b/k", "InvalidArgument"),
        ("b/k?versionId=", "InvalidArgument"),
        ("b/%FF", "InvalidArgument"),
        (b"b/\xff", "InvalidArgument"),
        ("b\0/k", "InvalidBucketName"),
        ("b/" + "k" * 1025, "KeyTooLongError"),
        ("b/" + "%C3%BC" * 513, "KeyTooLongError"),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/a/object/k", "NotImplemented"),
        ("arn%3Aaws%3As3:::b/k", "NotImplemented"),
    ],
)
def test_a_source_that_is_none(value: bytes | str, code: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        source(value)
    assert caught.value.code == code
    assert len(caught.value.message) < 400


def test_a_source_that_is_missing() -> None:
    with pytest.raises(S3SelectError) as caught:
        copy_source(Headers({}))
    assert caught.value.code == "InvalidArgument"


@pytest.mark.parametrize("key", ["..", "../alpha/key", "a/./b", "a/.."])
def test_dots_lead_nobody_out_of_a_bucket_before_an_upstream(key: str) -> None:
    upstream = {"directory": None, "upstream": Upstream("http://127.0.0.1:9")}
    address = Address("logs-1", key)
    assert "segment of dots" in denied("GetObject", address, READER, **upstream)
    pass_("GetObject", address, OWNER, **upstream)
    pass_("GetObject", address, READER)
    pass_("GetObject", Address("logs-1", "a/..b/...c"), READER, **upstream)


def test_a_rename_stays_in_its_bucket() -> None:
    upstream = {"upstream": Upstream("http://127.0.0.1:9")}
    target = Address("shared", "new", {"renameObject": ""})
    pass_("RenameObject", target, READER, {"x-amz-rename-source": "/shared/old"}, **upstream)
    for source in ("secret/x", "%73ecret/x", "/shared/../secret/x"):
        denied("RenameObject", target, READER, {"x-amz-rename-source": source}, **upstream)
    denied("PutObject", Address("shared", "new"), READER, {"x-amz-rename-source": "/shared/old"}, **upstream)


def test_dots_lead_no_stranger_out_of_a_bucket_before_an_upstream() -> None:
    upstream = {"upstream": Upstream("http://127.0.0.1:9"), "anonymous": "read"}
    denied("GetObject", Address("logs-1", ".."), None, **upstream)
    pass_("GetObject", Address("logs-1", "a"), None, **upstream)


def test_credentials_are_more_than_reading() -> None:
    denied("CreateSession", Address("logs-1", None, {"session": ""}), READER)


@pytest.mark.parametrize("bucket", [".", ".."])
def test_dots_are_no_bucket(bucket: str) -> None:
    assert refusal("GetObject", Address(bucket, "key"), OWNER).code == "InvalidBucketName"
