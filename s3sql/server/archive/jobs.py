"""The jobs of an endpoint: so many at a time, each to be brought to its end.

In: accepted requests, and at the start what the journal has kept.  Out: jobs with their manifests.

Few jobs run at a time and few wait, so that the queries that somebody waits for have the machine; one more is
refused. A job whose end cannot be written (the store behind the endpoint is away) is tried again until it can
be, by this endpoint or by the next one. Only when the output bucket is no more the job is given up, in the
log.

Threads are daemons: an endpoint that is told to stop does not wait for a store that gives no answer.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import logging
import os
import secrets
import string
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from s3sql.errors import S3SelectError
from s3sql.server.archive.job import INTERRUPTED, PART_BYTES, Job, run, write_ending, write_job_file
from s3sql.server.archive.journal import Ending, Entry, Failed, Journal
from s3sql.server.archive.output import Folder
from s3sql.server.archive.restore_xml import ArchiveSelect
from s3sql.server.archive.results import ResultStore, Source
from s3sql.server.exchange import in_thread
from s3sql.server.settings import Key, Settings

#: Length of a job's name, which AWS's documentation shows as small letters and digits.
_ID_CHARACTERS: Final = 38

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many jobs run and wait at a time, how large their parts are in bytes.

    ``retry`` and ``longest_retry``: seconds before the end of a job is tried to be written again, for the
    first time and at most.
    """

    running: int = 2
    waiting: int = 64
    part_bytes: int = PART_BYTES
    retry: float = 1.0
    longest_retry: float = 300.0


class ArchiveJobs:
    """The jobs of one endpoint. Any thread may submit some."""

    def __init__(self, settings: Settings, results: ResultStore, pace: Pace | None = None) -> None:
        self._settings = settings
        self._results = results
        self._pace = pace or Pace()
        self._journal: Journal | None = None
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        # Everything below is touched under this condition, which tells of every change.
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._accepted = 0
        # Jobs whose end is to be written: when, the order, the job with its end, and how long to wait next.
        self._endings: list[tuple[float, int, Entry, Ending, float]] = []
        self._order = itertools.count()

    def start(self) -> None:
        """Open the journal, take over the jobs that others left, and begin to work.

        An endpoint without a place for a journal works but for this.
        """
        directory = journal_directory(self._settings, self._results)
        if directory is None:
            _log.info("The folder cannot be written, so there are no queries on archived objects.")
            return
        try:
            self._journal = Journal(directory)
        except OSError as error:
            _log.error("There are no queries on archived objects, since their journal failed: %s", error)
            return
        for entry in self._journal.entries():
            _log.warning("Job %s was left by an endpoint that stopped", entry.job_id)
            self._end_later(entry, entry.ending or INTERRUPTED, 0.0)
        works = [self._run_jobs] * self._pace.running + [self._write_endings]
        self._threads = [
            threading.Thread(target=work, name=f"s3sql-archive-{number}", daemon=True)
            for number, work in enumerate(works)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, caller: Key, source: Source, etag: str, request: ArchiveSelect, body: bytes) -> Folder:
        """Accept a job whose *source* has been found to have *etag*, and *body* to be the *request*. Blocks.

        Raises:
            S3SelectError: ``SlowDown``, or ``GlacierExpeditedRetrievalNotAvailable`` for one that cannot
            wait,
                when too many jobs are waiting; ``ServiceUnavailable`` when the endpoint stops or its journal
                cannot be written; what the store answers to the job's first object.
        """
        if self._journal is None:
            raise S3SelectError(
                "ServiceUnavailable",
                "This endpoint has no folder in which to remember queries on archived objects. Whoever runs "
                "it can give it one as its state directory.",
                status=503,
            )
        folder = Folder(request.output, _new_id())
        entry = Entry(folder, caller.access_key, source.bucket, source.key)
        job = Job(entry, caller, source, etag, request.query)
        self._take_place(expedited=request.tier == "Expedited")
        try:
            self._enter(job, body)
        except BaseException:
            self._give_place_back()
            raise
        with self._changed:
            self._queue.append(job)
            self._changed.notify_all()
        return folder

    async def close(self) -> None:
        """Stop: end the jobs that run and wait as interrupted, for as long as the endpoint may take."""
        if self._journal is None:
            return
        with self._changed:
            self._stop.set()
            self._changed.notify_all()
        await in_thread(self._join)

    def _join(self) -> None:
        deadline = time.monotonic() + self._settings.limits.shutdown_time
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            # The journal stays locked as long as these threads may still write what it is about.
            _log.warning("Jobs did not end in time; the next endpoint ends them.")
            return
        assert self._journal is not None
        self._journal.close()

    # ---- accepting

    def _take_place(self, *, expedited: bool) -> None:
        with self._changed:
            if self._stop.is_set():
                raise S3SelectError("ServiceUnavailable", "The endpoint is stopping.", status=503)
            if self._accepted < self._pace.running + self._pace.waiting:
                self._accepted += 1
                return
        code = "GlacierExpeditedRetrievalNotAvailable" if expedited else "SlowDown"
        raise S3SelectError(
            code,
            f"{self._pace.running} queries on archived objects are running and {self._pace.waiting} are "
            "waiting. Please send the request again later.",
            status=503,
        )

    def _give_place_back(self) -> None:
        with self._changed:
            self._accepted -= 1

    def _enter(self, job: Job, body: bytes) -> None:
        """Have the journal and the output location know of *job*, or neither."""
        assert self._journal is not None
        try:
            self._journal.write(job.entry)
            try:
                write_job_file(job, body, self._results, datetime.now(UTC))
            except BaseException:
                self._journal.forget(job.entry)
                raise
        except OSError as error:
            _log.error("The journal cannot be written: %s", error)
            raise S3SelectError(
                "ServiceUnavailable",
                "The endpoint cannot remember the query now. Please try again.",
                status=503,
            ) from error

    # ---- running

    def _run_jobs(self) -> None:
        """Run jobs until the endpoint stops; then end those that wait."""
        while True:
            with self._changed:
                while not self._queue and not self._stop.is_set():
                    self._changed.wait()
                if not self._queue:
                    return
                job = self._queue.popleft()
            if self._stop.is_set():
                ending: Ending = INTERRUPTED
            else:
                ending = run(job, self._results, self._stop, self._pace.part_bytes)
            # An error's message may show what the object holds, which is not for the log.
            outcome = ending.code if isinstance(ending, Failed) else f"{ending.parts} parts"
            _log.info("Job %s ended: %s", job.entry.job_id, outcome)
            if not self._ended(job.entry, ending):
                self._end_later(job.entry, ending, self._pace.retry)
            self._give_place_back()

    # ---- ending

    def _ended(self, entry: Entry, ending: Ending) -> bool:
        """Write how a job ended, and forget it; whether that has been possible.

        The journal comes first: once there may be a manifest, a restart must not give the job another one.
        """
        assert self._journal is not None
        try:
            self._journal.write(replace(entry, ending=ending))
            self._write_ending(entry, ending)
            self._journal.forget(entry)
        except (S3SelectError, OSError) as error:
            _log.warning("The end of job %s could not be written: %s", entry.job_id, error)
            return False
        except Exception:
            _log.exception("The end of job %s could not be written", entry.job_id)
            return False
        return True

    def _write_ending(self, entry: Entry, ending: Ending) -> None:
        try:
            write_ending(entry, ending, self._settings.key(entry.access_key), self._results)
        except S3SelectError as error:
            if error.code != "NoSuchBucket":
                raise
            _log.error("Job %s is given up, since its bucket is no more: %s", entry.job_id, error)

    def _end_later(self, entry: Entry, ending: Ending, seconds: float) -> None:
        """Have the end of a job written in so many seconds."""
        following = min(max(2 * seconds, self._pace.retry), self._pace.longest_retry)
        due = time.monotonic() + seconds
        with self._changed:
            heapq.heappush(self._endings, (due, next(self._order), entry, ending, following))
            self._changed.notify_all()

    def _write_endings(self) -> None:
        """Write the ends of jobs when they are due, until the endpoint stops; the journal keeps the rest."""
        while True:
            with self._changed:
                while not self._stop.is_set() and not self._is_due():
                    self._changed.wait(self._seconds_to_wait())
                if self._stop.is_set():
                    return
                _, _, entry, ending, following = heapq.heappop(self._endings)
            if not self._ended(entry, ending):
                self._end_later(entry, ending, following)

    def _is_due(self) -> bool:
        return bool(self._endings) and self._endings[0][0] <= time.monotonic()

    def _seconds_to_wait(self) -> float | None:
        return max(0.0, self._endings[0][0] - time.monotonic()) if self._endings else None


def journal_directory(settings: Settings, results: ResultStore) -> Path | None:
    """Where the journal is; None if the endpoint serves a folder that cannot be written, and has no other.

    A folder that several endpoints may use has one of its own for each store, since the jobs of one must not
    be ended in another.
    """
    if settings.state_directory is None:
        if results.state_directory is not None:
            return results.state_directory / "jobs"
        if settings.directory is not None:
            return None
    store = hashlib.sha256(results.name.encode(errors="surrogateescape")).hexdigest()[:16]
    return (settings.state_directory or _user_state_directory()) / "jobs" / store


def _user_state_directory() -> Path:
    """The user's folder for state that outlives a restart (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return base / "s3sql"


def _new_id() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_ID_CHARACTERS))
