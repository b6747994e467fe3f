from __future__ import annotations

import hashlib

import numpy as np
import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.base import ObjectStore, StoredObject
from s3sql.stores.memory import BytesObject, MemoryStore


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_reads_ranges(kind: type) -> None:
    opened: StoredObject = BytesObject(kind(b"0123456789"))
    with opened:
        assert opened.size == 10
        assert opened.read(2, 3) == b"234"
        assert opened.read(8, 100) == b"89"
        assert opened.read(10, 1) == opened.read(50, 1) == b""


def test_a_view_of_wider_elements_is_its_bytes() -> None:
    assert BytesObject(memoryview(np.arange(3, dtype="<u2"))).read(0, 9) == b"\0\0\1\0\2\0"


def test_a_view_with_gaps_is_refused() -> None:
    with pytest.raises(ValueError, match="gaps"):
        BytesObject(memoryview(b"0123456789")[::2])


def test_a_store_pins_the_contents_of_the_moment() -> None:
    buckets = {"bucket": {"key": b"one"}}
    store: ObjectStore = MemoryStore(buckets)
    with store.open("bucket", "key") as first:
        buckets["bucket"]["key"] = b"two"
        with store.open("bucket", "key") as second:
            assert first.read(0, 9) == b"one"
            assert second.read(0, 9) == b"two"
            assert [first.etag, second.etag] == [hashlib.md5(text).hexdigest() for text in (b"one", b"two")]


def test_what_is_absent() -> None:
    store = MemoryStore({"bucket": {}})
    with pytest.raises(S3SelectError, match=r"The specified bucket does not exist: .*'nowhere'") as no_bucket:
        store.open("nowhere", "key")
    with pytest.raises(S3SelectError, match=r"The specified key does not exist: .*'key'") as no_key:
        store.open("bucket", "key")
    assert [(error.value.code, error.value.status) for error in (no_bucket, no_key)] == [
        ("NoSuchBucket", 404),
        ("NoSuchKey", 404),
    ]


def test_options_are_refused() -> None:
    with pytest.raises(S3SelectError, match="sse_customer_key was given"):
        MemoryStore({"b": {"k": b""}}).open("b", "k", sse_customer_key=b"x" * 32)


def test_unrelated_contents_never_share_an_etag() -> None:
    assert BytesObject(b"a").etag != BytesObject(b"b").etag
