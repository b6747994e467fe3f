"""Conditional requests: what must hold of an object for a request to take place.

In: the headers ``If-*``, or ``x-amz-copy-source-if-*``, and the object as it stands.  Out: nothing, or a
refusal: ``PreconditionFailed``, or for a reader who has the object already the status 304.

    If-Match              then If-Unmodified-Since does not count
    If-None-Match         then If-Modified-Since does not count

Source: RFC 9110, section 13; AWS S3 API Reference, "GetObject", "CopyObject", "PutObject"; AWS S3 User Guide,
"How to prevent object overwrites with conditional writes".
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import Conditions, ObjectInfo

_COPY_SOURCE = "x-amz-copy-source-"


def is_unchanged_for_reader(headers: Headers, info: ObjectInfo) -> bool:
    """Whether the reader has *info* already, so that the answer is 304.

    Raises:
        S3SelectError: ``PreconditionFailed``.
    """
    _check_is_the_one(headers, info, "")
    return _unchanged_by(headers, info, "") is not None


def check_copy_source(headers: Headers, info: ObjectInfo) -> None:
    """Check the conditions on the source of a copy.

    Raises:
        S3SelectError: ``PreconditionFailed``.
    """
    _check_is_the_one(headers, info, _COPY_SOURCE)
    failed = _unchanged_by(headers, info, _COPY_SOURCE)
    if failed is not None:
        raise _failed(failed)


def range_still_counts(headers: Headers, info: ObjectInfo) -> bool:
    """Whether the Range of a reader is of the object as it stands: what ``If-Range`` asks."""
    value = headers.get("if-range")
    if value is None:
        return True
    moment = _date(value)
    if moment is not None:
        return moment == info.modified.replace(microsecond=0)
    return value.strip() == f'"{info.etag}"'


def write_conditions(headers: Headers) -> Conditions:
    """What the headers of a write say must hold when it takes effect.

    Raises:
        S3SelectError: ``NotImplemented`` for conditions that S3 has for readers only, ``InvalidRequest``.
    """
    if_match, if_none_match = headers.get("if-match"), headers.get("if-none-match")
    if if_none_match is not None and if_none_match.strip() != "*":
        raise S3SelectError(
            "NotImplemented",
            f"If-None-Match of a write is {if_none_match[:80]!r}; it can only be *: that there is no such "
            "object.",
            status=501,
        )
    for name in ("if-modified-since", "if-unmodified-since"):
        if name in headers:
            raise S3SelectError(
                "NotImplemented", f"A write cannot be made conditional by {name}; use If-Match.", status=501
            )
    if if_match is not None and if_none_match is not None:
        raise S3SelectError(
            "InvalidRequest", "If-Match and If-None-Match exclude each other in a write; give one of them."
        )
    return Conditions(
        if_match=None if if_match is None else bare_etag(if_match),
        if_none_match=None if if_none_match is None else "*",
    )


def bare_etag(text: str) -> str:
    """An ETag without the quotation marks and blanks that may stand around it."""
    return text.strip().removeprefix('"').removesuffix('"')


def _check_is_the_one(headers: Headers, info: ObjectInfo, prefix: str) -> None:
    """Check that the object is the one that the request means."""
    match = headers.get(f"{prefix}if-match")
    if match is not None:
        if not _matches(match, info):
            raise _failed(f"{prefix}if-match")
        return
    since = _date(headers.get(f"{prefix}if-unmodified-since"))
    if since is not None and info.modified.replace(microsecond=0) > since:
        raise _failed(f"{prefix}if-unmodified-since")


def _unchanged_by(headers: Headers, info: ObjectInfo, prefix: str) -> str | None:
    """The header by which the object is one that the requester knows already."""
    none_match = headers.get(f"{prefix}if-none-match")
    if none_match is not None:
        return f"{prefix}if-none-match" if _matches(none_match, info) else None
    since = _date(headers.get(f"{prefix}if-modified-since"))
    if since is not None and info.modified.replace(microsecond=0) <= since:
        return f"{prefix}if-modified-since"
    return None


def _matches(tags: str, info: ObjectInfo) -> bool:
    """Whether one of the ETags of a header, or ``*``, is the object's."""
    return any(bare_etag(tag.strip().removeprefix("W/")) in ("*", info.etag) for tag in tags.split(","))


def _date(value: str | None) -> datetime | None:
    """The moment a header says; one that says none does not count (RFC 9110, section 13.1.3)."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _failed(header: str) -> S3SelectError:
    return S3SelectError(
        "PreconditionFailed",
        f"At least one of the pre-conditions you specified did not hold: {header}.",
        status=412,
        elements={"Condition": header},
    )
