"""One job: a query whose records become objects, and what is written when it ends.

In: an accepted request.  Out: ``results/…``; then ``result_manifest.txt``, or an object in ``errors/`` and
``error_manifest.txt``.

Source: AWS S3 User Guide, earlier editions, "Querying archived objects"; contents: docs/archive-select.md.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.eventstream.writer import Chunk
from s3sql.request import CsvOutput, SelectRequest
from s3sql.server.archive.journal import Ending, Entry, Failed, Succeeded
from s3sql.server.archive.output import manifest
from s3sql.server.archive.parts import ResultParts
from s3sql.server.archive.results import ResultStore, Source
from s3sql.server.settings import Key
from s3sql.stores.base import changed

#: Most bytes of one part of the results.
PART_BYTES: Final = 64 << 20

_PLAIN: Final = "text/plain; charset=utf-8"
_JSON: Final = "application/json"

#: How a job ends that its endpoint does not bring to an end.
INTERRUPTED: Final = Failed(
    "ServiceUnavailable", "The endpoint stopped before the query had ended. Please send the request again."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """An accepted request. ``etag`` is that of the object when it was."""

    entry: Entry
    caller: Key
    source: Source
    etag: str
    query: SelectRequest


def write_job_file(job: Job, body: bytes, results: ResultStore, now: datetime) -> None:
    """Write the object that describes the job; *body* is the request as it came.

    Raises:
        S3SelectError: the output location cannot be written.
    """
    members = {
        "JobId": job.entry.job_id,
        "CreationDate": now.isoformat(timespec="milliseconds"),
        "Bucket": job.source.bucket,
        "Key": job.source.key,
        "ETag": job.etag,
        "RestoreRequest": body.decode(),
    }
    _put(job.entry, job.caller, results, job.entry.folder.job, _PLAIN, _json(members))


def run(job: Job, results: ResultStore, stop: threading.Event, part_bytes: int = PART_BYTES) -> Ending:
    """Run the query and write its records; *stop*: set it, and the job ends soon, as :data:`INTERRUPTED`."""
    try:
        with results.open_source(job.caller, job.source) as source:
            if source.etag != job.etag:
                raise changed(f"{job.source.bucket}/{job.source.key}")
            with closing(_until(stop, engine.run(job.query, source).chunks())) as chunks:
                return _written(job, results, ResultParts(chunks, part_bytes))
    except S3SelectError as error:
        return INTERRUPTED if stop.is_set() else Failed.by(error)
    except Exception:
        _log.exception("Job %s failed", job.entry.job_id)
        return Failed("InternalError", "An internal error occurred. Please send the request again.")


def write_ending(entry: Entry, ending: Ending, caller: Key | None, results: ResultStore) -> None:
    """Write the manifest of a job that has ended, and what it names. May be done twice.

    Raises:
        S3SelectError: the output location cannot be written.
    """
    folder = entry.folder
    if isinstance(ending, Succeeded):
        parts = [folder.part(number + 1) for number in range(ending.parts)]
        _put(entry, caller, results, folder.result_manifest, _PLAIN, manifest(parts))
        return
    members = {
        "JobId": entry.job_id,
        "Bucket": entry.source_bucket,
        "Key": entry.source_key,
        "Code": ending.code,
        "Message": ending.message,
        "Line": ending.line,
        "Column": ending.column,
    }
    _put(entry, caller, results, folder.error, _JSON, _json(members))
    _put(entry, caller, results, folder.error_manifest, _PLAIN, manifest([folder.error]))


def _written(job: Job, results: ResultStore, parts: ResultParts) -> Succeeded:
    content_type = "text/csv" if isinstance(job.query.output, CsvOutput) else _JSON
    location = job.entry.folder.location
    number = 0
    while parts.more():
        number += 1
        key = job.entry.folder.part(number)
        results.put(job.caller, location, key, content_type, iter(parts.pieces()))
    return Succeeded(number)


def _until(
    stop: threading.Event, chunks: Generator[Chunk | None, None, None]
) -> Generator[Chunk | None, None, None]:
    """*chunks* until *stop* is set."""
    with closing(chunks):
        for chunk in chunks:
            if stop.is_set():
                raise S3SelectError(INTERRUPTED.code, INTERRUPTED.message)
            yield chunk


def _put(
    entry: Entry, caller: Key | None, results: ResultStore, key: str, content_type: str, content: bytes
) -> None:
    results.put(caller, entry.folder.location, key, content_type, iter([content]))


def _json(members: Mapping[str, object]) -> bytes:
    return (json.dumps(members, indent=2, ensure_ascii=False) + "\n").encode()
