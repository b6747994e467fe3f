"""How a query writes the name of a column, and how people read it.

In: the path to a column from the row: names, and None for each element of a list.  Out: SQL such as
``s."user".name``; the same path for people. Of the elements of a list SQL names the first one,
``s.tags[0]``, since a select list takes no ``[*]``.

Names match in any case unless they stand in double quotes (AWS S3 User Guide, SELECT command, "Case
sensitivity"), so one that differs from another in case alone is quoted, as reserved words are and all that is
no plain word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from s3sql.sql.keywords import RESERVED

#: Steps from a row to a value; None: to each element of a list.
Path: TypeAlias = tuple[str | None, ...]

#: What the rows are called.
ROW = "s"

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_UNCLEAR = re.compile(r'[.\[\]"*]|^$')


class Naming:
    """The names of one object; *paths* are all of them."""

    def __init__(self, paths: Iterable[Path]) -> None:
        names = {path[: length + 1] for path in paths for length in range(len(path))}
        self._alike = Counter((path[:-1], path[-1].lower()) for path in names if path[-1] is not None)

    def sql(self, path: Path) -> str:
        """How a query writes *path*."""
        written = [ROW]
        for place, step in enumerate(path):
            if step is None:
                written.append("[0]")
                continue
            alone = self._alike[path[:place], step.lower()] < 2
            written.append(f".{step if alone and _is_plain(step) else _quoted(step)}")
        return "".join(written)


def shown(path: Path) -> str:
    """*path* for people: ``user.name``, ``tags[*]``; quotes around a name that could be misread there."""
    written = ""
    for step in path:
        if step is None:
            written += "[*]"
        else:
            written += f"{'.' if written else ''}{_quoted(step) if _UNCLEAR.search(step) else step}"
    return written


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and name.upper() not in RESERVED


def _quoted(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
