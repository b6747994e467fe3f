"""The session of a person: one text after the other from the prompt, until it ends.

In: texts.  Out: their statements, run; what fails is said and the session goes on, without the statements
behind it in the same text. Ctrl-C ends a query, or clears the line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from s3sql.cli.shell.failure import StatementError
from s3sql.cli.shell.session import Session
from s3sql.cli.shell.statement import Splitter, Unit, units_of
from s3sql.cli.terminal import output_is_terminal

PROMPT = "s3sql> "
CONTINUATION = "  ...> "


def run_prompts(session: Session, prompt: Callable[[], str]) -> None:
    """Run the texts that *prompt* gives, until it raises EOFError or a command ends the session."""
    while True:
        try:
            run_text(session, prompt())
        except EOFError:
            return
        except KeyboardInterrupt:
            # The line is gone; that is all that was asked for.
            continue


def run_text(session: Session, text: str) -> None:
    """Run what stands in *text*, and say what fails.

    Raises:
        EOFError: a command ended the session.
    """
    try:
        for unit in _units(text):
            session.run(unit)
    except StatementError as failure:
        session.output.say(str(failure))
    except KeyboardInterrupt as interrupt:
        session.output.say(f"\n{str(interrupt) or 'interrupted'}")


def plain_prompt() -> str:
    """A text from a terminal that cannot move its cursor; it ends as it does at the other prompt."""
    splitter = Splitter()
    lines: list[str] = []
    while True:
        try:
            line = _ask(CONTINUATION if splitter.begun else PROMPT)
        except (KeyboardInterrupt, EOFError):
            # What comes next does not belong into the line that was left.
            _show("\n")
            raise
        lines.append(f"{line}\n")
        if not line.strip():
            return "".join(lines)
        if splitter.feed(lines[-1]) and not splitter.begun:
            return "".join(lines)


def _ask(prompt: str) -> str:
    """A line from the terminal."""
    if output_is_terminal():
        return input(prompt)
    # Python writes a prompt to standard output, where rows go.
    _show(prompt)
    return input()


def _show(text: str) -> None:
    """Show *text* where a person sees it."""
    stream = sys.stdout if output_is_terminal() else sys.stderr
    if stream is not None:
        with suppress(OSError, ValueError):
            stream.write(text)
            stream.flush()


def _units(text: str) -> list[Unit]:
    try:
        return units_of(text)
    except ValueError as error:
        raise StatementError(str(error)) from error
