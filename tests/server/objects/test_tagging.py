from __future__ import annotations

from typing import Any

import pytest

from tests.server.objects.errors import refused
from tests.server.objects.raw import Caller

TAGS = [{"Key": "a b", "Value": "1"}, {"Key": "é", "Value": ""}]


def test_tags_of_an_object(s3: Any, bucket: str) -> None:
    at = {"Bucket": bucket, "Key": "k"}
    before = s3.put_object(**at, Body=b"x", Tagging="a=1")
    assert s3.get_object_tagging(**at)["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert s3.head_object(**at)["TagCount"] == 1
    s3.put_object_tagging(**at, Tagging={"TagSet": TAGS})
    assert s3.get_object_tagging(**at)["TagSet"] == TAGS
    head = s3.head_object(**at)
    assert (head["ETag"], head["TagCount"]) == (before["ETag"], 2)
    assert s3.delete_object_tagging(**at)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_object_tagging(**at)["TagSet"] == []
    assert "TagCount" not in s3.head_object(**at)
    assert s3.get_object_tagging(**at, VersionId="null")["TagSet"] == []


def test_tags_of_what_is_not_there(s3: Any, bucket: str) -> None:
    with refused("NoSuchKey", 404):
        s3.get_object_tagging(Bucket=bucket, Key="none")
    with refused("NoSuchKey", 404):
        s3.put_object_tagging(Bucket=bucket, Key="none", Tagging={"TagSet": TAGS})
    with refused("NoSuchKey", 404):
        s3.delete_object_tagging(Bucket=bucket, Key="none")
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    for call in (s3.get_object_tagging, s3.delete_object_tagging):
        with refused("NoSuchVersion", 404, "'v1'"):
            call(Bucket=bucket, Key="k", VersionId="v1")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MissingRequestBodyError"),
        (b"<Tagging>", "MalformedXML"),
        (b"<Tagging/>", "MissingRequiredParameter"),
        (b"<Tagging><TagSet><Tag><Key>aws:x</Key></Tag></TagSet></Tagging>", "InvalidTag"),
        (b"<!DOCTYPE a []><Tagging><TagSet/></Tagging>", "MalformedXML"),
        (b" " * 70_000, "MaxMessageLengthExceeded"),
    ],
)
def test_a_wrong_body_changes_nothing(s3: Any, caller: Caller, bucket: str, body: bytes, code: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    answer = caller("PUT", f"/{bucket}/k?tagging", {}, body)
    assert (answer.status, answer.code) == (400, code)
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}]
