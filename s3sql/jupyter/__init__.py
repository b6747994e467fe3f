"""Jupyter and IPython: the magics ``%s3sql`` and ``%%s3sql``, with parameters, progress and completion.

In: a shell of IPython, by ``%load_ext s3sql``.  Out: the same shell with the magics (docs/notebooks.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAME = "s3sql"

#: How descriptions are shown, by the type's module and name: a shell that never has one loads nothing for it.
_DESCRIPTION = ("s3sql.describe.description", "Description")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to *shell*; IPython calls it for ``%load_ext s3sql``."""
    from s3sql.jupyter.magic import S3SqlMagics

    unload_ipython_extension(shell)
    magics = S3SqlMagics(shell)
    shell.register_magics(magics)
    shell.Completer.custom_matchers.insert(0, magics.matcher)
    formatters = _formatters(shell)
    formatters["text/html"].for_type_by_name(*_DESCRIPTION, _html)
    formatters["text/plain"].for_type_by_name(*_DESCRIPTION, _plain)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics from *shell*; IPython calls it for ``%unload_ext s3sql``."""
    known = shell.magics_manager.magics
    magic = known["cell"].pop(_NAME, None)
    known["line"].pop(_NAME, None)
    matcher = getattr(getattr(magic, "__self__", None), "matcher", None)
    if matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(matcher)
    for mime in ("text/html", "text/plain"):
        _formatters(shell)[mime].pop(".".join(_DESCRIPTION), None)


def _formatters(shell: InteractiveShell) -> Any:
    return shell.display_formatter.formatters  # type: ignore[union-attr]


def _html(description: Any) -> str:
    from s3sql.jupyter.description_html import description_html

    return description_html(description)


def _plain(description: object, printer: Any, cycle: bool) -> None:
    printer.text(str(description))
