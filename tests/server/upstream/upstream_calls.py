"""Calls of boto3 that do with a store, empty at first, whatever S3 has operations for.

In: what each call gave, sent into the generator.  Out: the next call.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Generator
from typing import Any, TypeAlias

#: A call of boto3: the method and its members.
Call: TypeAlias = tuple[str, dict[str, Any]]

KEYS = [
    "plain.csv",
    "a/b/c",
    "a b+c&d=e",
    "ü/日本/🎉",
    "~tilde'(paren)!*",
    "per%20cent%2F",
    "query?x=1#y",
    "dot/./and/../more",
    "trailing/",
    "double//slash",
    ";semi:colon@at,comma$",
]

CSV = b"id,name\n" + b"".join(b"%d,name %d\n" % (number, number) for number in range(5000))

RULE = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"}
        ],
    }
)
GRANTS = {
    "Grants": [{"Grantee": {"ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a",
                            "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}],
    "Owner": {"ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"},
}  # fmt: skip
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def buckets() -> Generator[Call, Any, None]:
    yield "list_buckets", {}
    yield "create_bucket", {"Bucket": "one"}
    yield "create_bucket", {"Bucket": "one"}
    yield "create_bucket", {"Bucket": "two", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    yield "create_bucket", {"Bucket": "No_Such_Name"}
    yield "list_buckets", {}
    yield "head_bucket", {"Bucket": "one"}
    yield "head_bucket", {"Bucket": "absent"}
    yield "get_bucket_location", {"Bucket": "two"}
    yield "get_bucket_location", {"Bucket": "absent"}


def objects() -> Generator[Call, Any, None]:
    for key in KEYS:
        yield "put_object", {"Bucket": "one", "Key": key, "Body": f"contents of {key}".encode()}
        yield "get_object", {"Bucket": "one", "Key": key}
        yield "head_object", {"Bucket": "one", "Key": key}
    yield "put_object", {"Bucket": "one", "Key": "empty", "Body": b""}
    yield "get_object", {"Bucket": "one", "Key": "empty"}
    yield "put_object", {"Bucket": "one", "Key": "large", "Body": b"0123456789" * 300_000}
    for given in ("bytes=0-9", "bytes=2999990-", "bytes=-5", "bytes=9999999-", "nonsense"):
        yield "get_object", {"Bucket": "one", "Key": "large", "Range": given}
    yield "get_object", {"Bucket": "one", "Key": "large"}
    yield "get_object", {"Bucket": "one", "Key": "large", "PartNumber": 1}
    described = {
        "ContentType": "text/csv",
        "ContentEncoding": "gzip",
        "ContentDisposition": 'attachment; filename="x.csv"',
        "ContentLanguage": "de",
        "CacheControl": "no-cache",
        "Metadata": {"colour": "blue", "Two-Words": "x  y"},
        "StorageClass": "STANDARD_IA",
        "Tagging": "a=1&b=two%20words",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    yield "put_object", {"Bucket": "one", "Key": "described", "Body": b"x", **described}
    yield "get_object", {"Bucket": "one", "Key": "described"}
    overrides = {"ResponseContentType": "text/x", "ResponseContentDisposition": "inline; filename=ü"}
    yield "get_object", {"Bucket": "one", "Key": "described", **overrides}
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        key = f"checked-{algorithm}"
        yield "put_object", {"Bucket": "one", "Key": key, "Body": CSV, "ChecksumAlgorithm": algorithm}
        yield "head_object", {"Bucket": "one", "Key": key, "ChecksumMode": "ENABLED"}
    parts = ["ETag", "ObjectSize", "StorageClass"]
    yield "get_object_attributes", {"Bucket": "one", "Key": "plain.csv", "ObjectAttributes": parts}
    yield "put_object", {"Bucket": "one", "Key": "mine", "Body": b"s", **CUSTOMER}
    yield "get_object", {"Bucket": "one", "Key": "mine", **CUSTOMER}
    yield "get_object", {"Bucket": "one", "Key": "absent"}
    yield "head_object", {"Bucket": "one", "Key": "absent"}
    yield "get_object", {"Bucket": "absent", "Key": "absent"}
    yield "put_object", {"Bucket": "absent", "Key": "k", "Body": b"x"}


def conditions() -> Generator[Call, Any, None]:
    etag = (yield "head_object", {"Bucket": "one", "Key": "plain.csv"})["ETag"]
    past, future = datetime.datetime(2001, 1, 1), datetime.datetime(2201, 1, 1)
    for given in (
        {"IfMatch": etag},
        {"IfMatch": '"other"'},
        {"IfNoneMatch": etag},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": past},
        {"IfModifiedSince": future},
        {"IfUnmodifiedSince": past},
        {"IfUnmodifiedSince": future},
    ):
        yield "get_object", {"Bucket": "one", "Key": "plain.csv", **given}
        yield "head_object", {"Bucket": "one", "Key": "plain.csv", **given}
    yield "put_object", {"Bucket": "one", "Key": "plain.csv", "Body": b"y", "IfNoneMatch": "*"}
    yield "put_object", {"Bucket": "one", "Key": "fresh", "Body": b"y", "IfNoneMatch": "*"}


def copies() -> Generator[Call, Any, None]:
    for key in KEYS[:7]:
        source = {"Bucket": "one", "Key": key}
        yield "copy_object", {"Bucket": "two", "Key": f"copy of {key}", "CopySource": source}
        yield "get_object", {"Bucket": "two", "Key": f"copy of {key}"}
    replaced = {"MetadataDirective": "REPLACE", "Metadata": {"new": "1"}, "ContentType": "text/plain"}
    yield "copy_object", {"Bucket": "one", "Key": "described", "CopySource": "one/described", **replaced}
    yield "head_object", {"Bucket": "one", "Key": "described"}
    yield "copy_object", {"Bucket": "two", "Key": "x", "CopySource": "one/absent"}
    yield "copy_object", {"Bucket": "one", "Key": "plain.csv", "CopySource": "one/plain.csv"}


def listings() -> Generator[Call, Any, None]:
    for method in ("list_objects_v2", "list_objects"):
        yield method, {"Bucket": "one"}
        yield method, {"Bucket": "one", "Delimiter": "/"}
        yield method, {"Bucket": "one", "Prefix": "a/", "Delimiter": "/"}
        yield method, {"Bucket": "one", "Prefix": "ü/", "EncodingType": "url"}
        yield method, {"Bucket": "one", "MaxKeys": 0}
        yield method, {"Bucket": "absent"}
    page = yield "list_objects_v2", {"Bucket": "one", "MaxKeys": 2, "FetchOwner": True}
    token = page["NextContinuationToken"]
    yield "list_objects_v2", {"Bucket": "one", "MaxKeys": 2, "ContinuationToken": token}
    yield "list_objects_v2", {"Bucket": "one", "StartAfter": "plain.csv"}
    yield "list_objects", {"Bucket": "one", "Marker": "a b+c&d=e", "MaxKeys": 3}


def uploads() -> Generator[Call, Any, None]:
    upload = {"Bucket": "one", "Key": "in parts/ü"}
    begun = yield "create_multipart_upload", {**upload, "ContentType": "text/csv", "Metadata": {"m": "1"}}
    upload["UploadId"] = begun["UploadId"]
    part = b"p" * (5 << 20)
    first = yield "upload_part", {**upload, "PartNumber": 1, "Body": part}
    copied = {"CopySource": "one/large", "CopySourceRange": "bytes=0-1999999", "PartNumber": 2}
    second = yield "upload_part_copy", {**upload, **copied}
    yield "list_parts", upload
    yield "list_parts", {**upload, "MaxParts": 1}
    yield "list_multipart_uploads", {"Bucket": "one"}
    wrong = [{"PartNumber": 1, "ETag": '"none"'}]
    yield "complete_multipart_upload", {**upload, "MultipartUpload": {"Parts": wrong}}
    parts = [
        {"PartNumber": 1, "ETag": first["ETag"]},
        {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]},
    ]
    yield "complete_multipart_upload", {**upload, "MultipartUpload": {"Parts": parts}}
    yield "head_object", {"Bucket": "one", "Key": "in parts/ü"}
    yield "get_object", {"Bucket": "one", "Key": "in parts/ü", "Range": "bytes=5242870-5242889"}
    again = yield "create_multipart_upload", {"Bucket": "one", "Key": "given up"}
    yield "abort_multipart_upload", {"Bucket": "one", "Key": "given up", "UploadId": again["UploadId"]}
    yield "list_parts", {**upload, "Key": "given up", "UploadId": again["UploadId"]}


def settings_of_objects() -> Generator[Call, Any, None]:
    tags = {"TagSet": [{"Key": "k", "Value": "v & w"}, {"Key": "ü", "Value": ""}]}
    for key in ("plain.csv", "ü/日本/🎉"):
        one = {"Bucket": "one", "Key": key}
        yield "put_object_tagging", {**one, "Tagging": tags}
        yield "get_object_tagging", one
        yield "delete_object_tagging", one
        yield "get_object_tagging", one
    yield "put_object_acl", {"Bucket": "one", "Key": "plain.csv", "ACL": "public-read"}
    yield "put_object_acl", {"Bucket": "one", "Key": "plain.csv", "AccessControlPolicy": GRANTS}
    yield "get_object_acl", {"Bucket": "one", "Key": "plain.csv"}


def settings_of_buckets() -> Generator[Call, Any, None]:
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"], "MaxAgeSeconds": 3}]
    yield "get_bucket_cors", {"Bucket": "one"}
    yield "put_bucket_cors", {"Bucket": "one", "CORSConfiguration": {"CORSRules": rules}}
    yield "get_bucket_cors", {"Bucket": "one"}
    yield "delete_bucket_cors", {"Bucket": "one"}
    yield "put_bucket_policy", {"Bucket": "one", "Policy": POLICY}
    yield "get_bucket_policy", {"Bucket": "one"}
    yield "delete_bucket_policy", {"Bucket": "one"}
    yield "get_bucket_policy", {"Bucket": "one"}
    yield "put_bucket_lifecycle_configuration", {"Bucket": "one", "LifecycleConfiguration": {"Rules": [RULE]}}
    yield "get_bucket_lifecycle_configuration", {"Bucket": "one"}
    yield "delete_bucket_lifecycle", {"Bucket": "one"}
    yield "put_bucket_tagging", {"Bucket": "one", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
    yield "get_bucket_tagging", {"Bucket": "one"}
    yield "get_bucket_acl", {"Bucket": "one"}
    yield "put_bucket_acl", {"Bucket": "one", "ACL": "private"}
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    yield "put_bucket_encryption", {"Bucket": "one", "ServerSideEncryptionConfiguration": encryption}
    yield "get_bucket_encryption", {"Bucket": "one"}
    blocked = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
    yield "put_public_access_block", {"Bucket": "one", "PublicAccessBlockConfiguration": blocked}
    yield "get_public_access_block", {"Bucket": "one"}
    yield "get_bucket_website", {"Bucket": "one"}
    yield "get_bucket_notification_configuration", {"Bucket": "one"}
    yield "get_bucket_request_payment", {"Bucket": "one"}


def versions() -> Generator[Call, Any, None]:
    yield "get_bucket_versioning", {"Bucket": "two"}
    yield "put_bucket_versioning", {"Bucket": "two", "VersioningConfiguration": {"Status": "Enabled"}}
    yield "get_bucket_versioning", {"Bucket": "two"}
    one = {"Bucket": "two", "Key": "v"}
    first = yield "put_object", {**one, "Body": b"first"}
    yield "put_object", {**one, "Body": b"second"}
    yield "get_object", one
    yield "get_object", {**one, "VersionId": first["VersionId"]}
    yield (
        "copy_object",
        {
            "Bucket": "two",
            "Key": "w",
            "CopySource": {**one, "VersionId": first["VersionId"]},
        },
    )
    yield "delete_object", one
    yield "get_object", one
    yield "list_object_versions", {"Bucket": "two", "Prefix": "v"}
    yield "delete_object", {**one, "VersionId": first["VersionId"]}
    yield "list_object_versions", {"Bucket": "two", "Prefix": "v"}


def deletions() -> Generator[Call, Any, None]:
    yield "delete_object", {"Bucket": "one", "Key": KEYS[0]}
    yield "delete_object", {"Bucket": "one", "Key": "absent"}
    named = [{"Key": key} for key in [*KEYS[1:], "absent"]]
    yield "delete_objects", {"Bucket": "one", "Delete": {"Objects": named}}
    yield "delete_bucket", {"Bucket": "one"}
    yield "delete_bucket", {"Bucket": "absent"}
    yield "list_objects_v2", {"Bucket": "one"}


STORY = [
    buckets,
    objects,
    conditions,
    copies,
    listings,
    uploads,
    settings_of_objects,
    settings_of_buckets,
    versions,
    deletions,
]
