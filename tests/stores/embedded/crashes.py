"""A store whose process ends at every point of a change in turn: ``python -m tests.stores.embedded.crashes``.

Arguments: a folder and a key. For each change and each n, a child process makes the change and ends, as by a
kill, just before its n-th system call or SQL statement that changes something; then the store is opened again
and must have the old or the new object, whole and with its own metadata. When all of the change was let
through, it must be the new one. At the end one line says how many points there were.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s3sql.stores.embedded import completion
from s3sql.stores.embedded.catalogue import Catalogue
from s3sql.stores.embedded.model import Attributes, CompletedPart, CustomerKey
from s3sql.stores.embedded.store import EmbeddedStore
from tests.stores.embedded.objects import BUCKET, contents_of, customer_key, keys_of, put, put_part

#: What one version of an object is made of: its contents, and the key it is encrypted with.
Version = tuple[bytes, CustomerKey | None] | None

OLD = b"old contents"
NEW = b"new contents, which are longer"

_CALLS = ["rename", "unlink", "rmdir", "mkdir", "utime"]
_CRASHED = 137


def write(store: EmbeddedStore, key: str, version: Version) -> None:
    if version is None:
        store.delete(BUCKET, key)
        return
    contents, encryption = version
    put(store, key, contents, Attributes(metadata={"contents": contents.decode()}), customer_key=encryption)


def complete(store: EmbeddedStore, key: str, version: Version) -> None:
    assert version is not None
    contents, encryption = version
    attributes = Attributes(metadata={"contents": contents.decode()})
    upload = store.create_upload(BUCKET, key, attributes, customer_key=encryption)
    parts = []
    for number, part in enumerate((contents[:5], contents[5:]), 1):
        put_part(store, upload, number, b"replaced", encryption)
        parts.append(CompletedPart(number, put_part(store, upload, number, part, encryption)))
    store.complete_upload(upload, parts)


def found(store: EmbeddedStore, key: str, versions: list[Version]) -> Version:
    """The one of *versions* that *key* has; an error if it has another, or one that is mixed."""
    if key not in keys_of(store):
        assert None in versions, f"{key} is gone"
        return None
    for version in versions:
        if version is None:
            continue
        contents, encryption = version
        try:
            told = store.describe(BUCKET, key, encryption)
        except Exception:
            continue
        if told.attributes.metadata == {"contents": contents.decode()}:
            assert contents_of(store, key, encryption) == contents
            return version
    raise AssertionError(f"{key} is none of {versions}")


def end_at(point: int) -> None:
    """End this process before the change of this number, as a kill would."""
    count = iter(range(10**9))

    def counted(*arguments: object) -> None:
        if next(count) == point:
            os._exit(_CRASHED)

    def ending(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            counted()
            return call(*arguments, **options)

        return called

    for name in _CALLS:
        setattr(os, name, ending(getattr(os, name)))
    # What a process wrote outlives it without reaching the disk.
    os.fsync = counted  # type: ignore[assignment]
    connect = Catalogue._connect

    def traced(catalogue: Catalogue) -> Any:
        connection = connect(catalogue)
        connection.set_trace_callback(lambda statement: statement.startswith("SELECT") or counted())
        return connection

    Catalogue._connect = traced  # type: ignore[method-assign]


def crash_everywhere(
    root: Path, key: str, old: Version, new: Version, change: Callable[[EmbeddedStore, str, Version], None]
) -> int:
    """The number of points at which *change* was ended."""
    folder = root / BUCKET
    folder.mkdir(parents=True)
    for point in range(10_000):
        store = EmbeddedStore(root)
        if old is None:
            store.delete(BUCKET, key)
        else:
            write(store, key, old)
        for upload in store.list_uploads(BUCKET)[0]:
            store.abort_upload(upload)  # type: ignore[arg-type]
        store.close()
        child = os.fork()
        if not child:
            end_at(point)
            change(EmbeddedStore(root), key, new)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, _CRASHED), f"the child ended with {status}"
        store = EmbeddedStore(root)
        now = found(store, key, [old, new])
        if status == 0:
            assert now == new, f"after the change {key} is {now}"
        tidy(root, hidden=len(store.list_uploads(BUCKET)[0]))
        store.close()
        if status == 0:
            return point
    raise AssertionError("the change never ends")


def tidy(root: Path, hidden: int) -> None:
    """Nothing is left of the process that ended, but for an upload that is still open."""
    own = root / ".s3sql"
    assert len(list((own / "tmp").iterdir())) == 1
    assert len(list((own / "objects").iterdir())) <= 1
    assert len(list((own / "uploads").iterdir())) <= hidden


def main() -> None:
    completion.MIN_PART_BYTES = 1
    plain: Version = (OLD, None)
    sealed: Version = (OLD, customer_key())
    changes: list[tuple[Version, Version, Callable[[EmbeddedStore, str, Version], None]]] = [
        (None, (NEW, None), write),
        (plain, (NEW, None), write),
        (plain, (NEW, customer_key()), write),
        (sealed, (NEW, None), write),
        (plain, None, write),
        (plain, (NEW, None), complete),
        (sealed, (NEW, customer_key("x")), complete),
    ]
    points = 0
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        for number, (old, new, change) in enumerate(changes):
            points += crash_everywhere(Path(folder, str(number)), sys.argv[2], old, new, change)
    sys.stdout.write(f"{points}\n")


if __name__ == "__main__":
    main()
