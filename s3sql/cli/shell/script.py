"""Statements that come line by line and not from a prompt: from a pipe, or a file.

In: lines as bytes, UTF-8.  Out: each statement run as soon as it ends. The first one that fails ends a
script; the line it begins in is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from s3sql.cli.messages import ANSWERED, FAILED, fail
from s3sql.cli.shell.failure import StatementError, told
from s3sql.cli.shell.statement import Splitter, Unit

if TYPE_CHECKING:
    from s3sql.cli.shell.session import Session

#: Most bytes of a line.
LONGEST_LINE = 1 << 20


def run_script(session: Session, stream: BinaryIO) -> int:
    """Run what *stream* holds; the exit status: 0, or 1 if something failed."""
    try:
        _run_all(session, stream, "line ")
    except EOFError:
        return ANSWERED
    except StatementError as failure:
        return fail(str(failure), FAILED)
    return ANSWERED


def run_file(session: Session, path: str) -> None:
    """Run the file *path*.

    Raises:
        StatementError: it cannot be read, or a statement failed, and in which line that begins.
        EOFError: a command ended the session.
    """
    with told(), open(path, "rb") as file:
        _run_all(session, file, f"{path}, line ")


def _run_all(session: Session, stream: BinaryIO, place: str) -> None:
    for unit in _units(stream, place):
        try:
            session.run(unit)
        except StatementError as failure:
            raise StatementError(f"{place}{unit.line}: {failure}") from failure


def _units(stream: BinaryIO, place: str) -> Iterator[Unit]:
    splitter = Splitter()
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise StatementError(f"{place}{number}: more than {LONGEST_LINE:,} bytes in one line; break it")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise StatementError(f"{place}{number}: not UTF-8, byte {error.start + 1} of the line") from error
        try:
            yield from splitter.feed(text)
        except ValueError as error:
            raise StatementError(f"{place}{number}: {error}") from error
    yield from splitter.finish()
