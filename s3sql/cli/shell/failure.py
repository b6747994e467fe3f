"""How a statement of the shell ends other than well.

In: what went wrong.  Out: exceptions that the loops of the shell know.

    Exception
    └── StatementError   text for a person; a session goes on, a script ends
    KeyboardInterrupt
    └── Interrupted      Ctrl-C during a query, with what it had done by then

EOFError is the end of the session, from the keyboard or by ``.quit``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from s3sql.cli.options import with_flags
from s3sql.display.error_text import error_text, printable
from s3sql.errors import S3SelectError

#: Said where a statement needs one.
NO_SOURCE = "no source is open; open one with: .source PATH"


class StatementError(Exception):
    """Lines of text that say what is wrong and what would work."""


class Interrupted(KeyboardInterrupt):
    """A query that was stopped; its text says how far it had come."""


@contextmanager
def told(sql: str = "") -> Iterator[None]:
    """Every failure of what is done inside as a :class:`StatementError`; *sql* is the query it is about.

    A reader of standard output who has gone is none: that ends the process, as the caller decides.
    """
    try:
        yield
    except S3SelectError as error:
        raise StatementError(error_text(sql, error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        named = f"{error.filename}: " if isinstance(error.filename, str) else ""
        raise StatementError(printable(f"{named}{error.strerror or error}")) from error
    except (ValueError, TypeError, ImportError) as error:
        raise StatementError(printable(with_flags(str(error)))) from error
    except MemoryError as error:
        raise StatementError("there is not enough memory for this query") from error
