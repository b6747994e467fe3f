"""The embedded store: a folder whose sub-folders are buckets, with all that S3 says of objects.

In: buckets, keys and bytes.  Out: files, and what is known of them; every error is an
:class:`~s3sql.errors.S3SelectError`.

How one object is written and read, and the rooms in which it happens:

    start_write   :mod:`.keys` says whether the key can be a path; :mod:`.writing` gathers the bytes in a file
                  of :mod:`.staging`, by way of :mod:`.encryption` if there is a customer's key
    commit        :mod:`.placement` takes the key's lock (:mod:`.locks`), checks the conditions, writes the
                  row of the :mod:`.catalogue` and renames the file into place (:mod:`.files`)
    open_object   :mod:`.lookup` finds the version that is there, and :mod:`.reading` reads it
    buckets       :mod:`.buckets`
    list_objects  :mod:`.listing` merges the files of :mod:`.walk` with the hidden keys of the catalogue
    uploads       :mod:`.multipart`, :mod:`.completion`, :mod:`.concatenation`, :mod:`.upload_rows`

:mod:`.opened` opens all of these. ``.s3sql`` in the folder has what is not an object (:mod:`.state`). A
folder that cannot be written has none, and is served as it is, without metadata and hidden keys.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from s3sql.errors import S3SelectError
from s3sql.stores.base import refuse_options
from s3sql.stores.embedded.customer_keys import check_customer_key, customer_key_of
from s3sql.stores.embedded.description import Description
from s3sql.stores.embedded.files import reported
from s3sql.stores.embedded.keys import check_new_bucket_name, may_exist
from s3sql.stores.embedded.listing import Listing
from s3sql.stores.embedded.model import (
    Attributes,
    Bucket,
    Checksum,
    ChecksumAlgorithm,
    ChecksumType,
    CompletedPart,
    Conditions,
    CustomerKey,
    ObjectInfo,
    Page,
    StoredPart,
    Upload,
)
from s3sql.stores.embedded.opened import OpenedStore
from s3sql.stores.embedded.placement import no_such_object
from s3sql.stores.embedded.reading import EmbeddedObject, open_version
from s3sql.stores.embedded.writing import UNCONDITIONAL, ObjectWriter, PartWriter, Staged, StagedFile


class EmbeddedStore(OpenedStore):
    """The buckets in one folder, which other processes may have open too; any thread may call any method."""

    __slots__ = ()

    def buckets(self) -> list[Bucket]:
        """All buckets by name: the folders whose names can be those of buckets."""
        with reported("the store"):
            return self._buckets.all()

    def bucket(self, name: str) -> Bucket:
        """One bucket.

        Raises:
            S3SelectError: ``NoSuchBucket``.
        """
        with reported(name):
            return self._buckets.find(name)

    def create_bucket(self, name: str) -> Bucket:
        """Make a bucket.

        Raises:
            S3SelectError: ``InvalidBucketName``, ``BucketAlreadyOwnedByYou``.
        """
        check_new_bucket_name(name)
        state = self._writable()
        with reported(name):
            return self._buckets.create(state, name)

    def delete_bucket(self, name: str) -> None:
        """Remove a bucket that has no objects and no open uploads, with its empty folders.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``BucketNotEmpty``.
        """
        self.bucket(name)
        state = self._writable()
        with reported(name):
            self._buckets.delete(state, name)

    def describe(self, bucket: str, key: str, customer_key: CustomerKey | None = None) -> ObjectInfo:
        """What is known of an object.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``InvalidRequest`` for a customer's key that is
                missing or not needed, ``AccessDenied`` for the wrong one.
        """
        with reported(f"{bucket}/{key}"), self._lookup.bucket_folder(bucket) as folder:
            version = self._lookup.find(folder, bucket, key) if may_exist(key) else None
            if version is None:
                raise no_such_object()
            check_customer_key(f"{bucket}/{key}", version.description.customer_key_md5, customer_key)
            return version.told(bucket, key)

    def open_object(self, bucket: str, key: str, customer_key: CustomerKey | None = None) -> EmbeddedObject:
        """An object's bytes, of the version that is there now.

        Raises:
            S3SelectError: as :meth:`describe`; ``BadDigest`` if its file is damaged.
        """
        with reported(f"{bucket}/{key}"), self._lookup.bucket_folder(bucket) as folder:
            opened = self._lookup.open(folder, bucket, key) if may_exist(key) else None
            if opened is None:
                raise no_such_object()
            version, descriptor = opened
            try:
                check_customer_key(f"{bucket}/{key}", version.description.customer_key_md5, customer_key)
            except S3SelectError:
                os.close(descriptor)
                raise
            return open_version(bucket, key, version, descriptor, customer_key)

    def open(
        self,
        bucket: str,
        key: str,
        *,
        sse_customer_algorithm: str | None = None,
        sse_customer_key: str | bytes | None = None,
        sse_customer_key_md5: str | None = None,
        expected_bucket_owner: str | None = None,
    ) -> EmbeddedObject:
        """The same for a query in process; see :meth:`s3sql.stores.base.ObjectStore.open`.

        Raises:
            S3SelectError: as :meth:`open_object`; ``InvalidRequest`` for an expected owner, of which the
                store has none, ``InvalidArgument`` or ``InvalidEncryptionAlgorithmError`` for a bad key.
        """
        refuse_options("the embedded store", expected_bucket_owner=expected_bucket_owner)
        customer_key = customer_key_of(sse_customer_algorithm, sse_customer_key, sse_customer_key_md5)
        return self.open_object(bucket, key, customer_key)

    def start_write(
        self,
        bucket: str,
        key: str,
        attributes: Attributes,
        *,
        customer_key: CustomerKey | None = None,
        room: int | None = None,
    ) -> ObjectWriter:
        """Begin an object; *room* is the number of bytes that will come, if it is known.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``KeyTooLongError``, ``InvalidArgument``, ``AccessDenied`` where
                nothing can be written, ``ServiceUnavailable`` if the disk has no *room*.
        """
        placement = self._placement_of(bucket, key)
        name = f"{bucket}/{key}"
        staged_file = StagedFile(placement.staging, name, customer_key, room=room)

        def place(staged: Staged, conditions: Conditions, checksum: Checksum | None) -> ObjectInfo:
            description = Description(
                staged.etag, attributes, checksum, None if customer_key is None else customer_key.md5
            )
            with reported(name):
                return placement.put(bucket, key, staged, description, conditions=conditions)

        return ObjectWriter(staged_file, place)

    def delete(self, bucket: str, key: str, *, if_match: str | None = None) -> bool:
        """Remove an object; whether there was one, which need not be.

        Raises:
            S3SelectError: ``NoSuchBucket``; with *if_match* ``PreconditionFailed``, and ``NoSuchKey`` if
            there
                is none.
        """
        placement = self._placement_of(bucket, key)
        with reported(f"{bucket}/{key}"):
            return placement.delete(bucket, key, if_match)

    def tags(self, bucket: str, key: str) -> dict[str, str]:
        """An object's tags.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``.
        """
        with reported(f"{bucket}/{key}"), self._lookup.bucket_folder(bucket) as folder:
            version = self._lookup.find(folder, bucket, key) if may_exist(key) else None
            if version is None:
                raise no_such_object()
            return dict(version.description.attributes.tags)

    def set_tags(self, bucket: str, key: str, tags: dict[str, str]) -> None:
        """Replace an object's tags; its ETag and Last-Modified stay.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchKey``, ``AccessDenied``.
        """
        placement = self._placement_of(bucket, key)
        with reported(f"{bucket}/{key}"):
            placement.set_tags(bucket, key, dict(tags))

    def list_objects(
        self, bucket: str, *, prefix: str = "", delimiter: str = "", after: str = "", limit: int = 1000
    ) -> Page:
        """The first *limit* objects and common prefixes strictly behind *after*, by bytes of UTF-8.

        A common prefix is passed when *after* begins with it. Of the objects, the parts are left out.

        Raises:
            S3SelectError: ``NoSuchBucket``.
        """
        catalogue = None if self._state is None else self._state.catalogue
        with reported(bucket), self._lookup.bucket_folder(bucket) as folder:
            return Listing(self._lookup, catalogue, bucket, folder).page(prefix, delimiter, after, limit)

    def create_upload(
        self,
        bucket: str,
        key: str,
        attributes: Attributes,
        *,
        checksum_algorithm: ChecksumAlgorithm | None = None,
        checksum_type: ChecksumType | None = None,
        customer_key: CustomerKey | None = None,
    ) -> Upload:
        """Begin an upload in parts. Without *checksum_type* a checksum is of the type AWS defaults to.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``InvalidRequest`` for a type that the algorithm has not.
        """
        self._placement_of(bucket, key)
        with reported(f"{bucket}/{key}"):
            return self._uploads().create(
                bucket, key, attributes, checksum_algorithm, checksum_type, customer_key
            )

    def upload(self, bucket: str, key: str, upload_id: str) -> Upload:
        """The upload of this id, be it open or completed in the last day.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``NoSuchUpload``.
        """
        with reported(bucket), self._lookup.bucket_folder(bucket):
            return self._uploads().find(bucket, key, upload_id)

    def start_part(
        self, upload: Upload, number: int, *, customer_key: CustomerKey | None = None
    ) -> PartWriter:
        """Begin a part of an open upload; it takes the place of one of the same number.

        Raises:
            S3SelectError: ``NoSuchUpload``, ``InvalidArgument`` for a bad number, ``InvalidRequest`` for
            another
                customer's key than the upload's.
        """
        with reported(f"{upload.bucket}/{upload.key}"):
            return self._uploads().start_part(upload, number, customer_key)

    def list_parts(
        self, upload: Upload, *, after: int = 0, limit: int = 1000
    ) -> tuple[list[StoredPart], bool]:
        """The first *limit* parts behind the number *after*, and whether there are more.

        Raises:
            S3SelectError: ``NoSuchUpload``.
        """
        return self._uploads().parts(upload, after, limit)

    def list_uploads(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        after_key: str = "",
        after_upload_id: str = "",
        limit: int = 1000,
    ) -> tuple[list[Upload | str], bool]:
        """The first *limit* open uploads and common prefixes by key and age, and whether there are more.

        They come strictly behind *after_key*; with *after_upload_id* also those of this key behind that
        upload.

        Raises:
            S3SelectError: ``NoSuchBucket``.
        """
        with reported(bucket), self._lookup.bucket_folder(bucket):
            if self._multipart is None:
                return [], False
            return self._multipart.page(bucket, prefix, delimiter, after_key, after_upload_id, limit)

    def complete_upload(
        self,
        upload: Upload,
        parts: Sequence[CompletedPart],
        *,
        conditions: Conditions = UNCONDITIONAL,
        checksum: Checksum | None = None,
        size: int | None = None,
    ) -> ObjectInfo:
        """Make one object of the parts named; asked again within a day, the answer is the same.

        Raises:
            S3SelectError: ``NoSuchUpload``, ``InvalidPart``, ``InvalidPartOrder``, ``EntityTooSmall``,
                ``BadDigest`` and ``InvalidRequest`` for a checksum or size that is not the whole's,
                ``PreconditionFailed``.
        """
        with reported(f"{upload.bucket}/{upload.key}"):
            return self._uploads().complete(upload, parts, conditions, checksum, size)

    def abort_upload(self, upload: Upload) -> None:
        """Give an open upload up, and remove its parts.

        Raises:
            S3SelectError: ``NoSuchUpload``.
        """
        with reported(f"{upload.bucket}/{upload.key}"):
            self._uploads().abort(upload)
