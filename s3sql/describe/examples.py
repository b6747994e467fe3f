"""Examples of values.

In: texts of values.  Out: the first few that differ, none of them long.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Most examples, most values that are looked at for them, and most characters of each.
MOST_EXAMPLES = 3
_MOST_LOOKED_AT = 100
_LONGEST = 60


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """The first few of *texts* that differ, as they are shown."""
    found: dict[str, None] = {}
    for _, text in zip(range(_MOST_LOOKED_AT), texts, strict=False):
        found.setdefault(cut(text))
        if len(found) == MOST_EXAMPLES:
            break
    return tuple(found)


def cut(text: str) -> str:
    """*text*, or its beginning if it is long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
