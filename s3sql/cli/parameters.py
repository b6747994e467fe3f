"""Parameters of commands as data, and the words they take.

In: rows of a table.  Out: a function's parameters as typer reads them.

Several commands take the same options, and those of ``serve`` are a table that the environment and a file
read as well (:mod:`s3sql.server.running.options`). So a command is a function of ``**words``, and its
parameters are written once, as values (:func:`takes`).
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

#: A command before typer sees it: it takes the words of the command line by name.
Command = Callable[..., int]

#: What a completion is asked with, and gives: values, or values with a note.
Complete = Callable[[str], Iterable[str | tuple[str, str]]]

#: A shell has no easy way to write these characters; everything else is taken as it is.
_ESCAPES: Final = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\0": "\0", r"\\": "\\"}


@dataclass(frozen=True, slots=True)
class OptionWord:
    """One option of the command line.

    ``flags`` with the dashes, ``--on/--off`` for a pair. ``keyword``: the name of its value for the command,
    and, where it has one, for :func:`s3sql.query`. ``read`` makes the value of the text, ``bool`` says that
    there is no text.
    """

    flags: tuple[str, ...]
    keyword: str
    help: str
    read: Callable[[str], Any] | type[bool] = str
    metavar: str = ""
    panel: str = "Options"
    complete: Complete | None = None

    def parameter(self) -> inspect.Parameter:
        """The parameter of a function."""
        if self.read is bool:
            option = typer.Option(*self.flags, help=self.help, rich_help_panel=self.panel, metavar="")
            return _parameter(self.keyword, bool | None, option)
        option = typer.Option(
            *self.flags,
            help=self.help,
            rich_help_panel=self.panel,
            metavar=self.metavar,
            parser=self.read,
            autocompletion=_completing(self.complete),
        )
        return _parameter(self.keyword, str | None, option)


@dataclass(frozen=True, slots=True)
class ArgumentWord:
    """One word that has its meaning from its place, or all words from there on (``many``)."""

    keyword: str
    metavar: str
    help: str
    many: bool = False
    complete: Complete | None = None

    def parameter(self) -> inspect.Parameter:
        """The parameter of a function."""
        argument = typer.Argument(
            metavar=self.metavar, help=self.help, autocompletion=_completing(self.complete)
        )
        return _parameter(self.keyword, list[str] | None if self.many else str | None, argument)


def takes(*words: ArgumentWord | OptionWord) -> Callable[[Command], Command]:
    """Give a function of ``**words`` these parameters; what was not said is None."""

    def with_parameters(command: Command) -> Command:
        signature = inspect.Signature([word.parameter() for word in words])
        command.__signature__ = signature  # type: ignore[attr-defined]
        return command

    return with_parameters


def _parameter(name: str, kind: Any, described: Any) -> inspect.Parameter:
    annotation = Annotated[kind, described]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=None)


def _completing(complete: Complete | None) -> Callable[[str], list[str | tuple[str, str]]] | None:
    """*complete* in the form that typer calls: it looks at the names and the types of the parameters."""
    if complete is None:
        return None

    def completing(incomplete: str) -> list[str | tuple[str, str]]:
        return list(complete(incomplete))

    return completing


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean …?``, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def choice(*words: str) -> Callable[[str], str]:
    """One of *words*, in any case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise typer.BadParameter(
                f"{text!r} is none of {', '.join(words)}{suggestion(text.lower(), words)}"
            )
        return text.lower()

    return read


def member(*words: str) -> Callable[[str], str]:
    """One of *words*, as AWS spells it: in upper case."""
    read = choice(*words)
    return lambda text: read(text).upper()


def completing(words: Sequence[str]) -> Complete:
    """Those of *words* that begin as what has been typed."""
    return lambda typed: [word for word in words if word.startswith(typed.lower())]


def characters(text: str) -> str:
    r"""The characters that *text* stands for: ``\t``, ``\n``, ``\r``, ``\0`` and ``\\`` are one each."""
    return re.sub(r"\\.", lambda escape: _ESCAPES.get(escape[0], escape[0]), text)


def whole_number(text: str) -> int:
    """A number of rows, 0 or more."""
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise typer.BadParameter(f"{text!r} is no whole number, 0 or more")
    return int(text)


def seconds(text: str) -> float:
    """A time that is not nothing and ends."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1e9:
        raise typer.BadParameter(f"{text!r} is no number of seconds above 0")
    return value


def scan_range(text: str) -> tuple[int | None, int | None]:
    """Start and end of ``START-END``, ``START-`` or ``-N``."""
    match = re.fullmatch(r"(\d{0,18})-(\d{0,18})", text, re.ASCII)
    if match is None or text == "-":
        raise typer.BadParameter(f"{text!r} is none of START-END, START- and -N")
    start, end = match.groups()
    return int(start) if start else None, int(end) if end else None
