"""``RestoreObject``: a query on an archived object, answered with the place of its results.

In: an authorised request.  Out: 202 and ``x-amz-restore-output-path``; the query runs afterwards
(:mod:`s3sql.server.archive`).

Judged before the answer, in this order (Choice, AWS documents none): the XML, the caller's permissions for
both buckets, what the results are to be given, the object, the SQL with the names of columns, then the
writing of ``job.txt``. An ordinary restore is passed on to the store behind the endpoint; the embedded store,
which has nothing to restore from, does not do it. ``RestoreAlreadyInProgress`` is an error of ordinary
restores only: a query does not restore its object, and many may run on one.

Source: AWS S3 API Reference, "RestoreObject".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from s3sql import engine
from s3sql.errors import S3SelectError
from s3sql.server.access_log import expression_notes
from s3sql.server.archive.jobs import ArchiveJobs
from s3sql.server.archive.output import Folder
from s3sql.server.archive.restore_xml import MAX_BODY_BYTES, ArchiveSelect, parse_restore
from s3sql.server.archive.results import ResultStore, Source
from s3sql.server.exchange import Reply, S3Request, in_thread
from s3sql.server.settings import Key

#: Sends a request, whose body has been read, to the store behind the endpoint.
Forward: TypeAlias = Callable[[S3Request, bytes], Awaitable[Reply]]


class Restores:
    """Answers ``RestoreObject``; *forward* is None for the embedded store."""

    def __init__(self, jobs: ArchiveJobs, results: ResultStore, forward: Forward | None = None) -> None:
        self._jobs = jobs
        self._results = results
        self._forward = forward

    async def restore(self, request: S3Request) -> Reply:
        """Answer one request.

        Raises:
            S3SelectError: whatever is wrong with it; ``NotImplemented`` for an ordinary restore where there
                is nothing to restore from.
        """
        body = await request.body.read(MAX_BODY_BYTES)
        parsed = parse_restore(body)
        if parsed is None:
            return await self._ordinary(request, body)
        request.notes.update(expression_notes(parsed.query.expression))
        folder = await in_thread(self._accepted, request, parsed, body)
        request.notes["job"] = folder.job_id
        return Reply(202, [("x-amz-restore-output-path", folder.path_for_header)])

    async def _ordinary(self, request: S3Request, body: bytes) -> Reply:
        if self._forward is not None:
            if request.key is None or not request.key.may("write", request.bucket):
                raise S3SelectError(
                    "AccessDenied",
                    f"Access Denied: a restore changes the bucket {request.bucket}.",
                    status=403,
                )
            return await self._forward(request, body)
        raise S3SelectError(
            "NotImplemented",
            "RestoreObject without Type SELECT is not implemented by this endpoint: the bytes of an archived "
            "object are here. Copy the object onto itself with another storage class, or query it with Type "
            "SELECT.",
            status=501,
        )

    def _accepted(self, request: S3Request, parsed: ArchiveSelect, body: bytes) -> Folder:
        """The folder of the job that the request has become."""
        source = Source(
            bucket=request.bucket,
            key=request.object_key,
            version_id=request.parameters.get("versionId") or None,
            expected_bucket_owner=request.headers.get("x-amz-expected-bucket-owner"),
        )
        caller = self._permitted(request.key, source, parsed)
        self._results.check(parsed.output)
        etag = self._bound(caller, source, parsed)
        return self._jobs.submit(caller, source, etag, parsed, body)

    def _permitted(self, caller: Key | None, source: Source, parsed: ArchiveSelect) -> Key:
        """The caller, who may read the object and write the results."""
        if caller is None:
            raise S3SelectError(
                "AccessDenied", "A query on an archived object needs a signed request.", status=403
            )
        wanted: list[tuple[Literal["read", "write"], str]] = [
            ("read", source.bucket),
            ("write", parsed.output.bucket),
        ]
        for want, bucket in wanted:
            if not caller.may(want, bucket):
                raise S3SelectError(
                    "AccessDenied",
                    f"The key {caller.access_key} may not {want} the bucket {bucket}.",
                    status=403,
                )
        return caller

    def _bound(self, caller: Key, source: Source, parsed: ArchiveSelect) -> str:
        """The ETag of the object, over which the query can be run."""
        with self._results.open_source(caller, source) as found:
            query = engine.prepare(parsed.query, found)
            query.opening.close()
            return found.etag
