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
    assert is_read(name) == (method in ("GET", "HEAD") or name == "SelectObjectContent")
