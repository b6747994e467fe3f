"""Where the results of a query on an archived object go, and what the objects made there are given.

In: the member ``OutputLocation`` of a request, checked.  Out: frozen dataclasses for the store that writes,
and :class:`Folder`, the names of a job's objects.

Source: AWS S3 API Reference, "RestoreObject", S3Location; AWS S3 User Guide, earlier editions, "Querying
archived objects" for the names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import quote

from s3sql.errors import S3SelectError

#: Longest path of the results, bucket included, in bytes.
MAX_PATH_BYTES = 512

EncryptionType: TypeAlias = Literal["AES256", "aws:kms"]
GranteeType: TypeAlias = Literal["CanonicalUser", "AmazonCustomerByEmail", "Group"]

#: What a header can hold as it is; ``%`` begins what it cannot.
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


@dataclass(frozen=True, slots=True)
class Encryption:
    """Encryption by the store; ``key_id`` and ``context`` (JSON in base64) belong to ``aws:kms``."""

    type: EncryptionType
    key_id: str | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission for a grantee, who is known by an id, an address or a URI."""

    grantee_type: GranteeType
    grantee: str
    permission: str


@dataclass(frozen=True, slots=True)
class OutputLocation:
    """The bucket and the prefix of the results, and what their objects have besides bytes.

    ``metadata`` is by names in lower case without ``x-amz-meta-``.
    """

    bucket: str
    prefix: str
    encryption: Encryption | None = None
    canned_acl: str | None = None
    grants: tuple[Grant, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Folder:
    """The names of the objects of one job, all below ``prefix/job-id/``."""

    location: OutputLocation
    job_id: str

    def __post_init__(self) -> None:
        """Check the length.

        Raises:
            S3SelectError: ``InvalidArgument`` for a path of more than :data:`MAX_PATH_BYTES`.
        """
        size = len(self.path.encode())
        if size > MAX_PATH_BYTES:
            raise S3SelectError(
                "InvalidArgument",
                f"The path of the results, BucketName/Prefix/job-id, would have {size:,} bytes; the most is "
                f"{MAX_PATH_BYTES} bytes. Use a Prefix that is {size - MAX_PATH_BYTES:,} bytes shorter.",
            )

    @property
    def path(self) -> str:
        """The bucket and the prefix of all keys."""
        return f"{self.location.bucket}/{self.root}"

    @property
    def path_for_header(self) -> str:
        """The path as a header can carry it: percent-encoded where it is not printable ASCII."""
        return quote(self.path, safe=_PLAIN)

    @property
    def root(self) -> str:
        """What every key begins with, but for the slash. A prefix may end in a slash of its own."""
        return f"{self.location.prefix.removesuffix('/')}/{self.job_id}"

    @property
    def job(self) -> str:
        """The object that is there from the beginning."""
        return f"{self.root}/job.txt"

    @property
    def result_manifest(self) -> str:
        """The last object of a job that succeeded."""
        return f"{self.root}/result_manifest.txt"

    @property
    def error_manifest(self) -> str:
        """The last object of a job that failed."""
        return f"{self.root}/error_manifest.txt"

    @property
    def error(self) -> str:
        """The object that says why a job failed."""
        return f"{self.root}/errors/error.json"

    def part(self, number: int) -> str:
        """Part *number* (from 1) of the results."""
        return f"{self.root}/results/part-{number:05}"


def manifest(keys: list[str]) -> bytes:
    """The keys that a manifest lists, one a line.

    A key with a line end in it stands as JSON text, in quotes, and so does one that begins with a quote.
    """
    return "".join(f"{_manifest_line(key)}\n" for key in keys).encode()


def _manifest_line(key: str) -> str:
    return json.dumps(key) if key.startswith('"') or len(key.splitlines()) > 1 else key
