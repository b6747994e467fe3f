from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from s3sql.errors import S3SelectError
from s3sql.server.address import Address
from s3sql.server.error_document import error_reply


def document(error: S3SelectError, address: Address | None = None) -> dict[str, str | None]:
    reply = error_reply(error, address, "REQUEST", "HOST")
    assert isinstance(reply.body, bytes)
    return {element.tag: element.text for element in ElementTree.fromstring(reply.body)}


def test_a_document_says_what_and_where() -> None:
    found = document(S3SelectError("NoSuchKey"), Address("bucket", "a&b"))
    assert found == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "a&b",
        "BucketName": "bucket",
        "Resource": "/bucket/a&b",
        "RequestId": "REQUEST",
        "HostId": "HOST",
    }


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert (
        document(S3SelectError("InvalidRequest", "a\0b\r<c>"))["Message"]
        == "a\N{REPLACEMENT CHARACTER}b\r<c>"
    )


def test_further_elements_and_their_headers() -> None:
    error = S3SelectError(
        "AuthorizationHeaderMalformed", "The region is wrong.", elements={"Region": "eu-west-3"}
    )
    assert document(error)["Region"] == "eu-west-3"
    assert ("x-amz-bucket-region", "eu-west-3") in error_reply(error, None, "", "").headers
    error = S3SelectError("InvalidRange", elements={"ActualObjectSize": "23"})
    assert ("Content-Range", "bytes */23") in error_reply(error, None, "", "").headers


def test_not_modified_has_no_body() -> None:
    reply = error_reply(S3SelectError("NotModified", "It is the same.", status=304), None, "", "")
    assert (reply.status, reply.body) == (304, b"")
