"""Uploads in parts: begun, filled, and completed to one object or given up.

In: parts in any order, from any thread and process.  Out: one object whose bytes are those of the parts
named.

An upload is a row of the catalogue and a folder ``.s3sql/uploads/<id>`` with a file for each part, so that
it outlives the process. The row decides: a folder without one is what an end in between left, and is
cleared away at the next start. Parts are put under a shared lock of the upload, and it is completed or
given up under one alone.

Source: AWS S3 User Guide, "Uploading and copying objects using multipart upload", "Checking object
integrity".
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.completion import (
    MAX_PARTS,
    check_size,
    check_upload_key,
    checked_checksum,
    checked_type,
    named_files,
    whole_checksum,
    whole_etag,
)
from s3sql.stores.embedded.concatenation import concatenated
from s3sql.stores.embedded.description import Description, time_of
from s3sql.stores.embedded.files import open_folder, remove_file, remove_folder, store_error, sync
from s3sql.stores.embedded.locks import held
from s3sql.stores.embedded.lookup import Version
from s3sql.stores.embedded.model import (
    Attributes,
    Checksum,
    ChecksumAlgorithm,
    ChecksumType,
    CompletedPart,
    Conditions,
    CustomerKey,
    ObjectInfo,
    StoredPart,
    Upload,
)
from s3sql.stores.embedded.placement import Placement
from s3sql.stores.embedded.staging import remove_files
from s3sql.stores.embedded.upload_rows import PartFile, UploadRows
from s3sql.stores.embedded.walk import behind, shared_prefix
from s3sql.stores.embedded.writing import PartWriter, Staged, StagedFile

#: Uploads that are fetched at a time.
_ROWS = 500

_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Multipart:
    """The uploads of one store; ``folder`` is the descriptor of ``.s3sql/uploads``."""

    placement: Placement
    rows: UploadRows
    folder: int

    def create(
        self,
        bucket: str,
        key: str,
        attributes: Attributes,
        checksum_algorithm: ChecksumAlgorithm | None,
        checksum_type: ChecksumType | None,
        customer_key: CustomerKey | None,
    ) -> Upload:
        """Begin an upload.

        Raises:
            S3SelectError: ``NoSuchBucket``, ``InvalidRequest`` for a checksum type its algorithm has not.
        """
        now = time.time_ns()
        upload = Upload(
            bucket=bucket,
            key=key,
            # The time first, so that the order of the ids is that of the uploads.
            upload_id=f"{now:016x}{secrets.token_hex(16)}",
            initiated=time_of(now),
            attributes=attributes,
            checksum_algorithm=checksum_algorithm,
            checksum_type=checked_type(checksum_algorithm, checksum_type),
            customer_key_md5=None if customer_key is None else customer_key.md5,
        )
        with (
            self.placement.locks.bucket(bucket, shared=True),
            self.placement.lookup.bucket_folder(bucket),
        ):
            self.rows.add(upload)
        return upload

    def find(self, bucket: str, key: str, upload_id: str) -> Upload:
        """The upload of this id, or of one that was completed lately.

        Raises:
            S3SelectError: ``NoSuchUpload``.
        """
        found = self.rows.find(upload_id)
        if found is None or (found[0].bucket, found[0].key) != (bucket, key):
            raise no_such_upload(upload_id)
        return found[0]

    def start_part(self, upload: Upload, number: int, customer_key: CustomerKey | None) -> PartWriter:
        """Begin the part *number*.

        Raises:
            S3SelectError: ``NoSuchUpload``, ``InvalidArgument``, ``InvalidRequest`` for another key than the
                upload was begun with.
        """
        if not 1 <= number <= MAX_PARTS:
            raise S3SelectError(
                "InvalidArgument", f"The part number is {number}; it is a number from 1 to {MAX_PARTS:,}."
            )
        self.check_open(upload)
        check_upload_key(upload, customer_key)
        name = f"part {number} of {upload.bucket}/{upload.key}"
        staged = StagedFile(self.placement.staging, name, customer_key, upload.checksum_algorithm)

        def place(staged: Staged, checksum: Checksum | None) -> StoredPart:
            try:
                return self._put_part(upload, number, staged, checksum)
            except OSError as error:
                raise store_error(error, name) from error

        return PartWriter(staged, place)

    def check_open(self, upload: Upload) -> None:
        """Refuse an upload that is completed or given up.

        Raises:
            S3SelectError: ``NoSuchUpload``.
        """
        found = self.rows.find(upload.upload_id)
        if found is None or found[1] is not None:
            raise no_such_upload(upload.upload_id)

    def parts(self, upload: Upload, after: int, limit: int) -> tuple[list[StoredPart], bool]:
        """The first *limit* parts behind the number *after*, and whether there are more.

        Raises:
            S3SelectError: ``NoSuchUpload``.
        """
        self.check_open(upload)
        if limit <= 0:
            return [], False
        found = self.rows.parts(upload.upload_id, after, limit + 1)
        return [part.part for part in found[:limit]], len(found) > limit

    def page(
        self, bucket: str, prefix: str, delimiter: str, after_key: str, after_upload_id: str, limit: int
    ) -> tuple[list[Upload | str], bool]:
        """A page of the open uploads, as :meth:`EmbeddedStore.list_uploads` says."""
        found: list[Upload | str] = []
        if limit <= 0:
            return found, False
        for entry in self._entries(bucket, prefix, delimiter, after_key, after_upload_id):
            if len(found) == limit:
                return found, True
            found.append(entry)
        return found, False

    def complete(
        self,
        upload: Upload,
        parts: Sequence[CompletedPart],
        conditions: Conditions,
        checksum: Checksum | None,
        size: int | None,
    ) -> ObjectInfo:
        """Let the parts be the object, as :meth:`EmbeddedStore.complete_upload` says."""
        name = f"{upload.bucket}/{upload.key}"
        with self._locked(upload, shared=False) as folder:
            found = self.rows.find(upload.upload_id)
            if found is None:
                raise no_such_upload(upload.upload_id)
            if found[1] is not None:
                if found[1].description.etag != whole_etag([part.etag for part in parts]):
                    raise no_such_upload(upload.upload_id)
                return found[1].told(upload.bucket, upload.key)
            known = self.rows.parts(upload.upload_id, 0, MAX_PARTS)
            files = named_files({file.part.number: file for file in known}, parts)
            stored = tuple(file.part for file in files)
            check_size(stored, size)
            description = Description(
                etag=whole_etag([part.etag for part in stored]),
                attributes=upload.attributes,
                checksum=whole_checksum(upload, stored, checksum),
                customer_key_md5=upload.customer_key_md5,
            )
            staged = concatenated(
                self.placement.staging,
                folder,
                [(file.file, file.part.size) for file in files],
                sealed=upload.customer_key_md5 is not None,
            )
            try:
                told = self.placement.put(upload.bucket, upload.key, staged, description, stored, conditions)
            finally:
                self.placement.staging.remove(staged.file)
            answer = Version(staged.size, staged.identity[2], description, stored)
            self.rows.complete(upload.upload_id, answer, time.time_ns())
            self._remove_folder(upload, folder)
        assert told.size == answer.size, name
        return told

    def abort(self, upload: Upload) -> None:
        """Give the upload up.

        Raises:
            S3SelectError: ``NoSuchUpload``.
        """
        self.check_open(upload)
        with self._locked(upload, shared=False) as folder:
            was_open = self.rows.drop(upload.upload_id)
            self._remove_folder(upload, folder)
        if not was_open:
            raise no_such_upload(upload.upload_id)

    def _put_part(self, upload: Upload, number: int, staged: Staged, checksum: Checksum | None) -> StoredPart:
        stored = checked_checksum(upload, staged, checksum)
        part = StoredPart(number, staged.size, staged.etag, time_of(staged.identity[2]), stored)
        staging = self.placement.staging
        with self._locked(upload, shared=True) as folder:
            file = staging.new_name(str(number))
            os.rename(staged.file, file, src_dir_fd=staging.folder, dst_dir_fd=folder)
            sync(folder)
            is_open, before = self.rows.put_part(upload.upload_id, PartFile(part, file))
            if not is_open:
                remove_file(folder, file)
            elif before is not None:
                remove_file(folder, before)
        if not is_open:
            raise no_such_upload(upload.upload_id)
        return part

    @contextlib.contextmanager
    def _locked(self, upload: Upload, *, shared: bool) -> Iterator[int]:
        """The folder of an upload under its lock; whether the upload is still open is to be asked inside.

        The folder is removed again if the upload is not.
        """
        with contextlib.suppress(FileExistsError):
            os.mkdir(upload.upload_id, 0o700, dir_fd=self.folder)
            sync(self.folder)
        folder = open_folder(self.folder, upload.upload_id)
        try:
            lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=folder)
            with held(lock, shared=shared):
                try:
                    yield folder
                finally:
                    found = self.rows.find(upload.upload_id)
                    if found is None or found[1] is not None:
                        self._remove_folder(upload, folder)
        finally:
            os.close(folder)

    def _remove_folder(self, upload: Upload, folder: int) -> None:
        remove_files(folder)
        remove_folder(self.folder, upload.upload_id)

    def _entries(
        self, bucket: str, prefix: str, delimiter: str, after_key: str, after_id: str
    ) -> Iterator[Upload | str]:
        low: str | None = prefix
        low_id = ""
        if after_key >= prefix:
            shared = None
            if after_key.startswith(prefix):
                shared = shared_prefix(after_key, delimiter, len(prefix))
            if shared is not None:
                low = behind(shared)
            elif after_id:
                low, low_id = after_key, after_id
            elif after_key:
                low = after_key + "\0"
        while low is not None:
            uploads = self.rows.from_key(bucket, low, low_id, _ROWS)
            if not uploads:
                return
            for upload in uploads:
                if not upload.key.startswith(prefix):
                    return
                shared = shared_prefix(upload.key, delimiter, len(prefix))
                if shared is not None:
                    yield shared
                    low, low_id = behind(shared), ""
                    break
                yield upload
                low, low_id = upload.key, upload.upload_id


def no_such_upload(upload_id: str) -> S3SelectError:
    """The error for an id that no open upload has."""
    return S3SelectError(
        "NoSuchUpload",
        f"The upload {upload_id[:80]!r} does not exist: it was completed or aborted, or its id is wrong.",
    )
