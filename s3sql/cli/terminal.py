"""What standard output is: a terminal or not, how wide, with colours or without.

In: the process's streams and environment.  Out: answers.

Source of NO_COLOR: no-color.org.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TextIO

#: The frames of tables where a terminal has no such characters.
_ASCII_FRAME = str.maketrans("╭╮╰╯┬┴├┤┼─│┏┓┗┛┳┻┣┫╋━┃…", "+++++++++-|+++++++++-|.")


def output_is_terminal() -> bool:
    """Whether a person reads standard output."""
    return _is_terminal(sys.stdout)


def colour(stream: TextIO) -> bool:
    """Whether *stream* shows escape sequences, and whoever reads it wants them."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return False
    return _is_terminal(stream)


def width(stream: TextIO | None = None) -> int:
    """Columns of the terminal that *stream* is, by default standard output; ``COLUMNS`` says otherwise."""
    if stream is not None and not os.environ.get("COLUMNS"):
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(stream.fileno()).columns
    return shutil.get_terminal_size().columns


def output_encoding() -> str:
    """How standard output writes characters."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def shown(text: str, encoding: str) -> str:
    """*text* with characters that *encoding* has: frames of ASCII, ``?`` where there is nothing alike."""
    if not encoding.lower().startswith(("utf", "cp65001")):
        text = text.translate(_ASCII_FRAME)
    return text.encode(encoding, "replace").decode(encoding)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
