"""Files as objects: a folder whose sub-folders are buckets, or one plain file.

In: a folder, a bucket and a key, or a path.  Out: a :class:`FileObject`.

A key is a relative path below its bucket.  Keys come from strangers, so every segment is opened by
itself, below the one before, without following symbolic links; only regular files are objects (a FIFO
would block for ever).  A plain path comes from the caller and may lead anywhere.

The version is the file's inode, size and time of modification, compared after every read: the system
sets the time before it changes the first byte, so a read that saw a changed byte also sees another time.
A file put in place by renaming leaves the one being read untouched.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from pathlib import Path

from s3sql.errors import S3SelectError
from s3sql.limits import MAX_KEY_BYTES
from s3sql.stores.base import OpenObject, changed, no_such_key, refuse_options
from s3sql.stores.path_hints import path_hint

#: Longest segment of a key, in bytes of UTF-8 (NAME_MAX).
MAX_SEGMENT_BYTES = 255

#: Whether the system can open one path segment below an open folder without following a link.
_OPENS_BY_SEGMENT = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

#: Whether the system can read at an offset without moving the file's position, which all threads share.
_READS_ANYWHERE = hasattr(os, "preadv")

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
#: Not to wait for the writer of a FIFO, which is then refused; regular files ignore it.
_READ_AT_ONCE = _READ | getattr(os, "O_NONBLOCK", 0)


class FileObject(OpenObject):
    """A regular file, open for reading; by several threads at once where the system can (``concurrent``)."""

    __slots__ = ("_file", "_identity", "_name", "concurrent")

    def __init__(self, file: io.FileIO, name: str) -> None:
        self._file = file
        self.concurrent = _READS_ANYWHERE
        self._name = name
        status = os.fstat(file.fileno())
        self._identity = file_identity(status)
        self.size: int = status.st_size
        self.etag = file_etag(self._identity)

    @property
    def file(self) -> int | None:
        """The file's descriptor, where several threads can read it at once; None once it is closed."""
        return None if self._file.closed or not self.concurrent else self._file.fileno()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; see :meth:`s3sql.stores.base.StoredObject.read_into`."""
        try:
            number = self._file.fileno()
            if not _READS_ANYWHERE:
                self._file.seek(offset)
            filled = 0
            while filled < len(buffer):
                rest = buffer[filled:]
                if _READS_ANYWHERE:
                    count = os.preadv(number, [rest], offset + filled)
                else:
                    count = self._file.readinto(rest) or 0
                if not count:
                    break
                filled += count
            status = os.fstat(number)
        except OSError as error:
            raise file_error(error, self._name) from error
        if file_identity(status) != self._identity:
            raise changed(self._name)
        return filled

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class LocalStore:
    """A folder whose sub-folders are buckets."""

    __slots__ = ("root",)

    def __init__(self, root: str | os.PathLike[str]) -> None:
        """Serve the folder *root*, which may itself be reached through symbolic links.

        Raises:
            NotADirectoryError: *root* is not a folder.
        """
        self.root = Path(root)
        if not self.root.is_dir():
            raise NotADirectoryError(
                errno.ENOTDIR, "a local store is a folder whose sub-folders are buckets", str(root)
            )

    def open(
        self,
        bucket: str,
        key: str,
        *,
        sse_customer_algorithm: str | None = None,
        sse_customer_key: str | bytes | None = None,
        sse_customer_key_md5: str | None = None,
        expected_bucket_owner: str | None = None,
    ) -> FileObject:
        """Open the file *key* below the folder *bucket*.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``KeyTooLongError``, ``AccessDenied``, or
                ``InvalidRequest`` for an option, which a folder has no use for.
        """
        refuse_options(
            "a folder",
            sse_customer_algorithm=sse_customer_algorithm,
            sse_customer_key=sse_customer_key,
            sse_customer_key_md5=sse_customer_key_md5,
            expected_bucket_owner=expected_bucket_owner,
        )
        if not _is_safe_segment(bucket) or not _is_folder(self.root / bucket):
            raise S3SelectError(
                "NoSuchBucket",
                f"The specified bucket does not exist: the folder {self.root} has no {bucket!r}.",
                status=404,
            )
        name = f"{bucket}/{key}"
        if len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
            raise S3SelectError("KeyTooLongError", f"The key has more than {MAX_KEY_BYTES} bytes.")
        segments = key.split("/")
        if not all(map(_is_safe_segment, segments)):
            raise no_such_key(
                f"The specified key does not exist: {key!r} cannot be in the bucket {bucket}, as a folder "
                "holds only keys whose segments are not empty, not '.' or '..' and without NUL."
            )
        try:
            number = _open_below(self.root, [bucket, *segments])
        except OSError as error:
            raise file_error(error, name) from error
        return _regular_file(number, name)


def open_path(path: str | os.PathLike[str]) -> FileObject:
    """Open one plain file, symbolic links followed.

    Raises:
        S3SelectError: ``NoSuchKey`` when there is no regular file, ``AccessDenied``, ``InternalError``.
    """
    try:
        return _open_plain(os.fspath(path))
    except S3SelectError as error:
        error.suggest(path_hint(os.fspath(path)) if error.code == "NoSuchKey" else None)
        raise


def _open_plain(name: str) -> FileObject:
    try:
        number = os.open(name, _READ_AT_ONCE)
    except OSError as error:
        raise file_error(error, name) from error
    except ValueError as error:
        raise no_such_key(f"The specified key does not exist: the path {name!r} contains NUL.") from error
    return _regular_file(number, name)


def file_identity(status: os.stat_result) -> tuple[int, int, int]:
    """What tells two versions of a file apart: inode, size in bytes, modification time in nanoseconds."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def file_etag(identity: tuple[int, int, int]) -> str:
    """An ETag for a file's identity; the dash says that it is not the MD5 of the contents."""
    digest = hashlib.md5(":".join(map(str, identity)).encode(), usedforsecurity=False)
    return f"{digest.hexdigest()}-1"


def file_error(error: OSError, name: str) -> S3SelectError:
    """The S3 error for what the operating system said about the file *name*."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO):
        return no_such_key(f"The specified key does not exist: there is no file {name}.")
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return no_such_key(
            f"The specified key does not exist: {name} is a symbolic link, and those are not followed."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return S3SelectError("AccessDenied", f"The file {name} may not be read by this user.", status=403)
    if error.errno == errno.EISDIR:
        return no_such_key(f"The specified key does not exist: {name} is a folder.")
    if error.errno == errno.ESTALE:
        return changed(name)
    return S3SelectError("InternalError", f"Reading {name} failed: {error.strerror or error}.", status=500)


def _regular_file(number: int, name: str) -> FileObject:
    """The open file descriptor *number* as an object, provided it is a regular file."""
    kind = os.fstat(number).st_mode
    if stat.S_ISREG(kind):
        return FileObject(io.FileIO(number, "rb"), name)
    os.close(number)
    if stat.S_ISDIR(kind):
        raise no_such_key(f"The specified key does not exist: {name} is a folder.")
    raise no_such_key(
        f"{name} is not a regular file. Open a pipe or a device yourself and pass the file object, which is "
        "read as a stream."
    )


def _is_safe_segment(segment: str) -> bool:
    """Whether *segment* names an entry of its folder and can name nothing else."""
    if segment in ("", ".", "..") or "/" in segment or "\0" in segment:
        return False
    if os.name == "nt" and any(character in segment for character in '\\:<>"|?*'):
        return False
    try:
        return len(segment.encode()) <= MAX_SEGMENT_BYTES
    except UnicodeEncodeError:
        return False


def _is_folder(path: Path) -> bool:
    """Whether *path* itself is a folder, and not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _open_below(root: Path, segments: list[str]) -> int:
    """A descriptor of the file reached from *root* through *segments*, no symbolic link followed."""
    if not _OPENS_BY_SEGMENT:
        return _open_checked(root, segments)
    folder = os.open(root, _READ | os.O_DIRECTORY)
    try:
        for segment in segments[:-1]:
            below = os.open(segment, _READ | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(segments[-1], _READ_AT_ONCE | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def _open_checked(root: Path, segments: list[str]) -> int:
    """As :func:`_open_below` on systems without ``openat``, which must look before they open."""
    path = root
    for segment in segments:
        path = path / segment
        if stat.S_ISLNK(path.lstat().st_mode):
            raise OSError(errno.ELOOP, "symbolic link", str(path))
    return os.open(path, _READ_AT_ONCE)
