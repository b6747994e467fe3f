"""minio-py."""

from __future__ import annotations

import hashlib
import urllib.request
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import minio
from minio import Minio, S3Error
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import MinioException
from minio.select import (
    CSVInputSerialization,
    CSVOutputSerialization,
    InputSerialization,
    JSONInputSerialization,
    JSONOutputSerialization,
    OutputSerialization,
    ParquetInputSerialization,
    SelectRequest,
)

from tests.interop.python.program import given, take

GIVEN = given()
BUCKET, PLAIN, LARGE = GIVEN.bucket, GIVEN.plain, GIVEN.large


def connected(secret_key: str) -> Minio:
    # No region is given, so that the client asks for the bucket's, as it does with everyone.
    return Minio(
        urlsplit(GIVEN.endpoint).netloc, access_key=GIVEN.access_key, secret_key=secret_key, secure=False
    )


S3 = connected(GIVEN.secret_key)


def create_bucket() -> dict[str, Any]:
    S3.make_bucket(BUCKET, location=GIVEN.region)
    assert S3.bucket_exists(BUCKET)
    return {"buckets": sum(bucket.name == BUCKET for bucket in S3.list_buckets())}


def put() -> dict[str, Any]:
    for key, path in GIVEN.small_objects.items():
        S3.fput_object(BUCKET, key, str(path))
    path = str(GIVEN.folder / PLAIN)
    answer = S3.fput_object(
        BUCKET, PLAIN, path, content_type=GIVEN.content_type, metadata=dict(GIVEN.metadata)
    )
    return {"etag": answer.etag}


def list_level() -> dict[str, Any]:
    entries = list(S3.list_objects(BUCKET, prefix="list/"))
    return {
        "keys": [entry.object_name for entry in entries if not entry.is_dir],
        "prefixes": [entry.object_name for entry in entries if entry.is_dir],
    }


def list_pages() -> dict[str, Any]:
    pages = S3.list_objects(BUCKET, prefix="list/", recursive=True, extra_query_params={"max-keys": "2"})
    return {"keys": [entry.object_name for entry in pages]}


def head() -> dict[str, Any]:
    answer = S3.stat_object(BUCKET, PLAIN)
    assert answer.metadata is not None
    return {
        "size": answer.size,
        "etag": answer.etag,
        "content_type": answer.content_type,
        "metadata": {
            name.lower().removeprefix("x-amz-meta-"): value
            for name, value in answer.metadata.items()
            if name.lower().startswith("x-amz-meta-")
        },
    }


def get() -> dict[str, Any]:
    return {"text": contents(PLAIN).decode()}


def get_range() -> dict[str, Any]:
    first, last = GIVEN.range
    answer = S3.get_object(BUCKET, PLAIN, offset=first, length=last - first + 1)
    try:
        size = int(answer.headers["Content-Range"].partition("/")[2])
        return {"text": answer.read().decode(), "size": size}
    finally:
        answer.close()
        answer.release_conn()


def get_missing() -> dict[str, Any]:
    return {"code": refusal(partial(S3.get_object, BUCKET, "no such key"))}


def copy() -> dict[str, Any]:
    S3.copy_object(BUCKET, "copied ü+.csv", CopySource(BUCKET, PLAIN))
    metadata = S3.stat_object(BUCKET, "copied ü+.csv").metadata
    assert metadata is not None
    return {
        "text": contents("copied ü+.csv").decode(),
        "metadata": {name: metadata[f"x-amz-meta-{name}"] for name in GIVEN.metadata},
    }


def multipart() -> dict[str, Any]:
    answer = S3.fput_object(BUCKET, LARGE, str(GIVEN.folder / LARGE), part_size=GIVEN.part_bytes)
    return {"etag": answer.etag, "size": S3.stat_object(BUCKET, LARGE).size}


def get_large() -> dict[str, Any]:
    return {"sha256": hashlib.sha256(contents(LARGE)).hexdigest()}


def get_part() -> dict[str, Any]:
    answer = S3.get_object(BUCKET, LARGE, extra_query_params={"partNumber": "3"})
    try:
        parts = int(answer.headers["x-amz-mp-parts-count"])
        return {"sha256": hashlib.sha256(answer.read()).hexdigest(), "parts": parts}
    finally:
        answer.close()
        answer.release_conn()


def presigned_get() -> dict[str, Any]:
    with urllib.request.urlopen(S3.presigned_get_object(BUCKET, PLAIN)) as answer:
        return {"status": answer.status, "text": answer.read().decode()}


def wrong_secret() -> dict[str, Any]:
    return {"code": refusal(partial(connected("not the secret").get_object, BUCKET, PLAIN))}


def select(members: dict[str, Any]) -> dict[str, Any]:
    bounds = members.get("ScanRange", {})
    request = SelectRequest(
        members["Expression"],
        input_of(members["InputSerialization"]),
        output_of(members["OutputSerialization"]),
        request_progress=members.get("RequestProgress", {}).get("Enabled", False),
        # The client writes them into the XML as they are, so they have to be text.
        scan_start_range=str(bounds["Start"]) if bounds else None,  # type: ignore[arg-type]
        scan_end_range=str(bounds["End"]) if bounds else None,  # type: ignore[arg-type]
    )
    records, code, stats = b"", None, None
    try:
        with S3.select_object_content(BUCKET, members["Key"], request) as answer:
            for piece in answer.stream():
                records += piece
            counted = answer.stats()
            stats = [int(counted.bytes_scanned), int(counted.bytes_processed), int(counted.bytes_returned)]
    except S3Error as error:
        code = error.code
    except MinioException as error:
        code = str(error).partition(":")[0]
    return {"records": records.decode(), "code": code, "stats": stats}


def input_of(members: dict[str, Any]) -> InputSerialization:
    compression = members["CompressionType"]
    if "CSV" in members:
        return CSVInputSerialization(compression, file_header_info=members["CSV"]["FileHeaderInfo"])
    if "JSON" in members:
        return JSONInputSerialization(compression, json_type=members["JSON"]["Type"])
    return ParquetInputSerialization(compression)


def output_of(members: dict[str, Any]) -> OutputSerialization:
    if "JSON" in members:
        return JSONOutputSerialization(record_delimiter=members["JSON"]["RecordDelimiter"])
    csv = members["CSV"]
    return CSVOutputSerialization(
        record_delimiter=csv.get("RecordDelimiter"), field_delimiter=csv.get("FieldDelimiter")
    )


def delete() -> dict[str, Any]:
    S3.remove_object(BUCKET, "list/z.txt")
    left = keys()
    assert "list/z.txt" not in left
    errors = list(S3.remove_objects(BUCKET, map(DeleteObject, left)))
    assert not errors, errors
    return {"keys": keys()}


def delete_bucket() -> dict[str, Any]:
    S3.remove_bucket(BUCKET)
    return {"code": refusal(keys)}


def keys() -> list[str]:
    return [str(entry.object_name) for entry in S3.list_objects(BUCKET, recursive=True)]


def contents(key: str) -> bytes:
    answer = S3.get_object(BUCKET, key)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def refusal(call: Any) -> str | None:
    try:
        call()
    except S3Error as error:
        return error.code
    return None


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

take("minio-py", minio.__version__, GIVEN.steps, STEPS)
