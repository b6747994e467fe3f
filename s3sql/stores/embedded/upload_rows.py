"""The rows of multipart uploads in the catalogue.

In and out: uploads and their parts.  An upload that was completed keeps its row and the answer for a while,
so that a client who did not hear the answer may ask again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from s3sql.stores.embedded.catalogue import Catalogue
from s3sql.stores.embedded.description import (
    attributes_of,
    attributes_text,
    checksum_of_text,
    checksum_text,
    description_of,
    description_text,
    nanoseconds,
    parts_of,
    parts_text,
    time_of,
)
from s3sql.stores.embedded.lookup import Version
from s3sql.stores.embedded.model import StoredPart, Upload

_COLUMNS = "bucket, key, id, initiated, attributes, checksum_algorithm, checksum_type, customer_key_md5"


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part and the file of its bytes, in the upload's folder."""

    part: StoredPart
    file: str


class UploadRows:
    """The uploads in *catalogue*."""

    __slots__ = ("_catalogue",)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def add(self, upload: Upload) -> None:
        """Remember a new upload."""
        with self._catalogue.writing() as connection:
            connection.execute(
                f"INSERT INTO uploads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    upload.bucket,
                    upload.key.encode(),
                    upload.upload_id,
                    nanoseconds(upload.initiated),
                    attributes_text(upload.attributes),
                    upload.checksum_algorithm,
                    upload.checksum_type,
                    upload.customer_key_md5,
                ),
            )

    def find(self, upload_id: str) -> tuple[Upload, Version | None] | None:
        """An upload, and what became of it if it was completed."""
        with self._catalogue.reading() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS}, answer FROM uploads WHERE id=?", (upload_id,)
            ).fetchone()
        if row is None:
            return None
        return _upload(row[:-1]), None if row[-1] is None else _answer(row[-1])

    def from_key(self, bucket: str, low: str, low_id: str, limit: int) -> list[Upload]:
        """The first *limit* open uploads from the key *low* on, and of that key behind *low_id*, in order."""
        with self._catalogue.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM uploads WHERE bucket=? AND completed IS NULL AND (key, id) > (?, ?) "
                "ORDER BY key, id LIMIT ?",
                (bucket, low.encode(), low_id, limit),
            ).fetchall()
        return [_upload(row) for row in rows]

    def drop(self, upload_id: str) -> bool:
        """Forget an open upload and its parts; whether there was one."""
        with self._catalogue.writing() as connection:
            gone = connection.execute(
                "DELETE FROM uploads WHERE id=? AND completed IS NULL", (upload_id,)
            ).rowcount
            if gone:
                connection.execute("DELETE FROM parts WHERE upload=?", (upload_id,))
        return bool(gone)

    def complete(self, upload_id: str, answer: Version, now: int) -> None:
        """Remember that the upload became *answer*, and forget its parts."""
        with self._catalogue.writing() as connection:
            connection.execute(
                "UPDATE uploads SET completed=?, answer=? WHERE id=?", (now, _answer_text(answer), upload_id)
            )
            connection.execute("DELETE FROM parts WHERE upload=?", (upload_id,))

    def forget_completed(self, before: int) -> None:
        """Forget the uploads that were completed before that moment, in nanoseconds."""
        with self._catalogue.writing(durable=False) as connection:
            connection.execute("DELETE FROM uploads WHERE completed<?", (before,))

    def put_part(self, upload_id: str, part: PartFile) -> tuple[bool, str | None]:
        """Let *part* be the part of its number; whether the upload is open, and the file it had before."""
        with self._catalogue.writing() as connection:
            is_open = connection.execute(
                "SELECT 1 FROM uploads WHERE id=? AND completed IS NULL", (upload_id,)
            ).fetchone()
            if not is_open:
                return False, None
            number = part.part.number
            before = connection.execute(
                "SELECT file FROM parts WHERE upload=? AND number=?", (upload_id, number)
            ).fetchone()
            connection.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    upload_id,
                    number,
                    part.file,
                    part.part.size,
                    part.part.etag,
                    nanoseconds(part.part.modified),
                    checksum_text(part.part.checksum),
                ),
            )
        return True, None if before is None else before[0]

    def parts(self, upload_id: str, after: int, limit: int) -> list[PartFile]:
        """The first *limit* parts behind the number *after*, in order."""
        with self._catalogue.reading() as connection:
            rows = connection.execute(
                "SELECT number, size, etag, modified, checksum, file FROM parts "
                "WHERE upload=? AND number>? ORDER BY number LIMIT ?",
                (upload_id, after, limit),
            ).fetchall()
        return [
            PartFile(StoredPart(number, size, etag, time_of(modified), checksum_of_text(checksum)), file)
            for number, size, etag, modified, checksum, file in rows
        ]

    def is_part_file(self, upload_id: str, file: str) -> bool:
        """Whether a part's bytes are in *file*."""
        with self._catalogue.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM parts WHERE upload=? AND file=?", (upload_id, file)
            ).fetchone()
        return row is not None


def _upload(row: tuple[Any, ...]) -> Upload:
    bucket, key, upload_id, initiated, attributes, algorithm, kind, md5 = row
    return Upload(
        bucket, key.decode(), upload_id, time_of(initiated), attributes_of(attributes), algorithm, kind, md5
    )


def _answer_text(version: Version) -> str:
    return json.dumps(
        [version.size, version.modified, description_text(version.description), parts_text(version.parts)]
    )


def _answer(text: str) -> Version:
    size, modified, description, parts = json.loads(text)
    return Version(size, modified, description_of(description), parts_of(parts))
