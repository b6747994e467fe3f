"""Which bytes of an object a request asks for: all, a range, or a part that it was uploaded in.

In: the header ``Range``, the parameter ``partNumber``, and the object.  Out: a :class:`Section`.

    bytes=0-9     the first ten        bytes=10-    all from the eleventh on        bytes=-10    the last ten

A Range that is no such text, or that names several ranges, does not count, as S3 has it. Source: RFC 9110,
section 14; AWS S3 API Reference, "GetObject", "UploadPartCopy".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from s3sql.errors import S3SelectError
from s3sql.stores.embedded.model import ObjectInfo, StoredPart

#: Numbers of parts (AWS S3 User Guide, "Multipart upload limits").
MAX_PART_NUMBER = 10_000

_RANGE = re.compile("bytes=([0-9]*)-([0-9]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """Bytes of an object from *first* on. ``partial``: the answer is 206 with ``Content-Range``.

    ``part`` is the part that was asked for, if the object was uploaded in parts.
    """

    first: int
    length: int
    partial: bool = False
    part: StoredPart | None = None

    def content_range(self, size: int) -> str:
        """The header's value, of an object of *size* bytes."""
        return f"bytes {self.first}-{self.first + self.length - 1}/{size}"


def section_of(info: ObjectInfo, range_header: str | None, part_number: str | None) -> Section:
    """The bytes that are asked for.

    Raises:
        S3SelectError: ``InvalidRange``, ``InvalidPartNumber``; ``InvalidRequest`` for both at once,
            ``InvalidArgument`` for a part number that is none.
    """
    if part_number is not None:
        if range_header is not None:
            raise S3SelectError(
                "InvalidRequest", "Cannot specify both Range header and partNumber query parameter."
            )
        return _part(info, part_number_of(part_number))
    found = _RANGE.fullmatch(range_header.strip()) if range_header is not None else None
    if found is None or not any(found.groups()):
        return Section(0, info.size)
    first, last = found.groups()
    if not first:
        count = min(_number(last), info.size)
        return _within(info, info.size - count, info.size - 1, range_header)
    if last and _number(last) < _number(first):
        return Section(0, info.size)
    return _within(info, _number(first), _number(last) if last else info.size - 1, range_header)


def copied_section(info: ObjectInfo, text: str | None) -> Section:
    """The bytes of a copy's source that ``x-amz-copy-source-range`` names.

    Raises:
        S3SelectError: ``InvalidArgument`` for what is not ``bytes=first-last`` inside the object.
    """
    if text is None:
        return Section(0, info.size)
    found = re.fullmatch("bytes=([0-9]+)-([0-9]+)", text.strip())
    if found is None:
        raise S3SelectError(
            "InvalidArgument",
            f"The x-amz-copy-source-range is {text[:60]!r}; it must be of the form bytes=first-last, where "
            "first and last are the zero-based offsets of the first and last bytes to copy.",
        )
    first, last = (_number(group) for group in found.groups())
    if not first <= last < info.size:
        raise S3SelectError(
            "InvalidArgument",
            f"Range specified is not valid for source object of size {info.size}: {text[:60]!r}.",
        )
    return Section(first, last - first + 1, partial=True)


def part_number_of(text: str) -> int:
    """The number of a part.

    Raises:
        S3SelectError: ``InvalidArgument``.
    """
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_PART_NUMBER:
        raise S3SelectError(
            "InvalidArgument",
            f"partNumber is {text[:20]!r}. Part number must be an integer between 1 and {MAX_PART_NUMBER}, "
            "inclusive.",
        )
    return int(text)


def _part(info: ObjectInfo, number: int) -> Section:
    if not info.parts:
        # An object that was written at once is its own first part.
        if number == 1:
            return Section(0, info.size, partial=info.size > 0)
        raise _no_such_part(number, 1)
    first = 0
    for part in info.parts:
        if part.number == number:
            return Section(first, part.size, partial=part.size > 0, part=part)
        first += part.size
    raise _no_such_part(number, len(info.parts))


def _within(info: ObjectInfo, first: int, last: int, asked: str | None) -> Section:
    if first >= info.size or last < first:
        raise S3SelectError(
            "InvalidRange",
            f"The requested range is not satisfiable: {(asked or '')[:60]!r} of an object of {info.size:,} "
            "bytes.",
            status=416,
            elements={"RangeRequested": (asked or "")[:60], "ActualObjectSize": str(info.size)},
        )
    return Section(first, min(last, info.size - 1) - first + 1, partial=True)


def _no_such_part(number: int, count: int) -> S3SelectError:
    return S3SelectError(
        "InvalidPartNumber",
        f"The requested partnumber is not satisfiable: part {number:,} of an object of {count:,}.",
        status=416,
    )


def _number(digits: str) -> int:
    """What *digits* say; more of them than any size has are simply too many."""
    shortened = digits.lstrip("0") or "0"
    return int(shortened) if len(shortened) < 20 else 10**20
