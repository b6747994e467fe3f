"""A process that writes until it is killed: ``python -m tests.stores.embedded.killed_writer ROOT FIRST``.

Every version's number, contents' MD5 and key are in its metadata. A line says which version was acknowledged.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import sys
from pathlib import Path

from s3sql.stores.embedded import completion
from s3sql.stores.embedded.model import Attributes, CompletedPart
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, customer_key, put, put_part

#: Keys in their own path, hidden and encrypted ones; some written at once and some in parts.
KEYS = ["plain", "folder/plain", "hidden//", "sealed", "parts", "parts/hidden/"]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    completion.MIN_PART_BYTES = 1
    store = EmbeddedStore(Path(sys.argv[1]))
    say("ready")
    for number in itertools.count(int(sys.argv[2])):
        key = random.choice(KEYS)
        contents = os.urandom(random.choice([0, 10, 5_000, 300_000]))
        attributes = Attributes(metadata={"number": str(number), "md5": hashlib.md5(contents).hexdigest()})
        if key.startswith("parts"):
            upload = store.create_upload(BUCKET, key, attributes)
            half = len(contents) // 2 + 1
            parts = [
                CompletedPart(1, put_part(store, upload, 1, contents[:half])),
                CompletedPart(2, put_part(store, upload, 2, contents[half:])),
            ]
            store.complete_upload(upload, parts)
        else:
            encryption = customer_key() if key == "sealed" else None
            put(store, key, contents, attributes, customer_key=encryption)
        say(f"{number} {key}")


if __name__ == "__main__":
    main()
