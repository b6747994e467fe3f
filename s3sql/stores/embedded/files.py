"""Files and folders below an open folder, reached segment by segment without following a link.

In: the descriptor of a folder and names in it.  Out: descriptors, and S3's codes for what went wrong.

A key comes from a stranger, and other programs change the same folders meanwhile: whatever is opened is
opened below the folder before it, by a name without a slash, and never through a symbolic link, so that no
key and no link reaches outside. Only regular files are objects; a FIFO would block whoever opens it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from s3sql.errors import S3SelectError
from s3sql.stores.local import file_error, file_identity

#: What tells two versions of a file apart; see :func:`s3sql.stores.local.file_identity`.
Identity: TypeAlias = tuple[int, int, int]

#: Folders within each other that the longest key can name; what lies deeper is no object.
MAX_DEPTH = 512

#: Whether the system can do all that below an open folder.
SUPPORTED = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
#: Not to wait for the writer of a FIFO, which is then refused; regular files ignore it.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)

#: What opening says where no file of that path can be: another kind of thing, or nothing.
ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EMLINK, errno.ENAMETOOLONG, errno.ENXIO))


def open_folder(parent: int, name: str) -> int:
    """A descriptor of the folder *name* in *parent*."""
    return os.open(name, _FOLDER, dir_fd=parent)


@contextlib.contextmanager
def folder_below(start: int, segments: Sequence[str]) -> Iterator[int]:
    """The folder reached from *start* through *segments*, open as long as the context."""
    folder = os.dup(start)
    try:
        for segment in segments:
            below = open_folder(folder, segment)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def make_folders(start: int, segments: Sequence[str]) -> list[int]:
    """Descriptors of *start* and of the folders on the way through *segments*, which are made where missing.

    The caller closes them.

    Raises:
        OSError: ``ENOTDIR`` or ``ELOOP`` where something else has a folder's name; ``ENOENT`` if another
            process removes them as fast as they are made.
    """
    chain = [os.dup(start)]
    try:
        for segment in segments:
            with contextlib.suppress(FileExistsError):
                os.mkdir(segment, dir_fd=chain[-1])
            chain.append(open_folder(chain[-1], segment))
    except BaseException:
        close_all(chain)
        raise
    return chain


def close_all(descriptors: Sequence[int]) -> None:
    """Close every one of them."""
    for descriptor in descriptors:
        os.close(descriptor)


def open_file(folder: int, name: str) -> int | None:
    """A descriptor of the regular file *name*, for reading; None if anything else or nothing is there.

    Raises:
        OSError: what is there may not be read, or the system has no room for another open file.
    """
    try:
        descriptor = os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        if error.errno in ABSENT or error.errno in (errno.EISDIR, errno.EINVAL):
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def create_file(folder: int, name: str, *, private: bool = False) -> int:
    """A descriptor of the new file *name*, for reading and writing."""
    return os.open(name, _NEW, 0o600 if private else 0o666, dir_fd=folder)


def file_status(folder: int, name: str) -> os.stat_result | None:
    """The status of the regular file *name*; None if anything else or nothing is there."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    return status if stat.S_ISREG(status.st_mode) else None


def identity_of(descriptor: int) -> Identity:
    """The identity of an open file."""
    return file_identity(os.fstat(descriptor))


def remove_file(folder: int, name: str) -> None:
    """Remove the file *name* if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def remove_empty_folders(folder: int, depth: int = MAX_DEPTH) -> None:
    """Remove what folders below *folder* hold no file, deepest first, as far as they stay empty.

    Raises:
        OSError: what the system said, but for folders that are not empty or vanish meanwhile.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    for name in names if depth else ():
        try:
            below = open_folder(folder, name)
        except FileNotFoundError:
            continue
        try:
            remove_empty_folders(below, depth - 1)
        finally:
            os.close(below)
        remove_folder(folder, name)


def remove_folder(folder: int, name: str) -> bool:
    """Remove the folder *name* if it is empty; whether it is gone."""
    try:
        os.rmdir(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY, errno.ENOTDIR):
            return False
        raise
    return True


def sync(descriptor: int) -> None:
    """Have the disk keep what was written to the file, or what was put into the folder."""
    if sys.platform == "darwin":
        import fcntl

        # There, fsync leaves the bytes in the disk's own cache.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def folds_names(folder: int) -> bool:
    """Whether the file system of *folder*, which can be written, takes different names for one.

    It does when it does not distinguish capital letters, or ``é`` from ``e`` with an accent behind it.
    """
    name = "probe-\N{LATIN SMALL LETTER E WITH ACUTE}"
    os.close(create_file(folder, name, private=True))
    try:
        others = (name.upper(), unicodedata.normalize("NFD", name))
        return any(file_status(folder, other) is not None for other in others)
    finally:
        remove_file(folder, name)


def has_exact_name(folder: int, name: str) -> bool:
    """Whether an entry of *folder* has this very name, on a file system that would open others for it."""
    with os.scandir(folder) as entries:
        return any(entry.name == name for entry in entries)


@contextlib.contextmanager
def reported(name: str) -> Iterator[None]:
    """What the system says of *name* while the block runs, as S3's errors."""
    try:
        yield
    except OSError as error:
        raise store_error(error, name) from error


def store_error(error: OSError, name: str) -> S3SelectError:
    """The S3 error for what the operating system said when *name* was read or written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return S3SelectError("ServiceUnavailable", f"There is no room for {name}: {error.strerror}.")
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return S3SelectError("SlowDown", f"Too many files are open to open {name}; try again later.")
    if error.errno == errno.EROFS:
        return S3SelectError("AccessDenied", f"{name} is on a file system that can only be read.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return S3SelectError("AccessDenied", f"The user of the server has no right to read or write {name}.")
    if error.errno in (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT):
        return S3SelectError("ServiceUnavailable", f"The disk failed at {name}: {error.strerror}.")
    return file_error(error, name)


def unwritable(name: str) -> S3SelectError:
    """The error for a write below the folder *name*, which can only be read."""
    return S3SelectError(
        "AccessDenied", f"Access Denied: the folder {name} cannot be written, and is served for reading only."
    )
