"""The operations on buckets and objects of the embedded store.

In: authorised requests, by the names of their operations.  Out: replies. What is not here the endpoint
answers with ``NotImplemented`` and the operation's name.

    buckets                                   ListBuckets, CreateBucket, HeadBucket, GetBucketLocation …
    reading, writing, copying, deleting       objects and their bytes
    description, tagging                      what is known of objects besides
    listing                                   ListObjects, ListObjectsV2
    uploads, completion, upload_listing       objects in parts

Beside these stand what requests have in common: conditions, ranges, customers' keys, attributes, tags,
tokens.
"""

from __future__ import annotations

from s3sql.server.exchange import Handler
from s3sql.server.objects.buckets import Buckets
from s3sql.server.objects.completion import Completion
from s3sql.server.objects.copying import Copying
from s3sql.server.objects.deleting import Deleting
from s3sql.server.objects.description import Description
from s3sql.server.objects.listing import Listing
from s3sql.server.objects.reading import Reading
from s3sql.server.objects.tagging import Tagging
from s3sql.server.objects.upload_listing import UploadListing
from s3sql.server.objects.uploads import Uploads
from s3sql.server.objects.writing import Writing
from s3sql.server.settings import Settings
from s3sql.stores.embedded.store import EmbeddedStore


def object_handlers(store: EmbeddedStore, settings: Settings) -> dict[str, Handler]:
    """The handlers of *store*'s operations by the names of these."""
    return {
        **Buckets(store, settings).handlers,
        **Reading(store).handlers,
        **Writing(store).handlers,
        **Copying(store, settings.limits).handlers,
        **Deleting(store).handlers,
        **Description(store).handlers,
        **Tagging(store).handlers,
        **Listing(store, settings).handlers,
        **Uploads(store, settings.limits).handlers,
        **Completion(store).handlers,
        **UploadListing(store, settings).handlers,
    }
