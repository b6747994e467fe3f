"""``s3sql shell``: queries and commands, one after the other, over one source.

In: keys of a person at a terminal, or statements from a pipe.  Out: rows, answers, an exit status: 0 the
session was left, 1 a statement of a script failed, 2 there can be no session.

    terminal ─prompt─▶ text ─┐
                             ├─ statement ─▶ units ─ session ─▶ commands | rows ─▶ output
    pipe, file ─script─ lines┘
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from s3sql.cli.messages import ANSWERED, FAILED, USAGE, fail
from s3sql.cli.shell.failure import StatementError
from s3sql.cli.shell.source import STANDARD_INPUT

if TYPE_CHECKING:
    from s3sql.cli.shell.session import Session


def run_shell(source: str | None, keywords: dict[str, Any], *, mode: str | None = None) -> int:
    """Run a session over *source*, whose queries have the *keywords*; return its exit status.

    Without *mode* rows are a table at a terminal, else what S3 Select answers.
    """
    from s3sql.cli.shell.output import Output
    from s3sql.cli.shell.rows import MODES
    from s3sql.cli.shell.session import Session

    if sys.stdin is None or sys.stdout is None:
        closed = "standard input" if sys.stdin is None else "standard output"
        return fail(f"{closed} is closed", USAGE)
    output = Output()
    if mode is not None and mode not in MODES:
        return fail(f"the mode is {mode!r}; it must be one of {', '.join(MODES)}", USAGE)
    if source == "-":
        return fail(STANDARD_INPUT, USAGE)
    session = Session(output, mode or "")
    try:
        if sys.stdin.isatty():
            return _at_terminal(session, source, keywords)
        return _of_pipe(session, source, keywords)
    finally:
        # Every result was flushed when it ended; there is nothing that could be lost.
        with suppress(OSError):
            output.close()


def _of_pipe(session: Session, source: str | None, keywords: dict[str, Any]) -> int:
    from s3sql.cli.shell.script import run_script

    try:
        if source is not None:
            session.open(source, keywords)
    except StatementError as failure:
        return fail(str(failure), FAILED)
    return run_script(session, sys.stdin.buffer)


def _at_terminal(session: Session, source: str | None, keywords: dict[str, Any]) -> int:
    from s3sql import __version__
    from s3sql.cli.shell.interactive import plain_prompt, run_prompts

    prompt = plain_prompt
    trouble = ""
    if os.environ.get("TERM", "").lower() not in ("dumb", "unknown"):
        try:
            from s3sql.cli.shell.prompt import terminal_prompt
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "prompt_toolkit":
                raise
            return fail(
                "the shell needs prompt_toolkit, which is not there: pip install 's3sql[cli]'", FAILED
            )
        prompt, trouble = terminal_prompt(session)
    session.output.say(f"s3sql {__version__}. Type .help for the commands, Ctrl-D to leave.")
    if trouble:
        session.output.say(trouble)
    try:
        if source is not None:
            session.open(source, keywords)
    except StatementError as failure:
        session.output.say(str(failure))
    run_prompts(session, prompt)
    return ANSWERED
