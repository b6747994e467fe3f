"""How a query's object is opened: in the embedded store, or in the store behind the endpoint.

In: an authorised request.  Out: the object it names, open for reading. Blocks, so it runs in a thread.
"""

from __future__ import annotations

from s3sql.errors import S3SelectError
from s3sql.server.exchange import S3Request
from s3sql.server.objects.customer_keys import customer_key
from s3sql.server.upstream.stores import UpstreamStores
from s3sql.stores.base import StoredObject
from s3sql.stores.embedded.store import EmbeddedStore

#: Storage classes of which S3 Select takes no object (AWS S3 User Guide, "Filtering and retrieving data").
_NOT_QUERIED = frozenset({"GLACIER", "DEEP_ARCHIVE", "REDUCED_REDUNDANCY"})


class EmbeddedOpening:
    """Objects of the embedded store."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    def __call__(self, request: S3Request) -> StoredObject:
        """Open the request's object.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``UnsupportedStorageClass``; what is wrong with
                the customer's key.
        """
        found = self._store.open_object(request.bucket, request.object_key, customer_key(request))
        storage_class = found.info.attributes.storage_class
        if storage_class in _NOT_QUERIED:
            found.close()
            raise S3SelectError(
                "UnsupportedStorageClass",
                f"Objects of the storage class {storage_class} cannot be queried; copy the object to "
                "STANDARD. Archived CSV may be queried by RestoreObject of Type SELECT.",
            )
        return found


class UpstreamOpening:
    """Objects of the store behind the endpoint, read with the credentials that belong to the caller."""

    def __init__(self, stores: UpstreamStores) -> None:
        self._stores = stores

    def __call__(self, request: S3Request) -> StoredObject:
        """Open the request's object.

        Raises:
            S3SelectError: what the store behind the endpoint answers; what is wrong with the customer's key.
        """
        key = customer_key(request)
        return self._stores.store_for(request.key).open(
            request.bucket,
            request.object_key,
            sse_customer_algorithm=None if key is None else "AES256",
            sse_customer_key=None if key is None else key.key,
            expected_bucket_owner=request.headers.get("x-amz-expected-bucket-owner"),
        )
