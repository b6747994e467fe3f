from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from s3sql.server.settings import Credentials, Key
from tests.server.objects.errors import refused
from tests.server.objects.raw import Caller
from tests.server.serving import client_of, serving, settings_for


def test_a_bucket_from_its_making_to_its_end(s3: Any) -> None:
    made = s3.create_bucket(Bucket="made")
    assert made["Location"] == "/made"
    head = s3.head_bucket(Bucket="made")
    assert head["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket="made")["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket="made")
    assert "made" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    # S3's first region takes that for a success.
    assert s3.create_bucket(Bucket="made")["Location"] == "/made"
    s3.put_object(Bucket="made", Key="a/b", Body=b"x")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket="made")
    s3.delete_object(Bucket="made", Key="a/b")
    assert s3.delete_bucket(Bucket="made")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "made" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    for call in (s3.get_bucket_location, s3.get_bucket_versioning, s3.delete_bucket):
        with refused("NoSuchBucket", 404):
            call(Bucket="made")
    with refused("404", 404):
        s3.head_bucket(Bucket="made")


@pytest.mark.parametrize("name", ["ab", "Big", "under_score", "a..b", "192.168.0.1", "xn--a"])
def test_a_wrong_name_is_refused(caller: Caller, name: str) -> None:
    answer = caller("PUT", f"/{name}")
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


@pytest.mark.parametrize("constraint", ["../..", "Europe", "a" * 65])
def test_what_is_no_region_is_no_location(s3: Any, constraint: str) -> None:
    with refused("InvalidLocationConstraint", 400, "no name of a region"):
        s3.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": constraint})


@pytest.mark.parametrize("constraint", ["us-east-1", "eu-central-1"])
def test_an_endpoint_without_a_region_takes_any_location(s3: Any, constraint: str) -> None:
    s3.create_bucket(Bucket=f"in-{constraint}", CreateBucketConfiguration={"LocationConstraint": constraint})
    s3.delete_bucket(Bucket=f"in-{constraint}")


def test_an_endpoint_in_a_region_takes_that_location(tmp_path: Path) -> None:
    with serving(settings_for(tmp_path, region="eu-west-1")) as url:
        s3 = client_of(url, region_name="eu-west-1")
        s3.create_bucket(Bucket="aaa", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.create_bucket(Bucket="bbb", CreateBucketConfiguration={"LocationConstraint": "EU"})
        assert s3.get_bucket_location(Bucket="bbb")["LocationConstraint"] == "eu-west-1"
        assert s3.head_bucket(Bucket="aaa")["BucketRegion"] == "eu-west-1"
        with refused("InvalidLocationConstraint", 400, "'us-west-2'; this endpoint is in eu-west-1"):
            s3.create_bucket(Bucket="ccc", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"x-amz-acl": "public-read"}, "", "NotImplemented"),
        ({"x-amz-grant-read": "id=1"}, "", "NotImplemented"),
        ({"x-amz-bucket-object-lock-enabled": "true"}, "", "NotImplemented"),
        ({"x-amz-object-ownership": "ObjectWriter"}, "", "NotImplemented"),
        ({}, "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>",
         "NotImplemented"),
        ({}, "<CreateBucketConfiguration>", "MalformedXML"),
        ({}, "<Bucket/>", "MalformedXML"),
        ({}, " " * 70_000, "MaxMessageLengthExceeded"),
    ],
)  # fmt: skip
def test_what_a_bucket_cannot_be_is_refused(
    caller: Caller, headers: dict[str, str], body: str, code: str
) -> None:
    answer = caller("PUT", "/refused", headers, body.encode())
    assert answer.code == code, answer.body
    assert caller("HEAD", "/refused").status == 404


def test_a_request_without_a_length_has_no_body(caller: Caller) -> None:
    netloc = urlsplit(caller.url).netloc
    signed = caller.signed("PUT", "/without-length", {})
    lines = [f"{name}: {text}" for name, text in {"Host": netloc, "Connection": "close", **signed}.items()]
    with socket.create_connection(tuple(netloc.split(":")), timeout=30) as connection:
        connection.sendall("\r\n".join(["PUT /without-length HTTP/1.1", *lines, "", ""]).encode())
        assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"
    assert caller("DELETE", "/without-length").status == 204


def test_settings_that_ask_for_nothing_are_taken(caller: Caller) -> None:
    headers = {"x-amz-acl": "private", "x-amz-object-ownership": "BucketOwnerEnforced"}
    assert caller("PUT", "/harmless", headers).status == 200
    assert caller("DELETE", "/harmless").status == 204


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30])
def test_a_wrong_number_of_buckets(caller: Caller, number: str) -> None:
    answer = caller("GET", f"/?max-buckets={number}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert "between 1 and 2147483647" in answer.message


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Clients of an endpoint with five buckets: of one who sees all, and of one who does not."""
    folder = tmp_path_factory.mktemp("many")
    for name in ("aaa", "bbb", "data-1", "data-2", "zzz", ".hidden", "no bucket"):
        (folder / name).mkdir()
    (folder / "file").write_text("x")
    keys = (
        Key(Credentials("ALL", "secret-of-all")),
        Key(Credentials("SOME", "secret-of-some"), {"data-*": "read", "zzz": "write"}),
    )
    with serving(settings_for(folder, keys=keys)) as url:
        yield client_of(url, "ALL", "secret-of-all"), client_of(url, "SOME", "secret-of-some")


def names(answer: Any) -> list[str]:
    return [bucket["Name"] for bucket in answer["Buckets"]]


def test_each_caller_sees_the_buckets_in_which_he_may_do_something(many: Any) -> None:
    everyone, someone = many
    assert names(everyone.list_buckets()) == ["aaa", "bbb", "data-1", "data-2", "zzz"]
    assert names(someone.list_buckets()) == ["data-1", "data-2", "zzz"]
    assert len(everyone.list_buckets()["Owner"]["ID"]) == 64


def test_buckets_page_by_page(many: Any) -> None:
    s3, _ = many
    first = s3.list_buckets(MaxBuckets=2)
    assert names(first) == ["aaa", "bbb"]
    assert first["Buckets"][0]["BucketRegion"] == "us-east-1"
    second = s3.list_buckets(MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert names(second) == ["data-1", "data-2"]
    last = s3.list_buckets(MaxBuckets=2, ContinuationToken=second["ContinuationToken"])
    assert names(last) == ["zzz"]
    assert "ContinuationToken" not in last
    assert names(s3.list_buckets(Prefix="data-")) == ["data-1", "data-2"]
    assert s3.list_buckets(Prefix="data-")["Prefix"] == "data-"
    assert names(s3.list_buckets(BucketRegion="us-east-1", MaxBuckets=1)) == ["aaa"]
    assert names(s3.list_buckets(BucketRegion="eu-west-1")) == []
    with refused("InvalidArgument", part="continuation token"):
        s3.list_buckets(ContinuationToken="aaa")
