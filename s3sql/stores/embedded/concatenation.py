"""Many files as one: what the parts of an upload become.

In: files, in order.  Out: a staged file with the bytes of all of them, copied by the system where it can.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.encryption import sealed_size
from s3sql.stores.embedded.files import open_file
from s3sql.stores.embedded.staging import Staging
from s3sql.stores.embedded.writing import Staged, settle

#: Bytes per call: enough to make calls cheap, and few enough to be interrupted between them.
_SYSTEM_BYTES = 64 << 20
_BUFFER_BYTES = 1 << 20

#: What says that the system cannot copy between these files itself.
_UNABLE = frozenset((errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM))


def concatenated(staging: Staging, folder: int, files: Sequence[tuple[str, int]], *, sealed: bool) -> Staged:
    """A new file in *staging* with the bytes of *files* in *folder*, names and sizes before encryption.

    Raises:
        S3SelectError: ``InvalidPart`` if a file is not as long as it was.
        OSError: what the system said.
    """
    name, target = staging.create()
    try:
        for file, size in files:
            _append(target, folder, file, sealed_size(size) if sealed else size)
        identity = settle(target)
    except BaseException:
        staging.remove(name)
        raise
    finally:
        os.close(target)
    return Staged(name, sum(size for _, size in files), "", identity)


def copy_bytes(source: int, target: int) -> int:
    """Append all bytes of the open file *source* to *target*; their number."""
    copied = 0
    while hasattr(os, "copy_file_range"):
        try:
            count = os.copy_file_range(source, target, _SYSTEM_BYTES)
        except OSError as error:
            if error.errno in _UNABLE and not copied:
                break
            raise
        if not count:
            return copied
        copied += count
    while data := os.read(source, _BUFFER_BYTES):
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        copied += len(data)
    return copied


def _append(target: int, folder: int, file: str, expected: int) -> None:
    source = open_file(folder, file)
    if source is None:
        raise _lost(file, expected, 0)
    try:
        copied = copy_bytes(source, target)
    finally:
        os.close(source)
    if copied != expected:
        raise _lost(file, expected, copied)


def _lost(file: str, expected: int, found: int) -> S3SelectError:
    number = file.partition("-")[0]
    return S3SelectError(
        "InvalidPart",
        f"Part {number} was stored with {expected:,} bytes, and {found:,} are left of it. Upload it again.",
    )
