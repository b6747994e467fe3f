"""What is told when a cell fails: a few lines instead of a traceback.

In: an exception, and the text it is about.  Out: the same exception, which Jupyter and IPython show as those
lines; to Python it is what it was.

The lines travel as the traceback of the error, which is the one output that every front end shows, saves and
stops at: JupyterLab draws it as a red box, a terminal as text, and "Run all", nbclient and papermill know by
it that the cell failed. An HTML box beside it would say everything twice.

    ValueError
    └── MagicError          message, text, position, hint
        ├── UsageError      the line of the magic is wrong
        └── ParameterError  a parameter of the SQL cannot be found or passed

Source: IPython, ``InteractiveShell.showtraceback``: an exception with ``_render_traceback_`` says what is
shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from typing import TypeVar

from s3sql.display.error_text import marked_line, printable
from s3sql.errors import Position, S3SelectError
from s3sql.jupyter.options import in_options

_Error = TypeVar("_Error", bound=BaseException)

#: Bold, not red: JupyterLab's box is red already, on which its red and its cyan cannot be read.
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


class MagicError(ValueError):
    """What is wrong with the text of a magic: *text* at *offset* (from 0), and what may help."""

    def __init__(
        self, message: str, text: str = "", offset: int | None = None, *, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.position = None if offset is None else Position.at(text, offset)
        self.hint = hint


class UsageError(MagicError):
    """The line of the magic is wrong."""


class ParameterError(MagicError):
    """A parameter of the SQL has no value, or one that SQL has no literal for."""


def undefined(error: NameError, text: str, offset: int, known: Iterable[str]) -> ParameterError:
    """What to raise for *error*, out of the Python at *offset* of *text*; *known* are the variables."""
    if not error.name:
        return ParameterError(str(error), text, offset)
    close = get_close_matches(error.name, list(known), 1)
    hint = f"did you mean {close[0]}?" if close else None
    return ParameterError(f"{error.name} is not defined", text, offset, hint=hint)


def without_traceback(error: _Error, sql: str, *, colour: bool) -> _Error:
    """*error*, shown as what is wrong, the line of *sql* with a caret where that is known, and a hint."""
    if isinstance(error, S3SelectError):
        # Without a place in the SQL it is about the request, whose members are options here.
        message = error.message if error.position is not None else in_options(error.message)
        hint = None if error.hint is None else in_options(error.hint)
        lines = _lines(error.code, message, sql, error.position, hint, colour)
    elif isinstance(error, MagicError):
        lines = _lines(type(error).__name__, error.message, error.text, error.position, error.hint, colour)
    else:
        lines = _lines(type(error).__name__, in_options(str(error)), "", None, None, colour)
    return _shown_as(error, lines)


def stopped(interrupt: KeyboardInterrupt, progress: str, *, colour: bool) -> KeyboardInterrupt:
    """*interrupt*, shown as the end that was asked for; *progress* says how far the query had come."""
    return _shown_as(interrupt, _lines("Stopped", progress, "", None, None, colour))


def _shown_as(error: _Error, lines: list[str]) -> _Error:
    # The instance carries it, so that the class stays the one that Python code knows and catches.
    # No function of this module's, so that the error can be pickled still.
    error.__dict__["_render_traceback_"] = partial(list, lines)
    return error


def _lines(
    title: str, message: str, text: str, position: Position | None, hint: str | None, colour: bool
) -> list[str]:
    def bold(written: str) -> str:
        return f"{_BOLD}{written}{_PLAIN}" if colour else written

    lines = [f"{bold(printable(title))}: {printable(message)}"]
    marked = marked_line(text, position) if text.strip() else None
    if marked is not None:
        lines += [f"  {marked.text}".rstrip(), f"  {' ' * marked.cells}{bold('^')}"]
    if hint is not None:
        lines.append(f"{bold('hint')}: {printable(hint)}")
    return lines
