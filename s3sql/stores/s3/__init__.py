"""Objects behind an S3 endpoint, by way of boto3.

In: a boto3 client, or where to find an endpoint.  Out: an :class:`S3Object`.

    S3Store ──open──▶ S3Object (object)         forward, by ranges, ahead of the reader
                        └ Body, Body … (body)   one request each, resumed where it breaks, all of one version
    what an endpoint answers otherwise          errors
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore import exceptions as botocore_errors

from s3sql.errors import S3SelectError
from s3sql.stores.s3.body import MAX_RESUMES as MAX_RESUMES
from s3sql.stores.s3.body import RESUME_DELAY_SECONDS as RESUME_DELAY_SECONDS
from s3sql.stores.s3.body import S3Client as S3Client
from s3sql.stores.s3.errors import BROKEN_BODY, CREDENTIALS, bad_checksum
from s3sql.stores.s3.errors import asking_about as asking_about
from s3sql.stores.s3.errors import raise_as_select_error as raise_as_select_error
from s3sql.stores.s3.object import MAX_CONNECTIONS as MAX_CONNECTIONS
from s3sql.stores.s3.object import S3Object as S3Object
from s3sql.stores.stream import StreamObject


class S3Store:
    """The buckets of one endpoint, as one boto3 client sees them."""

    __slots__ = ("client",)

    def __init__(self, client: S3Client) -> None:
        self.client = client

    @classmethod
    def connect(
        cls,
        *,
        endpoint_url: str | None = None,
        region_name: str | None = None,
        profile_name: str | None = None,
    ) -> S3Store:
        """A store with a client of its own, configured as boto3 does it: environment, files, role.

        Raises:
            S3SelectError: ``AccessDenied`` when the profile or its credentials cannot be read,
                ``InvalidRequest`` when the endpoint or the region is not one.
        """
        try:
            session = boto3.Session(profile_name=profile_name) if profile_name else boto3
            return cls(session.client("s3", endpoint_url=endpoint_url, region_name=region_name))
        except (botocore_errors.BotoCoreError, ValueError) as error:
            if isinstance(error, CREDENTIALS):
                raise S3SelectError("AccessDenied", f"{error}.", status=403) from error
            raise S3SelectError("InvalidRequest", f"No S3 client could be made: {error}.") from error

    def open(
        self,
        bucket: str,
        key: str,
        *,
        sse_customer_algorithm: str | None = None,
        sse_customer_key: str | bytes | None = None,
        sse_customer_key_md5: str | None = None,
        expected_bucket_owner: str | None = None,
    ) -> S3Object:
        """Ask for *key* from its first byte on, which tells size and version too.

        Raises:
            S3SelectError: as :meth:`s3sql.stores.base.ObjectStore.open`, with the endpoint's own code
                where it gives one.
        """
        members = {
            "Bucket": bucket,
            "Key": key,
            "SSECustomerAlgorithm": sse_customer_algorithm,
            "SSECustomerKey": sse_customer_key,
            "SSECustomerKeyMD5": sse_customer_key_md5,
            "ExpectedBucketOwner": expected_bucket_owner,
        }
        return S3Object(self.client, {name: given for name, given in members.items() if given is not None})


def open_body(body: Any) -> StreamObject:
    """The ``Body`` of a ``get_object`` answer, whose object is not known, as a stream.

    Raises:
        S3SelectError: on reading, ``InternalError`` when the connection breaks, and ``BadDigest``.
    """

    def fill(buffer: memoryview) -> int:
        try:
            count: int = body.readinto(buffer)
        except botocore_errors.FlexibleChecksumError as error:
            raise bad_checksum("the body") from error
        except BROKEN_BODY as error:
            raise S3SelectError(
                "InternalError",
                f"The connection of the body broke: {error}. Pass s3://bucket/key instead, which is resumed.",
                status=500,
            ) from error
        return count

    return StreamObject(fill)
