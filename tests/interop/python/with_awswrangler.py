"""awswrangler: ``select_query``, and what it has of the rest; its answers are data frames."""

from __future__ import annotations

import hashlib
import os
import warnings
from functools import partial
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
from botocore.exceptions import ClientError

from tests.interop.python.program import given, take

GIVEN = given()
BUCKET, PLAIN, LARGE = GIVEN.bucket, GIVEN.plain, GIVEN.large
wr.config.s3_endpoint_url = GIVEN.endpoint
os.environ["AWS_MAX_ATTEMPTS"] = "1"
# It says that Amazon has closed S3 Select to new customers.
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=FutureWarning)


def session(secret_key: str) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=GIVEN.access_key, aws_secret_access_key=secret_key, region_name=GIVEN.region
    )


SESSION = session(GIVEN.secret_key)


def create_bucket() -> dict[str, Any]:
    # awswrangler itself makes none.
    SESSION.client("s3", endpoint_url=GIVEN.endpoint).create_bucket(Bucket=BUCKET)
    return {"buckets": wr.s3.list_buckets(boto3_session=SESSION).count(BUCKET)}


def put() -> dict[str, Any]:
    for key, path in GIVEN.small_objects.items():
        wr.s3.upload(str(path), uri(key), boto3_session=SESSION)
    extra = {"ContentType": GIVEN.content_type, "Metadata": GIVEN.metadata}
    file = str(GIVEN.folder / PLAIN)
    wr.s3.upload(file, uri(PLAIN), s3_additional_kwargs=extra, boto3_session=SESSION)
    return {}


def list_level() -> dict[str, Any]:
    found = names(wr.s3.list_directories(uri("list/"), boto3_session=SESSION))
    return {"prefixes": found}


def list_pages() -> dict[str, Any]:
    return {"keys": names(wr.s3.list_objects(uri("list/"), boto3_session=SESSION))}


def head() -> dict[str, Any]:
    answer = wr.s3.describe_objects(uri(PLAIN), boto3_session=SESSION)[uri(PLAIN)]
    return {
        "size": answer["ContentLength"],
        "etag": answer["ETag"].strip('"'),
        "content_type": answer["ContentType"],
        "metadata": answer["Metadata"],
    }


def get() -> dict[str, Any]:
    file = GIVEN.scratch / "whole"
    wr.s3.download(uri(PLAIN), str(file), boto3_session=SESSION)
    return {"text": file.read_text(encoding="utf-8")}


def copy() -> dict[str, Any]:
    wr.s3.copy_objects(
        [uri(PLAIN)],
        source_path=uri(""),
        target_path=uri("copied/"),
        replace_filenames={PLAIN: "ü+.csv"},
        boto3_session=SESSION,
    )
    target, file = uri("copied/ü+.csv"), GIVEN.scratch / "copied"
    wr.s3.download(target, str(file), boto3_session=SESSION)
    described = wr.s3.describe_objects(target, boto3_session=SESSION)[target]
    return {"text": file.read_text(encoding="utf-8"), "metadata": described["Metadata"]}


def multipart() -> dict[str, Any]:
    # Its own choice of parts.
    wr.s3.upload(str(GIVEN.folder / LARGE), uri(LARGE), boto3_session=SESSION)
    return {"size": wr.s3.size_objects(uri(LARGE), boto3_session=SESSION)[uri(LARGE)]}


def get_large() -> dict[str, Any]:
    file = GIVEN.scratch / "large"
    wr.s3.download(uri(LARGE), str(file), boto3_session=SESSION)
    return {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def wrong_secret() -> dict[str, Any]:
    try:
        wr.s3.list_objects(uri("list/"), boto3_session=session("not the secret"))
    except ClientError as error:
        return {"code": error.response["Error"]["Code"]}
    return {"code": None}


def select(members: dict[str, Any], **options: Any) -> dict[str, Any]:
    inputs = dict(members["InputSerialization"])
    compression = inputs.pop("CompressionType")
    [(kind, parameters)] = inputs.items()
    try:
        frame = wr.s3.select_query(
            members["Expression"],
            [uri(members["Key"])],
            kind,
            parameters,
            compression=None if compression == "NONE" else compression.lower(),
            boto3_session=SESSION,
            **options,
        )
    except ClientError as error:
        return {"code": error.response["Error"]["Code"]}
    return {"records": written(frame, members["OutputSerialization"]), "code": None}


def written(frame: pd.DataFrame, output: dict[str, Any]) -> str:
    """The rows of the frame in the serialization that the other clients ask for."""
    if "JSON" in output:
        return frame.to_json(orient="records", lines=True, force_ascii=False) if len(frame) else ""
    csv = output["CSV"]
    return str(
        frame.to_csv(
            index=False,
            header=False,
            sep=csv.get("FieldDelimiter", ","),
            lineterminator=csv.get("RecordDelimiter", "\n"),
        )
    )


def select_in_ranges() -> dict[str, Any]:
    """Every row once, whatever the ranges: of a few bytes, so that most rows reach beyond theirs."""
    members = GIVEN.selects["select_scan_range"]
    return {
        size: select(members, scan_range_chunk_size=int(size))["records"] for size in ("11", "64", "1000")
    }


def delete() -> dict[str, Any]:
    wr.s3.delete_objects(uri("list/z.txt"), boto3_session=SESSION)
    left = wr.s3.list_objects(uri(""), boto3_session=SESSION)
    assert uri("list/z.txt") not in left
    wr.s3.delete_objects(left, boto3_session=SESSION)
    return {"keys": wr.s3.list_objects(uri(""), boto3_session=SESSION)}


def uri(key: str) -> str:
    return f"s3://{BUCKET}/{key}"


def names(uris: list[str]) -> list[str]:
    return [found.removeprefix(uri("")) for found in uris]


STEPS = {
    "create_bucket": create_bucket,
    "put": put,
    "list": list_level,
    "list_pages": list_pages,
    "head": head,
    "get": get,
    "copy": copy,
    "multipart": multipart,
    "get_large": get_large,
    "wrong_secret": wrong_secret,
    **{name: partial(select, members) for name, members in GIVEN.selects.items()},
    "select_in_ranges": select_in_ranges,
    "delete": delete,
}

take("awswrangler", wr.__version__, GIVEN.steps, STEPS)
