"""The SQLite file beside the objects: what a file cannot carry.

In: buckets, keys, identities of files.  Out: descriptions, and which file holds a hidden key.

    files       one row per version of a file in its own path, picked by its identity (inode, size, time)
    hidden      one row per key that has no path of its own: the file in .s3sql/objects, and all about it
    buckets     when a bucket was made, as long as it is the same folder

A row of ``files`` is inserted before its file is renamed into place, and those of the two newest versions
stay: whatever moment the process dies at, the file that is there has its own row. A file that was edited by
hand matches no row, and is a plain object. A row of ``hidden`` is what puts its file in place.

What must survive a power cut when a call returns is committed with ``synchronous=FULL``; clearing away is
not. SQLite's write-ahead log needs a local file system.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.description import (
    Description,
    description_of,
    description_text,
    parts_of,
    parts_text,
)
from s3sql.stores.embedded.files import Identity
from s3sql.stores.embedded.model import StoredPart

#: Seconds to wait for another process's transaction.
_BUSY_SECONDS = 30.0

#: Most rows asked for by name in one statement.
_NAMES = 500

_VERSION = 1
_SCHEMA = """
CREATE TABLE files (
    bucket TEXT NOT NULL, key BLOB NOT NULL,
    identity TEXT NOT NULL, description TEXT NOT NULL, parts TEXT NOT NULL,
    PRIMARY KEY (bucket, key, identity)
) WITHOUT ROWID;
CREATE TABLE hidden (
    bucket TEXT NOT NULL, key BLOB NOT NULL,
    file TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    description TEXT NOT NULL, parts TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE TABLE buckets (
    name TEXT PRIMARY KEY, inode TEXT NOT NULL, created INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key BLOB NOT NULL, initiated INTEGER NOT NULL,
    attributes TEXT NOT NULL, checksum_algorithm TEXT, checksum_type TEXT, customer_key_md5 TEXT,
    completed INTEGER, answer TEXT
) WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, id) WHERE completed IS NULL;
CREATE TABLE parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL,
    file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL, checksum TEXT,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A key without a path of its own: the file with its bytes, and what is known of it.

    ``size`` is that of the object; a file that is encrypted is longer.
    """

    file: str
    size: int
    modified: int
    description: Description
    parts: tuple[StoredPart, ...] = ()


class Catalogue:
    """The tables of one store; any thread may ask, each with a connection of its own."""

    __slots__ = ("_closed", "_idle", "_path")

    def __init__(self, path: Path) -> None:
        """Open the file *path*, or make it.

        Raises:
            OSError: it is no catalogue, a damaged one, or one of a newer version.
        """
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        try:
            connection = self._connect()
            try:
                _prepare(connection, path)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise OSError(
                f"{path} is not a catalogue of s3sql, or is damaged ({error}). Without it all files "
                "are still served as plain objects: move it away to go on."
            ) from error

    def close(self) -> None:
        """Close what is open; a second call does nothing."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for statements that change nothing."""
        try:
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            raise catalogue_error(error) from error

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction of its own, which is committed at the end of the context.

        One that is not durable survives the end of the process, but perhaps not a power cut.
        """
        with self.reading() as connection:
            if not durable:
                connection.execute("PRAGMA synchronous=NORMAL")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if not durable:
                    connection.execute("PRAGMA synchronous=FULL")

    def file_row(
        self, bucket: str, key: str, identity: Identity
    ) -> tuple[Description, tuple[StoredPart, ...]] | None:
        """What is known of the version *identity* of a file."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT description, parts FROM files WHERE bucket=? AND key=? AND identity=?",
                (bucket, key.encode(), _identity_text(identity)),
            ).fetchone()
        return None if row is None else (description_of(row[0]), parts_of(row[1]))

    def file_rows(self, bucket: str, keys: Sequence[str]) -> dict[str, dict[Identity, Description]]:
        """What is known of the versions of the files of *keys*, by key as far as there are."""
        found: dict[str, dict[Identity, Description]] = {}
        with self.reading() as connection:
            for start in range(0, len(keys), _NAMES):
                names = [key.encode() for key in keys[start : start + _NAMES]]
                rows = connection.execute(
                    "SELECT key, identity, description FROM files "
                    f"WHERE bucket=? AND key IN ({','.join('?' * len(names))})",
                    (bucket, *names),
                )
                for key, identity, description in rows:
                    versions = found.setdefault(key.decode(), {})
                    versions[_identity_of_text(identity)] = description_of(description)
        return found

    def add_file_row(
        self,
        bucket: str,
        key: str,
        identity: Identity,
        description: Description,
        parts: Sequence[StoredPart],
        *,
        keep: Identity | None,
    ) -> None:
        """Insert the row of the version that is to come; of the others only *keep*'s stays."""
        with self.writing() as connection:
            connection.execute(
                "DELETE FROM files WHERE bucket=? AND key=? AND identity IS NOT ?",
                (bucket, key.encode(), None if keep is None else _identity_text(keep)),
            )
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                (
                    bucket,
                    key.encode(),
                    _identity_text(identity),
                    description_text(description),
                    parts_text(parts),
                ),
            )

    def drop_file_rows(self, bucket: str, key: str) -> None:
        """Forget all versions of a file that is gone."""
        with self.reading() as connection:
            known = connection.execute(
                "SELECT 1 FROM files WHERE bucket=? AND key=? LIMIT 1", (bucket, key.encode())
            ).fetchone()
        if known:
            with self.writing(durable=False) as connection:
                connection.execute("DELETE FROM files WHERE bucket=? AND key=?", (bucket, key.encode()))

    def hidden_row(self, bucket: str, key: str) -> Hidden | None:
        """The file of a hidden key, and what is known of it."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT file, size, modified, description, parts FROM hidden WHERE bucket=? AND key=?",
                (bucket, key.encode()),
            ).fetchone()
        if row is None:
            return None
        return Hidden(row[0], row[1], row[2], description_of(row[3]), parts_of(row[4]))

    def hidden_from(self, bucket: str, low: str, limit: int) -> list[tuple[str, Hidden]]:
        """The first *limit* hidden keys that are not before *low*, in order, without their parts."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT key, file, size, modified, description FROM hidden "
                "WHERE bucket=? AND key>=? ORDER BY key LIMIT ?",
                (bucket, low.encode(), limit),
            ).fetchall()
        return [(row[0].decode(), Hidden(row[1], row[2], row[3], description_of(row[4]))) for row in rows]

    def put_hidden_row(self, bucket: str, key: str, hidden: Hidden) -> None:
        """Let the file of *hidden* hold the key from now on."""
        with self.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hidden VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    bucket,
                    key.encode(),
                    hidden.file,
                    hidden.size,
                    hidden.modified,
                    description_text(hidden.description),
                    parts_text(hidden.parts),
                ),
            )

    def drop_hidden_row(self, bucket: str, key: str) -> None:
        """Let nothing hold the key any more."""
        with self.writing() as connection:
            connection.execute("DELETE FROM hidden WHERE bucket=? AND key=?", (bucket, key.encode()))

    def known_hidden_files(self, files: Sequence[str]) -> set[str]:
        """Those of *files* that hold a key."""
        found: set[str] = set()
        with self.reading() as connection:
            for start in range(0, len(files), _NAMES):
                names = files[start : start + _NAMES]
                marks = ",".join("?" * len(names))
                rows = connection.execute(f"SELECT file FROM hidden WHERE file IN ({marks})", names)
                found.update(file for (file,) in rows)
        return found

    def bucket_created(self, bucket: str, inode: int) -> int | None:
        """When the folder *inode* was made as a bucket, if that is known."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT created FROM buckets WHERE name=? AND inode=?", (bucket, str(inode))
            ).fetchone()
        return None if row is None else int(row[0])

    def add_bucket(self, bucket: str, inode: int, created: int) -> None:
        """Remember when the folder *inode* was made as a bucket."""
        with self.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?)", (bucket, str(inode), created)
            )

    def drop_bucket(self, bucket: str) -> list[str]:
        """Forget all about a bucket that is gone; the files of the keys that were hidden in it."""
        with self.writing() as connection:
            files = connection.execute("SELECT file FROM hidden WHERE bucket=?", (bucket,)).fetchall()
            for table in ("files", "hidden"):
                connection.execute(f"DELETE FROM {table} WHERE bucket=?", (bucket,))
            connection.execute(
                "DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket=?)", (bucket,)
            )
            connection.execute("DELETE FROM uploads WHERE bucket=?", (bucket,))
            connection.execute("DELETE FROM buckets WHERE name=?", (bucket,))
        return [file for (file,) in files]

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    def _connect(self) -> sqlite3.Connection:
        # A connection wanders between threads, but one of them has it at a time.
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA fullfsync=ON")
        return connection


def catalogue_error(error: sqlite3.Error) -> S3SelectError:
    """The S3 error for what SQLite said."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return S3SelectError("SlowDown", "The catalogue of the store is busy; try again later.")
    if name.startswith("SQLITE_FULL"):
        return S3SelectError("ServiceUnavailable", "There is no room for the catalogue of the store.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return S3SelectError("AccessDenied", "The catalogue of the store cannot be written by this user.")
    return S3SelectError("ServiceUnavailable", f"The catalogue of the store failed: {error}.")


def _identity_text(identity: Identity) -> str:
    """An identity as text, as inodes and times may have more bits than SQLite's integers."""
    return ":".join(map(str, identity))


def _identity_of_text(text: str) -> Identity:
    inode, size, modified = map(int, text.split(":"))
    return inode, size, modified


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        connection.execute("ROLLBACK")
        raise OSError(
            f"{path} is of version {version}, which a newer s3sql has written; this one knows {_VERSION}."
        )
    if version < _VERSION:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={_VERSION}")
    connection.execute("COMMIT")
