"""The Markdown of the generated pages: texts and code in tables, templates with places.

In: texts.  Out: Markdown that GitHub and Python-Markdown read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"^\{\{(.+)\}\}$", re.MULTILINE)
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def filled(template: str, parts: Mapping[str, str]) -> str:
    """*template* with a part for every line ``{{name}}``."""
    return _PLACE.sub(lambda place: parts[place[1]], template)


def plain(text: str) -> str:
    """*text* with what Markdown would read as its own escaped."""
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """*text* as code, in a table too."""
    if "|" in text or "\n" in text:
        # The two readers do not agree about a bar in code, so it is written in HTML, character by character.
        return "<code>" + "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text) + "</code>"
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table whose cells are Markdown."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def prose(text: str) -> str:
    """Markdown whose code may stand in a table."""
    return re.sub(r"`([^`]+)`", lambda found: code(found[1]), text)
