"""What the catalogue keeps of an object besides its place, as one JSON text.

In: a :class:`Description` and the parts of an object.  Out: their texts, and back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from s3sql.stores.embedded.model import Attributes, Checksum, StoredPart

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Description:
    """What a writer said, and what was found out, of an object that he wrote."""

    etag: str
    attributes: Attributes = field(default_factory=Attributes)
    checksum: Checksum | None = None
    customer_key_md5: str | None = None

    def with_tags(self, tags: dict[str, str]) -> Description:
        """The same with other tags."""
        return replace(self, attributes=replace(self.attributes, tags=tags))


def description_text(description: Description) -> str:
    """The text of *description*."""
    return json.dumps(
        {
            "etag": description.etag,
            **_attribute_members(description.attributes),
            "checksum": _checksum_list(description.checksum),
            "customer_key_md5": description.customer_key_md5,
        }
    )


def description_of(text: str) -> Description:
    """The description that *text* is of."""
    members = json.loads(text)
    return Description(
        etag=members["etag"],
        attributes=_attributes(members),
        checksum=_checksum(members["checksum"]),
        customer_key_md5=members["customer_key_md5"],
    )


def attributes_text(attributes: Attributes) -> str:
    """The text of *attributes*."""
    return json.dumps(_attribute_members(attributes))


def attributes_of(text: str) -> Attributes:
    """The attributes that *text* is of."""
    return _attributes(json.loads(text))


def checksum_text(checksum: Checksum | None) -> str | None:
    """The text of *checksum*."""
    return None if checksum is None else json.dumps(_checksum_list(checksum))


def checksum_of_text(text: str | None) -> Checksum | None:
    """The checksum that *text* is of."""
    return None if text is None else _checksum(json.loads(text))


def parts_text(parts: Sequence[StoredPart]) -> str:
    """The text of *parts*; the empty one if there are none."""
    if not parts:
        return ""
    rows = [
        [part.number, part.size, part.etag, nanoseconds(part.modified), _checksum_list(part.checksum)]
        for part in parts
    ]
    return json.dumps(rows, separators=(",", ":"))


@lru_cache(64)  # an object of ten thousand parts has a megabyte of them, and is read by many ranges
def parts_of(text: str) -> tuple[StoredPart, ...]:
    """The parts that *text* is of."""
    if not text:
        return ()
    return tuple(
        StoredPart(number, size, etag, time_of(modified), _checksum(checksum))
        for number, size, etag, modified, checksum in json.loads(text)
    )


def time_of(modified: int) -> datetime:
    """The moment of so many nanoseconds; a file may have one that no calendar has."""
    try:
        return min(_EPOCH + timedelta(microseconds=modified // 1000), _LAST)
    except OverflowError:
        return _LAST if modified > 0 else _EPOCH


def nanoseconds(moment: datetime) -> int:
    """The nanoseconds of a moment of whole microseconds."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _attribute_members(attributes: Attributes) -> dict[str, Any]:
    return {
        "headers": dict(attributes.headers),
        "metadata": dict(attributes.metadata),
        "tags": dict(attributes.tags),
        "storage_class": attributes.storage_class,
    }


def _attributes(members: dict[str, Any]) -> Attributes:
    return Attributes(members["headers"], members["metadata"], members["tags"], members["storage_class"])


def _checksum_list(checksum: Checksum | None) -> list[str] | None:
    return None if checksum is None else [checksum.algorithm, checksum.value, checksum.type]


def _checksum(members: list[Any] | None) -> Checksum | None:
    return None if members is None else Checksum(*members)
