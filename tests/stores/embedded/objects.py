"""Short ways to write and read the embedded store, for its tests."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import Attributes, Conditions, CustomerKey, ObjectInfo, Upload
from s3sql.stores.embedded.store import EmbeddedStore

BUCKET = "bucket"

MIB = 1 << 20


def customer_key(letter: str = "k") -> CustomerKey:
    raw = letter.encode() * 32
    return CustomerKey(raw, b64encode(hashlib.md5(raw).digest()).decode())


def put(
    store: EmbeddedStore,
    key: str,
    contents: bytes,
    attributes: Attributes = Attributes(),  # noqa: B008
    *,
    conditions: Conditions = Conditions(),  # noqa: B008
    customer_key: CustomerKey | None = None,
    bucket: str = BUCKET,
) -> ObjectInfo:
    with store.start_write(bucket, key, attributes, customer_key=customer_key) as writer:
        writer.write(contents)
        return writer.commit(conditions=conditions)


def contents_of(
    store: EmbeddedStore, key: str, customer_key: CustomerKey | None = None, bucket: str = BUCKET
) -> bytes:
    with store.open_object(bucket, key, customer_key) as opened:
        return opened.read(0, opened.info.size + 1)


def keys_of(store: EmbeddedStore, bucket: str = BUCKET, **options: str | int) -> list[str]:
    page = store.list_objects(bucket, **options)  # type: ignore[arg-type]
    return [entry if isinstance(entry, str) else entry.key for entry in page.entries]


def put_part(
    store: EmbeddedStore,
    upload: Upload,
    number: int,
    contents: bytes,
    customer_key: CustomerKey | None = None,
) -> str:
    """The ETag of a part that is stored."""
    with store.start_part(upload, number, customer_key=customer_key) as writer:
        writer.write(contents)
        return writer.commit().etag


def code_of(caught: pytest.ExceptionInfo[S3SelectError]) -> tuple[str, int]:
    return caught.value.code, caught.value.status
