"""What is wrong with a command line, told as everything else is.

In: the exception that typer raises for it.  Out: a message, the usage, where to read more; exit status 2.

typer brings its own copy of click in some releases and not in others, so its exceptions are known here by
what they have.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from s3sql.cli.help import usage
from s3sql.cli.messages import USAGE, say


@runtime_checkable
class UsageFault(Protocol):
    """An exception of the parser of the command line."""

    exit_code: int

    def format_message(self) -> str:
        """What is wrong."""


class CommandLineError(Exception):
    """The words of a command line do not go together; its text says why."""


def report(fault: UsageFault, root: Any) -> int:
    """Say what is wrong with the command line; return the exit status."""
    ctx = getattr(fault, "ctx", None)
    command = ctx.command_path if ctx is not None else root
    say(f"{command}: {_message(fault)}")
    if ctx is not None:
        say(f"usage: {usage(ctx)}")
    say(f"{command} --help says more")
    return USAGE


def _message(fault: UsageFault) -> str:
    """The parser's message in one line, with a suggestion where it has one."""
    near = getattr(fault, "possibilities", None)
    option = getattr(fault, "option_name", None)
    if near is not None and option is not None:
        told = f"there is no option {option}"
        return f"{told}; did you mean {near[0]}?" if near else told
    text = " ".join(fault.format_message().split())
    return text[:1].lower() + text[1:].rstrip(".")
