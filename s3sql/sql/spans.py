"""Text that may not be SQL yet, cut into spans: what a person has typed so far.

In: any text.  Out: spans that cover all of it, in order.  Nothing is refused: a quote or comment that is not
closed runs to the end of the text, and what starts no token is a span of its own. Where the lexer has no
complaint the spans are its tokens and the blanks between them (a test holds the two together).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from s3sql.sql import ion
from s3sql.sql.lexer import TOKEN

#: ``text``, ``quoted`` and ``ion`` stand between single, double and back quotes; ``open_…`` is the same
#: without its end; ``wrong`` starts no token.
SpanKind = Literal[
    "blank", "comment", "word", "number", "text", "quoted", "ion", "symbol",
    "open_text", "open_quoted", "open_ion", "open_comment", "wrong",
]  # fmt: skip

_OPEN: dict[str, SpanKind] = {"'": "open_text", '"': "open_quoted", "`": "open_ion"}

#: What starts no token, taken together: letters and digits that belong to each other, else one character.
_WRONG = re.compile(r"\d[\w$.]*|\w+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text from ``start`` to ``end`` (exclusive, from 0), as it is written."""

    kind: SpanKind
    text: str
    start: int
    end: int


def spans(text: str) -> list[Span]:
    """The spans of *text*; joined, their texts are *text*."""
    found: list[Span] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            opened = _OPEN.get(text[at])
            wrong = _WRONG.match(text, at)
            assert wrong is not None, "one character always matches"
            end = len(text) if opened else wrong.end()
            kind: SpanKind = opened or "wrong"
        else:
            end = match.end()
            kind = _kind(match)
            if kind == "open_comment":
                end = len(text)
        found.append(Span(kind, text[at:end], at, end))
        at = end
    return found


def _kind(match: re.Match[str]) -> SpanKind:
    group = match.lastgroup
    text = match.group()
    if group == "blank":
        return "comment" if text[0] in "-/" else "blank"
    if group == "ion":
        return "wrong" if ion.read(text[1:-1]) is None else "ion"
    assert group is not None, "every alternative has a name"
    return group  # type: ignore[return-value]
