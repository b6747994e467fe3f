"""An error as a person at a terminal wants it: the code, what is wrong, and where in the query.

In: the query and the error it caused.  Out: lines of text.
"""

from __future__ import annotations

from s3sql.errors import Position, S3SelectError

#: So many characters of a long line are shown on each side of the place.
_CONTEXT = 60


def explain_error(sql: str, error: S3SelectError) -> str:
    """The message of *error* and, if it has a place in *sql*, that line with a caret under the place."""
    message = f"{error.code}: {error.message}"
    if error.position is None:
        return message
    return f"{message}\n{_marked(sql, error.position)}"


def _marked(sql: str, position: Position) -> str:
    """The line of *position*, cut where it is long, and a caret under its column."""
    line = sql.split("\n")[position.line - 1]
    at = position.column - 1
    first = max(0, at - _CONTEXT)
    last = at + _CONTEXT
    before = ("…" if first else "") + line[first:at]
    after = line[at:last] + ("…" if last < len(line) else "")
    # Control characters would move the terminal's cursor; tabs become one blank for the caret's sake.
    visible = "".join(character if character.isprintable() else " " for character in before + after)
    return f"  {visible}\n  {' ' * len(before)}^"
