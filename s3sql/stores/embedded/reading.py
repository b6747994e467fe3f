"""An object of the store, open for reading.

In: its open file, what is known of it, and the customer's key.  Out: an :class:`EmbeddedObject`, of which
any range can be read, in plain bytes.
"""

from __future__ import annotations

import io

from s3sql.errors import S3SelectError
from s3sql.stores.base import OpenObject
from s3sql.stores.embedded.encryption import Unsealer
from s3sql.stores.embedded.lookup import Version
from s3sql.stores.embedded.model import CustomerKey, ObjectInfo
from s3sql.stores.local import FileObject


class EmbeddedObject(OpenObject):
    """One version of one object; it stays what it is when another takes its place."""

    __slots__ = ("_file", "_unsealer", "info")

    def __init__(self, file: FileObject, info: ObjectInfo, unsealer: Unsealer | None = None) -> None:
        self._file = file
        self._unsealer = unsealer
        self.info = info
        self.size: int = info.size
        self.etag = info.etag

    @property
    def concurrent(self) -> bool:
        """Whether several threads may read at once: what is stored as it is."""
        return self._unsealer is None and self._file.concurrent

    @property
    def file(self) -> int | None:
        """The descriptor of the file of what is stored as it is."""
        return self._file.file if self._unsealer is None else None

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        if self._unsealer is None:
            return self._file.read_into(buffer, offset)
        return self._unsealer.read_into(buffer, offset)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_version(
    bucket: str, key: str, version: Version, descriptor: int, customer_key: CustomerKey | None
) -> EmbeddedObject:
    """The object of *version*, whose file is open as *descriptor*; the key has been checked.

    Raises:
        S3SelectError: ``BadDigest`` if the file is damaged.
    """
    name = f"{bucket}/{key}"
    file = FileObject(io.FileIO(descriptor, "rb"), name)
    try:
        unsealer = None
        expected = version.size
        if customer_key is not None:
            sizes = [part.size for part in version.parts] or [version.size]
            unsealer = Unsealer(customer_key, sizes, file.read, name)
            expected = unsealer.sealed_size
        if file.size != expected:
            raise S3SelectError(
                "BadDigest",
                f"The file of {name} has {file.size:,} bytes, and not {expected:,} as it was stored with.",
            )
    except BaseException:
        file.close()
        raise
    return EmbeddedObject(file, version.told(bucket, key), unsealer)
