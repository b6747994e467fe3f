"""What a listing looks at: only what the page needs. That the pages are right, test_model.py holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sql.stores.embedded import walk
from s3sql.stores.embedded.store import EmbeddedStore
from s3sql.stores.embedded.walk import behind
from tests.stores.embedded.objects import BUCKET, customer_key, keys_of, put


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders that a listing enters."""
    names: list[str] = []
    open_folder = walk.open_folder

    def noted(parent: int, name: str) -> int:
        names.append(name)
        return open_folder(parent, name)

    monkeypatch.setattr(walk, "open_folder", noted)
    return names


@pytest.fixture
def tree(root: Path) -> Path:
    """Twenty folders of twenty folders of three files."""
    for outer in range(20):
        for inner in range(20):
            folder = root / BUCKET / f"{outer:02}" / f"{inner:02}x"
            folder.mkdir(parents=True)
            for name in "abc":
                (folder / name).write_bytes(b"")
    return root / BUCKET


def test_a_page_enters_the_folders_of_its_keys_only(
    tree: Path, store: EmbeddedStore, entered: list[str]
) -> None:
    assert keys_of(store, limit=4) == ["00/00x/a", "00/00x/b", "00/00x/c", "00/01x/a"]
    assert entered == ["00", "00x", "01x"]
    entered.clear()
    assert keys_of(store, after="13/07x/b", limit=2) == ["13/07x/c", "13/08x/a"]
    assert entered == ["13", "07x", "08x"]
    entered.clear()
    assert keys_of(store, prefix="13/07x/", after="13/07x/b") == ["13/07x/c"]
    assert entered == ["13", "07x"]


def test_a_common_prefix_is_one_look(tree: Path, store: EmbeddedStore, entered: list[str]) -> None:
    assert keys_of(store, delimiter="/", after="18/") == ["19/"]
    assert entered[0] == "19"
    assert len(entered) == 2  # any folder in it will do
    entered.clear()
    assert keys_of(store, delimiter="/", prefix="05/", after="05/17x/") == ["05/18x/", "05/19x/"]
    assert entered == ["05", "18x", "19x"]


def test_folders_without_files_are_nothing(root: Path, store: EmbeddedStore) -> None:
    (root / BUCKET / "empty" / "deep").mkdir(parents=True)
    (root / BUCKET / "link").mkdir()
    (root / BUCKET / "link" / "x").symlink_to("/etc/passwd")
    for delimiter in ("", "/"):
        assert keys_of(store, delimiter=delimiter) == []
    (root / BUCKET / "empty" / "deep" / "file").write_bytes(b"")
    assert keys_of(store, delimiter="/") == ["empty/"]


def test_large_folders_are_read_piece_by_piece(
    root: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3sql.stores.embedded.listing._LEAST_NAMES", 3)
    names = [f"{number:02}" for number in range(20)]
    for name in names:
        (root / BUCKET / name).write_bytes(b"")
    (root / BUCKET / "07x").mkdir()
    (root / BUCKET / "07x" / "a").write_bytes(b"")
    expected = sorted([*names, "07x/a"])
    assert keys_of(store) == expected
    for limit in (1, 2, 5, 100):
        for after in range(len(expected)):
            rest = expected[after + 1 :]
            assert keys_of(store, after=expected[after], limit=limit) == rest[:limit]


def test_what_vanishes_meanwhile_is_passed_over(
    tree: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_status = walk.file_status

    def vanishing(folder: int, name: str) -> os.stat_result | None:
        if name == "b":
            os.unlink(name, dir_fd=folder)
        return file_status(folder, name)

    monkeypatch.setattr(walk, "file_status", vanishing)
    assert keys_of(store, prefix="00/00x/") == ["00/00x/a", "00/00x/c"]
    open_folder = walk.open_folder

    def removing(parent: int, name: str) -> int:
        if name == "01x":
            folder = tree / "00" / "01x"
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        return open_folder(parent, name)

    monkeypatch.setattr(walk, "open_folder", removing)
    assert keys_of(store, prefix="00/", delimiter="/")[:2] == ["00/00x/", "00/02x/"]


def test_a_folder_that_becomes_a_link_is_not_followed(
    tree: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_folder = walk.open_folder

    def swapped(parent: int, name: str) -> int:
        if name == "00" and not (tree / "00").is_symlink():
            (tree / "00").rename(tree / "moved")
            (tree / "00").symlink_to(tree / "moved")
        return open_folder(parent, name)

    monkeypatch.setattr(walk, "open_folder", swapped)
    assert keys_of(store, limit=1) == ["01/00x/a"]


def test_a_page_reads_no_contents(tree: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_open(*arguments: Any, **options: Any) -> int:
        raise AssertionError(f"a file was opened: {arguments}")

    monkeypatch.setattr("s3sql.stores.embedded.files.open_file", no_open)
    monkeypatch.setattr("s3sql.stores.embedded.lookup.open_file", no_open)
    assert len(keys_of(store, prefix="01/")) == 60


def test_many_hidden_keys(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.stores.embedded.listing._HIDDEN_ROWS", 2)
    keys = ["a/", "b//1", "b//2", "b//3", "b/4", "c", "d/"]
    for key in keys:
        put(store, key, b"", customer_key=customer_key() if key == "c" else None)
    assert keys_of(store) == keys
    assert keys_of(store, delimiter="/") == ["a/", "b/", "c", "d/"]
    assert keys_of(store, prefix="b//", after="b//1") == ["b//2", "b//3"]


def test_the_size_of_an_encrypted_object_is_its_own(store: EmbeddedStore) -> None:
    put(store, "secret", b"12345", customer_key=customer_key())
    (entry,) = store.list_objects(BUCKET).entries
    assert not isinstance(entry, str)
    assert entry.size == 5


@pytest.mark.parametrize(
    ("prefix", "after"),
    [
        ("a", "b"),
        ("a/", "a0"),
        ("\ud7ff", "\ue000"),
        ("a\U0010ffff", "b"),
        ("\U0010ffff", None),
        ("", None),
    ],
)
def test_the_first_text_behind_a_prefix(prefix: str, after: str | None) -> None:
    assert behind(prefix) == after


def test_keys_at_the_end_of_all_characters(store: EmbeddedStore) -> None:
    keys = ["\ud7ff/1", "\ue000", "\U0010ffff", "\U0010ffff\U0010ffff/x", "\U0010ffff\U0010ffff/y"]
    for key in keys:
        put(store, key, b"")
    assert keys_of(store) == keys
    assert keys_of(store, delimiter="/") == ["\ud7ff/", *keys[1:3], "\U0010ffff\U0010ffff/"]
    assert keys_of(store, delimiter="\U0010ffff") == ["\ud7ff/1", "\ue000", "\U0010ffff"]


def test_keys_longer_than_s3_has_are_no_objects(root: Path, store: EmbeddedStore) -> None:
    folder = root / BUCKET
    for _ in range(4):
        folder = folder / ("d" * 250)
    folder.mkdir(parents=True)
    (folder / "f").write_bytes(b"")
    (folder / ("f" * 250)).write_bytes(b"")
    assert [len(key) for key in keys_of(store)] == [4 * 251 + 1]
    (folder / "f").unlink()
    assert keys_of(store, delimiter="/") == []


def descriptors() -> Iterator[str]:
    yield from os.listdir("/proc/self/fd")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts this process's open files")
def test_nothing_stays_open(tree: Path, store: EmbeddedStore) -> None:
    keys_of(store, limit=3)
    before = len(list(descriptors()))
    keys_of(store, limit=7, after="03/11x/b")
    keys_of(store, delimiter="/")
    keys_of(store, prefix="zz")
    assert len(list(descriptors())) == before
