"""``%s3sql`` and ``%%s3sql``: a query in a cell of Jupyter or IPython.

In: the line and the cell, as IPython hands them over.  Out: the value of the cell, or a variable.

The story of one cell: the line is parsed (:mod:`~s3sql.jupyter.line`), its words get their values and the
defaults of the session are added (:mod:`~s3sql.jupyter.arguments`), parameters become literals
(:mod:`~s3sql.jupyter.parameters`), :func:`s3sql.query` binds the query, and its result is loaded under a
progress bar (:mod:`~s3sql.jupyter.query_cell`). What fails is shown without a traceback
(:mod:`~s3sql.jupyter.failure`), and the cell has failed all the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from s3sql.errors import S3SelectError
from s3sql.jupyter import session
from s3sql.jupyter.arguments import Arguments
from s3sql.jupyter.completer import MagicMatcher
from s3sql.jupyter.defaults import Defaults
from s3sql.jupyter.failure import stopped, without_traceback
from s3sql.jupyter.help_text import help_text
from s3sql.jupyter.line import parse_line
from s3sql.jupyter.namespace import Namespace
from s3sql.jupyter.query_cell import QueryCell

_TEXTS = {
    "functions": session.functions,
    "set": session.set_defaults,
    "unset": session.unset_defaults,
}


@magics_class
class S3SqlMagics(Magics):
    """The magics of one session, with its defaults and its completion."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._session = shell
        self._defaults = Defaults()
        self.matcher = MagicMatcher(shell, self._defaults)

    @needs_local_scope
    @no_var_expand
    @line_cell_magic
    def s3sql(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> object:
        """Query an object with S3 Select's SQL; ``%s3sql --help`` says how."""
        query_cell: QueryCell | None = None
        colour = self._session.colors.lower() != "nocolor"
        user = self._session.user_ns
        names = Namespace(user, user if local_ns is None else local_ns)
        try:
            arguments = Arguments(parse_line(line, cell=cell is not None), self._defaults, names)
            asked = arguments.asked
            if asked.action == "help":
                return _say(help_text())
            if asked.action in _TEXTS:
                return _say(_TEXTS[asked.action](arguments))
            if asked.action == "schema":
                return session.described(arguments)
            query_cell = QueryCell(self._session, arguments, cell)
            value, outcome = query_cell.answer()
            if asked.target is None:
                return value
            user[asked.target] = value
            return _say(f"{asked.target}: {outcome}")
        except KeyboardInterrupt as interrupt:
            progress = "nothing was read" if query_cell is None else query_cell.progress()
            raise stopped(interrupt, progress, colour=colour) from None
        except S3SelectError as error:
            sql = "" if query_cell is None else query_cell.typed
            raise without_traceback(error, sql, colour=colour) from None
        except (ValueError, TypeError, OSError, ImportError) as error:
            raise without_traceback(error, "", colour=colour) from None


def _say(text: str) -> object:
    """Print *text* as the output of a cell that has no value."""
    sys.stdout.write(f"{text}\n")
    return None
