"""Many threads and two processes on one folder."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.lookup import Lookup
from s3sql.stores.embedded.model import Attributes, CompletedPart, Conditions
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, contents_of, keys_of, put, put_part
from tests.stores.embedded.writers import KEYS, check, disturb

ROOT = Path(__file__).resolve().parents[3]


def outcomes(count: int, attempt: Callable[[int], object]) -> list[str]:
    """What *count* attempts at the same moment came to: ``done`` or an error's code."""
    together = threading.Barrier(count)

    def outcome(number: int) -> str:
        together.wait()
        try:
            attempt(number)
        except S3SelectError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(outcome, range(count)))


def test_threads_and_a_process_that_get_into_each_others_way(store: EmbeddedStore, root: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-m", "tests.stores.embedded.writers", str(root), "99", "60"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(disturb, store, seed, 40) for seed in range(6)]:
            done.result()
    _, said = other.communicate()
    assert other.returncode == 0, said
    for key in KEYS:
        check(store, key)
        store.delete(BUCKET, key)
    assert keys_of(store) == []
    assert list((root / BUCKET).iterdir()) == []
    assert list((root / ".s3sql" / "objects").iterdir()) == []


@pytest.mark.parametrize("key", ["a/b", "hidden/"])
def test_one_of_many_is_the_first(store: EmbeddedStore, root: Path, key: str) -> None:
    second = EmbeddedStore(root)
    stores = [store, second]

    def attempt(number: int) -> None:
        put(stores[number % 2], key, b"%d" % number, conditions=Conditions(if_none_match="*"))

    assert outcomes(8, attempt) == ["PreconditionFailed"] * 7 + ["done"]
    second.close()


def test_one_of_many_changes_what_it_has_read(store: EmbeddedStore) -> None:
    told = put(store, "a", b"first")
    conditions = Conditions(if_match=told.etag)
    results = outcomes(8, lambda number: put(store, "a", b"%d" % number, conditions=conditions))
    assert results == ["PreconditionFailed"] * 7 + ["done"]


def test_a_bucket_is_made_once_and_removed_once(store: EmbeddedStore) -> None:
    assert outcomes(6, lambda number: store.create_bucket("new")) == ["BucketAlreadyOwnedByYou"] * 5 + [
        "done"
    ]
    assert outcomes(6, lambda number: store.delete_bucket("new")) == ["NoSuchBucket"] * 5 + ["done"]


def test_a_bucket_is_not_removed_under_a_write(store: EmbeddedStore) -> None:
    for attempt in range(5):
        store.create_bucket(f"new{attempt}")

        def act(number: int, bucket: str = f"new{attempt}") -> None:
            if number:
                put(store, "hidden/", b"x", bucket=bucket)
            else:
                store.delete_bucket(bucket)

        results = outcomes(2, act)
        assert results in (["BucketNotEmpty", "done"], ["NoSuchBucket", "done"])
        exists = f"new{attempt}" in [bucket.name for bucket in store.buckets()]
        assert exists == ("BucketNotEmpty" in results)
        assert not exists or keys_of(store, f"new{attempt}") == ["hidden/"]


def test_parts_come_at_once(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.stores.embedded.completion.MIN_PART_BYTES", 1)
    upload = store.create_upload(BUCKET, "a", Attributes())
    with ThreadPoolExecutor(8) as pool:
        etags = list(pool.map(lambda number: put_part(store, upload, number, b"%3d" % number), range(1, 40)))
    told = store.complete_upload(
        upload, [CompletedPart(number, etag) for number, etag in enumerate(etags, 1)]
    )
    assert contents_of(store, "a") == b"".join(b"%3d" % number for number in range(1, 40))
    assert told.etag.endswith("-39")


@pytest.mark.parametrize("key", ["a", "hidden/"])
def test_a_version_that_is_replaced_between_two_looks(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Twice, so that the row of the version that was seen first is gone when it is asked for."""
    put(store, key, b"first", Attributes(metadata={"of": "first"}))
    other = EmbeddedStore(store.root)
    own_version, hidden_version = Lookup._own_version, Lookup._hidden_version
    writes = iter([b"second", b"third"])

    def replaced(looking: Lookup) -> None:
        for contents in writes if looking is store._lookup else ():
            put(other, key, contents, Attributes(metadata={"of": contents.decode()}))

    def own(self: Lookup, bucket: str, key: str, identity: tuple[int, int, int]) -> object:
        replaced(self)
        return own_version(self, bucket, key, identity)

    def hidden(self: Lookup, bucket: str, key: str) -> object:
        found = hidden_version(self, bucket, key)
        replaced(self)
        return found

    monkeypatch.setattr(
        Lookup, "_own_version" if key == "a" else "_hidden_version", own if key == "a" else hidden
    )
    with store.open_object(BUCKET, key) as opened:
        assert opened.read(0, 10) == opened.info.attributes.metadata["of"].encode() == b"third"
    other.close()


def test_a_key_that_is_always_replaced_is_given_up(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "a", b"first")
    monkeypatch.setattr(Lookup, "_open_version", lambda *arguments: None)
    with pytest.raises(S3SelectError, match="faster than it can be looked up") as caught:
        store.open_object(BUCKET, "a")
    assert (caught.value.code, caught.value.status) == ("SlowDown", 503)


def test_a_hidden_file_that_was_removed_by_hand(store: EmbeddedStore, root: Path) -> None:
    put(store, "hidden/", b"x")
    (file,) = (root / ".s3sql" / "objects").iterdir()
    file.unlink()
    with pytest.raises(S3SelectError, match="removed by hand") as caught:
        store.open_object(BUCKET, "hidden/")
    assert caught.value.code == "NoSuchKey"
    put(store, "hidden/", b"again")
    assert contents_of(store, "hidden/") == b"again"
