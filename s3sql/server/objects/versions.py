"""Versions of objects, of which the embedded store keeps the current one only.

In: a request's ``versionId``.  Out: nothing, or a refusal. The one version has the id ``null``, as in every
bucket of S3 that was never versioned (AWS S3 User Guide, "Retaining multiple versions of objects").
"""

from __future__ import annotations

from s3sql.errors import S3SelectError


def check_version(version_id: str | None) -> None:
    """Check that a request means the current version.

    Raises:
        S3SelectError: ``NoSuchVersion``.
    """
    if version_id is not None and version_id != "null":
        raise S3SelectError(
            "NoSuchVersion",
            f"The specified version does not exist: {version_id[:60]!r}. Buckets here keep one version of an "
            "object, whose id is null.",
            status=404,
        )
