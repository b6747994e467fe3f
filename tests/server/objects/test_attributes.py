from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.header import decode_header

import pytest
from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.server.objects.attributes import (
    attributes_of,
    checksum_headers,
    object_headers,
    refuse_archived,
    written_headers,
)
from s3sql.stores.embedded.model import Attributes, Checksum, ObjectInfo

MODIFIED = datetime(2026, 5, 6, 7, 8, 9, 500_000, UTC)


def info(attributes: Attributes, **more: object) -> ObjectInfo:
    return ObjectInfo("b", "k", 3, "abc", MODIFIED, attributes, **more)  # type: ignore[arg-type]


def metadata(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return dict(attributes_of(Headers(raw=raw)).metadata)


@pytest.mark.parametrize(
    ("sent", "text"),
    [(b"plain", "plain"), ("Zürich €".encode(), "Zürich €"), (b"Z\xfcrich", "Zürich"), (b"", "")],
)
def test_the_bytes_of_a_header_are_text(sent: bytes, text: str) -> None:
    assert metadata([(b"x-amz-meta-a", sent)]) == {"a": text}


def test_headers_of_one_name_are_one_list() -> None:
    raw = [(b"x-amz-meta-a", b"1"), (b"x-amz-meta-b", b"2"), (b"x-amz-meta-a", b"3")]
    assert metadata(raw) == {"a": "1,3", "b": "2"}


def test_the_size_of_metadata_is_that_of_its_bytes() -> None:
    exact = [(b"x-amz-meta-ab", "é".encode() * 1023)]
    assert len(metadata(exact)["ab"]) == 1023
    with pytest.raises(S3SelectError, match="2,049 bytes; the most is 2,048") as caught:
        metadata([*exact, (b"x-amz-meta-c", b"")])
    assert caught.value.code == "MetadataTooLarge"
    with pytest.raises(S3SelectError, match="MetadataTooLarge"):
        metadata([(b"x-amz-meta-a", b"x" * 1023)] * 3)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nx-evil", "\xfc", "a/b", "a\0"])
def test_what_cannot_be_the_name_of_a_header_is_no_name(name: str) -> None:
    with pytest.raises(S3SelectError, match="name of user metadata") as caught:
        metadata([(b"x-amz-meta-" + name.encode("latin-1"), b"1")])
    assert caught.value.code == "InvalidArgument"


def test_what_a_reader_is_told() -> None:
    said = Attributes(
        {"expires": "0", "content-type": "text/csv"},
        {"a": "1", "b": "é\n", "ü": "3"},
        {"t": ""},
        "GLACIER_IR",
    )
    told = object_headers(info(said, customer_key_md5="MD5"))
    assert told[:3] == [
        ("Last-Modified", "Wed, 06 May 2026 07:08:09 GMT"),
        ("ETag", '"abc"'),
        ("Accept-Ranges", "bytes"),
    ]
    found = dict(told)
    assert (found["Content-Type"], found["Expires"], found["x-amz-meta-a"]) == ("text/csv", "0", "1")
    assert (found["x-amz-storage-class"], found["x-amz-tagging-count"]) == ("GLACIER_IR", "1")
    assert found["x-amz-server-side-encryption-customer-key-MD5"] == "MD5"
    [(text, charset)] = decode_header(found["x-amz-meta-b"])
    assert (text, charset) == ("é\n".encode(), "utf-8")
    assert found["x-amz-missing-meta"] == "1"
    assert dict(object_headers(info(Attributes())))["Content-Type"] == "binary/octet-stream"


def test_what_a_writer_is_told() -> None:
    assert written_headers(info(Attributes())) == [("ETag", '"abc"')]
    checksum = Checksum("CRC64NVME", base64.b64encode(bytes(8)).decode())
    assert checksum_headers(checksum) == [
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ]
    assert checksum_headers(None) == []


@pytest.mark.parametrize(
    ("class_", "refused"), [("STANDARD", False), ("GLACIER_IR", False), ("GLACIER", True)]
)
def test_archives_are_not_read(class_: str, refused: bool) -> None:
    found = info(Attributes(storage_class=class_))
    if not refused:
        refuse_archived(found)
        return
    with pytest.raises(S3SelectError, match="RestoreObject") as caught:
        refuse_archived(found)
    assert (caught.value.code, caught.value.status) == ("InvalidObjectState", 403)
