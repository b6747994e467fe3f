"""Advice for a path that names no file: the files whose names are like it.

In: the path.  Out: a line for people, or None.  Only paths of the caller are looked around, never keys that
came from a client.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from itertools import islice
from stat import S_ISDIR

#: So many entries of a folder are looked at, and so many named.
_EXAMINED = 2000
_NAMED = 3


def path_hint(path: str) -> str | None:
    """What may be meant by *path*, which is no regular file; None: nothing sure."""
    if path.lower().startswith(("s3:", "s3a:")):
        return "an object's URL has two slashes: s3://bucket/key"
    if path.startswith("~"):
        return f"~ is not expanded here; write {os.path.expanduser(path)}"
    if any(character in path for character in "*?"):
        return "a query reads one object; patterns of names are not expanded"
    try:
        return _one_of(path) if S_ISDIR(os.stat(path).st_mode) else None
    except (OSError, ValueError):
        pass
    if os.path.islink(path):
        return f"it is a symbolic link to {os.readlink(path)!r}, where no file is"
    return _near(path)


def _one_of(folder: str) -> str | None:
    """Files of *folder*, which was named in place of one."""
    files = sorted(_entries(folder, files_only=True))
    if not files:
        return None
    shown = ", ".join(repr(os.path.join(folder, name)) for name in files[:_NAMED])
    return f"a query reads one file, such as {shown}"


def _near(path: str) -> str | None:
    """The file beside *path* whose name is most like it, or the folder of it that is not there."""
    folder, name = os.path.split(path)
    if folder and not os.path.isdir(folder):
        return f"there is no folder {folder!r}"
    entries = _entries(folder or os.curdir, files_only=False)
    folded = {entry.lower(): entry for entry in entries}
    stems = {os.path.splitext(entry)[0]: entry for entry in entries}
    near = get_close_matches(name.lower(), folded, n=1, cutoff=0.7)
    found = folded[near[0]] if near else stems.get(name)
    return None if found is None else f"did you mean {os.path.join(folder, found)!r}?"


def _entries(folder: str, *, files_only: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, _EXAMINED) if not files_only or entry.is_file()]
    except OSError:
        return []
