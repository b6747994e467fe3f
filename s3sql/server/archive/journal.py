"""The journal: what an endpoint must remember of its jobs so that each gets its end, whatever becomes of it.

In: jobs as they are accepted and as they end.  Out: after a restart, the jobs that have not got their
manifest.

    jobs/lock                   held while an endpoint starts
    jobs/<endpoint>/lock        held as long as that endpoint lives
    jobs/<endpoint>/<job>.json  one job, from before its 202 until after its manifest

An endpoint writes in a folder of its own. One that starts takes over the jobs in the folders of those that
live no longer, which it sees by their locks: the system gives up the locks of a process that is gone, however
it went. A file is replaced as a whole and is on the disk before a call returns.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from s3sql.errors import S3SelectError
from s3sql.server.archive.output import Encryption, Folder, Grant, OutputLocation

#: What the format of the files is called, so that a later one can be told from it.
_VERSION = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Succeeded:
    """All results of a job are written: so many parts."""

    parts: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A job has ended in an error, at a place of its query if there is one."""

    code: str
    message: str
    line: int | None = None
    column: int | None = None

    @classmethod
    def by(cls, error: S3SelectError) -> Failed:
        """The end that *error* makes."""
        place = error.position
        if place is None:
            return cls(error.code, error.message)
        return cls(error.code, error.message, place.line, place.column)


Ending: TypeAlias = Succeeded | Failed


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as the journal knows it. ``ending`` is None while it waits or runs."""

    folder: Folder
    access_key: str
    source_bucket: str
    source_key: str
    ending: Ending | None = None

    @property
    def job_id(self) -> str:
        """The name of the job."""
        return self.folder.job_id


class Journal:
    """The journal of one endpoint. Any thread may use it."""

    def __init__(self, directory: Path) -> None:
        """Open the journal in *directory*, which is made if need be, and take over the jobs of the dead.

        Raises:
            OSError: it cannot be written there.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory / secrets.token_hex(8)
        with _locked(directory / "lock"):
            self._directory.mkdir(mode=0o700)
            self._lock = _lock_of_its_own(self._directory / "lock")
            for other in sorted(path for path in directory.iterdir() if path.is_dir()):
                if other != self._directory:
                    _take_over(other, self._directory)
        _sync(directory)

    def entries(self) -> list[Entry]:
        """The jobs that are in the journal; what cannot be read is told to the log and left where it is."""
        found = []
        for path in sorted(self._directory.glob("*.json")):
            try:
                found.append(_entry(json.loads(path.read_bytes())))
            except (OSError, ValueError, KeyError, TypeError, S3SelectError) as error:
                _log.error("The journal's file %s cannot be read: %s", path, error)
        return found

    def write(self, entry: Entry) -> None:
        """Enter a job, or what has become of it.

        Raises:
            OSError: it could not be written; what was there before stands.
        """
        path = self._path(entry)
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(json.dumps(_members(entry)).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync(self._directory)

    def forget(self, entry: Entry) -> None:
        """Forget a job, which has its manifest or was never accepted.

        Raises:
            OSError: it could not be forgotten.
        """
        self._path(entry).unlink(missing_ok=True)
        _sync(self._directory)

    def close(self) -> None:
        """Leave what is still there to the next endpoint."""
        os.close(self._lock)

    def _path(self, entry: Entry) -> Path:
        return self._directory / f"{entry.job_id}.json"


def _take_over(other: Path, own: Path) -> None:
    """Move the jobs in *other* to *own*, unless its endpoint lives."""
    try:
        lock = _lock_of_its_own(other / "lock")
    except BlockingIOError:
        return
    try:
        for path in other.glob("*.json"):
            path.replace(own / path.name)
        _sync(own)
        for path in other.iterdir():
            path.unlink()
        other.rmdir()
    finally:
        os.close(lock)


def _lock_of_its_own(path: Path) -> int:
    """A lock that is held until the descriptor is closed, at the latest by the end of the process.

    Raises:
        BlockingIOError: somebody holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Within, no other process is within for the same *path*; waits for it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(directory: Path) -> None:
    """Have the names in *directory* on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _members(entry: Entry) -> dict[str, Any]:
    ending = entry.ending
    return {
        "version": _VERSION,
        "job_id": entry.job_id,
        "access_key": entry.access_key,
        "source_bucket": entry.source_bucket,
        "source_key": entry.source_key,
        "location": asdict(entry.folder.location),
        "succeeded": asdict(ending) if isinstance(ending, Succeeded) else None,
        "failed": asdict(ending) if isinstance(ending, Failed) else None,
    }


def _entry(members: dict[str, Any]) -> Entry:
    if members["version"] != _VERSION:
        raise ValueError(f"it is of version {members['version']!r}, not {_VERSION}")
    location = dict(members["location"])
    location["encryption"] = location["encryption"] and Encryption(**location["encryption"])
    location["grants"] = tuple(Grant(**grant) for grant in location["grants"])
    ending: Ending | None = None
    if members["succeeded"]:
        ending = Succeeded(**members["succeeded"])
    elif members["failed"]:
        ending = Failed(**members["failed"])
    return Entry(
        folder=Folder(OutputLocation(**location), members["job_id"]),
        access_key=members["access_key"],
        source_bucket=members["source_bucket"],
        source_key=members["source_key"],
        ending=ending,
    )
