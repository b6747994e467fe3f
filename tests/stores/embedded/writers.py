"""Writing and deleting beside others: ``python -m tests.stores.embedded.writers ROOT SEED COUNT``."""

from __future__ import annotations

import hashlib
import random
import sys
from pathlib import Path

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import Attributes
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, put

#: Keys that get into each other's way: folders come and go, and a file stands where a folder is wanted.
KEYS = ["a", "a/b", "a/b/c", "a/b/c/d", "a/x", "a/"]


def disturb(store: EmbeddedStore, seed: int, count: int) -> None:
    """Write, delete and read *count* times; what is read must be one whole version with its own metadata."""
    chance = random.Random(seed)
    for number in range(count):
        key = chance.choice(KEYS)
        if chance.random() < 0.5:
            contents = f"{seed} {number} ".encode() * chance.randrange(1, 2000)
            md5 = hashlib.md5(contents).hexdigest()
            put(store, key, contents, Attributes(metadata={"md5": md5}))
        elif chance.random() < 0.5:
            store.delete(BUCKET, key)
        check(store, chance.choice(KEYS))


def check(store: EmbeddedStore, key: str) -> None:
    try:
        with store.open_object(BUCKET, key) as opened:
            contents = opened.read(0, opened.info.size + 1)
            told = opened.info
    except S3SelectError as error:
        if error.code != "NoSuchKey":
            raise
        return
    md5 = hashlib.md5(contents).hexdigest()
    if not told.etag == told.attributes.metadata["md5"] == md5:
        raise AssertionError(f"{key} has the MD5 {md5} and is said to be {told}")


if __name__ == "__main__":
    store = EmbeddedStore(Path(sys.argv[1]))
    disturb(store, int(sys.argv[2]), int(sys.argv[3]))
    store.close()
