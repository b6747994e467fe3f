"""What the commands of the shell do.

In: the session, and what stands behind the command's name.  Out: something set or shown; for what cannot be
done a :class:`~s3sql.cli.shell.failure.StatementError`, or an error of which the session makes one. A setting
without a value shows the one it has.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING

from s3sql.cli.parameters import suggestion
from s3sql.cli.shell.failure import NO_SOURCE, StatementError
from s3sql.cli.shell.options import read_options
from s3sql.cli.shell.rows import MODES
from s3sql.cli.terminal import colour, width
from s3sql.display.error_text import printable

if TYPE_CHECKING:
    from s3sql.cli.shell.output import Output
    from s3sql.cli.shell.session import Session
    from s3sql.describe import Description

#: ``.read`` within ``.read`` within …: a file that reads itself is a mistake.
DEEPEST = 16


def words_of(rest: str) -> list[str]:
    """The words of an argument; quotes keep blanks together, a backslash is a backslash.

    Raises:
        StatementError: a quote is not closed.
    """
    split = shlex.shlex(rest, posix=True, punctuation_chars=False)
    split.whitespace_split, split.commenters, split.escape = True, "", ""
    try:
        return list(split)
    except ValueError as error:
        raise StatementError(f"{rest}: a quote is not closed") from error


def _path(name: str, rest: str) -> str:
    """The one path that *rest* is."""
    words = words_of(rest)
    if len(words) != 1:
        raise StatementError(f'{name} takes one path; one with blanks stands in quotes: {name} "my file"')
    return os.path.expanduser(words[0])


def _choice(name: str, rest: str, choices: tuple[str, ...]) -> str:
    chosen = rest.lower()
    if chosen not in choices:
        advice = suggestion(chosen, choices) or f"; it must be one of {', '.join(choices)}"
        raise StatementError(f"{name} is {rest!r}{advice}")
    return chosen


def source(session: Session, rest: str) -> None:
    """``.source``: another source, other options, or what is open."""
    names, keywords = read_options(words_of(rest))
    if len(names) > 1:
        raise StatementError(
            '.source takes one path or URL; one with blanks stands in quotes: .source "my file.csv"'
        )
    if names:
        session.open(os.path.expanduser(names[0]), keywords)
    elif keywords:
        if session.source is None:
            raise StatementError("no source is open that the options could be for; add a path or URL")
        session.open(session.source.name, {**session.source.keywords, **keywords})
    elif session.source is None:
        raise StatementError(NO_SOURCE)
    else:
        found = session.source.describe()
        session.output.answer(f"{session.source.name}\n{found.sniffed}")


def schema(session: Session, rest: str) -> None:
    """``.schema``: what the source holds."""
    if rest:
        raise StatementError(".schema takes nothing; it is about the source that is open")
    if session.source is None:
        raise StatementError(NO_SOURCE)
    found = session.source.describe()
    session.output.show(schema_text(found, session.output))


def schema_text(found: Description, output: Output) -> str:
    """The description *found* as the command line shows it: in tables on a screen."""
    from s3sql.cli.schema_tables import draw
    from s3sql.display.table_text import table_text

    screen, colourful = output.is_screen, output.is_screen and colour(sys.stdout)
    parts = [str(found)]
    if screen:
        notes = [printable(f"note: {note}") for note in found.notes]
        parts = [draw(found, width(), colourful=colourful), *notes]
    if found.first_rows.num_rows:
        parts += ["", table_text(found.first_rows, width=width() if screen else None, colour=colourful)]
    return "\n".join(parts)


def mode(session: Session, rest: str) -> None:
    """``.mode``."""
    if not rest:
        session.output.answer(f"mode: {session.mode or 'csv, or jsonl for JSON'}")
    else:
        session.mode = _choice(".mode", rest, MODES)


def timer(session: Session, rest: str) -> None:
    """``.timer``."""
    if not rest:
        session.output.answer(f"timer: {_on_or_off(session.timer)}")
    else:
        session.timer = _choice(".timer", rest, ("on", "off")) == "on"


def explain(session: Session, rest: str) -> None:
    """``.explain``: the plan of a query, or a setting."""
    if not rest:
        session.output.answer(f"explain: {_on_or_off(session.explain)}")
    elif len(rest.split()) > 1 or rest.endswith(";"):
        session.show_plan(rest)
    else:
        session.explain = _choice(".explain", rest, ("on", "off")) == "on"


def limit(session: Session, rest: str) -> None:
    """``.limit``."""
    if not rest:
        session.output.answer(f"limit: {'off' if session.limit is None else f'{session.limit:,} rows'}")
    elif rest.lower() == "off":
        session.limit = None
    elif re.fullmatch("[0-9]{1,18}", rest):
        session.limit = int(rest)
    else:
        raise StatementError(f".limit is {rest!r}; it must be a number of rows, or off")


def functions(session: Session, rest: str) -> None:
    """``.functions``: all, or one."""
    from s3sql.cli.functions import run_functions
    from s3sql.functions.signatures import ALIASES, SIGNATURES

    name = rest.upper().removesuffix("()")
    if not rest:
        widest = max(map(len, SIGNATURES))
        lines = [f"{name:<{widest}}  {signature.documentation}" for name, signature in SIGNATURES.items()]
        lines += [f"{alias}  The same as {name}." for alias, name in ALIASES.items()]
        session.output.answer("\n".join([*lines, "", ".functions NAME explains one and has examples."]))
    elif name in SIGNATURES or name in ALIASES:
        run_functions({"name": name})
    else:
        near = suggestion(name, [*SIGNATURES, *ALIASES]) or "; .functions lists all"
        raise StatementError(f"there is no function {name}{near}")


def read(session: Session, rest: str) -> None:
    """``.read``: the statements of a file."""
    from s3sql.cli.shell.script import run_file

    path = _path(".read", rest)
    if len(session.reading) >= DEEPEST:
        raise StatementError(f".read goes {DEEPEST} files deep: {' > '.join(session.reading[-3:])} > {path}")
    session.reading.append(path)
    try:
        run_file(session, path)
    finally:
        session.reading.pop()


def output(session: Session, rest: str) -> None:
    """``.output``: where rows go."""
    if not rest:
        session.output.answer(f"output: {session.output.path or 'stdout'}")
        return
    if rest.lower() == "stdout":
        session.output.close()
        return
    path = _path(".output", rest)
    if session.source is not None and session.source.is_file(path):
        raise StatementError(f"{printable(path)} is the source; rows written to it would destroy it")
    session.output.open(path)


def leave(session: Session, rest: str) -> None:
    """``.quit``."""
    raise EOFError


def _on_or_off(value: bool) -> str:
    return "on" if value else "off"
