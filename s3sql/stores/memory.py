"""Bytes in memory as objects.

In: bytes, or buckets of them.  Out: a :class:`BytesObject`.

The contents are read where they are and never copied as a whole; a caller who changes a ``bytearray``
while a query reads it gets what he wrote.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping

from s3sql.errors import S3SelectError
from s3sql.stores.base import OpenObject, no_such_key, refuse_options


class BytesObject(OpenObject):
    """A run of bytes in memory."""

    __slots__ = ("_contents",)

    def __init__(self, contents: bytes | bytearray | memoryview, etag: str | None = None) -> None:
        """Serve *contents*; without an *etag* this object is a version of its own.

        Raises:
            ValueError: *contents* is a memoryview with gaps.
        """
        view = memoryview(contents)
        if not view.c_contiguous:
            raise ValueError(
                "this memoryview has gaps between its elements; pass bytes(view), which closes them"
            )
        self._contents = view.cast("B")
        self.size: int = self._contents.nbytes
        self.etag = etag or unique_etag()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        count = max(0, min(len(buffer), self.size - offset))
        buffer[:count] = self._contents[offset : offset + count]
        return count

    def close(self) -> None:
        """Let go of the contents."""
        self._contents = memoryview(b"")


class MemoryStore:
    """Buckets in a dictionary: ``{bucket: {key: contents}}``, which may change between queries."""

    __slots__ = ("_etags", "buckets")

    def __init__(self, buckets: Mapping[str, Mapping[str, bytes]]) -> None:
        self.buckets = buckets
        self._etags: dict[tuple[str, str], tuple[bytes, str]] = {}

    def open(
        self,
        bucket: str,
        key: str,
        *,
        sse_customer_algorithm: str | None = None,
        sse_customer_key: str | bytes | None = None,
        sse_customer_key_md5: str | None = None,
        expected_bucket_owner: str | None = None,
    ) -> BytesObject:
        """Open *key* in *bucket* as it is now.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, or ``InvalidRequest`` for an option, which
                memory has no use for.
        """
        refuse_options(
            "a store in memory",
            sse_customer_algorithm=sse_customer_algorithm,
            sse_customer_key=sse_customer_key,
            sse_customer_key_md5=sse_customer_key_md5,
            expected_bucket_owner=expected_bucket_owner,
        )
        if bucket not in self.buckets:
            raise S3SelectError(
                "NoSuchBucket",
                f"The specified bucket does not exist: there is no {bucket!r} in memory.",
                status=404,
            )
        if key not in self.buckets[bucket]:
            raise no_such_key(f"The specified key does not exist: the bucket {bucket} has no {key!r}.")
        contents = self.buckets[bucket][key]
        return BytesObject(contents, self._etag(bucket, key, contents))

    def _etag(self, bucket: str, key: str, contents: bytes) -> str:
        """The MD5 of *contents* as S3 has it, computed once for as long as the key holds this object."""
        known = self._etags.get((bucket, key))
        if known is not None and known[0] is contents:
            return known[1]
        etag = hashlib.md5(contents, usedforsecurity=False).hexdigest()
        self._etags[bucket, key] = (contents, etag)
        return etag


def unique_etag() -> str:
    """An ETag for contents of which nothing is known but that they are read now."""
    return uuid.uuid4().hex
