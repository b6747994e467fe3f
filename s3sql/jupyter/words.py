"""The words of a magic's line, with their places.

In: the text behind ``%s3sql`` or ``%%s3sql``.  Out: words, cut at blanks; ``'…'`` and ``"…"`` hold blanks,
``{{expression}}`` any Python, and ``{name}`` alone is the variable of that name. A backslash is itself, since
paths of Windows have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from s3sql.jupyter.failure import UsageError
from s3sql.jupyter.parameters import python_end

_BLANKS = re.compile(r"\s*")
_VARIABLE = re.compile(r"\{([^\W\d]\w*)\}")
#: What a quote may stand behind: elsewhere it is an apostrophe.
_OPTION_NAME = re.compile(r"(?:--)?[\w-]+=")


@dataclass(frozen=True, slots=True)
class Python:
    """A Python expression in a word."""

    expression: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its parts in their order, and where it stands, ``end`` exclusive."""

    parts: tuple[str | Python, ...]
    start: int
    end: int
    quoted: bool = False

    @classmethod
    def of_expression(cls, expression: str, place: Word) -> Word:
        """*expression* as if it stood in the place of another word."""
        return cls((Python(expression),), place.start, place.end)

    @property
    def plain(self) -> str:
        """Its text where it has neither quotes nor Python; else empty."""
        if self.quoted or any(isinstance(part, Python) for part in self.parts):
            return ""
        return "".join(part for part in self.parts if isinstance(part, str))

    def value(self, value_of: Callable[[str], object]) -> object:
        """What the word stands for: the value of its one expression, else text."""
        values = [value_of(part.expression) if isinstance(part, Python) else part for part in self.parts]
        return values[0] if len(values) == 1 else "".join(map(str, values))

    def behind(self, prefix: str) -> Word:
        """The word without *prefix*, which its first part begins with."""
        first, *rest = self.parts
        assert isinstance(first, str)
        remaining = first.removeprefix(prefix)
        parts = (remaining, *rest) if remaining or not rest else tuple(rest)
        return Word(parts, self.start + len(prefix), self.end, self.quoted)


def next_word(line: str, start: int) -> Word | None:
    """The first word of *line* at or behind *start*; None if there is none.

    Raises:
        UsageError: a quote is not closed, or a word goes on behind its closing quote.
        ParameterError: what ``{{`` opens is no Python expression.
    """
    blanks = _BLANKS.match(line, start)
    assert blanks is not None, "nothing is enough of a match"
    begin = at = blanks.end()
    if at == len(line):
        return None
    variable = _VARIABLE.match(line, at)
    if variable is not None and _ends(line, variable.end()):
        return Word((Python(variable[1]),), begin, variable.end())
    if line[at] == "{" and not line.startswith("{{", at) and "}" in line[at:]:
        hint = "{{expression}} takes any Python; a name with braces stands in quotes"
        raise UsageError("{…} takes the name of a variable alone", line, at, hint=hint)
    name = _OPTION_NAME.match(line, at)
    parts: list[str | Python] = []
    text = ""
    if name is not None:
        text, at = name[0], name.end()
        variable = _VARIABLE.match(line, at)
        if variable is not None and _ends(line, variable.end()):
            return Word((text, Python(variable[1])), begin, variable.end())
    if line[at : at + 1] in ("'", '"'):
        closing = line.find(line[at], at + 1)
        if closing < 0:
            raise UsageError(f"the quote {line[at]} is not closed", line, at)
        if not _ends(line, closing + 1):
            raise UsageError("a blank belongs behind a closing quote", line, closing + 1)
        return Word((text + line[at + 1 : closing],), begin, closing + 1, quoted=True)
    while not _ends(line, at):
        if line.startswith("{{", at):
            closed = python_end(line, at)
            if closed is None:
                raise UsageError("{{ is not closed by }}", line, at)
            if text:
                parts.append(text)
            parts.append(Python(line[at + 2 : closed - 2].strip()))
            text, at = "", closed
        else:
            text += line[at]
            at += 1
    if text or not parts:
        parts.append(text)
    return Word(tuple(parts), begin, at)


def _ends(line: str, at: int) -> bool:
    return at >= len(line) or line[at].isspace()
