"""The folder .s3sql: clearing away, folders that cannot be written, and file systems that fold names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.embedded import files, state
from s3sql.stores.embedded.model import Attributes, CompletedPart
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, code_of, contents_of, keys_of, put, put_part

ROOT = Path(__file__).resolve().parents[3]


def test_what_dead_processes_left_is_cleared_away(root: Path) -> None:
    store = EmbeddedStore(root)
    put(store, "hidden/", b"x")
    upload = store.create_upload(BUCKET, "a", Attributes())
    etag = put_part(store, upload, 1, b"part")
    store.close()
    own = root / ".s3sql"
    (own / "tmp" / "0123456789abcdef").mkdir()
    (own / "tmp" / "0123456789abcdef" / "lock").write_bytes(b"")
    (own / "tmp" / "0123456789abcdef" / "write-0123456789abcdef-0").write_bytes(b"half")
    (own / "tmp" / "fedcba9876543210").mkdir()  # died before it had locked it
    (own / "objects" / f"{'0' * 64}-0123456789abcdef-1").write_bytes(b"without a row")
    (own / "uploads" / upload.upload_id / "1-0123456789abcdef-2").write_bytes(b"without a row")
    (own / "uploads" / "without-a-row").mkdir()
    (own / "uploads" / "without-a-row" / "lock").write_bytes(b"")
    store = EmbeddedStore(root)
    assert len(list((own / "tmp").iterdir())) == 1
    assert len(list((own / "objects").iterdir())) == 1
    assert [path.name for path in (own / "uploads").iterdir()] == [upload.upload_id]
    assert len(list((own / "uploads" / upload.upload_id).glob("1-*"))) == 1
    assert contents_of(store, "hidden/") == b"x"
    store.complete_upload(upload, [CompletedPart(1, etag)])
    assert contents_of(store, "a") == b"part"
    store.close()


def test_what_a_living_process_writes_is_left(root: Path) -> None:
    store = EmbeddedStore(root)
    own = root / ".s3sql"
    (token,) = (own / "tmp").iterdir()
    (own / "objects" / f"{'0' * 64}-{token.name}-99").write_bytes(b"its row is yet to come")
    writer = store.start_write(BUCKET, "a", Attributes())
    EmbeddedStore(root).close()
    assert len(list((own / "objects").iterdir())) == 1
    assert len(list(token.iterdir())) == 2
    writer.commit()
    store.close()


def test_completed_uploads_are_forgotten_after_a_day(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EmbeddedStore(root)
    upload = store.create_upload(BUCKET, "a", Attributes())
    parts = [CompletedPart(1, put_part(store, upload, 1, b"part"))]
    told = store.complete_upload(upload, parts)
    EmbeddedStore(root).close()
    assert store.complete_upload(upload, parts) == told
    monkeypatch.setattr(state, "_REMEMBERED", -(10**12))
    EmbeddedStore(root).close()
    with pytest.raises(S3SelectError) as caught:
        store.upload(BUCKET, "a", upload.upload_id)
    assert caught.value.code == "NoSuchUpload"
    store.close()


READ_ONLY = """
import os
import sys
from pathlib import Path
from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import Attributes
from s3sql.stores.embedded.store import EmbeddedStore
if not os.geteuid():  # root may write everywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
store = EmbeddedStore(Path(sys.argv[1]))
assert store.state_directory is None
print([bucket.name for bucket in store.buckets()])
print([entry.key for entry in store.list_objects("bucket").entries])
print(store.list_objects("bucket", delimiter="/").entries[0])
print(store.open_object("bucket", "a/b").read(0, 10), store.tags("bucket", "a/b"))
print(store.list_uploads("bucket"))
for ask in (
    lambda: store.create_bucket("new"),
    lambda: store.delete_bucket("bucket"),
    lambda: store.start_write("bucket", "c", Attributes()),
    lambda: store.delete("bucket", "c"),
    lambda: store.set_tags("bucket", "c", {}),
    lambda: store.create_upload("bucket", "c", Attributes()),
    lambda: store.upload("bucket", "c", "id"),
):
    try:
        ask()
    except S3SelectError as error:
        print(error.code, error.status)
for key in ("no", "hidden/", "secret/file", "closed"):
    try:
        store.open_object("bucket", key)
    except S3SelectError as error:
        print(key, error.code)
store.close()
"""


def test_a_folder_that_cannot_be_written_is_served(root: Path) -> None:
    (root / BUCKET / "a").mkdir()
    (root / BUCKET / "a" / "b").write_bytes(b"contents")
    (root / BUCKET / "closed").write_bytes(b"")
    (root / BUCKET / "secret").mkdir()
    (root / BUCKET / "secret" / "file").write_bytes(b"")
    let_come_to(root)
    closed = {root: 0o555, root / BUCKET / "closed": 0, root / BUCKET / "secret": 0}
    for path, mode in closed.items():
        path.chmod(mode)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    for path in closed:
        path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "['bucket']",
        "['a/b', 'closed']",
        "a/",
        "b'contents' {}",
        "([], False)",
        *["AccessDenied 403"] * 7,
        "no NoSuchKey",
        "hidden/ NoSuchKey",
        "secret/file AccessDenied",
        "closed AccessDenied",
    ]
    assert not (root / ".s3sql").exists()


def let_come_to(folder: Path) -> None:
    """Let everyone come to *folder*, whose parents belong to the tests alone."""
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if mode & 0o055 != 0o055:
            parent.chmod(mode | 0o055)


def test_a_state_that_is_no_folder(root: Path) -> None:
    (root / ".s3sql").symlink_to(root / BUCKET)
    with pytest.raises(OSError, match=r"\.s3sql"):
        EmbeddedStore(root)
    assert list((root / BUCKET).iterdir()) == []


class TestFoldedNames:
    """As on macOS: the file system is made to take ``Data`` and ``data`` for one name."""

    @pytest.fixture
    def store(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedStore:
        monkeypatch.setattr(state, "folds_names", lambda folder: True)
        return EmbeddedStore(root)

    def test_a_key_in_another_form_is_hidden(self, store: EmbeddedStore, root: Path) -> None:
        keys = ["DATA", "Data", "data", "data/x", "e\u0301", "\u00e9"]
        for key in keys:
            put(store, key, key.encode())
        assert {path.name for path in (root / BUCKET).iterdir()} == {"data", "\u00e9"}
        assert keys_of(store) == keys
        for key in keys:
            assert contents_of(store, key) == key.encode()
            store.delete(BUCKET, key)
        store.delete_bucket(BUCKET)
        store.close()

    def test_a_dropped_file_keeps_its_name(self, store: EmbeddedStore, root: Path) -> None:
        (root / BUCKET / "Folder").mkdir()
        path = root / BUCKET / "Folder" / "README.md"
        path.write_bytes(b"dropped")
        assert contents_of(store, "Folder/README.md") == b"dropped"
        put(store, "Folder/README.md", b"written")
        assert path.read_bytes() == b"written"
        put(store, "Folder/New.md", b"hidden")
        assert [each.name for each in path.parent.iterdir()] == ["README.md"]
        assert keys_of(store) == ["Folder/New.md", "Folder/README.md"]
        store.close()

    def test_the_file_system_answers_to_another_name(
        self, store: EmbeddedStore, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / BUCKET / "Data").write_bytes(b"dropped")
        stat, open_file = os.stat, os.open
        monkeypatch.setattr(os, "stat", lambda name, **options: stat(folded(name), **options))
        monkeypatch.setattr(
            os, "open", lambda name, *flags, **options: open_file(folded(name), *flags, **options)
        )
        with pytest.raises(S3SelectError) as caught:
            store.describe(BUCKET, "data")
        assert code_of(caught) == ("NoSuchKey", 404)
        put(store, "data", b"written")
        monkeypatch.undo()
        monkeypatch.setattr(state, "folds_names", lambda folder: True)
        assert (root / BUCKET / "Data").read_bytes() == b"dropped"
        assert contents_of(store, "data") == b"written"
        assert keys_of(store) == ["Data", "data"]
        store.close()


def folded(name: object) -> object:
    return "Data" if name == "data" else name


def test_the_file_system_of_the_tests_tells_names_apart(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    expected = sys.platform == "darwin"
    assert files.folds_names(folder) is expected
    assert list(tmp_path.iterdir()) == []
    os.close(folder)
