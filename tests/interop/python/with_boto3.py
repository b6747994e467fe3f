"""boto3, and with it botocore's event stream."""

from __future__ import annotations

import hashlib
import urllib.request
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from tests.interop.python.program import given, take

GIVEN = given()
BUCKET, PLAIN, LARGE = GIVEN.bucket, GIVEN.plain, GIVEN.large


def connected(secret_key: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=GIVEN.endpoint,
        region_name=GIVEN.region,
        aws_access_key_id=GIVEN.access_key,
        aws_secret_access_key=secret_key,
        config=Config(signature_version="s3v4", retries={"total_max_attempts": 1}),
    )


S3 = connected(GIVEN.secret_key)


def create_bucket() -> dict[str, Any]:
    S3.create_bucket(Bucket=BUCKET)
    S3.head_bucket(Bucket=BUCKET)
    return {"buckets": sum(bucket["Name"] == BUCKET for bucket in S3.list_buckets()["Buckets"])}


def put() -> dict[str, Any]:
    for key, path in GIVEN.small_objects.items():
        with path.open("rb") as contents:
            S3.put_object(Bucket=BUCKET, Key=key, Body=contents)
    answer = S3.put_object(
        Bucket=BUCKET,
        Key=PLAIN,
        Body=(GIVEN.folder / PLAIN).read_bytes(),
        ContentType=GIVEN.content_type,
        Metadata=GIVEN.metadata,
    )
    return {"etag": answer["ETag"].strip('"')}


def list_level() -> dict[str, Any]:
    answer = S3.list_objects_v2(Bucket=BUCKET, Prefix="list/", Delimiter="/")
    return {
        "keys": [entry["Key"] for entry in answer["Contents"]],
        "prefixes": [entry["Prefix"] for entry in answer["CommonPrefixes"]],
    }


def list_pages() -> dict[str, Any]:
    pages = S3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 2}
    )
    return {"keys": [entry["Key"] for page in pages for entry in page["Contents"]]}


def head() -> dict[str, Any]:
    answer = S3.head_object(Bucket=BUCKET, Key=PLAIN)
    return {
        "size": answer["ContentLength"],
        "etag": answer["ETag"].strip('"'),
        "content_type": answer["ContentType"],
        "metadata": answer["Metadata"],
    }


def get() -> dict[str, Any]:
    return {"text": S3.get_object(Bucket=BUCKET, Key=PLAIN)["Body"].read().decode()}


def get_range() -> dict[str, Any]:
    first, last = GIVEN.range
    answer = S3.get_object(Bucket=BUCKET, Key=PLAIN, Range=f"bytes={first}-{last}")
    return {"text": answer["Body"].read().decode(), "size": int(answer["ContentRange"].partition("/")[2])}


def get_missing() -> dict[str, Any]:
    return {"code": refusal(partial(S3.get_object, Bucket=BUCKET, Key="no such key"))}


def copy() -> dict[str, Any]:
    S3.copy_object(Bucket=BUCKET, Key="copied ü+.csv", CopySource={"Bucket": BUCKET, "Key": PLAIN})
    answer = S3.get_object(Bucket=BUCKET, Key="copied ü+.csv")
    return {"text": answer["Body"].read().decode(), "metadata": answer["Metadata"]}


def multipart() -> dict[str, Any]:
    target = {"Bucket": BUCKET, "Key": LARGE}
    upload = S3.create_multipart_upload(**target)["UploadId"]
    parts = []
    with (GIVEN.folder / LARGE).open("rb") as contents:
        while part := contents.read(GIVEN.part_bytes):
            number = len(parts) + 1
            answer = S3.upload_part(**target, UploadId=upload, PartNumber=number, Body=part)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    done = S3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})
    return {"etag": done["ETag"].strip('"'), "size": S3.head_object(**target)["ContentLength"]}


def get_large() -> dict[str, Any]:
    return {"sha256": digest(S3.get_object(Bucket=BUCKET, Key=LARGE))}


def get_part() -> dict[str, Any]:
    answer = S3.get_object(Bucket=BUCKET, Key=LARGE, PartNumber=3)
    return {"sha256": digest(answer), "parts": answer["PartsCount"]}


def presigned_get() -> dict[str, Any]:
    url = S3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": PLAIN}, ExpiresIn=60)
    with urllib.request.urlopen(url) as answer:
        return {"status": answer.status, "text": answer.read().decode()}


def wrong_secret() -> dict[str, Any]:
    return {"code": refusal(partial(connected("not the secret").get_object, Bucket=BUCKET, Key=PLAIN))}


def select(members: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"records": "", "code": None, "stats": None, "progress": False, "ended": False}
    records: list[bytes] = []
    try:
        answer = S3.select_object_content(Bucket=BUCKET, ExpressionType="SQL", **members)
        for event in answer["Payload"]:
            if "Records" in event:
                # Whole characters in every event: what people's programs count on.
                event["Records"]["Payload"].decode()
                records.append(event["Records"]["Payload"])
            elif "Stats" in event:
                details = event["Stats"]["Details"]
                counters = ("BytesScanned", "BytesProcessed", "BytesReturned")
                told["stats"] = [details[counter] for counter in counters]
            elif "Progress" in event:
                told["progress"] = True
            elif "End" in event:
                told["ended"] = True
    except (ClientError, EventStreamError) as error:
        told["code"] = error.response["Error"]["Code"]
    return told | {"records": b"".join(records).decode()}


def delete() -> dict[str, Any]:
    S3.delete_object(Bucket=BUCKET, Key="list/z.txt")
    left = [entry["Key"] for entry in S3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert "list/z.txt" not in left
    S3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in left]})
    return {"keys": [entry["Key"] for entry in S3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]}


def delete_bucket() -> dict[str, Any]:
    S3.delete_bucket(Bucket=BUCKET)
    return {"code": refusal(partial(S3.list_objects_v2, Bucket=BUCKET))}


def refusal(call: partial[Any]) -> str | None:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def digest(answer: Any) -> str:
    return hashlib.sha256(answer["Body"].read()).hexdigest()


STEPS = {
    "create_bucket": create_bucket,
    "put": put,
    "list": list_level,
    "list_pages": list_pages,
    "head": head,
    "get": get,
    "get_range": get_range,
    "get_missing": get_missing,
    "copy": copy,
    "multipart": multipart,
    "get_large": get_large,
    "get_part": get_part,
    "presigned_get": presigned_get,
    "wrong_secret": wrong_secret,
    **{name: partial(select, members) for name, members in GIVEN.selects.items()},
    "delete": delete,
    "delete_bucket": delete_bucket,
}

take("boto3", boto3.__version__, GIVEN.steps, STEPS)
