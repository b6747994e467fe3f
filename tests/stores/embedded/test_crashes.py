"""A kill at any moment leaves the old or the new object, whole, and loses nothing that was acknowledged."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s3sql.stores.embedded.model import Attributes, CompletedPart
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.killed_writer import KEYS
from tests.stores.embedded.objects import BUCKET, contents_of, customer_key, keys_of, put, put_part

ROOT = Path(__file__).resolve().parents[3]

#: How often the writer is killed; many more were tried by hand.
KILLS = int(os.environ.get("S3SQL_TEST_KILLS", "6"))


@pytest.mark.parametrize("key", ["a/b", "hidden/"])
def test_an_end_at_every_point_of_every_change(tmp_path: Path, key: str) -> None:
    # In memory where there is such a folder: hundreds of stores are made, and the disk does not matter here.
    memory = Path("/dev/shm")
    folder = memory if os.access(memory, os.W_OK) else tmp_path
    done = subprocess.run(
        [sys.executable, "-m", "tests.stores.embedded.crashes", str(folder), key],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


def acknowledged(root: Path, first: int) -> dict[str, int]:
    """The last version of each key that a writer had acknowledged when it was killed."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.stores.embedded.killed_writer", str(root), str(first)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    with writer, writer.stdout:
        lines = [writer.stdout.readline() for _ in range(random.randrange(1, 15))]
        time.sleep(random.random() / 100)  # to be killed anywhere between two lines
        writer.kill()
        lines += writer.stdout.readlines()
    assert lines[0] == "ready\n"
    # A line that the kill has cut tells nothing.
    versions = (line.split(" ", 1) for line in lines[1:] if line.endswith("\n"))
    return {key.rstrip("\n"): int(number) for number, key in versions}


def test_kills_at_random(root: Path) -> None:
    expected: dict[str, int] = {}
    for kill in range(KILLS):
        expected |= acknowledged(root, first=(kill + 1) * 1_000_000)
        store = EmbeddedStore(root)
        for key in KEYS:
            check_version(store, key, expected.get(key))
        assert len(list((root / ".s3sql" / "tmp").iterdir())) == 1
        store.close()


def check_version(store: EmbeddedStore, key: str, number: int | None) -> None:
    """*key* has the acknowledged version *number*, or one that was written behind it."""
    encryption = customer_key() if key == "sealed" else None
    if key not in keys_of(store):
        assert number is None, f"version {number} of {key} was acknowledged and is lost"
        return
    told = store.describe(BUCKET, key, encryption)
    contents = contents_of(store, key, encryption)
    assert hashlib.md5(contents).hexdigest() == told.attributes.metadata["md5"]
    assert int(told.attributes.metadata["number"]) >= (number or 0)
    if encryption is None and "-" not in told.etag:
        assert told.etag == told.attributes.metadata["md5"]


@pytest.mark.parametrize("key", ["a/b", "hidden/"])
def test_a_store_that_lives_is_left_alone_by_one_that_starts(root: Path, key: str) -> None:
    first = EmbeddedStore(root)
    put(first, key, b"old")
    upload = first.create_upload(BUCKET, key, Attributes())
    etag = put_part(first, upload, 1, b"part")
    writer = first.start_write(BUCKET, key, Attributes())
    writer.write(b"new")
    second = EmbeddedStore(root)
    writer.write(b"er")
    writer.commit()
    assert contents_of(second, key) == b"newer"
    second.close()
    first.complete_upload(upload, [CompletedPart(1, etag)])
    assert contents_of(first, key) == b"part"
    first.close()
