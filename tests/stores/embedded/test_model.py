"""Random requests to the store against a dictionary, with keys that make trouble for a file system."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import Attributes, CustomerKey
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, contents_of, customer_key, put

#: Few letters, so that keys meet: files where folders are wanted, prefixes of each other, empty segments.
KEYS = st.one_of(
    st.text("ab/", min_size=1, max_size=5),
    st.text("a/.-0\N{LATIN SMALL LETTER E WITH ACUTE}\U0001f600\0\n", min_size=1, max_size=6),
    st.sampled_from(
        [
            "a" * 255,
            "a" * 256,
            "a/" * 511,
            "a" * 1024,
            "..",
            "../a",
            "a/../b",
            "./a",
            ".s3sql",
            "a/.s3sql-tmp/b",
        ]
    ),
).filter(lambda key: len(key.encode()) <= 1024)
CONTENTS = st.binary(max_size=40)
DELIMITERS = st.sampled_from(["", "/", "a", "//", "-", "/a"])


def expected_page(
    keys: list[str], prefix: str, delimiter: str, after: str, limit: int
) -> tuple[list[str], bool]:
    """What S3 lists, said in the shortest way."""
    entries = []
    for key in sorted(keys, key=str.encode):
        if not key.startswith(prefix):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        if at < 0:
            if key > after:
                entries.append(key)
            continue
        shared = key[: at + len(delimiter)]
        if not after.startswith(shared) and shared > after and shared not in entries:
            entries.append(shared)
    return entries[:limit], limit > 0 and len(entries) > limit


class StoreMachine(RuleBasedStateMachine):
    """Objects with their attributes, written, dropped into the folder, tagged, deleted and listed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        (self.root / BUCKET).mkdir()
        self.store = EmbeddedStore(self.root)
        self.objects: dict[str, tuple[bytes, Attributes, CustomerKey | None]] = {}
        self.numbers = itertools.count()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @initialize(key=KEYS)
    def begin_with_one(self, key: str) -> None:
        self.write(key, b"first", None)

    @rule(key=KEYS, contents=CONTENTS, encryption=st.sampled_from([None, None, None, customer_key()]))
    def write(self, key: str, contents: bytes, encryption: CustomerKey | None) -> None:
        attributes = Attributes({"content-type": "text/csv"}, {"number": str(next(self.numbers))})
        told = put(self.store, key, contents, attributes, customer_key=encryption)
        assert told.size == len(contents)
        if encryption is None:
            assert told.etag == hashlib.md5(contents).hexdigest()
        self.objects[key] = (contents, attributes, encryption)
        assert self.store.describe(BUCKET, key, encryption) == told

    @rule(
        name=st.text("ab-.", min_size=1, max_size=3).filter(lambda name: name.strip(".")), contents=CONTENTS
    )
    def drop_a_file(self, name: str, contents: bytes) -> None:
        path = self.root / BUCKET / name
        if path.is_dir():
            return
        path.write_bytes(contents)
        self.objects[name] = (contents, Attributes(), None)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        assert self.store.delete(BUCKET, key) is (self.objects.pop(key, None) is not None)

    @precondition(lambda self: self.objects)
    @rule(data=st.data())
    def delete_one_that_is_there(self, data: st.DataObject) -> None:
        self.delete(data.draw(st.sampled_from(sorted(self.objects))))

    @precondition(lambda self: self.objects)
    @rule(data=st.data(), value=st.text("xy", max_size=2))
    def tag(self, data: st.DataObject, value: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.objects)))
        contents, attributes, encryption = self.objects[key]
        before = self.store.describe(BUCKET, key, encryption)
        self.store.set_tags(BUCKET, key, {"tag": value})
        after = self.store.describe(BUCKET, key, encryption)
        assert (after.etag, after.modified) == (before.etag, before.modified)
        tagged = Attributes(attributes.headers, attributes.metadata, {"tag": value})
        self.objects[key] = (contents, tagged, encryption)

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = EmbeddedStore(self.root)

    @rule(
        prefix=st.text("ab/", max_size=3),
        delimiter=DELIMITERS,
        after=KEYS | st.just(""),
        limit=st.integers(0, 5),
    )
    def list_a_page(self, prefix: str, delimiter: str, after: str, limit: int) -> None:
        page = self.store.list_objects(BUCKET, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
        got = [entry if isinstance(entry, str) else entry.key for entry in page.entries]
        assert (got, page.truncated) == expected_page(list(self.objects), prefix, delimiter, after, limit)

    @invariant()
    def everything_is_there(self) -> None:
        page = self.store.list_objects(BUCKET)
        listed = {entry.key: entry for entry in page.entries if not isinstance(entry, str)}
        assert list(listed) == sorted(self.objects)
        for key, (contents, attributes, encryption) in self.objects.items():
            assert contents_of(self.store, key, encryption) == contents
            told = self.store.describe(BUCKET, key, encryption)
            assert told == listed[key]
            assert told.attributes == attributes

    @precondition(lambda self: not self.objects)
    @invariant()
    def nothing_is_left(self) -> None:
        assert list((self.root / ".s3sql" / "objects").iterdir()) == []
        self.store.delete_bucket(BUCKET)
        (self.root / BUCKET).mkdir()


# Every step of a store waits for the disk.
StoreMachine.TestCase.settings = settings(
    max_examples=settings.default.max_examples // 8, stateful_step_count=25
)
TestStore = StoreMachine.TestCase


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedStore, list[str]]]:
    """A bucket with many keys that are near each other, files and hidden ones."""
    root = tmp_path_factory.mktemp("listed")
    folder = root / BUCKET
    folder.mkdir()
    keys = ["".join(key) for size in (1, 2, 3, 4) for key in itertools.product("ab-/", repeat=size)][::3]
    store = EmbeddedStore(root)
    for key in keys:
        put(store, key, b"")
    yield store, keys
    store.close()


@settings(max_examples=300)
@given(
    prefix=st.text("ab-/", max_size=3),
    delimiter=st.sampled_from(["", "/", "a", "/a", "--"]),
    after=st.text("ab-/", max_size=4),
    limit=st.integers(0, 20),
)
def test_pages(
    listed: tuple[EmbeddedStore, list[str]], prefix: str, delimiter: str, after: str, limit: int
) -> None:
    store, keys = listed
    page = store.list_objects(BUCKET, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
    got = [entry if isinstance(entry, str) else entry.key for entry in page.entries]
    assert (got, page.truncated) == expected_page(keys, prefix, delimiter, after, limit)


def test_pages_follow_each_other_without_gap(listed: tuple[EmbeddedStore, list[str]]) -> None:
    store, keys = listed
    for delimiter in ("", "/"):
        found: list[str] = []
        after = ""
        while True:
            page = store.list_objects(BUCKET, delimiter=delimiter, after=after, limit=7)
            found += [entry if isinstance(entry, str) else entry.key for entry in page.entries]
            if not page.truncated:
                break
            after = found[-1]
        assert found == expected_page(keys, "", delimiter, "", 10_000)[0]


def test_what_is_not_there_is_told_in_the_words_of_aws(store: EmbeddedStore) -> None:
    with pytest.raises(S3SelectError) as caught:
        store.describe(BUCKET, "no")
    assert (caught.value.code, caught.value.status) == ("NoSuchKey", 404)
    assert caught.value.message == "The specified key does not exist."
