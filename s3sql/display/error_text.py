"""An error as a person at a terminal wants it: the code, what is wrong, where in the query, what may help.

In: the query and the error it caused.  Out: lines of text without control characters.

    MissingHeaders: Some headers in the query are missing from the file. …
      SELECT s.nmae FROM S3Object s
               ^
    hint: column "nmae" not found; did you mean "name"?
"""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import category, east_asian_width

from s3sql.errors import Position, S3SelectError

#: So many cells of a long line are shown on each side of the place.
_CONTEXT = 60

#: Stands for a character that has no picture of its own, or would move the cursor.
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """The line of a query that an error is about, cut where it is long.

    ``before``, ``at`` and ``after`` are the line: the text before the place, the character there, which is
    empty behind the end of the line, and the rest. ``cells``: how wide ``before`` is.
    """

    before: str
    at: str
    after: str
    cells: int

    @property
    def text(self) -> str:
        """The whole line."""
        return self.before + self.at + self.after


def error_text(sql: str, error: S3SelectError) -> str:
    """Code and message of *error*, the line of *sql* with a caret under the place if it has one, the hint."""
    lines = [printable(f"{error.code}: {error.message}")]
    marked = marked_line(sql, error.position)
    if marked is not None:
        lines += [f"  {marked.text}".rstrip(), f"  {' ' * marked.cells}^"]
    if error.hint is not None:
        lines.append(f"hint: {printable(error.hint)}")
    return "\n".join(lines)


def marked_line(sql: str, position: Position | None) -> MarkedLine | None:
    """The line of *position*; None without one, and where *sql* has no such line."""
    lines = sql.split("\n")
    if position is None or not 0 < position.line <= len(lines):
        return None
    # A line that ends in CR LF ends before the CR.
    line = lines[position.line - 1].removesuffix("\r")
    at = min(max(position.column - 1, 0), len(line))
    first, last = _leftmost(line, at), _rightmost(line, at)
    before = ("…" if first else "") + _pictured(line[first:at])
    after = _pictured(line[at + 1 : last]) + ("…" if last < len(line) else "")
    return MarkedLine(before, _pictured(line[at : at + 1]), after, sum(map(_cells, before)))


def printable(text: str) -> str:
    r"""*text* with characters that a terminal would act on as escapes, ``\x1b``; line ends stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _leftmost(line: str, at: int) -> int:
    """Where the part of *line* before *at* begins that fits the context."""
    room, first = _CONTEXT, at
    while first and room >= (cells := _cells(line[first - 1])):
        first -= 1
        room -= cells
    return first


def _rightmost(line: str, at: int) -> int:
    """Where the part of *line* from *at* on ends that fits the context."""
    room, last = _CONTEXT, at
    while last < len(line) and room >= (cells := _cells(line[last])):
        last += 1
        room -= cells
    return last


def _pictured(text: str) -> str:
    """*text* with one character of one cell for each that has no picture: a blank for a tab."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c == "\t" else _REPLACEMENT for c in text)


def _cells(character: str) -> int:
    """How many cells of a terminal *character* takes, as it is shown."""
    if character.isascii() or not character.isprintable():
        return 1
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
