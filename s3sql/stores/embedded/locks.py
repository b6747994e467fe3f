"""One at a time, among threads and processes: keys, buckets, and the start of a store.

In: what is to be locked.  Out: a context in which nobody else has it.

A lock is ``flock`` on a file opened for this one time, so that it holds between threads as between
processes, and ends with the process whatever happens to it. Keys and buckets share a fixed number of files
by the hash of their names. Whoever takes several takes them in the order upload, bucket, key, and never two
of one kind.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator

if sys.platform != "win32":
    import fcntl

#: Files for the locks of each kind.
_STRIPES = 256


class Locks:
    """The locks of one store, in the folder *folder*."""

    __slots__ = ("_folder",)

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def bucket(self, bucket: str, *, shared: bool) -> contextlib.AbstractContextManager[None]:
        """The bucket: shared by those who write in it, alone for who makes or removes it."""
        return self._held(f"bucket-{_stripe(bucket)}", shared=shared)

    def key(self, bucket: str, key: str) -> contextlib.AbstractContextManager[None]:
        """The key: for who looks at it and then changes it."""
        return self._held(f"key-{_stripe(f'{bucket}/{key}')}", shared=False)

    def start(self) -> contextlib.AbstractContextManager[None]:
        """The opening of a store, which clears away what dead processes left."""
        return self._held("start", shared=False)

    @contextlib.contextmanager
    def _held(self, name: str, *, shared: bool) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        with held(os.open(name, flags, 0o600, dir_fd=self._folder), shared=shared):
            yield


@contextlib.contextmanager
def held(descriptor: int, *, shared: bool) -> Iterator[None]:
    """Hold the lock of an open file, which is closed at the end."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file if nobody has it; it ends when the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stripe(name: str) -> str:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return f"{int.from_bytes(digest, 'big') % _STRIPES:02x}"
