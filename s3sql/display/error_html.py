"""An error as a notebook shows it: a short box instead of a traceback.

In: the query and the error it caused, or a title and a text.  Out: HTML without script, everything of the
query and of the object escaped.  Colours are the page's own where it has them (the variables of JupyterLab),
and shades that can be read on light and dark grounds where it has not.
"""

from __future__ import annotations

from html import escape

from s3sql.display.error_text import MarkedLine, marked_line, printable
from s3sql.display.html_style import NO_MATHEMATICS
from s3sql.errors import S3SelectError

_STYLE = """
.s3sql-error {
  border-left: 4px solid var(--jp-error-color1, #d9382f);
  background: rgba(217, 56, 47, 0.09);
  color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, system-ui, sans-serif);
  font-size: var(--jp-content-font-size1, 14px);
  line-height: 1.45;
  margin: 0.3em 0;
  max-width: 60em;
  padding: 0.5em 0.8em;
}
.s3sql-error p { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.s3sql-error pre {
  background: none;
  border: none;
  color: inherit;
  font-family: var(--jp-code-font-family, ui-monospace, monospace);
  font-size: var(--jp-code-font-size, 13px);
  line-height: 1.3;
  margin: 0.5em 0 0;
  overflow-x: auto;
  padding: 0;
  white-space: pre;
}
.s3sql-error b { color: var(--jp-error-color1, #d9382f); }
.s3sql-error u { text-decoration: underline wavy var(--jp-error-color1, #d9382f); }
.s3sql-error p.s3sql-hint { margin-top: 0.1em; }
"""


def error_html(sql: str, error: S3SelectError) -> str:
    """Code and message of *error*, the line of *sql* with a caret under the place if it has one, the hint."""
    marked = marked_line(sql, error.position)
    picture = "" if marked is None else _picture(marked)
    hint = ""
    if error.hint is not None:
        hint = f'<p class="s3sql-hint"><i>hint:</i> {_text(error.hint)}</p>'
    return _box(error.code, error.message, picture + hint)


def plain_error_html(title: str, message: str) -> str:
    """The same box for an error without a query: *title*, such as ``ValueError``, and *message*."""
    return _box(title, message, "")


def _box(title: str, message: str, below: str) -> str:
    return (
        f'<div class="s3sql-error {NO_MATHEMATICS}" role="alert"><style>{_STYLE}</style>'
        f"<p><b>{_text(title)}</b>: {_text(message)}</p>{below}</div>"
    )


def _picture(marked: MarkedLine) -> str:
    """The line, and the caret below it; the character at the place is underlined as well.

    Fonts of a browser do not keep to cells, so the caret stands behind a copy of the text before it that
    takes the same room and is not seen.
    """
    at = f"<u>{escape(marked.at)}</u>" if marked.at else ""
    before = escape(marked.before)
    space = f'<span aria-hidden="true" style="visibility: hidden">{before}</span>'
    return f"<pre>{before}{at}{escape(marked.after)}\n{space}<b>^</b></pre>"


def _text(text: str) -> str:
    return escape(printable(text))
