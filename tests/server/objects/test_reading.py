from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from s3sql.errors import S3SelectError
from s3sql.server.objects.ranges import Section
from s3sql.server.objects.reading import PIECE_BYTES, Reading, pieces
from s3sql.stores.embedded.store import EmbeddedStore
from tests.server.objects.errors import refused
from tests.server.objects.raw import Caller
from tests.server.objects.requests import request
from tests.server.serving import client_of, serving, settings_for

BODY = bytes(range(256)) * 20
PART = 5 << 20


@pytest.fixture(scope="module")
def at(s3: Any) -> dict[str, str]:
    """Where an object of 5,120 bytes is."""
    s3.create_bucket(Bucket="reading")
    s3.put_object(Bucket="reading", Key="k", Body=BODY, ContentType="text/plain", CacheControl="no-store")
    return {"Bucket": "reading", "Key": "k"}


@pytest.fixture(scope="module")
def in_parts(s3: Any) -> dict[str, str]:
    """Where an object in three parts is, the last of them of 100 bytes."""
    s3.create_bucket(Bucket="in-parts")
    where = {"Bucket": "in-parts", "Key": "k"}
    upload = s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")["UploadId"]
    parts = []
    for number, body in enumerate((b"a" * PART, b"b" * PART, b"c" * 100), 1):
        part = s3.upload_part(
            **where, UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256"
        )
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    return where


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199), ("bytes=5000-", 5000, 5119), ("bytes=-7", 5113, 5119)],
)
def test_ranges(s3: Any, at: dict[str, str], asked: str, first: int, last: int) -> None:
    got = s3.get_object(**at, Range=asked)
    assert got["Body"].read() == BODY[first : last + 1]
    head = s3.head_object(**at, Range=asked)
    for told in (got, head):
        assert told["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert told["ContentRange"] == f"bytes {first}-{last}/5120"
        assert told["ContentLength"] == last - first + 1
        assert told["AcceptRanges"] == "bytes"
        assert "ChecksumCRC32" not in told


def test_a_range_that_does_not_count_is_the_whole_object(s3: Any, at: dict[str, str]) -> None:
    got = s3.get_object(**at, Range="bytes=0-1,4-5")
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()) == (200, BODY)


def test_a_range_outside_is_refused(s3: Any, at: dict[str, str]) -> None:
    with refused("InvalidRange", 416, "'bytes=5120-' of an object of 5,120 bytes"):
        s3.get_object(**at, Range="bytes=5120-")
    with refused("416", 416):
        s3.head_object(**at, Range="bytes=5120-")


def test_a_range_of_the_object_as_it_was(caller: Caller, s3: Any, at: dict[str, str]) -> None:
    etag = s3.head_object(**at)["ETag"]
    for value, status in ((etag, 206), ('"other"', 200)):
        answer = caller("GET", "/reading/k", {"Range": "bytes=0-9", "If-Range": value})
        assert answer.status == status
        assert answer.body == (BODY[:10] if status == 206 else BODY)


def test_parts(s3: Any, in_parts: dict[str, str]) -> None:
    whole = s3.head_object(**in_parts)
    assert whole["ContentLength"] == 2 * PART + 100
    assert whole["ETag"].endswith('-3"')
    assert "PartsCount" not in whole
    for number, expected in ((1, b"a" * PART), (2, b"b" * PART), (3, b"c" * 100)):
        got = s3.get_object(**in_parts, PartNumber=number)
        assert got["Body"].read() == expected
        assert got["PartsCount"] == 3
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"].startswith(f"bytes {(number - 1) * PART}-")
        assert s3.head_object(**in_parts, PartNumber=number)["ContentLength"] == len(expected)
    with refused("InvalidPartNumber", 416, "part 4 of an object of 3"):
        s3.get_object(**in_parts, PartNumber=4)
    with refused("InvalidArgument", 400, "between 1 and 10000"):
        s3.get_object(**in_parts, PartNumber=0)
    with refused("InvalidRequest", 400, "Cannot specify both"):
        s3.get_object(**in_parts, PartNumber=1, Range="bytes=0-1")


def test_checksums_of_objects_and_parts(s3: Any, in_parts: dict[str, str]) -> None:
    whole = s3.head_object(**in_parts, ChecksumMode="ENABLED")
    assert whole["ChecksumSHA256"].endswith("-3")
    assert whole["ChecksumType"] == "COMPOSITE"
    part = s3.get_object(**in_parts, PartNumber=3, ChecksumMode="ENABLED")
    assert part["Body"].read() == b"c" * 100
    assert part["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"c" * 100).digest()).decode()


def test_a_checksum_mode_that_is_none(caller: Caller, at: dict[str, str]) -> None:
    answer = caller("GET", "/reading/k", {"x-amz-checksum-mode": "ON"})
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_an_object_written_at_once_is_its_own_first_part(s3: Any, at: dict[str, str]) -> None:
    got = s3.get_object(**at, PartNumber=1)
    assert (got["Body"].read(), got["ContentRange"]) == (BODY, "bytes 0-5119/5120")
    assert "PartsCount" not in got
    with refused("InvalidPartNumber", 416):
        s3.get_object(**at, PartNumber=2)


def test_conditions(s3: Any, at: dict[str, str]) -> None:
    head = s3.head_object(**at)
    etag, modified = head["ETag"], head["LastModified"]
    assert s3.get_object(**at, IfMatch=etag)["ETag"] == etag
    assert s3.get_object(**at, IfUnmodifiedSince=modified)["ETag"] == etag
    assert s3.get_object(**at, IfNoneMatch='"x"', IfModifiedSince=modified)["ETag"] == etag
    with refused("PreconditionFailed", 412, "if-match"):
        s3.get_object(**at, IfMatch='"x"')
    with refused("PreconditionFailed", 412, "if-unmodified-since"):
        s3.get_object(**at, IfUnmodifiedSince=modified - timedelta(seconds=1))
    for unchanged in ({"IfNoneMatch": etag}, {"IfModifiedSince": modified}):
        for call in (s3.get_object, s3.head_object):
            with refused("304", 304):
                call(**at, **unchanged)


def test_an_answer_of_304_tells_what_is_unchanged(caller: Caller, s3: Any, at: dict[str, str]) -> None:
    etag = s3.head_object(**at)["ETag"]
    answer = caller("GET", "/reading/k", {"If-None-Match": etag})
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert answer.headers["cache-control"] == "no-store"
    assert not {"content-type", "content-length", "content-range"} & answer.headers.keys()


def test_headers_that_the_request_replaces(s3: Any, at: dict[str, str]) -> None:
    got = s3.get_object(
        **at,
        ResponseContentType="text/csv",
        ResponseCacheControl="max-age=1",
        ResponseContentDisposition='attachment; filename="é.csv"',
        ResponseContentEncoding="identity",
        ResponseContentLanguage="de",
        ResponseExpires="Sun, 01 Dec 2030 16:00:00 GMT",
    )
    assert (got["ContentType"], got["CacheControl"], got["ContentLanguage"]) == (
        "text/csv",
        "max-age=1",
        "de",
    )
    assert (got["ContentEncoding"], got["ExpiresString"]) == ("identity", "Sun, 01 Dec 2030 16:00:00 GMT")
    assert got["ContentDisposition"].encode("latin-1").decode() == 'attachment; filename="é.csv"'


@pytest.mark.parametrize("injected", ["a%0d%0aX-Evil:1", "a%00", "a%7f", "a%09b"])
def test_no_request_can_put_a_header_of_its_own_into_the_reply(
    caller: Caller, at: dict[str, str], injected: str
) -> None:
    answer = caller("GET", f"/reading/k?response-content-type={injected}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert "x-evil" not in answer.headers


def test_anonymous_readers_replace_no_headers(tmp_path: Any) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "k").write_bytes(b"x")
    with serving(settings_for(tmp_path, anonymous="read")) as url:
        caller = Caller(url)
        assert caller.send("GET", "/open/k", {}).body == b"x"
        answer = caller.send("GET", "/open/k?response-content-type=text/csv", {})
        assert (answer.status, answer.code) == (400, "InvalidRequest")


def test_a_file_that_was_dropped_in_is_an_object(tmp_path: Any) -> None:
    (tmp_path / "dropped" / "a").mkdir(parents=True)
    (tmp_path / "dropped" / "a" / "b.csv").write_bytes(b"1,2\n")
    with serving(settings_for(tmp_path)) as url:
        got = client_of(url).get_object(Bucket="dropped", Key="a/b.csv")
        assert got["Body"].read() == b"1,2\n"
        assert (got["ContentType"], got["Metadata"]) == ("binary/octet-stream", {})
        assert "ChecksumCRC32" not in got


@pytest.mark.parametrize("class_", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_described_and_not_read(s3: Any, bucket: str, class_: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=class_)
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == class_
    with refused("InvalidObjectState", 403, f"archived as {class_}"):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("InvalidObjectState", 403):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})


def test_what_is_not_there(s3: Any, caller: Caller, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="none")
    with refused("NoSuchBucket", 404):
        s3.get_object(Bucket="not-there", Key="none")
    answer = caller("HEAD", f"/{bucket}/none")
    assert (answer.status, answer.body) == (404, b"")


@dataclass(slots=True)
class Shrinking:
    """An object of which only *there* bytes are left."""

    there: int

    def read(self, offset: int, length: int) -> bytes:
        return b"x" * min(length, max(0, self.there - offset))


def test_an_object_that_shrinks_while_it_is_read_is_no_whole_object() -> None:
    section = Section(0, 3 * PIECE_BYTES)
    read = pieces(Shrinking(PIECE_BYTES + 10), section)  # type: ignore[arg-type]
    assert [len(next(read)) for _ in range(2)] == [PIECE_BYTES, 10]
    with pytest.raises(S3SelectError, match="ended at byte 1,048,586") as caught:
        next(read)
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)


def test_an_object_that_nobody_reads_to_its_end_is_closed(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "k").write_bytes(b"x" * (PIECE_BYTES + 1))
    store = EmbeddedStore(tmp_path)
    opened = []

    def open_object(*args: Any) -> Any:
        opened.append(EmbeddedStore.open_object(store, *args))
        return opened[-1]

    async def run() -> None:
        watched: Any = SimpleNamespace(open_object=open_object)
        reply = await Reading(watched).get_object(request())
        assert opened[0].read(0, 1) == b"x"
        assert reply.ended is not None
        await reply.ended()

    asyncio.run(run())
    with pytest.raises(ValueError, match="closed"):
        opened[0].read(0, 1)
    store.close()


def test_versions(s3: Any, at: dict[str, str]) -> None:
    assert s3.get_object(**at, VersionId="null")["Body"].read() == BODY
    with refused("NoSuchVersion", 404, "'abc'"):
        s3.get_object(**at, VersionId="abc")
    with refused("404", 404):
        s3.head_object(**at, VersionId="abc")


def test_attributes(s3: Any, at: dict[str, str], in_parts: dict[str, str]) -> None:
    everything = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    plain = s3.get_object_attributes(**at, ObjectAttributes=everything)
    head = s3.head_object(**at, ChecksumMode="ENABLED")
    assert plain["ETag"] == head["ETag"].strip('"')
    assert plain["Checksum"] == {"ChecksumCRC32": head["ChecksumCRC32"], "ChecksumType": "FULL_OBJECT"}
    assert (plain["StorageClass"], plain["ObjectSize"]) == ("STANDARD", 5120)
    assert plain["LastModified"] == head["LastModified"]
    assert "ObjectParts" not in plain
    found = s3.get_object_attributes(**in_parts, ObjectAttributes=["ObjectParts"], MaxParts=2)
    assert "ETag" not in found
    parts = found["ObjectParts"]
    assert (parts["TotalPartsCount"], parts["IsTruncated"], parts["NextPartNumberMarker"]) == (3, True, 2)
    assert [(part["PartNumber"], part["Size"]) for part in parts["Parts"]] == [(1, PART), (2, PART)]
    assert all(len(part["ChecksumSHA256"]) == 44 for part in parts["Parts"])
    rest = s3.get_object_attributes(**in_parts, ObjectAttributes=["ObjectParts"], PartNumberMarker=2)
    assert [part["PartNumber"] for part in rest["ObjectParts"]["Parts"]] == [3]
    assert rest["ObjectParts"]["IsTruncated"] is False


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, "is missing"),
        ({"x-amz-object-attributes": "ETag,Owner"}, "names 'Owner'"),
        ({"x-amz-object-attributes": "ETag,"}, "names ''"),
        ({"x-amz-object-attributes": "ObjectParts", "x-amz-max-parts": "x"}, "x-amz-max-parts"),
    ],
)
def test_wrong_wishes_for_attributes(
    caller: Caller, in_parts: dict[str, str], headers: dict[str, str], part: str
) -> None:
    answer = caller("GET", "/in-parts/k?attributes", headers)
    assert (answer.status, answer.code, part in answer.message) == (400, "InvalidArgument", True), answer.body
