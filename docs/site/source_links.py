"""A hook of mkdocs: links that lead out of docs/, to files of the source, are plain text on the site.

In: the Markdown of a page.  Out: the same with ``[text](../path)`` as ``text``. On the site there is nothing
behind such a link; where the pages are read in the checkout, there is.
"""

from __future__ import annotations

import re
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./[^)\s]*\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for every page."""
    return _LINK.sub(r"\1", markdown)
