"""A page of a bucket's listing.

In: the bucket's folder, prefix, delimiter, and where the page before ended.  Out: objects and common
prefixes in S3's order, from two sources that are merged: the files in the folder, and the hidden keys of
the catalogue.

Either source is asked for its first key from some key on; a common prefix is passed in one step, however
many keys it stands for. Nothing is read of a file but its status, and the rows of a page's keys are fetched
together.

Source: AWS S3 API Reference, "ListObjectsV2".
"""

from __future__ import annotations

from s3sql.stores.embedded.catalogue import Catalogue, Hidden
from s3sql.stores.embedded.files import Identity
from s3sql.stores.embedded.lookup import Lookup, Version, plain_version
from s3sql.stores.embedded.model import ObjectInfo, Page
from s3sql.stores.embedded.walk import Walk, behind, shared_prefix

#: Names of a folder that are held at a time for however short a page.
_LEAST_NAMES = 256

#: Hidden keys that are fetched at a time.
_HIDDEN_ROWS = 500


class HiddenKeys:
    """The hidden keys of *bucket*, in order; none without a catalogue."""

    __slots__ = ("_bucket", "_catalogue", "_complete", "_next", "_rows")

    def __init__(self, catalogue: Catalogue | None, bucket: str) -> None:
        self._catalogue = catalogue
        self._bucket = bucket
        self._rows: list[tuple[str, Hidden]] = []
        self._next = 0
        self._complete = catalogue is None

    def first_from(self, low: str) -> tuple[str, Hidden] | None:
        """The first hidden key not before *low*; calls go forward."""
        while self._next < len(self._rows) and self._rows[self._next][0] < low:
            self._next += 1
        if self._next == len(self._rows) and not self._complete:
            assert self._catalogue is not None
            self._rows = self._catalogue.hidden_from(self._bucket, low, _HIDDEN_ROWS)
            self._next = 0
            self._complete = len(self._rows) < _HIDDEN_ROWS
        return self._rows[self._next] if self._next < len(self._rows) else None


class Listing:
    """Lists one bucket, whose *folder* is open."""

    __slots__ = ("_bucket", "_catalogue", "_folder", "_lookup")

    def __init__(self, lookup: Lookup, catalogue: Catalogue | None, bucket: str, folder: int) -> None:
        self._lookup = lookup
        self._catalogue = catalogue
        self._bucket = bucket
        self._folder = folder

    def page(self, prefix: str, delimiter: str, after: str, limit: int) -> Page:
        """The first *limit* entries behind *after*, as :meth:`EmbeddedStore.list_objects` says."""
        if limit <= 0:
            return Page((), truncated=False)
        walk = Walk(self._folder, max(limit + 1, _LEAST_NAMES))
        try:
            found = self._entries(walk, prefix, delimiter, after, limit + 1)
        finally:
            walk.close()
        return Page(tuple(self._told(found[:limit])), truncated=len(found) > limit)

    def _entries(
        self, walk: Walk, prefix: str, delimiter: str, after: str, count: int
    ) -> list[tuple[str, Identity | Hidden | None]]:
        """At most *count* entries: a key with its file's identity or hidden row, or a common prefix."""
        hidden_keys = HiddenKeys(self._catalogue, self._bucket)
        found: list[tuple[str, Identity | Hidden | None]] = []
        low = _start(prefix, delimiter, after)
        while low is not None and len(found) < count:
            own = walk.first_from(low, prefix, delimiter)
            hidden = hidden_keys.first_from(low)
            # The file comes first of two with one key, as it is the object.
            candidates: list[tuple[str, Identity | Hidden | None]] = [
                entry for entry in (own, hidden) if entry is not None
            ]
            if not candidates:
                break
            key, place = min(candidates, key=lambda entry: entry[0])
            if not key.startswith(prefix):
                break
            shared = shared_prefix(key, delimiter, len(prefix))
            if shared is None:
                found.append((key, place))
                low = key + "\0"
            else:
                found.append((shared, None))
                low = behind(shared)
        return found

    def _told(self, found: list[tuple[str, Identity | Hidden | None]]) -> list[ObjectInfo | str]:
        own = [key for key, place in found if isinstance(place, tuple)]
        rows = {} if self._catalogue is None else self._catalogue.file_rows(self._bucket, own)
        told: list[ObjectInfo | str] = []
        for key, place in found:
            if place is None:
                told.append(key)
            elif isinstance(place, Hidden):
                version = Version(place.size, place.modified, place.description)
                told.append(version.told(self._bucket, key))
            elif key not in rows:
                told.append(plain_version(place).told(self._bucket, key))
            elif place in rows[key]:
                version = Version(place[1], place[2], rows[key][place])
                told.append(version.told(self._bucket, key))
            else:
                # Edited by hand, or replaced since: only a second look tells.
                current = self._lookup.find(self._folder, self._bucket, key)
                if current is not None:
                    told.append(current.told(self._bucket, key))
        return told


def _start(prefix: str, delimiter: str, after: str) -> str | None:
    """The first text that may be listed; None if there is none."""
    if after < prefix:
        return prefix
    shared = shared_prefix(after, delimiter, len(prefix)) if after.startswith(prefix) else None
    return behind(shared) if shared is not None else after + "\0"
