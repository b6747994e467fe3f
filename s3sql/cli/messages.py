"""What the command says besides its output, and how it ends.

In: a message.  Out: lines on standard error; an exit status.

Standard error may be closed, cannot always show every character, and may be gone: saying something never
fails.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

#: The exit statuses. 128 + the number of a signal is what a shell makes of a program ended by it.
ANSWERED: Final = 0
FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141


def say(text: str) -> None:
    """Write *text* and a line end to standard error, and nothing that a terminal would act on."""
    if sys.stderr is None:
        return
    from s3sql.display.error_text import printable

    text = printable(text)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{shown}\n")
        sys.stderr.flush()


def fail(message: str, status: int, *, command: str = "s3sql") -> int:
    """Say why there is no answer, or no more of it; return *status*."""
    if sys.stdout is not None:
        # What was written before belongs before the message, where both go to one terminal.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
    say(f"{command}: {message}")
    return status


def drop_output() -> None:
    """Forget what standard output has buffered: written at the interpreter's end it would fail, or wait."""
    if sys.stdout is None:
        return
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
