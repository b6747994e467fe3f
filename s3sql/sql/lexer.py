"""SQL text to tokens.

In: the text of a query.  Out: a list of :class:`Token` that ends in an EOF token, or an S3SelectError with
one of the four ``Lexer*`` codes at the first character that starts no token.

One regular expression says what a token is, so that every character is accounted for. sqlglot's own scanner
takes any Unicode blank for a space, ends an unclosed comment silently, reads ``1e`` as a number and needs
0.4 s for the longest query allowed; the dialect registered with sqlglot hands these tokens to it
(``dialect.py``).

Source of the rules: PartiQL v0.1's lexer; AWS S3 User Guide, "SQL reference for Amazon S3 Select".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

from s3sql.errors import Position, S3SelectError
from s3sql.sql import ion
from s3sql.sql.keywords import RESERVED, TOKEN_TYPES

#: What a token is, as AWS's messages name it.
TokenType = Literal[
    "KEYWORD", "IDENTIFIER", "QUOTED_IDENTIFIER", "LITERAL", "ION_LITERAL", "OPERATOR", "DATE_PART",
    "TRIM_SPECIFICATION", "STAR", "DOT", "COMMA", "COLON", "SEMICOLON", "LEFT_PAREN", "RIGHT_PAREN",
    "LEFT_BRACKET", "RIGHT_BRACKET", "LEFT_CURLY", "RIGHT_CURLY", "LEFT_DOUBLE_ANGLE_BRACKET",
    "RIGHT_DOUBLE_ANGLE_BRACKET", "AS", "AT", "NULL", "MISSING", "EOF",
]  # fmt: skip

#: The regular expression is tried at every token; the group that matched says what it is.
TOKEN = re.compile(
    r"""
      (?P<blank>    [ \t\n\r\v\f]+ | --[^\r\n]* | /\*[\s\S]*?\*/ )
    | (?P<word>     [A-Za-z_$][A-Za-z0-9_$]* )
    | (?P<number>   (?> (?: [0-9]+ (?:\.[0-9]*)? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? ) (?![A-Za-z_$]) )
    | (?P<text>     '[^']*(?:''[^']*)*' )
    | (?P<quoted>   "[^"]*(?:""[^"]*)*" )
    | (?P<ion>      `[^`]*` )
    | (?P<open_comment> /\* )
    | (?P<symbol>   <= | >= | <> | != | \|\| | << | >> | [-+*/%=<>()\[\]{},.;:@] )
    """,
    re.VERBOSE,
)

_SYMBOL_TYPES: dict[str, TokenType] = {
    "*": "STAR",
    ".": "DOT",
    ",": "COMMA",
    ":": "COLON",
    ";": "SEMICOLON",
    "(": "LEFT_PAREN",
    ")": "RIGHT_PAREN",
    "[": "LEFT_BRACKET",
    "]": "RIGHT_BRACKET",
    "{": "LEFT_CURLY",
    "}": "RIGHT_CURLY",
    "<<": "LEFT_DOUBLE_ANGLE_BRACKET",
    ">>": "RIGHT_DOUBLE_ANGLE_BRACKET",
}

#: Characters of operators that other dialects have.
_FOREIGN_OPERATORS = frozenset("^|&~")


class Token:
    """One token.

    ``key`` is the word in upper case for a reserved word, the symbol itself for an operator or punctuation,
    ``number`` or ``text`` for those literals, and empty for everything else. ``text`` is the text as written,
    decoded for strings and quoted names. ``value`` is set for an Ion literal. ``start`` and ``end`` are
    offsets from 0, ``end`` exclusive.
    """

    __slots__ = ("end", "key", "start", "text", "type", "value")

    def __init__(
        self, type: TokenType, key: str, text: str, start: int, end: int, value: ion.IonValue | None = None
    ) -> None:
        self.type = type
        self.key = key
        self.text = text
        self.start = start
        self.end = end
        self.value = value

    def __repr__(self) -> str:
        return f"Token({self.type}, {self.text!r}, {self.start})"


class Text:
    """The text of a query with the places of its lines, so that an offset becomes a position quickly."""

    __slots__ = ("_line_starts", "sql")

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", sql))]

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at *offset* (from 0)."""
        starts = self._line_starts
        if len(starts) == 1:
            return 1, offset + 1
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def position(self, offset: int) -> Position:
        """The position of the character at *offset* (from 0)."""
        return Position(*self.line_and_column(offset))


def tokenize(sql: str) -> list[Token]:
    """The tokens of *sql*, the last one of type EOF right behind the last real one.

    Raises:
        S3SelectError: LexerInvalidChar, LexerInvalidOperator, LexerInvalidLiteral, LexerInvalidIONLiteral.
    """
    tokens: list[Token] = []
    append = tokens.append
    words: dict[str, tuple[TokenType, str]] = {}
    end = 0
    for found in TOKEN.finditer(sql):
        start = found.start()
        if start != end:
            break
        end = found.end()
        group = found.lastgroup
        if group == "blank":
            continue
        text = found.group()
        if group == "word":
            known = words.get(text)
            if known is None:
                known = words[text] = _word(text)
            append(Token(known[0], known[1], text, start, end))
        elif group == "symbol":
            append(Token(_SYMBOL_TYPES.get(text, "OPERATOR"), text, text, start, end))
        elif group == "number":
            append(Token("LITERAL", "number", text, start, end))
        elif group == "text":
            append(Token("LITERAL", "text", text[1:-1].replace("''", "'"), start, end))
        elif group == "quoted":
            append(Token("QUOTED_IDENTIFIER", "", text[1:-1].replace('""', '"'), start, end))
        elif group == "ion":
            append(_ion_token(sql, text, start, end))
        else:
            raise _error("LexerInvalidLiteral", "A comment opened by /* is not closed", sql, start)
    if end < len(sql):
        raise _refusal(sql, end)
    last = tokens[-1].end if tokens else end
    append(Token("EOF", "EOF", "EOF", last, last))
    return tokens


def _word(text: str) -> tuple[TokenType, str]:
    upper = text.upper()
    if upper not in RESERVED:
        return "IDENTIFIER", ""
    return TOKEN_TYPES.get(upper, "KEYWORD"), upper  # type: ignore[return-value]


def _ion_token(sql: str, text: str, start: int, end: int) -> Token:
    value = ion.read(text[1:-1])
    if value is None:
        raise _error(
            "LexerInvalidIONLiteral",
            f"{_shown(text)} is not an Ion scalar (a timestamp of at most nanoseconds, number, text, symbol, "
            "boolean or null)",
            sql,
            start,
        )
    return Token("ION_LITERAL", "", text, start, end, value)


def _refusal(sql: str, start: int) -> S3SelectError:
    """The error for the character at *start*, which begins no token."""
    character = sql[start]
    if character == "'":
        return _error("LexerInvalidLiteral", "A text literal opened by ' is not closed", sql, start)
    if character == '"':
        return _error("LexerInvalidLiteral", 'A name opened by " is not closed', sql, start)
    if character == "`":
        return _error("LexerInvalidIONLiteral", "An Ion literal opened by ` is not closed", sql, start)
    if character in "0123456789.":
        written = re.compile(r"[A-Za-z0-9_$.]+").match(sql, start)
        shown = written.group() if written else character
        return _error("LexerInvalidLiteral", f"{_shown(shown)} is not a number", sql, start)
    if character in _FOREIGN_OPERATORS:
        return _error("LexerInvalidOperator", f"The operator {character!r} is not known", sql, start)
    return _error(
        "LexerInvalidChar",
        f"The character {character!r} is not allowed outside quotes",
        sql,
        start,
    )


def _error(code: str, found: str, sql: str, start: int) -> S3SelectError:
    place = Position.at(sql, start)
    return S3SelectError(code, f"{found} at {place}.", position=place)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
