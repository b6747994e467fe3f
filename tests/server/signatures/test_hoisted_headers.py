from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.signatures.hoisted_headers import with_hoisted_headers

SIGNED = {"X-Amz-Signature": "f", "X-Amz-Date": "d", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}


def test_parameters_of_a_presigned_url_are_headers() -> None:
    found = with_hoisted_headers(
        Headers({"host": "h"}), {**SIGNED, "X-Amz-Acl": "private", "x-amz-meta-a": "ü"}
    )
    assert found["x-amz-acl"] == "private"
    assert found["x-amz-meta-a"].encode("latin-1").decode() == "ü"
    assert found["host"] == "h"
    assert not {"x-amz-signature", "x-amz-date", "x-amz-content-sha256"} & set(found)


def test_parameters_of_others_stay_where_they_are() -> None:
    headers = Headers({"host": "h"})
    assert with_hoisted_headers(headers, {"x-amz-acl": "private"}) is headers
    assert with_hoisted_headers(headers, {**SIGNED, "x-id": "PutObject", "acl": ""}) is headers


def test_a_header_and_its_parameter_agree() -> None:
    headers = Headers({"x-amz-acl": "private"})
    assert with_hoisted_headers(headers, {**SIGNED, "x-amz-acl": "private"}) is headers
    for parameters in ({"x-amz-acl": "public-read"}, {"x-amz-grant": "a", "X-Amz-Grant": "b"}):
        with pytest.raises(S3SelectError) as caught:
            with_hoisted_headers(headers, {**SIGNED, **parameters})
        assert caught.value.code == "InvalidArgument"


@pytest.mark.parametrize("name", ["x-amz-\u4e2d", "x-amz-", "x-amz-a b", "x-amz-a:", "x-amz-a\r\nb"])
def test_names_that_no_header_has_are_no_headers(name: str) -> None:
    headers = Headers({"host": "h"})
    assert with_hoisted_headers(headers, {**SIGNED, name: "1"}) is headers


@pytest.mark.parametrize("value", ["a\r\nx-amz-acl: b", "a\0", "\n"])
def test_values_that_no_header_has_are_refused(value: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        with_hoisted_headers(Headers({}), {**SIGNED, "x-amz-meta-a": value})
    assert caught.value.code == "InvalidArgument"
