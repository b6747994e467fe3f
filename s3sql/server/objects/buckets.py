"""The operations on buckets themselves.

In: an authorised request.  Out: sub-folders made, found, listed and removed.

Source: AWS S3 API Reference, "ListBuckets", "CreateBucket", "HeadBucket", "GetBucketLocation",
"DeleteBucket", "GetBucketVersioning".
"""

from __future__ import annotations

import re

from s3sql.errors import S3SelectError
from s3sql.server.exchange import Handler, Reply, S3Request, in_thread
from s3sql.server.objects.owner import owner_id
from s3sql.server.objects.tokens import read_token, token_of, whole_number
from s3sql.server.objects.unsupported import refuse_unsupported
from s3sql.server.settings import Key, Settings
from s3sql.server.xml import Content, document_reply
from s3sql.stores.embedded.model import Bucket
from s3sql.stores.embedded.store import EmbeddedStore
from s3sql.xml_elements import Document, read_document

MAX_BUCKETS = 10_000

#: The region that has no location constraint; and one that has an older name too.
_FIRST_REGION = "us-east-1"
_OLD_NAMES = {"EU": "eu-west-1"}
_REGION = re.compile("[a-z0-9-]{1,64}")

_CONFIGURATION = Document(
    ("CreateBucketConfiguration",),
    {"LocationConstraint": None, "Location": {}, "Bucket": {}, "Tags": {}},
    max_bytes=64 << 10,
)


class Buckets:
    """The buckets of *store*."""

    def __init__(self, store: EmbeddedStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the operations."""
        return {
            "ListBuckets": self.list_buckets,
            "CreateBucket": self.create_bucket,
            "HeadBucket": self.head_bucket,
            "GetBucketLocation": self.get_bucket_location,
            "GetBucketVersioning": self.get_bucket_versioning,
            "DeleteBucket": self.delete_bucket,
        }

    async def list_buckets(self, request: S3Request) -> Reply:
        """List the buckets in which the caller may do anything."""
        parameters = request.parameters
        limit = whole_number(parameters, "max-buckets", 1, MAX_BUCKETS) or MAX_BUCKETS
        token = parameters.get("continuation-token")
        after = "" if token is None else read_token(token)
        prefix = parameters.get("prefix", "")
        region = self._settings.told_region
        found = [
            bucket
            for bucket in await in_thread(self._store.buckets)
            if _may_see(request.key, bucket) and bucket.name > after and bucket.name.startswith(prefix)
        ]
        if parameters.get("bucket-region", region) != region:
            found = []
        shown = found[:limit]
        asked = bool({"max-buckets", "continuation-token", "prefix", "bucket-region"} & parameters.keys())
        buckets: list[tuple[str, Content]] = [
            (
                "Bucket",
                [
                    ("Name", bucket.name),
                    ("CreationDate", bucket.created),
                    ("BucketRegion", region if asked else None),
                ],
            )
            for bucket in shown
        ]
        return document_reply(
            "ListAllMyBucketsResult",
            [
                ("Owner", [("ID", owner_id(self._settings))]),
                ("Buckets", buckets),
                ("ContinuationToken", token_of(shown[-1].name) if len(found) > limit else None),
                ("Prefix", parameters.get("prefix")),
            ],
        )

    async def create_bucket(self, request: S3Request) -> Reply:
        """Make a bucket."""
        refuse_unsupported(request.headers)
        # Without a length there is no body, and none is needed.
        if request.body.length:
            self._check_configuration(await request.body.read(_CONFIGURATION.max_bytes))
        await in_thread(self._made, request.bucket)
        return Reply(200, [("Location", f"/{request.bucket}")])

    def _made(self, name: str) -> Bucket:
        """The bucket, made now; in S3's first region an owner may also make one that is there."""
        try:
            return self._store.create_bucket(name)
        except S3SelectError as error:
            if error.code != "BucketAlreadyOwnedByYou" or self._settings.told_region != _FIRST_REGION:
                raise
            try:
                return self._store.bucket(name)
            except S3SelectError:
                # Something else has the name.
                raise error from None

    async def head_bucket(self, request: S3Request) -> Reply:
        """Tell whether there is a bucket."""
        await in_thread(self._store.bucket, request.bucket)
        return Reply(
            200,
            [
                ("Content-Type", "application/xml"),
                ("x-amz-bucket-region", self._settings.told_region),
                ("x-amz-access-point-alias", "false"),
            ],
        )

    async def get_bucket_location(self, request: S3Request) -> Reply:
        """Tell the region, which is empty for the first one."""
        await in_thread(self._store.bucket, request.bucket)
        region = self._settings.told_region
        return document_reply("LocationConstraint", "" if region == _FIRST_REGION else region)

    async def get_bucket_versioning(self, request: S3Request) -> Reply:
        """Tell that versions were never kept, which clients ask before they sync."""
        await in_thread(self._store.bucket, request.bucket)
        return document_reply("VersioningConfiguration", [])

    async def delete_bucket(self, request: S3Request) -> Reply:
        """Remove an empty bucket."""
        await in_thread(self._store.delete_bucket, request.bucket)
        return Reply(204)

    def _check_configuration(self, body: bytes) -> None:
        configuration = read_document(body, _CONFIGURATION)
        for name in configuration.elements:
            raise S3SelectError(
                "NotImplemented",
                f"CreateBucketConfiguration holds {name}; buckets here have a LocationConstraint at most.",
                status=501,
            )
        given = configuration.text("LocationConstraint", "").strip()
        region = self._settings.region
        known = _OLD_NAMES.get(given, given)
        if given and not (_REGION.fullmatch(known) if region is None else known == region):
            place = f"this endpoint is in {region}" if region is not None else "it is no name of a region"
            raise S3SelectError(
                "InvalidLocationConstraint",
                f"The specified location-constraint is not valid: {given[:40]!r}; {place}.",
            )


def _may_see(key: Key | None, bucket: Bucket) -> bool:
    return key is not None and (key.may("read", bucket.name) or key.may("write", bucket.name))
