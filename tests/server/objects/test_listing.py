from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from s3sql.server.objects.tokens import token_of
from tests.server.objects.errors import refused
from tests.server.objects.raw import Answer, Caller

KEYS = ["a", "a-b", "a/b", "a/c/d", "a/c/e", "b+ é", "photos/1", "photos/2", "z&<\r>"]
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture(scope="module")
def filled(s3: Any) -> str:
    """A bucket with :data:`KEYS`."""
    s3.create_bucket(Bucket="listing")
    for key in KEYS:
        s3.put_object(Bucket="listing", Key=key, Body=key.encode())
    return "listing"


def entries(answer: Any) -> tuple[list[str], list[str]]:
    """Keys and common prefixes of a page."""
    keys = [entry["Key"] for entry in answer.get("Contents", [])]
    return keys, [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


def texts(answer: Answer, name: str) -> list[str | None]:
    """The text of every element of that name in a document."""
    assert answer.status == 200, answer.body
    return [element.text for element in ElementTree.fromstring(answer.body).iter(NAMESPACE + name)]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("asked", "keys", "prefixes"),
    [
        ({}, KEYS, []),
        ({"Prefix": "a"}, KEYS[:5], []),
        ({"Prefix": "a/"}, ["a/b", "a/c/d", "a/c/e"], []),
        ({"Delimiter": "/"}, ["a", "a-b", "b+ é", "z&<\r>"], ["a/", "photos/"]),
        ({"Prefix": "a/", "Delimiter": "/"}, ["a/b"], ["a/c/"]),
        ({"Prefix": "photos/", "Delimiter": "/"}, ["photos/1", "photos/2"], []),
        ({"Delimiter": "c/"}, ["a", "a-b", "a/b", "b+ é", "photos/1", "photos/2", "z&<\r>"], ["a/c/"]),
        ({"Prefix": "none"}, [], []),
        ({"MaxKeys": 0}, [], []),
        ({"MaxKeys": 5000}, KEYS, []),
    ],
)
def test_what_is_listed(
    s3: Any, filled: str, version: int, asked: dict[str, Any], keys: list[str], prefixes: list[str]
) -> None:
    call = s3.list_objects if version == 1 else s3.list_objects_v2
    answer = call(Bucket=filled, **asked)
    assert entries(answer) == (keys, prefixes)
    assert answer["IsTruncated"] is False
    assert (answer["Name"], answer["Prefix"]) == (filled, asked.get("Prefix", ""))
    assert answer["MaxKeys"] == min(asked.get("MaxKeys", 1000), 1000)
    if version == 2:
        assert answer["KeyCount"] == len(keys) + len(prefixes)


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_page_by_page_everything_comes_once(
    s3: Any, filled: str, operation: str, size: int, delimiter: str
) -> None:
    options = {"Bucket": filled, "Delimiter": delimiter}
    whole = entries(s3.list_objects_v2(**options))
    keys: list[str] = []
    prefixes: list[str] = []
    for page in s3.get_paginator(operation).paginate(**options, PaginationConfig={"PageSize": size}):
        found = entries(page)
        assert len(found[0]) + len(found[1]) <= size
        keys += found[0]
        prefixes += found[1]
    assert (keys, prefixes) == whole


def test_what_is_said_of_an_object(s3: Any, filled: str) -> None:
    first = s3.list_objects_v2(Bucket=filled, Prefix="a", MaxKeys=1)["Contents"][0]
    head = s3.head_object(Bucket=filled, Key="a")
    assert (first["Key"], first["Size"], first["StorageClass"]) == ("a", 1, "STANDARD")
    assert (first["ETag"], first["LastModified"]) == (head["ETag"], head["LastModified"])
    assert (first["ChecksumAlgorithm"], first["ChecksumType"]) == (["CRC32"], "FULL_OBJECT")
    assert "Owner" not in first
    owned = s3.list_objects_v2(Bucket=filled, MaxKeys=1, FetchOwner=True)["Contents"][0]
    assert owned["Owner"] == s3.list_objects(Bucket=filled, MaxKeys=1)["Contents"][0]["Owner"]
    assert owned["Owner"] == s3.list_buckets()["Owner"]


def test_where_a_listing_begins(s3: Any, filled: str) -> None:
    assert entries(s3.list_objects(Bucket=filled, Marker="a/c/d"))[0] == KEYS[4:]
    behind = s3.list_objects_v2(Bucket=filled, StartAfter="a/c/d")
    assert (entries(behind)[0], behind["StartAfter"]) == (KEYS[4:], "a/c/d")
    token = s3.list_objects_v2(Bucket=filled, MaxKeys=6)["NextContinuationToken"]
    both = s3.list_objects_v2(Bucket=filled, StartAfter="a", ContinuationToken=token)
    assert (entries(both)[0], both["ContinuationToken"]) == (KEYS[6:], token)


def test_the_next_marker_comes_with_a_delimiter_only(s3: Any, filled: str) -> None:
    assert "NextMarker" not in s3.list_objects(Bucket=filled, MaxKeys=2)
    page = s3.list_objects(Bucket=filled, MaxKeys=3, Delimiter="/")
    assert page["NextMarker"] == "a/"
    following = s3.list_objects(Bucket=filled, MaxKeys=3, Delimiter="/", Marker=page["NextMarker"])
    assert entries(following) == (["b+ é", "z&<\r>"], ["photos/"])


def test_names_are_encoded_if_asked(caller: Caller, filled: str) -> None:
    target = f"/{filled}?list-type=2&prefix=b%2B&delimiter=%20&start-after=a%2B"
    plain, encoded = caller("GET", target), caller("GET", f"{target}&encoding-type=url")
    assert texts(plain, "Prefix") == ["b+", "b+ "]
    assert texts(encoded, "Prefix") == ["b%2B", "b%2B%20"]
    assert (texts(encoded, "Delimiter"), texts(encoded, "StartAfter")) == (["%20"], ["a%2B"])
    assert (texts(plain, "EncodingType"), texts(encoded, "EncodingType")) == ([], ["url"])
    markers = caller("GET", f"/{filled}?encoding-type=url&marker=b%2B%20%C3%A9&delimiter=/&max-keys=1")
    assert texts(markers, "Marker") == ["b%2B%20%C3%A9"]
    assert texts(markers, "NextMarker") == ["photos/"]


def test_a_key_that_xml_cannot_carry(s3: Any, caller: Caller, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a\x01b", Body=b"")
    assert b"<Key>a&#x1;b</Key>" in caller("GET", f"/{bucket}").body
    assert b"<Key>a%01b</Key>" in caller("GET", f"/{bucket}?encoding-type=url").body


@pytest.mark.parametrize("version", ["", "&list-type=2"])
@pytest.mark.parametrize(
    ("parameters", "part"),
    [
        ("max-keys=-1", "max-keys must be an integer between 0"),
        ("max-keys=x", "max-keys"),
        ("max-keys=", "max-keys"),
        ("encoding-type=xml", "Invalid Encoding Method"),
    ],
)
def test_wrong_parameters(caller: Caller, filled: str, version: str, parameters: str, part: str) -> None:
    answer = caller("GET", f"/{filled}?{parameters}{version}")
    assert (answer.status, answer.code, part in answer.message) == (400, "InvalidArgument", True), answer.body


@pytest.mark.parametrize("token", ["", "a", "a/b", quote(token_of("a")[:-1]), "%C3%A9", "A" * 5000])
def test_wrong_tokens(caller: Caller, filled: str, token: str) -> None:
    answer = caller("GET", f"/{filled}?list-type=2&continuation-token={token}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert "continuation token provided is incorrect" in answer.message


def test_what_more_a_listing_may_be_asked(caller: Caller, filled: str) -> None:
    headers = {"x-amz-optional-object-attributes": "RestoreStatus", "x-amz-request-payer": "requester"}
    assert caller("GET", f"/{filled}?list-type=2&unknown=1&x-id=ListObjectsV2", headers).status == 200
    answer = caller("GET", f"/{filled}", {"x-amz-optional-object-attributes": "Tags"})
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_a_bucket_that_is_not_there(s3: Any) -> None:
    for call in (s3.list_objects, s3.list_objects_v2):
        with refused("NoSuchBucket", 404):
            call(Bucket="not-there")
