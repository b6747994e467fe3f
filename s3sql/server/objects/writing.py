"""``PutObject``.

In: an authorised request.  Out: a new object, or a new version in place of the old one, whole or not at all.

The headers are checked before a byte of the body is asked for; what is to hold of the object there is
(``If-Match``, ``If-None-Match``) is checked when the new one takes its place. Source: AWS S3 API Reference,
"PutObject".
"""

from __future__ import annotations

from functools import partial

from s3sql.server.exchange import Handler, Reply, S3Request
from s3sql.server.objects.attributes import attributes_of, written_headers
from s3sql.server.objects.conditions import write_conditions
from s3sql.server.objects.customer_keys import customer_key
from s3sql.server.objects.intake import intake_of, sent_checksum
from s3sql.server.objects.unsupported import refuse_unsupported
from s3sql.stores.embedded.store import EmbeddedStore


class Writing:
    """Writes objects to *store*."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {"PutObject": self.put_object}

    async def put_object(self, request: S3Request) -> Reply:
        """Write an object."""
        headers = request.headers
        refuse_unsupported(headers)
        conditions = write_conditions(headers)
        start = partial(
            self._store.start_write,
            request.bucket,
            request.object_key,
            attributes_of(headers),
            customer_key=customer_key(request),
            room=request.body.length,
        )
        async with intake_of(start) as intake:
            await intake.take(request.body)
            checksum = sent_checksum(request.body)
            info = await intake.call(intake.writer.commit, conditions=conditions, checksum=checksum)
        return Reply(200, written_headers(info))
