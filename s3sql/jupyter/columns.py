"""What a source holds, kept for as long as it stays the same, so that completion reads it once.

In: a source and the options that say how it is read.  Out: its description, None where it has none.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s3sql.describe import Description

#: So many sources are kept.
_MOST = 16

#: Of bytes in memory as much as a description looks at tells whether they are the same.
_SEEN_BYTES = 1 << 20

#: Seconds after which an object of a store is looked at again; a file is when it has changed.
_FRESH_SECONDS = 60.0


class Columns:
    """The descriptions of the sources that were asked for last. Used by one thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Description | None] = OrderedDict()

    def described(self, source: object, keywords: Mapping[str, object]) -> Description | None:
        """The description of *source*; a source that cannot be described, or only once, has none."""
        version = _version(source)
        if version is None:
            return None
        key = (*version, repr(sorted(keywords.items(), key=lambda item: item[0])))
        if key in self._kept:
            found = self._kept.pop(key)
        else:
            found = _describe(source, keywords)
        # A failure is kept too: a store that does not answer is not asked at every key.
        self._kept[key] = found
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return found


def _describe(source: Any, keywords: Mapping[str, Any]) -> Description | None:
    from s3sql.describe import describe

    try:
        return describe(source, **keywords)
    except Exception:
        # Whatever is wrong, the query will say it; completion says nothing.
        return None


def _version(source: object) -> tuple[object, ...] | None:
    """What changes when *source* does; None for what cannot be read a second time."""
    if isinstance(source, bytes | bytearray | memoryview):
        view = memoryview(source)
        if not view.c_contiguous:
            return None
        return "bytes", view.nbytes, bytes(view.cast("B")[:_SEEN_BYTES])
    if not isinstance(source, str | os.PathLike):
        return None
    name = os.fspath(source)
    if "://" in str(name):
        return name, int(time.monotonic() / _FRESH_SECONDS)
    try:
        status = os.stat(name)
    except (OSError, ValueError):
        return None
    return os.path.abspath(name), status.st_mtime_ns, status.st_size
