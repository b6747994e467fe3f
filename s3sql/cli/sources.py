"""The sources of the command line.

In: a word.  Out: what :func:`s3sql.query` and :func:`s3sql.describe` take.

``-`` is standard input. A pipe or a device, such as the shell's ``<(…)``, is read as a stream.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from s3sql.cli.usage import CommandLineError
from s3sql.errors import S3SelectError


def check_sources(sources: list[str]) -> None:
    """Refuse what cannot be read.

    Raises:
        CommandLineError: standard input is named twice, closed, or a terminal; a key is not UTF-8.
    """
    for source in sources:
        if source.startswith("s3://") and not _is_utf_8(source):
            raise CommandLineError(f"{source} is not UTF-8, as keys in S3 are")
    if "-" not in sources:
        return
    if sources.count("-") > 1:
        raise CommandLineError("standard input (-) can be read once only, and is named twice")
    if sys.stdin is None:
        raise CommandLineError("standard input (-) is closed")
    if sys.stdin.isatty():
        raise CommandLineError("standard input (-) is a terminal; pipe or redirect an object into it")


@contextmanager
def opened(source: str) -> Iterator[str | BinaryIO]:
    """*source* as a query takes it, open where that is for the command to do.

    Raises:
        S3SelectError: a pipe or a device cannot be opened.
    """
    if source == "-":
        yield sys.stdin.buffer
        return
    if not _is_stream(source):
        yield source
        return
    try:
        file = open(source, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise S3SelectError(
            "AccessDenied", f"{source} cannot be opened: {error.strerror}.", status=403
        ) from error
    with file:
        yield file


def shown_name(source: str) -> str:
    """*source* in a message."""
    return "standard input" if source == "-" else source


def _is_utf_8(word: str) -> bool:
    """Whether the bytes of *word* were characters."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_stream(path: str) -> bool:
    """Whether a pipe or a device is there."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)
