"""Buckets and objects, one thing at a time."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.base import ObjectStore
from s3sql.stores.embedded import placement
from s3sql.stores.embedded.model import Attributes, Checksum, Conditions
from s3sql.stores.embedded.store import EmbeddedStore
from s3sql.stores.local import file_etag, file_identity
from tests.stores.embedded.objects import BUCKET, code_of, contents_of, customer_key, keys_of, put

ATTRIBUTES = Attributes(
    {"content-type": "text/csv", "cache-control": "no-store"},
    {"colour": "gr\u00fcn", "empty": ""},
    {"project": "x"},
    "STANDARD_IA",
)


def test_the_root_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="sub-folders are buckets"):
        EmbeddedStore(tmp_path / "no")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        EmbeddedStore(tmp_path / "file")


def test_the_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    store = EmbeddedStore(tmp_path / "link")
    assert [bucket.name for bucket in store.buckets()] == [BUCKET]
    store.close()


def test_closing_twice_is_closing(root: Path) -> None:
    store = EmbeddedStore(root)
    assert store.state_directory == root / ".s3sql"
    store.close()
    store.close()
    assert list((root / ".s3sql" / "tmp").iterdir()) == []


def test_it_is_a_store_for_queries(store: EmbeddedStore) -> None:
    as_store: ObjectStore = store
    put(store, "a.csv", b"a,b\n1,2\n")
    with as_store.open(BUCKET, "a.csv") as opened:
        assert opened.size == 8
        assert opened.read(4, 3) == b"1,2"
        assert opened.etag == hashlib.md5(b"a,b\n1,2\n").hexdigest()


class TestBuckets:
    def test_sub_folders_are_buckets(self, store: EmbeddedStore, root: Path) -> None:
        for name in ("b2", "Old_Name", ".hidden", "with space"):
            (root / name).mkdir()
        (root / "file").write_bytes(b"")
        (root / "link").symlink_to(root / "b2")
        assert [bucket.name for bucket in store.buckets()] == ["Old_Name", "b2", BUCKET]
        assert store.bucket("b2").name == "b2"

    @pytest.mark.parametrize(
        "name", ["no", "file", "link", "..", ".", "", ".s3sql", "bucket/a", "../root/bucket", "b\0", "\ud800"]
    )
    def test_anything_else_is_none(self, store: EmbeddedStore, root: Path, name: str) -> None:
        (root / "file").write_bytes(b"")
        (root / "link").symlink_to(root / BUCKET)
        for ask in (
            store.bucket,
            store.delete_bucket,
            store.list_objects,
            store.list_uploads,
            lambda name: store.describe(name, "a"),
            lambda name: store.open_object(name, "a"),
            lambda name: store.start_write(name, "a", Attributes()),
            lambda name: store.delete(name, "a"),
            lambda name: store.tags(name, "a"),
            lambda name: store.set_tags(name, "a", {}),
            lambda name: store.create_upload(name, "a", Attributes()),
            lambda name: store.upload(name, "a", "b"),
        ):
            with pytest.raises(S3SelectError, match="bucket does not exist") as caught:
                ask(name)
            assert code_of(caught) == ("NoSuchBucket", 404)

    def test_make_and_remove(self, store: EmbeddedStore, root: Path) -> None:
        before = datetime.now(UTC)
        made = store.create_bucket("new")
        assert before <= made.created <= datetime.now(UTC)
        put(store, "a", b"", bucket="new")
        assert store.bucket("new") == made
        assert made in store.buckets()
        store.delete("new", "a")
        store.delete_bucket("new")
        assert not (root / "new").exists()
        with pytest.raises(S3SelectError) as caught:
            store.delete_bucket("new")
        assert caught.value.code == "NoSuchBucket"

    def test_a_bucket_is_made_once(self, store: EmbeddedStore, root: Path) -> None:
        (root / "file").write_bytes(b"")
        for name in (BUCKET, "file"):
            with pytest.raises(S3SelectError) as caught:
                store.create_bucket(name)
            assert code_of(caught) == ("BucketAlreadyOwnedByYou", 409)
        with pytest.raises(S3SelectError) as caught:
            store.create_bucket("No")
        assert code_of(caught) == ("InvalidBucketName", 400)

    def test_only_an_empty_one_is_removed(self, store: EmbeddedStore, root: Path) -> None:
        folder = root / BUCKET
        (folder / "empty" / "folders").mkdir(parents=True)
        for key, encryption in (("a/b", None), ("hidden/", None), ("secret", customer_key())):
            put(store, key, b"x", customer_key=encryption)
            with pytest.raises(S3SelectError, match="has objects") as caught:
                store.delete_bucket(BUCKET)
            assert code_of(caught) == ("BucketNotEmpty", 409)
            store.delete(BUCKET, key)
        upload = store.create_upload(BUCKET, "a", Attributes())
        with pytest.raises(S3SelectError, match="neither completed nor aborted"):
            store.delete_bucket(BUCKET)
        store.abort_upload(upload)
        assert (folder / "empty" / "folders").is_dir()
        (folder / "link").symlink_to("nowhere")
        with pytest.raises(S3SelectError, match="no objects, such as links"):
            store.delete_bucket(BUCKET)
        (folder / "link").unlink()
        store.delete_bucket(BUCKET)
        assert not folder.exists()

    def test_nothing_comes_back_with_a_bucket_removed_by_hand(self, store: EmbeddedStore, root: Path) -> None:
        put(store, "hidden/", b"old")
        store.create_upload(BUCKET, "a", Attributes())
        (root / BUCKET).rmdir()
        store.create_bucket(BUCKET)
        assert keys_of(store) == []
        assert store.list_uploads(BUCKET) == ([], False)
        assert list((root / ".s3sql" / "objects").iterdir()) == []


class TestObjects:
    @pytest.mark.parametrize("key", ["a/b.csv", "a/", "..", "x" * 300])
    def test_all_that_was_said_is_told(self, store: EmbeddedStore, root: Path, key: str) -> None:
        before = datetime.now(UTC) - timedelta(seconds=1)
        with store.start_write(BUCKET, key, ATTRIBUTES, room=7) as writer:
            writer.write(b"con")
            writer.write(memoryview(b"tents").cast("B")[:4])
            told = writer.commit(checksum=Checksum("CRC32", "AAAAAA=="))
        assert (told.bucket, told.key, told.size) == (BUCKET, key, 7)
        assert told.etag == hashlib.md5(b"content").hexdigest()
        assert told.attributes == ATTRIBUTES
        assert told.checksum == Checksum("CRC32", "AAAAAA==")
        assert told.parts == ()
        assert before < told.modified <= datetime.now(UTC)
        again = EmbeddedStore(root)
        assert again.describe(BUCKET, key) == told
        assert list(again.list_objects(BUCKET).entries) == [told]
        with again.open_object(BUCKET, key) as opened:
            assert opened.info == told
            assert opened.read(3, 100) == b"tent"
            assert opened.read(7, 1) == b""
        again.close()

    def test_a_safe_key_is_a_file_that_others_see(self, store: EmbeddedStore, root: Path) -> None:
        told = put(store, "a/b c/\u00e9.csv", b"1,2\n")
        path = root / BUCKET / "a" / "b c" / "\u00e9.csv"
        assert path.read_bytes() == b"1,2\n"
        assert told.modified == datetime.fromtimestamp(path.stat().st_mtime_ns // 1000 / 1e6, UTC)

    def test_a_dropped_file_is_an_object_at_once(self, store: EmbeddedStore, root: Path) -> None:
        path = root / BUCKET / "a" / "b.csv"
        path.parent.mkdir()
        path.write_bytes(b"by hand")
        told = store.describe(BUCKET, "a/b.csv")
        assert told.etag == file_etag(file_identity(path.stat()))
        assert told.attributes == Attributes()
        assert list(store.list_objects(BUCKET).entries) == [told]
        assert contents_of(store, "a/b.csv") == b"by hand"

    def test_an_edited_file_is_a_plain_object(self, store: EmbeddedStore, root: Path) -> None:
        put(store, "a.csv", b"1234567", ATTRIBUTES)
        path = root / BUCKET / "a.csv"
        path.write_bytes(b"by hand")
        told = store.describe(BUCKET, "a.csv")
        assert told.attributes == Attributes()
        assert told.etag == file_etag(file_identity(path.stat()))
        assert list(store.list_objects(BUCKET).entries) == [told]
        put(store, "a.csv", b"again", ATTRIBUTES)
        assert store.describe(BUCKET, "a.csv").attributes == ATTRIBUTES

    @pytest.mark.parametrize("modified", [0, -1, 2**40, 32503680000 * 10**9, -(2**33) * 10**9])
    def test_a_file_may_have_any_time(self, store: EmbeddedStore, root: Path, modified: int) -> None:
        path = root / BUCKET / "a"
        path.write_bytes(b"x")
        os.utime(path, ns=(modified, modified))
        told = store.describe(BUCKET, "a")
        store.set_tags(BUCKET, "a", {"a": "b"})
        assert store.describe(BUCKET, "a").modified == told.modified
        assert store.tags(BUCKET, "a") == {"a": "b"}
        assert keys_of(store) == ["a"]

    def test_what_is_open_stays_what_it_was(self, store: EmbeddedStore) -> None:
        for key in ("a", "hidden/"):
            put(store, key, b"first")
            with store.open_object(BUCKET, key) as opened:
                put(store, key, b"second version")
                assert opened.read(0, 100) == b"first"
                store.delete(BUCKET, key)
                assert opened.read(1, 2) == b"ir"

    def test_a_change_by_hand_while_reading_is_an_error(self, store: EmbeddedStore, root: Path) -> None:
        put(store, "a", b"first")
        with store.open_object(BUCKET, "a") as opened:
            (root / BUCKET / "a").write_bytes(b"longer than it was")
            with pytest.raises(S3SelectError) as caught:
                opened.read(0, 5)
        assert code_of(caught) == ("PreconditionFailed", 412)

    @pytest.mark.parametrize(
        "key", ["no", "a/no", "a.csv/b", "a", "a/", "..", "/etc/passwd", "x" * 2000, "", "\ud800"]
    )
    def test_a_key_without_an_object(self, store: EmbeddedStore, key: str) -> None:
        put(store, "a.csv", b"")
        put(store, "a/b", b"")
        for ask in (store.describe, store.open_object, store.tags):
            with pytest.raises(S3SelectError, match="key does not exist") as caught:
                ask(BUCKET, key)
            assert code_of(caught) == ("NoSuchKey", 404)

    @pytest.mark.parametrize(
        ("key", "code"),
        [("", "InvalidArgument"), ("\ud800", "InvalidArgument"), ("x" * 1025, "KeyTooLongError")],
    )
    def test_what_cannot_be_a_key_is_refused(self, store: EmbeddedStore, key: str, code: str) -> None:
        for ask in (
            lambda: store.start_write(BUCKET, key, Attributes()),
            lambda: store.delete(BUCKET, key),
            lambda: store.set_tags(BUCKET, key, {}),
            lambda: store.create_upload(BUCKET, key, Attributes()),
        ):
            with pytest.raises(S3SelectError) as caught:
                ask()
            assert code_of(caught) == (code, 400)

    def test_what_is_not_committed_was_never_there(self, store: EmbeddedStore, root: Path) -> None:
        put(store, "a", b"first")
        with store.start_write(BUCKET, "a", Attributes()) as writer:
            writer.write(b"second")
        writer.abort()
        assert contents_of(store, "a") == b"first"
        (token,) = (root / ".s3sql" / "tmp").iterdir()
        assert [path.name for path in token.iterdir()] == ["lock"]

    def test_a_bucket_that_is_gone_before_the_commit(self, store: EmbeddedStore, root: Path) -> None:
        with store.start_write(BUCKET, "a", Attributes()) as writer:
            writer.write(b"x")
            store.delete_bucket(BUCKET)
            with pytest.raises(S3SelectError) as caught:
                writer.commit()
        assert code_of(caught) == ("NoSuchBucket", 404)

    def test_no_room_is_told_before_the_bytes_come(self, store: EmbeddedStore) -> None:
        with pytest.raises(S3SelectError, match="no room for bucket/a") as caught:
            store.start_write(BUCKET, "a", Attributes(), room=1 << 60)
        assert code_of(caught) == ("ServiceUnavailable", 503)

    def test_tags_leave_the_rest_as_it_is(self, store: EmbeddedStore, root: Path) -> None:
        (root / BUCKET / "dropped").write_bytes(b"x")
        for key, told in (
            ("own", put(store, "own", b"x", ATTRIBUTES)),
            ("hidden/", put(store, "hidden/", b"x", ATTRIBUTES)),
            ("dropped", store.describe(BUCKET, "dropped")),
        ):
            store.set_tags(BUCKET, key, {"a": "b", "c": ""})
            after = store.describe(BUCKET, key)
            assert store.tags(BUCKET, key) == after.attributes.tags == {"a": "b", "c": ""}
            assert after.attributes.metadata == told.attributes.metadata
            assert (after.etag, after.modified) == (told.etag, told.modified)
            store.set_tags(BUCKET, key, {})
            assert store.tags(BUCKET, key) == {}
        with pytest.raises(S3SelectError) as caught:
            store.set_tags(BUCKET, "no", {"a": "b"})
        assert code_of(caught) == ("NoSuchKey", 404)


class TestConditions:
    @pytest.mark.parametrize("key", ["a", "hidden/"])
    def test_of_a_write(self, store: EmbeddedStore, key: str) -> None:
        with pytest.raises(S3SelectError) as caught:
            put(store, key, b"x", conditions=Conditions(if_match="*"))
        assert code_of(caught) == ("NoSuchKey", 404)
        first = put(store, key, b"first", conditions=Conditions(if_none_match="*"))
        for conditions in (
            Conditions(if_none_match="*"),
            Conditions(if_none_match=first.etag),
            Conditions(if_match="another"),
        ):
            with pytest.raises(S3SelectError) as caught:
                put(store, key, b"second", conditions=conditions)
            assert code_of(caught) == ("PreconditionFailed", 412)
        assert contents_of(store, key) == b"first"
        second = put(store, key, b"second", conditions=Conditions(if_match=first.etag))
        put(store, key, b"third", conditions=Conditions(if_match="*", if_none_match=first.etag))
        assert second.etag != store.describe(BUCKET, key).etag

    def test_of_a_deletion(self, store: EmbeddedStore) -> None:
        told = put(store, "a", b"x")
        with pytest.raises(S3SelectError) as caught:
            store.delete(BUCKET, "a", if_match="another")
        assert code_of(caught) == ("PreconditionFailed", 412)
        assert store.delete(BUCKET, "a", if_match=told.etag)
        with pytest.raises(S3SelectError) as caught:
            store.delete(BUCKET, "a", if_match="*")
        assert code_of(caught) == ("NoSuchKey", 404)
        assert not store.delete(BUCKET, "a")


class TestPlaces:
    def test_a_file_in_the_way_of_a_folder_and_the_other_way_round(
        self, store: EmbeddedStore, root: Path
    ) -> None:
        put(store, "a", b"file")
        put(store, "a/b", b"below a file")
        put(store, "c/d", b"file")
        put(store, "c", b"beside a folder")
        assert (root / BUCKET / "a").read_bytes() == b"file"
        assert (root / BUCKET / "c").is_dir()
        assert contents_of(store, "a/b") == b"below a file"
        assert contents_of(store, "c") == b"beside a folder"
        assert keys_of(store) == ["a", "a/b", "c", "c/d"]
        # Once nothing is in the way, the next version is a file.
        store.delete(BUCKET, "a")
        put(store, "a/b", b"again")
        assert (root / BUCKET / "a" / "b").read_bytes() == b"again"
        assert len(list((root / ".s3sql" / "objects").iterdir())) == 1

    def test_an_empty_folder_is_not_in_the_way(self, store: EmbeddedStore, root: Path) -> None:
        (root / BUCKET / "a").mkdir()
        put(store, "a", b"file")
        assert (root / BUCKET / "a").read_bytes() == b"file"

    def test_a_dropped_file_takes_the_place_of_a_hidden_one(self, store: EmbeddedStore, root: Path) -> None:
        put(store, "a/b", b"")
        put(store, "a", b"hidden")
        store.delete(BUCKET, "a/b")
        (root / BUCKET / "a").write_bytes(b"dropped")
        assert contents_of(store, "a") == b"dropped"
        assert keys_of(store) == ["a"]
        store.delete(BUCKET, "a")
        assert keys_of(store) == []

    def test_empty_folders_go_with_the_last_file(self, store: EmbeddedStore, root: Path) -> None:
        put(store, "a/b/c/d", b"")
        put(store, "a/x", b"")
        store.delete(BUCKET, "a/b/c/d")
        assert not (root / BUCKET / "a" / "b").exists()
        assert (root / BUCKET / "a" / "x").exists()
        store.delete(BUCKET, "a/x")
        assert list((root / BUCKET).iterdir()) == []

    def test_no_link_leads_anywhere(self, store: EmbeddedStore, root: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        folder = root / BUCKET
        (folder / "file").symlink_to(outside / "secret")
        (folder / "folder").symlink_to(outside)
        (folder / "up").symlink_to("..")
        (folder / "loop").symlink_to("loop")
        keys = ["file", "folder/secret", "folder/new", "up/bucket/x", "loop", "loop/x"]
        for key in keys:
            with pytest.raises(S3SelectError) as caught:
                store.open_object(BUCKET, key)
            assert caught.value.code == "NoSuchKey"
        assert keys_of(store) == []
        for key in keys:
            put(store, key, key.encode())
        assert keys_of(store) == sorted(keys)
        for key in keys:
            assert contents_of(store, key) == key.encode()
            assert store.delete(BUCKET, key)
        assert [path.name for path in outside.iterdir()] == ["secret"]
        assert (outside / "secret").read_bytes() == b"secret"
        assert {path.name for path in folder.iterdir()} == {"file", "folder", "up", "loop"}

    def test_a_pipe_is_no_object_and_nobody_waits_for_it(self, store: EmbeddedStore, root: Path) -> None:
        os.mkfifo(root / BUCKET / "pipe")
        with pytest.raises(S3SelectError) as caught:
            store.open_object(BUCKET, "pipe")
        assert caught.value.code == "NoSuchKey"
        assert keys_of(store) == []
        put(store, "pipe", b"hidden")
        assert contents_of(store, "pipe") == b"hidden"

    @pytest.mark.parametrize(
        "key", ["../other/x", "..", "a/../../x", "/x", "//etc/passwd", "./x", "a\0b", ".s3sql/x"]
    )
    def test_no_key_leads_out_of_its_bucket(self, store: EmbeddedStore, root: Path, key: str) -> None:
        (root / "other").mkdir()
        before = sorted(path for path in root.parent.rglob("*") if ".s3sql" not in path.parts)
        put(store, key, b"x")
        assert contents_of(store, key) == b"x"
        assert keys_of(store) == [key]
        assert sorted(path for path in root.parent.rglob("*") if ".s3sql" not in path.parts) == before
        assert store.list_objects("other").entries == ()

    def test_names_that_are_no_keys_are_not_listed(self, store: EmbeddedStore, root: Path) -> None:
        folder = os.fsencode(root / BUCKET)
        for name in (b"\xff.csv", b"a\nb", b".s3sql-file"):
            with open(os.path.join(folder, name), "wb"):
                pass
        os.mkdir(os.path.join(folder, b"\xff"))
        (root / BUCKET / "good").write_bytes(b"")
        assert keys_of(store) == ["good"]
        assert keys_of(store, delimiter="/") == ["good"]

    @pytest.mark.parametrize("contents", [b"", b"x" * 3_000_000])
    def test_a_bucket_may_be_mounted_from_elsewhere(
        self, store: EmbeddedStore, root: Path, monkeypatch: pytest.MonkeyPatch, contents: bytes
    ) -> None:
        rename = os.rename

        def rename_within(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
            if src_dir_fd != dst_dir_fd:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        monkeypatch.setattr(placement.os, "rename", rename_within)
        told = put(store, "a/b", contents, ATTRIBUTES)
        monkeypatch.undo()
        assert store.describe(BUCKET, "a/b") == told
        assert contents_of(store, "a/b") == contents
        assert [path.name for path in (root / BUCKET / "a").iterdir()] == ["b"]


class TestFullDisk:
    @pytest.mark.parametrize("call", ["fsync", "rename", "mkdir"])
    @pytest.mark.parametrize("key", ["a/b", "a/"])
    def test_the_old_object_stays(
        self, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, call: str, key: str
    ) -> None:
        put(store, key, b"old")
        store.delete(BUCKET, key)  # its folders, too

        def full(*arguments: object, **options: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, call, full)
        if (call, key) == ("mkdir", "a/"):  # needs no folder
            put(store, key, b"new")
            return
        with pytest.raises(S3SelectError, match="no room") as caught:
            put(store, key, b"new")
        assert code_of(caught) == ("ServiceUnavailable", 503)
        monkeypatch.undo()
        assert keys_of(store) == []
        put(store, key, b"new")
        assert contents_of(store, key) == b"new"


class TestCatalogue:
    def test_a_damaged_one_is_told_at_the_start(self, root: Path) -> None:
        EmbeddedStore(root).close()
        (root / ".s3sql" / "catalogue.sqlite").write_bytes(b"not a database at all" * 100)
        with pytest.raises(OSError, match=r"catalogue\.sqlite is not a catalogue of s3sql"):
            EmbeddedStore(root)

    def test_one_of_a_newer_version_is_left_alone(self, root: Path) -> None:
        EmbeddedStore(root).close()
        connection = sqlite3.connect(root / ".s3sql" / "catalogue.sqlite")
        connection.execute("PRAGMA user_version=99")
        connection.close()
        with pytest.raises(OSError, match="version 99, which a newer s3sql has written"):
            EmbeddedStore(root)

    def test_without_it_all_files_are_plain_objects(self, root: Path) -> None:
        store = EmbeddedStore(root)
        put(store, "a", b"x", ATTRIBUTES)
        put(store, "hidden/", b"x", ATTRIBUTES)
        store.close()
        for file in (root / ".s3sql").glob("catalogue*"):
            file.unlink()
        store = EmbeddedStore(root)
        assert keys_of(store) == ["a"]
        assert store.describe(BUCKET, "a").attributes == Attributes()
        store.close()

    def test_rows_of_old_versions_do_not_pile_up(self, store: EmbeddedStore, root: Path) -> None:
        for number in range(5):
            put(store, "a", bytes(number))
            put(store, "hidden/", bytes(number))
        connection = sqlite3.connect(root / ".s3sql" / "catalogue.sqlite")
        assert connection.execute("SELECT COUNT(*) FROM files").fetchone()[0] == 2
        assert connection.execute("SELECT COUNT(*) FROM hidden").fetchone()[0] == 1
        store.delete(BUCKET, "a")
        assert connection.execute("SELECT COUNT(*) FROM files").fetchone()[0] == 0
        connection.close()

    def test_one_that_is_busy_for_long_is_told(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("s3sql.stores.embedded.catalogue._BUSY_SECONDS", 0.05)
        store = EmbeddedStore(root)
        other = sqlite3.connect(root / ".s3sql" / "catalogue.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for key in ("a", "hidden/"):
            with pytest.raises(S3SelectError, match="busy") as caught:
                put(store, key, b"x")
            assert code_of(caught) == ("SlowDown", 503)
        other.execute("ROLLBACK")
        other.close()
        assert list((root / ".s3sql" / "objects").iterdir()) == []
        put(store, "hidden/", b"x")
        assert keys_of(store) == ["hidden/"]
        store.close()


def test_time_stamps_are_of_whole_microseconds_in_utc(store: EmbeddedStore) -> None:
    told = put(store, "a", b"x")
    assert told.modified.tzinfo is UTC
    assert abs(told.modified.timestamp() - time.time()) < 3600
