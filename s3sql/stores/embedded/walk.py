"""The keys of files in a bucket's folder, in S3's order, from any key on.

In: the bucket's folder, and where to go on.  Out: one key at a time, or a prefix that many share.

S3 orders keys by their bytes of UTF-8, which is the order of Python's characters. Since a folder ``a``
stands for keys that begin with ``a/``, it sorts by that name behind ``a-b``, and one pass down the tree
meets the keys in order. Of a folder only those names are read and sorted that come next, and a folder is
entered only if a key in it is asked for::

    from "b/"       a.csv   b/   c.csv          b-.csv sorts before b/
                            ├── 1.csv
                            └── 2/              entered when 1.csv has been passed

Other programs may add and remove files meanwhile: what is gone is passed over, and so are folders that the
server may not read. Folders without files are nothing.
"""

from __future__ import annotations

import errno
import heapq
import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from s3sql.limits import MAX_KEY_BYTES
from s3sql.stores.embedded.files import ABSENT, MAX_DEPTH, Identity, file_status, open_folder
from s3sql.stores.embedded.keys import is_segment
from s3sql.stores.local import file_identity

#: Whatever vanished meanwhile is passed over, and so is what the server may not read.
_PASSED = ABSENT | {errno.EACCES, errno.EPERM}


@dataclass(slots=True)
class _Level:
    """One folder on the way down: some of its names in order, a slash behind those of folders.

    ``complete``: there are no more behind them. ``next``: the first one that has not been passed.
    """

    folder: int
    prefix: str
    names: list[str]
    complete: bool
    next: int = 0


class Walk:
    """The files below one bucket's folder, which is the caller's to close after :meth:`close`.

    Of one folder, *most_names* are held at a time; a larger one is read again for those that follow.
    """

    __slots__ = ("_levels", "_most_names")

    def __init__(self, folder: int, most_names: int) -> None:
        self._most_names = most_names
        self._levels = [_Level(os.dup(folder), "", [], complete=False)]

    def close(self) -> None:
        """Close the folders on the way."""
        while self._levels:
            os.close(self._levels.pop().folder)

    def first_from(self, low: str, prefix: str, delimiter: str) -> tuple[str, Identity | None] | None:
        """The first key with *prefix* not before *low*, and its file's identity.

        A folder of which all keys are the same up to a *delimiter* behind the prefix is not walked: that
        beginning comes with None, if there is any file. Calls go forward, by *low*.
        """
        while self._levels:
            level = self._levels[-1]
            name = _next_name(level, low, self._most_names)
            if name is None:
                os.close(level.folder)
                self._levels.pop()
                continue
            key = level.prefix + name
            if key > prefix and not key.startswith(prefix):
                return None
            if not name.endswith("/"):
                status = _status(level.folder, name)
                if status is not None:
                    return key, file_identity(status)
                level.next += 1
                continue
            shared = shared_prefix(key, delimiter, len(prefix))
            if shared is not None and key >= low:
                if self._holds_file(level.folder, name[:-1], key):
                    return shared, None
                level.next += 1
                continue
            level.next += 1
            self._enter(level, name[:-1], key)
        return None

    def _enter(self, level: _Level, name: str, key: str) -> None:
        try:
            folder = open_folder(level.folder, name)
        except OSError as error:
            if error.errno in _PASSED:
                return
            raise
        self._levels.append(_Level(folder, key, [], complete=False))

    def _holds_file(self, parent: int, name: str, prefix: str) -> bool:
        try:
            folder = open_folder(parent, name)
        except OSError as error:
            if error.errno in _PASSED:
                return False
            raise
        try:
            return holds_file(folder, len(prefix.encode()))
        finally:
            os.close(folder)


def shared_prefix(key: str, delimiter: str, start: int) -> str | None:
    """The part of *key* up to the first *delimiter* from character *start* on; None if it has none."""
    if not delimiter:
        return None
    at = key.find(delimiter, start)
    return None if at < 0 else key[: at + len(delimiter)]


def behind(prefix: str) -> str | None:
    """The first text behind all those that begin with *prefix*; None if there is none."""
    for last in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[last])
        if code < 0x10FFFF:
            # No text of UTF-8 has the codes of surrogates.
            return prefix[:last] + chr(0xE000 if code == 0xD7FF else code + 1)
    return None


def holds_file(folder: int, prefix_bytes: int, depth: int = MAX_DEPTH) -> bool:
    """Whether an object is in *folder* or below it; *prefix_bytes* is the length of its keys' beginning."""
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            size = prefix_bytes + len(os.fsencode(entry.name))
            if not is_segment(entry.name) or size > MAX_KEY_BYTES:
                continue
            if entry.is_file(follow_symlinks=False):
                return True
            if entry.is_dir(follow_symlinks=False):
                below.append((entry.name, size + 1))
    for name, size in below if depth else ():
        try:
            inner = open_folder(folder, name)
        except OSError as error:
            if error.errno in _PASSED:
                continue
            raise
        try:
            if holds_file(inner, size, depth - 1):
                return True
        finally:
            os.close(inner)
    return False


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return file_status(folder, name)
    except OSError as error:
        if error.errno in _PASSED:
            return None
        raise


def _next_name(level: _Level, low: str, most_names: int) -> str | None:
    """The first name in a folder that is, or may lead to, a key not before *low*."""
    if level.prefix < low and not low.startswith(level.prefix):
        return None  # all keys here are before it
    within = low[len(level.prefix) :] if low.startswith(level.prefix) else ""
    slash = within.find("/")
    # The folder that leads to *low* sorts before it, and nothing else lies between them.
    first = within if slash < 0 else within[: slash + 1]
    while True:
        level.next = bisect_left(level.names, first, level.next)
        if level.next < len(level.names):
            return level.names[level.next]
        if level.complete:
            return None
        last = level.names[-1] if level.names else ""
        names = heapq.nsmallest(most_names, _names_behind(level, last, first))
        level.names, level.next, level.complete = names, 0, len(names) < most_names


def _names_behind(level: _Level, last: str, first: str) -> Iterator[str]:
    """The names in a folder behind *last* and not before *first* that may belong to objects, in any order."""
    room = MAX_KEY_BYTES - len(level.prefix.encode())
    with os.scandir(level.folder) as entries:
        for entry in entries:
            name = entry.name
            as_folder = name + "/"
            # Most names of a large folder go no further than this.
            if as_folder <= last or as_folder < first:
                continue
            if not is_segment(name) or len(name.encode()) > room:
                continue
            if entry.is_dir(follow_symlinks=False):
                name = as_folder
            elif not entry.is_file(follow_symlinks=False):
                continue
            if name > last and name >= first:
                yield name
