from __future__ import annotations

from urllib.parse import parse_qsl

import botocore.session
import pytest

from s3sql.errors import S3SelectError
from s3sql.server.address import Address
from s3sql.server.operations import is_read, operation_of

MODEL = botocore.session.Session().get_service_model("s3")

#: Operations of other endpoints, and older names for the same request.
ELSEWHERE = {
    "CreateSession",
    "GetBucketLifecycle",
    "GetBucketNotification",
    "ListDirectoryBuckets",
    "PutBucketLifecycle",
    "PutBucketNotification",
    "WriteGetObjectResponse",
}


@pytest.mark.parametrize("name", sorted(set(MODEL.operation_names) - ELSEWHERE))
def test_every_operation_of_the_api_is_known_by_its_name(name: str) -> None:
    model = MODEL.operation_model(name)
    path, _, query = model.http["requestUri"].partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    shape = model.input_shape
    members = shape.members if shape is not None else {}
    for member in shape.required_members if shape is not None else []:
        if members[member].serialization.get("location") == "querystring":
            parameters[members[member].serialization["name"]] = "1"
    copies = any(
        members[member].serialization.get("name") == "x-amz-copy-source"
        for member in (shape.required_members if shape is not None else [])
        if members[member].serialization.get("location") == "header"
    )
    bucket = "b" if "{Bucket}" in path else None
    key = "k" if "{Key" in path else None
    address = Address(bucket, key, parameters)
    assert operation_of(model.http["method"], address, copies=copies) == name


def test_session_is_an_operation() -> None:
    assert operation_of("GET", Address("b", None, {"session": ""}), copies=False) == "CreateSession"


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", Address()),
        ("PATCH", Address("b")),
        ("POST", Address("b", "k")),
        ("OPTIONS", Address("b", "k")),
        ("GET", Address("b", "k", {"select": "", "select-type": "2"})),
        ("PUT", Address("b", "k", {"select": "", "select-type": "2"})),
    ],
)
def test_another_method_is_not_allowed(method: str, address: Address) -> None:
    with pytest.raises(S3SelectError) as raised:
        operation_of(method, address, copies=False)
    assert (raised.value.code, raised.value.status) == ("MethodNotAllowed", 405)


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_what_changes_something_needs_more_than_reading(name: str) -> None:
    method = MODEL.operation_model(name).http["method"]
    reads = method in ("GET", "HEAD") or name == "SelectObjectContent"
    # The answer to the first would be credentials; a query on an archived object reads, too.
    expected = {"CreateSession": False, "RestoreObject": True}.get(name, reads)
    assert is_read(name) == expected


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("words", ["location policy", "acl tagging", "uploads uploadId", "select restore"])
def test_a_request_is_one_operation(words: str, method: str, key: str | None) -> None:
    parameters = dict.fromkeys(words.split(), "")
    with pytest.raises(S3SelectError, match="Conflicting query string parameters") as raised:
        operation_of(method, Address("b", key, parameters), copies=False)
    assert raised.value.code == "InvalidArgument"


@pytest.mark.parametrize("word", ["renameObject", "acl", "encryption", "tagging"])
def test_a_part_is_of_an_upload_alone(word: str) -> None:
    with pytest.raises(S3SelectError, match="Conflicting query string parameters: partNumber"):
        operation_of("PUT", Address("b", "k", {"partNumber": "1", word: ""}), copies=False)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", Address("b", None, {"delete": ""})),
        ("GET", Address("b", None, {"attributes": ""})),
        ("GET", Address("b", None, {"uploadId": "1"})),
        ("GET", Address("b", "k", {"policy": ""})),
        ("GET", Address("b", "k", {"session": ""})),
        ("HEAD", Address("b", None, {"policy": ""})),
        ("HEAD", Address("b", "k", {"acl": ""})),
        ("PUT", Address("b", "k", {"delete": ""})),
        ("DELETE", Address("b", "k", {"uploads": ""})),
        ("POST", Address("b", None, {"select": "", "select-type": "2"})),
        ("GET", Address(None, None, {"session": ""})),
    ],
)
def test_what_a_query_string_names_is_not_passed_over(method: str, address: Address) -> None:
    with pytest.raises(S3SelectError) as raised:
        operation_of(method, address, copies=False)
    assert raised.value.code == "MethodNotAllowed"
    assert raised.value.elements["Method"] == method
