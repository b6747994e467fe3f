"""The commands of the shell: lines that begin with a dot.

In: the line, and the session.  Out: what :mod:`s3sql.cli.shell.actions` does for it; a
:class:`~s3sql.cli.shell.failure.StatementError` for a command that does not exist.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from s3sql.cli.parameters import suggestion
from s3sql.cli.shell import actions
from s3sql.cli.shell.failure import StatementError
from s3sql.cli.shell.options import OPTIONS
from s3sql.cli.shell.rows import MODES
from s3sql.cli.terminal import width

if TYPE_CHECKING:
    from s3sql.cli.shell.session import Session

#: What an argument is, for completion.
Argument = Literal["", "command", "file", "function", "mode", "query", "source", "switch"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: ``help`` is a line, ``details`` what there is to know besides."""

    name: str
    usage: str
    help: str
    details: str
    argument: Argument
    run: Callable[[Session, str], None]


def run_command(session: Session, line: str) -> None:
    """Run the command *line*.

    Raises:
        StatementError: there is no such command, or it cannot do this.
        EOFError: the command is to end the session.
    """
    name, *rest = line.strip().split(maxsplit=1)
    command = COMMANDS.get(name.lower())
    if command is None:
        raise StatementError(_unknown(name))
    command.run(session, *rest or ("",))


def _unknown(name: str) -> str:
    return f"there is no command {name}{suggestion(name.lower(), COMMANDS) or '; .help lists all'}"


def _help(session: Session, rest: str) -> None:
    if not rest:
        widest = max(len(command.usage) for command in COMMANDS.values())
        lines = [
            _wrapped(f"{command.usage:<{widest}}  {command.help}", " " * (widest + 2))
            for command in COMMANDS.values()
        ]
        session.output.answer("\n".join([*lines, "", _wrapped(_QUERIES)]))
        return
    name = rest.lower() if rest.startswith(".") else f".{rest.lower()}"
    command = COMMANDS.get(name)
    if command is None:
        raise StatementError(_unknown(name))
    session.output.answer(f"{command.usage}\n{_wrapped(command.help)}\n\n{_wrapped(command.details)}")


def _wrapped(text: str, indent: str = "") -> str:
    """*text* in lines that fit the terminal, all but the first behind *indent*."""
    return textwrap.fill(
        text,
        min(max(width(), len(indent) + 30), 100),
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


_QUERIES = (
    "A query ends with ; or with an empty line, and may have any number of lines. Enter runs it, Esc Enter "
    "runs what is there, Tab completes, Ctrl-C stops a query, Ctrl-D leaves."
)

_ALL = (
    Command(
        ".help",
        ".help [COMMAND]",
        "list the commands, or explain one",
        "The dot of the command may be left out: .help mode",
        "command",
        _help,
    ),
    Command(
        ".source",
        ".source [PATH] [OPTION ...]",
        "query another file or object, or show what the source was taken for",
        "PATH is a file, file:// or s3://bucket/key; a path with blanks stands in quotes. What no option "
        "says is guessed from the name and the content. Options without a path are added to those of the "
        "source that is open. Each query opens the source anew. The options are those of the command line: "
        f"{', '.join(OPTIONS)}.",
        "source",
        actions.source,
    ),
    Command(
        ".schema",
        ".schema",
        "show the columns of the source, what they hold, and its first rows",
        "Names are shown as a query writes them.",
        "",
        actions.schema,
    ),
    Command(
        ".mode",
        ".mode [MODE]",
        f"show or set how rows are written: {', '.join(MODES)}",
        "line writes one column a line; csv and jsonl what S3 Select answers; json one list of all rows of a "
        "query. A table, or line, on a screen shows the first rows only, unless .limit says how many.",
        "mode",
        actions.mode,
    ),
    Command(
        ".limit",
        ".limit [N|off]",
        "show or set the most rows of a query",
        "The LIMIT of a query counts too; the smaller one wins.",
        "",
        actions.limit,
    ),
    Command(
        ".timer",
        ".timer [on|off]",
        "show or set whether each query says what it took",
        "Rows, bytes scanned, processed and returned, the time, and what the source was taken for. They are "
        "written to standard error.",
        "switch",
        actions.timer,
    ),
    Command(
        ".explain",
        ".explain [on|off|SELECT ...]",
        "show the plan of a query, or set whether each query shows its own",
        "With a query, on the same line, its plan is shown and nothing is run. After .explain on each query "
        "shows its plan behind its rows, with the rows and the time of every stage, on standard error.",
        "query",
        actions.explain,
    ),
    Command(
        ".functions",
        ".functions [NAME]",
        "list the functions of the dialect, or explain one",
        "With a name: how it is called, its result and examples.",
        "function",
        actions.functions,
    ),
    Command(
        ".read",
        ".read FILE",
        "run the queries and commands of a file",
        "UTF-8. A query ends with ; there and may have empty lines. The first error ends it.",
        "file",
        actions.read,
    ),
    Command(
        ".output",
        ".output [FILE|stdout]",
        "show or set where rows, plans and schemas go",
        "FILE is emptied first; results follow each other in it. The rows of a query that fails or is "
        "stopped are taken out again.",
        "file",
        actions.output,
    ),
    Command(
        ".quit", ".quit", "leave the shell", ".exit, quit, exit and Ctrl-D do the same.", "", actions.leave
    ),
    Command(".exit", ".exit", "leave the shell", "The same as .quit.", "", actions.leave),
)

#: The commands by name, in the order of the help.
COMMANDS: Mapping[str, Command] = {command.name: command for command in _ALL}
