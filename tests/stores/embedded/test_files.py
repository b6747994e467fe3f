"""What the operating system and SQLite say, as S3's errors; and folders that others change meanwhile."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from s3sql.stores.embedded.catalogue import catalogue_error
from s3sql.stores.embedded.files import (
    MAX_DEPTH,
    close_all,
    make_folders,
    remove_empty_folders,
    remove_folder,
    store_error,
)


@pytest.mark.parametrize(
    ("number", "code", "status"),
    [
        (errno.ENOSPC, "ServiceUnavailable", 503),
        (errno.EDQUOT, "ServiceUnavailable", 503),
        (errno.EIO, "ServiceUnavailable", 503),
        (errno.EMFILE, "SlowDown", 503),
        (errno.EROFS, "AccessDenied", 403),
        (errno.EACCES, "AccessDenied", 403),
        (errno.EPERM, "AccessDenied", 403),
        (errno.ENOENT, "NoSuchKey", 404),
        (errno.ELOOP, "NoSuchKey", 404),
    ],
)
def test_what_the_system_says(number: int, code: str, status: int) -> None:
    error = store_error(OSError(number, os.strerror(number)), "bucket/key")
    assert (error.code, error.status) == (code, status)
    assert "bucket/key" in error.message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SQLITE_BUSY", "SlowDown"),
        ("SQLITE_LOCKED_SHAREDCACHE", "SlowDown"),
        ("SQLITE_FULL", "ServiceUnavailable"),
        ("SQLITE_READONLY_DBMOVED", "AccessDenied"),
        ("SQLITE_IOERR_FSYNC", "ServiceUnavailable"),
        ("", "ServiceUnavailable"),
    ],
)
def test_what_sqlite_says(name: str, code: str) -> None:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorname = name
    assert catalogue_error(error).code == code


def test_folders_are_made_and_removed(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    close_all(make_folders(folder, ["a", "b", "c"]))
    close_all(make_folders(folder, ["a", "d"]))
    (tmp_path / "a" / "d" / "file").write_bytes(b"")
    remove_empty_folders(folder)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a", "a/d", "a/d/file"]
    assert not remove_folder(folder, "a")
    assert remove_folder(folder, "gone")
    with pytest.raises(NotADirectoryError):
        make_folders(folder, ["a", "d", "file", "x"])
    os.close(folder)


def test_folders_deeper_than_any_key_are_left(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    deepest = os.dup(folder)
    for _ in range(MAX_DEPTH + 10):
        os.mkdir("d", dir_fd=deepest)
        below = os.open("d", os.O_RDONLY, dir_fd=deepest)
        os.close(deepest)
        deepest = below
    os.close(deepest)
    remove_empty_folders(folder)
    assert (tmp_path / "d").is_dir()
    remove_empty_folders(folder, MAX_DEPTH + 10)
    assert list(tmp_path.iterdir()) == []
    os.close(folder)
