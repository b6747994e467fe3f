from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from s3sql.server.settings import Limits
from tests.server.objects.errors import refused
from tests.server.objects.raw import Caller
from tests.server.serving import client_of, serving, settings_for

PART = 5 << 20
KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(range(32))}


def begun(s3: Any, bucket: str, key: str = "k", **said: Any) -> dict[str, str]:
    """An upload, as the calls about it name it."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, **said)
    assert (upload["Bucket"], upload["Key"]) == (bucket, key)
    return {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}


def uploaded(s3: Any, upload: dict[str, str], *bodies: bytes, **said: Any) -> list[dict[str, Any]]:
    """Parts with these bodies, as completing the upload names them."""
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(**upload, PartNumber=number, Body=body, **said)
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})
    return parts


def completed(s3: Any, upload: dict[str, str], parts: list[dict[str, Any]], **said: Any) -> Any:
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **said)


def test_an_upload_from_its_beginning_to_its_end(s3: Any, url: str, bucket: str) -> None:
    bodies = (b"a" * PART, b"b" * (PART + 1), b"c")
    upload = begun(s3, bucket, "a b/é", ContentType="text/csv", Metadata={"a": "1"}, Tagging="t=1")
    parts = uploaded(s3, upload, *bodies)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    done = completed(s3, upload, parts)
    digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    assert done["ETag"] == f'"{digest}-3"'
    assert done["Location"] == f"{url}/{bucket}/a%20b/%C3%A9"
    got = s3.get_object(Bucket=bucket, Key="a b/é")
    assert got["Body"].read() == b"".join(bodies)
    assert (got["ETag"], got["ContentType"], got["Metadata"]) == (done["ETag"], "text/csv", {"a": "1"})
    assert got["TagCount"] == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    # A client whose answer was lost asks once more.
    assert completed(s3, upload, parts)["ETag"] == done["ETag"]


def test_the_transfer_of_boto3(s3: Any, bucket: str, tmp_path: Path) -> None:
    body = bytes(range(256)) * (1 << 16)
    (tmp_path / "up").write_bytes(body)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
    s3.upload_file(str(tmp_path / "up"), bucket, "k", Config=config)
    s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy", Config=config)
    s3.download_file(bucket, "copy", str(tmp_path / "down"), Config=config)
    assert (tmp_path / "down").read_bytes() == body
    assert s3.head_object(Bucket=bucket, Key="copy")["ETag"].endswith('-4"')


def test_a_part_is_replaced_by_the_next_of_its_number(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket)
    first = uploaded(s3, upload, b"old")
    second = uploaded(s3, upload, b"new")
    with refused("InvalidPart"):
        completed(s3, upload, first)
    completed(s3, upload, second)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


# Checksums


@pytest.mark.parametrize(
    ("algorithm", "type_"),
    [("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("CRC32C", "FULL_OBJECT"),
     ("CRC64NVME", "FULL_OBJECT"), ("SHA1", "COMPOSITE"), ("SHA256", "COMPOSITE")],
)  # fmt: skip
def test_checksums(caller: Caller, s3: Any, bucket: str, algorithm: str, type_: str) -> None:
    upload = begun(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType=type_)
    # The parts bring none: they are computed here.
    target = f"/{bucket}/k?uploadId={upload['UploadId']}"
    parts = []
    for number, body in ((1, b"a" * PART), (2, b"b")):
        answer = caller("PUT", f"{target}&partNumber={number}", {}, body)
        checksum = answer.headers[f"x-amz-checksum-{algorithm.lower()}"]
        parts.append({"PartNumber": number, "ETag": answer.headers["etag"], f"Checksum{algorithm}": checksum})
    done = completed(s3, upload, parts)
    assert done["ChecksumType"] == type_
    assert done[f"Checksum{algorithm}"].endswith("-2") is (type_ == "COMPOSITE")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == done[f"Checksum{algorithm}"]
    if (algorithm, type_) == ("CRC32", "FULL_OBJECT"):
        expected = zlib.crc32(b"a" * PART + b"b").to_bytes(4, "big")
        assert done["ChecksumCRC32"] == base64.b64encode(expected).decode()


def test_the_checksum_of_the_object_is_checked(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = uploaded(s3, upload, b"body", ChecksumAlgorithm="CRC32")
    with refused("BadDigest"):
        completed(s3, upload, parts, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT")
    with refused("InvalidRequest", 400, "created using the FULL_OBJECT checksum mode"):
        completed(s3, upload, parts, ChecksumType="COMPOSITE")
    right = base64.b64encode(zlib.crc32(b"body").to_bytes(4, "big")).decode()
    assert completed(s3, upload, parts, ChecksumCRC32=right)["ChecksumCRC32"] == right


def test_the_checksum_of_a_part_is_of_the_announced_algorithm(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket, ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest"):
        s3.upload_part(**upload, PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32")
    parts = uploaded(s3, upload, b"x", ChecksumAlgorithm="SHA256")
    parts[0]["ChecksumSHA256"] = base64.b64encode(bytes(32)).decode()
    with refused("InvalidPart"):
        completed(s3, upload, parts)


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({"x-amz-checksum-algorithm": "MD5"}, "any of the valid types: [CRC32"),
        ({"x-amz-checksum-type": "COMPOSITE"}, "needs a checksum algorithm"),
        (
            {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "FULL_OBJECT"},
            "FULL_OBJECT cannot be used with SHA256",
        ),
        (
            {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"},
            "COMPOSITE cannot be used with CRC64NVME",
        ),
        (
            {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "x"},
            "must be COMPOSITE or FULL_OBJECT",
        ),
    ],
)
def test_checksums_that_do_not_exist(caller: Caller, bucket: str, headers: dict[str, str], part: str) -> None:
    answer = caller("POST", f"/{bucket}/k?uploads", headers)
    assert (answer.status, answer.code, part in answer.message) == (400, "InvalidRequest", True), answer.body


# Encryption


def test_an_upload_under_the_customers_key(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket, **KEY)
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(32)}
    with refused("InvalidRequest", 400, "must be sent with every part"):
        uploaded(s3, upload, b"x")
    with refused("InvalidRequest", 400, "was begun with another customer's key"):
        uploaded(s3, upload, b"x", **other)
    parts = uploaded(s3, upload, b"a" * PART, b"b", **KEY)
    assert (
        completed(s3, upload, parts)["ResponseMetadata"]["HTTPHeaders"][
            "x-amz-server-side-encryption-customer-algorithm"
        ]
        == "AES256"
    )
    got = s3.get_object(Bucket=bucket, Key="k", **KEY, Range=f"bytes={PART - 1}-")
    assert got["Body"].read() == b"ab"
    plain = begun(s3, bucket, "plain")
    with refused("InvalidRequest", 400, "was begun without a customer's key"):
        uploaded(s3, plain, b"x", **KEY)


# Parts that are copied


def test_parts_copied_from_objects(s3: Any, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "source é"}
    s3.put_object(**source, Body=b"a" * PART + b"bcd")
    upload = begun(s3, bucket, ChecksumAlgorithm="CRC32")
    parts = []
    for number, span in ((1, f"bytes=0-{PART - 1}"), (2, f"bytes={PART + 1}-{PART + 2}")):
        copy = s3.upload_part_copy(**upload, PartNumber=number, CopySource=source, CopySourceRange=span)
        result = copy["CopyPartResult"]
        assert result["LastModified"]
        parts.append({"PartNumber": number, "ETag": result["ETag"], "ChecksumCRC32": result["ChecksumCRC32"]})
    completed(s3, upload, parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"a" * PART + b"cd"


def test_parts_copied_from_and_to_encrypted_objects(s3: Any, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "source"}
    s3.put_object(**source, Body=b"secret", **KEY)
    other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(32)}
    upload = begun(s3, bucket, **other)
    keys = {f"CopySource{name}": value for name, value in KEY.items()}
    copy = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source, **keys, **other)
    completed(s3, upload, [{"PartNumber": 1, "ETag": copy["CopyPartResult"]["ETag"]}])
    assert s3.get_object(Bucket=bucket, Key="k", **other)["Body"].read() == b"secret"


def test_parts_that_cannot_be_copied(s3: Any, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "source"}
    etag = s3.put_object(**source, Body=b"12345")["ETag"]
    upload = begun(s3, bucket)

    def copy(**said: Any) -> Any:
        return s3.upload_part_copy(**{"PartNumber": 1, "CopySource": source, **upload, **said})

    with refused("InvalidArgument", 400, "not valid for source object of size 5"):
        copy(CopySourceRange="bytes=0-5")
    with refused("InvalidArgument", 400, "of the form bytes=first-last"):
        copy(CopySourceRange="bytes=2-")
    with refused("PreconditionFailed", 412):
        copy(CopySourceIfNoneMatch=etag)
    with refused("NoSuchKey", 404):
        copy(CopySource={"Bucket": bucket, "Key": "none"})
    with refused("NoSuchUpload", 404):
        copy(UploadId="none")
    with refused("InvalidArgument", 400, "between 1 and 10000"):
        copy(PartNumber=10_001)
    assert "Parts" not in s3.list_parts(**upload)


def test_the_largest_part(tmp_path: Path) -> None:
    (tmp_path / "aaa").mkdir()
    (tmp_path / "aaa" / "k").write_bytes(b"x" * 1001)
    with serving(settings_for(tmp_path, limits=Limits(object_bytes=1000))) as url:
        s3 = client_of(url)
        upload = begun(s3, "aaa", "c")
        with refused("InvalidRequest", 400, "1,001 bytes; the most is 1,000"):
            s3.upload_part_copy(**upload, PartNumber=1, CopySource="aaa/k")
        with refused("EntityTooLarge"):
            s3.upload_part(**upload, PartNumber=1, Body=b"x" * 1001)
        s3.upload_part_copy(**upload, PartNumber=1, CopySource="aaa/k", CopySourceRange="bytes=1-1000")


# Listings


def test_parts_are_listed(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket, "a+b", StorageClass="ONEZONE_IA", ChecksumAlgorithm="SHA1")
    for number in (7, 2, 30):
        s3.upload_part(**upload, PartNumber=number, Body=b"x" * number, ChecksumAlgorithm="SHA1")
    found = s3.list_parts(**upload)
    assert [(part["PartNumber"], part["Size"]) for part in found["Parts"]] == [(2, 2), (7, 7), (30, 30)]
    assert all(len(part["ChecksumSHA1"]) == 28 for part in found["Parts"])
    assert (found["Key"], found["StorageClass"], found["IsTruncated"]) == ("a+b", "ONEZONE_IA", False)
    assert (found["ChecksumAlgorithm"], found["ChecksumType"]) == ("SHA1", "COMPOSITE")
    assert found["Owner"]["ID"] == found["Initiator"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    page = s3.list_parts(**upload, MaxParts=1, PartNumberMarker=2)
    assert [part["PartNumber"] for part in page["Parts"]] == [7]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["PartNumberMarker"]) == (True, 7, 2)
    pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 2})
    assert [part["PartNumber"] for page in pages for part in page["Parts"]] == [2, 7, 30]


def test_uploads_are_listed(s3: Any, caller: Caller, bucket: str) -> None:
    keys = ["a", "a", "b/c", "b/d", "e f"]
    ids = {(key, begun(s3, bucket, key)["UploadId"]) for key in keys}

    def listed(**asked: Any) -> tuple[list[str], list[str]]:
        found = s3.list_multipart_uploads(Bucket=bucket, **asked)
        prefixes = [entry["Prefix"] for entry in found.get("CommonPrefixes", [])]
        return [upload["Key"] for upload in found.get("Uploads", [])], prefixes

    assert listed() == (keys, [])
    assert listed(Prefix="b/") == (["b/c", "b/d"], [])
    assert listed(Delimiter="/") == (["a", "a", "e f"], ["b/"])
    assert listed(KeyMarker="b/c") == (["b/d", "e f"], [])
    pages = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 1}
    )
    found = [upload for page in pages for upload in page.get("Uploads", [])]
    assert [upload["Key"] for upload in found] == keys
    assert {(upload["Key"], upload["UploadId"]) for upload in found} == ids
    assert all(upload["Initiated"] and upload["StorageClass"] == "STANDARD" for upload in found)
    encoded = caller("GET", f"/{bucket}?uploads&encoding-type=url&key-marker=b/d")
    assert b"<Key>e%20f</Key>" in encoded.body
    for wrong in ("max-uploads=0", "max-uploads=x", "encoding-type=x"):
        assert caller("GET", f"/{bucket}?uploads&{wrong}").code == "InvalidArgument"


# Refusals


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        ("", "InvalidRequest", "at least one part"),
        ("<CompleteMultipartUpload/>", "MalformedXML", "names no Part"),
        ("<CompleteMultipartUpload><Part/></CompleteMultipartUpload>", "MalformedXML", "needs a PartNumber"),
        ("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
         "MalformedXML", "and an ETag"),
        ("<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>",
         "MalformedXML", "64-bit integer"),
        ("<CompleteMultipartUpload><Part><PartNumber>0</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>",
         "InvalidArgument", "between 1 and 10000"),
        ("<CompleteMultipartUpload>" + "<Part/>" * 10_001 + "</CompleteMultipartUpload>", "MalformedXML",
         "10,001 parts"),
        ("<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>",
         "InvalidPart", ""),
        ("<Complete/>", "MalformedXML", "The root element is 'Complete'"),
    ],
)  # fmt: skip
def test_a_wrong_completion_leaves_the_upload(
    s3: Any, caller: Caller, bucket: str, body: str, code: str, part: str
) -> None:
    upload = begun(s3, bucket)
    parts = uploaded(s3, upload, b"x")
    answer = caller("POST", f"/{bucket}/k?uploadId={upload['UploadId']}", {}, body.encode())
    assert (answer.status, answer.code, part in answer.message) == (400, code, True), answer.body
    completed(s3, upload, parts)


def test_a_completion_that_is_too_long_is_refused_before_it_comes(
    s3: Any, caller: Caller, bucket: str
) -> None:
    target = f"/{bucket}/k?uploadId={begun(s3, bucket)['UploadId']}"
    answer = caller("POST", target, {"Content-Length": str((4 << 20) + 1)})
    assert (answer.status, answer.code) == (400, "MaxMessageLengthExceeded")


def test_what_completing_checks(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket)
    parts = uploaded(s3, upload, b"small", b"last")
    with refused("InvalidPartOrder"):
        completed(s3, upload, parts[::-1])
    with refused("EntityTooSmall"):
        completed(s3, upload, parts)
    with refused("InvalidPart"):
        completed(s3, upload, [{"PartNumber": 1, "ETag": '"0"'}])
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"there")
        completed(s3, upload, parts[:1], IfNoneMatch="*")
    with refused("InvalidRequest"):
        completed(s3, upload, parts[:1], MpuObjectSize=4)
    completed(s3, upload, parts[:1], MpuObjectSize=5)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"small"


@pytest.mark.parametrize("size", ["", "-1", "x", "9" * 16])
def test_a_size_that_is_none(s3: Any, caller: Caller, bucket: str, size: str) -> None:
    upload = begun(s3, bucket)
    answer = caller(
        "POST", f"/{bucket}/k?uploadId={upload['UploadId']}", {"x-amz-mp-object-size": size}, b"<a/>"
    )
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_an_upload_that_is_given_up(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket)
    parts = uploaded(s3, upload, b"x")
    assert s3.abort_multipart_upload(**upload)["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (s3.abort_multipart_upload, s3.list_parts):
        with refused("NoSuchUpload", 404):
            call(**upload)
    with refused("NoSuchUpload", 404):
        uploaded(s3, upload, b"x")
    with refused("NoSuchUpload", 404):
        completed(s3, upload, parts)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_upload_belongs_to_its_key(s3: Any, bucket: str) -> None:
    upload = begun(s3, bucket)
    with refused("NoSuchUpload", 404):
        uploaded(s3, {**upload, "Key": "other"}, b"x")
    for wrong in ("../x", "%00", "a/b", "x" * 2000):
        with refused("NoSuchUpload", 404):
            uploaded(s3, {**upload, "UploadId": wrong}, b"x")


@pytest.mark.parametrize(
    "target", ["partNumber=1", "uploadId=a", "partNumber=&uploadId=a", "partNumber=1&uploadId="]
)
def test_a_part_has_a_number_and_an_upload(caller: Caller, bucket: str, target: str) -> None:
    answer = caller("PUT", f"/{bucket}/k?{target}", {}, b"x")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_where_no_upload_can_begin(s3: Any, caller: Caller, bucket: str) -> None:
    with refused("NoSuchBucket", 404):
        begun(s3, "not-there")
    with refused("InvalidStorageClass"):
        begun(s3, bucket, StorageClass="COLD")
    answer = caller("POST", f"/{bucket}/k?uploads", {"x-amz-server-side-encryption": "aws:kms"})
    assert (answer.status, answer.code) == (501, "NotImplemented")
    with refused("NoSuchBucket", 404):
        s3.list_multipart_uploads(Bucket="not-there")
