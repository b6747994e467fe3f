from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.errors import S3SelectError
from s3sql.stores.base import StoredObject
from s3sql.stores.local import LocalStore, open_path

posix = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links and FIFOs")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    bucket = tmp_path / "store" / "bucket"
    (bucket / "a").mkdir(parents=True)
    (bucket / "a" / "b.csv").write_bytes(b"0123456789")
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "store"


def refused(root: Path, bucket: str, key: str) -> S3SelectError:
    with pytest.raises(S3SelectError) as caught:
        LocalStore(root).open(bucket, key)
    return caught.value


def test_reads_ranges_in_any_order(root: Path) -> None:
    opened: StoredObject = LocalStore(root).open("bucket", "a/b.csv")
    with opened:
        assert opened.size == 10
        assert opened.read(7, 10) == b"789"
        assert opened.read(0, 3) == b"012"
        assert opened.read(10, 1) == b""
        assert opened.read(99, 1) == b""
        buffer = bytearray(b"....")
        assert opened.read_into(memoryview(buffer), 8) == 2
        assert buffer == b"89.."


@pytest.mark.parametrize(
    "key",
    ["../secret", "a/../../secret", "/etc/passwd", "a//b.csv", "./a/b.csv", "a/b.csv/", "", "a\0b", "\ud800"],
)
def test_an_unsafe_key_is_no_key(root: Path, key: str) -> None:
    error = refused(root, "bucket", key)
    assert (error.code, error.status) == ("NoSuchKey", 404)
    assert error.message.startswith("The specified key does not exist: ")


@pytest.mark.parametrize("bucket", ["..", ".", "", "no", "../store/bucket", "/tmp", "buc\0ket", "bucket/a"])
def test_an_unsafe_or_absent_bucket_is_no_bucket(root: Path, bucket: str) -> None:
    error = refused(root, bucket, "a/b.csv")
    assert error.code == "NoSuchBucket"
    assert error.message.startswith("The specified bucket does not exist: ")


def test_a_file_is_no_bucket(root: Path) -> None:
    (root / "file").write_bytes(b"")
    assert refused(root, "file", "x").code == "NoSuchBucket"


def test_absent_keys_and_folders(root: Path) -> None:
    assert "bucket/a/c" in refused(root, "bucket", "a/c").message
    assert refused(root, "bucket", "a/b.csv/c").code == "NoSuchKey"
    assert "is a folder" in refused(root, "bucket", "a").message
    assert refused(root, "bucket", "x" * 256).code == "NoSuchKey"
    assert refused(root, "bucket", "x/" * 512 + "x").code == "KeyTooLongError"


@posix
def test_symbolic_links_are_not_followed(root: Path) -> None:
    (root / "bucket" / "link").symlink_to(root.parent / "secret")
    (root / "bucket" / "folder").symlink_to(root.parent)
    (root / "other").symlink_to(root.parent)
    assert "symbolic link" in refused(root, "bucket", "link").message
    assert refused(root, "bucket", "folder/secret").code == "NoSuchKey"
    assert refused(root, "other", "secret").code == "NoSuchBucket"


@posix
def test_without_openat_the_rules_are_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.stores.local._OPENS_BY_SEGMENT", False)
    (root / "bucket" / "link").symlink_to(root.parent / "secret")
    (root / "bucket" / "folder").symlink_to(root.parent)
    assert "symbolic link" in refused(root, "bucket", "link").message
    assert refused(root, "bucket", "folder/secret").code == "NoSuchKey"
    assert refused(root, "bucket", "a/c").code == "NoSuchKey"
    with LocalStore(root).open("bucket", "a/b.csv") as opened:
        assert opened.read(0, 10) == b"0123456789"


@posix
def test_a_fifo_is_refused_at_once(root: Path) -> None:
    os.mkfifo(root / "bucket" / "pipe")
    assert "not a regular file" in refused(root, "bucket", "pipe").message
    with pytest.raises(S3SelectError, match="not a regular file"):
        open_path(root / "bucket" / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_access_denied(root: Path) -> None:
    (root / "bucket" / "a" / "b.csv").chmod(0)
    assert refused(root, "bucket", "a/b.csv").code == "AccessDenied"


@pytest.mark.parametrize(
    "overwrite",
    [
        pytest.param(lambda path: path.write_bytes(b"9876543210"), id="in place, same size"),
        pytest.param(lambda path: os.truncate(path, 5), id="truncated"),
        pytest.param(lambda path: path.open("ab").write(b"more"), id="appended"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_an_overwrite_during_a_scan_is_an_error(root: Path, overwrite: object) -> None:
    path = root / "bucket" / "a" / "b.csv"
    os.utime(path, ns=(0, 1_000_000_000))
    with LocalStore(root).open("bucket", "a/b.csv") as opened:
        assert opened.read(0, 4) == b"0123"
        overwrite(path)  # type: ignore[operator]
        with pytest.raises(S3SelectError, match=r"bucket/a/b\.csv was changed") as caught:
            opened.read(4, 4)
    assert (caught.value.code, caught.value.status) == ("PreconditionFailed", 412)


def test_a_file_renamed_over_does_not_disturb_a_scan(root: Path) -> None:
    path = root / "bucket" / "a" / "b.csv"
    with LocalStore(root).open("bucket", "a/b.csv") as opened:
        first = opened.etag
        (root / "new").write_bytes(b"another version")
        (root / "new").replace(path)
        assert opened.read(0, 10) == b"0123456789"
    with LocalStore(root).open("bucket", "a/b.csv") as opened:
        assert opened.etag != first
        assert opened.read(0, 7) == b"another"


def test_options_that_a_folder_lacks_are_refused(root: Path) -> None:
    with pytest.raises(S3SelectError, match="expected_bucket_owner was given") as caught:
        LocalStore(root).open("bucket", "a/b.csv", expected_bucket_owner="111122223333")
    assert caught.value.code == "InvalidRequest"


def test_the_root_must_be_a_folder(root: Path) -> None:
    with pytest.raises(NotADirectoryError, match="sub-folders are buckets"):
        LocalStore(root / "bucket" / "a" / "b.csv")


def test_a_plain_path_may_be_a_link(root: Path) -> None:
    link = root.parent / "link.csv"
    link.symlink_to(root / "bucket" / "a" / "b.csv")
    with open_path(link) as opened:
        assert opened.read(0, 99) == b"0123456789"


@pytest.mark.parametrize("path", ["absent.csv", "nul\0.csv"])
def test_an_absent_path_is_no_such_key(path: str) -> None:
    with pytest.raises(S3SelectError) as caught:
        open_path(path)
    assert caught.value.code == "NoSuchKey"


@given(key=st.text(st.sampled_from("a./\\\0~-b"), max_size=12))
def test_no_key_leads_out_of_its_bucket(key: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.getbasetemp() / "hypothesis-store"
    (root / "a").mkdir(parents=True, exist_ok=True)
    (root / "b").write_bytes(b"outside")
    with pytest.raises(S3SelectError) as caught:
        LocalStore(root).open("a", key)
    assert caught.value.code == "NoSuchKey"
