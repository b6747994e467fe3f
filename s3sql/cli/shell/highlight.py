"""Colours for what is typed.

In: the text of the prompt.  Out: its lines in pieces with a style each, as prompt_toolkit draws them. Queries
are coloured by their spans, commands by their name; what starts no token, or is not closed, shows as such.
"""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from s3sql.cli.shell.commands import COMMANDS
from s3sql.cli.shell.statement import lines_of
from s3sql.functions.signatures import ALIASES, SIGNATURES
from s3sql.sql.keywords import FUNCTION_WORDS, RESERVED
from s3sql.sql.spans import Span, spans

#: A longer text is not coloured: every key would read it again.
LONGEST = 32 * 1024

STYLE = Style.from_dict(
    {
        "prompt": "bold",
        "continuation": "ansibrightblack",
        "keyword": "bold ansiblue",
        "function": "ansicyan",
        "literal": "ansigreen",
        "quoted": "ansimagenta",
        "comment": "italic ansibrightblack",
        "open": "ansiyellow",
        "wrong": "bg:ansired ansiwhite",
        "command": "bold ansimagenta",
        "bottom-toolbar": "noreverse ansibrightblack",
    }
)

_CLASSES = {
    "number": "literal",
    "text": "literal",
    "ion": "literal",
    "quoted": "quoted",
    "comment": "comment",
    "open_text": "open",
    "open_quoted": "open",
    "open_ion": "open",
    "open_comment": "comment",
    "wrong": "wrong",
}

#: A style and a text.
_Piece = tuple[str, str]

_CALLS = FUNCTION_WORDS | {"CAST", "EXTRACT", "SUBSTRING", "TRIM"}


class SqlLexer(Lexer):
    """Colours queries and commands."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """A function that gives the pieces of a line."""
        lines = _coloured(document.text)
        return lambda number: lines[number] if number < len(lines) else []


def _coloured(text: str) -> list[StyleAndTextTuples]:
    if len(text) > LONGEST:
        return [[("", line)] for line in text.split("\n")]
    lines: list[StyleAndTextTuples] = [[]]
    for style, piece in _pieces(text):
        first, *others = piece.split("\n")
        lines[-1].append((style, first))
        lines.extend([(style, other)] for other in others)
    return lines


def _pieces(text: str) -> list[_Piece]:
    """The whole text; a command is one line, the lines behind it are a query's or another's."""
    pieces: list[_Piece] = []
    lines = lines_of(text)
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith(".")):
        pieces += _command(lines.pop(0))
    pieces += [(_style(span), span.text) for span in spans("".join(lines))]
    return pieces


def _command(line: str) -> list[_Piece]:
    name = line.split(maxsplit=1)[0] if line.strip() else ""
    at = line.find(name) + len(name)
    style = "class:command" if name in COMMANDS else "class:open"
    if name == ".explain":
        return [(style, line[:at]), *((_style(span), span.text) for span in spans(line[at:]))]
    return [(style, line[:at]), ("", line[at:])]


def _style(span: Span) -> str:
    if span.kind == "word":
        word = span.text.upper()
        if word in _CALLS or word in SIGNATURES or word in ALIASES:
            return "class:function"
        return "class:keyword" if word in RESERVED else ""
    known = _CLASSES.get(span.kind)
    return f"class:{known}" if known else ""
